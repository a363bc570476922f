"""Compute a printed formula: every side of every statement, for every value of its indices.

An array may be read only inside its range, so that a range that is wrong in print is an error,
not a zero. A `Lattice` is an array that goes on forever and is zero where nothing is stored.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from book.formulas.notation import sizes_of_indices
from book.formulas.parse import parse
from book.formulas.tree import (
    Binary,
    Call,
    Chain,
    Condition,
    Gradient,
    Indexed,
    Matrix,
    Name,
    Node,
    Number,
    Sum,
    Tree,
    Unary,
    children,
    factors,
    show,
)

Array = NDArray[Any]
Value = Any  # a number, an array, a Lattice
Steps = range | tuple[float, ...]  # what an index runs through, or a real variable
FAR = 6  # how far a sum to infinity goes; every Lattice ends well before


class EvaluationError(ValueError):
    """A formula says something that has no value: an unknown name, an index out of range."""


@dataclass(frozen=True)
class Lattice:
    """An array without end: ``values`` from ``origin`` on, zero everywhere else."""

    values: Array
    origin: tuple[int, ...]

    def at(self, indices: tuple[int, ...]) -> Value:
        """Return one entry."""
        place = tuple(i - o for i, o in zip(indices, self.origin, strict=True))
        inside = all(0 <= i < size for i, size in zip(place, self.values.shape, strict=True))
        return self.values[place] if inside else self.values.dtype.type(0)


class Case(NamedTuple):
    """What the names of an equation stand for, on one random input.

    Attributes
    ----------
    values : dict of str to Any
        Numbers, arrays, Lattices, functions and infix signs by their LaTeX names; the gradient
        of L by X is called ``L/X``, and of an output by an input ``Y/X``.
    free : dict of str to range or tuple of float
        The range of each index that is not that of the notation page; for a real variable, the
        points at which the equation is computed.
    tolerance : float
        How far apart two sides may be, relative to the larger of 1 and their largest entry.
    domain : dict of str to tuple of float
        For a real variable whose domain is printed, the points that must be in it, no more and
        no fewer.
    """

    values: dict[str, Any]
    free: Mapping[str, Steps] = {}
    tolerance: float = 1e-12
    domain: Mapping[str, tuple[float, ...]] = {}


class Outcome(NamedTuple):
    """What an evaluation found.

    Attributes
    ----------
    error : float
        The largest difference between two sides that should be equal.
    comparisons : int
        How many pairs of numbers were compared.
    """

    error: float
    comparisons: int


def read(latex: str, case: Case) -> list[Chain]:
    """Parse a formula, with the names of a case."""
    functions = [name for name, value in case.values.items() if callable(value)]
    return parse(latex, case.values, functions)


def evaluate(statements: list[Chain], case: Case, *, stop_above: float = math.inf) -> Outcome:
    """Compute every statement of a display.

    Parameters
    ----------
    statements : list of Chain
        What `parse` made of it. Statements such as ``0 <= i < H'`` say the range of an index.
    case : Case
        The values.
    stop_above : float
        Stop as soon as a difference is above this.

    Returns
    -------
    Outcome
        The largest relative difference and the number of comparisons.

    Raises
    ------
    EvaluationError
        If a name has no value, an index leaves its array, or shapes do not fit.
    """
    error, comparisons = 0.0, 0
    for chain, places in _comparisons(statements, case):
        sides: list[list[Value]] = [[] for _ in chain.sides]
        for _, values in places:
            for results, value in zip(sides, values, strict=True):
                results.append(value)
            if stop_above < math.inf:
                found = _compare(chain, [results[-1:] for results in sides])
                if found > stop_above:
                    return Outcome(found, comparisons)
        error = max(error, _compare(chain, sides))
        comparisons += sum(np.size(value) for value in sides[0]) * len(chain.relations)
    return Outcome(error, comparisons)


def first_difference(
    statements: list[Chain], case: Case, above: float
) -> tuple[dict[str, float], list[Value]] | None:
    """Find the first place at which the sides of a statement differ.

    Parameters
    ----------
    statements : list of Chain
        What `parse` made of a display.
    case : Case
        The values.
    above : float
        By how much, relative to the larger of 1 and the left side.

    Returns
    -------
    dict of str to float and list, or None
        The indices there, and the value of each side; None, if there is no such place.

    Raises
    ------
    EvaluationError
        As `evaluate` does.
    """
    for chain, places in _comparisons(statements, case):
        for indices, values in places:
            if _compare(chain, [[value] for value in values]) > above:
                return indices, values
    return None


def _comparisons(
    statements: list[Chain], case: Case
) -> Iterator[tuple[Chain, Iterator[tuple[dict[str, float], list[Value]]]]]:
    """Yield the statements that compare something, each with its sides at every place."""
    ranges = _printed_ranges(statements, case)
    scope = _Scope(case, ranges)
    for chain in statements:
        if _range_of(chain, case) is not None or domain_of(chain, case) is not None:
            continue
        if not chain.relations:
            raise EvaluationError(f"nothing to compare with in {show(chain)}")
        yield chain, _sides(chain, scope)


def _sides(chain: Chain, scope: "_Scope") -> Iterator[tuple[dict[str, float], list[Value]]]:
    """Yield the indices of every place, and the value of each side there."""
    letters = sorted(free_variables(chain, scope.case))
    for values in itertools.product(*(scope.ranges(letter) for letter in letters)):
        scope.indices = dict(zip(letters, values, strict=True))
        yield dict(scope.indices), [_plain(scope.value(side)) for side in chain.sides]


# --- values ---------------------------------------------------------------------------------------


@dataclass
class _Scope:
    """The names and the values of the indices, while one side is computed."""

    case: Case
    ranges: Callable[[str], Steps]
    indices: dict[str, float] = field(default_factory=dict)
    whole: dict[int, Value] = field(default_factory=dict)  # operations on whole arrays, done once

    def value(self, node: Node) -> Value:  # noqa: PLR0911 - one per kind of node
        match node:
            case Number(text):
                return float(text) if "." in text else int(text)
            case Name(text):
                return self.name(text)
            case Indexed(base, indices):
                return self.entry(self.value(base), [self.integer(i) for i in indices], node)
            case Gradient():
                return self.gradient(node)
            case Condition(relations):
                return int(all(self.holds(chain) for chain in relations))
            case Matrix(rows):
                return np.array([[self.value(entry) for entry in row] for row in rows], float)
            case Sum():
                return self.sum(node)
            case Binary("*", _, _):
                return self.product(node)
            case Unary() | Binary() | Call():
                return self.operation(node)

    def name(self, text: str) -> Value:
        if text in self.indices:
            return self.indices[text]
        if text not in self.case.values:
            raise EvaluationError(f"{text}: has no value")
        return self.case.values[text]

    def integer(self, node: Node) -> int:
        value = self.value(node)
        if isinstance(value, (int, np.integer)):
            return int(value)
        raise EvaluationError(f"{show(node)}: expected an integer index; got {value!r}")

    @staticmethod
    def entry(value: Value, indices: list[int], node: Node) -> Value:
        if isinstance(value, Lattice):
            if len(indices) != len(value.origin):
                raise EvaluationError(f"{show(node)}: wrong number of indices")
            return value.at(tuple(indices))
        if not isinstance(value, np.ndarray) or len(indices) > value.ndim:
            raise EvaluationError(f"{show(node)}: too many indices")
        for index, size in zip(indices, value.shape, strict=False):
            if not 0 <= index < size:
                raise EvaluationError(f"{show(node)}: index {index} is not in 0 .. {size - 1}")
        found = value[tuple(indices)]
        # An integer of Python, which never overflows, as those of some machines do.
        return found.item() if isinstance(found, np.integer) else found

    def gradient(self, node: Gradient) -> Value:
        names: list[str] = []
        indices: list[int] = []
        for part in (node.of, node.by):
            name = part.base if isinstance(part, Indexed) else part
            if not isinstance(name, Name):
                raise EvaluationError(f"{show(part)}: expected a name")
            names.append(name.text)
            if isinstance(part, Indexed):
                indices += [self.integer(index) for index in part.indices]
        value = self.name("/".join(names))
        return self.entry(value, indices, node) if indices else value

    def holds(self, chain: Chain) -> bool:
        values = [self.value(side) for side in chain.sides]
        pairs = zip(values, chain.relations, values[1:], strict=False)
        return all(_RELATIONS[relation](a, b) for a, relation, b in pairs)

    def sum(self, node: Sum) -> Value:
        if node.lower is None or node.upper is None:
            steps: Steps = self.ranges(node.index)
        else:
            steps = range(self.bound(node.lower), self.bound(node.upper) + 1)
        join, total = _JOINS[node.kind]
        outer = self.indices.get(node.index)
        for step in steps:
            self.indices[node.index] = step
            total = join(total, self.value(node.body))
        if outer is None:
            self.indices.pop(node.index, None)
        else:
            self.indices[node.index] = outer
        return total

    def bound(self, node: Node) -> int:
        if node == Name(r"\infty"):
            return FAR
        if node == Unary("-", Name(r"\infty")):
            return -FAR
        return self.integer(node)

    def operation(self, node: Unary | Binary | Call) -> Value:
        if id(node) in self.whole:
            return self.whole[id(node)]
        sign, operands = _taken_apart(node)
        values = [self.value(operand) for operand in operands]
        own = _OPERATIONS.get((sign, len(values)))
        function = own or self.name(sign)
        try:
            with np.errstate(all="ignore"):  # what is not finite is refused in the end
                result = function(*values)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise EvaluationError(f"{show(node)}: {error}") from error
        if own is None and not free_variables(node, self.case):
            self.whole[id(node)] = result
        return result

    def product(self, node: Binary) -> Value:
        # A bracket that is 0 says that the other factors are not looked at.
        parts = factors(node)
        brackets = [factor for factor in parts if isinstance(factor, Condition)]
        if any(self.value(bracket) == 0 for bracket in brackets):
            return 0
        result: Value = 1
        for factor in parts:
            if isinstance(factor, Condition):
                continue
            value = self.value(factor)
            both = isinstance(result, np.ndarray) and isinstance(value, np.ndarray)
            try:
                result = result @ value if both else result * value
            except (TypeError, ValueError) as error:
                raise EvaluationError(f"{show(node)}: {error}") from error
        return result


def _taken_apart(node: Unary | Binary | Call) -> tuple[str, tuple[Node, ...]]:
    """Return the sign or the function's name, and what it is applied to."""
    match node:
        case Unary(sign, operand):
            return sign, (operand,)
        case Binary(sign, left, right):
            return sign, (left, right)
        case Call(name, arguments):
            return name, arguments


