"""While `mkdocs serve` runs, only pages that have changed are converted; `hooks` brings this in.

A page is the same as before if its Markdown is, and everything that it may draw on: the package's
source, the templates, the figures' data, the report, the formulas of all equations, and what other
pages are called and about. Then MkDocs is given the page's heading alone to convert, and the result
of the last time takes its place. `mkdocs build` does not use any of this.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from book.equations import find_equations
from book.reading import read, versions
from book.site.place import DESCRIPTION, HEADING

WATCHED = ("cnnbook", "book", "docs/figures")
RESULTS = ("markdown", "toc", "present_anchor_ids")
FIRST, LAST = 100, -100


class Converted(NamedTuple):
    """What a page was made of, and what converting it left behind."""

    source: object
    html: str
    results: dict[str, Any]
    links: dict[str, dict[str, str]]  # by the file to which they lead
    anchors: list[tuple[tuple[Any, ...], dict[str, Any]]]  # as mkdocs-autorefs is told of them


class Searched(NamedTuple):
    """What the search found on a page, and the page without the marks that were for it alone."""

    html: str
    entries: list[dict[str, Any]]
    shown: str


class KeptPages(BasePlugin):  # type: ignore[type-arg,no-untyped-call] # it has no options
    """What is known of the pages from one build to the next."""

    def __init__(self) -> None:
        self.around: object = None
        self.source: object = None  # of the page that is being converted
        self.converted: dict[str, Converted] = {}
        self.unread, self.before = "", 0  # the page that is searched, and how much was found before
        self.searched: dict[str, Searched] = {}

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Look around once for every build."""
        self.around = surroundings(Path(config.config_file_path).parent, Path(config.docs_dir))

    @event_priority(LAST)
    def on_page_markdown(self, markdown: str, *, page: Page, **_: Any) -> str | None:
        """Leave only the heading, from which MkDocs takes the title, of a page that is known."""
        self.source = (markdown, self.around)
        if not self.is_known(page):
            return None
        heading = HEADING.search(markdown)
        return heading[0] if heading else ""

    @event_priority(FIRST)
    def on_page_content(
        self, html: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Keep what has been made of the page, or bring back what was made the last time."""
        autorefs: Any = config.plugins["autorefs"]
        if not self.is_known(page):
            results = {name: getattr(page, name) for name in RESULTS}
            links = {to.src_uri: links for to, links in (page.links_to_anchors or {}).items()}
            anchors = list(registered(autorefs, page.url))
            made = Converted(self.source, html, results, links, anchors)
            self.converted[page.file.src_uri] = made
            return None
        known = self.converted[page.file.src_uri]
        for name, value in known.results.items():
            setattr(page, name, value)
        targets = {to: files.get_file_from_path(to) for to in known.links}
        page.links_to_anchors = {file: known.links[to] for to, file in targets.items() if file}
        for arguments, options in known.anchors:
            autorefs.register_anchor(page, *arguments, **options)
        return known.html

    def is_known(self, page: Page) -> bool:
        """Tell whether the page was converted from what it would be converted from now."""
        known = self.converted.get(page.file.src_uri)
        return known is not None and known.source == self.source

    @event_priority(FIRST)
    def _before_search(self, _: Any, /, *, page: Page, config: MkDocsConfig, **__: Any) -> None:
        """Show the search an empty page where it has read this one before."""
        self.unread, self.before = page.content or "", len(search_entries(config))
        known = self.searched.get(page.url)
        if known is not None and known.html == self.unread:
            page.content = ""

    @event_priority(LAST)
    def _after_search(self, _: Any, /, *, page: Page, config: MkDocsConfig, **__: Any) -> None:
        """Keep what the search has found, or tell it again."""
        entries = search_entries(config)
        if page.content:
            self.searched[page.url] = Searched(self.unread, entries[self.before :], page.content)
        elif self.unread:
            known = self.searched[page.url]
            entries.extend(known.entries)
            page.content = known.shown

    on_page_context = CombinedEvent(_before_search, _after_search)


kept: KeptPages | None = None  # only while serving


def surroundings(project: Path, docs: Path) -> object:
    """Describe everything beside its own text that a page may draw on."""
    paths = [path for name in WATCHED for path in (project / name).rglob("*")]
    paths += [project / "mkdocs.yml", docs / "equations" / "report.json"]
    files = versions(p for p in paths if p.is_file() and "__pycache__" not in p.parts)
    texts = [(path, read(path)) for path in sorted(docs.rglob("*.md"))]
    names = [
        (path, [m and m[1] for m in (HEADING.search(text), DESCRIPTION.search(text))])
        for path, text in texts
    ]
    return files, names, find_equations(docs)


def registered(autorefs: Any, url: str) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """List what a page has told mkdocs-autorefs, which has no public way to ask."""
    maps = {True: autorefs._primary_url_map, False: autorefs._secondary_url_map}  # noqa: SLF001
    for primary, targets in maps.items():
        for identifier, places in targets.items():
            for place in places:
                page, _, anchor = place.partition("#")
                if page == url:
                    title = autorefs._title_map.get(place)  # noqa: SLF001
                    yield (identifier, anchor), {"title": title, "primary": primary}


def search_entries(config: MkDocsConfig) -> list[dict[str, Any]]:
    """Return the list to which the search adds what it finds."""
    search: Any = next(plugin for name, plugin in config.plugins.items() if name.endswith("search"))
    entries: list[dict[str, Any]] = search.search_index.entries
    return entries
