"""Run the mutants of some functions, and write down what noticed them."""

import datetime
import os
from collections import Counter
from typing import Any

import pytest

from scripts.mutation import records
from scripts.mutation.mutants import Mutant, mutants
from scripts.mutation.records import ROOT, Function
from scripts.mutation.runner import Runner, stage

CACHE = ROOT / ".mutation" / "reached.json"
TESTS = ("cnnbook", "docs", "README.md", "tests")
# Tests that ask nothing of the package, and the page for which PyTorch is needed.
LEFT_OUT = ("tests/book", "tests/browser", "tests/oracle", "docs/pytorch.md")
OPTIONS = ("-q", "-s", "-p", "no:cacheprovider", "--assert=plain", "--tb=native")
# These run once, while the package is imported, before any test.
AT_IMPORT = ("cnnbook._keep_freed_memory", "cnnbook.cli._option", "cnnbook.cli._default")


def measure(names: set[str], workers: int, *, afresh: bool = False) -> None:
    """Measure these functions; write each into the report as soon as it is done.

    Parameters
    ----------
    names : set of str
        Dotted names of functions. Those that exist no longer leave the report.
    workers : int
        How many mutants run at the same time.
    afresh : bool
        Forget which tests reach which lines, and look again.
    """
    os.chdir(ROOT)  # where mutmut looks for its settings
    known, report = records.functions(), records.read()
    if afresh:
        CACHE.unlink(missing_ok=True)
    made = mutants(names - set(AT_IMPORT))
    waiting = Counter(mutant.function.name for mutant in made)
    tests: dict[str, list[tuple[Mutant, str]]] = {name: [] for name in waiting}

    def noticed(mutant: Mutant, test: str) -> None:
        name = mutant.function.name
        tests[name].append((mutant, test))
        if len(tests[name]) == waiting[name]:
            report[name] = entry(mutant.function, tests[name])
            records.write(report)
            print(f"{name}: {len(tests[name])} mutants", flush=True)

    for name in names - waiting.keys():
        report.pop(name, None)
        if name in known:  # mutmut alters nothing in it
            report[name] = entry(known[name], [])
    records.write(report)
    if made:
        _run(Runner(known, made, noticed, CACHE, workers))


def again(changes: list[dict[str, str]], workers: int) -> None:
    """Try once more what went unnoticed, by the tests alone: the examples have been asked.

    Parameters
    ----------
    changes : list of dict
        The function, and its line before and after.
    workers : int
        How many mutants run at the same time.
    """
    os.chdir(ROOT)
    known, report = records.functions(), records.read()
    wanted = {tuple(change.values()) for change in changes}
    made = [
        mutant
        for mutant in mutants({change["function"] for change in changes})
        if (mutant.function.name, mutant.before, mutant.after) in wanted
        and _place(mutant) in report[mutant.function.name]["survivors"]
    ]

    def noticed(mutant: Mutant, test: str) -> None:
        if test:
            _move(report[mutant.function.name], mutant, test)
            records.write(report)
        print(f"{mutant.function.name}: {mutant.after}: {test or 'nothing'}", flush=True)

    _run(Runner(known, made, noticed, CACHE, workers, examples=False))


def _move(found: dict[str, Any], mutant: Mutant, test: str) -> None:
    """Count among the noticed what was among the survivors of a function."""
    found["survivors"].remove(_place(mutant))
    counts = Counter(found["counts"])
    counts[_kind(mutant, "")] -= 1
    counts[_kind(mutant, test)] += 1
    found["counts"] = dict(sorted((+counts).items()))


def _place(mutant: Mutant) -> dict[str, Any]:
    """Describe a mutant as the report does."""
    return {"before": mutant.before, "after": mutant.after, "occurrence": mutant.occurrence}


def _run(runner: Runner) -> None:
    """Run mutants within pytest, on all tests that ask something of the package."""
    ignored = [f"--ignore={path}" for path in LEFT_OUT]
    pytest.main([*OPTIONS, *TESTS, *ignored], plugins=[runner])
    if runner.error is not None:
        raise runner.error


def entry(function: Function, tests: list[tuple[Mutant, str]]) -> dict[str, Any]:
    """Count what noticed the mutants of a function, and list those that nothing noticed."""
    counts = Counter(_kind(mutant, test) for mutant, test in tests)
    survivors = [_place(mutant) for mutant, test in tests if not test]
    return {
        "tree": function.tree,
        "measured": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "counts": dict(sorted(counts.items())),
        "survivors": sorted(survivors, key=lambda found: list(map(str, found.values()))),
    }


def _kind(mutant: Mutant, test: str) -> str:
    """Say what was altered, and what noticed it."""
    if mutant.is_message:  # the examples are not asked for these
        return "message_noticed" if test else "message_survived"
    return f"code_{stage(test) if test else 'survived'}"