_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<=": lambda a, b: bool(a <= b),
    "<": lambda a, b: bool(a < b),
    ">=": lambda a, b: bool(a >= b),
    ">": lambda a, b: bool(a > b),
    "!=": lambda a, b: bool(a != b),
}


def _divide(a: Value, b: Value) -> Value:
    """Divide; whole numbers that divide stay whole, so that they may be indices."""
    if isinstance(a, int) and isinstance(b, int) and b and a % b == 0:
        return a // b
    if not b:
        raise ZeroDivisionError("division by zero")
    return a / b


# By the sign and the number of operands; other signs and functions are those of the case.
_OPERATIONS: dict[tuple[str, int], Callable[..., Value]] = {
    ("+", 2): lambda a, b: a + b,
    ("-", 2): lambda a, b: a - b,
    ("-", 1): lambda a: -a,
    ("/", 2): _divide,
    ("^", 2): lambda a, b: a**b,
    (r"\lfloor", 1): math.floor,
    (r"\lvert", 1): abs,
    (r"\sqrt", 1): math.sqrt,
    (r"\top", 1): np.transpose,
    (r"\odot", 2): lambda a, b: a * b,
}


# How the terms of a sum are joined, and what joins to nothing.
_JOINS: dict[str, tuple[Callable[[Any, Any], Any], Value]] = {
    r"\sum": (lambda a, b: a + b, 0),
    r"\prod": (lambda a, b: a * b, 1),
    r"\max": (max, -math.inf),
    r"\min": (min, math.inf),
}


