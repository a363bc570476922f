"""Every numbered equation of the book, as printed, against the code; and every alteration of it."""

import json
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
    load,
    measure,
    noticed,
)
from book.formulas.inline import arithmetic, identities
from cnnbook.functions import sigmoid

# What formulas in prose may use.
KNOWN = {
    **SIGNS,
    "e": math.e,
    r"\ln": math.log,
    r"\max": max,
    r"\tanh": math.tanh,
    r"\sigma": lambda z: 1 / (1 + math.exp(-z)),
    r"\sigma'": lambda z: 1 / (2 + math.exp(z) + math.exp(-z)),
}
EQUATIONS = find_equations(ROOT / "docs")
BINDINGS = load()
CHAPTERS = [
    path
    for path in sorted((ROOT / "docs").glob("*.md"))
    if CHAPTER.search(path.read_text(encoding="utf-8"))
]


def test_every_numbered_equation_is_bound_and_every_binding_has_its_equation():
    assert sorted(BINDINGS) == sorted(EQUATIONS)


def test_bindings_stand_in_the_file_of_their_chapter():
    for name, binding in BINDINGS.items():
        chapter = int(EQUATIONS[name].number.split(".")[0])
        assert f"/chapter_{chapter:02}_" in binding.place, name


def test_every_equation_is_as_it_was_when_it_was_last_measured():
    entries = json.loads((ROOT / "docs" / "equations" / "report.json").read_text(encoding="utf-8"))[
        "equations"
    ]
    measured = {e["id"]: (e["number"], e["page"], e["latex"]) for e in entries}
    printed = {e.id: (e.number, e.page, e.latex) for e in EQUATIONS.values()}
    changed = sorted(name for name in measured | printed if measured.get(name) != printed.get(name))
    assert not changed, f"look at each, then run python -m book.formulas.report: {changed}"


@pytest.mark.parametrize("name", EQUATIONS)
def test_equation(name, record_property):
    report = measure(EQUATIONS[name], BINDINGS[name])
    record_property("error", report.error)
    harmless = BINDINGS[name].harmless
    unnoticed = [what for what in report.survivors if what not in harmless]
    assert not unnoticed, f"nothing notices these alterations of {name}: {unnoticed}"
    assert set(harmless) <= set(report.survivors), "a reason for something that is noticed"
    assert report.altered > 0


@pytest.mark.parametrize("name", [name for name, bound in BINDINGS.items() if bound.source])
def test_the_equation_fails_when_its_function_is_spoiled(name):
    found = noticed(EQUATIONS[name], BINDINGS[name])
    blind = BINDINGS[name].blind
    assert found, "the result of the function is not in what is compared"
    assert found >= SPOILED_VALUES - set(blind), f"unnoticed: {SPOILED_VALUES - found}"
    assert not found & set(blind), "a reason for something that is noticed"


def test_what_is_only_called_does_not_count_where_a_function_is_spoiled():
    def thrown_away(rng):
        case = BINDINGS["eq-sigmoid"].build(rng)
        sigmoid(np.zeros(1))
        case.values[r"\sigma"] = lambda z: 1 / (1 + math.exp(-z))
        return case

    def looked_at(rng):
        if sigmoid(np.zeros(1)).tolist() != [0.5]:
            raise ValueError("another function")
        return thrown_away(rng)

    for build in (thrown_away, looked_at):
        binding = Binding("eq-sigmoid", sigmoid, build, {}, {})
        assert measure(EQUATIONS["eq-sigmoid"], binding, attack=False).error < 1e-12
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
        for kind in re.findall(r"^ *```(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert kind == "pycon", f"{path.stem}: {kind}"
