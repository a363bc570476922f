"""What figures are drawn with: two colour schemes, a style, pictures of arrays."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

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
ANY = 1e12  # for times, which are the machine's as much as the code's: nothing is compared


def within(difference: float, *entries: str) -> Tolerances:
    """Allow a largest absolute difference for entries of the data, their names between spaces.

    On five kinds of processors, emulated, the losses of a run differed by 1e-7 and counts not
    at all; losses may differ by a thousand times that, and most counts by 1.
    """
    return dict.fromkeys(" ".join(entries).split(), difference)


def prepare(
    colours: Mapping[str, str], width: float, height: float, rows: int, columns: int = 1
) -> tuple[Any, Any]:
    """Open a figure with axes in rows and columns, in the colours of a scheme."""
    style: Any = {
        "font.family": "STIXGeneral",  # the face of the page, as Matplotlib has it
        "mathtext.fontset": "stix",
        "font.size": 12.5,
        "axes.edgecolor": colours["faint"],
        "axes.labelcolor": colours["ink"],
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": colours["ink"],
        "axes.titlelocation": "left",
        "axes.titlesize": 13,
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
