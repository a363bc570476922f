"""The address of the project is printed where it is known, and missed nowhere."""

import pytest

pytest.importorskip("markdown", reason="the site's extra is not installed: pip install '.[docs]'")
pytest.importorskip("pymdownx", reason="the site's extra is not installed: pip install '.[docs]'")

from book.site.address import AddressError, addressed
from tests.book.pages import DOCS

ADDRESS = "https://example.org/someone/book"
PAGE = """\
Get a copy and build it:

```console
[[repository]] git clone {repository} book && cd book
make
```

A mistake is worth a letter.
[[repository]] [Here]({repository}/issues/new/choose) is a form.
"""


@pytest.fixture
def convert():
    import markdown

    def call(text, repository):
        return markdown.markdown(
            text,
            extensions=["pymdownx.superfences", "book.site.address"],
            extension_configs={"book.site.address": {"repository": repository}},
        )

    return call


def test_with_an_address(convert):
    page = convert(PAGE, f"{ADDRESS}/")
    assert f"git clone {ADDRESS} book" in page
    assert f'<a href="{ADDRESS}/issues/new/choose">Here</a> is a form.' in page
    assert "[[" not in page


def test_without_an_address(convert):
    page = convert(PAGE, "")
    assert "git" not in page
    assert "make" in page
    assert "<p>A mistake is worth a letter.</p>" in page


def test_indented_lines_stay_where_they_are():
    assert addressed(["    [[repository]] x {repository}"], "a/") == ["    x a"]


def test_a_place_for_the_address_in_a_line_that_is_always_printed():
    with pytest.raises(AddressError, match=r"^expected \[\[repository\]\] at the beginning of: x"):
        addressed(["x {repository}"], "a")


def test_every_place_for_the_address_is_in_a_marked_line():
    pages = [p.read_text(encoding="utf-8").split("\n") for p in DOCS.rglob("*.md")]
    assert sum(addressed(lines, "") != lines for lines in pages) >= 2, "start page and errata"
    assert "repository]]" not in "".join("".join(addressed(lines, ADDRESS)) for lines in pages)
