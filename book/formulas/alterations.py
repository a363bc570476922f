"""The attack on a formula: it is altered in one place, every place in turn.

A check that says yes to an altered formula says nothing about the printed one.
"""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from book.formulas.tree import (
    Chain,
    Condition,
    Gradient,
    Indexed,
    Matrix,
    Name,
    Node,
    Number,
    Operation,
    Sum,
    children,
    factors,
    show,
)

ONE = Number("1")
SWAPS = {
    "+": "-",
    "-": "+",
    r"\corr": r"\conv",
    r"\conv": r"\corr",
    r"\fcorr": r"\fconv",
    r"\fconv": r"\fcorr",
}


def alterations(chain: Chain, sizes: Collection[str] = ()) -> Iterator[tuple[str, Chain]]:
    """Alter a statement in every single place: a sign, an index, a factor, a bound, a turn, a size.

    Parameters
    ----------
    chain : Chain
        The statement.
    sizes : collection of str
        Names of sizes, each of which is also replaced by every other one.

    Notes
    -----
    A condition such as ``M >= W`` is left alone: a weaker one would be true as well. For the same
    reason a caller leaves alone what `domain_of` recognises.

    Yields
    ------
    str
        What was altered into what.
    Chain
        The altered statement.
    """
    if ">=" in chain.relations:
        return
    for place, side in enumerate(chain.sides):
        for what, altered in itertools.chain(_alter(side), _exchange_sizes(side, sizes)):
            sides = (*chain.sides[:place], altered, *chain.sides[place + 1 :])
            yield f"side {place + 1}: {what}", Chain(sides, chain.relations)


def _alter(  # noqa: C901, PLR0912 - one branch per kind of node
    node: Node,
) -> Iterator[tuple[str, Node]]:
    """Alter a tree in one place, every place in turn."""
    yield from ((_what(node, other), other) for other in _here(node))
    match node:
        case Indexed(base, indices):
            yield from ((what, Indexed(part, indices)) for what, part in _alter(base))
            for at, index in enumerate(indices):
                for what, part in _alter(index):
                    yield what, Indexed(base, (*indices[:at], part, *indices[at + 1 :]))
        case Operation(sign, operands):
            for at, operand in enumerate(operands):
                for what, part in _alter(operand):
                    yield what, Operation(sign, (*operands[:at], part, *operands[at + 1 :]))
        case Sum(kind, index, lower, upper, body):
            for what, part in _alter(body):
                yield what, Sum(kind, index, lower, upper, part)
        case Gradient(of, by):
            yield from ((what, Gradient(part, by)) for what, part in _alter(of))
            yield from ((what, Gradient(of, part)) for what, part in _alter(by))
        case Condition(relations):
            for at, relation in enumerate(relations):
                for what, chain in _alter_chain(relation):
                    yield what, Condition((*relations[:at], chain, *relations[at + 1 :]))
        case Matrix(rows):
            for r, row in enumerate(rows):
                for at, entry in enumerate(row):
                    for what, part in _alter(entry):
                        changed = (*row[:at], part, *row[at + 1 :])
                        yield what, Matrix((*rows[:r], changed, *rows[r + 1 :]))
        case _:
            pass


def _exchange_sizes(side: Node, sizes: Collection[str]) -> Iterator[tuple[str, Node]]:
    """Put another size in the place of each size."""
    for size in sizes:
        for other in sizes:
            if other == size:
                continue
            for at in range(_count(side, size)):
                changed, _ = _replace(side, size, other, at)
                yield f"{size} -> {other}, place {at + 1}", changed


def _count(node: Node | Chain, name: str) -> int:
    own = isinstance(node, Name) and node.text == name
    return own + sum(_count(part, name) for part in children(node))


def _replace(node: Any, name: str, other: str, at: int) -> tuple[Any, int]:
    """Replace the occurrence number `at` of a name; return how far the count has come."""
    if isinstance(node, Name):
        if node.text != name:
            return node, at
        return (Name(other) if at == 0 else node), at - 1
    if isinstance(node, tuple):
        parts = []
        for part in node:
            changed, at = _replace(part, name, other, at)
            parts.append(changed)
        return tuple(parts), at
    if not is_dataclass(node) or isinstance(node, type):
        return node, at
    found = {}
    for slot in fields(node):
        found[slot.name], at = _replace(getattr(node, slot.name), name, other, at)
    return replace(node, **found), at


def _what(node: Node, other: Node) -> str:
    """Say what was altered; of a sum with another bound, the sum sign is enough."""
    if isinstance(node, Sum) and isinstance(other, Sum) and node.body is other.body:
        body = show(node.body)
        return f"{show(node).removesuffix(body)}-> {show(other).removesuffix(body)}".strip()
    return f"{show(node)} -> {show(other)}"


def _alter_chain(chain: Chain) -> Iterator[tuple[str, Chain]]:
    for at, relation in enumerate(chain.relations):
        other = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}.get(relation)
        if other is not None:
            changed = (*chain.relations[:at], other, *chain.relations[at + 1 :])
            yield f"{show(chain)}: {relation} -> {other}", Chain(chain.sides, changed)
    for at, side in enumerate(chain.sides):
        for what, part in _alter(side):
            sides = (*chain.sides[:at], part, *chain.sides[at + 1 :])
            yield what, Chain(sides, chain.relations)


def _here(node: Node) -> Iterator[Node]:  # noqa: C901, PLR0912 - one branch per kind of node
    match node:
        case Number(text):
            yield Number(str(int(text) + 1) if text.isdigit() else str(float(text) + 1))
        case Indexed(base, indices):
            for at, index in enumerate(indices):
                shifted = Operation("+", (index, ONE))
                yield Indexed(base, (*indices[:at], shifted, *indices[at + 1 :]))
            for at in range(len(indices) - 1):
                swapped = (*indices[:at], indices[at + 1], indices[at], *indices[at + 2 :])
                if swapped != indices:
                    yield Indexed(base, swapped)
        case Operation("*", _):
            parts = factors(node)
            for at in range(len(parts)):
                yield _multiply([*parts[:at], *parts[at + 1 :]])
        case Operation("neg" | "rot" | "transpose" | "floor" | "abs", (operand,)):
            yield operand
        case Operation(sign, operands) if sign.startswith("call:"):
            yield from operands
        case Operation("/", (above, below)):
            yield above
            yield Operation("/", (below, above))
        case Operation("^", (base, _)):
            yield base
        case Operation(sign, operands) if sign in SWAPS:
            yield Operation(SWAPS[sign], operands)
            if sign in (r"\corr", r"\fcorr"):
                yield Operation(sign, operands[::-1])  # convolution commutes
            if sign in ("+", "-"):
                yield from operands  # one of the two terms is forgotten
        case Sum(kind, index, None, None, body):
            zero = Number("0")
            yield Sum(kind, index, zero, zero, body)
            yield Operation("neg", (node,))
        case Sum(kind, index, lower, upper, body) if lower is not None and upper is not None:
            if r"\infty" not in show(lower):
                yield Sum(kind, index, Operation("+", (lower, ONE)), upper, body)
            if r"\infty" not in show(upper):
                yield Sum(kind, index, lower, Operation("-", (upper, ONE)), body)
                yield Sum(kind, index, lower, Operation("+", (upper, ONE)), body)
            yield Operation("neg", (node,))
        case _:
            pass


def _multiply(parts: list[Node]) -> Node:
    result = parts[0]
    for factor in parts[1:]:
        result = Operation("*", (result, factor))
    return result
