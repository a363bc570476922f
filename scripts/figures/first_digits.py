"""The first zeros and ones of MNIST's training images, as they come."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, within

ROWS, COLUMNS = 6, 14


def compute() -> Data:
    """Put the images side by side, and count."""
    (images, labels), (_, test_labels) = load_zero_one()
    chosen = images[: ROWS * COLUMNS, 0].reshape(ROWS, COLUMNS, 28, 28)
    # Sixteen levels of grey look the same and weigh half as much.
    levels = (15 * chosen.swapaxes(1, 2).reshape(28 * ROWS, 28 * COLUMNS)).round()
    return {
        "sheet": levels.astype(int).tolist(),
        "rows": ROWS,
        "columns": COLUMNS,
        "shown_zeros": int(np.sum(labels[: ROWS * COLUMNS] == 0)),
        "shown_ones": int(np.sum(labels[: ROWS * COLUMNS] == 1)),
        "training": np.bincount(labels).tolist(),
        "test": np.bincount(test_labels).tolist(),
        "ones_training": float(labels.mean()),
        "ones_test": float(test_labels.mean()),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the sheet, white on black as the numbers say."""
    figure, axes = prepare(colours, width=6.4, height=2.8, rows=1)
    sheet = np.array(data["sheet"], np.uint8) * 17
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.axis("off")
    return figure


TOLERANCES = within(0, "sheet rows columns shown_zeros shown_ones training test") | within(
    1e-12, "ones_training ones_test"
)
