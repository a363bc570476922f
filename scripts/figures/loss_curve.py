"""The loss curves of two real runs: 200 images one at a time, and all 12,665 in batches of 32."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnnbook.mnist import load_zero_one
from cnnbook.train import History
from scripts.figures.common import Data, prepare, within
from scripts.figures.training import train

SEED, LEARNING_RATE = 0, 0.1


def run(limit_per_class: int | None, epochs: int, batch_size: int) -> History:
    """Train with some images of each digit, or with all."""
    options: Data = {"epochs": epochs, "batch_size": batch_size, "test": True}
    split = load_zero_one(limit_per_class)
    return train(split, seed=SEED, learning_rate=LEARNING_RATE, **options).history


def compute() -> Data:
    """Train both."""
    few = run(100, epochs=20, batch_size=1)
    full = run(None, epochs=5, batch_size=32)
    return {
        "few_losses": few.losses,
        "few_errors": few.test_errors,
        "full_losses": full.losses,
        "full_errors": full.test_errors,
        "test_images": [len(load_zero_one().test[1])],
        "seed": [SEED],
        "learning_rate": [LEARNING_RATE],
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw one panel for each run."""
    figure, panels = prepare(colours, width=5.0, height=5.6, rows=2)
    runs = [("few", "200 images, one at a time"), ("full", "12,665 images in batches of 32")]
    for axes, (run, title) in zip(panels, runs, strict=True):
        losses, errors = data[f"{run}_losses"], data[f"{run}_errors"]
        epochs = np.arange(1, len(losses) + 1)
        axes.axhline(np.log(2), color=colours["faint"], linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(epochs, losses, marker="o", markersize=4, color=colours["first"])
        axes.set(title=title, xlabel="epoch", ylabel="mean loss", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(4e-4, 1.5)
        axes.annotate(
            "ln 2: a network that has learned nothing",
            (epochs[-1], np.log(2)),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            color=colours["ink"],
            fontsize=9.5,
        )
        axes.text(
            0.96,
            0.62,
            f"at the end: {errors[-1]} of {data['test_images'][0]:,} test images misread",
            transform=axes.transAxes,
            ha="right",
            color=colours["second"],
            fontsize=10,
        )
    return figure


TOLERANCES = (
    within(0, "test_images seed learning_rate")
    | within(1e-4, "few_losses full_losses")
    | within(1, "few_errors full_errors")
)
