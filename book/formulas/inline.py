"""Formulas in a line: arithmetic, and what holds whatever the letters stand for."""

import random
from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any

from book.formulas.evaluate import (
    Case,
    EvaluationError,
    Outcome,
    evaluate,
    free_variables,
    is_closed,
    read,
)
from book.formulas.parse import FormulaError
from book.formulas.tree import (
    INFIX,
    Binary,
    Call,
    Chain,
    Indexed,
    Name,
    Node,
    Number,
    Unary,
    show,
    spots,
)

DRAWS = 4
OF_ARRAYS = {*INFIX, r"\rot", r"\top"}


def arithmetic(latex: str, values: Mapping[str, Any]) -> Outcome | None:
    """Compute a formula that holds numbers alone, such as a case worked by hand.

    Sides that hold letters are passed over; the others of the same chain must be equal.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    values : mapping of str to Any
        The infix signs and functions that it may use.

    Returns
    -------
    Outcome or None
        None if fewer than two sides are arithmetic.
    """
    case = Case(dict(values))
    total = Outcome(0.0, 0)
    try:
        statements = read(latex, case)
    except FormulaError:
        return None
    for chain in statements:
        pairs = zip(chain.sides, chain.relations, chain.sides[1:], strict=False)
        last: Node | None = None
        for left, relation, right in pairs:
            last = left if is_closed(left, case) else last if relation == "=" else None
            if last is not None and is_closed(right, case):
                found = evaluate([Chain((last, right), (relation,))], case)
                error = max(total.error, found.error)
                total = Outcome(error, total.comparisons + found.comparisons)
    return total if total.comparisons else None


def identities(latex: str, values: Mapping[str, Any]) -> int:
    r"""Count the neighbouring sides of a formula that are equal for all values of its letters.

    Every letter, and every letter with its index, is given a random number between 0 and 1, a
    few times over. What is equal each time is an identity, such as ``(1 - p) - (1 - t) = t - p``;
    a definition, or the value of a letter in an example, is not.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    values : mapping of str to Any
        The functions and infix signs that it may use.

    Returns
    -------
    int
        How many equals signs in it hold so. Sides without a letter do not count; they are
        arithmetic.

    Examples
    --------
    >>> identities(r"w - \eta w = (1 - \eta) \, w = v", {})
    1
    """
    try:
        pairs = _compared(latex, values)
    except FormulaError:
        return 0
    return sum(pair.relations == ("=",) and _equal(pair, values) for pair in pairs)


def unproved(latex: str, values: Mapping[str, Any]) -> list[str]:
    r"""List the equalities in a formula that are no identities, and no definitions either.

    An equality with a letter alone on one side may define it, such as ``u = p - i``, unless the
    other side has the letter as well, or another letter twice. Anything else is expected to hold
    whatever the letters stand for. Sides that are always equal are expected to have an equals sign
    between them.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    values : mapping of str to Any
        The functions and infix signs that it may use.

    Returns
    -------
    list of str
        What is not as expected; a formula with an equals sign that cannot be read as a whole.

    Examples
    --------
    >>> unproved(r"p - (p - u) = u = p - i", {})
    []
    >>> unproved(r"p - (p + u) = u", {})
    ['p - (p + u) = u']
    """
    try:
        pairs = _compared(latex, values)
    except FormulaError:
        return [latex] if "=" in latex else []
    return [show(pair) for pair in pairs if not _expected(pair, values)]


def _expected(pair: Chain, values: Mapping[str, Any]) -> bool:
    """Say whether two sides are related as they should be."""
    if pair.relations == ("=",):
        return _defines(*pair.sides) or _equal(pair, values)
    return not _equal(pair, values)


def _defines(left: Node, right: Node) -> bool:
    """Say whether an equality may define a letter, alone on one side, by the other side."""
    for side, other in ((left, right), (right, left)):
        letters = [node for node, _ in spots(other) if isinstance(node, Name)]
        if isinstance(side, Name) and len({side, *letters}) == 1 + len(letters):
            return True
    return False


def _compared(latex: str, values: Mapping[str, Any]) -> list[Chain]:
    """List the neighbouring sides that are made of numbers and letters."""
    case = Case(dict(values))
    found = []
    for chain in read(latex, case):
        for relation, sides in zip(chain.relations, pairwise(chain.sides), strict=True):
            with suppress(FormulaError):
                plain = Chain(tuple(_letters_only(side, case) for side in sides), (relation,))
                if free_variables(plain, case):
                    found.append(plain)
    return found


def _equal(pair: Chain, values: Mapping[str, Any]) -> bool:
    """Whether two sides are equal for a few random values of the letters."""
    letters = sorted(free_variables(pair, Case(dict(values))))
    rng = random.Random(0)  # noqa: S311 - no secret
    for _ in range(DRAWS):
        drawn = {name: rng.uniform(0.1, 0.9) for name in letters}
        try:
            error = evaluate([Chain(pair.sides, ("=",))], Case({**drawn, **values})).error
        except (EvaluationError, ArithmeticError, TypeError, ValueError):
            return False
        if error > 1e-9:
            return False
    return True


def _letters_only(node: Node, case: Case) -> Node:
    """Make a letter with an index a letter of its own; anything but arithmetic is refused."""
    match node:
        case Number() | Name():
            return node
        case Indexed():
            return Name(show(node))
        case Unary(sign, operand) if sign not in OF_ARRAYS:
            return Unary(sign, _letters_only(operand, case))
        case Binary(sign, left, right) if sign not in OF_ARRAYS:
            return Binary(sign, _letters_only(left, case), _letters_only(right, case))
        case Call(name, arguments):
            return Call(name, tuple(_letters_only(part, case) for part in arguments))
        case _:
            raise FormulaError(f"{show(node)}: more than arithmetic with letters")
