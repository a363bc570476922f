"""How a numbered equation is bound to the code.

A binding says what the names of one equation stand for on a random input: arrays, results of the
book's functions, derivatives. It does not say the equation: that is read from the page itself, by
`book.formulas.parse`, and computed by `book.formulas.evaluate`. Wrong in print is wrong here.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from book.equations import Equation
from book.formulas.alterations import alterations
from book.formulas.evaluate import Case, EvaluationError, Outcome, domain_of, evaluate, read
from book.formulas.parse import FormulaError
from book.formulas.tree import Chain, show
from cnnbook.averaging import RunningMean
from cnnbook.correlation import convolve2d, cross_correlate2d, rotate180
from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import Parameter

ROOT = Path(__file__).parents[2]
CHAPTERS = Path(__file__).parent / "chapters"
DRAWS = 3  # random inputs per equation
MARGIN = 1e-3  # how far off an altered equation must be, relative

Build = Callable[["Draw"], Case]
AnyBuild = TypeVar("AnyBuild", bound=Build)
BINDINGS: dict[str, "Binding"] = {}


# What the signs between two finite arrays stand for. The functions are looked up when a sign is
# computed, so that a spoiled one is found.
SIGNS: dict[str, Callable[..., Any]] = {
    r"\corr": lambda x, k: cross_correlate2d(x, k, "valid"),
    r"\conv": lambda x, k: convolve2d(x, k, "valid"),
    r"\fcorr": lambda x, k: cross_correlate2d(x, k, "full"),
    r"\fconv": lambda x, k: convolve2d(x, k, "full"),
    r"\rot": lambda k: rotate180(k),  # noqa: PLW0108
}
# The same for rows of numbers.
ROW_SIGNS = {
    sign: lambda x, k, on=on: on(x[np.newaxis], k[np.newaxis])[0] for sign, on in SIGNS.items()
}
BEYOND = "the bracket is 0 there"  # why an alteration changes nothing


def beyond(side: str, index: str, size: str) -> dict[str, str]:
    """Name the alterations that let an index run beyond its size, where a bracket is 0."""
    longer = rf"\sum_{{{index}=0}}^{{{size} - 1}} -> \sum_{{{index}=0}}^{{{size} - 1 + 1}}"
    steps = (longer, f"{size} - 1 -> {size} + 1", f"{size} - 1 -> {size}")
    return {f"{side}: {step}": BEYOND for step in steps}


# Equations about the size of a result, which the numbers in it do not change.
ABOUT_SHAPE = dict.fromkeys(("random", "distorted"), "only the size of the result is in it")


class Binding(NamedTuple):
    """An equation, the function that computes it, and what its names stand for."""

    id: str
    source: Callable[..., Any] | None
    build: Build
    harmless: dict[str, str]  # alterations that change nothing, each with the reason
    blind: dict[str, str]  # ways to spoil the function that change nothing, each with the reason

    @property
    def source_name(self) -> str | None:
        """The name under which the reference has the function."""
        return self.source and f"{self.source.__module__}.{self.source.__qualname__}"

    @property
    def place(self) -> str:
        """The file of the binding, from the project's root."""
        return Path(self.build.__code__.co_filename).relative_to(ROOT).as_posix()


class Measurement(NamedTuple):
    """What was measured of one equation."""

    error: float
    comparisons: int
    altered: int
    survivors: list[str]


class WrongEquationError(AssertionError):
    """An equation does not hold, or cannot be computed. The message is one line and names it."""

    def __init__(self, equation: Equation, what: str) -> None:
        name = f"equation {equation.number} of {equation.page} ({equation.id})"
        super().__init__(f"{name}: {' '.join(what.split())}")


def binds(
    name: str,
    source: Callable[..., Any] | None,
    harmless: dict[str, str] | None = None,
    blind: dict[str, str] | None = None,
) -> Callable[[AnyBuild], AnyBuild]:
    """Bind the equation with this id to the function of the book that computes it.

    The function decorated says what the letters stand for; it may serve several equations. No
    `source` means that NumPy alone computes the equation.
    """

    def register(build: AnyBuild) -> AnyBuild:
        assert name not in BINDINGS, f"{name} is bound twice"
        BINDINGS[name] = Binding(name, source, build, harmless or {}, blind or {})
        return build

    return register


def load() -> dict[str, Binding]:
    """Import the chapters' files and return all bindings."""
    for path in sorted(CHAPTERS.glob("chapter_*.py")):
        importlib.import_module(f"book.formulas.chapters.{path.stem}")
    return BINDINGS


