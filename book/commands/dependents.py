"""What to read after a change: the pages that changed, and those that show what changed."""

import re
from collections.abc import Iterable

from book.commands.repository import ROOT

DOCS = ROOT / "docs"
FIGURE = re.compile(r"figures/(\w+)\.svg|\{\{ *(\w+)\.")
LISTING = re.compile(r"^ *::: (cnnbook[\w.]*)", re.MULTILINE)
IN_A_BROWSER = ("book/site/", "docs/fonts/", "docs/javascripts/", "docs/stylesheets/", "mkdocs.yml")
GENERATED = ("docs/source/", "docs/equations/report.json")


def to_read(paths: Iterable[str]) -> dict[str, set[str]]:
    """Find what a reader would see of some changed files.

    Parameters
    ----------
    paths : iterable of str
        Changed files, relative to the root of the project.

    Returns
    -------
    dict of str to set of str
        For each page its reasons.
    """
    paths = [path for path in paths if not path.startswith(GENERATED)]
    figures = {_figure(path) for path in paths if path.startswith("docs/figures/")}
    modules = {_module(path) for path in paths if re.match(r"cnnbook/.*\.py$", path)}
    found: dict[str, set[str]] = {}
    for page in sorted(DOCS.rglob("*.md")):
        name = page.relative_to(ROOT).as_posix()
        text = page.read_text(encoding="utf-8")
        shown = {a or b for a, b in FIGURE.findall(text)} & figures
        printed = {
            module
            for listed in LISTING.findall(text)
            for module in modules
            if f"{listed}.".startswith(f"{module}.")
        }
        reasons = {f"figure {figure}" for figure in shown} | {f"source of {m}" for m in printed}
        if name in paths:
            reasons.add("changed")
        if reasons:
            found[name] = reasons
    if any(path.startswith("docs/digits/") for path in paths):
        found.setdefault("docs/digits.md", set()).add("sheets")
    if any(path.startswith(IN_A_BROWSER) for path in paths):
        found["some pages in a browser"] = {"python -m tests.browser.look FOLDER takes pictures"}
    return found


def _figure(path: str) -> str:
    """Return the name of the figure that a file belongs to."""
    return re.sub(r"(-light|-dark)?\.\w+$", "", path.rpartition("/")[2])


def _module(path: str) -> str:
    """Return the name of the module that a file holds."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
