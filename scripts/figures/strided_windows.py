"""How many windows cover each pixel at other strides: the shares of ones, collected."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from cnnbook.layers.geometry import Geometry, collect, output_size
from scripts.figures.common import Data, prepare, within

IMAGE = (8, 7)
KERNELS, STRIDES = [3, 3, 2, 4], [1, 2, 2, 3]  # the settings, side by side
PADDINGS = [0, 1]


def collected(size: int, stride: int, padding: int) -> tuple[tuple[int, int], np.ndarray]:
    """Count the windows, and let every one of them give a 1 to each pixel under it."""
    outputs = output_size(IMAGE, size, stride=stride, padding=padding)
    ones = np.ones((1, size * size, outputs[0] * outputs[1]))
    geometry = Geometry((size, size), (stride, stride), (padding, padding))
    return outputs, collect(ones, (1, 1, *IMAGE), geometry)[0, 0]


def by_formula(size: int, stride: int, padding: int) -> np.ndarray:
    """Count from the first window that covers a pixel to the last, down and across."""

    def along(length: int) -> np.ndarray:
        place = np.arange(length) + padding  # in the padded image
        windows = (length + 2 * padding - size) // stride + 1
        last = np.minimum(place // stride, windows - 1)
        first = np.maximum(-((size - 1 - place) // stride), 0)  # the ceiling of a quotient
        return np.maximum(last - first + 1, 0)

    return np.outer(along(IMAGE[0]), along(IMAGE[1]))


def compute() -> Data:
    """Count by the code of the layer, and compare with the formula."""
    cases = [
        [(size, stride, padding) for size, stride in zip(KERNELS, STRIDES, strict=True)]
        for padding in PADDINGS
    ]
    found = [[collected(*case) for case in row] for row in cases]
    counts = np.array([[count for _, count in row] for row in found])
    expected = np.array([[by_formula(*case) for case in row] for row in cases])
    return {
        "image_size": list(IMAGE),
        "kernels": KERNELS,
        "strides": STRIDES,
        "paddings": PADDINGS,
        "output_sizes": [[outputs for outputs, _ in row] for row in found],
        "counts": counts.tolist(),
        "untouched_rows": (counts.max(axis=3) == 0).sum(axis=2).tolist(),
        "untouched_columns": (counts.max(axis=2) == 0).sum(axis=2).tolist(),
        "differing_from_formula": int((counts != expected).sum()),
    }


def draw_counts(axes: Any, counts: np.ndarray, colours: Mapping[str, str]) -> None:
    """Draw the counts as shades with their numbers; strike out what no window touches."""
    scale = LinearSegmentedColormap.from_list("count", [colours["paper"], colours["first"]])
    most = max(counts.max(), 4)
    axes.imshow(counts, cmap=scale, vmin=0, vmax=1.3 * most)
    for (p, q), count in np.ndenumerate(counts):
        ink = colours["paper"] if count > 0.7 * most else colours["ink"]
        if count == 0:
            ink = colours["second"]
            axes.plot([q - 0.4, q + 0.4], [p + 0.4, p - 0.4], color=ink, linewidth=0.7)
        axes.text(q, p, f"{count:.0f}", ha="center", va="center", fontsize=11, color=ink)
    axes.set(xticks=[], yticks=[])
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set(visible=True, color=colours["faint"], linewidth=0.6)


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the counts of all settings: without padding above, with padding below."""
    figure, rows = prepare(colours, width=6.6, height=4.3, rows=2, columns=len(data["kernels"]))
    for panels, counts, padding in zip(rows, data["counts"], data["paddings"], strict=True):
        settings = zip(panels, counts, data["kernels"], data["strides"], strict=True)
        for axes, count, size, stride in settings:
            draw_counts(axes, np.asarray(count), colours)
            title = f"$K = {size}$, $S = {stride}$, $P = {padding}$"
            axes.set_title(title, fontsize=11)
    return figure


TOLERANCES = within(
    0,
    "image_size kernels strides paddings output_sizes counts untouched_rows untouched_columns",
    "differing_from_formula",
)
