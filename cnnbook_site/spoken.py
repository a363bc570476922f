"""What a screen reader says of a formula.

The words are mathra's, but for the signs that mean something else in this book than elsewhere,
and for the rows of a derivation, which are not a matrix.
"""

import re
from xml.etree import ElementTree

from mathra import render

STARS = "\N{ASTERISK OPERATOR}\N{STAR OPERATOR}"
FULL = f"<mpadded[^>]*><mover>(<mo[^>]*>[{STARS}]</mo>).*?</mover></mpadded>"
SIGNS = [
    (FULL, r"<mtext>fully</mtext>\1"),
    ("<mo[^>]*>\N{ASTERISK OPERATOR}</mo>", "<mtext>convolved with</mtext>"),
    ("<mo[^>]*>\N{STAR OPERATOR}</mo>", "<mtext>correlated with</mtext>"),
    ("<mo[^>]*>⊙</mo>", "<mtext>times, entry by entry,</mtext>"),
    ("<msub><mi>rot</mi><mn>180</mn></msub>", "<mtext>the rotation by 180 degrees of</mtext>"),
    ("<mo[^>]*>←</mo>", "<mtext>becomes</mtext>"),
    ("<mo[^>]*>⌊</mo>", "<mtext>the floor of</mtext>"),
    ("<mo[^>]*>⌋</mo>", "<mtext>, end floor,</mtext>"),
    ("<mo[^>]*prefix[^>]*>‖</mo>", "<mtext>the norm of</mtext>"),
    ("<mo[^>]*postfix[^>]*>‖</mo>", "<mtext>, end norm,</mtext>"),
]
WORDS = {"to the \N{DOWN TACK}": "transposed", "‴": "triple prime", " ,": ","}


def spoken(mathml: str) -> str:
    r"""Say a formula in words.

    Parameters
    ----------
    mathml : str
        A ``<math>`` element.

    Returns
    -------
    str
        Its words, in English.

    Examples
    --------
    >>> spoken("<math><mi>x</mi><mo>\N{ASTERISK OPERATOR}</mo><mi>k</mi></math>")
    'x convolved with k'
    >>> spoken("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>")
    '1 over 2'
    """
    for sign, words in SIGNS:
        mathml = re.sub(sign, words, mathml)
    root = ElementTree.fromstring(mathml.replace("&ApplyFunction;", ""))  # noqa: S314 - our own
    return "; ".join(_words(row) for row in _rows(root))


def _rows(root: ElementTree.Element) -> list[list[ElementTree.Element]]:
    """Part a derivation into its rows; anything else is one."""
    if [child.tag for child in root] != ["mtable"]:
        return [list(root)]
    return [[part for cell in row for part in cell] for row in root[0]]


def _words(parts: list[ElementTree.Element]) -> str:
    row = ElementTree.Element("math")
    row.extend(parts)
    words = render(ElementTree.tostring(row, encoding="unicode"), input="mathml")["speech"]
    for heard, meant in WORDS.items():
        words = words.replace(heard, meant)
    return " ".join(words.split()).rstrip(" .,").removesuffix(" comma")
