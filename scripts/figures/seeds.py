"""The loss curves of twenty runs that differ in their seed alone, small and full."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnnbook.layers import Dense, Reshape, Sigmoid
from cnnbook.mnist import load_zero_one
from cnnbook.model import Sequential
from scripts.figures.common import Data, prepare, within
from scripts.figures.training import run_title, train

SEEDS, LEARNING_RATE = 20, 0.1
RUNS = {"few": (100, 20, 1), "full": (None, 5, 32)}  # images per digit, epochs, batch size


def one_layer(rng: np.random.Generator) -> Sequential:
    """Build a rival: one dense layer on the pixels."""
    return Sequential(Reshape((784,)), Dense(784, 2, rng=rng), Sigmoid())


def compute() -> Data:
    """Train all of them."""
    data: Data = {"seeds": SEEDS, "learning_rate": LEARNING_RATE}
    for name, (limit, epochs, batch_size) in RUNS.items():
        split = load_zero_one(limit)
        options: Data = {"epochs": epochs, "batch_size": batch_size, "test": True}
        runs = [
            train(split, seed=seed, learning_rate=LEARNING_RATE, **options).history
            for seed in range(SEEDS)
        ]
        errors = sorted(run.test_errors[-1] for run in runs)
        data[f"{name}_losses"] = [run.losses for run in runs]
        data[f"{name}_first"] = runs[0].losses
        data[f"{name}_errors"] = errors
        data[f"{name}_errors_first"] = runs[0].test_errors
        data[f"{name}_epochs"] = epochs
        data[f"{name}_images"] = len(split.train[1])
        data[f"{name}_batch_size"] = batch_size
        data[f"{name}_least"], data[f"{name}_most"] = errors[0], errors[-1]
        data[f"{name}_median"] = float(np.median(errors))
        data[f"{name}_rises"] = sum(bool((np.diff(run.losses) > 0).any()) for run in runs)
        first, last = ([run.losses[k] for run in runs] for k in (0, -1))
        data[f"{name}_first_range"] = [min(first), max(first)]
        data[f"{name}_last_range"] = [min(last), max(last)]
        linear = [
            train(split, seed=seed, learning_rate=LEARNING_RATE, network=one_layer, **options)
            for seed in range(SEEDS)
        ]
        errors = [run.history.test_errors[-1] for run in linear]
        data[f"{name}_linear_first"] = errors[0]
        data[f"{name}_linear_least"], data[f"{name}_linear_most"] = min(errors), max(errors)
    data["full_at_most_four"] = sum(errors <= 4 for errors in data["full_errors"])
    data["test_images"] = len(split.test[1])
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a band from the lowest to the highest, the middle half of it darker, and one line."""
    figure, panels = prepare(colours, width=6.6, height=3.3, rows=1, columns=2)
    for axes, name in zip(panels, RUNS, strict=True):
        losses = np.array(data[f"{name}_losses"])
        epochs = np.arange(1, losses.shape[1] + 1)
        for low, high, strength in ((0, 100, 0.2), (25, 75, 0.35)):
            band = np.percentile(losses, [low, high], axis=0)
            axes.fill_between(epochs, *band, color=colours["first"], alpha=strength, linewidth=0)
        axes.plot(epochs, np.median(losses, axis=0), color=colours["first"])
        axes.plot(epochs, losses[0], "--", color=colours["second"], linewidth=1.2)
        axes.axhline(np.log(2), color=colours["faint"], linewidth=1, linestyle=(0, (4, 3)))
        axes.set(title=run_title(data, name), xlabel="epoch", yscale="log", ylim=(5e-4, 1.2))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("mean loss")
    panels[0].text(20, np.log(2) * 1.1, "ln 2", ha="right", color=colours["ink"])
    return figure


FIXED = ("epochs", "images", "batch_size")
NEAR = ("losses", "first", "first_range", "last_range")
COUNTS = ["errors", "errors_first", "least", "most", "median", "rises"]
COUNTS += ["linear_first", "linear_least", "linear_most"]
TOLERANCES = (
    within(0, "seeds learning_rate test_images")
    | within(0, *(f"{name}_{entry}" for name in RUNS for entry in FIXED))
    | within(1e-4, *(f"{name}_{entry}" for name in RUNS for entry in NEAR))
    | within(1, *(f"{name}_{entry}" for name in RUNS for entry in COUNTS))
    | within(1, "full_at_most_four")
)
