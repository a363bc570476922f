"""Every numbered equation of the book, as printed, against the code; and every alteration of it."""

import math
import re

import numpy as np
import pytest

from book.equations import CHAPTER, DISPLAY, FENCE, INLINE, find_equations
from book.formulas.binding import (
    ROOT,
    SIGNS,
    SPOILED_VALUES,
    Binding,
    Draw,
    WrongEquationError,
    file_for,
    hold,
    load,
    measure,
    noticed,
)
from book.formulas.inline import arithmetic, identities
from book.formulas.record import differences, entries, read_record
from cnnbook import functions

# What formulas in prose may use.
KNOWN = {
    **SIGNS,
    "e": math.e,
    r"\mathrm{i}": 1j,
    r"\ln": math.log,
    r"\max": max,
    r"\tanh": math.tanh,
    r"\sigma": lambda z: 1 / (1 + math.exp(-z)),
    r"\sigma'": lambda z: 1 / (2 + math.exp(z) + math.exp(-z)),
}
EQUATIONS = find_equations(ROOT / "docs")
BINDINGS = load()
BOUND = [name for name in EQUATIONS if name in BINDINGS]
RECORD = entries(read_record())
CHAPTERS = [
    path
    for path in sorted((ROOT / "docs").glob("*.md"))
    if CHAPTER.search(path.read_text(encoding="utf-8"))
]


def test_every_numbered_equation_is_bound_and_every_binding_has_its_equation():
    unbound, unknown = EQUATIONS.keys() - BINDINGS, BINDINGS.keys() - EQUATIONS
    wrong = [f"{name}: bind it in {file_for(EQUATIONS[name])}" for name in unbound]
    wrong += [f"{name}: on no page, but bound in {BINDINGS[name].place}" for name in unknown]
    if wrong:
        pytest.fail("\n".join(sorted(wrong)), pytrace=False)


def test_bindings_stand_in_the_file_of_their_chapter():
    for name in BOUND:
        assert BINDINGS[name].place == file_for(EQUATIONS[name]), name


@pytest.mark.parametrize("name", BOUND)
def test_equation(name, record_property):
    try:
        report = measure(EQUATIONS[name], BINDINGS[name])
    except WrongEquationError as error:
        pytest.fail(str(error), pytrace=False)
    record_property("error", report.error)
    harmless = BINDINGS[name].harmless
    unnoticed = [what for what in report.survivors if what not in harmless]
    assert not unnoticed, f"nothing notices these alterations of {name}: {unnoticed}"
    assert set(harmless) <= set(report.survivors), "a reason for something that is noticed"
    assert report.altered > 0
    if name in RECORD:  # what is not, is named by a test of the record
        found = differences(RECORD[name], report)
        assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("name", [name for name in BOUND if BINDINGS[name].source])
def test_the_equation_fails_when_its_function_is_spoiled(name):
    found = noticed(EQUATIONS[name], BINDINGS[name])
    blind = BINDINGS[name].blind
    assert found, "the result of the function is not in what is compared"
    assert found >= SPOILED_VALUES - set(blind), f"unnoticed: {SPOILED_VALUES - found}"
    assert not found & set(blind), "a reason for something that is noticed"


def test_what_is_only_called_does_not_count_where_a_function_is_spoiled():
    def thrown_away(rng):
        case = BINDINGS["eq-sigmoid"].build(rng)
        functions.sigmoid(np.zeros(1))
        case.values[r"\sigma"] = lambda z: 1 / (1 + math.exp(-z))
        return case

    def looked_at(rng):
        if functions.sigmoid(np.zeros(1)).tolist() != [0.5]:
            raise ValueError("another function")
        return thrown_away(rng)

    for build in (thrown_away, looked_at):
        binding = Binding("eq-sigmoid", functions.sigmoid, build, {}, {})
        assert hold(EQUATIONS["eq-sigmoid"], binding, [build(Draw(0))])[1] < 1e-12
        assert not noticed(EQUATIONS["eq-sigmoid"], binding)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_is_displayed_is_numbered_or_arithmetic_or_an_identity(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    assert "$$" not in DISPLAY.sub("", text), "a display that is not one"
    for match in DISPLAY.finditer(text):
        if match["id"] is None:
            assert_right(match["latex"])


def assert_right(latex):
    """A display without a number holds numbers alone, or holds whatever its letters stand for."""
    outcome = arithmetic(latex, KNOWN)
    if outcome is None:
        assert identities(latex, KNOWN) == latex.count("=") > 0, (
            f"neither numbered, nor arithmetic, nor an identity: {latex}"
        )
    else:
        assert outcome.error < 1e-12, f"wrong: {latex}"


def test_a_display_that_is_wrong_is_found():
    for right in ("2 + 2 = 4", "(1 + z)^2 = 1 + 2z + z^2 ."):
        assert_right(right)
    for wrong in ("2 + 2 = 5", "(1 + z)^2 = 1 + 3z + z^2 .", "Y = X", "z"):
        with pytest.raises(AssertionError):
            assert_right(wrong)


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_arithmetic_in_a_line_is_right(path):
    text = DISPLAY.sub("", FENCE.sub("", path.read_text(encoding="utf-8")))
    for match in INLINE.finditer(text):
        outcome = arithmetic(match["latex"], KNOWN)
        if outcome is not None:
            assert outcome.error < 1e-12, f"wrong: {match['latex']}"


def test_a_chapter_has_no_code_that_is_not_executed():
    for path in CHAPTERS:
        text = path.read_text(encoding="utf-8")
        for kind, block in re.findall(r"^ *```(\w+)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
            drawing = kind == "text" and not re.search(r"[=(\[]|import", block)
            assert kind == "pycon" or drawing, f"{path.stem}: {kind}"
