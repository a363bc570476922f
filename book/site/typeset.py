"""LaTeX to MathML, behind one function, so that another library could take this one's place.

Browsers differ in what they make of the same MathML. What is mended here was seen in Chromium,
Firefox and WebKit; what a style sheet can mend is in ``docs/stylesheets/mathematics.css``.
"""

import html
import re
from functools import cache

from math_core import LatexError, LatexToMathML

from book.site.spoken import spoken

# The book's own commands; everything else is LaTeX as it is.
MACROS = {
    "conv": r"\mathbin{*}",
    "fconv": r"\mathbin{\overset{\mathrm{full}}{*}}",
    "fcorr": r"\mathbin{\overset{\mathrm{full}}{\star}}",
    "corr": r"\mathbin{\star}",
    "rot": r"\operatorname{rot}_{180}",
    "grad": r"\frac{\partial #1}{\partial #2}",
    "igrad": r"\partial #1 / \partial #2",  # the same in a line
}

# A prime is drawn high already; as a superscript it would stand too high, small and far off.
NAME = r"<m[io][^>]*>[^\W\d_]+</m[io]>"
PRIMES = "\N{PRIME}\N{DOUBLE PRIME}\N{TRIPLE PRIME}"
ACCENTS = "\N{MODIFIER LETTER CIRCUMFLEX ACCENT}\N{MACRON}\N{SMALL TILDE}"
DOT = "\N{CIRCLED DOT OPERATOR}"
REPAIRS = [
    # A name of several letters is upright without being told, and WebKit draws the gap.
    (r"<mrow><mspace/>(<mi>[^<]{2,}</mi>)</mrow>", r"\1"),
    (
        f"<msubsup>({NAME})((?:(?!<msubsup>).)*)(<mo>[{PRIMES}]</mo>)</msubsup>",
        r"<msub><msup>\1\3</msup>\2</msub>",
    ),
    (
        f"<msup>({NAME})<mo>([{PRIMES}])</mo></msup>",
        r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>',
    ),
    # WebKit lets an accent float above its letter unless it may stretch; but an accent that may it
    # draws through a capital, unless it is only something above it.
    (
        '<mover accent="true">(<mi>[A-Z]</mi>)<mo stretchy="false">(\N{MACRON})<',
        r'<mover accent="false">\1<mo stretchy="true">\2<',
    ),
    (f'<mo stretchy="false">([{ACCENTS}])</mo></mover>', r"<mo>\1</mo></mover>"),
    # Firefox takes a sign at the beginning of a cell for a prefix, which has no room before it.
    (r"(<mtd[^>]*>)<mo([^>]*)>(=|≤|≥|&lt;|&gt;|≠)<", r'\1<mo\2 form="infix">\3<'),
    # Firefox takes a circled dot for a large operator, such as a sum is.
    (f"<mo([^>]*)>{DOT}", rf'<mo\1 largeop="false">{DOT}'),
    # Firefox draws parentheses around a sum that are lower than the sum.
    (
        r"<mrow><mo>\(</mo>((?:(?!</?mrow><mo>[()]).)*<munderover>.*?)<mo>\)</mo></mrow>",
        r'<mrow><mo minsize="2.4em">(</mo>\1<mo minsize="2.4em">)</mo></mrow>',
    ),
    # The bars of two fractions in a product would touch.
    ("</mfrac>(?=<mfrac>)", '</mfrac><mspace width="0.1667em"/>'),
]

_converter = LatexToMathML(macros=MACROS, fancy_error=False, annotation=False)


class MathError(ValueError):
    """A formula cannot be typeset. The message shows it and says why."""


@cache
def typeset(latex: str, *, display: bool) -> str:
    r"""Turn a formula into MathML that carries its LaTeX, to be copied, and its words, to be heard.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        A ``<math>`` element.

    Raises
    ------
    MathError
        If the formula is empty, or a command in it is unknown.

    Examples
    --------
    >>> typeset(r"x_i", display=False)
    '<math alttext="x_i" aria-label="x sub i"><msub><mi>x</mi><mi>i</mi></msub></math>'
    """
    latex = latex.strip()
    if not latex:
        raise MathError("an empty formula")
    try:
        mathml = _converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        raise MathError(f"{error} In the formula: {latex}") from error
    for fault, repair in REPAIRS:
        mathml = re.sub(fault, repair, mathml)
    carried = {"alttext": standard(latex), "aria-label": spoken(mathml)}
    attributes = "".join(f' {name}="{html.escape(text)}"' for name, text in carried.items())
    if display:
        attributes += ' data-search-exclude="true"'  # to a search a display is noise
    return mathml.replace("<math", f"<math{attributes}", 1)


def standard(latex: str) -> str:
    r"""Write the book's own commands out, so that a copied formula can be used anywhere.

    Parameters
    ----------
    latex : str
        A formula.

    Returns
    -------
    str
        The same in LaTeX's own commands, in one line.

    Examples
    --------
    >>> standard(r"\grad{L}{K_{u,v}} = X \conv Y")
    '\\frac{\\partial L}{\\partial K_{u,v}} = X \\mathbin{*} Y'
    """
    for name, meaning in MACROS.items():
        while (at := re.search(rf"\\{name}(?![A-Za-z])", latex)) is not None:
            end, written = at.end(), meaning
            for argument in range(1, meaning.count("#") + 1):
                start, end = end, _closing(latex, end)
                written = written.replace(f"#{argument}", latex[start:end].strip()[1:-1])
            latex = f"{latex[: at.start()]}{written}{latex[end:]}"
    return " ".join(latex.split())


def _closing(latex: str, start: int) -> int:
    """Return where the group in braces ends that begins at or after `start`."""
    depth = 0
    for at in range(start, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[at], 0)
        if latex[at] == "}" and depth == 0:
            return at + 1
    raise MathError(f"a brace is not closed. In the formula: {latex}")


def lines(latex: str) -> list[str]:
    r"""Part a display where a narrow page may begin a new line.

    Parameters
    ----------
    latex : str
        A formula.

    Returns
    -------
    list of str
        What stands between the wide gaps ``\qquad``, but for gaps in rows and in braces.

    Examples
    --------
    >>> lines(r"y_i = x_i, \qquad 0 \le i < N.")
    ['y_i = x_i,', '0 \\le i < N.']
    """
    parts, depth = [""], 0
    for piece in re.split(
        r"(\\qquad(?![A-Za-z])|\\begin|\\end|\\left(?![a-z])|\\right(?![a-z])|(?<!\\)[{}])", latex
    ):
        if piece == r"\qquad" and depth == 0:
            parts.append("")
            continue
        depth += {"{": 1, r"\begin": 1, r"\left": 1, "}": -1, r"\end": -1, r"\right": -1}.get(
            piece, 0
        )
        parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]
