"""The loss of untrained networks, one from each of many seeds."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import zero_one_network
from scripts.figures.common import Data, prepare, within

SEEDS, PER_CLASS = 200, 100


def compute() -> Data:
    """Ask every network about the same images, before any training."""
    (images, labels), _ = load_zero_one(limit_per_class=PER_CLASS)
    targets, loss = one_hot(labels, 2), BinaryCrossEntropy()
    losses = []
    for seed in range(SEEDS):
        model = zero_one_network(np.random.default_rng(seed))
        losses.append(loss.forward(model.forward(images), targets))
    return {
        "seeds": SEEDS,
        "images": len(images),
        "losses": losses,
        "mean": float(np.mean(losses)),
        "least": min(losses),
        "largest": max(losses),
        "deviation": float(np.std(losses)),
        "uncertainty": float(np.std(losses)) / SEEDS**0.5,  # of their mean
        "below": int(np.sum(np.array(losses) < np.log(2))),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a histogram, and where ln 2 is."""
    figure, axes = prepare(colours, width=5.8, height=3.0, rows=1)
    axes.hist(data["losses"], bins=30, color=colours["first"])
    axes.axvline(np.log(2), color=colours["second"], linestyle="--")
    axes.text(np.log(2) - 0.003, 24, "ln 2", color=colours["second"], ha="right")
    axes.set_xlim(0.66, 0.87)
    axes.set(xlabel="loss before training", ylabel="networks")
    return figure


TOLERANCES = within(0, "seeds images below") | within(
    1e-5, "losses mean least largest deviation uncertainty"
)
