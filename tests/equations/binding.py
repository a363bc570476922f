"""How a numbered equation is bound to the code.

A binding says what the names of one equation stand for on a random input: arrays, results of the
book's functions, derivatives. It does not say the equation: that is read from the page itself, by
`cnnbook_site.formula`, and computed by `cnnbook_site.evaluate`. Wrong in print is wrong here.
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from cnnbook_site.equations import Equation
from cnnbook_site.evaluate import Case, EvaluationError, Lattice, alterations, evaluate, read
from cnnbook_site.formula import show

ROOT = Path(__file__).parents[2]
DRAWS = 3  # random inputs per equation
MARGIN = 1e-3  # how far off an altered equation must be, relative

Build = Callable[["Draw"], Case]
BINDINGS: dict[str, "Binding"] = {}


class Binding(NamedTuple):
    """An equation, the function that computes it, and what its names stand for."""

    id: str
    source: Callable[..., Any]
    build: Build
    harmless: dict[str, str]  # alterations that change nothing, each with the reason

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


def binds(name: str, source: Callable[..., Any], harmless: dict[str, str] | None = None):
    """Bind the equation with this id to `source`, the function of the book that it is about."""

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


def ran(source: Callable[..., Any], call: Callable[[], Any]) -> tuple[Any, bool]:
    """Call, and say whether the code of `source` was executed on the way."""
    wanted, seen = source.__code__, set[CodeType]()
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: seen.add(frame.f_code) if event == "call" else None)
    try:
        result = call()
    finally:
        sys.setprofile(before)
    return result, wanted in seen


def compute(equation: Equation, case: Case):
    """Read the equation from its page and compute it."""
    statements = read(equation.latex, case)
    return case, statements, evaluate(statements, case)


def measure(equation: Equation, binding: Binding, *, attack: bool = True) -> Report:
    """Compute the printed equation on random inputs, then every alteration of it."""
    error, comparisons, cases = 0.0, 0, []
    for seed in range(DRAWS):
        (case, statements, outcome), executed = ran(
            binding.source,
            lambda s=seed: compute(equation, binding.build(Draw(s))),
        )
        for chain in statements:
            shown = [show(side) for side in chain.sides]
            assert len(set(shown)) == len(shown), f"{equation.id}: {show(chain)} says nothing"
        assert executed, f"{binding.source.__name__} was not run for {equation.id}"
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


__all__ = ["BINDINGS", "Case", "Lattice", "binds", "layer_sizes", "load", "measure"]
