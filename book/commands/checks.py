"""Every check of the project; the quick ones look at what has changed."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from book.commands.generators import ENVIRONMENT
from book.commands.repository import ROOT, changed, fork_point
from book.equations import find_equations

PYTHON = [sys.executable, "-m"]
QUICK = ("tests", "site", "types", "stale", "lint", "format", "spelling")  # the longest first
WIDE = ("figures", "package", "tests", "browser")  # which keep two processors busy
# Tests of what the package is not: pages, equations, scripts. All others belong to the package, and
# reach every line and branch of it; watching them takes as long again.
OF_THE_BOOK = ("tests/book", "tests/equations", "tests/scripts")
EQUATIONS = "tests/equations/test_equations.py"
Commands = dict[str, list[str]]
Verdict = tuple[str, bool, float]


def commands(site: str) -> Commands:
    """Return the command of each check by its name, in the order in which they run.

    Parameters
    ----------
    site : str
        The folder in which the site is built.
    """
    coverage = ["--cov=cnnbook", "--cov-branch", "--cov-report=term", "--cov-fail-under=100"]
    pytest = [*PYTHON, "pytest", "-n", "2", "--dist", "loadfile"]
    return {
        "format": [*PYTHON, "ruff", "format", "--check", "."],
        "lint": [*PYTHON, "ruff", "check", "."],
        "types": [*PYTHON, "mypy"],
        "spelling": [*PYTHON, "codespell_lib", "."],
        "stale": [*PYTHON, "book", "stale"],
        "site": [*PYTHON, "mkdocs", "build", "--strict", "--site-dir", site],
        "zensical": [*PYTHON, "book.site.compare"],
        "equations": [*PYTHON, "book.formulas.report", "--check"],
        "figures": [*PYTHON, "scripts.figures", "--check"],
        "canaries": [*PYTHON, "scripts.canaries"],
        "package": [*pytest, "--as-noted", *coverage, "cnnbook", *tests_of_the_package()],
        "tests": [*pytest, "--as-noted", "docs", "README.md", *OF_THE_BOOK],
        "browser": [*pytest, "tests/browser"],
    }


def tests_of_the_package() -> list[str]:
    """List the files and folders with tests of the package."""
    found = [path for path in (ROOT / "tests").iterdir() if next(path.rglob("test_*.py"), None)]
    found += (ROOT / "tests").glob("test_*.py")
    names = {path.relative_to(ROOT).as_posix() for path in found}
    return sorted(names - {*OF_THE_BOOK, "tests/browser"})


def check(names: list[str], *, quick: bool, site: str | None) -> int:
    """Run checks, those that need one processor two at a time, and end with a line for each.

    Parameters
    ----------
    names : list of str
        Which; all of them if there are none.
    quick : bool
        Look only at what has changed since this work left main.
    site : str or None
        Where to leave the site that was built and checked; nowhere if None.

    Returns
    -------
    int
        The number of checks that failed.

    Raises
    ------
    SystemExit
        If a name is unknown.
    """
    with tempfile.TemporaryDirectory() as folder:
        built = str(Path(site or Path(folder) / "site").resolve())
        known = commands(built)
        if quick:
            known = {name: known[name] for name in QUICK}
            known["tests"] = [*PYTHON, "pytest", "-q", *touched(changed(fork_point()))]
        if unknown := set(names) - set(known):
            raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        chosen = {name: known[name] for name in names or known}
        wide = {} if quick else {name: chosen[name] for name in chosen if name in WIDE}
        narrow = {name: chosen[name] for name in chosen if name not in wide}
        # The browser tests open the site that was built, which is the one to be published.
        environment = {**ENVIRONMENT, "CNNBOOK_BUILT_SITE": built}
        verdicts = [*together(narrow, environment), *one_by_one(wide, environment)]
    print()
    for name, passed, seconds in verdicts:
        print(f"{'ok    ' if passed else 'FAILED'}  {name:<9} {seconds:6.1f} s")
    return sum(not passed for _, passed, _ in verdicts)


def one_by_one(commands: Commands, environment: dict[str, str]) -> list[Verdict]:
    """Run checks one after the other and show what they print."""
    verdicts = []
    for name, command in commands.items():
        print(f"--- {name}: {' '.join(command[1:])}", flush=True)
        start = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        verdicts.append((name, done.returncode == 0, time.perf_counter() - start))
    return verdicts


def together(commands: Commands, environment: dict[str, str]) -> list[Verdict]:
    """Run checks two at a time; show what the ones that fail have printed."""

    def run(name: str) -> Verdict:
        start = time.perf_counter()
        done = subprocess.run(
            commands[name], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            heading = f"--- {name}: {' '.join(commands[name][1:])}"
            print("\n".join([heading, done.stdout, done.stderr]), flush=True)
        return name, done.returncode == 0, time.perf_counter() - start

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, commands))


def touched(paths: Iterable[str]) -> list[str]:
    """Choose the tests that a change of some files concerns, as arguments of pytest.

    The tests of the pages together are always among them, but for the slow ones. A page comes
    with the checks of its equations, a module with its examples and the tests named after it.

    Parameters
    ----------
    paths : iterable of str
        Changed files, relative to the root of the project.
    """
    targets = ["-m", "not slow", "tests/book"]
    pages = set()
    for path in paths:
        if not (ROOT / path).exists() or path.startswith("tests/browser/"):
            continue
        if re.match(r"docs/[^/]+\.md$|README\.md$|cnnbook/.*\.py$|tests/.*test_\w+\.py$", path):
            targets.append(path)
        if match := re.match(r"(cnnbook|book)/.*?(\w+)\.py$", path):
            targets += _tests_of(match[2])
        if path.startswith("cnnbook/layers/"):
            targets += ["tests/layers/test_contract.py", "tests/test_twins.py"]
        if match := re.match(r"docs/([^/]+\.md)$", path):
            pages.add(match[1])
        if match := re.match(r"book/formulas/chapters/chapter_(\d\d)_", path):
            pages |= {page.name for page in (ROOT / "docs").glob(f"{match[1]}-*.md")}
    equations = find_equations(ROOT / "docs").values()
    targets += [f"{EQUATIONS}::test_equation[{e.id}]" for e in equations if e.page in pages]
    return list(dict.fromkeys(targets))


def _tests_of(module: str) -> list[str]:
    """List the files of tests that are named after a module."""
    files = (ROOT / "tests").rglob(f"test_{module}.py")
    return [file.relative_to(ROOT).as_posix() for file in sorted(files)]
