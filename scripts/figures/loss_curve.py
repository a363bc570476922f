"""The loss curves of two real runs: 200 images one at a time, and all 12,665 in batches of 32."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, within
from scripts.figures.training import run_title, train

SEED, LEARNING_RATE = 0, 0.1
RUNS = {"few": (100, 20, 1), "full": (None, 5, 32)}  # images per digit, epochs, batch size


def compute() -> Data:
    """Train with some images of each digit, and with all."""
    data: Data = {}
    for name, (limit_per_class, epochs, batch_size) in RUNS.items():
        split = load_zero_one(limit_per_class)
        options: Data = {"epochs": epochs, "batch_size": batch_size, "test": True}
        history = train(split, seed=SEED, learning_rate=LEARNING_RATE, **options).history
        data |= {f"{name}_losses": history.losses, f"{name}_errors": history.test_errors}
        data |= {f"{name}_images": len(split.train[1]), f"{name}_batch_size": batch_size}
    data["test_images"] = len(load_zero_one().test[1])
    return data | {"seed": SEED, "learning_rate": LEARNING_RATE}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw one panel for each run."""
    figure, panels = prepare(colours, width=5.0, height=5.6, rows=2)
    for axes, run in zip(panels, RUNS, strict=True):
        losses, errors = data[f"{run}_losses"], data[f"{run}_errors"]
        epochs = np.arange(1, len(losses) + 1)
        axes.axhline(np.log(2), color=colours["faint"], linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(epochs, losses, marker="o", markersize=4, color=colours["first"])
        axes.set(title=run_title(data, run), xlabel="epoch", ylabel="mean loss", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(4e-4, 1.5)
        axes.annotate(
            "ln 2: a network that has learned nothing",
            (epochs[-1], np.log(2)),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            color=colours["ink"],
            fontsize=11,
        )
        axes.text(
            0.96,
            0.62,
            f"at the end: {errors[-1]} of {data['test_images']:,} test images misread",
            transform=axes.transAxes,
            ha="right",
            color=colours["second"],
            fontsize=11.5,
        )
    return figure


TOLERANCES = (
    within(0, "few_images few_batch_size full_images full_batch_size")
    | within(0, "test_images seed learning_rate")
    | within(1e-4, "few_losses full_losses")
    | within(1, "few_errors full_errors")
)
