"""While `mkdocs serve` runs, convert only the pages that have changed; see `hooks`.

A page is the same as before if its Markdown is, and everything that it may draw on: the package's
source, the templates, the figures' data, the report, and the ids, numbers and formulas of all
equations. `mkdocs build` does not use any of this.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from book.equations import find_equations

RESULTS = ("content", "toc", "_title_from_render", "present_anchor_ids")
WATCHED = ("cnnbook", "book", "docs/figures", "mkdocs.yml")

Call = tuple[tuple[Any, ...], dict[str, Any]]


class Converted(NamedTuple):
    """What converting a page left behind."""

    source: object
    results: dict[str, Any]
    anchors: list[Call]  # how mkdocs-autorefs was told of the page's ids


_converted: dict[str, Converted] = {}
_around: list[object] = []
_indexed: dict[tuple[str, str], list[dict[str, Any]]] = {}
_convert = Page.render


def on_startup(command: str, **_: Any) -> None:
    """Take MkDocs' conversion over when serving."""
    if command == "serve":
        Page.render = render  # type: ignore[assignment]


def on_config(config: MkDocsConfig) -> None:
    """Let a change of anything that pages are made of start a build."""
    folder = Path(config.config_file_path).parent
    config.watch.extend(str(folder / name) for name in WATCHED if name != "mkdocs.yml")


def on_pre_build(config: MkDocsConfig) -> None:
    """Look around once for every build, and remember what the search has read."""
    if Page.render is render:
        _around[:] = [_surroundings(config)]
        for name, plugin in config.plugins.items():
            if name.endswith("search"):
                _remember_index(getattr(plugin, "search_index"))  # noqa: B009 - of no known type


def render(page: Page, config: MkDocsConfig, files: Files) -> None:
    """Convert a page, or give it what it was given the last time."""
    autorefs: Any = config.plugins["autorefs"]
    source = (page.markdown, *_around)
    known = _converted.get(page.file.src_uri)
    if known is None or known.source != source:
        with _listening(autorefs) as anchors:
            _convert(page, config, files)
        results = {name: getattr(page, name) for name in RESULTS}
        _converted[page.file.src_uri] = Converted(source, results, anchors)
        return
    for name, value in known.results.items():
        setattr(page, name, value)
    for (_, *arguments), options in known.anchors:
        autorefs.register_anchor(page, *arguments, **options)


def _surroundings(config: MkDocsConfig) -> object:
    """Describe everything beside its own text that a page may depend on."""
    folder, docs = Path(config.config_file_path).parent, Path(config.docs_dir)
    times = []
    for name in (*WATCHED, "docs/equations/report.json"):
        path = folder / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        times += [(str(file), file.stat().st_mtime_ns) for file in files if file.is_file()]
    return times, find_equations(docs)


@contextmanager
def _listening(autorefs: Any) -> Iterator[list[Call]]:
    """Note the anchors of which the plugin is told."""
    calls: list[Call] = []
    register = autorefs.register_anchor

    def note(page: Any, *arguments: Any, **options: Any) -> None:
        calls.append(((page, *arguments), options))
        register(page, *arguments, **options)

    autorefs.register_anchor = note
    try:
        yield calls
    finally:
        del autorefs.register_anchor


def _remember_index(index: Any) -> None:
    """Let the search read a page with the same content only once."""
    read = index.add_entry_from_context

    def add(page: Page) -> None:
        key = (page.url, page.content or "")
        if key not in _indexed:
            before = len(index.entries)
            read(page)
            _indexed[key] = index.entries[before:]
        else:
            index.entries.extend(_indexed[key])

    index.add_entry_from_context = add
