"""Which page is converted, and where in the book it stands."""

import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

import yaml
from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from book.equations import place_of
from book.reading import Version, read, version

DESCRIPTION = re.compile(r"\A---\n(?:.*\n)*?description: (?P<text>.*)\n")
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


class Place(NamedTuple):
    """A page that is converted.

    Attributes
    ----------
    page : str
        Its file, relative to the folder of pages.
    folder : str
        From where relative addresses lead that stand in HTML, relative to the site: MkDocs leaves
        them as they are, so that they lead from the page's address; Zensical takes them as leading
        from the file, as in Markdown, and mends them.
    """

    page: str
    folder: str


def current_place(md: Markdown) -> Place | None:
    """Ask the builder which page is converted; return None if there is no builder.

    MkDocs tells the processor of relative links; Zensical has a preprocessor of its own for it.
    """
    if "rendering_context" in md.preprocessors:
        context: Any = md.preprocessors["rendering_context"]
        return Place(context.page.path, posixpath.dirname(context.page.path))
    if "relpath" in md.treeprocessors:
        links: Any = md.treeprocessors["relpath"]
        return Place(links.file.src_uri, links.file.url)
    return None


class PageError(ValueError, SystemExit):
    """A page cannot be built. The message is one line that names the page and the line of it.

    A builder that is ended by a SystemExit prints no traceback of itself.
    """

    code = 1


@contextmanager
def located(md: Markdown, docs: Path, part: str, *errors: type[ValueError]) -> Iterator[None]:
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
    return _reading_order(version(configuration))


class Configuration(yaml.SafeLoader):  # type: ignore[misc] # it comes without types
    """Reads ``mkdocs.yml``; the navigation needs nothing of what the environment says."""


Configuration.add_constructor("!ENV", lambda *_: None)


@lru_cache(maxsize=1)
def _reading_order(file: Version) -> dict[str, str]:
    configuration = yaml.load(read(file.path), Configuration)  # noqa: S506 - it is a safe one
    return dict(_entries(configuration.get("nav", [])))


def _entries(entry: Any, title: str = "") -> Iterator[tuple[str, str]]:
    """Yield file and title of each page below an entry of the navigation."""
    if isinstance(entry, list):
        for part in entry:
            yield from _entries(part)
    elif isinstance(entry, dict):
        for name, part in entry.items():
            yield from _entries(part, name)
    elif entry.endswith(".md"):
        yield entry, title


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
        text = read(self.docs / page)
        heading, about = HEADING.search(text), DESCRIPTION.search(text)
        parts = {"direction": direction, "title": title or (heading[1] if heading else page)}
        if about is not None:
            parts["about"] = about["text"]
        for name, words in parts.items():
            SubElement(link, "span", {"class": f"turn-{name}"}).text = words
