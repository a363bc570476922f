"""One table of pixels, and its three sums: along a row, a column, an anti-diagonal."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from cnnbook.layers import conv2d, conv2d_input_gradient, conv2d_kernel_gradient
from scripts.figures.common import Data, prepare, within

X, K, G = [1, 2, 3, 4, 5], [1, 10, 100], [1, 0, 2]
PICKED = 2  # the row, the column and the pixel that are marked
SAID = {
    "y": ("row {}: the forward pass", "x", "k", "{y}_{}"),
    "k": ("column {}: the kernel gradient", "g", "x", r"\partial S/\partial k_{}"),
    "x": ("anti-diagonal {}: the input gradient", "g", "k", r"\partial S/\partial x_{}"),
}


def compute() -> Data:
    """Fill the table, and take its sums by the code of the layer."""
    x, k, g = (np.array(row, float).reshape(1, 1, 1, -1) for row in (X, K, G))
    windows = np.lib.stride_tricks.sliding_window_view(x.ravel(), len(K))
    return {
        "x": X,
        "k": K,
        "g": G,
        "size": list(windows.shape),
        "table": windows.astype(int).tolist(),
        "rows": conv2d(x, k, np.zeros(1)).ravel().tolist(),
        "columns": conv2d_kernel_gradient(x, g, (1, len(K))).ravel().tolist(),
        "anti_diagonals": conv2d_input_gradient(g, k, (1, len(X))).ravel().tolist(),
        "picked": PICKED,
    }


def terms(data: Data, which: str) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """List the pairs of factors along the marked row, column or anti-diagonal."""
    at = data["picked"]
    cells = {
        "y": [(at, u) for u in range(len(data["k"]))],
        "k": [(i, at) for i in range(len(data["g"]))],
        "x": [(i, at - i) for i in range(len(data["g"])) if 0 <= at - i < len(data["k"])],
    }[which]
    places = [{"g": i, "k": u, "x": i + u} for i, u in cells]
    _, first, second, _ = SAID[which]
    return [((first, place[first]), (second, place[second])) for place in places]


def written(data: Data, which: str, total: float) -> tuple[str, str, str]:
    """Say which sum it is, then its factors, then their values and the total."""
    words, _, _, name = SAID[which]
    at = data["picked"]
    pairs = terms(data, which)
    letters = " + ".join(f"{a}_{i} {b}_{u}" for (a, i), (b, u) in pairs)
    values = " + ".join(rf"{data[a][i]} \cdot {data[b][u]}" for (a, i), (b, u) in pairs)
    sign = name.replace("{y}", "y").replace("{}", str(at))
    return words.format(at), f"${sign} = {letters}$", f"$= {values} = {total:.0f}$"


def frame(axes: Any, colour: str, style: str, box: tuple[float, ...]) -> None:
    """Mark cells by a frame: left, top, width, height."""
    left, top, width, height = box
    axes.add_patch(
        FancyBboxPatch(
            (left, top),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.16",
            fill=False,
            edgecolor=colour,
            linestyle=style,
            linewidth=1.8,
        )
    )


def draw_table(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw the pixels in their cells, the weights and entries before them, the sums after."""
    ground = {"facecolor": colours["paper"], "edgecolor": "none", "pad": 1}  # the arrow stops at it

    def put(row: float, column: float, words: str, colour: str, size: float = 12) -> None:
        style = {"ha": "center", "va": "center", "color": colour, "fontsize": size}
        axes.text(column, row, words, bbox=ground, **style)

    for i, row in enumerate(data["table"]):
        for u, pixel in enumerate(row):
            put(i - 0.1, u, str(pixel), colours["ink"], 14)
            put(i + 0.25, u, f"$x_{i + u}$", colours["faint"], 10)
        put(i, -1.05, f"$g_{i} = {data['g'][i]}$", colours["ink"])
        put(i, 3.15, f"$y_{i} = {data['rows'][i]:.0f}$", colours["ink"])
    for u, entry in enumerate(data["k"]):
        put(-0.8, u, f"$k_{u} = {entry}$", colours["ink"], 11)
        put(2.95, u, f"{data['columns'][u]:.0f}", colours["ink"])
    put(2.95, -0.95, f"{data['anti_diagonals'][data['picked']]:.0f}", colours["ink"])
    for edge in np.arange(4) - 0.5:
        axes.plot([edge, edge], [-0.5, 2.5], color=colours["faint"], linewidth=0.6)
        axes.plot([-0.5, 2.5], [edge, edge], color=colours["faint"], linewidth=0.6)


def draw_marks(axes: Any, at: int, colours: Mapping[str, str]) -> None:
    """Frame a row, dash a column, and draw an arrow along an anti-diagonal."""
    frame(axes, colours["first"], "-", (-0.44, at - 0.44, 2.88, 0.88))
    frame(axes, colours["second"], "--", (at - 0.38, -0.44, 0.76, 2.88))
    axes.annotate(
        "",
        xy=(-0.72, at + 0.72),
        xytext=(at + 0.42, -0.42),
        zorder=1,  # under the numbers
        arrowprops={"arrowstyle": "-|>", "color": colours["ink"], "linewidth": 1.2},
    )


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the table, and write the three marked sums beside it."""
    figure, (axes, beside) = prepare(colours, width=6.6, height=2.9, rows=1, columns=2)
    draw_table(axes, data, colours)
    draw_marks(axes, data["picked"], colours)
    axes.set(xlim=(-1.6, 3.75), ylim=(3.3, -1.2), aspect="equal")
    totals = {"y": "rows", "k": "columns", "x": "anti_diagonals"}
    inks = {"y": "first", "k": "second", "x": "ink"}
    for place, (which, sums) in enumerate(totals.items()):
        lines = written(data, which, data[sums][data["picked"]])
        for down, (line, ink) in enumerate(zip(lines, (inks[which], "ink", "ink"), strict=True)):
            beside.text(0, -1.15 * place - 0.32 * down, line, fontsize=12, color=colours[ink])
    beside.set(xlim=(0, 1), ylim=(-3.2, 0.4))
    for panel in (axes, beside):
        panel.axis("off")
    return figure


TOLERANCES = within(0, "x k g size table rows columns anti_diagonals picked")