def file_for(equation: Equation) -> str:
    """Name the file in which the binding of an equation stands, or has to stand."""
    chapter = int(equation.number.split(".")[0])
    found = sorted(CHAPTERS.glob(f"chapter_{chapter:02}_*.py"))
    path = found[0] if found else CHAPTERS / f"chapter_{chapter:02}_TITLE.py"
    return path.relative_to(ROOT).as_posix()


def binding_of(equation: Equation) -> Binding:
    """Look the binding of an equation up."""
    found = load().get(equation.id)
    if found is None:
        raise LookupError(
            f"{equation.id}: equation {equation.number} of {equation.page} has no binding in "
            f"{file_for(equation)}"
        )
    return found


@contextmanager
def spoiled(source: Callable[..., Any], spoil: Callable[[Any], Any]) -> Iterator[None]:
    """Let a function return something else for a while, wherever a module has imported it.

    What has taken hold of the function before, such as a value in a dictionary, keeps the right
    one. A binding therefore names the functions where it uses them.
    """
    places = list(_places(source))
    assert places, f"{source.__qualname__}: no module of the book has this function"

    @wraps(source)
    def wrong(*arguments: Any, **options: Any) -> Any:
        result = source(*arguments, **options)
        if result is not None:
            return _all_of(result, spoil)
        changed = arguments[0]
        if isinstance(changed, RunningMean):
            changed.values = [spoil(mean) for mean in changed.values]
            return None
        for parameter in changed.parameters:  # a step of an optimiser
            parameter.value = spoil(parameter.value)
        return None

    try:
        for holder, name in places:
            setattr(holder, name, wrong)
        yield
    finally:
        for holder, name in places:
            setattr(holder, name, source)


def _places(source: Callable[..., Any]) -> Iterator[tuple[ModuleType | type, str]]:
    """Yield the modules and classes that have a function, each with its name there."""
    modules = [m for name, m in sys.modules.items() if name.split(".")[0] in ("cnnbook", "book")]
    for module in modules:
        classes = [value for value in vars(module).values() if isinstance(value, type)]
        holders: list[ModuleType | type] = [module, *classes]
        for holder in holders:
            yield from ((holder, name) for name, value in vars(holder).items() if value is source)


def _all_of(result: Any, spoil: Callable[[Any], Any]) -> Any:
    """Spoil a number or an array, or each of several."""
    if isinstance(result, Parameter):
        return Parameter(result.name, spoil(result.value))
    if not isinstance(result, tuple | list):
        return spoil(result)
    several = [_all_of(part, spoil) for part in result]
    return result._make(several) if hasattr(result, "_make") else type(result)(several)


def _random(result: Any) -> Any:
    """Random numbers for which nothing matters but the shape.

    They lie where probabilities do; whole ones are sizes. What stands behind an imaginary step
    stays as small, so that derivatives are random too.
    """
    right = np.asarray(result)
    rng = np.random.default_rng(right.shape)
    if right.dtype.kind in "biu":
        return rng.integers(1, 9, right.shape).astype(right.dtype)[()]
    numbers = rng.uniform(0.1, 0.9, right.shape)
    if right.dtype.kind == "c":
        step = np.abs(right.imag).max(initial=0.0)
        return numbers + 1j * step * rng.uniform(0.1, 0.9, right.shape)
    return numbers.astype(right.dtype)[()]


def _distorted(result: Any) -> Any:
    """Flip along the last axes, shrink and move; probabilities are still some."""
    right = np.asarray(result)
    flipped = np.flip(right, tuple(range(right.ndim)[-2:]))
    return (0.7 * flipped + 0.1).astype(right.dtype)[()]


def _doubled(result: Any) -> Any:
    """Every row and every column twice: the shape is another one, and no axis is empty."""
    for axis in range(np.ndim(result))[-2:]:
        result = np.repeat(result, 2, axis)
    return result


SPOILS = {"random": _random, "distorted": _distorted, "doubled": _doubled}
SPOILED_VALUES = {"random", "distorted"}  # the shape is the right one


def noticed(equation: Equation, binding: Binding) -> set[str]:
    """List the ways of spoiling the function under which the equation is computed to be wrong.

    If there is not even a case then, that shows only that the function was called, not that what
    it returns is what is compared.
    """
    found = set()
    for name, spoil in SPOILS.items():
        assert binding.source is not None, f"{binding.id}: NumPy alone computes it"
        with spoiled(binding.source, spoil), np.errstate(all="ignore"):
            try:
                case = binding.build(Draw(0))
            except (IndexError, TypeError, ValueError):
                continue
            if _told_apart(read(equation.latex, case), case):
                found.add(name)
    return found


def compute(equation: Equation, case: Case) -> tuple[list[Chain], Outcome]:
    """Read the equation from its page and compute it."""
    statements = read(equation.latex, case)
    return statements, evaluate(statements, case)


