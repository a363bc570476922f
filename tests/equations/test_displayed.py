"""A formula read back from the page is the formula that was written."""

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

from book.equations import find_equations
from book.formulas.binding import ROOT, Draw, binding_of
from book.formulas.displayed import as_written
from book.formulas.evaluate import read
from book.site.typeset import lines, standard

EQUATIONS = find_equations(ROOT / "docs")


@pytest.mark.parametrize("name", EQUATIONS)
def test_the_formula_that_a_page_carries_is_read_as_the_one_that_was_written(name):
    latex = EQUATIONS[name].latex
    parts = [standard(part) for part in lines(latex) or [latex]]
    case = binding_of(EQUATIONS[name]).build(Draw(0))
    assert read(as_written(r" \qquad ".join(parts)), case) == read(latex, case)


def test_a_fraction_without_derivatives_stays_one():
    for latex in (r"\frac{a}{b}", r"\frac{\partial L}{2}", r"\frac{\partial L", r"\partial L"):
        assert as_written(latex) == latex


def test_a_derivative_within_a_derivative_is_found():
    inner = r"\frac{\partial L}{\partial y}"
    whole = rf"\frac{{\partial {inner}}}{{\partial x}}"
    assert as_written(whole) == r"\grad{\grad{L}{y}}{x}"
