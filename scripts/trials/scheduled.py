"""Running trials on the workers of a Dask scheduler, which may be on other machines."""

import functools
import importlib
from collections.abc import Iterator
from typing import Any

from scripts.figures import sources
from scripts.trials import running
from scripts.trials.store import Entry, Setting


def run_all(name: str, settings: list[Setting], code: str, address: str) -> Iterator[Entry]:
    """Run trials on the workers of a scheduler, and give each entry as soon as it is there.

    What a worker had begun when it was lost, another begins again. Every worker needs this
    repository as it is here: one that has other code is refused by name.
    """
    distributed: Any = importlib.import_module("distributed")  # an extra
    with distributed.Client(address) as client:
        tasks = [client.submit(run_there, name, each, code, pure=False) for each in settings]
        for done in distributed.as_completed(tasks):
            yield done.result()


def run_there(name: str, setting: Setting, code: str) -> Entry:
    """Run a trial on a worker, if that has the code which is asked for."""
    if (here := its_code(name)) != code:
        raise RuntimeError(f"{name}: expected a worker with the code {code}; got one with {here}")
    return running.run_one(name, setting, code)


@functools.cache
def its_code(name: str) -> str:
    """Compute the hash of what a worker would run, once."""
    return sources.trial_fingerprint(name)
