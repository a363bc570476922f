"""Running trials: those that are missing, those whose code has changed, one to look at."""

import importlib
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Protocol

import numpy as np

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
    found = ((setting, there.get(store.key(setting))) for setting in load(name).TRIALS)
    return [setting for setting, entry in found if entry is None or entry.code != code]


def run(name: str, workers: int = 1) -> None:
    """Run what is to be done, keep each result at once, and say how far it is."""
    settings = todo(name)
    for number, entry in enumerate(_run_all(name, settings, workers), 1):
        store.add(name, _kept(name, entry))
        said = " ".join(map(str, entry.setting.values()))
        print(f"{name}: {number} of {len(settings)}: {said}: {entry.seconds} s", flush=True)
    store.keep_only(name, load(name).TRIALS)


def check(name: str, settings: list[Setting]) -> bool:
    """Run trials again and compare with what is kept; write nothing."""
    there, agrees = store.read(name), True
    for setting in settings:
        kept = there.get(store.key(setting))
        now = run_one(name, setting, code="").result
        found = ["not there"] if kept is None else differences(name, setting, kept.result, now)
        said = " ".join(map(str, setting.values()))
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
    settings = load(name).TRIALS
    chosen = settings[week % len(settings)]
    return stale if chosen in stale else [*stale, chosen]


def run_one(name: str, setting: Setting, code: str) -> Entry:
    """Run a trial here."""
    start = time.process_time()  # which other work on the machine does not change
    result = json.loads(json.dumps(load(name).trial(**setting)))  # as it will be read
    return Entry(setting, result, round(time.process_time() - start, 1), code)


def _run_all(name: str, settings: list[Setting], workers: int) -> Iterator[Entry]:
    """Run trials here, or in several processes with one thread each."""
    code = sources.trial_fingerprint(name)
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


def _kept(name: str, entry: Entry) -> Entry:
    """Keep the older result of a trial where the new one agrees, so that files stay."""
    older = store.read(name).get(store.key(entry.setting))
    if older and not differences(name, entry.setting, older.result, entry.result):
        return older._replace(code=entry.code)
    return entry
