"""A small convolutional layer as the weights of a dense one, and what training would make of it."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import conv2d
from cnnbook.layers.dense import dense_weight_gradient
from scripts.figures.common import Data, prepare, show_array, within

SEED, SIZE, KERNEL = 0, (6, 5), (3, 2)


def compute() -> Data:
    """Send unit images through the layer; then take the gradient of the same weights, unshared."""
    rng = np.random.default_rng(SEED)
    kernel = rng.standard_normal((1, 1, *KERNEL))
    pixels = SIZE[0] * SIZE[1]
    units = np.eye(pixels).reshape(pixels, 1, *SIZE)
    weights = conv2d(units, kernel, np.zeros(1)).reshape(pixels, -1)
    x = rng.standard_normal((4, pixels))
    upstream = rng.standard_normal((4, weights.shape[1]))
    return {
        "weights": weights.tolist(),
        "gradient": dense_weight_gradient(x, upstream).tolist(),
        "inputs": pixels,
        "outputs": weights.shape[1],
        "entries": weights.size,
        "present": int(np.count_nonzero(weights)),
        "different": int(kernel.size),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw both matrices, a line for each input and a column for each output."""
    figure, row = prepare(colours, width=6.4, height=4.3, rows=1, columns=2)
    titles = {"weights": "the convolution's weights", "gradient": "gradient of a dense layer"}
    for axes, (name, title) in zip(row, titles.items(), strict=True):
        show_array(axes, data[name], colours)
        axes.set(title=title, xlabel=f"{data['outputs']} outputs")
    row[0].set_ylabel(f"{data['inputs']} inputs")
    return figure


TOLERANCES = within(0, "inputs outputs entries present different") | within(
    1e-12, "weights gradient"
)
