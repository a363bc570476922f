"""The mutants of the package, made by mutmut, each of them able to take its function's place."""

import __future__

import difflib
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import libcst
from mutmut.mutation.file_mutation import create_mutations, deep_replace

from scripts.mutation.records import Function, functions, logical_lines

MESSAGE = re.compile(r"^raise\b|\b_?check_\w+\(|\brecall\(")
WORDS = re.compile(r"f?\"[^\"]*\"|None|self")


@dataclass(frozen=True)
class Mutant:
    """A function altered in one place.

    ``before`` and ``after`` are the logical line, ``occurrence`` tells which of several equal
    ones it is, ``text`` is the altered definition, and ``span`` are the rows that it replaces.
    """

    function: Function
    before: str
    after: str
    occurrence: int
    text: str
    span: tuple[int, int]

    @property
    def path(self) -> list[str]:
        """The name of the function in its module, after that of its class if it has one."""
        return self.function.name.removeprefix(f"{self.function.module}.").split(".")

    @property
    def is_message(self) -> bool:
        """Whether only words of a message, or the name in it, are altered."""
        before, after = (WORDS.sub('""', text) for text in (self.before, self.after))
        return MESSAGE.search(self.before) is not None and before == after

    def put_in_place(self) -> None:
        """Let the function that everybody has imported do what the altered one does."""
        *owner, name = self.path
        text = self.text
        if owner:
            text = f"class {owner[0]}:\n{textwrap.indent(text, '    ')}"
        module = sys.modules[self.function.module]
        made = dict(vars(module))
        flags = __future__.annotations.compiler_flag  # nobody asks for the annotations
        exec(compile(text, str(self.function.path), "exec", flags), made)  # noqa: S102
        there = vars(module)
        if owner:
            made, there = dict(vars(made[owner[0]])), dict(vars(there[owner[0]]))
        altered, running = _plain(made[name]), _plain(there[name])
        running.__code__ = altered.__code__
        running.__defaults__ = altered.__defaults__
        running.__kwdefaults__ = altered.__kwdefaults__

    def source(self) -> str:
        """Return the source of the module with the altered function in it."""
        lines = self.function.path.read_text(encoding="utf-8").splitlines(keepends=True)
        first, last = self.span
        indent = "    " * (len(self.path) - 1)
        return "".join([*lines[: first - 1], textwrap.indent(self.text, indent), *lines[last:]])


def _plain(found: Any) -> FunctionType:
    """Return the function inside a static method or a class method."""
    function: FunctionType = getattr(found, "__func__", found)
    return function


def mutants(names: set[str]) -> list[Mutant]:
    """Make the mutants of the functions with these names."""
    wanted = {name: function for name, function in functions().items() if name in names}
    paths = {function.path: function.module for function in wanted.values()}
    return [
        mutant
        for path, module in paths.items()
        for mutant in _of_module(path.read_text(encoding="utf-8"), module, wanted)
    ]


def _of_module(source: str, module: str, wanted: dict[str, Function]) -> Iterator[Mutant]:
    tree, mutations, *_ = create_mutations("", source)
    seen: dict[str, int] = {}
    for name, node in _definitions(tree):
        number = seen[name] = seen.get(name, -1) + 1
        function = wanted.get(f"{module}.{name}")
        if function is None:
            continue
        for mutation in mutations:
            if mutation.contained_by_top_level_function is node:
                altered = deep_replace(node, mutation.original_node, mutation.mutated_node)
                yield _mutant(function, function.spans[number], tree, node, altered)


def _definitions(tree: libcst.Module) -> Iterator[tuple[str, libcst.FunctionDef]]:
    """Yield the functions of a module and the methods of its classes, as `records` does."""
    for node in tree.body:
        if isinstance(node, libcst.FunctionDef):
            yield node.name.value, node
        if isinstance(node, libcst.ClassDef):
            for method in node.body.body:
                if isinstance(method, libcst.FunctionDef):
                    yield f"{node.name.value}.{method.name.value}", method


def _mutant(
    function: Function, span: tuple[int, int], tree: libcst.Module, node: Any, altered: Any
) -> Mutant:
    """Find the logical line in which an altered definition differs from the right one."""
    right, text = (tree.code_for_node(n.with_changes(leading_lines=[])) for n in (node, altered))
    old, new = ([line.text for line in logical_lines(part)] for part in (right, text))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag != "equal":
            before, after = " ".join(old[start:end]), " ".join(new[first:last])
            return Mutant(function, before, after, old[: start + 1].count(before), text, span)
    message = f"{function.name}: a mutant is the same as the function"
    raise ValueError(message)
