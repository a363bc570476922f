"""Make the page on what the checks catch, from the report and the sources as they stand."""

import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import jinja2

from book import contract
from scripts.mutation import records
from scripts.mutation.records import ROOT, Function, Report

PAGE = ROOT / "docs" / "mutation.md"
TEMPLATE = Path(__file__).parent / "page.md.jinja"
EXAMPLES = ("code_docstrings", "code_pages")
DIRECTIVE = re.compile(r"^::: (cnnbook[\w.]*)", re.MULTILINE)


def pages() -> dict[Path, str]:
    """Make the page; return its text by the file in which it belongs."""
    report, known, old = records.read(), records.functions(), records.stale()
    held = {name: entry for name, entry in report.items() if name not in old}
    chapters = [path.read_text(encoding="utf-8") for path in ROOT.glob("docs/[0-9]*.md")]
    printed = tuple(name for chapter in chapters for name in DIRECTIVE.findall(chapter))
    explained = {
        name: entry for name, entry in held.items() if f"{name}.".startswith(dotted(printed))
    }
    dates = sorted({entry["measured"] for entry in held.values()})
    template = jinja2.Template(
        TEMPLATE.read_text(encoding="utf-8"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    text = template.render(
        total=figures(held),
        explained=figures(explained),
        modules=by_module(held, known),
        left_out=records.LEFT_OUT,
        reasons=by_reason(held, known),
        changed=[short(name) for name in sorted(old) if name in known],
        dates=dates,
        version=version(),
    )
    return {PAGE: text.strip() + "\n"}


def version() -> str:
    """Return the version of mutmut that the project asks for."""
    project = tomllib.loads((TEMPLATE.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    (wanted,) = project["project"]["optional-dependencies"]["mutation"]
    return str(wanted.removeprefix("mutmut=="))


def dotted(names: tuple[str, ...]) -> tuple[str, ...]:
    """Append the dot that ends a name, so that no name begins another by chance."""
    return tuple(f"{name}." for name in names)


def short(name: str) -> str:
    """Leave out the name of the package where another follows."""
    return name.removeprefix("cnnbook.")


def figures(entries: Report) -> dict[str, Any]:
    """Add up what was measured of several functions."""
    counts: Counter[str] = Counter()
    for entry in entries.values():
        counts.update(entry["counts"])
    code = sum(number for kind, number in counts.items() if kind.startswith("code"))
    noticed = sum(counts[kind] for kind in EXAMPLES)
    return {
        "mutants": counts.total(),
        "code": code,
        "noticed": noticed,
        "share": 100 * noticed / max(code, 1),
        "survived": counts["code_survived"] + counts["message_survived"],
    }


def by_module(entries: Report, known: dict[str, Function]) -> dict[str, dict[str, Any]]:
    """Add up what was measured of the functions of each module."""
    modules: dict[str, Report] = {}
    for name, entry in sorted(entries.items()):
        modules.setdefault(short(known[name].module), {})[name] = entry
    found = {module: figures(some) for module, some in sorted(modules.items())}
    return {module: total for module, total in found.items() if total["mutants"]}


def by_reason(entries: Report, known: dict[str, Function]) -> dict[str, list[str]]:
    """List the survivors under the reasons why no test can notice them."""
    given = records.reasons()
    places: dict[str, dict[str, list[int]]] = {}
    for name, entry in sorted(entries.items()):
        for survivor in entry["survivors"]:
            before, after = survivor["before"], survivor["after"]
            reason = given.get((name, before, after), "no reason is known yet")
            where = f"`{short(known[name].module)}`, {{}}: `` {before} `` became `` {after} ``"
            line = line_of(known[name], before, survivor["occurrence"])
            places.setdefault(reason, {}).setdefault(where, []).append(line)
    return {
        f"{reason[:1].upper()}{reason[1:]}": [
            where.replace("{}", _lines(sorted(lines)), 1) for where, lines in some.items()
        ]
        for reason, some in sorted(places.items())
    }


def line_of(function: Function, text: str, occurrence: int) -> int:
    """Find the row in which a logical line of a function begins."""
    rows = [line.first for line in function.lines if line.text == text]
    return rows[occurrence - 1]


def _lines(rows: list[int]) -> str:
    return f"line{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"


def stale() -> dict[str, str]:
    """Say whether the page is what its data say."""
    return {
        path.name: "is not what its data say"
        for path, text in pages().items()
        if path.read_text(encoding="utf-8") != text
    }


def update(_: list[str] | None = None) -> None:
    """Write the page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(contract.run(__doc__ or "", stale, update))
