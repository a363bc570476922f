"""Note how many tests are collected from each file: `python -m tests.collected`.

The numbers stand in `collected.json`, and `tests/guard.py` compares them in every run.
"""

import contextlib
import io
import json

import pytest

from book import contract
from tests import guard

BROWSERS_TOO = ("-o", "norecursedirs=.* node_modules")


class Counter:
    """A plugin that counts, and what it found."""

    def pytest_configure(self, config):
        config.stash[guard.COUNTING] = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config, items):
        self.found = guard.counted(items)
        self.skipped = config.stash.get(guard.SKIPPED, set())


def noted():
    """Read what was noted."""
    return json.loads(guard.NOTED.read_text(encoding="utf-8")) if guard.NOTED.exists() else {}


def collected():
    """Collect all tests, and count; a file that is skipped here keeps its number.

    Raises
    ------
    SystemExit
        If a file of tests cannot be imported.
    """
    counter, said = Counter(), io.StringIO()
    with contextlib.redirect_stdout(said):
        status = pytest.main(["--collect-only", "-q", *BROWSERS_TOO], plugins=[counter])
    if status != pytest.ExitCode.OK:
        raise SystemExit(said.getvalue())
    kept = {name: number for name, number in noted().items() if name in counter.skipped}
    return dict(sorted((kept | counter.found).items()))


def stale():
    """Say of which files the number differs."""
    old, new = noted(), collected()
    return {
        name: f"{new.get(name, 0)} tests are collected; {old.get(name, 0)} were"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }


def make(names):
    """Write the numbers of all files."""
    guard.NOTED.write_text(json.dumps(collected(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(contract.run(__doc__ or "", stale, make))
