"""The report on the equations, an appendix of the book in which no number is typed.

``python -m book.formulas.report`` measures again what has changed and writes what is new; an id
after it names an equation to measure in any case. With ``--check`` it measures everything,
compares, and writes nothing.
"""

import argparse
import inspect
import json
import platform
import sys
from collections.abc import Callable, Collection
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

import cnnbook
from book.equations import find_equations
from book.formulas.binding import ABOUT_SHAPE, DRAWS, MARGIN, binding_of, load, measure
from book.formulas.record import (
    COMMAND,
    DATA,
    DOCS,
    Entry,
    checker,
    differences,
    entries,
    measure_entry,
    messages,
    read_record,
    stale,
    within_band,
)
from cnnbook.files import replacing

FOLDER = DATA.parent


def update(names: Collection[str] = ()) -> list[Path]:
    """Measure equations again and write what is new.

    Parameters
    ----------
    names : collection of str
        Ids of equations; those that `stale` names are measured in any case.

    Returns
    -------
    list of Path
        The files that are not what they were.
    """
    record, equations = read_record(), find_equations(DOCS)
    if unknown := sorted(set(names) - equations.keys()):
        raise ValueError(f"{', '.join(unknown)}: no equation on any page has this id")
    names = {*names, *stale()}
    measured, found = entries(record), []
    for name, equation in equations.items():
        was = measured.get(name)
        if was is None or name in names:
            now = measure_entry(equation, binding_of(equation))
            if was is not None and within_band(was["error"], now["error"]):
                now["error"] = was["error"]
            found.append(now)
        else:
            found.append(was)
    if names:
        record = {"checker": checker(), "equations": found, "provenance": provenance()}
    texts = {DATA: json.dumps(record, indent=1) + "\n", **pages(found)}
    changed = [path for path, text in texts.items() if not has_text(path, text)]
    for path in changed:
        with replacing(path) as file:
            file.write(texts[path].encode())
    return changed


def has_text(path: Path, text: str) -> bool:
    """Say whether a file is there and holds a text."""
    return path.exists() and path.read_text(encoding="utf-8") == text


def provenance() -> dict[str, Any]:
    """Say on what machine, and with which versions, was measured."""
    versions = {
        "cnnbook": cnnbook.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    return {"script": COMMAND, "machine": platform.machine(), "versions": versions}


def check() -> list[str]:
    """Measure every equation again; list what is otherwise than in the report."""
    measured = entries(read_record())
    found = messages(stale())
    for name, equation in find_equations(DOCS).items():
        if name in measured:
            found += differences(measured[name], measure(equation, binding_of(equation)))
    return found + [f"{name}: {why}: {COMMAND}" for name, why in outdated().items()]


def outdated() -> dict[str, str]:
    """Return the pages of the report that are not what its data say, each with the reason."""
    written = pages(read_record()["equations"])
    return {
        path.name: f"is not what {DATA.name} says"
        for path, text in written.items()
        if not has_text(path, text)
    }


# --- pages ----------------------------------------------------------------------------------------


def pages(equations: list[Entry]) -> dict[Path, str]:
    """Write the appendix: a table of everything, and for each chapter what its tests run."""
    environment = jinja2.Environment(  # noqa: S701 - what is written is Markdown
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["thousands"] = "{:,}".format
    environment.filters["scientific"] = "{:.0e}".format
    environment.globals.update(command=COMMAND, computer=computer)

    def write(template: str, **values: Any) -> str:
        return environment.get_template(f"{template}.md.jinja").render(values)

    written, chapters = {}, []
    for number, group in groupby(equations, key=lambda e: int(e["number"].split(".")[0])):
        chapter = list(group)
        page, letters = f"chapter-{number:02}.md", f"letters-{number:02}.md"
        chapters.append({"number": number, "page": page, "equations": chapter})
        written[FOLDER / letters] = write("letters", number=number, file=chapter[0]["test"])
        written[FOLDER / page] = write("chapter", number=number, equations=with_letters(chapter))
    index = write("index", chapters=chapters, **totals(equations))
    return {FOLDER / "index.md": index, **written}


def totals(equations: list[Entry]) -> dict[str, Any]:
    """Count what the first page of the report says of all equations together."""
    bound = [e for e in equations if e["source"] is not None]
    return {
        "equations": equations,
        "draws": DRAWS,
        "margin": f"{MARGIN:g}",
        "altered": sum(e["altered"] for e in equations),
        "harmless": sum(len(e["harmless"]) for e in equations),
        "bound": bound,
        "shapes": [e for e in bound if e["blind"] == ABOUT_SHAPE],
        "blind": [e for e in bound if e["blind"] and e["blind"] != ABOUT_SHAPE],
    }


def with_letters(chapter: list[Entry]) -> list[dict[str, Any]]:
    """Add to each equation the code of its letters, or the first equation that has the same."""
    bindings = load()
    first: dict[Any, Entry] = {}
    found = []
    for entry in chapter:
        build = bindings[entry["id"]].build
        earlier = first.setdefault(build, entry)
        same = None if earlier is entry else earlier
        found.append({**entry, "letters": undecorated(build), "same_letters_as": same})
    return found


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


def main() -> int:
    """Measure; write the report or compare with it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="ID", help="equations to measure again")
    parser.add_argument("--check", action="store_true", help="measure all and compare")
    parser.add_argument("--stale", action="store_true", help="list what would be written, and why")
    options = parser.parse_args()
    if options.stale:
        wanted = stale() | outdated()
        print("".join(f"{name}: {why}\n" for name, why in wanted.items()), end="")
        return 0
    try:
        if options.check:
            found = check()
            print("\n".join(found) or "equations: as in the report")
            return int(bool(found))
        written = update(options.names)
    except (AssertionError, LookupError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(path.relative_to(DOCS.parent).as_posix() for path in written) or "unchanged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
