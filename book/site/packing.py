"""The book's own part of what runs in a page: the package, the checker of equations, the digits.

It is packed from the sources as they stand, before each build, if the rest of the runtime has been
assembled by ``scripts/runtime.py``. Pages learn from the manifest what there is.
"""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cnnbook.files import replacing

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "docs" / "runtime"
MANIFEST = "manifest.json"
# The data are apart: only some pages ask for zeros and ones, fewer for all ten digits.
PARTS = {
    "code": ("cnnbook/**/*.py", "book/*.py", "book/formulas/**/*.py", "docs/notation.md"),
    "data": ("cnnbook/data/*.md", "cnnbook/data/zero-one-*", "cnnbook/data/other-*"),
    "digits": ("cnnbook/data/digits-*",),
}


def sha256(content: bytes) -> str:
    """Compute the hash by which a file is recognised."""
    return hashlib.sha256(content).hexdigest()


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(content)


def packed(part: str) -> bytes:
    """Pack a part; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in chosen(PARTS[part]):
            name = path.relative_to(ROOT).as_posix()
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def chosen(patterns: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files of some patterns in order, each once."""
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    yield from sorted(path for path in found if "__pycache__" not in path.parts)


def archive_name(part: str, content: bytes) -> str:
    """Name an archive by what is in it, so that a browser never keeps an old one for a new."""
    return f"book-{part}-{sha256(content)[:12]}.zip"


def pack(core: str) -> None:
    """Write the archives and the manifest, which names them and says how much there is to load.

    Parameters
    ----------
    core : str
        The folder with Python, within that of the runtime.
    """
    archives = {part: packed(part) for part in PARTS}
    names = {part: archive_name(part, content) for part, content in archives.items()}
    for part, content in archives.items():
        if not (RUNTIME / names[part]).exists():
            write(RUNTIME / names[part], content)
    for old in RUNTIME.glob("book-*.zip"):
        if old.name not in names.values():
            old.unlink()
    files = sorted((RUNTIME / core).iterdir())
    files += [RUNTIME / name for name in names.values()]
    # What is loaded is compressed on the way, as web servers do.
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in files}
    manifest = {"core": core, **names, "sizes": sizes}
    write(RUNTIME / MANIFEST, json.dumps(manifest, indent=1).encode())


def stale() -> dict[str, str]:
    """Say what of the book's part is out of date; nothing, if there is no runtime at all."""
    path = RUNTIME / MANIFEST
    if not path.exists():
        return {}
    manifest = json.loads(path.read_bytes())
    return {
        manifest.get(part, part): "is not packed of the sources as they stand"
        for part in PARTS
        if archive_name(part, packed(part)) != manifest.get(part)
    }


def refresh() -> None:
    """Pack again what is out of date."""
    if stale():
        pack(json.loads((RUNTIME / MANIFEST).read_bytes())["core"])
