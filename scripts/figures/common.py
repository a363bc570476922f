"""What every figure script needs: its data in a file, its provenance, two colour schemes, a check.

A script computes data (by really training), and draws from nothing else. ``--check`` computes
again and compares with the data in ``docs/figures``, within the script's tolerances, and draws
the stored data again and compares the drawings.
"""

import argparse
import io
import json
import platform
import re
import runpy
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

import cnnbook
from book.seals import fingerprints
from cnnbook.files import replacing
from scripts.figures.drawings import same_drawing

FOLDER = Path(__file__).parents[2] / "docs" / "figures"

# The same hues twice, each legible on its own paper.
SCHEMES = {
    "light": {
        "ink": "#1f2933",
        "paper": "#ffffff",
        "faint": "#6b7080",
        "first": "#2f49b0",
        "second": "#a8420d",
    },
    "dark": {
        "ink": "#e3e6ee",
        "paper": "#1b1e29",
        "faint": "#a3a9b8",
        "first": "#9db2ff",
        "second": "#ffab7a",
    },
}

Data = dict[str, Any]
Tolerances = dict[str, Any]  # a number, or one for each number of the entry
Draw = Callable[[Data, Mapping[str, str]], Figure]


def main(name: str, compute: Callable[[], Data], draw: Draw, tolerances: Tolerances) -> int:
    """Make a figure, or check it.

    Parameters
    ----------
    name : str
        The figure's name; ``docs/figures/NAME.json`` and ``NAME-light.svg``, ``NAME-dark.svg``.
    compute : callable
        Returns the data, lists of numbers by name.
    draw : callable
        Draws the data in the colours of a scheme.
    tolerances : dict of str to float or list of float
        For each entry of the data, the largest absolute difference that a check allows. On five
        kinds of processors, emulated, the losses of a training differed by 1e-7 and counts not
        at all; losses may differ by a thousand times that, and most counts by 1.

    Returns
    -------
    int
        0, or 1 if a check found a difference.
    """
    parser = argparse.ArgumentParser(description=f"Make the figure {name}.")
    parser.add_argument(
        "--check", action="store_true", help="compute again, compare, write nothing"
    )
    options = parser.parse_args()
    start = time.perf_counter()
    data = json.loads(json.dumps(compute()))
    if options.check:
        return max(_check(name, data, tolerances), _check_drawings(name, draw))
    provenance = {
        "script": f"scripts/figures/{name}.py",
        "seconds": round(time.perf_counter() - start, 1),
        "machine": platform.machine(),
        "versions": {
            "cnnbook": cnnbook.__version__,
            "matplotlib": mpl.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    content = {"data": data, "tolerances": dict(tolerances), "provenance": provenance}
    FOLDER.mkdir(exist_ok=True)
    for scheme, colours in SCHEMES.items():
        with replacing(FOLDER / f"{name}-{scheme}.svg") as file:
            file.write(_svg(draw(data, colours), name))
    content["sha256"] = fingerprints(FOLDER, name, json.loads(json.dumps(content)))
    with replacing(FOLDER / f"{name}.json") as file:
        file.write(written(content).encode())
    print(f"{name}: computed in {provenance['seconds']} s")
    return 0


def prepare(
    colours: Mapping[str, str], width: float, height: float, rows: int, columns: int = 1
) -> tuple[Any, Any]:
    """Open a figure with axes in rows and columns, in the colours of a scheme."""
    style: Any = {
        "font.size": 11,
        "axes.edgecolor": colours["faint"],
        "axes.labelcolor": colours["ink"],
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": colours["ink"],
        "axes.titlelocation": "left",
        "axes.titlesize": 11.5,
        "text.color": colours["ink"],
        "xtick.color": colours["ink"],
        "ytick.color": colours["ink"],
        "svg.fonttype": "path",
        "svg.hashsalt": "cnnbook",
    }
    mpl.rcParams.update(style)
    return plt.subplots(rows, columns, figsize=(width, height), layout="constrained")


def diverging(colours: Mapping[str, str]) -> LinearSegmentedColormap:
    """Return a scale from the second colour through the paper, for zero, to the first."""
    steps = [colours["second"], colours["paper"], colours["first"]]
    return LinearSegmentedColormap.from_list("diverging", steps)


def show_array(axes: Any, values: Any, colours: Mapping[str, str], *, signed: bool = True) -> None:
    """Draw an array as a picture of squares: signed around zero, or from black to white."""
    array = np.asarray(values, float)
    if signed:
        limit = max(np.abs(array).max(), 1e-12)
        axes.imshow(array, cmap=diverging(colours), vmin=-limit, vmax=limit)
    else:
        axes.imshow(array, cmap="gray", vmin=0)
    axes.set(xticks=[], yticks=[])
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set(visible=True, color=colours["faint"], linewidth=0.6)


def written(content: Data) -> str:
    """Write JSON with a line for each entry, and for each row of an array."""
    text = json.dumps(content, indent=1)
    rows = re.compile(r"\[\n\s*([^][{}\"]*?)\n\s*\]")
    return rows.sub(lambda row: f"[{' '.join(row[1].split())}]", text) + "\n"


def _svg(figure: Figure, name: str) -> bytes:
    """Make an SVG without a date, so that the same data give the same bytes."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Title": name})
    plt.close(figure)
    return file.getvalue()


def _check(name: str, data: Data, tolerances: Tolerances) -> int:
    """Compare data computed now with the data of the figure."""
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    worst = int(stored["tolerances"] != tolerances)
    if worst:
        print(f"{name}: the tolerances are not those of the script")
    for key in sorted(stored["data"].keys() | data.keys()):
        if key not in stored["data"] or key not in data or key not in tolerances:
            print(f"{name}: {key}: not in the data, the script and the tolerances alike")
            worst = 1
            continue
        was, now, allowed = (np.asarray(s[key], float) for s in (stored["data"], data, tolerances))
        difference = np.abs(was - now) if was.shape == now.shape else np.array(np.inf)
        verdict = "ok" if np.all(difference <= allowed) else "DIFFERS"
        largest = f"{difference.max(initial=0.0):.3g} of {allowed.max()}"
        print(f"{name}: {key}: largest difference {largest}: {verdict}")
        worst = max(worst, int(verdict != "ok"))
    return worst


def _check_drawings(name: str, draw: Draw) -> int:
    """Draw the stored data again, and compare with what is shown."""
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    worst = 0
    for scheme, colours in SCHEMES.items():
        shown = (FOLDER / f"{name}-{scheme}.svg").read_text(encoding="utf-8")
        same = same_drawing(shown, _svg(draw(stored["data"], colours), name).decode())
        print(f"{name}-{scheme}.svg: drawn again: {'ok' if same else 'DIFFERS'}")
        worst = max(worst, int(not same))
    return worst


def run(arguments: list[str]) -> int:
    """Run the figures that are named, or all of them; ``--check`` is handed on."""
    options = [argument for argument in arguments if argument.startswith("-")]
    modules = {"__init__", "__main__", "common", "drawings", "learned", "training"}
    every = {path.stem for path in Path(__file__).parent.glob("*.py")} - modules
    names = [argument for argument in arguments if argument not in options] or sorted(every)
    if unknown := set(names) - every:
        raise SystemExit(
            f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(sorted(every))}"
        )
    worst = 0
    for name in names:
        sys.argv[1:] = options
        try:
            runpy.run_module(f"scripts.figures.{name}", run_name="__main__", alter_sys=True)
        except SystemExit as stop:
            worst = max(worst, int(stop.code or 0))
    return worst
