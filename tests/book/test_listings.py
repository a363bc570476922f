"""What a page prints of the source, and of examples, fits the column that it stands in."""

import re
from operator import attrgetter

import pytest

from tests.book.pages import DOCS, text_of

griffe = pytest.importorskip(
    "griffe", reason="the site's extra is not installed: pip install '.[docs]'"
)

# The page's own column is wider than the one beside a derivation.
LISTED, EXAMPLE = 72, 88
DIRECTIVE = re.compile(r"^::: (cnnbook\.[\w.]+)\n((?: {4}.*\n)+)", re.MULTILINE)
TYPED = re.compile(r"^(?P<space> *)(?:>>> |\.\.\. ?)(?P<code>.*)$", re.MULTILINE)
LISTINGS = sorted(
    {
        name
        for path in DOCS.glob("*.md")
        for name, options in DIRECTIVE.findall(text_of(path))
        if "listing: true" in options
    }
)


@pytest.fixture(scope="module")
def package():
    return griffe.load("cnnbook")


def listed(thing):
    """Every line that the template prints: all of the object but its docstring."""
    lines = enumerate(thing.lines_collection[thing.filepath], start=1)
    doc = range(thing.docstring.lineno, thing.docstring.endlineno + 1) if thing.docstring else ()
    return [(n, line) for n, line in lines if thing.lineno <= n <= thing.endlineno and n not in doc]


def test_there_are_listings():
    assert len(LISTINGS) > 30


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listed_line_has_72_columns(package, name):
    thing = package[name.removeprefix("cnnbook.")]
    wide = [f"{thing.filepath}:{n}: {line}" for n, line in listed(thing) if len(line) > LISTED]
    assert not wide, "\n".join(wide)


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=attrgetter("stem"))
def test_an_example_is_typed_in_88_columns(path):
    wide = [
        m["code"] for m in TYPED.finditer(text_of(path)) if len(m[0]) - len(m["space"]) > EXAMPLE
    ]
    assert not wide, "\n".join(wide)
