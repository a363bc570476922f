"""Numbered equations: found in the pages, numbered by chapter, looked up by id."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from book.reading import read

EQUATION_ID = r"eq-[a-z0-9]+(?:-[a-z0-9]+)*"
DISPLAY = re.compile(
    r"^(?P<indent>[ ]*)\$\$[ ]*\n(?P<latex>.*?)\n[ ]*\$\$[ ]*"
    rf"(?:\{{#(?P<id>{EQUATION_ID})\}})?[ ]*$",
    re.MULTILINE | re.DOTALL,
)
INLINE = re.compile(r"(?<![\\\w$])\$(?![\s$])(?P<latex>[^$\n]*(?:\n[^$\n]+)?)(?<!\s)\$(?![\w$])")
REFERENCE = re.compile(rf"(?<![\w@])@(?P<id>{EQUATION_ID})\b")
CHAPTER = re.compile(r"^# (?P<number>\d+)\. ", re.MULTILINE)
REPORT = "equations"  # the folder of the report
FENCE = re.compile(r"^[ ]*(?P<fence>```+|~~~+).*?^[ ]*(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)


class EquationError(ValueError):
    """An equation's id is unknown, given twice, or stands on a page without a chapter number."""


class Equation(NamedTuple):
    """A numbered equation.

    Attributes
    ----------
    id : str
        Such as ``eq-kernel-gradient``.
    number : str
        Chapter and place, such as ``3.4``.
    latex : str
        The formula.
    page : str
        The file in which it stands, relative to the folder of pages.
    """

    id: str
    number: str
    latex: str
    page: str


def place_of(path: Path, part: str) -> str:
    """Say where something stands, for messages: the file, and the line if it is found there."""
    text = path.read_text(encoding="utf-8")
    for wanted in (part, part.split("\n", maxsplit=1)[0]):
        if wanted.strip() and wanted in text:
            return f"{path.as_posix()}:{text[: text.index(wanted)].count(chr(10)) + 1}"
    return path.as_posix()


def find_equations(folder: Path) -> dict[str, Equation]:
    """Read every page and number its equations.

    Parameters
    ----------
    folder : Path
        The folder of Markdown pages.

    Returns
    -------
    dict of str to Equation
        By id, in the order of files and places.

    Raises
    ------
    EquationError
        If an id is given twice, or a page with a numbered equation has no chapter number.
    """
    found: dict[str, Equation] = {}
    for path in sorted(folder.rglob("*.md")):
        page = path.relative_to(folder).as_posix()
        if path.parent.name == REPORT:
            continue  # shows every formula again, without a number
        text = FENCE.sub("", read(path))
        chapter = CHAPTER.search(text)
        place = 0
        for match in DISPLAY.finditer(text):
            name = match["id"]
            if name is None:
                continue
            if chapter is None:
                where = place_of(path, f"{{#{name}}}")
                raise EquationError(f"{where}: {name}: the page has no heading '# N. Title'")
            if name in found:
                where = place_of(path, f"{{#{name}}}")
                raise EquationError(f"{where}: {name}: given twice, first in {found[name].page}")
            place += 1
            number = f"{chapter['number']}.{place}"
            found[name] = Equation(name, number, match["latex"], page)
    return found


def find_references(text: str) -> set[str]:
    """List the ids that a text refers to, code blocks left out.

    Parameters
    ----------
    text : str
        A page, or a docstring.

    Returns
    -------
    set of str
        The ids.

    Examples
    --------
    >>> find_references("By @eq-sum and @eq-chain-rule.")  == {"eq-sum", "eq-chain-rule"}
    True
    """
    return {match["id"] for match in REFERENCE.finditer(FENCE.sub("", text))}


def check_references(equations: Mapping[str, Equation], folders: list[Path]) -> None:
    """Refuse an equation that nothing refers to, and a reference to no equation.

    Parameters
    ----------
    equations : mapping of str to Equation
        What `find_equations` found.
    folders : list of Path
        Where references stand: pages (``.md``) and sources (``.py``).

    Raises
    ------
    EquationError
        Naming the id and the file.

    Notes
    -----
    The report lists every equation, so its references do not count.
    """
    used: set[str] = set()
    for folder in folders:
        for path in sorted([*folder.rglob("*.md"), *folder.rglob("*.py")]):
            found = find_references(read(path))
            if unknown := sorted(found - equations.keys()):
                where = place_of(path, f"@{unknown[0]}")
                raise EquationError(f"{where}: {unknown[0]}: no equation on any page has this id")
            if path.parent.name != REPORT:
                used |= found
    for name, equation in equations.items():
        if name not in used:
            pages = (folder / equation.page for folder in folders)
            where = next(place_of(page, f"{{#{name}}}") for page in pages if page.exists())
            raise EquationError(f"{where}: {name}: nothing refers to this equation")