def measure(equation: Equation, binding: Binding) -> Measurement:
    """Compute the printed equation on random inputs, then every alteration of it."""
    cases = [binding.build(Draw(seed)) for seed in range(DRAWS)]
    statements, error, comparisons = hold(equation, binding, cases)
    altered, survivors = 0, []
    sizes = [name for name, value in cases[0].values.items() if isinstance(value, int)]
    for at, chain in enumerate(statements):
        if domain_of(chain, cases[0]) is not None:
            continue  # elsewhere the equation may be true as well
        for what, changed in alterations(chain, sizes):
            altered += 1
            version = [*statements[:at], changed, *statements[at + 1 :]]
            if not any(_told_apart(version, case) for case in cases):
                survivors.append(what)
    return Measurement(error, comparisons, altered, survivors)


def hold(equation: Equation, binding: Binding, cases: list[Case]) -> tuple[list[Chain], float, int]:
    """Compute the printed equation, which must hold in every case.

    Returns
    -------
    list of Chain
        What the equation says.
    float
        The largest difference between sides that should be equal.
    int
        How many pairs of numbers were compared.

    Raises
    ------
    WrongEquationError
        If it does not hold, says nothing, or cannot be computed.
    """
    error, comparisons = 0.0, 0
    for case in cases:
        try:
            statements, outcome = compute(equation, case)
        except (EvaluationError, FormulaError) as wrong:
            raise WrongEquationError(equation, f"{wrong}; {_letters(case, binding)}") from None
        for chain in statements:
            shown = [show(side) for side in chain.sides]
            if len(set(shown)) < len(shown):
                raise WrongEquationError(equation, f"{show(chain)} says nothing")
        if outcome.comparisons == 0:
            raise WrongEquationError(equation, "nothing was compared")
        if outcome.error > case.tolerance:
            differ = f"its sides differ by {outcome.error:.1e}, allowed {case.tolerance:.0e}"
            raise WrongEquationError(equation, f"does not hold: {differ}")
        error, comparisons = max(error, outcome.error), comparisons + outcome.comparisons
    return statements, error, comparisons


def _letters(case: Case, binding: Binding) -> str:
    """Say what a case has values and ranges for, and where it is written."""
    letters = [name for name in case.values if not callable(case.values[name])]
    ranges = f", and ranges of {', '.join(case.free)}" if case.free else ""
    where = f"{binding.build.__name__} in {binding.place}"
    return f"{where} has {', '.join(letters)}{ranges}"


def _told_apart(statements: list[Chain], case: Case) -> bool:
    """Say whether an altered equation is not computable, or wrong by a wide margin."""
    try:
        return evaluate(statements, case, stop_above=MARGIN).error > MARGIN
    except EvaluationError:
        return True


# Sizes for each draw. No two are equal in all of the draws, so that no size can pass for another.
SIZES = (
    {"N": 2, "C": 2, "F": 2, "K_H": 3, "K_W": 2, "H'": 4, "W'": 3},
    {"N": 4, "C": 3, "F": 2, "K_H": 2, "K_W": 3, "H'": 5, "W'": 3},
    {"N": 2, "C": 2, "F": 3, "K_H": 2, "K_W": 3, "H'": 3, "W'": 4},
)
SMALL = (
    {"N": 1, "C": 3, "F": 2, "K_H": 2, "K_W": 1, "H'": 2, "W'": 1},
    {"N": 1, "C": 2, "F": 2, "K_H": 1, "K_W": 3, "H'": 2, "W'": 2},
    {"N": 2, "C": 2, "F": 3, "K_H": 3, "K_W": 1, "H'": 1, "W'": 2},
)


class Draw(np.random.Generator):
    """Random numbers that know the number of their draw."""

    def __init__(self, number: int) -> None:
        super().__init__(np.random.PCG64(number))
        self.number = number


def layer_sizes(rng: Draw, *, small: bool = False) -> dict[str, int]:
    """Return the sizes of a layer for this draw."""
    s = (SMALL if small else SIZES)[rng.number]
    return {**s, "H": s["H'"] + s["K_H"] - 1, "W": s["W'"] + s["K_W"] - 1}


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Find by halving where a function is zero that has different signs at the two ends."""
    while low < (middle := (low + high) / 2) < high:
        if (function(middle) > 0) == (function(high) > 0):
            high = middle
        else:
            low = middle
    return high


def jacobian(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """Differentiate every entry of the result by every entry of `at`, by complex steps."""
    outputs = function(at + 0j).real
    rows = []
    for place in np.ndindex(outputs.shape):
        weights = np.zeros_like(outputs)
        weights[place] = 1.0
        rows.append(complex_step_gradient(function, at, weights))
    return np.stack(rows).reshape(*outputs.shape, *at.shape)
