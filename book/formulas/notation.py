r"""The ranges of the index letters, read from the table of the notation page.

They are declared there and nowhere else: ``$i$`` and ``$0 \le i < H'$`` say that an index ``i``
counts up to the size ``H'`` in every equation that does not print another range.
"""

import re
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "notation.md"
HEAD = re.compile(r"^\| *index *\| *range *\|.*\n\|[-|: ]+\|\n", re.MULTILINE)
LETTERS = re.compile(r"\$(?P<letters>[a-z](?:,\\, [a-z])*)\$")
RANGE = re.compile(r"\$0 \\le (?P<letter>[a-z]) < (?P<size>[A-Z](?:_[A-Z])?'?)\$")


class NotationError(ValueError):
    """The table of indices on the notation page cannot be read. The message names the row."""


@cache
def sizes_of_indices() -> dict[str, str]:
    """Return the size that each index letter counts up to, as the notation page has it."""
    return read_ranges(PAGE.read_text(encoding="utf-8"), PAGE.name)


def read_ranges(text: str, page: str = "the text") -> dict[str, str]:
    r"""Read the table of indices.

    Parameters
    ----------
    text : str
        A page with a table whose first two columns are called "index" and "range".
    page : str
        What to call it in messages.

    Returns
    -------
    dict of str to str
        For each letter, the name of the size.

    Raises
    ------
    NotationError
        If there is no such table, or a row of it cannot be read.

    Examples
    --------
    >>> read_ranges(
    ...     "| index | range |\n|---|---|\n"
    ...     "| $n$ | $0 \\le n < N$ |\n"
    ...     "| $u,\\, v$ | $0 \\le u < K_H$, $0 \\le v < K_W$ |\n"
    ... )
    {'n': 'N', 'u': 'K_H', 'v': 'K_W'}
    """
    head = HEAD.search(text)
    if head is None:
        raise NotationError(f"{page}: expected a table with the columns 'index' and 'range'")
    found: dict[str, str] = {}
    for row in text[head.end() :].splitlines():
        if not row.startswith("|"):
            break
        for letter, size in _read_row(row, page):
            if letter in found:
                raise NotationError(f"{page}: {letter} has a range already; in the row {row}")
            found[letter] = size
    return found


def _read_row(row: str, page: str) -> list[tuple[str, str]]:
    """Read the letters of a row and their ranges, which must be about the same letters."""
    cells = [cell.strip() for cell in row.strip("| ").split("|")]
    letters = LETTERS.fullmatch(cells[0])
    ranges = [RANGE.fullmatch(part) for part in (*cells, "")[1].split(", ")]
    read = [(match["letter"], match["size"]) for match in ranges if match is not None]
    declared = letters["letters"].split(r",\, ") if letters is not None else []
    if len(read) < len(ranges) or [letter for letter, _ in read] != declared:
        raise NotationError(
            f"{page}: expected letters and a range for each, as in "
            rf"'| $i,\, j$ | $0 \le i < H'$, $0 \le j < W'$ |'; got the row {row}"
        )
    return read
