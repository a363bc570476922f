"""Every generator of the book, and what of its work is out of date.

A generator is a module that keeps one contract on its command line:

- ``--stale`` prints a line ``NAME: WHY`` for each thing that it would make again;
- without an option, or with those of the table, it makes exactly these; after names, only what is
  named;
- ``--check`` compares all of it with what would be made, writes nothing, and fails if it differs.

`book.contract` is that command line, for a generator that wants it.
"""

import json
import os
import subprocess
import sys
from typing import NamedTuple

from book.commands.repository import ROOT

SLOW = 10.0  # seconds: what takes longer is left out by `update --quick`
ENVIRONMENT = {**os.environ, "MPLBACKEND": "agg", "NO_MKDOCS_2_WARNING": "1"}


class GeneratorError(RuntimeError):
    """A generator does not answer."""


class Generator(NamedTuple):
    """A generator.

    Attributes
    ----------
    name : str
        What one calls it.
    module : str
        The module that is run.
    makes : str
        What it makes.
    seconds : float
        How long it takes for one thing, about; a figure's data know it better.
    options : tuple of str
        What it wants to be told in order to make what is stale and no more.
    needs : str
        A library without which it makes nothing, and which not everybody installs.
    """

    name: str
    module: str
    makes: str
    seconds: float
    options: tuple[str, ...] = ()
    needs: str = ""


# In this order: a later one may read what an earlier one writes, and the fonts read every page.
GENERATORS = (
    Generator("sources", "book.site.stubs", "docs/source", 0),
    Generator("figures", "scripts.figures", "docs/figures", 5, ("--update",)),
    Generator("weights", "scripts.trained_weights", "docs/javascripts/touch", 30),
    Generator("equations", "book.formulas.report", "docs/equations", 1),
    Generator("digits", "scripts.digit_sheets", "docs/digits and docs/digits.md", 5),
    Generator(
        "mutants", "scripts.mutation.run", "scripts/mutation/report.json", 30, needs="mutmut"
    ),
    Generator("mutation", "scripts.mutation.page", "docs/mutation.md", 1),
    Generator("fonts", "scripts.subset_font", "docs/fonts", 2),
    Generator("runtime", "scripts.runtime", "docs/runtime", 2),
    Generator("tests", "tests.collected", "tests/collected.json", 15),
)


def command(generator: Generator, *arguments: str) -> list[str]:
    """Return the command that runs a generator."""
    return [sys.executable, "-m", generator.module, *arguments]


def stale(generator: Generator) -> dict[str, str]:
    """Ask a generator what is out of date, and why.

    Raises
    ------
    GeneratorError
        If it does not answer.
    """
    asked = command(generator, "--stale")
    done = subprocess.run(
        asked, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    lines = (line.partition(": ") for line in done.stdout.splitlines())
    found = {name: why for name, colon, why in lines if colon}
    if done.returncode != 0 and not found:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
        said = f"python {' '.join(asked[1:])} failed: {''.join(reason)}"
        raise GeneratorError(f"{generator.name}: {said}")
    return found


def seconds(generator: Generator, name: str) -> float:
    """Return how long it takes to make one thing: for a figure, what its data say."""
    data = ROOT / "docs" / "figures" / f"{name}.json"
    if generator.name == "figures" and data.exists():
        return float(json.loads(data.read_text(encoding="utf-8"))["provenance"]["seconds"])
    return generator.seconds


def make(generator: Generator, names: list[str]) -> bool:
    """Run a generator for what is named; return whether it succeeded."""
    done = subprocess.run(
        command(generator, *generator.options, *names), cwd=ROOT, env=ENVIRONMENT, check=False
    )
    return done.returncode == 0
