"""Whether two builders made the same book: `python -m book.site.compare [FOLDER FOLDER]`.

Without folders, MkDocs and Zensical build it first, into `build`.

Compared are each page's title and description, and its article, without what the theme puts
around it: formulas, the copies in previews included, ids, printed blocks, pictures, links and
words, each in order. Then every link and every picture of each site, navigation included, must
lead to a file that is there, and to an id in it. The search and the look are each builder's own.
"""

import argparse
import os
import posixpath
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
BUILDERS = {
    "mkdocs": ["mkdocs", "build", "--strict"],
    "zensical": ["zensical", "build", "--strict", "--clean"],
}
ADDRESS = ("CNNBOOK_SITE_URL", "CNNBOOK_REPOSITORY")  # the site is compared where it was made
KINDS = ("head", "formulas", "ids", "blocks", "pictures", "links", "words")
ADDRESSES = ("href", "src", "poster", "data")
THEIRS = {"__skip"}  # the theme's own ids: Zensical's skip link leads to one in the article
SHOWN = 60  # characters of a thing that differs


class Page(HTMLParser):
    """What is compared of a page.

    Parameters
    ----------
    text : str
        Its HTML.
    name : str
        Its file, relative to the folder of the site.
    """

    def __init__(self, text: str, name: str) -> None:
        super().__init__()
        self.name = name
        self.open: list[str] = []
        self.found: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.ids: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes that are compared."""
        self.open.append(tag)
        values = {name: value or "" for name, value in attrs}
        addresses = [resolved(self.name, values[name]) for name in ADDRESSES if name in values]
        self.addresses += addresses
        self.ids.update(values[name] for name in ("id", "name") if name in values)
        if tag == "meta" and values.get("name") == "description":
            self.found["head"].append(values["content"])
        if "article" not in self.open:
            return
        if tag == "math":
            self.found["formulas"].append(values.get("alttext", ""))
        if tag == "pre":
            self.found["blocks"].append("")
        if "id" in values and values["id"] not in THEIRS:
            self.found["ids"].append(values["id"])
        if tag == "img":
            self.found["pictures"] += [*addresses, values.get("alt", "")]
        else:
            self.found["links"] += addresses

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those in it that have no end, such as pictures."""
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Note the title, and words and blocks of the article."""
        if self.open[-1:] == ["title"] and "head" in self.open:
            self.found["head"].append(data)
        if "article" not in self.open or self.open[-1] in {"script", "style"}:
            return
        if "pre" in self.open:
            self.found["blocks"][-1] += data
        else:
            self.found["words"] += data.split()


def resolved(page: str, address: str) -> str:
    """Return where an address leads, as it reads from the folder of the site.

    Parameters
    ----------
    page : str
        The file that has the address.
    address : str
        The value of an attribute such as ``href``.

    Returns
    -------
    str
        The file and, behind ``#``, the id; an address outside the site stays as it is.

    Examples
    --------
    >>> resolved("a/b/index.html", "../c/#d")
    'a/c/index.html#d'
    >>> resolved("a/index.html", "#d"), resolved("a/index.html", "..")
    ('a/index.html#d', 'index.html')
    >>> resolved("a/index.html", "https://example.org/")
    'https://example.org/'
    """
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return address
    path = unquote(parts.path)
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    target = target.lstrip("/")
    if not PurePosixPath(target).suffix:
        target = posixpath.normpath(posixpath.join(target, "index.html"))
    return target + (f"#{unquote(parts.fragment)}" if parts.fragment else "")


def read_site(folder: Path) -> dict[str, Page]:
    """Read every page of a site, by its file relative to the folder."""
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.html"))]
    return {name: Page((folder / name).read_text(encoding="utf-8"), name) for name in names}


def differences(first: dict[str, Page], second: dict[str, Page]) -> Iterator[str]:
    """Yield a line for each page that only one site has, and for each kind in which two differ."""
    for name in sorted(first.keys() ^ second.keys()):
        yield f"{name}: only in the {'first' if name in first else 'second'} site"
    for name in sorted(first.keys() & second.keys()):
        for kind in KINDS:
            pair = first[name].found[kind], second[name].found[kind]
            for place, (one, other) in enumerate(zip_longest(*pair), 1):
                if one != other:
                    counts = " and ".join(str(len(things)) for things in pair)
                    yield f"{name}: {kind}, {counts}: number {place} is {_cut(one)}; {_cut(other)}"
                    break


def dead_links(site: dict[str, Page], folder: Path) -> Iterator[str]:
    """Yield a line for each address within the site that leads nowhere."""
    for page in site.values():
        for address in dict.fromkeys(page.addresses):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            if not (folder / parts.path).is_file() or parts.path.startswith(".."):
                yield f"{folder.name}/{page.name}: there is no file {parts.path}"
            elif parts.fragment and parts.fragment not in site[parts.path].ids:
                yield f"{folder.name}/{page.name}: there is no id {parts.fragment} in {parts.path}"


def _cut(thing: str | None) -> str:
    """Show enough of a thing to find it."""
    if thing is None:
        return "missing"
    return repr(thing if len(thing) <= SHOWN else thing[:SHOWN] + "...")


def build(name: str) -> Path:
    """Let a builder make the book; return the folder, which for Zensical must be in the project."""
    folder = ROOT / "build" / name
    environment = {k: v for k, v in os.environ.items() if k not in ADDRESS}
    environment |= {"CNNBOOK_SITE_FOLDER": str(folder), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", *BUILDERS[name]]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise SystemExit(f"{name} did not make the book; what is printed above says why")
    return folder


def main() -> int:
    """Compare two sites and print what differs; the status is 1 if anything does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    folders = parser.parse_args().folders or [build(name) for name in BUILDERS]
    if len(folders) != 2:
        parser.error(f"expected two folders, or none; got {len(folders)}")
    first, second = (read_site(folder) for folder in folders)
    found = list(differences(first, second))
    for site, folder in zip((first, second), folders, strict=True):
        found += dead_links(site, folder)
    print(*found, f"{len(first)} pages, {len(found)} differences", sep="\n")
    return 1 if found or not first else 0


if __name__ == "__main__":
    sys.exit(main())
