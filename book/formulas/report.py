"""Evaluate every numbered equation and every alteration of it, and write the report.

    python -m book.formulas.report           # writes the pages and the data in docs/equations
    python -m book.formulas.report --check   # measures again and compares, writes nothing

The report is an appendix of the book. No number in it is typed.
"""

import argparse
import inspect
import json
import platform
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

import cnnbook
from book.equations import Equation, find_equations
from book.formulas.binding import ABOUT_SHAPE, DRAWS, MARGIN, Binding, load, measure
from cnnbook.files import replacing

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOLDER = DOCS / "equations"
DATA = FOLDER / "report.json"
ROUNDING = 1e-14  # below this, errors are the machine's as much as the equation's


def entry(equation: Equation, binding: Binding) -> dict[str, Any]:
    """Measure one equation."""
    report = measure(equation, binding)
    unnoticed = [what for what in report.survivors if what not in binding.harmless]
    if unnoticed:
        raise SystemExit(f"{equation.id}: nothing notices {unnoticed}")
    return {
        "id": equation.id,
        "number": equation.number,
        "page": equation.page,
        "latex": equation.latex,
        "source": binding.source_name,
        "test": binding.place,
        "error": float(f"{report.error:.0e}"),
        "comparisons": report.comparisons,
        "altered": report.altered,
        "harmless": binding.harmless,
        "blind": binding.blind,
    }


def measure_all() -> list[dict[str, Any]]:
    """Measure every equation, in the order of the book."""
    bindings = load()
    return [entry(equation, bindings[name]) for name, equation in find_equations(DOCS).items()]


HEAD = """\
---
title: Equations and their checks
description: Every numbered equation of the book with the source that computes it, the test that \
evaluates it, and the error that was measured.
search:
  boost: 0.3
---
# Equations and their checks

<!-- Written by python -m book.formulas.report. Do not edit. -->

The book has {count} numbered equations. For each of them a test reads the formula **from the page,
as it is printed**, computes every side of it for every value of its indices on {draws} random
inputs, and compares: {compared:,} pairs of numbers in all, of which the largest difference is
{worst:.0e}, relative to the larger of 1 and the largest entry. What the letters stand for is in the
code that the column *check* leads to: random arrays, and results of the functions that the book
explains.

A check that cannot fail is none. So each formula is then altered, in one place at a time: a plus
for a minus, an index moved by one, two indices exchanged, a factor or a term left out, a bound
moved, a size exchanged for another, a turn or a transpose forgotten, on either side. Of
{altered:,} altered formulas, {noticed:,} are either not computable or wrong by more than
{margin:g}; the other {harmless} change nothing, for a reason that is given with them.
Where the column *code* names a function of the book, as for {bound} equations, that function is
spoiled too: its results are replaced by random numbers, or turned, made smaller and moved. The
equation must then be computed to be wrong, which shows that it is about these results. Of the
{bound}, {shapes} are about the size of a result alone, which is made larger for them, and {others}
are blind to one of the two ways, for a reason that is given with them.

All of it is run again by `pytest tests/equations`, and one equation by its name:
`pytest tests/equations -k "[eq-valid]"`.
"""


CHAPTER = """\
---
title: Checks of chapter {number}
description: Each numbered equation of chapter {number}, the function that computes it, the test \
that evaluates it and what was measured.
search:
  exclude: true
---
# Checks of chapter {number}

<!-- Written by python -m book.formulas.report. Do not edit. -->

What was measured is summed up in the [table](index.md). Here is what each test runs; the functions
that it calls are in the [whole file](letters-{number:02}.md).

{contents}

"""
LETTERS = """\
---
title: {test}
description: What the letters of the equations of chapter {number} stand for in their tests.
search:
  exclude: true
---
# {test}

<!-- Written by python -m book.formulas.report. Do not edit. -->

```python linenums="1"
--8<-- "{test}"
```
"""
ENTRY = """\
## {number} {id} {{#check-{id}}}

$$
{latex}
$$

[Equation {number}][{id}], computed by {computer}. Largest error {error:.0e} in
{comparisons:,} pairs of numbers. {altered} altered versions.

{code}

Run it with `pytest tests/equations -k "[{id}]"`.

"""


def computer(source: str | None, *, short: bool = False) -> str:
    """Link to the function that computes an equation; some need none but NumPy's."""
    if source is None:
        return "NumPy"
    return f"[`{source.split('.')[-1] if short else source}`][{source}]"


def undecorated(function: Callable[..., Any]) -> str:
    """Return the source of a function from its `def` on: one may serve many equations."""
    lines = inspect.getsource(function).rstrip().splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("def "))
    return "\n".join(lines[first:])


