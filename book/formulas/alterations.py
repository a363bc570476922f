"""The attack on a formula: it is altered in one place, every place in turn.

A check that says yes to an altered formula says nothing about the printed one.
"""

from collections import Counter
from collections.abc import Collection, Iterator

from book.formulas.tree import (
    Binary,
    Call,
    Chain,
    Indexed,
    Name,
    Node,
    Number,
    Sum,
    Tree,
    Unary,
    factors,
    show,
    spots,
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
STRICTER_OR_WEAKER = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}


def alterations(chain: Chain, sizes: Collection[str] = ()) -> Iterator[tuple[str, Chain]]:
    """Alter a statement in every single place: a sign, an index, a factor, a bound, a flip, a size.

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
        What was altered into what. No two alterations of a statement are called the same.
    Chain
        The altered statement.
    """
    if ">=" in chain.relations:
        return
    called = Counter[str]()
    for place, side in enumerate(chain.sides):
        for node, put in spots(side):
            for what, other in _instead(node, sizes):
                called[name := f"side {place + 1}: {what}"] += 1
                sides = (*chain.sides[:place], put(other), *chain.sides[place + 1 :])
                again = f", place {called[name]}" if called[name] > 1 else ""
                yield name + again, Chain(sides, chain.relations)


def _instead(node: Tree, sizes: Collection[str]) -> Iterator[tuple[str, Tree]]:
    """Yield what may stand in the place of a node by mistake, each with what to call it."""
    if isinstance(node, Name) and node.text in sizes:
        yield from ((f"{node.text} -> {size}", Name(size)) for size in sizes if size != node.text)
    elif isinstance(node, Chain):  # within a bracket
        for at, relation in enumerate(node.relations):
            if (other := STRICTER_OR_WEAKER.get(relation)) is not None:
                relations = (*node.relations[:at], other, *node.relations[at + 1 :])
                yield f"{show(node)}: {relation} -> {other}", Chain(node.sides, relations)
    else:
        yield from ((_what(node, other), other) for other in _misprints(node))


def _what(node: Node, other: Node) -> str:
    """Say what was altered; of a sum with another bound, the sum sign is enough."""
    if isinstance(node, Sum) and isinstance(other, Sum) and node.body is other.body:
        body = show(node.body)
        return f"{show(node).removesuffix(body)}-> {show(other).removesuffix(body)}".strip()
    return f"{show(node)} -> {show(other)}"


def _misprints(node: Node) -> Iterator[Node]:  # noqa: C901, PLR0912 - one branch per kind of node
    match node:
        case Number(text):
            yield Number(str(int(text) + 1) if text.isdigit() else str(float(text) + 1))
        case Indexed(base, indices):
            for at, index in enumerate(indices):
                shifted = Binary("+", index, ONE)
                yield Indexed(base, (*indices[:at], shifted, *indices[at + 1 :]))
            for at in range(len(indices) - 1):
                swapped = (*indices[:at], indices[at + 1], indices[at], *indices[at + 2 :])
                if swapped != indices:
                    yield Indexed(base, swapped)
        case Binary("*", _, _):
            parts = factors(node)
            for at in range(len(parts)):
                yield _multiply([*parts[:at], *parts[at + 1 :]])
        case Unary(_, operand):
            yield operand
        case Call(_, arguments):
            yield from arguments
        case Binary("/", above, below):
            yield above
            yield Binary("/", below, above)
        case Binary("^", base, _):
            yield base
        case Binary(sign, left, right) if sign in SWAPS:
            yield Binary(SWAPS[sign], left, right)
            if sign in (r"\corr", r"\fcorr"):
                yield Binary(sign, right, left)  # convolution commutes
            if sign in ("+", "-"):
                yield from (left, right)  # one of the two terms is forgotten
        case Sum(kind, index, None, None, body):
            zero = Number("0")
            yield Sum(kind, index, zero, zero, body)
            yield Unary("-", node)
        case Sum(kind, index, lower, upper, body) if lower is not None and upper is not None:
            if r"\infty" not in show(lower):
                yield Sum(kind, index, Binary("+", lower, ONE), upper, body)
            if r"\infty" not in show(upper):
                yield Sum(kind, index, lower, Binary("-", upper, ONE), body)
                yield Sum(kind, index, lower, Binary("+", upper, ONE), body)
            yield Unary("-", node)
        case _:
            pass


def _multiply(parts: list[Node]) -> Node:
    result = parts[0]
    for factor in parts[1:]:
        result = Binary("*", result, factor)
    return result
