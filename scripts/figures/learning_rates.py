"""The same run of 200 images with learning rates from far too small to far too large."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_zero_one
from cnnbook.train import count_errors
from scripts.figures.common import Data, prepare, within
from scripts.figures.training import train

SEED, EPOCHS = 0, 20
RATES = {"steady": (0.001, 0.01, 0.1), "wild": (1.0, 10.0)}


def compute() -> Data:
    """Train once with each rate; everything else is the same."""
    split = load_zero_one(limit_per_class=100)
    data: Data = {"seed": SEED, "epochs": EPOCHS, "test_images": len(split.test[1])}
    for kind, rates in RATES.items():
        data |= {f"{kind}_rates": list(rates), f"{kind}_losses": [], f"{kind}_errors": []}
        for rate in rates:
            run = train(split, seed=SEED, epochs=EPOCHS, batch_size=1, learning_rate=rate)
            data[f"{kind}_losses"].append(run.history.losses)
            data[f"{kind}_errors"].append(count_errors(run.model, *split.test))
    slow, right = (losses[-1] for losses in data["steady_losses"][-2:])
    return data | {"ratio": slow / right}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw one curve for each rate."""
    figure, axes = prepare(colours, width=6.2, height=3.5, rows=1)
    epochs = np.arange(1, data["epochs"] + 1)
    styles = {0.001: ":", 0.01: "--", 0.1: "-", 1.0: "-.", 10.0: (0, (1, 1))}
    rates = data["steady_rates"] + data["wild_rates"]
    for rate, losses in zip(rates, data["steady_losses"] + data["wild_losses"], strict=True):
        colour = {0.1: "first"}.get(rate, "second" if rate > 0.1 else "ink")
        axes.plot(epochs, losses, linestyle=styles[rate], color=colours[colour])
        axes.annotate(
            f"{rate:g}",
            (epochs[-1], losses[-1]),
            xytext=(6, {1.0: 1, 0.001: -10}.get(rate, -4)),
            textcoords="offset points",
            color=colours[colour],
        )
    axes.axhline(np.log(2), color=colours["faint"], linewidth=1, linestyle=(0, (4, 3)))
    axes.set(xlabel="epoch", ylabel="mean loss", yscale="log", xlim=(0.5, 22))
    axes.set_xticks((1, 5, 10, 15, 20))
    return figure


# A run that is thrown about is never thrown about twice in quite the same way.
TOLERANCES = (
    within(0, "seed epochs test_images steady_rates wild_rates")
    | within(1e-4, "steady_losses")
    | within(0.01, "ratio")
    | within(0.5, "wild_losses")
    | within(1, "steady_errors wild_errors")
)
