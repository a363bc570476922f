"""Alter the package in every place that mutmut knows, and see which alterations go unnoticed.

``python -m scripts.mutation.run`` measures the functions that have changed since they were
measured, writes ``scripts/mutation/report.json`` and makes the page ``docs/mutation.md``. NAMES
are functions or modules to be measured again. Needs the extras ``mutation``, ``test`` and
``docs``. An interrupted run keeps the functions that were done.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable

from scripts.mutation import page, records

# Not measured yet as they stand: whole runs judge them, so that they need a machine for themselves.
# Who measures them takes them out here; a test asks for that.
WAITING = frozenset(
    {
        *(
            f"cnnbook.parallel.Communicator.{name}"
            for name in ("rank", "size", "bcast", "allgather", "alltoall")
        ),
        "cnnbook.runs.Configuration.__post_init__",
        "cnnbook.runs.Configuration.average",
        "cnnbook.runs._arrays",
        "cnnbook.runs._follow",
        "cnnbook.runs._go_on",
        "cnnbook.runs._start",
        "cnnbook.runs._train",
        "cnnbook.runs.train_run",
        "cnnbook.train.fit",
    }
)


def stale() -> dict[str, str]:
    """Say which functions are to be measured, and why; those that wait are left out."""
    return {name: why for name, why in records.stale().items() if name not in WAITING}


def update(names: Iterable[str], workers: int | None = None, *, afresh: bool = False) -> None:
    """Measure functions, and make the page."""
    wanted = set(names)
    if wanted:
        # Only here, because the rest is used where mutmut is not installed.
        from scripts.mutation.measure import measure  # noqa: PLC0415

        measure(wanted, workers or os.cpu_count() or 1, afresh=afresh)
    page.update()


def unexplained() -> list[dict[str, str]]:
    """List the mutants that nothing noticed and for which no reason is given."""
    given = records.reasons()
    found = [
        {"function": name, "before": survivor["before"], "after": survivor["after"]}
        for name, entry in records.read().items()
        for survivor in entry["survivors"]
    ]
    return [change for change in found if tuple(change.values()) not in given]


def superfluous() -> list[str]:
    """List the reasons for mutants that are noticed, or of functions that are no more."""
    report, known, old = records.read(), records.functions(), records.stale()
    survivors = {
        (name, survivor["before"], survivor["after"])
        for name, entry in report.items()
        for survivor in entry["survivors"]
    }
    return [
        f"{name}: {after}"
        for name, before, after in records.reasons()
        if (name, before, after) not in survivors and (name not in old or name not in known)
    ]


def chosen(names: list[str], *, everything: bool) -> set[str]:
    """Return the functions that are stale, or those that were named."""
    known, old = records.functions(), set(records.stale())
    if everything:
        return old | known.keys()
    found = {name for name in known if f"{name}.".startswith(tuple(f"{n}." for n in names))}
    return found if names else old


def main() -> int:
    """Do what was asked; fail if a mutant goes unnoticed without a reason."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", help="functions or modules; else what has changed")
    parser.add_argument("--all", action="store_true", help="measure everything anew")
    parser.add_argument("--stale", action="store_true", help="say what would be measured, and why")
    parser.add_argument("--check", action="store_true", help="the same, and fail if there is any")
    parser.add_argument(
        "--again", action="store_true", help="what went unnoticed, after tests were added"
    )
    parser.add_argument("--workers", type=int, help="how many at the same time")
    options = parser.parse_args()
    if options.stale or options.check:
        found = stale()
        for name, why in found.items():
            print(f"{name}: {why}")
        return min(len(found), 1) if options.check else 0
    if options.again:
        from scripts.mutation.measure import again  # noqa: PLC0415

        again(unexplained(), options.workers or os.cpu_count() or 1)
    names = chosen(options.names, everything=options.all)
    update(names, options.workers, afresh=options.all)
    missing = unexplained()
    for change in missing:
        print(json.dumps(change, ensure_ascii=False))
    print(f"{len(missing)} unnoticed without a reason")
    return min(len(missing), 1)


if __name__ == "__main__":
    sys.exit(main())
