"""Tests that stop testing are found: skipped, expected to fail, emptied, renamed, taken out."""

import ast
import json
import os
import re
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from tests import guard
from tests.book.pages import ROOT

FILES = sorted(ROOT.glob("tests/**/test_*.py"))
SOUND = "def test_one():\n    assert 1\n"


def run(folder, texts, *options):
    """Run files of tests in a project of their own; return the status and what is said."""
    (folder / "tests").mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / "tests" / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.guard", "-p", "no:cacheprovider"]
    settings = ["-c", ROOT / "pyproject.toml", "--rootdir", folder, "-q", *options]
    done = subprocess.run(
        [*command, *settings, *(folder / "tests" / name for name in texts)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


SKIPPED = [
    ("@pytest.mark.skip\n" + SOUND, "unconditional skip: no reason of"),
    ("@pytest.mark.skip('PyTorch is not')\n" + SOUND, "PyTorch is not: no reason of"),
    ("@pytest.mark.skipif(True, reason='slow')\n" + SOUND, "slow: no reason of"),
    ("@pytest.mark.xfail(reason='old')\n" + SOUND.replace("1", "0"), "expected to fail: old: no"),
    ("def test_one():\n    pytest.skip('later')\n", "later: no reason of"),
    ("pytest.importorskip('numpi')\n" + SOUND, "could not import 'numpi': No module"),
    ("pytest.skip('by module', allow_module_level=True)\n" + SOUND, "by module: no reason"),
    (
        "@pytest.mark.parametrize('n', [])\ndef test_n(n):\n    assert n\n",
        "Empty parameter set in 'test_n'",
    ),
]


def test_what_is_skipped_without_a_reason_fails(tmp_path):
    texts = {f"test_{at}.py": f"import pytest\n\n{text}" for at, (text, _) in enumerate(SKIPPED)}
    sound = {"test_sound.py": SOUND}
    status, found = run(tmp_path, texts | sound, "--continue-on-collection-errors")
    assert status == pytest.ExitCode.TESTS_FAILED, found
    assert [said for _, said in SKIPPED if said not in found] == []
    assert "1 passed" in found
    assert not re.search(r"\d (skipped|xfailed)", found), found


def test_a_reason_counts_where_it_holds(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert guard.may_be_skipped("Windows has no SIGKILL")
    monkeypatch.setattr(sys, "platform", "linux")
    assert not guard.may_be_skipped("Windows has no SIGKILL")
    assert not guard.may_be_skipped("the package has no bugs")


def test_a_file_that_has_lost_tests_is_an_error(tmp_path):
    status, found = run(tmp_path, {"test_checks.py": SOUND}, "-k", "nothing")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "tests/test_checks.py: 1 tests are collected; " in found


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        (["tests"], True),
        (["docs", "tests/test_a.py"], True),
        (["docs"], False),
        (["tests/test_a.py::test_one"], False),
        (["tests", "tests/test_a.py::test_one"], False),
    ],
)
def test_a_part_of_a_file_is_chosen_not_lost(tmp_path, arguments, whole):
    here = SimpleNamespace(dir=tmp_path)
    config = SimpleNamespace(rootpath=tmp_path, invocation_params=here, args=arguments)
    assert guard.is_whole(config)("tests/test_a.py") == whole
    assert not guard.is_whole(config)("tests/browser/test_a.py")


def test_more_tests_than_noted_are_named_where_the_numbers_must_agree():
    noted, found = {"a.py": 2, "b.py": 3}, {"a.py": 3, "b.py": 3, "c.py": 1}
    assert list(guard.differences(noted, found, lambda name: True, exactly=False)) == []
    assert list(guard.differences(noted, found, lambda name: True, exactly=True)) == [
        "a.py: 3 tests are collected; 2 were",
        "c.py: 1 tests are collected; 0 were",
    ]
    assert list(guard.differences(noted, {}, lambda name: name == "a.py", exactly=False)) == [
        "a.py: 0 tests are collected; 2 were"
    ]


def test_where_files_are_shared_out_it_is_said_as_well(tmp_path):
    (tmp_path / "tests").mkdir()
    noted = tmp_path / "noted.json"
    noted.write_text(json.dumps({"tests/test_a.py": 2}), encoding="utf-8")
    plugin = tmp_path / "few.py"
    text = f"import pathlib\nfrom tests import guard\nguard.NOTED = pathlib.Path({str(noted)!r})\n"
    plugin.write_text(text, encoding="utf-8")
    options = "-p", "few", "-n", "2", "-o", "pythonpath=."
    status, found = run(tmp_path, {"test_a.py": SOUND}, *options)
    assert "tests/test_a.py: 1 tests are collected; 2 were" in found
    assert status == pytest.ExitCode.USAGE_ERROR, found


def test_every_file_of_tests_is_counted():
    noted = json.loads(guard.NOTED.read_text(encoding="utf-8"))
    files = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert files - noted.keys() == set()
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/[01]*.md")} < {*noted}
    assert min(noted.values()) >= 1


# --- a test is collected, and asserts -------------------------------------------------------------

ASSERTING = ("raises", "warns", "fail", "assert", "check_")


def asserts(node, known):
    """Say whether a function asserts something, itself or by one of its file that does."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call):
            name = ast.unparse(part.func).rpartition(".")[2]
            if name.startswith(ASSERTING) or name in known:
                return True
    return False


def idle(source):
    """Name the functions of a file of tests that assert nothing, or that nobody calls."""
    tree = ast.parse(source)
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    known = set()
    while more := {f.name for f in found if asserts(f, known)} - known:
        known |= more
    for function in found:
        if function.name.startswith("test_"):
            if function.name not in known or returns_early(function):
                yield f"{function.name}: asserts nothing"
        elif len(re.findall(rf"\b{function.name}\b", source)) < 2 and not hidden(function):
            yield f"{function.name}: is no test, and nobody calls it"


def returns_early(function):
    """Say whether a test may end before its last statement, or asserts a constant."""
    blocks = [
        getattr(node, part)
        for node in ast.walk(function)
        if not isinstance(node, ast.FunctionDef | ast.Lambda) or node is function
        for part in ("body", "orelse", "finalbody")
        if isinstance(getattr(node, part, None), list)
    ]
    return any(
        isinstance(line, ast.Assert) and isinstance(line.test, ast.Constant | ast.Tuple)
        for line in ast.walk(function)
    ) or any(
        isinstance(line, ast.Return) and not any(asserts(part, set()) for part in block[:at])
        for block in blocks
        for at, line in enumerate(block)
    )


def same(one, other, *_):
    """Say whether two expressions are the same, and call nothing that may answer otherwise."""
    return ast.dump(one) == ast.dump(other) and "Call(" not in ast.dump(one)


# What looks like a check, and holds whatever is computed.
VACUOUS = {
    ast.BoolOp: lambda node: (
        isinstance(node.op, ast.Or) and "True" in [ast.unparse(part) for part in node.values]
    ),
    ast.Compare: lambda node: (  # != finds NaN
        isinstance(node.ops[0], ast.Eq | ast.LtE) and same(node.left, *node.comparators)
    ),
    ast.Expr: lambda node: isinstance(node.value, ast.Compare),
    ast.Assign: lambda node: (
        ast.unparse(node.targets[0]) == "_" and isinstance(node.value, ast.Compare)
    ),
    ast.For: lambda node: ast.unparse(node.iter) in {"()", "[]"},
    ast.ExceptHandler: lambda node: "AssertionError" in ast.unparse(node.type or node),
    ast.Call: lambda node: (
        re.match(r"(contextlib\.)?suppress\(.*AssertionError", ast.unparse(node))
        or (
            re.search(r"(^|\.)assert_\w+$", ast.unparse(node.func))
            and len(node.args) > 1
            and same(*node.args)
        )
    ),
}


def vacuous(source):
    """Name the lines of the tests of a file that look like checks and are none."""
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if type(node) in VACUOUS and VACUOUS[type(node)](node):
                    yield f"{function.name}: {ast.unparse(node).splitlines()[0]}"


def hidden(function):
    """Say whether pytest calls it: a fixture for all tests, or a hook."""
    marks = " ".join(map(ast.unparse, function.decorator_list))
    return "autouse=True" in marks or function.name.startswith("pytest_")


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.relative_to(ROOT / "tests").as_posix()
)
def test_every_function_of_a_file_of_tests_asserts_or_is_called(path):
    source = path.read_text(encoding="utf-8")
    names = re.findall(r"^def (test_\w+)", source, re.MULTILINE)
    assert len(names) == len(set(names)), "the second hides the first"
    assert list(idle(source)) == []
    assert list(vacuous(source)) == []


@pytest.mark.parametrize(
    "text",
    [
        "def test_one():\n    x = 1\n",
        "def test_one():\n    return\n    assert x\n",
        "def test_one():\n    if y:\n        return\n    assert x\n",
        "def test_one():\n    assert True\n",
        "def test_one():\n    assert (x, 'y')\n",
        "def tst_one():\n    assert x\n",
        "def helper(x):\n    print(x)\n\n\ndef test_one():\n    helper(1)\n",
    ],
)
def test_a_test_that_asserts_nothing_is_found(text):
    assert len(list(idle(text))) == 1
    assert list(idle("def helper(x):\n    assert x\n\n\ndef test_one():\n    helper(1)\n")) == []


@pytest.mark.parametrize(
    ("line", "altered"),
    [
        ("assert x == y", "assert x == x"),
        ("assert x <= y", "assert x <= x"),
        ("assert x == y", "assert True or x == y"),
        ("assert x == y", "_ = x == y"),
        ("assert x == y", "x == y"),
        ("for x in xs:\n    assert x", "for x in ():\n    assert x"),
        ("assert x", "try:\n    assert x\nexcept AssertionError:\n    pass"),
        ("assert x", "with suppress(AssertionError):\n    assert x"),
        ("np.testing.assert_allclose(x, y)", "np.testing.assert_allclose(x, x)"),
    ],
)
def test_a_check_that_holds_whatever_is_computed_is_found(line, altered):
    test = "def test_one():\n    assert z\n"
    assert list(vacuous(test + textwrap.indent(line, "    "))) == []
    assert len(list(vacuous(test + textwrap.indent(altered, "    ")))) == 1
