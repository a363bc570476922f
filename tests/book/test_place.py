"""Which page is converted, by either builder, and what stands before and after it."""

import re
from types import SimpleNamespace

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

import markdown
from markdown.treeprocessors import Treeprocessor

from book.site.place import Turn, current_place
from tests.book.pages import Context


def test_the_page_is_known_to_both_builders(tmp_path):
    md = markdown.Markdown()
    assert current_place(md) is None
    file = SimpleNamespace(src_uri="a/b.md", url="a/b/")
    md.treeprocessors.register(SimpleNamespace(file=file), "relpath", 0)
    assert current_place(md) == ("a/b.md", "a/b/")
    md.preprocessors.register(Context("c/d.md"), "rendering_context", 1)
    assert current_place(md) == ("c/d.md", "c"), "Zensical reads addresses as from the file"


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("index.md", "source/layers/conv/#__codelineno-0-12"),
        ("reference/layers.md", "../source/layers/conv/#__codelineno-0-12"),
    ],
)
def test_a_line_of_a_file_is_found_from_every_page(page, address):
    """Zensical puts the way from the page to its file before it."""
    md = markdown.Markdown(extensions=["book.site.extension"])
    md.preprocessors.register(Context(page), "rendering_context", 1)
    link = '<p><a href="source:layers/conv.py#L12">conv.py</a></p>'
    assert f'href="{address}"' in md.convert(link)


def test_a_page_ends_with_what_comes_before_and_after_it(tmp_path):
    head = "---\ndescription: About {0}.\n---\n# {0}. Title {0}\n"
    for number in (1, 2, 3):
        (tmp_path / f"{number}.md").write_text(head.format(number))
    (tmp_path / "mkdocs.yml").write_text(
        "nav:\n    - 1.md\n    - Two: 2.md\n    - In:\n        - 3.md\n"
    )

    def ends(page, *, docstring=False):
        md = markdown.Markdown()
        if docstring:
            md.treeprocessors.register(Treeprocessor(md), "mkdocstrings_ids", 4)
        md.preprocessors.register(Context(page), "rendering_context", 1)
        md.treeprocessors.register(Turn(md, tmp_path, tmp_path / "mkdocs.yml"), "turn", 1)
        return re.sub(r"\s+", " ", md.convert("Text.").replace("<span", " <span"))

    assert re.search(
        r'href="1.md".*Previous.*1\. Title 1.*About 1\..*href="3.md".*Next.*3\. T', ends("2.md")
    )
    assert 'class="previous"' not in ends("1.md")
    assert re.search(r'href="2.md".*>Two<', ends("1.md"))
    assert 'class="next"' not in ends("3.md")
    assert "<nav" not in ends("4.md")
    assert "<nav" not in ends("2.md", docstring=True), "a docstring is no page"
