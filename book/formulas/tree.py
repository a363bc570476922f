"""The tree of a formula: what the parser makes, what is computed, altered and shown again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, TypeAlias

INFIX = (r"\corr", r"\conv", r"\fcorr", r"\fconv", r"\odot")


@dataclass(frozen=True)
class Number:
    """A number as it is printed."""

    text: str


@dataclass(frozen=True)
class Name:
    """A letter, with its primes, its accent, or the subscript that belongs to it."""

    text: str


@dataclass(frozen=True)
class Indexed:
    """An entry of an array: ``base`` with one expression per axis."""

    base: "Node"
    indices: tuple["Node", ...]


@dataclass(frozen=True)
class Unary:
    r"""What one thing becomes: ``-``, ``\rot``, ``\top``, ``\lfloor`` or ``\lvert`` of it."""

    sign: str
    operand: "Node"


@dataclass(frozen=True)
class Binary:
    r"""Two things with a sign between them: ``+ - * / ^``, or one of `INFIX`."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Call:
    """A function of arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Sum:
    r"""A sum over one index from ``lower`` to ``upper``, or over its whole range if both are None.

    ``kind`` is ``\sum``, ``\prod``, ``\max`` or ``\min``.
    """

    kind: str
    index: str
    lower: "Node | None"
    upper: "Node | None"
    body: "Node"


@dataclass(frozen=True)
class Gradient:
    """The derivative of one thing with respect to another, both perhaps with indices."""

    of: "Node"
    by: "Node"


@dataclass(frozen=True)
class Condition:
    """The bracket that is 1 where all of its relations hold and 0 elsewhere."""

    relations: tuple["Chain", ...]


@dataclass(frozen=True)
class Matrix:
    """Numbers in rows, between large parentheses."""

    rows: tuple[tuple["Node", ...], ...]


@dataclass(frozen=True)
class Chain:
    """Expressions with relations between them: one more expression than relations."""

    sides: tuple["Node", ...]
    relations: tuple[str, ...]


Node: TypeAlias = (
    Number | Name | Indexed | Unary | Binary | Call | Sum | Gradient | Condition | Matrix
)
Tree: TypeAlias = Node | Chain
Exchange: TypeAlias = Callable[[Any], Any]  # from a part to the whole that has it in its place


def show(node: Tree) -> str:
    """Write a tree as a formula again, for messages."""
    return _SHOW[type(node)](node)


def children(tree: Tree) -> Iterator[Tree]:
    """List the parts of a node."""
    return (part for part, _ in _parts(tree))


def spots(tree: Tree) -> Iterator[tuple[Tree, Exchange]]:
    """Yield a node and all that is below it, each with the function that puts another in its place.

    Examples
    --------
    >>> product = Binary("*", Name("a"), Name("b"))
    >>> [show(put(Name("c"))) for _, put in spots(product)]
    ['c', 'c b', 'a c']
    """
    yield tree, lambda other: other
    for part, put in _parts(tree):
        for node, within in spots(part):
            yield node, _through(put, within)


def _parts(holder: Any) -> Iterator[tuple[Tree, Exchange]]:
    """Yield what a node or a tuple is made of, each with the function that exchanges it."""
    slots: list[tuple[Any, Exchange]]
    if isinstance(holder, tuple):
        slots = [(part, partial(_exchange_at, holder, at)) for at, part in enumerate(holder)]
    else:
        names = [slot.name for slot in fields(holder)]
        slots = [(getattr(holder, name), partial(_exchange_in, holder, name)) for name in names]
    for part, put in slots:
        if isinstance(part, tuple):
            for inner, within in _parts(part):
                yield inner, _through(put, within)
        elif part is not None and not isinstance(part, str):
            yield part, put


def _exchange_at(holder: tuple[Any, ...], at: int, other: Any) -> tuple[Any, ...]:
    return (*holder[:at], other, *holder[at + 1 :])


def _exchange_in(holder: Any, name: str, other: Any) -> Any:
    return replace(holder, **{name: other})


def _through(outer: Exchange, inner: Exchange) -> Exchange:
    return lambda other: outer(inner(other))


def factors(node: Node) -> list[Node]:
    """List what is multiplied in a product; of anything else, itself."""
    if isinstance(node, Binary) and node.sign == "*":
        return [*factors(node.left), *factors(node.right)]
    return [node]


def _show_part(node: Node) -> str:
    """Write what is part of an operation, between parentheses where it needs them."""
    part = show(node)
    match node:
        case Unary("-", _) | Binary("+" | "-", _, _):
            return f"({part})"
        case Binary(sign, _, _) if sign in INFIX:
            return f"({part})"
    return part


def _show_unary(node: Unary) -> str:
    part = _show_part(node.operand)
    match node.sign:
        case r"\lfloor":
            return rf"\lfloor {show(node.operand)} \rfloor"
        case r"\lvert":
            return rf"\lvert {show(node.operand)} \rvert"
        case r"\top":
            return rf"{part}^{{\top}}"
        case r"\rot":
            return rf"\rot {part}"
    return f"{node.sign}{part}"


def _show_binary(node: Binary) -> str:
    left, right = _show_part(node.left), _show_part(node.right)
    match node.sign:
        case "+":
            return f"{show(node.left)} + {show(node.right)}"
        case "-":
            return f"{show(node.left)} - {right}"
        case "*":
            return f"{left} {right}"
        case "^":
            return f"{left}^{{{show(node.right)}}}"
    return f"{left} {node.sign} {right}"


def _show_sum(node: Sum) -> str:
    if node.lower is None or node.upper is None:
        return rf"{node.kind}_{{{node.index}}} {show(node.body)}"
    bounds = f"_{{{node.index}={show(node.lower)}}}^{{{show(node.upper)}}}"
    return f"{node.kind}{bounds} {show(node.body)}"


def _show_chain(node: Chain) -> str:
    parts = [show(node.sides[0])]
    for relation, side in zip(node.relations, node.sides[1:], strict=True):
        parts += [relation, show(side)]
    return " ".join(parts)


def _show_indexed(node: Indexed) -> str:
    base = show(node.base)
    if isinstance(node.base, Unary | Binary | Call):
        base = f"({base})"
    return f"{base}_{{{','.join(show(index) for index in node.indices)}}}"


def _show_matrix(node: Matrix) -> str:
    return "(" + "; ".join(", ".join(map(show, row)) for row in node.rows) + ")"


_SHOW: dict[type, Callable[[Any], str]] = {
    Number: lambda node: node.text,
    Name: lambda node: node.text,
    Indexed: _show_indexed,
    Unary: _show_unary,
    Binary: _show_binary,
    Call: lambda node: f"{node.name}({', '.join(map(show, node.arguments))})",
    Sum: _show_sum,
    Gradient: lambda node: rf"\grad{{{show(node.of)}}}{{{show(node.by)}}}",
    Condition: lambda node: f"[{', '.join(map(show, node.relations))}]",
    Matrix: _show_matrix,
    Chain: _show_chain,
}
