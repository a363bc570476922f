"""Where results of trials are kept: a line of JSON for each, written as soon as it is there."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cnnbook.files import remove_incomplete, replacing
from cnnbook.locks import holding
from scripts.trials import FOLDER

Setting = dict[str, Any]  # what a trial is called with
Result = dict[str, Any]


class Entry(NamedTuple):
    """A trial that has been run."""

    setting: Setting
    result: Result
    seconds: float  # of a processor
    code: str  # the hash of what it was run with
    alike: str = ""  # of later code, with which a trial of each kind found the same again
    versions: dict[str, str] | None = None  # what it was computed with; older lines have none


def path(name: str) -> Path:
    """Return the file with the trials of a figure."""
    return FOLDER / f"{name}.jsonl"


def key(setting: Setting) -> str:
    """Write a setting, whatever the order of its parts."""
    return json.dumps(setting, sort_keys=True)


def read(name: str) -> dict[str, Entry]:
    """Return the trials of a figure that have been run, by the keys of their settings."""
    if not path(name).exists():
        return {}
    lines = path(name).read_text(encoding="utf-8").splitlines()
    entries = [Entry(**json.loads(line)) for line in lines]
    return {key(entry.setting): entry for entry in entries}


def add(name: str, entry: Entry) -> None:
    """Keep a trial in the place of an older one with its setting, if there is one."""
    with _alone():
        _write(name, (read(name) | {key(entry.setting): entry}).values())


def keep_only(name: str, settings: Iterable[Setting]) -> None:
    """Forget the trials with other settings, and order those that stay."""
    with _alone():
        there = read(name)
        keys = [key(setting) for setting in settings]
        _write(name, [there[k] for k in keys if k in there])


def confirm(name: str, settings: Iterable[Setting], code: str) -> None:
    """Note that code which trials were not run with finds what they found."""
    with _alone():
        there, keys = read(name), {key(setting) for setting in settings}
        for k in keys & there.keys():
            if there[k].code != code:
                there[k] = there[k]._replace(alike=code)
        _write(name, there.values())


def forget_older(name: str, code: str) -> None:
    """Forget the trials that were run with other code than this."""
    with _alone():
        _write(name, [entry for entry in read(name).values() if entry.code == code])


def results(name: str, settings: Iterable[Setting]) -> list[Result]:
    """Return what trials have found, in the order of their settings.

    Raises
    ------
    KeyError
        If one of them has not been run.
    """
    there = read(name)
    return [there[key(setting)].result for setting in settings]


def seconds(name: str) -> float:
    """Add up how long the trials of a figure took, none if it has none."""
    return sum(entry.seconds for entry in read(name).values())


def seal(name: str) -> str:
    """Compute a hash of what all trials of a figure have found."""
    found = {setting: entry.result for setting, entry in read(name).items()}
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until nobody else writes trials, which takes them an instant."""
    FOLDER.mkdir(exist_ok=True)
    while True:
        try:
            with holding(FOLDER):
                remove_incomplete(FOLDER)
                yield
            return
        except BlockingIOError:
            time.sleep(0.02)


def _write(name: str, entries: Iterable[Entry]) -> None:
    """Write the file of a figure: the old content or the new, never a part."""
    with replacing(path(name)) as file:
        file.writelines(f"{_line(entry)}\n".encode() for entry in entries)


def _line(entry: Entry) -> str:
    """Write an entry; whether it was confirmed, and with what it was computed, where that is so."""
    empty = {"alike": "", "versions": None}
    return json.dumps({k: v for k, v in entry._asdict().items() if k not in empty or v})
