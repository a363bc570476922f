"""Tables say what stands in their columns and rows, to whoever hears them as well."""

import re

import pytest

from tests.book.pages import DOCS, FENCE, ROOT

TEXTS = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("*/README.md"))]
HEADING = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)


def headings(text):
    """The headings of all tables of a text, each without its marks."""
    markdown = pytest.importorskip("markdown", reason="the site's extra is not installed")
    html = markdown.markdown(FENCE.sub("", text), extensions=["tables", "md_in_html"])
    return [re.sub(r"<(?!img)[^>]*>", "", cell).strip() for cell in HEADING.findall(html)]


def test_an_empty_heading_is_seen():
    table = "| {} | $x$ | `a|b` |\n|---|---|---|\n| forward | 1 | 2 |\n"
    assert headings(table.format("pass")) == ["pass", "$x$", "a|b"]
    for empty in ("", "<b></b>"):
        assert headings(table.format(empty))[0] == ""
    assert headings('<table><tr><th scope="row"> </th></tr></table>') == [""]


def test_no_table_has_an_empty_heading():
    """A screen reader announces the heading of every cell; an empty one says nothing."""
    found = {path.relative_to(ROOT).as_posix(): headings(path.read_text("utf-8")) for path in TEXTS}
    assert sum(map(bool, found.values())) >= 8, "tables are found"
    assert [name for name, cells in found.items() if "" in cells] == []
