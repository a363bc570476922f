"""A pytest plugin that runs mutmut's mutants: collect once, then one forked child for each mutant.

mutmut starts pytest anew for every mutant, which takes seconds; a fork takes none. A child runs
the tests that reached the mutated function, the examples of pages and docstrings before the
others, the quick ones first, and stops at the first failure. So one run says which mutants the
examples notice, and which only the tests.

Functions that mutmut has wrapped are strangers to doctest, which would leave their examples out
and run those of every copy instead; the first lines put that right.
"""

import doctest
import json
import os
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

RESULTS, STATS = (Path(os.environ[name]) for name in ("MUTANT_RESULTS", "MUTANT_STATS"))
STAGES = {"docs": "pages", "README.md": "pages", "cnnbook": "docstrings"}
SECONDS = float(os.environ.get("MUTANT_SECONDS", "10"))  # no test that takes longer is run
NAMES = os.environ.get("MUTANT_NAMES")  # a file with the mutants to run, one a line; or all
# Tests of other processes, in which mutants run that no record of calls sees.
ELSEWHERE = {
    "test_the_module_runs": ("cnnbook.cli", "cnnbook.runs", "cnnbook.data"),
    "test_killed_at_random_moments": ("cnnbook.runs", "cnnbook.files"),
    "test_download.py": ("cnnbook.download", "cnnbook.mnist", "cnnbook.files"),
}

_from_module = doctest.DocTestFinder._from_module  # type: ignore[attr-defined]


def _own(self: Any, module: Any, found: Any) -> bool:
    """Let doctest see the function that was wrapped, and none of its copies."""
    if "__mutmut_" in getattr(found, "__name__", ""):
        return False
    return bool(_from_module(self, module, getattr(found, "__wrapped__", found)))


doctest.DocTestFinder._from_module = _own  # type: ignore[attr-defined]


def _stage(item: pytest.Item) -> str:
    return STAGES.get(item.nodeid.split("/")[0].split("::")[0], "tests")


def _forked(work: Callable[[], int], session: pytest.Session, number: int) -> int:
    """Do the work in a child with a temporary folder of its own; return its status."""
    factory: Any = session.config._tmp_path_factory  # type: ignore[attr-defined]
    folder = factory.getbasetemp() / f"child{number}"
    child = os.fork()
    if child == 0:
        code = 3
        try:
            os.setsid()
            folder.mkdir()
            factory._basetemp = folder
            code = work()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    return status


def _failed(item: pytest.Item, following: pytest.Item | None) -> bool:
    reports = runtestprotocol(item, nextitem=following, log=False)
    return any(report.failed for report in reports)


def _measure(items: list[pytest.Item]) -> int:
    """Note how long each test takes, and which functions it reaches."""
    set_mutant_under_test("stats")
    os.environ["MUTMUT_DEPENDENCY_DEPTH"] = "-1"
    with STATS.open("w") as out:
        for item, following in zip_longest(items, items[1:]):
            state()._stats.clear()
            start = time.perf_counter()
            _failed(item, following)
            entry = {"id": item.nodeid, "seconds": time.perf_counter() - start}
            out.write(json.dumps({**entry, "reached": sorted(state()._stats)}) + "\n")
    return 0


def _chosen(
    mutant: str, items: list[pytest.Item], seconds: dict[str, float], reached: dict[str, set[str]]
) -> list[pytest.Item]:
    """List the tests for a mutant in the order in which to run them."""
    function = mangled_name_from_mutant_name(mutant)
    found = set(reached[function])
    for item in items:
        for name, modules in ELSEWHERE.items():
            if name in item.nodeid and function.startswith(modules):
                found.add(item.nodeid)
        # What a module's fixture computes once, any of its tests may have reached.
        if item.nodeid.startswith(("tests/test_mnist.py", "tests/test_runs.py")) and any(
            other.split("::")[0] == item.nodeid.split("::")[0] for other in reached[function]
        ):
            found.add(item.nodeid)
    kept = [item for item in items if item.nodeid in found]
    kept = [item for item in kept if seconds.get(item.nodeid, 0) < SECONDS]
    return sorted(kept, key=lambda i: (_stage(i) == "tests", round(seconds.get(i.nodeid, 0), 1)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run the mutants instead of the tests."""
    items = session.items
    if not STATS.exists():
        _forked(lambda: _measure(items), session, 0)
    seconds: dict[str, float] = {}
    reached: dict[str, set[str]] = defaultdict(set)
    for line in STATS.read_text().splitlines():
        entry = json.loads(line)
        seconds[entry["id"]] = entry["seconds"]
        for function in entry["reached"]:
            reached[function].add(entry["id"])
    mutants: list[str] = []
    for path in sorted(Path("cnnbook").rglob("*.meta")):
        mutants += json.loads(path.read_text())["exit_code_by_key"]
    if NAMES:
        wanted = set(Path(NAMES).read_text().split())
        mutants = [mutant for mutant in mutants if mutant in wanted]
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    done = {json.loads(line)["mutant"] for line in lines}
    for number, mutant in enumerate(mutants, 1):
        if mutant in done:
            continue
        chosen = _chosen(mutant, items, seconds, reached)
        log = Path(session.config._tmp_path_factory.getbasetemp()) / f"log{number}"  # type: ignore[attr-defined]

        def work(mutant: str = mutant, chosen: list[Any] = chosen, log: Path = log) -> int:
            set_mutant_under_test(mutant)
            for item, following in zip_longest(chosen, chosen[1:]):
                log.write_text(json.dumps([item.nodeid, _stage(item)]))
                signal.setitimer(signal.ITIMER_REAL, 5 + 10 * seconds.get(item.nodeid, 1))
                if _failed(item, following):
                    return 1
                signal.setitimer(signal.ITIMER_REAL, 0)
            return 0

        status = _forked(work, session, number)
        test, stage = json.loads(log.read_text()) if log.exists() else ("", "")
        # A failed test, or one that came to no end. Where no test was run nothing was noticed.
        killed = status != 0 and stage != ""
        entry = {"mutant": mutant, "killed": killed, "stage": stage if killed else ""}
        with RESULTS.open("a") as out:
            out.write(json.dumps({**entry, "test": test if killed else ""}) + "\n")
        if number % 100 == 0:
            print(time.strftime("%H:%M"), number, "of", len(mutants), flush=True)
    return True
