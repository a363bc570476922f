"""Type what the console blocks of the README and of the pages say, in a fresh clone for each.

    python -m book.commands.consoles

Takes minutes, since a network is trained and equations are checked. The lines that make an
environment are left to `.ci/readme.py`, which types them as they stand.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from book.commands.repository import ROOT
from cnnbook.mnist import load_zero_one

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAKES_AN_ENVIRONMENT = "python3 -m venv "
NEEDS_AN_ADDRESS = "[[repository]] "
BIN = ".venv/bin/"


def pages() -> list[Path]:
    """List the README and the pages."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> list[list[str]]:
    """List the lines of every console block of a page."""
    return [block.splitlines() for block in BLOCK.findall(text)]


def typed(lines: list[str]) -> Iterator[str]:
    """Choose the lines that are typed here."""
    for line in lines:
        if not line.startswith((MAKES_AN_ENVIRONMENT, NEEDS_AN_ADDRESS)):
            yield line


def words(line: str, folder: Path) -> list[str]:
    """Split a command, and take its program from ``folder`` in place of ``.venv/bin``."""
    program, *arguments = shlex.split(line, comments=True)
    if not program.startswith(BIN):
        raise SystemExit(f"{line}: expected a program of {BIN}")
    return [str(folder / program.removeprefix(BIN)), *arguments]


def run(page: Path, lines: list[str]) -> None:
    """Type the lines of a block, one after another, in a clone that has a picture of a one."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        images, labels = load_zero_one().test
        ink = (255 * images[labels == 1][0, 0]).astype(np.uint8)
        Image.fromarray(255 - ink).resize((280, 280)).save(clone / "picture.png")
        # Several threads gain nothing with matrices this small, and on a busy machine lose much.
        environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONPATH": str(clone)}
        for line in lines:
            print(f"=== {page.relative_to(ROOT)}: {line}", flush=True)
            command = words(line, Path(sys.executable).parent)
            done = subprocess.run(
                command, cwd=clone, env=environment, stdout=subprocess.PIPE, text=True, check=False
            )
            print(done.stdout, flush=True)
            if done.returncode != 0:
                raise SystemExit(f"{line}: status {done.returncode}")
            if " predict " in line and "Digit: 1\n" not in done.stdout:
                raise SystemExit(f"{line}: expected the digit 1")


def main() -> None:
    """Type every block of every page."""
    for page in pages():
        for block in blocks(page.read_text(encoding="utf-8")):
            if lines := list(typed(block)):
                run(page, lines)


if __name__ == "__main__":
    main()
