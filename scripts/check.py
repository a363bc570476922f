"""Run every check of the project, or those that are named, and end with one line for each.

python -m scripts.check              # all of them
python -m scripts.check tests site   # these two
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = [sys.executable, "-m"]


def checks(site: str) -> dict[str, list[str]]:
    """Return the command of each check by its name."""
    figures = [*PYTHON, "scripts.figures", "--check"]
    equations = [*PYTHON, "book.formulas.report", "--check"]
    coverage = ["--cov=cnnbook", "--cov-branch", "--cov-report=term", "--cov-fail-under=100"]
    return {
        "format": [*PYTHON, "ruff", "format", "--check", "."],
        "lint": [*PYTHON, "ruff", "check", "."],
        "types": [*PYTHON, "mypy"],
        "spelling": [*PYTHON, "codespell_lib", "."],
        "site": [*PYTHON, "mkdocs", "build", "--strict", "--site-dir", site],
        "zensical": [*PYTHON, "book.site.compare"],
        "equations": equations,
        "figures": figures,
        "digits": [*PYTHON, "scripts.digit_sheets", "--check"],
        "tests": [*PYTHON, "pytest", *coverage],
        "browser": [*PYTHON, "pytest", "tests/browser"],
    }


def main() -> int:
    """Run the checks; the status is the number of those that failed."""
    with tempfile.TemporaryDirectory() as site:
        commands = checks(site)
        parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
        parser.add_argument("names", nargs="*", metavar="CHECK", help=", ".join(commands))
        names = parser.parse_args().names or list(commands)
        if unknown := set(names) - set(commands):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(commands)}")
        verdicts = []
        for name in names:
            print(f"--- {name}: {' '.join(commands[name][1:])}", flush=True)
            start = time.perf_counter()
            environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "MPLBACKEND": "agg"}
            failed = subprocess.run(commands[name], cwd=ROOT, env=environment, check=False)
            seconds = time.perf_counter() - start
            verdicts.append((name, failed.returncode == 0, seconds))
    print()
    for name, passed, seconds in verdicts:
        print(f"{'ok    ' if passed else 'FAILED'}  {name:<9} {seconds:6.1f} s")
    return sum(not passed for _, passed, _ in verdicts)


if __name__ == "__main__":
    sys.exit(main())