def pages(entries: list[dict[str, Any]]) -> dict[Path, str]:
    """Write the appendix: a table of everything, and a page for each chapter."""
    bindings = load()
    altered = sum(e["altered"] for e in entries)
    harmless = sum(len(e["harmless"]) for e in entries)
    head = HEAD.format(
        count=len(entries),
        draws=DRAWS,
        compared=sum(e["comparisons"] for e in entries),
        worst=max(e["error"] for e in entries),
        altered=altered,
        noticed=altered - harmless,
        margin=MARGIN,
        harmless=harmless,
        bound=sum(e["source"] is not None for e in entries),
        shapes=sum(e["blind"] == ABOUT_SHAPE for e in entries),
        others=sum(bool(e["blind"]) and e["blind"] != ABOUT_SHAPE for e in entries),
    )
    table, written = [head], {}
    for number, chapter in groupby(entries, key=lambda e: int(e["number"].split(".")[0])):
        group = list(chapter)
        name = f"chapter-{number:02}.md"
        table += [
            f"## Chapter {number} {{ data-search-exclude }}",
            "",
            "| equation | check | code | largest error | pairs compared | altered versions |",
            "|---|---|---|---|---|---|",
        ]
        contents = "\n".join(f"- [{e['number']} {e['id']}](#check-{e['id']})" for e in group)
        builders: dict[Any, dict[str, Any]] = {}
        details = [CHAPTER.format(number=number, contents=contents)]
        for e in group:
            table.append(
                f"| [{e['number']}][{e['id']}] | [`{e['id']}`]({name}#check-{e['id']}) "
                f"| {computer(e['source'], short=True)} | {e['error']:.0e} "
                f"| {e['comparisons']:,} | {e['altered']} |"
            )
            build = bindings[e["id"]].build
            first = builders.setdefault(build, e)
            code = (
                f"```python\n{undecorated(build)}\n```"
                if first is e
                else f"The letters are those of [{first['number']}](#check-{first['id']})."
            )
            details.append(ENTRY.format(**e, computer=computer(e["source"]), code=code))
            if e["harmless"]:
                details += ["Alterations that change nothing:\n\n"]
                details += [f"- `{what}`: {why}\n" for what, why in e["harmless"].items()]
                details += ["\n"]
            if e["blind"]:
                details += ["Ways to spoil the results of the function that change nothing:\n\n"]
                details += [f"- {what}: {why}\n" for what, why in e["blind"].items()]
                details += ["\n"]
        table.append("")
        letters = LETTERS.format(number=number, test=group[0]["test"])
        written[FOLDER / f"letters-{number:02}.md"] = letters
        written[FOLDER / name] = "".join(details).rstrip() + "\n"
    return {FOLDER / "index.md": "\n".join(table).rstrip() + "\n", **written}


def differences(stored: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    """List what a new measurement says otherwise; errors may differ by rounding."""
    lines = []
    was, now = ({e["id"]: e for e in entries} for entries in (stored, found))
    for name in sorted(was.keys() | now.keys()):
        a, b = was.get(name), now.get(name)
        if a is None or b is None:
            lines.append(f"{name}: only in {'the code' if a is None else 'the report'}")
            continue
        lines += [
            f"{name}: {key}: {a[key]!r} in the report, {b[key]!r} now"
            for key in a
            if key != "error" and a[key] != b[key]
        ]
        if b["error"] > max(10 * a["error"], ROUNDING):
            lines.append(f"{name}: error: {a['error']} in the report, {b['error']} now")
    return lines


def main() -> int:
    """Measure; write the report or compare with it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    entries = measure_all()
    if options.check:
        stored = json.loads(DATA.read_text(encoding="utf-8"))["equations"]
        found = differences(stored, entries)
        for path, text in pages(stored).items():
            if path.read_text(encoding="utf-8") != text:
                found.append(f"{path.name} is not what {DATA.name} says")
        print("\n".join(found) or f"equations: {len(entries)} as in the report")
        return int(bool(found))
    provenance = {
        "script": "python -m book.formulas.report",
        "machine": platform.machine(),
        "versions": {
            "cnnbook": cnnbook.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    content = {"equations": entries, "provenance": provenance}
    FOLDER.mkdir(exist_ok=True)
    with replacing(DATA) as file:
        file.write((json.dumps(content, indent=1) + "\n").encode())
    for path, text in pages(entries).items():
        with replacing(path) as file:
            file.write(text.encode())
    print(f"equations: {len(entries)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
