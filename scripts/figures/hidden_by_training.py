"""Three trainings: with the right kernel gradient, with one by convolution, and with none."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnnbook.layers import Conv2D
from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, within
from scripts.figures.training import Convolved, network_with, train

SEED, EPOCHS = 0, 3
Array = np.ndarray[Any, Any]


class Frozen(Conv2D):
    """No kernel gradient."""

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Add the gradient of the bias alone."""
        before = self.kernels.gradient.copy()
        super().accumulate_gradients(grad_output)
        self.kernels.gradient = before


def compute() -> Data:
    """Train all three."""
    split = load_zero_one()
    data: Data = {
        "epochs": EPOCHS,
        "training_images": len(split.train[0]),
        "test_images": len(split.test[0]),
        "seed": SEED,
    }
    for name, kind in (("right", Conv2D), ("turned", Convolved), ("frozen", Frozen)):
        options: Data = {"epochs": EPOCHS, "batch_size": 32, "test": True}
        history = train(split, seed=SEED, network=partial(network_with, kind), **options).history
        data[f"{name}_losses"] = history.losses
        data[f"{name}_errors"] = history.test_errors[-1]
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the three losses."""
    figure, axes = prepare(colours, width=5.8, height=3.4, rows=1)
    names = {
        "frozen": ("no kernel gradient", "faint", ":"),
        "turned": ("by convolution", "second", "--"),
        "right": ("right", "first", "-"),
    }
    epochs = np.arange(1, data["epochs"] + 1)
    for name, (_, colour, style) in names.items():
        losses = data[f"{name}_losses"]
        axes.plot(epochs, losses, style, color=colours[colour], marker="o", markersize=4)
    for name, (label, colour, _) in names.items():
        shift = {"frozen": 8, "turned": 8, "right": -15}[name]
        axes.annotate(
            label,
            (2, data[f"{name}_losses"][1]),
            xytext=(6, shift),
            textcoords="offset points",
            color=colours["ink" if colour == "faint" else colour],
        )
    axes.set(xlabel="epoch", ylabel="mean training loss", yscale="log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


TOLERANCES = (
    within(0, "epochs training_images test_images seed")
    | within(1e-4, "right_losses turned_losses frozen_losses")
    | within(1, "right_errors turned_errors frozen_errors")
)
