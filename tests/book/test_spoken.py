"""What a screen reader says of a formula."""

import re

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

from book.site.glyphs import formulas
from book.site.typeset import typeset
from tests.book.pages import ROOT


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"x \conv k \ne x \corr k", "x convolved with k is not equal to x correlated with k"),
        (r"Y \fconv K", "Y fully convolved with K"),
        (r"\rot K", "the rotation by 180 degrees of K"),
        (r"Y \odot G", "Y times, entry by entry, G"),
        (r"H' < \hat{x}_m", "H prime is less than x hat sub m"),
        (r"\begin{aligned} a &= b, \\ &= c . \end{aligned}", "a equals b; equals c"),
        (r"X^{\top} Y \leftarrow Z", "X transposed Y becomes Z"),
        (r"x_{i+u} k_u", "x sub i plus u, end index, k sub u"),
        (r"x_i + u k_u", "x sub i plus u k sub u"),
        (r"K_{K_W-1} - 1", "K sub K sub W minus 1, end index, minus 1"),
        (r"k_{-u}", "k sub negative u"),
        (r"\frac{1}{2} (x + 1)", "1 over 2, end fraction, open paren x plus 1 close paren"),
        (r"\frac{1}{2} + x", "1 over 2 plus x"),
        (r"e^z p", "e to the z, end exponent, p"),
        (r"[f' = f] x", "1 if f prime equals f, else 0, x"),
        (r"[u < v]_i x", "open bracket u is less than v close bracket sub i x"),
        (r"[0, 1]", "open bracket 0 comma 1 close bracket"),
        (r"\lfloor k / W \rfloor", "the floor of k divided by W, end floor"),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", "matrix 1 by 2: row 1: 1, 2, end matrix"),
    ],
)
def test_a_formula_can_be_heard(latex, words):
    assert f'aria-label="{words}"' in typeset(latex, display=True)


def test_every_formula_has_words_and_no_sign_is_left_in_them():
    found = {re.search(r'alttext="([^"]*)" aria-label="([^"]*)"', f)[2] for f in formulas(ROOT)}
    assert len(found) > 900
    assert [words for words in found if not re.fullmatch(r"[\w .,;:'·]+", words)] == []
