"""The functions of the package, what was measured of each, and which have changed since."""

import ast
import io
import json
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from book.seals import seal
from book.syntax import fingerprint, written

ROOT = Path(__file__).parents[2]
REPORT = Path(__file__).parent / "report.json"
REASONS = Path(__file__).parent / "equivalent.json"
# Modules that guess what is ink in a picture. A constant of theirs may be another one and each
# picture be read as before: they are tested by pictures, in tests/drawn.py, and not measured.
LEFT_OUT = ("ink", "pictures", "strokes")

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Report: TypeAlias = dict[str, dict[str, Any]]
NO_TEXT = (
    tokenize.COMMENT,
    tokenize.ENCODING,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.NEWLINE,
    tokenize.NL,
    tokenize.ENDMARKER,
)


@dataclass(frozen=True)
class Line:
    """A logical line: where it begins and ends, and its text as if it had never been broken."""

    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Function:
    """A function or a method of the package: its name, its file, its hash and its lines.

    ``spans`` are the rows of its definitions: several, if it has overloads or a setter.
    """

    name: str
    path: Path
    tree: str
    spans: tuple[tuple[int, int], ...]
    lines: tuple[Line, ...]

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        return module_name(self.path)


def module_name(path: Path) -> str:
    """Return the dotted name of the module in a file of the project."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def functions() -> dict[str, Function]:
    """Find the functions and methods of the package, by their names."""
    found: dict[str, Function] = {}
    paths = (ROOT / "cnnbook").rglob("*.py")
    for path in sorted(path for path in paths if path.stem not in LEFT_OUT):
        source = path.read_text(encoding="utf-8")
        lines = list(logical_lines(source))
        named: dict[str, list[Definition]] = {}
        for name, node in definitions(ast.parse(source)):
            named.setdefault(f"{module_name(path)}.{name}", []).append(node)
        for name, nodes in named.items():  # several: overloads, or a property and its setter
            spans = tuple(map(_span, nodes))
            inside = tuple(line for line in lines if any(a <= line.first <= b for a, b in spans))
            found[name] = Function(name, path, fingerprint(map(written, nodes)), spans, inside)
    return found


def definitions(module: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Yield the functions of a module and the methods of its classes, as mutmut alters them."""
    for node in module.body:
        if isinstance(node, Definition):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, Definition):
                    yield f"{node.name}.{method.name}", method


def _span(node: Definition) -> tuple[int, int]:
    """Return the first row of a definition, decorators included, and the last."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first, node.end_lineno or node.lineno


def logical_lines(source: str) -> Iterator[Line]:
    """Yield the logical lines of a source, without comments."""
    line: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_TEXT:
            line.append(token)
        if token.type == tokenize.NEWLINE and line:
            yield Line(line[0].start[0], line[-1].end[0], _joined(line))
            line = []


def _joined(tokens: list[tokenize.TokenInfo]) -> str:
    """Join the tokens of a logical line; where it was broken, as if it had not been."""
    text, end = "", tokens[0].start
    for token in tokens:
        if token.start[0] == end[0]:
            text += token.line.splitlines()[0][end[1] : token.start[1]] if token.start > end else ""
        elif token.string in tuple(")]}"):
            text = text.removesuffix(",")
        elif not text.endswith(tuple("([{")):
            text += " "
        text, end = text + token.string, token.end
    return text


def read() -> Report:
    """Read what was measured, by the names of the functions."""
    report: Report = json.loads(REPORT.read_text(encoding="utf-8"))
    return report


def write(report: Report) -> None:
    """Write what was measured, each function's entry under its own seal."""
    sealed = {name: report[name] | {"sha256": seal(report[name])} for name in sorted(report)}
    text = json.dumps(sealed, indent=1, ensure_ascii=False)
    REPORT.write_text(text + "\n", encoding="utf-8")


def reasons() -> dict[tuple[str, str, str], str]:
    """Read why a mutant need not be noticed, by function and text before and after."""
    grouped = json.loads(REASONS.read_text(encoding="utf-8"))
    return {
        (change["function"], change["before"], change["after"]): reason
        for reason, changes in grouped.items()
        for change in changes
    }


def stale() -> dict[str, str]:
    """Say of which functions there is no measurement that holds, and why."""
    now, report, found = functions(), read(), {}
    for name in sorted(now.keys() | report.keys()):
        entry = report.get(name)
        if entry is None:
            found[name] = "has never been measured"
        elif name not in now:
            found[name] = "is no more, but stands in the report"
        elif entry["tree"] != now[name].tree:
            found[name] = "has changed since its mutants were measured"
        elif entry["sha256"] != seal(entry):
            found[name] = "stands in the report with numbers that no measurement wrote"
    return found
