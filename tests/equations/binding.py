"""How a numbered equation is bound to the code.

A binding says what the names of one equation stand for on a random input: arrays, results of the
book's functions, derivatives. It does not say the equation: that is read from the page itself, by
`cnnbook_site.formula`, and computed by `cnnbook_site.evaluate`. Wrong in print is wrong here.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from cnnbook.correlation import convolve2d, cross_correlate2d, rotate180
from cnnbook.gradient_check import complex_step_gradient
from cnnbook_site.alterations import alterations
from cnnbook_site.equations import Equation
from cnnbook_site.evaluate import Case, EvaluationError, domain_of, evaluate, read
from cnnbook_site.tree import show

ROOT = Path(__file__).parents[2]
DRAWS = 3  # random inputs per equation
MARGIN = 1e-3  # how far off an altered equation must be, relative

Build = Callable[["Draw"], Case]
BINDINGS: dict[str, "Binding"] = {}


# What the signs between two finite arrays stand for.
SIGNS: dict[str, Callable[..., Any]] = {
    r"\corr": cross_correlate2d,
    r"\conv": convolve2d,
    r"\fcorr": lambda x, k: cross_correlate2d(x, k, "full"),
    r"\fconv": lambda x, k: convolve2d(x, k, "full"),
    r"\rot": rotate180,
}
# The same for rows of numbers.
ROW_SIGNS = {
    sign: lambda x, k, on=on: on(x[np.newaxis], k[np.newaxis])[0] for sign, on in SIGNS.items()
}
BEYOND = "the bracket is 0 there"  # why an alteration changes nothing


class Binding(NamedTuple):
    """An equation, the function that computes it, and what its names stand for."""

    id: str
    source: Callable[..., Any] | None
    build: Build
    harmless: dict[str, str]  # alterations that change nothing, each with the reason

    @property
    def source_name(self) -> str | None:
        """The name under which the reference has the function."""
        return self.source and f"{self.source.__module__}.{self.source.__qualname__}"

    @property
    def place(self) -> str:
        """The file of the binding, from the project's root."""
        return Path(inspect.getsourcefile(self.build)).relative_to(ROOT).as_posix()


class Report(NamedTuple):
    """What was measured of one equation."""

    error: float
    comparisons: int
    altered: int
    survivors: list[str]


def binds(
    name: str, source: Callable[..., Any] | None, harmless: dict[str, str] | None = None
) -> Callable[[Build], Build]:
    """Bind the equation with this id to the function of the book that computes it.

    The function decorated says what the letters stand for; it may serve several equations. No
    `source` means that NumPy alone computes the equation.
    """

    def register(build: Build) -> Build:
        assert name not in BINDINGS, f"{name} is bound twice"
        BINDINGS[name] = Binding(name, source, build, harmless or {})
        return build

    return register


def load() -> dict[str, Binding]:
    """Import the chapters' files and return all bindings."""
    for path in sorted(Path(__file__).parent.glob("chapter_*.py")):
        importlib.import_module(f"tests.equations.{path.stem}")
    return BINDINGS


@contextmanager
def spoiled(source: Callable[..., Any], spoil: Callable[[Any], Any]) -> Iterator[None]:
    """Let a function, however it was imported, return something else for a while."""
    code, home = source.__code__, source.__globals__
    right = FunctionType(
        code, home, source.__name__, argdefs=source.__defaults__, closure=source.__closure__
    )
    right.__kwdefaults__ = source.__kwdefaults__
    home["_wrong"] = lambda *arguments, **options: spoil(right(*arguments, **options))
    source.__code__ = (lambda *arguments, **options: _wrong(*arguments, **options)).__code__  # noqa: F821, PLW0108
    try:
        yield
    finally:
        source.__code__ = code
        del home["_wrong"]


def _scaled(result: Any) -> Any:
    """Half as large again; sizes larger by one."""
    return result * 1.5 if isinstance(result, np.ndarray) else tuple(size + 1 for size in result)


def _turned(result: Any) -> Any:
    """Turned by 180 degrees; sizes in the other order."""
    return result[..., ::-1, ::-1] if isinstance(result, np.ndarray) else result[::-1]


def _cut(result: Any) -> Any:
    """Without the last row and column; without the last of several."""
    return result[..., :-1, :-1] if isinstance(result, np.ndarray) else result[:-1]


SPOILS = {"scaled": _scaled, "turned": _turned, "cut": _cut}


def noticed(equation: Equation, binding: Binding) -> set[str]:
    """List the ways of spoiling the function under which the equation no longer holds."""
    found = set()
    for name, spoil in SPOILS.items():
        with spoiled(binding.source, spoil):
            try:
                wrong = compute(equation, binding.build(Draw(0)))[2].error > MARGIN
            except (EvaluationError, IndexError, TypeError, ValueError):
                wrong = True
        if wrong:
            found.add(name)
    return found


def compute(equation: Equation, case: Case):
    """Read the equation from its page and compute it."""
    statements = read(equation.latex, case)
    return case, statements, evaluate(statements, case)


def measure(equation: Equation, binding: Binding, *, attack: bool = True) -> Report:
    """Compute the printed equation on random inputs, then every alteration of it."""
    error, comparisons, cases = 0.0, 0, []
    for seed in range(DRAWS):
        case, statements, outcome = compute(equation, binding.build(Draw(seed)))
        for chain in statements:
            shown = [show(side) for side in chain.sides]
            assert len(set(shown)) == len(shown), f"{equation.id}: {show(chain)} says nothing"
        assert outcome.comparisons > 0, f"{equation.id}: nothing was compared"
        error, comparisons = max(error, outcome.error), comparisons + outcome.comparisons
        assert outcome.error <= case.tolerance, (
            f"equation {equation.number} of {equation.page} ({equation.id}) does not hold: its "
            f"sides differ by {outcome.error:.1e}, allowed {case.tolerance:.0e}"
        )
        cases.append(case)
    altered, survivors = 0, []
    sizes = [name for name, value in cases[0].values.items() if isinstance(value, int)]
    for at, chain in enumerate(statements if attack else []):
        if domain_of(chain, cases[0]) is not None:
            continue  # elsewhere the equation may be true as well
        for what, changed in alterations(chain, sizes):
            altered += 1
            version = [*statements[:at], changed, *statements[at + 1 :]]
            if not any(_told_apart(version, case) for case in cases):
                survivors.append(what)
    return Report(error, comparisons, altered, survivors)


def _told_apart(statements, case: Case) -> bool:
    """An altered equation must not be computable, or be wrong by a wide margin."""
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


def jacobian(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """Differentiate every entry of the result by every entry of `at`, by complex steps."""
    outputs = function(at + 0j).real
    rows = []
    for place in np.ndindex(outputs.shape):
        weights = np.zeros_like(outputs)
        weights[place] = 1.0
        rows.append(complex_step_gradient(function, at, weights))
    return np.stack(rows).reshape(*outputs.shape, *at.shape)
