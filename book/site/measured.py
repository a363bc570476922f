"""Measured numbers in prose: taken from the JSON of a figure, never typed."""

import re
from pathlib import Path

from book.reading import read_json

NUMBER = re.compile(
    r"\{\{ ?(?P<figure>[a-z0-9_]+)\.(?P<entry>[a-z0-9_.]+)(?::(?P<format>[^}\s]+))? ?\}\}"
)
WORDS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)


class NumberError(ValueError):
    """A page asks for a number that no figure's script has measured."""


def measured(folder: Path, figure: str, entry: str, form: str | None) -> str:
    """Look a number up and write it.

    Parameters
    ----------
    folder : Path
        The folder of figures.
    figure : str
        The name of a figure, whose data are in ``NAME.json``.
    entry : str
        The name of an entry of its data; ``name.3`` is the third after the first of a list.
    form : str or None
        How to write it, such as ``.2f``; if None, as it is; ``word`` for "no" and "one" to
        "twenty".

    Returns
    -------
    str
        The number, with a proper minus sign, and a space before a percent sign.

    Raises
    ------
    NumberError
        If there is no such figure or entry, or it is not a number, or there is no word for it.
    """
    path = folder / f"{figure}.json"
    if not path.exists():
        raise NumberError(f"{figure}.{entry}: there is no figure {path}")
    value = read_json(path)["data"]
    for part in entry.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise NumberError(f"{figure}.{entry}: {path} has no such entry") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NumberError(f"{figure}.{entry}: expected a number; got {value!r}")
    if form == "word":
        words = WORDS.split()
        if value not in range(len(words)):
            raise NumberError(f"{figure}.{entry}: there is no word for {value}")
        return words[int(value)]
    written = format(value, form or "").replace("-", "\N{MINUS SIGN}")
    return written.replace("%", "\N{NO-BREAK SPACE}%")
