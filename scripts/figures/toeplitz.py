"""The matrix of a cross-correlation, made by applying it to every unit image."""

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from cnnbook.correlation import cross_correlate2d
from scripts.figures.common import Data, prepare, within

IMAGE, KERNEL = (4, 5), (2, 2)


def compute() -> Data:
    """Build the matrix of a kernel with the entries 1, 2, 3 and so on."""
    kernel = np.arange(1.0, 1 + KERNEL[0] * KERNEL[1]).reshape(KERNEL)
    units = np.eye(IMAGE[0] * IMAGE[1]).reshape(-1, *IMAGE)
    matrix = np.stack([cross_correlate2d(unit, kernel).ravel() for unit in units], axis=1)
    return {
        "matrix": matrix.tolist(),
        "image_size": list(IMAGE),
        "kernel_size": list(KERNEL),
        "rows": matrix.shape[0],
        "columns": matrix.shape[1],
        "different_values": len(np.unique(matrix)),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the matrix with one colour for each entry of the kernel."""
    figure, axes = prepare(colours, width=5.8, height=3.85, rows=1)
    matrix = np.asarray(data["matrix"])
    palette = [colours["paper"], colours["first"], colours["second"], "#2f8f5b", "#8a5cc7"]
    axes.imshow(matrix, cmap=ListedColormap(palette), vmin=-0.5, vmax=4.5)
    width, kernel_size = data["image_size"][1], data["kernel_size"]
    for (row, column), value in np.ndenumerate(matrix):
        if value:
            u, v = np.unravel_index(int(value) - 1, kernel_size)
            axes.text(
                column,
                row,
                f"$K_{{{u}{v}}}$",
                ha="center",
                va="center",
                fontsize=9.5,
                color=colours["paper"] if value < 3 else "#ffffff",
            )
    output_width = width - kernel_size[1] + 1
    for edge in range(0, matrix.shape[1] + 1, width):
        axes.axvline(edge - 0.5, color=colours["faint"], linewidth=1)
    for edge in range(0, matrix.shape[0] + 1, output_width):
        axes.axhline(edge - 0.5, color=colours["faint"], linewidth=1)
    axes.set(xlabel="pixel (p, q), at pW + q", ylabel="output (i, j), at iW\N{PRIME} + j")
    axes.set_xticks(range(0, matrix.shape[1], width))
    axes.set_yticks(range(0, matrix.shape[0], output_width))
    return figure


TOLERANCES = within(0, "matrix image_size kernel_size rows columns different_values")
