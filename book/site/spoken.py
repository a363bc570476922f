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
WORDS = {
    ". . .": "and so on",
    "\N{SCRIPT SMALL L}": "ell",
    "to the \N{DOWN TACK}": "transposed",
    "‴": "triple prime",
    " ,": ",",
}
SIMPLE = {"mi", "mn", "msub", "msup"}
RELATIONS = {"=", "<", ">", "≤", "≥", "≠"}
ENDS = RELATIONS | {
    "+",
    "\N{MINUS SIGN}",
    ",",
    ".",
    ":",
    ")",
    "]",
    "|",
    "⋅",
}  # a factor does not follow


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
    for parent in list(root.iter()):
        _say_brackets(parent)
        _say_ends(parent)
    return "; ".join(_words(row) for row in _rows(root))


def _say_brackets(parent: ElementTree.Element) -> None:
    """Say of a condition in brackets that it is 1 or 0."""
    opened, condition = None, False
    for at, part in enumerate(list(parent)):
        if part.tag != "mo":
            continue
        if part.text == "[":
            opened, condition = at, False
        elif part.text == "]" and opened is not None and condition:
            parent[opened], parent[at] = _text("1 if"), _text(", else 0,")
            opened = None
        condition |= part.text in RELATIONS


def _say_ends(parent: ElementTree.Element) -> None:
    """Say where an index, an exponent, a fraction or a matrix ends if it would run on."""
    for at in range(len(parent) - 1, -1, -1):
        part = parent[at]
        follows = parent[at + 1] if at + 1 < len(parent) else None
        ends = follows is None or (follows.text or "").strip() in ENDS
        if part.tag in {"msub", "msubsup"} and _is_sum(part[1]):
            part[1].append(_text(", end index,"))
        elif (
            part.tag == "msup"
            and not ends
            and part[1].tag == "mi"
            and part[1].text != "\N{DOWN TACK}"
        ):
            parent.insert(at + 1, _text(", end exponent,"))
        elif part.tag == "mfrac" and not ends and {side.tag for side in part} <= SIMPLE:
            parent.insert(at + 1, _text(", end fraction,"))
        elif part.tag == "mrow" and any(child.tag == "mtable" for child in part):
            parent[at] = ElementTree.Element("mrow")
            parent[at].extend([part, _text(", end matrix,")])


def _is_sum(index: ElementTree.Element) -> bool:
    """Tell an index such as i + 1 from i, and from -1."""
    signs = {"+", "\N{MINUS SIGN}"}
    return index.tag == "mrow" and any(part.text in signs for part in list(index)[1:])


def _text(words: str) -> ElementTree.Element:
    part = ElementTree.Element("mtext")
    part.text = words
    return part


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
    words = " ".join(words.split()).replace(",,", ",").rstrip(" .,").removesuffix(" comma")
    return re.sub(r",? end (index|exponent|fraction)$", "", words)
