"""The pages, and what on them is a sentence."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from book.equations import CHAPTER, DISPLAY, FENCE, INLINE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CHAPTERS = [p for p in sorted(DOCS.glob("*.md")) if CHAPTER.search(p.read_text(encoding="utf-8"))]
PAGES = [
    *CHAPTERS,
    *(DOCS / f"{name}.md" for name in ("index", "preface", "wrong-on-purpose")),
    *(DOCS / f"{name}.md" for name in ("wrong-on-ten-digits", "rungs", "pytorch", "errata")),
]
FIGURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(figures/(?P<name>\w+)\.svg\)")
FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
KERNEL = (  # a small one
    "# 3. Kernel gradients\n\n$$\nK_{u,v} = a * b * c\n$$ {#eq-kernel}\n\n$$\nx\n$$ {#eq-second}\n"
)
DOI = re.compile(r"https://doi\.org/\S+?(?=\))")
ISBN = re.compile(r"ISBN [\d-]+")


def navigation():
    """The titles of the pages in reading order, by their files."""
    pytest.importorskip("markdown", reason="the site's extra is not installed")
    from book.site.place import reading_order

    return reading_order(ROOT / "mkdocs.yml")


def text_of(path):
    return FRONT.sub("", path.read_text(encoding="utf-8"))


def prose_of(path):
    """The sentences: without code, formulas, links' addresses, references and figures."""
    text = text_of(path).split("\n## References")[0]
    text = DISPLAY.sub(" ", FENCE.sub(" ", text))
    text = INLINE.sub(" X ", re.sub(r"^::: .*\n( {4}.*\n)*", "", text, flags=re.MULTILINE))
    text = re.sub(r"`[^`\n]*`|\]\([^)]*\)|<[^>]*>|!\[[^\]]*\]", " ", text)
    return re.sub(r"\{\{[^}]*\}\}|\{[^}]*\}|@eq-[\w-]+", " X ", text)


class Context:
    """What Zensical registers: it knows the page that is converted."""

    def __init__(self, path):
        self.page = SimpleNamespace(path=path, url="")

    def run(self, lines):
        return lines
