"""What the five kernels of the first layer answer to a zero and a one, after one epoch."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import conv2d
from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, show_array, within
from scripts.figures.training import train

SEED = 0


def compute() -> Data:
    """Train one epoch; apply the first layer to the first zero and one of the test set."""
    split = load_zero_one()
    model = train(split, seed=SEED, epochs=1, batch_size=32).model
    images, labels = split.test
    digits = np.stack([images[labels == digit][0] for digit in (0, 1)])
    kernels, bias = (parameter.value for parameter in model.parameters()[:2])
    maps = conv2d(digits, kernels, bias)
    return {
        "digits": digits[:, 0].round(4).tolist(),
        "kernels": kernels[:, 0].round(4).tolist(),
        "maps": maps.round(4).tolist(),
        "kernel_size": list(kernels.shape[2:]),
        "map_size": list(maps.shape[2:]),
        "positions": maps[0, 0].size,
        "training_images": len(split.train[0]),
        "seed": SEED,
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw kernels over the maps that they make."""
    figure, panels = prepare(colours, width=6.6, height=3.55, rows=3, columns=6)
    panels[0, 0].axis("off")
    for f, kernel in enumerate(data["kernels"]):
        show_array(panels[0, f + 1], kernel, colours)
        panels[0, f + 1].set_title(f"f = {f}", fontsize=11)
    for row, digit in enumerate(data["digits"], start=1):
        show_array(panels[row, 0], digit, colours, signed=False)
        for f, answers in enumerate(data["maps"][row - 1]):
            show_array(panels[row, f + 1], answers, colours)
    return figure


# Kernels and maps are written with four decimals, of which rounding may move the last.
TOLERANCES = within(0, "digits kernel_size map_size positions training_images seed") | within(
    3e-4, "kernels maps"
)
