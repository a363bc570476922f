"""By what the files of a figure are recognised as those that its script wrote."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMES = ("light", "dark")


class SealError(ValueError):
    """A figure's data or drawing is not what its script wrote."""


def fingerprints(folder: Path, name: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Compute the SHA-256 of what a figure consists of.

    Parameters
    ----------
    folder : Path
        The folder of figures, with ``NAME-light.svg`` and ``NAME-dark.svg``.
    name : str
        The figure's name.
    content : mapping
        What its JSON holds. Its entry ``sha256`` does not count.

    Returns
    -------
    dict of str to str
        By "json", "light" and "dark". Neither the spaces in the JSON nor the way in which a
        system ends its lines makes a difference.
    """
    entries = {key: value for key, value in content.items() if key != "sha256"}
    texts = {"json": json.dumps(entries, sort_keys=True)}
    for scheme in SCHEMES:
        texts[scheme] = (folder / f"{name}-{scheme}.svg").read_text(encoding="utf-8")
    return {part: hashlib.sha256(text.encode()).hexdigest() for part, text in texts.items()}


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
    found = fingerprints(folder, name, content)
    for part, fingerprint in found.items():
        if content.get("sha256", {}).get(part) != fingerprint:
            file = f"{name}.json" if part == "json" else f"{name}-{part}.svg"
            raise SealError(
                f"{folder / file}: expected what python scripts/figures/{name}.py wrote; got a "
                f"file that was changed since"
            )
