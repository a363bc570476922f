"""Which source something depends on, as a digest that only a change of what it does alters.

A function is followed through everything that it names in the packages of this project, from
module to module. Comments, docstrings, annotations, decorators and layout do not count.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

PACKAGES = ("book", "cnnbook")
REFUSING = "cnnbook.checks"  # refuses arguments, computes nothing
UNIMPORTANT = {"annotation", "ctx", "decorator_list", "kind", "returns", "type_comment"}


class Definition(NamedTuple):
    """What a module calls by a name."""

    module: str
    name: str


def reached(starts: Iterable[Definition]) -> set[Definition]:
    """Follow definitions to all that they name, and what that names, and so on.

    Parameters
    ----------
    starts : iterable of Definition
        Functions, classes or constants.

    Returns
    -------
    set of Definition
        These and all others of the project's packages on which they depend.
    """
    found: set[Definition] = set()
    waiting = list(starts)
    while waiting:
        definition = _defined(waiting.pop())
        if definition is None or definition in found or definition.module == REFUSING:
            continue
        found.add(definition)
        names = _module(definition.module).names[definition.name]
        waiting += [Definition(definition.module, name) for name in names]
    return found


def digest(definitions: Iterable[Definition]) -> str:
    """Hash the syntax trees of definitions.

    Parameters
    ----------
    definitions : iterable of Definition
        What `reached` found.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    content = hashlib.sha256()
    for module, name in sorted(definitions):
        content.update(f"{name}: {_module(module).trees[name]}\n".encode())
    return content.hexdigest()[:12]


class _Module(NamedTuple):
    """What stands in a module, by name."""

    trees: dict[str, str]  # of each definition
    names: dict[str, set[str]]  # in each definition
    imports: dict[str, Definition]


def _defined(wanted: Definition, *, imported: bool = False) -> Definition | None:
    """Find where a name is defined that a module has; perhaps it is imported from another."""
    if wanted.module.split(".")[0] not in PACKAGES:
        return None
    content = _module(wanted.module)
    if wanted.name in content.trees:
        return wanted
    if wanted.name in content.imports:
        return _defined(content.imports[wanted.name], imported=True)
    if imported:
        raise LookupError(
            f"{wanted.module}.{wanted.name}: no definition; import functions, not their module, "
            "so that it is seen which of them are used"
        )
    return None  # Python's, or a name of the function's own


@cache
def _module(name: str) -> _Module:
    """Read a module, without running it."""
    spec = find_spec(name)
    assert spec is not None  # noqa: S101 - something imports it
    assert spec.origin is not None  # noqa: S101 - it is a file
    content = _Module({}, {}, {})
    for statement in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            for imported in statement.names:
                original = Definition(statement.module, imported.name)
                content.imports[imported.asname or imported.name] = original
        for defined in _definitions(statement):
            content.trees[defined] = content.trees.get(defined, "") + canonical(statement)
            content.names.setdefault(defined, set()).update(_names(statement))
    return content


def _definitions(statement: ast.stmt) -> Iterator[str]:
    """List the names that a statement defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def canonical(node: Any) -> str:
    """Write a syntax tree without what does not matter, and alike in every version of Python."""
    if isinstance(node, ast.AST):
        parts = [f"{name}={canonical(value)}" for name, value in _fields(node)]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(map(canonical, node))}]"
    return repr(node)


def _names(node: Any) -> Iterator[str]:
    """List the names in a syntax tree that `canonical` keeps."""
    if isinstance(node, ast.Name):
        yield node.id
    if isinstance(node, ast.AST):
        node = [value for _, value in _fields(node)]
    if isinstance(node, list):
        for part in node:
            yield from _names(part)


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """List the fields of a node that matter."""
    for name, value in ast.iter_fields(node):
        if name in UNIMPORTANT or value is None or value == []:
            continue
        if name == "body" and isinstance(value, list) and _is_text(value[0]):
            value = value[1:]  # the docstring
        yield name, value


def _is_text(statement: ast.stmt) -> bool:
    """Say whether a statement is nothing but a text."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False
