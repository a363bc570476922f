"""By what the files of a figure are recognised as those that its script wrote."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class SealError(ValueError):
    """A figure's data or drawing is not what its script wrote."""


def seal(content: Mapping[str, Any]) -> str:
    """Compute the SHA-256 of measured data, but for the entry ``sha256`` that holds it.

    Parameters
    ----------
    content : mapping
        What is written as JSON. The spaces in the file make no difference.

    Returns
    -------
    str
        The digest, in hexadecimal.
    """
    entries = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def fingerprints(folder: Path, name: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Compute the SHA-256 of what a figure consists of.

    Parameters
    ----------
    folder : Path
        The folder of figures, with the drawings ``NAME-SCHEME.svg``.
    name : str
        The figure's name.
    content : mapping
        What its JSON holds.

    Returns
    -------
    dict of str to str
        By the names of the files. The way in which a system ends its lines makes no difference.
    """
    found = {f"{name}.json": seal(content)}
    for drawing in sorted(folder.glob(f"{name}-*.svg")):
        text = drawing.read_text(encoding="utf-8")
        found[drawing.name] = hashlib.sha256(text.encode()).hexdigest()
    return found


def check_seal(folder: Path, name: str) -> None:
    """Refuse a figure of which a file was changed after its script had written it.

    Parameters
    ----------
    folder : Path
        The folder of figures.
    name : str
        The figure's name.

    Raises
    ------
    SealError
        If the JSON or a drawing has another SHA-256 than the script noted; the message names
        the file, and the command that makes it again.
    """
    content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    noted, found = content.get("sha256", {}), fingerprints(folder, name, content)
    for file in sorted(noted.keys() | found.keys()):
        if noted.get(file) != found.get(file):
            raise SealError(
                f"{folder / file}: expected what python -m scripts.figures {name} wrote; got "
                f"{'a file that was changed since' if file in found else 'no such file'}"
            )
