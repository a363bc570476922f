"""Which code a figure was made with, and which figures are older than theirs.

The hashes are kept in the JSON of a figure. ``compute`` and ``draw`` are of what these functions
of its module reach in ``scripts``; ``cnnbook`` is of what both reach there, and of the examples of
a page if the figure executes them. So whoever edits a label draws anew, and who edits a layer
computes the figures that use it, and nothing else.

A figure that is made of trials (`scripts.trials`) has ``trials`` besides: of what a trial reaches
in ``scripts``, and of all results that are kept.
"""

import doctest
import json
import re
from collections.abc import Iterable

from book.syntax import Name, Sources, fingerprint
from scripts.figures import FOLDER, ROOT
from scripts.trials import store

PACKAGE = "scripts.figures"
EXAMPLES = re.compile(r'^EXAMPLES = "(.+?)"', re.MULTILINE)
WHY = {
    "compute": "its module has changed since it was made",
    "trials": "its trials have changed, or the code of its module that runs them",
    "draw": "its module has changed since it was drawn",
    "cnnbook": "the code of the book that it runs has changed since it was checked",
}


def read() -> Sources:
    """Parse what figures are made of, each module when it is needed."""
    return Sources(ROOT, "scripts", "cnnbook")


def names(found: Sources | None = None) -> list[str]:
    """Return the names of all figures: of the modules that compute and draw."""
    found = found or read()
    modules = sorted(path.stem for path in (ROOT / "scripts" / "figures").glob("*.py"))
    return [m for m in modules if {"compute", "draw"} <= (found.top(f"{PACKAGE}.{m}") or {}).keys()]


def fingerprints(name: str, found: Sources | None = None) -> dict[str, str]:
    """Compute the hashes of the code of a figure, by the keys of ``WHY``."""
    found = found or read()
    module = f"{PACKAGE}.{name}"
    made: dict[str, list[Name]] = {
        "compute": [(module, "compute"), (module, "TOLERANCES"), *_examples(name, found)],
        "draw": [(module, "draw"), (f"{PACKAGE}.common", "SCHEMES")],
    }
    code: dict[str, list[str]] = {key: [] for key in (*made, "cnnbook")}
    if has_trials(name, found):
        made["trials"] = [(module, "trial"), *_examples(name, found)]
        code["trials"] = [store.seal(name)]
    for key, start in made.items():
        for reached, written in found.reached(*start).items():
            code[key if reached.startswith("scripts.") else "cnnbook"] += written
    return {key: fingerprint(written) for key, written in code.items()}


def with_trials(found: Sources | None = None) -> list[str]:
    """Return the names of the figures that are made of trials."""
    found = found or read()
    return [name for name in names(found) if has_trials(name, found)]


def has_trials(name: str, found: Sources | None = None) -> bool:
    """Whether a figure is made of trials: its module says how one is run."""
    found = found or read()
    return "trial" in (found.top(f"{PACKAGE}.{name}") or {})


def trial_fingerprint(name: str, found: Sources | None = None) -> str:
    """Compute the hash of all code that a trial of a figure runs."""
    found = found or read()
    reached = found.reached((f"{PACKAGE}.{name}", "trial"), *_examples(name, found))
    return fingerprint(line for written in reached.values() for line in written)


def _examples(name: str, found: Sources) -> list[Name]:
    """Take the page whose examples a figure executes, if there is one, for a module."""
    module = ROOT / "scripts" / "figures" / f"{name}.py"
    pages = EXAMPLES.findall(module.read_text(encoding="utf-8"))
    for page in pages:
        examples = doctest.DocTestParser().get_examples((ROOT / page).read_text(encoding="utf-8"))
        found.parse(page, "".join(example.source for example in examples))
    return [(page, "*") for page in pages]


def changes(chosen: Iterable[str] | None = None) -> dict[str, list[str]]:
    """Return, for each figure that is older than its code, which of the hashes differ."""
    found, result = read(), {}
    for name in chosen or names(found):
        path = FOLDER / f"{name}.json"
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        noted, now = content.get("sources", {}), fingerprints(name, found)
        if differing := [key for key in WHY if noted.get(key) != now.get(key)]:
            result[name] = differing
    return result


def stale(chosen: Iterable[str] | None = None) -> dict[str, str]:
    """Return, for each figure that is older than its code, a sentence that says in what."""
    return {name: WHY[kinds[0]] for name, kinds in changes(chosen).items()}
