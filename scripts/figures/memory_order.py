"""Where each number of a small stack of feature maps stands in the row, in two orders."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import Reshape
from scripts.figures.common import Data, prepare, within

SHAPE = (2, 3, 4)  # channels, rows, columns


def compute() -> Data:
    """Write positions into places: by the book's layer in rows, by NumPy in columns."""
    size = int(np.prod(SHAPE))
    layer = Reshape(SHAPE)
    by_rows = layer.forward(np.arange(float(size))[np.newaxis])[0]
    by_columns = np.arange(size).reshape(SHAPE, order="F")
    orders = {"by_rows": by_rows.astype(int).tolist(), "by_columns": by_columns.tolist()}
    return orders | {"shape": list(SHAPE), "size": size}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the maps of both orders with the position in the row in every square."""
    figure, rows = prepare(colours, width=6.6, height=4.1, rows=2, columns=2)
    titles = {"by_rows": "by rows", "by_columns": "by columns"}
    for pair, (name, title) in zip(rows, titles.items(), strict=True):
        for channel, axes in enumerate(pair):
            positions = np.array(data[name])[channel]
            axes.imshow(np.zeros(positions.shape), cmap="gray", alpha=0)
            for (p, q), k in np.ndenumerate(positions):
                weight = "bold" if k < 4 else "normal"
                colour = colours["second" if k < 4 else "ink"]
                axes.text(q, p, k, ha="center", va="center", color=colour, weight=weight)
            axes.set(xticks=range(4), yticks=range(3), title=f"{title}, map {channel}")
            axes.set_xticks(np.arange(0.5, 3.5), minor=True)
            axes.set_yticks(np.arange(0.5, 2.5), minor=True)
            axes.grid(which="minor", color=colours["faint"], linewidth=0.5)
            axes.tick_params(which="both", length=0)
            for side in ("left", "right", "top", "bottom"):
                axes.spines[side].set(visible=True, linewidth=0.5)
    return figure


TOLERANCES = within(0, "by_rows by_columns shape size")