def _plain(value: Value) -> Value:
    """Return a Lattice as the array of its entries around zero."""
    if not isinstance(value, Lattice):
        return value
    size = range(-FAR, FAR + 1)
    places = itertools.product(size, repeat=len(value.origin))
    return np.array([value.at(place) for place in places])


def _compare(chain: Chain, sides: list[list[Value]]) -> float:
    """Return the largest relative difference between neighbouring sides that are to be equal."""
    error = 0.0
    for relation, left, right in zip(chain.relations, sides, sides[1:], strict=False):
        a, b = np.array(left), np.array(right)
        if a.shape != b.shape:
            raise EvaluationError(f"{show(chain)}: shapes {a.shape[1:]} and {b.shape[1:]}")
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise EvaluationError(f"{show(chain)}: a side is not finite")
        difference = np.abs(a - b).max(initial=0.0)
        scale = max(1.0, np.abs(a).max(initial=0.0))
        if relation == "=":
            error = max(error, float(difference / scale))
        elif relation == "!=":
            error = max(error, math.inf if difference / scale < 1e-3 else 0.0)
        elif not all(_RELATIONS[relation](x, y) for x, y in zip(a.flat, b.flat, strict=True)):
            error = math.inf
    return error


# --- indices and their ranges ---------------------------------------------------------------------


