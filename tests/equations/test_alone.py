"""The formulas run where there is nothing but NumPy, as in a browser."""

import subprocess
import sys

from book.formulas.binding import ROOT

# What the site, its figures and its tests are made with.
ABSENT = (
    "jinja2",
    "markdown",
    "math_core",
    "matplotlib",
    "mkdocs",
    "PIL",
    "pytest",
    "scipy",
    "yaml",
)
PROGRAM = f"""
import builtins, pathlib, sys

looked = []
for name in ("glob", "iterdir", "rglob", "read_text"):
    setattr(pathlib.Path, name, lambda *_, name=name: looked.append(name))
import book.equations, book.syntax
from book.formulas import alterations, binding, evaluate, inline, notation, parse, tree
print(looked, sorted(set({ABSENT}) & set(sys.modules)))
"""


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_formulas_loads_nothing_of_the_site_and_reads_no_files():
    assert run(PROGRAM) == "[] []"


def test_an_equation_is_measured_without_the_site():
    program = f"""
import sys
from book.equations import find_equations
from book.formulas.binding import ROOT, load, measure
print(measure(find_equations(ROOT / "docs")["eq-row-layer"], load()["eq-row-layer"]).altered > 9)
print(sorted(set({ABSENT}) & set(sys.modules)))
"""
    assert run(program) == "True\n[]"
