"""Which characters the book needs from its two faces, the mathematical and the textual."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

from book.equations import DISPLAY, FENCE, INLINE
from book.site.typeset import typeset

CODE = re.compile(r"`+[^`]*`+")


def formulas(root: Path) -> Iterator[str]:
    """Yield every formula of the pages and of the package's docstrings, as MathML.

    Parameters
    ----------
    root : Path
        The folder of the project.

    Yields
    ------
    str
        A ``<math>`` element.
    """
    for path in sorted((root / "docs").rglob("*.md")):
        yield from _formulas_in(path.read_text(encoding="utf-8"))
    for path in sorted((root / "cnnbook").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield from _formulas_in(ast.get_docstring(node) or "")


def sentences(root: Path) -> Iterator[str]:
    """Yield the text of every page that is neither code nor formula.

    Parameters
    ----------
    root : Path
        The folder of the project.

    Yields
    ------
    str
        A page's sentences, with Markdown's signs among them.
    """
    for path in sorted((root / "docs").rglob("*.md")):
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        yield INLINE.sub("", CODE.sub("", DISPLAY.sub("", text)))


def visible(mathml: str) -> str:
    r"""Return the characters that a browser draws for a formula.

    Parameters
    ----------
    mathml : str
        A ``<math>`` element.

    Returns
    -------
    str
        Its text; a letter that stands alone in ``<mi>`` is drawn in italics, and a root has a sign
        that is no part of the text.

    Examples
    --------
    >>> ascii(visible("<math><mi>x</mi><mo>=</mo><mi>sin</mi></math>"))
    "'\\U0001d465=sin'"
    """

    def slant(match: re.Match[str]) -> str:
        return f"<mi>{chr(italic(ord(match[1])))}</mi>"

    slanted = re.sub(r"<mi>(.)</mi>", slant, mathml)
    slanted = re.sub(r"<(msqrt|mroot)>", "\N{SQUARE ROOT}", slanted)
    return html.unescape(re.sub(r"<[^>]*>", "", slanted))


def italic(code: int) -> int:
    """Return the code point of the mathematical italic of a letter, or the same for others.

    Parameters
    ----------
    code : int
        A code point.

    Returns
    -------
    int
        Another, or the same.

    Examples
    --------
    >>> [hex(italic(ord(letter))) for letter in "xh7"]
    ['0x1d465', '0x210e', '0x37']
    """
    character = chr(code)
    if character == "h":
        return 0x210E
    if "a" <= character <= "z":
        return 0x1D44E + code - ord("a")
    if "A" <= character <= "Z":
        return 0x1D434 + code - ord("A")
    if 0x03B1 <= code <= 0x03C9:  # alpha to omega
        return 0x1D6FC + code - 0x03B1
    return {0x2202: 0x1D715, 0x03F5: 0x1D716, 0x03D1: 0x1D717, 0x03D5: 0x1D719}.get(code, code)


def _formulas_in(text: str) -> Iterator[str]:
    """Yield the formulas of one text, displayed ones first."""
    text = FENCE.sub("", text)
    for match in DISPLAY.finditer(text):
        yield typeset(match["latex"], display=True)
    for match in INLINE.finditer(CODE.sub("", DISPLAY.sub("", text))):
        yield typeset(match["latex"], display=False)
