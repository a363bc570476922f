"""A pytest plugin that collects the tests once and then runs mutants, each in a forked child.

A fork takes milliseconds where a new pytest takes seconds. A child puts one altered function in
its place and runs the tests that reach the altered line, the quick ones first, up to the first
that fails. The examples of pages and docstrings run before all others, unless only words of a
message are altered. So one run says which mutants of code the examples notice, and which only
the tests.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby, islice, zip_longest
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import Phase, settings

from scripts.mutation.mutants import Mutant
from scripts.mutation.records import ROOT, Function

STAGES = {"docs": "pages", "README": "pages", "cnnbook": "docstrings"}
PATIENCE = 10  # an altered function may take so many times as long as the right one


def stage(item: str) -> str:
    """Say whether a test is an example of a page or of a docstring, or another test."""
    return STAGES.get(re.split(r"\W", item, maxsplit=1)[0], "tests")


class Forks:
    """Works done in forked children, each with a temporary folder of its own."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.workers = folder, workers
        self.running: dict[int, Any] = {}

    def results(
        self, works: Iterable[tuple[Any, Callable[[Path], None]]]
    ) -> Iterator[tuple[Any, int, dict[str, Any]]]:
        """Do all works; yield the key of each, the child's status, and what it noted last."""
        for key, work in works:
            while len(self.running) == self.workers:
                yield self._next()
            self.running[self._start(work)] = key
        while self.running:
            yield self._next()

    def _start(self, work: Callable[[Path], None]) -> int:
        child = os.fork()
        if child:
            return child
        folder = self.folder / str(os.getpid())
        status = 1
        try:
            os.setsid()
            folder.mkdir()
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            work(folder)
            status = 0
        except BaseException:  # of this file, not of a test
            (folder / "error.txt").write_text(traceback.format_exc())
            raise
        finally:
            os._exit(status)

    def _next(self) -> tuple[Any, int, dict[str, Any]]:
        child, status = os.wait()
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what it may have started
        folder = self.folder / str(child)
        error, notes = folder / "error.txt", folder / "notes.json"
        if error.exists():
            raise RuntimeError(error.read_text())
        found = json.loads(notes.read_text()) if notes.exists() else {}
        shutil.rmtree(folder, ignore_errors=True)
        return self.running.pop(child), status, found


def note(folder: Path, found: dict[str, Any]) -> None:
    """Leave a note for the parent, which also finds it when the child is killed."""
    (folder / "notes.part").write_text(json.dumps(found))
    (folder / "notes.part").replace(folder / "notes.json")


