"""Running trials: those that are missing, those whose code has changed, one to look at."""

import hashlib
import importlib
import json
import multiprocessing
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Protocol

import numpy as np

import cnnbook
from scripts.figures import sources
from scripts.figures.common import Tolerances
from scripts.trials import store
from scripts.trials.store import Entry, Result, Setting

WEEK = 7 * 24 * 3600  # seconds


class Module(Protocol):
    """What the module of a figure defines beside ``compute`` and ``draw``."""

    TRIALS: list[Setting]
    trial: Callable[..., Result]
    allowed: Callable[[Setting], Tolerances]


def load(name: str) -> Module:
    """Import the module of a figure."""
    module: Any = importlib.import_module(f"{sources.PACKAGE}.{name}")
    return module


def todo(name: str) -> list[Setting]:
    """List the settings whose trials are missing or older than their code."""
    there, code = store.read(name), sources.trial_fingerprint(name)
    done = {key for key, entry in there.items() if code in {entry.code, entry.alike}}
    return [setting for setting in load(name).TRIALS if store.key(setting) not in done]


def run(name: str, workers: int = 1, scheduler: str = "") -> None:
    """Run what is to be done, keep each result at once, and say how far it is.

    After a change of their code, one trial of each kind is run again, of a seed that nobody
    chooses. If all find what they found before, so would the others, which are kept; with the first
    that does not, all that is older is forgotten, to be run again.
    """
    store.keep_only(name, load(name).TRIALS)
    there = store.read(name)
    older = [setting for setting in todo(name) if store.key(setting) in there]
    if older and _run_and_keep(name, one_of_each_kind(name, older), workers, scheduler):
        store.confirm(name, older, sources.trial_fingerprint(name))
    _run_and_keep(name, todo(name), workers, scheduler)
    store.keep_only(name, load(name).TRIALS)


def one_of_each_kind(name: str, settings: list[Setting]) -> list[Setting]:
    """Choose, of settings that differ in the seed alone, one by the hash of the code."""
    code, chosen = sources.trial_fingerprint(name), dict[str, Setting]()
    for setting in sorted(settings, key=lambda setting: _drawn(code, setting)):
        kind = store.key({part: setting[part] for part in setting if part != "seed"})
        chosen.setdefault(kind, setting)
    return [setting for setting in settings if setting in chosen.values()]


def _drawn(code: str, setting: Setting) -> str:
    """Give a setting its place in an order that every code has of its own."""
    return hashlib.sha256((code + store.key(setting)).encode()).hexdigest()


def _run_and_keep(name: str, settings: list[Setting], workers: int, scheduler: str) -> bool:
    """Run trials and keep each at once; say whether all find what they found before."""
    there, agree, same = store.read(name), True, list[Entry]()
    for number, entry in enumerate(_run_all(name, settings, workers, scheduler), 1):
        older = there.get(store.key(entry.setting))
        if older and not differences(name, entry.setting, older.result, entry.result):
            same.append(older._replace(code=entry.code, alike=""))
        elif older and agree:
            agree = False
            store.forget_older(name, entry.code)
        store.add(name, entry)
        said = " ".join(map(str, entry.setting.values()))
        print(f"{name}: {number} of {len(settings)}: {said}: {entry.seconds} s", flush=True)
    for entry in same if agree else ():
        store.add(name, entry)  # the older result stays, so that files do
    return agree


def check(name: str, settings: list[Setting]) -> bool:
    """Run trials again and compare with what is kept; write nothing."""
    there, agrees = store.read(name), True
    for setting in settings:
        said = " ".join(map(str, setting.values()))
        if reason := lacks(name, setting):
            print(f"{name}: trial {said}: skipped, {reason}", flush=True)
            continue
        kept = there.get(store.key(setting))
        now = run_one(name, setting, code="").result
        found = ["not there"] if kept is None else differences(name, setting, kept.result, now)
        print(f"{name}: trial {said}: {', '.join(found) or 'ok'}", flush=True)
        agrees &= not found
    return agrees


def differences(name: str, setting: Setting, one: Result, other: Result) -> list[str]:
    """Say which entries of two results of a trial differ by more than is allowed."""
    allowed, found = load(name).allowed(setting), []
    for entry in sorted(one.keys() | other.keys() | allowed.keys()):
        if not (entry in one and entry in other and entry in allowed):
            found.append(f"{entry} is not in both results and the tolerances")
            continue
        a, b = (np.asarray(result[entry], float) for result in (one, other))
        if a.shape != b.shape or not (np.abs(a - b) <= allowed[entry]).all():
            found.append(f"{entry} DIFFERS")
    return found


def some(name: str) -> list[Setting]:
    """Choose the trials that a check runs: what is stale, and the one of this week."""
    stale, week = todo(name), int(time.time() // WEEK)
    settings = [setting for setting in load(name).TRIALS if not lacks(name, setting)]
    chosen = settings[week % len(settings)]
    return stale if chosen in stale else [*stale, chosen]


def lacks(name: str, setting: Setting) -> str:
    """Say what a trial needs that is not on this machine, if its module says so; or nothing."""
    says: Callable[[Setting], str] | None = getattr(load(name), "lacks", None)
    return says(setting) if says else ""


def run_one(name: str, setting: Setting, code: str) -> Entry:
    """Run a trial here."""
    start = time.process_time()  # which other work on the machine does not change
    result = json.loads(json.dumps(load(name).trial(**setting)))  # as it will be read
    seconds = round(time.process_time() - start, 1)
    return Entry(setting, result, seconds, code, versions=versions())


def versions() -> dict[str, str]:
    """Name what a trial is computed with, beside its code."""
    return {
        "cnnbook": cnnbook.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def _run_all(name: str, settings: list[Setting], workers: int, scheduler: str) -> Iterator[Entry]:
    """Run trials here, in several processes with one thread each, or on a scheduler's workers."""
    code = sources.trial_fingerprint(name)
    if scheduler:
        from scripts.trials import scheduled  # noqa: PLC0415 - it imports this

        yield from scheduled.run_all(name, settings, code, scheduler)
        return
    if workers == 1:
        yield from (run_one(name, setting, code) for setting in settings)
        return
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(library, "1")  # read when NumPy is imported there
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=end_with_parent) as pool:
        running = [pool.submit(run_one, name, setting, code) for setting in settings]
        yield from (done.result() for done in as_completed(running))


def end_with_parent() -> None:
    """Let this process end with the one that started it, however that ends."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
