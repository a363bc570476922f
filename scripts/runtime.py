"""Assemble what the pages need to run their examples in the reader's browser.

    python -m scripts.runtime   # makes docs/runtime/: fetches what lacks, verifies, packs

Python for browsers is Pyodide: its core is npm's package `pyodide`, and the wheels of NumPy and
SciPy that go with it are taken from any place that has them, since the SHA-256 decides: a folder
that is named with `--wheels`, or PyPI's `open_webui`, whose wheel carries the very files. Nothing
of it is kept in git. The book's own part, the package and the checker of equations, is packed from
the sources as they stand. Without all this the site builds and reads as before, but does not run.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from book.site.packing import ROOT, RUNTIME, pack, sha256, stale, write

VERSION = "314.0.3"
CORE = {  # npm's pyodide 314.0.3
    "pyodide.mjs": "5cfc46f5dcbaf2a16f26e2363f441873eb424762609cc03db00d6a2ace4d00e5",
    "pyodide.asm.mjs": "1a9775427ef6e8abaa7db88ece0515422d1886915ae5c9093776410c865dfd8d",
    "pyodide.asm.wasm": "e7f8fac36f8bf11085309cbc5c829b3ec3057c18bf1d73b05a6741612d63cdbf",
    "python_stdlib.zip": "444c770dfd75a32097fc0a7d5c1413fd3140601f49c3a1f2e9af0376fcd124b4",
    "pyodide-lock.json": "c963d22858f6bcb8f41586a2142f03905ab370c88ea22a86a2736e95fac2a8f3",
}
LOCK = "pyodide-lock.json"  # has all packages
SHORT_LOCK = "lock.json"  # has those that pages use
PACKAGES = ("numpy", "scipy")
CARRIER = "open_webui==0.12.4"


class RuntimeFileError(RuntimeError):
    """A file of the runtime is not there or is another one. The message names it."""


def verified(name: str, content: bytes, expected: str) -> bytes:
    """Return the content of a file if it is the one that was expected."""
    if (found := sha256(content)) != expected:
        raise RuntimeFileError(f"{name}: expected SHA-256 {expected}; got {found}")
    return content


def call(*command: str, folder: Path) -> None:
    """Run a client of a package registry; its last line says what went wrong."""
    program = shutil.which(command[0])
    if program is None:
        raise RuntimeFileError(f"{command[0]}: not installed, and needed to fetch the runtime")
    whole = [program, *command[1:]]
    done = subprocess.run(whole, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise RuntimeFileError(f"{' '.join(command[:3])}: {said}")


def fetch_core(folder: Path) -> dict[str, bytes]:
    """Fetch Pyodide's core from npm."""
    call("npm", "pack", "--silent", f"pyodide@{VERSION}", folder=folder)
    (archive,) = folder.glob("pyodide-*.tgz")
    with tarfile.open(archive) as packed:
        found = {name: packed.extractfile(f"package/{name}") for name in CORE}
        return {name: file.read() for name, file in found.items() if file is not None}


def fetch_wheels(folder: Path, names: list[str]) -> dict[str, bytes]:
    """Fetch wheels for browsers out of a wheel that carries them."""
    options = ("--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.12")
    pip = (sys.executable, "-m", "pip", "download")
    call(*pip, *options, CARRIER, folder=folder)
    (archive,) = folder.glob("open_webui-*.whl")
    with zipfile.ZipFile(archive) as carrier:
        places = {Path(name).name: name for name in carrier.namelist()}
        return {name: carrier.read(places[name]) for name in names if name in places}


def complete(
    folder: Path, expected: dict[str, str], fetch: Callable[[Path], dict[str, bytes]]
) -> None:
    """Fetch the files of a folder that are not there or are not the ones expected."""
    if not missing(folder, expected):
        return
    with tempfile.TemporaryDirectory() as temporary:
        fetched = fetch(Path(temporary))
        for name in missing(folder, expected):
            if name not in fetched:
                raise RuntimeFileError(f"{name}: not in what was fetched")
            write(folder / name, verified(name, fetched[name], expected[name]))


def missing(folder: Path, expected: dict[str, str]) -> list[str]:
    """List the files that are not there or are not the ones expected."""
    paths = {name: folder / name for name in expected}
    return [
        name
        for name, path in paths.items()
        if not path.exists() or sha256(path.read_bytes()) != expected[name]
    ]


def wheels(lock: dict[str, Any]) -> dict[str, str]:
    """Return the names and hashes of the packages' wheels, as Pyodide's lock file has them."""
    return {
        lock["packages"][name]["file_name"]: lock["packages"][name]["sha256"] for name in PACKAGES
    }


def trimmed(lock: dict[str, Any]) -> dict[str, Any]:
    """Leave in the lock file only the packages that the pages use."""
    return {**lock, "packages": {name: lock["packages"][name] for name in PACKAGES}}


def assemble(wheel_folder: Path | None = None) -> None:
    """Fetch what lacks, verify everything, pack the book's part, and write the manifest last."""
    core = RUNTIME / f"pyodide-{VERSION}"
    complete(core, CORE, fetch_core)
    lock = json.loads((core / LOCK).read_bytes())
    write(core / SHORT_LOCK, json.dumps(trimmed(lock)).encode())
    expected = wheels(lock)

    def fetch(folder: Path) -> dict[str, bytes]:
        if wheel_folder is None:
            return fetch_wheels(folder, list(expected))
        there = [name for name in expected if (wheel_folder / name).exists()]
        return {name: (wheel_folder / name).read_bytes() for name in there}

    complete(core, expected, fetch)
    pack(core.name)


def main() -> int:
    """Do what was asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--wheels", type=Path, help="a folder with the wheels of NumPy and SciPy")
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
        assemble(options.wheels)
    except RuntimeFileError as error:
        print(error, file=sys.stderr)
        return 1
    megabytes = sum(path.stat().st_size for path in RUNTIME.rglob("*") if path.is_file()) / 1e6
    print(f"{RUNTIME.relative_to(ROOT).as_posix()}: {megabytes:.0f} MB; the pages run now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
