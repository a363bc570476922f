"""Max-pooling in numbers: the switch of every window, and the pixels where the gradient arrives."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from cnnbook.layers import max_pool2d, max_pool2d_input_gradient
from scripts.figures.common import Data, prepare, within

UPSTREAM = [[1, 2], [4, 8]]  # every sum of them is another number
CASES: dict[str, tuple[int, int, list[list[int]]]] = {  # pool size, stride, image
    "side": (2, 2, [[3, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8], [9, 7, 3, 2]]),
    "overlap": (
        3,
        2,
        [[2, 7, 1, 8, 2], [8, 1, 6, 2, 5], [4, 9, 3, 0, 4], [5, 2, 3, 5, 3], [6, 0, 2, 7, 8]],
    ),
    "ties": (2, 2, [[0, 0, 0, 6], [0, 0, 6, 5], [2, 7, 8, 8], [7, 7, 8, 8]]),
}
SAID = {"side": "side by side", "overlap": "overlapping", "ties": "ties"}
HEADS = ["image $x$, switches", "maxima $y$", "upstream $g$", r"gradient $\partial L/\partial x$"]
STYLES = [["-", "--"], [":", "-."]]  # of the frames of the windows


def pooled(size: int, stride: int, image: list[list[int]]) -> Data:
    """Pool one image; a switch is where an upstream gradient of a single 1 arrives."""
    x, g = (np.array(rows, float)[np.newaxis, np.newaxis] for rows in (image, UPSTREAM))
    y = max_pool2d(x, size, stride=stride)
    ones = np.eye(y.size).reshape(-1, 1, *y.shape[2:])
    repeated = np.repeat(x, y.size, axis=0)
    one_each = max_pool2d_input_gradient(repeated, ones, size, stride=stride)
    gradient = max_pool2d_input_gradient(x, g, size, stride=stride)
    corners = stride * np.argwhere(y[0, 0] == y[0, 0])
    windows = [x[0, 0, p : p + size, q : q + size] for p, q in corners]
    return {
        "pool_size": size,
        "stride": stride,
        "x": image,
        "y": y[0, 0].tolist(),
        "g": UPSTREAM,
        "switches": np.argwhere(one_each[:, 0])[:, 1:].tolist(),
        "largest_in_windows": [int((one == one.max()).sum()) for one in windows],
        "gradient": gradient[0, 0].tolist(),
        "windows_won_at_most": int(one_each.sum(axis=0).max()),
        "upstream_sum": g.sum(),
        "gradient_sum": gradient.sum(),
    }


def compute() -> Data:
    """Pool with windows side by side, with windows that overlap, and with ties."""
    return {
        f"{name}_{entry}": value
        for name, case in CASES.items()
        for entry, value in pooled(*case).items()
    }


def case_of(data: Data, name: str) -> Data:
    """Take the entries of one case out of the data."""
    return {key.removeprefix(f"{name}_"): data[key] for key in data if key.startswith(f"{name}_")}


def squares(data: Data) -> Iterator[tuple[int, int, str]]:
    """List the windows: the pixel where each begins, and the style of its frame."""
    for i, row in enumerate(STYLES):
        for j, style in enumerate(row):
            yield i * data["stride"], j * data["stride"], style


def draw_numbers(axes: Any, rows: list[list[float]], colours: Mapping[str, str]) -> None:
    """Draw an array as numbers in a grid."""
    height, width = np.shape(rows)
    for p, q in np.ndindex(height, width):
        axes.text(q, p, f"{rows[p][q]:.0f}", ha="center", va="center", color=colours["ink"])
    for edge in range(height + 1):
        axes.plot([-0.5, width - 0.5], [edge - 0.5] * 2, color=colours["faint"], linewidth=0.4)
    for edge in range(width + 1):
        axes.plot([edge - 0.5] * 2, [-0.5, height - 0.5], color=colours["faint"], linewidth=0.4)
    axes.set_aspect("equal")
    axes.axis("off")


def draw_windows(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Frame every window in its style, a little smaller than it is, so that all are seen."""
    side = data["pool_size"] - 0.24
    for p, q, style in squares(data):
        box = Rectangle((q - 0.38, p - 0.38), side, side, fill=False, linewidth=1.2)
        box.set(edgecolor=colours["first"], linestyle=style)
        axes.add_patch(box)


def draw_circles(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Circle the switches; a second circle is around a pixel that wins a second window."""
    seen: list[list[int]] = []
    for p, q in data["switches"]:
        radius = 0.3 + 0.1 * seen.count([p, q])
        circle = Circle((q, p), radius, fill=False, linewidth=1.3, edgecolor=colours["second"])
        axes.add_patch(circle)
        seen.append([p, q])


def draw_case(panels: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw forward and backward pass of one case from left to right."""
    image, maxima, upstream, gradient = panels
    side = len(data["x"])
    for axes, name in zip(panels, ("x", "y", "g", "gradient"), strict=True):
        draw_numbers(axes, data[name], colours)
    for axes in (maxima, upstream):  # cells as large as the pixels
        axes.set(xlim=(0.5 - side / 2, 0.5 + side / 2), ylim=(0.5 + side / 2, 0.5 - side / 2))
        for (i, j), style in np.ndenumerate(np.array(STYLES)):
            box = Rectangle((j - 0.38, i - 0.38), 0.76, 0.76, fill=False, linewidth=1.2)
            box.set(edgecolor=colours["first"], linestyle=style)
            axes.add_patch(box)
    for axes in (image, gradient):
        axes.set(xlim=(-0.6, side - 0.4), ylim=(side - 0.4, -0.6))
        draw_circles(axes, data, colours)
    draw_windows(image, data, colours)


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the three cases below each other."""
    figure, rows = prepare(colours, width=6.6, height=5.6, rows=3, columns=4)
    for panels, (name, words) in zip(rows, SAID.items(), strict=True):
        case = case_of(data, name)
        draw_case(panels, case, colours)
        setting = f"{words}: $K = {case['pool_size']}$, $S = {case['stride']}$"
        panels[0].set_title(setting, fontsize=12)
    for axes, words in zip(rows[-1], HEADS, strict=True):
        axes.text(0.5, -0.08, words, ha="center", va="top", transform=axes.transAxes, fontsize=11)
    return figure


ENTRIES = (
    "pool_size stride x y g switches largest_in_windows gradient windows_won_at_most "
    "upstream_sum gradient_sum"
)
TOLERANCES = within(0, " ".join(f"{name}_{entry}" for name in CASES for entry in ENTRIES.split()))
