"""Equalities in a line hold for all values of their letters, or are known to be conditions."""

import re

import pytest

from book.equations import DISPLAY, FENCE, INLINE
from book.formulas.binding import ROOT
from book.formulas.inline import identities, unproved
from tests.equations.test_equations import KNOWN

PAGES = sorted((ROOT / "docs").glob("*.md"))
# What holds only where a sentence says so, and a function of which the parser does not know that
# it is one. An equality that is neither an identity nor a definition is an error or belongs here.
CONDITIONS = {
    r"\omega^{Mm} = 1",
    r"W - K_W = W' - 1",
    r"u + H' - 1 \le K_H - 1 + H' - 1 = H - 1",
    r"\frac{p'}{1 - p'} = \frac{p}{1 - p} \cdot \frac{\alpha}{\beta}",
    r"z = \ln \frac{p}{1 - p}",
    r"e^{z} = \frac{p}{1 - p}",
    r"e^{z} - e^{z} p = p",
    r"p \, (1 + e^{z}) = e^{z}",
    r"\sigma(z) = \frac{1}{2}",
    r"r(x) = x",
    r"r(x) = 0",
    r"r(h) = h",
    r"r(-h) = 0",
    r"h_m = -t_m \ln t_m - (1 - t_m) \ln (1 - t_m)",
    r"u = p (1 - p)",
    r"s(-z) + z = s(z)",
    r"AB = CHW",
    r"w^+_d = \max(w_d, 0)",
    r"x_d w_e = x_e w_d",
    r"\phi(h) = (2 + h)^3",
    r"\phi(h) = h^3 + 2h",
    r"\phi(\frac{1}{2}) = \frac{1}{8} + 1 = \frac{9}{8}",
    r"\phi(-\frac{1}{2}) = -\frac{9}{8}",
    r"\phi'(0) = 2",
    r"\frac{h_0}{3} B - \frac{\delta}{h_0^2} = 0",
    r"\frac{h_0^2}{6} B = \frac{1}{6 h_0} \cdot 3 \delta = \frac{\delta}{2 h_0}",
    r"\eta a = 1",
    r"T_{n,0} + T_{n,1} = 1",
    r"p_{n,0} + p_{n,1} = 1",
    r"\bar{t} (1 - \bar{t}) = \frac{1}{4}",
    r"\igrad{L}{z_2} = p - 1 = -\frac{1}{4}",
    r"\rho^2 = (1 + \mu - \eta a) \rho - \mu",
    r"q \, (2 \eta a - \eta^2 a^2) = \eta^2 V",
    r"w_m - \eta a w_m = c \, w_m",
    r"w_{m+1} = y_{m+1} + \mu (y_{m+1} - y_m)",
    r"\eta a = 2 (1 + \mu) / (1 + 2 \mu)",
    r"v' = \mu v + (1 - \mu) g",
    r"z^{\kappa + 1} = z^\kappa - \eta a",
    r"\eta a = z^\kappa (1 - z)",
    r"\kappa \phi = \frac{\pi - \phi}{2}",
    r"(2 \cdot 7 - 3)\, \alpha = (3 - 2 \cdot 7 / 8)\, M \beta",
    r"z^2 = z - \eta a",
    r"\eta a = \frac{1}{4}",
    r"|z| = \sqrt{\eta a}",
    # Rows of numbers, and what else the parser does not read.
    r"2P = K_W - 1",
    r"q + P = \alpha S + \rho",
    r"q + P - K_W = (\alpha - \beta) S + (\rho - \delta)",
    "x = (1, 2, 3)",
    "k = (1, 10)",
    "x = (1, 2, 3, 4, 5)",
    "k = (1, 10, 100)",
    r"L = \sum Y",
    "z =",
    "(c, p, q) = (4, 0, 25)",
    "x = (1, 2)",
    "b = (0, 1, 1)",
    "g = (1, 0, 2)",
    "g = (1, 2, 3)",
    r"1 \cdot (1, 1) - 1 \cdot (0, 2) = (1, -1)",
}


def formulas(path):
    """Every formula in a line of a page, in one line."""
    text = DISPLAY.sub("", FENCE.sub("", path.read_text(encoding="utf-8")))
    return [" ".join(m["latex"].split()) for m in INLINE.finditer(text)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_an_equality_in_a_line_is_an_identity_a_definition_or_a_known_condition(path):
    for latex in formulas(path):
        wrong = unproved(latex, KNOWN)
        assert latex in CONDITIONS or not wrong, f"{path.name}: ${latex}$: not true of all letters"


def test_the_conditions_stand_on_the_pages_and_are_no_identities():
    found = {latex for path in PAGES for latex in formulas(path)}
    assert found >= CONDITIONS
    assert [latex for latex in sorted(CONDITIONS) if not unproved(latex, KNOWN)] == []


IDENTITIES = sorted({f for path in PAGES for f in formulas(path) if identities(f, KNOWN)})
TOKEN = re.compile(r"\\[A-Za-z]+(?:\{\w+\})?|\d+|[A-Za-z+-]")


def altered(latex):
    """Exchange every sign, every number and every letter for another."""
    if "=" in latex:
        yield latex.replace("=", "<", 1)
    letters = sorted(set(re.findall(r"(?<!\\)\b[a-z]\b", latex)))
    for token in TOKEN.finditer(latex):
        others = {"+": ["-"], "-": ["+"]}.get(token[0], [])
        if token[0].isdigit():
            others = [str(int(token[0]) + 1)]
        elif token[0] in letters and token[0] not in KNOWN:
            others = [letter for letter in letters if letter != token[0]]
        for other in others:
            yield latex[: token.start()] + other + latex[token.end() :]


def test_the_pages_have_identities():
    assert len(IDENTITIES) > 15


@pytest.mark.parametrize("latex", IDENTITIES)
def test_an_altered_identity_of_the_book_is_noticed(latex):
    versions = [version for version in altered(latex) if not identities(version, KNOWN)]
    assert versions
    for version in versions:  # one that is an identity as well is true
        assert unproved(version, KNOWN), version


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
def test_an_identity_has_nothing_unproved(latex):
    assert identities(latex, KNOWN) == 1
    assert unproved(latex, KNOWN) == []


@pytest.mark.parametrize(
    "latex",
    [
        r"p = \frac{1}{2}",  # a value
        r"u = p - i",  # a substitution
        r"2 + 2 = 4",  # arithmetic
        r"Y = X \corr K",  # of arrays
        r"0 < p < 1",
        r"x_n = \sum_u x_u",
        r"\igrad{L}{z_2} = \igrad{L}{z_2}",
    ],
)
def test_what_is_not_an_identity_of_numbers_need_not_be_proved(latex):
    assert identities(latex, KNOWN) == 0
    assert unproved(latex, KNOWN) == []


@pytest.mark.parametrize(
    ("latex", "wrong"),
    [
        ("p - (p + u) = u", "p - (p + u) = u"),
        ("u = p - (p - q)", "u = p - (p - q)"),
        ("a b = c d", "a b = c d"),
        ("x_1 + x_2 = 1", "x_{1} + x_{2} = 1"),
        ("a + a = 2a = 3a", "2 a = 3 a"),
        (r"\igrad{L}{z} = a = a b", "a = a b"),
        ("a = ", "a = "),  # cannot be read
        ("p - (p - u) < u", "p - (p - u) < u"),
        (r"p - q \ge -q + p", "p - q >= -q + p"),
    ],
)
def test_an_equality_that_is_neither_is_shown(latex, wrong):
    assert unproved(latex, KNOWN) == [wrong]
