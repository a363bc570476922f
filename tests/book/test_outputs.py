"""What no example may do, wherever it stands: exempt itself, or print what one system prints."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("cnnbook/**/*.py")),
    *sorted(ROOT.glob("book/**/*.py")),
    *sorted(ROOT.glob("scripts/**/*.py")),
]

# Comments for doctest that an example may carry. `# doctest: +SKIP` is not among them, nor what
# lets an output differ from the one that is printed.
DIRECTIVES: set[str] = set()
DIRECTIVE = re.compile(r"#\s*doctest\s*:(?P<options>.*)", re.IGNORECASE)
# Other ways to have an example and not to run it.
EXEMPTING = re.compile(r"__doctest_(skip|requires)__|\bpytest\b|importorskip|SystemExit|\bexit\(")

# An integer whose size is printed: NumPy's own integer has 32 bits on some systems, and there an
# array of int64 is printed with its dtype.
SIZED = re.compile(r"np\.u?int(64|32|p)?\(")
WHOLE = r"[\s\[]*-?\d+\s*[],]"
ARRAY = re.compile(rf"array\((?:{WHOLE})(?:[\s\d,\[\]-])*\)")
# Arrays of integers that have NumPy's own size everywhere, because no size was ever asked for.
OWN_SIZE = {
    "docs/07-reshape.md": {"X", "X.T", "X.reshape(3, 2)", "P @ X.ravel(), X.T.ravel()"},
    "docs/11-learning.md": {"m.T @ m"},
    "cnnbook/samples.py": {
        "first_of_each_digit((images, np.array([7, 3, 3, 3, 7])), 2)[1]",
        "first_of_each_digit((images, np.array([2, 0, 1, 0, 2])), 1)[1]",
    },
    "cnnbook/train.py": {"in_batches(np.array([4, 2, 3, 0, 1]), batch_size=2)"},
}


def examples(text):
    """Every example of a text; in a program, of its docstrings, which end at three quotes."""
    parser = doctest.DocTestParser()
    for part in text.split('"""'):
        yield from parser.get_examples(part)


def directives(text):
    """List the options in the comments for doctest."""
    found = (m["options"].replace(",", " ").split() for m in DIRECTIVE.finditer(text))
    return [option for options in found for option in options or [""]]


def exemptions(text):
    """List what keeps an example of a text from being run, or from being compared."""
    wrong = [option for option in directives(text) if option not in DIRECTIVES]
    return wrong + [e.source for e in examples(text) if EXEMPTING.search(e.source)]


def of_one_system(text, allowed=()):
    """List the examples whose output depends on the size of NumPy's own integer."""
    return [
        e.source.strip()
        for e in examples(text)
        if SIZED.search(e.want) or (ARRAY.search(e.want) and e.source.strip() not in allowed)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_example_is_exempted(path):
    assert not exemptions(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_output_depends_on_the_size_of_an_integer(path):
    allowed = OWN_SIZE.get(path.relative_to(ROOT).as_posix(), set())
    text = path.read_text(encoding="utf-8")
    assert not of_one_system(text, allowed)
    stale = allowed - {e.source.strip() for e in examples(text) if ARRAY.search(e.want)}
    assert not stale, "examples that are gone"


def test_outputs_are_compared_to_the_letter_but_for_white_space():
    import tomllib

    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert options["tool"]["pytest"]["ini_options"]["doctest_optionflags"] == [
        "NORMALIZE_WHITESPACE"
    ]


@pytest.mark.parametrize(
    "text",
    [
        ">>> 1 + 1  # doctest: +SKIP\n3\n",
        ">>> 1 + 1  #doctest:+ELLIPSIS\n...\n",
        "    >>> 1 / 0  # doctest: +IGNORE_EXCEPTION_DETAIL, +SKIP\n    3\n",
        ">>> import pytest; pytest.skip()\n",
        ">>> raise SystemExit\n",
    ],
)
def test_an_exempted_example_is_noticed(text):
    assert exemptions(text)
    assert exemptions(f'"""A docstring.\n\n{text}"""\nx = 1\n')


@pytest.mark.parametrize(
    "text",
    [
        ">>> x\narray([0, 1])\n",
        ">>> x\narray([[ 0, -1],\n       [10,  1]])\n",
        ">>> x, 1\n(array([7]), 1)\n",
        ">>> x\nnp.int64(3)\n",
        ">>> x\n(np.int32(3), 1)\n",
        ">>> x\n[array([4, 2]), array([1])]\n",
    ],
)
def test_an_output_of_one_system_is_noticed(text):
    assert of_one_system(text)


@pytest.mark.parametrize(
    "text",
    [
        ">>> x\narray([0., 1.])\n",
        ">>> x\narray([0, 1], dtype=uint8)\n",
        ">>> x\narray([ True, False])\n",
        ">>> x\n[0, 1]\n",
        ">>> x.dtype\ndtype('int64')\n",
        ">>> x\narray([1.5, 2. ], dtype=float32)\n",
        ">>> x\nnp.float64(3.0)\n",
        ">>> x\narray([1e-5, 1.0])\n",
        ">>> 2 + 2\n4\n",
    ],
)
def test_an_output_of_every_system_is_not(text):
    assert not of_one_system(text)
    assert not exemptions(text)
