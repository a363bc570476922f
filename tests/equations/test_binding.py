"""An equation that cannot be right is named in one line, with what there is to change."""

import re

import pytest

from book.equations import Equation
from book.formulas import binding
from book.formulas.binding import (
    Binding,
    Draw,
    WrongEquationError,
    binding_of,
    binds,
    file_for,
    hold,
    root,
)
from book.formulas.evaluate import Case

FILE = "tests/equations/test_binding.py"


def letters(rng):
    x = rng.standard_normal(3)
    return Case({"x": x, "y": 2 * x, "H": 3, "f": abs}, {"k": range(3)})


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"y_k = x_k, \qquad 0 \le k < H", r"does not hold: its sides differ by .*, allowed 1e-12"),
        (r"x_k = x_k, \qquad 0 \le k < H", r"x_\{k\} = x_\{k\} says nothing"),
        (r"0 \le k < H", "nothing was compared"),
        (
            r"K_p = x_p",
            rf"K: neither a value nor an index with a range; letters in {FILE} has x, y, H, and",
        ),
        (r"x_{p+1} = y_p", rf"x_{{p \+ 1}}: index 3 is not in 0 .. 2; letters in {FILE} has x, y"),
        ("x_p\n= \\frac{y}", "expected .* In the formula: x_p = .*; letters in"),
    ],
)
def test_a_wrong_equation_is_named_in_one_line_with_the_letters_at_hand(latex, message):
    equation = Equation("eq-x", "3.4", latex, "03-x.md")
    bound = Binding("eq-x", None, letters, {}, {})
    with pytest.raises(WrongEquationError) as caught:
        hold(equation, bound, [letters(Draw(0))])
    expected = rf"equation 3\.4 of 03-x\.md \(eq-x\): {message}"
    assert re.match(expected, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_equation_without_a_binding_is_named_with_the_file_to_edit():
    equation = Equation("eq-x", "3.4", "x = x", "03-x.md")
    file = "book/formulas/chapters/chapter_03_kernel_gradients.py"
    assert file_for(equation) == file
    message = re.escape(f"eq-x: equation 3.4 of 03-x.md has no binding in {file}")
    with pytest.raises(LookupError, match=f"^{message}$"):
        binding_of(equation)
    other = equation._replace(number="21.1")
    assert file_for(other) == "book/formulas/chapters/chapter_21_TITLE.py"


def test_an_equation_is_bound_once(monkeypatch):
    monkeypatch.setattr(binding, "BINDINGS", {})
    binds("eq-x", None)(letters)
    with pytest.raises(AssertionError, match="eq-x is bound twice"):
        binds("eq-x", None)(letters)


def test_a_root_is_found_to_the_last_digit():
    assert root(lambda x: x**2 - 2, 0, 2) == pytest.approx(2**0.5, abs=5e-16)
    assert root(lambda x: 2 - x**2, 0, 2) == pytest.approx(2**0.5, abs=5e-16)
