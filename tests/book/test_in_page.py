"""What a page does in its reader's browser, done here."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from book import in_page
from book.equations import find_equations
from book.formulas.binding import ROOT
from book.in_page import Page, answer, check_equation
from book.site import packing

GRADIENT = r"\frac{\partial L}{\partial K_{f,c,u,v}} = \sum_{n=0}^{N-1} \sum_{i=0}^{H'-1} "
GRADIENT += r"\sum_{j=0}^{W'-1} X_{n,c,\,i+u,\,j+v} \, \frac{\partial L}{\partial Y_{n,f,i,j}} ."


def same(page, text):
    return [mark["same"] for mark in page.run(text)]


def test_a_block_is_compared_with_what_it_shows():
    page = Page()
    assert same(page, ">>> 1 + 1\n2\n>>> 1 + 1\n3\n>>> x = 5\n") == [True, False, True]
    (mark,) = page.run("\n>>> x + 1\n7\n")
    expected = {"line": 1, "source": "x + 1\n", "want": "7\n", "got": "6\n", "same": False}
    assert mark == expected


def test_an_error_is_as_printed_or_it_is_not():
    shown = "Traceback (most recent call last):\n    ...\nZeroDivisionError: division by zero\n"
    assert same(Page(), f">>> 1 / 0\n{shown}") == [True]
    (mark,) = Page().run(">>> 1 / 0\n1\n")
    assert not mark["same"]
    assert mark["got"] == "ZeroDivisionError: division by zero\n"


def test_a_warning_is_an_error_here_as_in_the_tests():
    (mark,) = Page().run(">>> np.log(np.zeros(1))\narray([-inf])\n")
    assert not mark["same"]
    assert "RuntimeWarning" in mark["got"]


def test_outputs_are_compared_as_the_project_compares_them():
    with (ROOT / "pyproject.toml").open("rb") as file:
        options = tomllib.load(file)["tool"]["pytest"]["ini_options"]
    assert options["doctest_optionflags"] == ["NORMALIZE_WHITESPACE"]
    assert options["filterwarnings"] == ["error"]
    assert same(Page(), ">>> print('a   b')\na b\n") == [True]


def test_what_a_reader_writes_runs_statement_by_statement_until_one_fails():
    page = Page()
    page.run(">>> x = 3\n")
    marks = page.run_edited(
        "y = x + 1\ny\nfor i in range(2):\n    print(i)\n1 / 0\nprint('never')\n"
    )
    assert [mark["got"] for mark in marks] == [
        "",
        "4\n",
        "0\n1\n",
        "ZeroDivisionError: division by zero\n",
    ]
    assert [mark["failed"] for mark in marks] == [False, False, False, True]
    assert [mark["line"] for mark in marks] == [0, 1, 2, 4]
    (mark,) = page.run_edited("x = (")
    assert mark["failed"]
    assert "SyntaxError" in mark["got"]
    (mark,) = page.run_edited("raise SystemExit")
    assert mark["failed"]


def test_the_examples_of_a_docstring_have_the_names_of_its_module():
    page = Page("cnnbook.functions.sigmoid")
    assert same(page, ">>> float(sigmoid(np.zeros(1))[0])\n0.5\n") == [True]
    assert same(Page(), ">>> sigmoid\n") == [False]


def test_an_equation_is_computed_as_it_is_displayed():
    number = find_equations(ROOT / "docs")["eq-kernel-gradient"].number
    found = check_equation("eq-kernel-gradient", number, GRADIENT)
    assert found["holds"]
    assert found["error"] < 1e-12
    assert found["alterations"] == found["noticed"] > 50
    flipped = check_equation("eq-kernel-gradient", number, GRADIENT.replace("i+u", "i-u"))
    assert not flipped["holds"]
    assert (flipped["alterations"], flipped["noticed"]) == (found["alterations"], 0)
    assert f"equation {number} of this page" in flipped["message"]


@pytest.mark.parametrize(
    ("name", "latex", "message"),
    [
        ("eq-kernel-gradient", r"x = \frac{", "expected"),
        ("eq-kernel-gradient", "", "nothing"),
        ("eq-nonsense", GRADIENT, "is not one of the book's"),
    ],
)
def test_what_cannot_be_computed_does_not_hold_and_says_why(name, latex, message):
    found = check_equation(name, "3.8", latex)
    assert not found["holds"]
    assert message in found["message"]


def test_an_alteration_that_nothing_notices_is_named(monkeypatch):
    known = {name: one for name, one in in_page.load().items() if one.harmless}
    name, binding = next(iter(known.items()))
    equation = find_equations(ROOT / "docs")[name]
    right = check_equation(name, equation.number, equation.latex)
    assert right["alterations"] == right["noticed"]
    monkeypatch.setitem(in_page.load(), name, binding._replace(harmless={}))
    found = check_equation(name, equation.number, equation.latex)
    assert found["holds"]
    assert found["alterations"] - found["noticed"] == len(binding.harmless)
    assert found["message"].startswith("nothing notices")


def test_what_a_reader_alters_is_computed_and_the_two_numbers_are_shown():
    name = "eq-kernel-gradient"
    found = in_page.compute_altered(name, "3.8", GRADIENT.replace("i+u", "i+v"))
    assert not found["holds"]
    assert {part[0] for part in found["place"]} == set("fcuv")
    left, right = map(float, found["sides"])
    assert abs(left - right) > 1e-3
    assert in_page.compute_altered(name, "3.8", GRADIENT)["holds"]
    nowhere = in_page.compute_altered(name, "3.8", GRADIENT.replace("i+u", "i-u"))
    assert "is not in 0 .." in nowhere["message"]
    assert "place" not in nowhere


def ask(**question):
    return json.loads(answer(json.dumps(question)))


def test_questions_and_answers_are_json_and_a_page_remembers_until_it_forgets():
    assert ask(do="forget") is None
    ask(do="run", text=">>> x = 1\n", session="")
    assert ask(do="run", text=">>> x\n1\n", session="")[0]["same"]
    other = "cnnbook.functions.sigmoid"
    assert not ask(do="run", text=">>> x\n1\n", session=other)[0]["same"]
    ask(do="run", text=">>> y = 1\n", session=other)
    ask(do="forget", session="")
    assert not ask(do="run", text=">>> x\n1\n", session="")[0]["same"]
    assert ask(do="run", text=">>> y\n1\n", session=other)[0]["same"]
    assert ask(do="edited", text="y", session=other)[0]["got"] == "1\n"
    ask(do="forget")
    assert not ask(do="run", text=">>> y\n1\n", session=other)[0]["same"]
    assert ask(do="equation", id="eq-kernel-gradient", number="3.8", latex=GRADIENT)["holds"]


PROGRAM = """
import sys
sys.path[:] = [sys.argv[1], *[p for p in sys.path if p.endswith((".zip", "lib-dynload")) or
    p == sys.argv[2]], sys.argv[3]]
for name in ("mkdocs", "jinja2", "scipy", "pooch", "tqdm", "PIL", "typer", "math_core"):
    sys.modules[name] = None
from book.in_page import answer
print(answer(sys.stdin.read()))
"""


def test_what_is_packed_is_all_that_a_page_needs_besides_numpy(tmp_path):
    for part in packing.PARTS:
        (tmp_path / "packed.zip").write_bytes(packing.packed(part))
        with zipfile.ZipFile(tmp_path / "packed.zip") as archive:
            archive.extractall(tmp_path / "book")
    library, numpy = (str(Path(module.__file__).parents[1]) for module in (json, np))
    question = {"do": "equation", "id": "eq-kernel-gradient", "number": "3.8", "latex": GRADIENT}
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(tmp_path / "book"), library, numpy],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["holds"]
