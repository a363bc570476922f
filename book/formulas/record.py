"""What was measured of every equation, and on what, so that it is seen when it is out of date."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from book.equations import Equation, find_equations
from book.formulas.binding import Binding, Measurement, file_for, load, measure
from book.formulas.notation import sizes_of_indices
from book.syntax import Name, Sources, fingerprint

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DATA = DOCS / "equations" / "report.json"
ROUNDING = 1e-14  # below this, errors are the machine's as much as the equation's
MANY = 20  # equations, all with the same reason, of which only the first is named
COMMAND = "python -m book.formulas.report"


class Origins(TypedDict):
    """What an equation was measured on."""

    id: str
    number: str
    page: str
    latex: str
    source: str | None
    test: str
    harmless: dict[str, str]
    blind: dict[str, str]
    binding: str  # digests of syntax trees
    code: str


class Entry(Origins):
    """The same, and what was measured."""

    error: float
    comparisons: int
    altered: int


# What to call it when it has changed.
CALLED = {
    "number": "its number",
    "page": "its page",
    "latex": "its formula",
    "source": "its function",
    "test": "the file of its binding",
    "harmless": "its list of harmless alterations",
    "blind": "its list of ways to spoil its function",
    "binding": "its binding",
    "code": "the code that its binding calls",
}


def read_record() -> dict[str, Any]:
    """Read the data of the report: the equations in their order, and what all are measured by."""
    record: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return record


def entries(record: dict[str, Any]) -> dict[str, Entry]:
    """Return the equations of a record by their ids."""
    return {entry["id"]: entry for entry in record["equations"]}


@cache
def _sources() -> Sources:
    """Parse what equations are measured on; what refuses arguments computes nothing."""
    without = ("annotation", "decorator_list", "returns")
    return Sources(ROOT, "book", "cnnbook", without=without, except_for=("cnnbook.checks",))


def digest(package: str, *names: Name) -> str:
    """Compute the hash of what some definitions use in a package, themselves included."""
    reached = _sources().reached(*names)
    modules = (module for module in reached if module.partition(".")[0] == package)
    return fingerprint(part for module in modules for part in reached[module])


def checker() -> dict[str, Any]:
    """Describe what all equations are measured by: the checker's code, the table of indices."""
    code = digest("book", (measure.__module__, measure.__name__))
    return {"code": code, "indices": sizes_of_indices()}


def origins(equation: Equation, binding: Binding) -> Origins:
    """Describe what an equation is measured on: its formula, its binding, the code in that."""
    names = [(binding.build.__module__, binding.build.__name__)]
    if binding.source is not None:
        home, name = binding.source.__module__, binding.source.__qualname__
        names.append((home, name.split(".")[0]))
    return Origins(
        id=equation.id,
        number=equation.number,
        page=equation.page,
        latex=equation.latex,
        source=binding.source_name,
        test=binding.place,
        harmless=binding.harmless,
        blind=binding.blind,
        binding=digest("book", *names),
        code=digest("cnnbook", *names),
    )


def stale() -> dict[str, str]:
    """Say of every equation whose measurement is out of date what has changed, by its id.

    Nothing is computed, so that it takes a second or two.
    """
    record, bindings, equations = read_record(), load(), find_equations(DOCS)
    measured = entries(record)
    found = {name: "stands on no page any more" for name in measured if name not in equations}
    other = "the checker" if record.get("checker") != checker() else ""
    for name, equation in equations.items():
        was = measured.get(name)
        if name not in bindings:
            found[name] = f"has no binding in {file_for(equation)}"
        elif was is None:
            found[name] = "has not been measured"
        elif changed := _changed(was, origins(equation, bindings[name])) or other:
            found[name] = f"{changed} has changed since it was measured"
    return found


def _changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say what of an equation is not as it was; nothing, if all is."""
    return next((called for key, called in CALLED.items() if was.get(key) != now[key]), "")


def messages(found: dict[str, str]) -> list[str]:
    """Write what `stale` has found in lines, each with what to do about it."""
    reasons: dict[str, list[str]] = {}
    for name, what in found.items():
        reasons.setdefault(what, []).append(name)
    return [
        f"{who}: {what}: {COMMAND}"
        for what, names in reasons.items()
        for who in (names if len(names) <= MANY else [f"{names[0]} and {len(names) - 1} others"])
    ]


def measure_entry(equation: Equation, binding: Binding) -> Entry:
    """Measure one equation."""
    found = measure(equation, binding)
    if unnoticed := [what for what in found.survivors if what not in binding.harmless]:
        raise AssertionError(f"nothing notices these alterations of {equation.id}: {unnoticed}")
    return Entry(
        **origins(equation, binding),
        error=float(f"{found.error:.0e}"),
        comparisons=found.comparisons,
        altered=found.altered,
    )


def within_band(was: float, now: float) -> bool:
    """Say whether two errors differ by no more than machines and versions of NumPy do."""
    low, high = sorted((was, now))
    return high <= max(10 * low, ROUNDING)


def differences(was: Entry, now: Measurement) -> list[str]:
    """List what a new measurement of an equation says otherwise than the record."""
    error = was["error"] if within_band(was["error"], now.error) else now.error
    compared = (
        ("error", was["error"], error),
        ("comparisons", was["comparisons"], now.comparisons),
        ("altered versions", was["altered"], now.altered),
    )
    return [
        f"{was['id']}: {what}: {old} in the report, {new} now"
        for what, old, new in compared
        if old != new
    ]
