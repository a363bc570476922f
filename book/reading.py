"""Files that many pages draw on are read once, and again only when they have changed."""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

KEPT = 1024  # files; the book has some 300 that its pages draw on


class Version(NamedTuple):
    """A file as it is now.

    Attributes
    ----------
    path : Path
        Where it is.
    changed : int
        When it was last written, in nanoseconds.
    size : int
        Its length in bytes.
    """

    path: Path
    changed: int
    size: int


def version(path: Path) -> Version:
    """Look at a file without reading it.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    Version
        What differs once the file has been written again.
    """
    status = path.stat()
    return Version(path.absolute(), status.st_mtime_ns, status.st_size)


def versions(paths: Iterable[Path]) -> tuple[Version, ...]:
    """Look at several files, in order; what is computed from them is kept under the result.

    Parameters
    ----------
    paths : iterable of Path
        Files.

    Returns
    -------
    tuple of Version
        One for each.
    """
    return tuple(version(path) for path in sorted(paths))


def read(path: Path) -> str:
    """Return the text of a file, from memory if it has not changed since it was read.

    Parameters
    ----------
    path : Path
        A file in UTF-8.

    Returns
    -------
    str
        Its text.
    """
    return _read(version(path))


def read_json(path: Path) -> Any:
    """Return what a JSON file holds, parsed once; whoever asks shares it and leaves it as it is.

    Parameters
    ----------
    path : Path
        A JSON file.

    Returns
    -------
    Any
        Its content.
    """
    return _parse(version(path))


@lru_cache(maxsize=KEPT)
def _read(file: Version) -> str:
    return file.path.read_text(encoding="utf-8")


@lru_cache(maxsize=KEPT)
def _parse(file: Version) -> Any:
    return json.loads(_read(file))