class Runner:
    """The plugin. It says of each mutant which test noticed it: none, if the name is empty."""

    def __init__(
        self,
        known: dict[str, Function],
        mutants: list[Mutant],
        noticed: Callable[[Mutant, str], None],
        cache: Path,
        workers: int,
        *,
        examples: bool = True,
    ) -> None:
        self.known, self.mutants, self.noticed = known, mutants, noticed
        self.cache, self.workers, self.examples = cache, workers, examples
        self.coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[str(ROOT / "cnnbook" / "*")]
        )
        self.context = ""  # the test that is being watched
        self.error: RuntimeError | None = None
        self.failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test failed."""
        self.failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the mutants instead of the tests."""
        folder = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        self.session, self.forks = session, Forks(folder, self.workers)
        self.items = {item.nodeid: item for item in session.items}
        try:
            self.watch()
            self.run()
        except RuntimeError as error:
            self.error = error
        return True

    def watch(self) -> None:
        """Note of each test how long it takes and which lines it reaches.

        What is known of a test holds until its file changes, or a function that it reaches.
        """
        cached = json.loads(self.cache.read_text()) if self.cache.exists() else {}
        trees = {name: function.tree for name, function in self.known.items()}
        changed = {
            name for name, tree in cached.get("trees", {}).items() if trees.get(name) != tree
        }
        digests = {path: _digest(path) for path in {item.path for item in self.items.values()}}
        fresh = {
            name: entry
            for name, entry in cached.get("tests", {}).items()
            if name in self.items
            and entry["file"] == digests[self.items[name].path]
            and changed.isdisjoint(entry["reached"])
        }
        todo = [item for name, item in self.items.items() if name not in fresh]
        works = (
            (path, self._watching(part, digests[path]))
            for path, items in groupby(todo, lambda item: item.path)
            for part in batched(items)
        )
        for path, status, found in self.forks.results(works):
            if status:
                message = f"{path}: watching these tests came to no end"
                raise RuntimeError(message)
            fresh |= found
        _add_elsewhere(fresh)
        for name, entry in fresh.items():
            if not entry["passes"]:
                print(f"{name}: left out, because it fails as it is", flush=True)
        self.cache.parent.mkdir(exist_ok=True)
        self.cache.write_text(json.dumps({"trees": trees, "tests": fresh}))
        self.watched = fresh

    def _watching(self, items: list[pytest.Item], digest: str) -> Callable[[Path], None]:
        def work(folder: Path) -> None:
            self._use(folder)
            started: list[str] = []
            sys.addaudithook(
                lambda event, _: started.append(event) if event == "subprocess.Popen" else None
            )
            self.coverage.start()
            found: dict[str, Any] = {}
            for item, following in zip_longest(items, items[1:]):
                self.context = item.nodeid
                self.coverage.switch_context(item.nodeid)
                self.failed = False
                started.clear()
                start = _clock()
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                found[item.nodeid] = {
                    "file": digest,
                    "seconds": round(_clock() - start, 3),
                    "passes": not self.failed,
                    "elsewhere": bool(started),
                    "reached": {},
                }
            self.coverage.stop()
            self._add_reached(found)
            note(folder, found)

        return work

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Let what several tests share count for each of them, not only for the first."""
        if self.context and fixturedef.scope != "function":
            self.coverage.switch_context("")
        try:
            return (yield)
        finally:
            if self.context:
                self.coverage.switch_context(self.context)

    def _add_reached(self, found: dict[str, Any]) -> None:
        """Add to each of the tests the lines that it reached, by their functions."""
        with warnings.catch_warnings(action="ignore"):  # a page may reach nothing
            data = self.coverage.get_data()
        for function in self.known.values():
            rows = data.contexts_by_lineno(str(function.path))
            for line in function.lines:
                hits = {
                    test for row in range(line.first, line.last + 1) for test in rows.get(row, ())
                }
                for test in found if "" in hits else hits:
                    found[test]["reached"].setdefault(function.name, []).append(line.text)

    def run(self) -> None:
        """Run each mutant, and note the first test that fails, or came to no end."""
        works = ((mutant, self._trying(mutant)) for mutant in self.mutants)
        for mutant, status, found in self.forks.results(works):
            self.noticed(mutant, found["test"] if status else "")

    def _trying(self, mutant: Mutant) -> Callable[[Path], None]:
        def work(folder: Path) -> None:
            self._use(folder)
            mutant.put_in_place()
            chosen = self._chosen(mutant)
            for item, following in zip_longest(chosen, chosen[1:]):
                note(folder, {"test": item.nodeid})
                entry = self.watched[item.nodeid]
                if entry["elsewhere"]:
                    _overlay(folder / "overlay", mutant)
                _limit(2 + PATIENCE * entry["seconds"])
                self.failed = False
                try:
                    item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                except (NotImplementedError, Warning):  # it fails as if on another system
                    self.failed = True
                if self.failed:
                    os._exit(1)

        return work

    def _chosen(self, mutant: Mutant) -> list[pytest.Item]:
        """List the tests for a mutant in the order in which to run them."""
        name, line = mutant.function.name, mutant.before
        usable = {
            test: entry
            for test, entry in self.watched.items()
            if entry["passes"] and (self.examples or stage(test) == "tests")
        }
        reaching = {test for test, entry in usable.items() if name in entry["reached"]}
        own = f"test_{name.split('.')[1]}.py"
        exact = {
            test
            for test in reaching
            if line in usable[test]["reached"][name] or (usable[test]["elsewhere"] and own in test)
        }
        # Which lines another process reaches is not seen: a module's own tests may reach any.
        # A line that no test is known to reach is a new one, or the head of a function.
        last = "" if mutant.is_message else "tests"
        order = sorted(
            exact or reaching, key=lambda test: (stage(test) == last, usable[test]["seconds"])
        )
        return [self.items[test] for test in order]

    def _use(self, folder: Path) -> None:
        """Let temporary files lie in a folder; do not look for smaller examples."""
        self.session.config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
        settings.register_profile(
            "mutants", settings.default, phases=[Phase.explicit, Phase.generate]
        )
        settings.load_profile("mutants")


def batched(items: Iterable[pytest.Item]) -> Iterator[list[pytest.Item]]:
    """Deal tests out by twenty, so that a long file does not keep one child busy at the end."""
    rest = iter(items)
    while some := list(islice(rest, 20)):
        yield some


def _add_elsewhere(watched: dict[str, Any]) -> None:
    """Let a test that starts another process reach what others of its file do in this one."""
    files: dict[str, dict[str, set[str]]] = {}
    for test, entry in watched.items():
        reached = files.setdefault(test.split("::")[0], {})
        for function, lines in entry["reached"].items():
            reached.setdefault(function, set()).update(lines)
    for test, entry in watched.items():
        if entry["elsewhere"]:
            reached = files[test.split("::")[0]]
            entry["reached"] = {name: sorted(lines) for name, lines in reached.items()}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _clock() -> float:
    """Return the seconds that this process and those it has started have computed."""
    return sum(os.times()[:4])


def _limit(seconds: float) -> None:
    """Let the system end this process if it computes, or waits, for much longer than usual."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 60 + 10 * seconds)


def _overlay(folder: Path, mutant: Mutant) -> None:
    """Let processes that a test starts import the altered module too."""
    if folder.exists():
        return
    for path in (ROOT / "cnnbook").rglob("*"):
        there = folder / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        if path == mutant.function.path:
            there.write_text(mutant.source(), encoding="utf-8")
        else:
            there.symlink_to(path)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    os.environ["PYTHONSAFEPATH"] = "1"  # the working folder is not looked at first
