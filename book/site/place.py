"""Which page is converted, and where in the book it stands."""

import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from book.equations import place_of

ENTRY = re.compile(r"^ +- (?:(?P<title>[^:\n]+): )?(?P<page>\S+\.md)$", re.MULTILINE)
DESCRIPTION = re.compile(r"\A---\n(?:.*\n)*?description: (?P<text>.*)\n")
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


class Place(NamedTuple):
    """A page that is converted.

    Attributes
    ----------
    page : str
        Its file, relative to the folder of pages.
    url : str
        Its address, relative to the site's.
    """

    page: str
    url: str


def current_place(md: Markdown) -> Place | None:
    """Ask the builder which page is converted; return None if there is no builder.

    MkDocs tells the processor of relative links; Zensical has a preprocessor of its own for it.
    """
    if "rendering_context" in md.preprocessors:
        context: Any = md.preprocessors["rendering_context"]
        return Place(context.page.path, context.page.url)
    if "relpath" in md.treeprocessors:
        links: Any = md.treeprocessors["relpath"]
        return Place(links.file.src_uri, links.file.url or "")
    return None


class PageError(ValueError, SystemExit):
    """A page cannot be built. The message is one line that names the page and the line of it.

    A builder that is ended by a SystemExit prints no traceback of itself.
    """

    code = 1


@contextmanager
def located(
    md: Markdown, docs: Path, part: str, *errors: type[ValueError]
) -> Iterator[None]:
    """Let an error say on which page, and in which line of it, the part stands that is wrong.

    In a docstring, where no page is known, it says only what is wrong.
    """
    try:
        yield
    except errors as error:
        here = current_place(md)
        where = f"{place_of(docs / here.page, part)}: " if here is not None else ""
        raise PageError(f"{where}{' '.join(str(error).split())}") from error


def reading_order(configuration: Path) -> dict[str, str]:
    """Read the pages' order from the navigation.

    Parameters
    ----------
    configuration : Path
        The site's ``mkdocs.yml``.

    Returns
    -------
    dict of str to str
        The titles by file; empty for one that has none of its own.
    """
    text = configuration.read_text(encoding="utf-8")
    return {entry["page"]: entry["title"] or "" for entry in ENTRY.finditer(text)}


class Turn(Treeprocessor):
    """At the end of a page, the one before and the one after, with what they are about."""

    def __init__(self, md: Markdown, docs: Path, configuration: Path) -> None:
        super().__init__(md)
        self.docs, self.configuration = docs, configuration

    def run(self, root: Element) -> None:
        """Add the two links; pages out of the navigation have none."""
        here = current_place(self.md)
        docstring = "mkdocstrings_ids" in self.md.treeprocessors  # a text within the page
        if here is None or docstring or not self.configuration.exists():
            return
        order = reading_order(self.configuration)
        pages = list(order)
        if here.page not in pages:
            return
        at = pages.index(here.page)
        box = SubElement(root, "nav", {"class": "turn", "aria-label": "Previous and next page"})
        for direction, other in (("Previous", at - 1), ("Next", at + 1)):
            if 0 <= other < len(pages):
                address = posixpath.relpath(pages[other], posixpath.dirname(here.page) or ".")
                link = SubElement(box, "a", {"class": direction.lower(), "href": address})
                self.describe(link, direction, pages[other], order[pages[other]])

    def describe(self, link: Element, direction: str, page: str, title: str) -> None:
        """Write one link: its direction, the title, what the page is about."""
        text = (self.docs / page).read_text(encoding="utf-8")
        heading, about = HEADING.search(text), DESCRIPTION.search(text)
        parts = {"direction": direction, "title": title or (heading[1] if heading else page)}
        if about is not None:
            parts["about"] = about["text"]
        for name, words in parts.items():
            SubElement(link, "span", {"class": f"turn-{name}"}).text = words
