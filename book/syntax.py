"""The code that a result was made with, found in the sources and written as a hash.

Comments, layout and docstrings make no difference to it, nor in which module a function stands.
Nothing is imported: a definition reaches the names that it uses, and what those use.
"""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Name = tuple[str, str]  # a module, and a name at its top level, or "*" for all of them
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Part(NamedTuple):
    """A statement at the top of a module."""

    written: str
    uses: tuple[Name, ...]
    imports: bool


def fingerprint(written: Iterable[str]) -> str:
    """Compute a hash of code, in whatever order its parts come.

    Parameters
    ----------
    written : iterable of str
        What ``written`` makes of each part.

    Returns
    -------
    str
        Sixteen hexadecimal digits of a SHA-256.
    """
    return hashlib.sha256("\n".join(sorted(set(written))).encode()).hexdigest()[:16]


def written(node: object) -> str:
    """Write a syntax tree, without docstrings.

    Parameters
    ----------
    node : object
        A tree, or what stands in a field of one.

    Returns
    -------
    str
        The tree without empty fields, which differ between versions of Python.
    """
    if isinstance(node, list):
        return f"[{','.join(map(written, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, Documented):
        fields["body"] = _body(node)
    if isinstance(node, ast.JoinedStr):  # Python 3.12 puts empty texts into some
        fields["values"] = [v for v in node.values if getattr(v, "value", None) != ""]
    present = {name: field for name, field in fields.items() if field not in (None, [])}
    return f"{type(node).__name__}({','.join(n + written(f) for n, f in present.items())})"


class Sources:
    """Modules below a folder, parsed and never imported.

    Parameters
    ----------
    root : Path
        The folder in which the packages are.
    *packages : str
        Their names; what is imported from elsewhere is not followed.
    without : collection of str
        Fields of syntax trees that make no difference either, such as ``"decorator_list"``.
    except_for : collection of str
        Modules that are not followed, although they are in the packages.
    """

    def __init__(
        self,
        root: Path,
        *packages: str,
        without: Collection[str] = (),
        except_for: Collection[str] = (),
    ) -> None:
        self.root = root
        self.packages = packages
        self.without = without
        self.except_for = except_for
        self._tops: dict[str, dict[str, list[Part]]] = {}

    def path(self, module: str) -> Path | None:
        """Return the file of a module, or None if it is in none of the packages."""
        if module.partition(".")[0] not in self.packages or module in self.except_for:
            return None
        place = self.root.joinpath(*module.split("."))
        files = (place.with_suffix(".py"), place / "__init__.py")
        return next((file for file in files if file.exists()), None)

    def parse(self, module: str, text: str) -> None:
        """Take a text for a module, such as the examples of a page."""
        top: dict[str, list[Part]] = {}
        tree = ast.parse(text)
        for node in ast.walk(tree):
            for name in self.without:
                if hasattr(node, name):
                    setattr(node, name, None)
        for whole in _body(tree):
            for statement in _single_imports(whole):
                imports = isinstance(statement, ast.Import | ast.ImportFrom)
                part = Part(written(statement), tuple(_uses(statement, module)), imports)
                for name in _bound(statement):
                    top.setdefault(name, []).append(part)
        self._tops[module] = top

    def top(self, module: str) -> dict[str, list[Part]] | None:
        """Return the statements of a module by the name that each defines, or None.

        What defines nothing, such as a call, has the name "".
        """
        if module not in self._tops:
            path = self.path(module)
            if path is None:
                return None
            self.parse(module, path.read_text(encoding="utf-8"))
        return self._tops[module]

    def reached(self, *names: Name) -> dict[str, list[str]]:
        """Return the code that some names are made of, by their modules.

        Parameters
        ----------
        *names : tuple of str
            A module and a name at its top level each.

        Returns
        -------
        dict of str to list of str
            Their definitions, those of what they use, and so on; of what is imported from
            elsewhere the import.
        """
        found: dict[str, list[str]] = {}
        todo, seen = list(names), set()
        while todo:
            module, name = todo.pop()
            top = self.top(module)
            if top is None or (module, name) in seen:
                continue
            seen.add((module, name))
            if name not in {*top, "*"}:
                todo.append((f"{module}.{name}", "*"))  # a module of the package, or a built-in
            chosen = top.keys() if name == "*" else {name, ""} & top.keys()
            for part in (part for key in chosen for part in top[key]):
                todo += part.uses
                if not part.imports or all(self.top(target) is None for target, _ in part.uses):
                    found.setdefault(module, []).append(part.written)
        return found


def _body(node: Documented) -> list[ast.stmt]:
    """Return the statements of a module, class or function after its docstring."""
    return node.body[ast.get_docstring(node, clean=False) is not None :]


def _single_imports(statement: ast.stmt) -> list[ast.stmt]:
    """Split an import of several names."""
    if isinstance(statement, ast.Import):
        return [ast.Import([alias]) for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        return [
            ast.ImportFrom(statement.module, [alias], statement.level) for alias in statement.names
        ]
    return [statement]


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement defines or changes."""
    match statement:
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
            return {name}
        case ast.Assign(targets=targets):
            parts: list[ast.AST] = list(targets)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            parts = [target]
        case ast.Expr():
            parts = []
        case _:
            parts = [statement]
    nodes = [node for part in parts for node in ast.walk(part)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {
        alias.asname or alias.name.partition(".")[0]
        for alias in nodes
        if isinstance(alias, ast.alias)
    }
    return names or {""}


def _uses(statement: ast.stmt, module: str) -> Iterator[Name]:
    """Yield what a statement names: in its module, or in those that it imports from."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield module, node.id
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "*") for alias in node.names)
