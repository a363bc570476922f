"""Making figures and checking them: data in a file, their provenance, a drawing in each scheme."""

import importlib
import importlib.util
import io
import json
import platform
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import cnnbook
from book.seals import fingerprints
from cnnbook.files import replacing
from scripts.figures import FOLDER, sources
from scripts.figures.common import SCHEMES, Data, Tolerances
from scripts.figures.drawings import same_drawing, shortened
from scripts.trials import running, store


class Module(Protocol):
    """What the module of a figure defines."""

    compute: Callable[[], Data]
    draw: Callable[[Data, Mapping[str, str]], Figure]
    TOLERANCES: Tolerances


def load(name: str) -> Module:
    """Import the module of a figure."""
    module: Any = importlib.import_module(f"{sources.PACKAGE}.{name}")
    return module


def can_compute(name: str) -> bool:
    """Whether what the data of a figure need is installed; if not, say so."""
    needed = getattr(load(name), "NEEDS", None)
    there = needed is None or importlib.util.find_spec(needed) is not None
    if not there:
        print(f"{name}: not computed, {needed} is not installed")
    return there


def make(name: str) -> None:
    """Compute the data of a figure, draw them, and write both."""
    if not can_compute(name):
        return
    if sources.has_trials(name):
        running.run(name)
    module, start = load(name), time.perf_counter()
    data = _plain(module.compute())
    seconds = time.perf_counter() - start + store.seconds(name)
    provenance = {
        "script": f"scripts/figures/{name}.py",
        "seconds": round(seconds, 1),
        "machine": platform.machine(),
        "versions": {
            "cnnbook": cnnbook.__version__,
            "matplotlib": mpl.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    content = {"data": data, "tolerances": dict(module.TOLERANCES), "provenance": provenance}
    _write(name, content | {"sources": sources.fingerprints(name)})
    print(f"{name}: computed in {provenance['seconds']} s")


def check(name: str) -> bool:
    """Compute and draw a figure, compare with what is stored, write nothing.

    Of its trials those are run again whose code has changed, and the one of this week.
    """
    return (not can_compute(name) or _check_data(name)) & _check_drawings(name)


def check_all(name: str) -> bool:
    """Check a figure, and all its trials."""
    if not sources.has_trials(name) or not can_compute(name):
        return check(name)
    return running.check(name, running.load(name).TRIALS) & check(name)


def renew(name: str) -> bool:
    """Check a figure, and if all agrees, note that the code of today makes it."""
    if sources.has_trials(name) and can_compute(name):
        running.run(name)
    agrees = check(name)
    if agrees and can_compute(name):
        _write(name, stored(name) | {"sources": sources.fingerprints(name)})
    return agrees


def redraw(name: str) -> None:
    """Draw the stored data of a figure again, without computing them."""
    content = stored(name)
    noted = content.get("sources", {}) | {"draw": sources.fingerprints(name)["draw"]}
    _write(name, content | {"sources": noted})
    print(f"{name}: drawn")


def update(chosen: Iterable[str] | None = None) -> list[str]:
    """Bring figures up to date with their code, each by the least that has to be done.

    A figure whose computation or trials have changed is made again; one whose drawing has is drawn
    again; one of which only the code of the book has changed is checked, and made again if its
    data differ.

    Parameters
    ----------
    chosen : iterable of str or None
        Names of figures; if None, all.

    Returns
    -------
    list of str
        The names of the figures whose data or drawings are to be looked at.
    """
    changed = []
    for name, kinds in sources.changes(chosen).items():
        again = "compute" in kinds or "trials" in kinds
        if "draw" in kinds and not (again and can_compute(name)):
            redraw(name)
        if again or ("cnnbook" in kinds and not renew(name)):
            make(name)
            again = True
        changed += [name] if again or "draw" in kinds else []
    return changed


def stored(name: str) -> dict[str, Any]:
    """Read what is stored of a figure."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


def written(content: Mapping[str, Any]) -> str:
    """Write JSON with a line for each entry, and for each row of an array."""
    text = json.dumps(content, indent=1)
    rows = re.compile(r"\[\n\s*([^][{}\"]*?)\n\s*\]")
    return rows.sub(lambda row: f"[{' '.join(row[1].split())}]", text) + "\n"


def svg(figure: Figure, name: str) -> bytes:
    """Make an SVG without a date, so that the same data give the same bytes."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Title": name})
    plt.close(figure)
    return shortened(file.getvalue().decode()).encode()


def _plain(content: Mapping[str, Any]) -> Any:
    """Return content as it will be when it has been written and read."""
    return json.loads(json.dumps(content))


def _write(name: str, content: Mapping[str, Any]) -> None:
    """Draw data and write them; a drawing that would show the same stays as it is."""
    FOLDER.mkdir(exist_ok=True)
    for scheme, colours in SCHEMES.items():
        path = FOLDER / f"{name}-{scheme}.svg"
        drawn = svg(load(name).draw(content["data"], colours), name)
        if not path.exists() or not same_drawing(path.read_text(encoding="utf-8"), drawn.decode()):
            with replacing(path) as file:
                file.write(drawn)
    content = {key: entry for key, entry in content.items() if key != "sha256"}
    content["sha256"] = fingerprints(FOLDER, name, _plain(content))
    with replacing(FOLDER / f"{name}.json") as file:
        file.write(written(content).encode())


def _check_data(name: str) -> bool:
    """Compare data computed now with the data of the figure."""
    module, content = load(name), stored(name)
    was, tolerances = content["data"], module.TOLERANCES
    agrees = not sources.has_trials(name) or running.check(name, running.some(name))
    if content["tolerances"] != _plain(tolerances):
        print(f"{name}: the tolerances are not those of the script")
        agrees = False
    now = _plain(module.compute())
    for key in sorted(was.keys() | now.keys()):
        if key not in was or key not in now or key not in tolerances:
            print(f"{name}: {key}: not in the data, the script and the tolerances alike")
            agrees = False
            continue
        one, other, allowed = (np.asarray(s[key], float) for s in (was, now, tolerances))
        difference = np.abs(one - other) if one.shape == other.shape else np.array(np.inf)
        same = bool(np.all(difference <= allowed))
        largest = f"{difference.max(initial=0.0):.3g} of {allowed.max()}"
        print(f"{name}: {key}: largest difference {largest}: {'ok' if same else 'DIFFERS'}")
        agrees &= same
    return agrees


def _check_drawings(name: str) -> bool:
    """Draw the stored data again, and compare with what is shown."""
    agrees = True
    for scheme, colours in SCHEMES.items():
        shown = (FOLDER / f"{name}-{scheme}.svg").read_text(encoding="utf-8")
        drawn = svg(load(name).draw(stored(name)["data"], colours), name)
        same = same_drawing(shown, drawn.decode())
        print(f"{name}-{scheme}.svg: drawn again: {'ok' if same else 'DIFFERS'}")
        agrees &= same
    return agrees
