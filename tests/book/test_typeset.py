"""LaTeX becomes MathML that all browsers draw alike."""

import re

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

from book.site.glyphs import formulas
from book.site.typeset import MACROS, MathError, standard, typeset
from tests.book.pages import ROOT


def test_a_prime_stands_beside_its_letter():
    mathml = typeset("H' < K'' < F'''", display=False)
    assert mathml.count('<mo lspace="0" rspace="0">') == 3
    assert "<msup>" not in mathml


def test_a_prime_of_a_letter_with_a_subscript_is_no_smaller():
    mathml = typeset(r"\theta'_k + A'_{f,i_j} - Y_n''", display=False)
    assert mathml.count('<mo lspace="0" rspace="0">') == 3
    assert "<msubsup>" not in mathml
    assert mathml.count("<msub>") == 4
    assert "<msubsup>" in typeset("m_k^2", display=False)


def test_a_prime_on_a_name_of_several_letters_stands_high_and_large(convert):
    assert '<mo lspace="0" rspace="0">\N{PRIME}</mo>' in convert(r"$\tanh'(z)$")
    aligned = "$$\n\\begin{aligned} \\tanh'(z) &= 1 \\end{aligned}\n$$"
    assert '<mo lspace="0" rspace="0">\N{PRIME}</mo>' in convert(aligned)


def test_a_formula_carries_latex_that_can_be_used_elsewhere(convert):
    page = convert(r"$\grad{L}{K_{u}} = X \corr \rot K$ and $a < b$")
    assert r'alttext="\frac{\partial L}{\partial K_{u}} = X \mathbin{\star} \operator' in page
    assert 'alttext="a &lt; b"' in page
    own = "|".join(MACROS)
    for formula in formulas(ROOT):
        assert not re.search(
            rf"\\(?:{own})(?![A-Za-z])", re.search('alttext="([^"]*)"', formula)[1]
        )
    with pytest.raises(MathError, match="a brace is not closed"):
        standard(r"\grad{L}{K")


def test_what_browsers_draw_differently_is_written_so_that_they_do_not():
    assert 'largeop="false">⊙' in typeset(r"a \odot b", display=True)
    for accent in ("hat", "bar", "tilde"):
        assert "stretchy" not in typeset(rf"\{accent}{{x}}", display=False)
    assert "stretchy" in typeset(r"\bar{K}", display=False)
    assert "</mfrac><mspace" in typeset(r"\grad{L}{y}\grad{y}{x}", display=True)
    aligned = typeset(r"\begin{aligned} a &= b \\ &\le c \end{aligned}", display=True)
    assert aligned.count('form="infix"') == 2
    around_a_sum = typeset(r"\left( \sum_{k=0}^{P} x_k \right)^2", display=True)
    assert around_a_sum.count('minsize="2.4em"') == 2
    assert "minsize" not in typeset(r"\left( x_k \right)^2", display=True)
    assert "<mspace/>" not in typeset(r"\rot K", display=True)
