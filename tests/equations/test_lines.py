"""Formulas in a line that hold for all values of their letters: none may stop to hold."""

import re

import pytest

from book.equations import DISPLAY, FENCE, INLINE
from book.formulas.inline import identities
from tests.equations.test_equations import CHAPTERS, KNOWN

# How many there are in each chapter. One that was altered is one no longer.
COUNTS = {1: 1, 3: 2, 5: 5, 6: 9, 9: 4, 10: 1, 11: 2}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_identities_in_lines_are_identities(path):
    text = DISPLAY.sub("", FENCE.sub("", path.read_text(encoding="utf-8")))
    found = [m["latex"] for m in INLINE.finditer(text) if identities(m["latex"], KNOWN)]
    counted = sum(identities(latex, KNOWN) for latex in found)
    assert counted == COUNTS.get(int(path.stem[:2]), 0), found


@pytest.mark.parametrize(
    "latex",
    [
        r"(1 + 2z + 3z^2)(1 + 10z) = 1 + 12z + 23z^2 + 30z^3",
        r"y (1 - y) = \frac{1}{4} - (y - \frac{1}{2})^2",
        r"1 - \sigma(2z) = \frac{1}{2} (1 - \tanh z)",
        r"-t (1 - p) + (1 - t) p = p - t",
        r"x_n - a = (x_n - \bar{x}) + (\bar{x} - a)",
        r"w - \eta a w = (1 - \eta a) \, w",
    ],
)
def test_an_altered_identity_is_none(latex):
    assert identities(latex, KNOWN) == 1
    signs = [m.start() for m in re.finditer(r"[+-]|\b\d", latex)]
    for at in signs:
        other = {"+": "-", "-": "+"}.get(latex[at], "7")
        assert identities(latex[:at] + other + latex[at + 1 :], KNOWN) == 0


@pytest.mark.parametrize(
    "latex",
    [
        r"p = \frac{1}{2}",  # a value
        r"u = p - i",  # a substitution
        r"2 + 2 = 4",  # arithmetic
        r"Y = X \corr K",  # of arrays
        r"x_n = \sum_u x_u",
        r"a = ",  # nothing that can be read
        r"\igrad{L}{z_2} = \igrad{L}{z_2}",
    ],
)
def test_what_is_not_an_identity_of_numbers_does_not_count(latex):
    assert identities(latex, KNOWN) == 0