def free_variables(node: Tree, case: Case) -> set[str]:
    """List the letters that have no value in a case, and are no index of a sum."""
    match node:
        case Name(text):
            known = text in case.values or text == r"\infty"
            return set() if known else {text}
        case Sum(_, index, lower, upper, body):
            outer = set[str]()
            for bound in (lower, upper):
                if bound is not None:
                    outer |= free_variables(bound, case)
            return outer | (free_variables(body, case) - {index})
        case Gradient(of, by):
            parts = [p for p in (of, by) if isinstance(p, Indexed)]
            found = (free_variables(index, case) for part in parts for index in part.indices)
            return set[str]().union(*found)
        case _:
            return set[str]().union(*(free_variables(part, case) for part in children(node)))


def _range_of(chain: Chain, case: Case) -> str | None:
    """Return the index of which a statement says the range, as ``0 <= i < H'`` does."""
    if len(chain.sides) != 3 or not set(chain.relations) <= {"<=", "<"}:
        return None
    middle = chain.sides[1]
    return middle.text if isinstance(middle, Name) and middle.text not in case.values else None


def domain_of(chain: Chain, case: Case) -> str | None:
    """Return the real variable that a statement confines, as ``z < 0`` or ``0 < p < 1`` does."""
    real = [letter for letter, steps in case.free.items() if isinstance(steps, tuple)]
    found = [side.text for side in chain.sides if isinstance(side, Name) and side.text in real]
    others = [side for side in chain.sides if not isinstance(side, Name) or side.text not in real]
    closed = all(is_closed(side, case) for side in others)
    return found[0] if len(found) == 1 and closed and "=" not in chain.relations else None


def _points(chain: Chain, letter: str, points: tuple[float, ...], scope: _Scope) -> Steps:
    """Keep the points at which a statement about them holds."""
    kept = []
    for point in points:
        scope.indices = {letter: point}
        if scope.holds(chain):
            kept.append(point)
    if not kept:
        raise EvaluationError(f"{show(chain)}: none of the points {points} is there")
    if kept != list(scope.case.domain.get(letter, kept)):
        raise EvaluationError(f"{show(chain)}: not the domain of {letter} in the test")
    return tuple(kept)


def _printed_ranges(statements: list[Chain], case: Case) -> Callable[[str], Steps]:
    """Collect the ranges that the display states; they must be those of the case."""
    printed: dict[str, Steps] = {}
    # The index of a sequence without end may be any integer, and need not be said to be.
    endless = case.free if any(isinstance(v, Lattice) for v in case.values.values()) else {}

    def of(letter: str) -> Steps:
        if letter in printed:
            return printed[letter]
        if letter in case.free:
            if letter not in endless and isinstance(case.free[letter], range):
                raise EvaluationError(f"{letter}: its range is not that of the notation; print it")
            return case.free[letter]
        size = sizes_of_indices().get(letter.rstrip("'"))
        if size is None or size not in case.values:
            raise EvaluationError(f"{letter}: neither a value nor an index with a range")
        return range(case.values[size])

    for chain in statements:
        scope = _Scope(case, of)
        variable = domain_of(chain, case)
        if variable is not None:
            points = case.free[variable]
            assert isinstance(points, tuple)  # noqa: S101 - `domain_of` has said so
            printed[variable] = _points(chain, variable, points, scope)
            continue
        letter = _range_of(chain, case)
        if letter is None:
            continue
        expected = case.free[letter] if letter in case.free else of(letter)
        low, high = scope.bound(chain.sides[0]), scope.bound(chain.sides[2])
        found = range(
            low + (chain.relations[0] == "<"),
            high + (chain.relations[1] == "<="),
        )
        if found != expected:
            raise EvaluationError(f"{show(chain)}: that is {found}; expected {expected}")
        printed[letter] = found
    return of


def is_closed(node: Tree, case: Case) -> bool:
    """Say whether a side holds numbers alone."""
    if isinstance(node, Gradient) or free_variables(node, case):
        return False
    return all(is_closed(part, case) for part in children(node))
