"""Strides and pooling once more, each network at a learning rate that was chosen for it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import Split, load_zero_one
from cnnbook.model import Sequential
from scripts.figures import pooling, strides
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.shifted import moved
from scripts.figures.spread import draw_row, mean_and_deviation
from scripts.figures.training import train
from scripts.trials.store import Result, Setting, results

EPOCHS, BATCH_SIZE, USUAL = 5, 32, 0.1  # as in `strides` and `pooling`
HELD_OUT = 2_000  # of the training images, the last ones, by which rates are chosen
# Rates are chosen with other seeds than those that are compared.
SEEDS, SWEEP = 10, range(100, 102)
STRIDED = ("plain", "two", "three", "two_wide", "three_wide")
POOLED = ("max2", "max4", "max13", "max26", "mean2", "mean4", "mean13", "mean26")
KINDS = (*STRIDED, *POOLED)
WINDOWS = (2, 4, 13)
RATES = dict.fromkeys(KINDS, (0.1, 0.3, 1.0, 3.0, 10.0))
# Of least mean loss on the images held out.
CHOSEN = dict.fromkeys(KINDS, 3.0)
CHOSEN |= {"plain": 1.0, "two_wide": 1.0, "three_wide": 0.3, "mean26": 0.3}
SWEPT: list[Setting] = [
    {"seed": seed, "kind": kind, "rate": rate, "chosen": False}
    for kind in KINDS
    for rate in RATES[kind]
    for seed in SWEEP
]
COMPARED: list[Setting] = [
    {"seed": seed, "kind": kind, "rate": CHOSEN[kind], "chosen": True}
    for kind in KINDS
    for seed in range(SEEDS)
]
TRIALS = [*SWEPT, *COMPARED]


def network(kind: str, rng: np.random.Generator) -> Sequential:
    """Build a network of chapter 13 or of chapter 14."""
    if kind in strides.KINDS:
        return strides.network(strides.KINDS[kind], rng)
    return pooling.network(**pooling.KINDS[kind], rng=rng)


def trial(*, seed: int, kind: str, rate: float, chosen: bool) -> Result:
    """Train at a rate that was chosen and read the test images, or judge it by images held out."""
    images, labels = load_zero_one().train
    split = load_zero_one() if chosen else parts(images, labels)
    run = train(
        split,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        seed=seed,
        learning_rate=rate,
        network=lambda rng: network(kind, rng),
    )
    images, labels = split.test
    near = moved(images, -pooling.NEAR)
    answers = [run.model.predict(x) for x in (images, near)]
    return {
        "training": run.history.losses[-1],
        "loss": BinaryCrossEntropy().forward(answers[0], np.eye(2, dtype=np.float32)[labels]),
        "errors": [int(np.count_nonzero(p.argmax(axis=1) != labels)) for p in answers],
    }


def parts(images: Any, labels: Any) -> Split:
    """Keep the last of the training images out of training."""
    first, last = slice(None, -HELD_OUT), slice(-HELD_OUT, None)
    return Split((images[first], labels[first]), (images[last], labels[last]))


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    del setting  # it is the same for all
    return within(0.02, "training", "loss") | within(30, "errors")


def swept(kind: str) -> list[float]:
    """Return the mean loss on held-out images at each rate of a kind."""
    means = []
    for rate in RATES[kind]:
        runs = [each for each in SWEPT if (each["kind"], each["rate"]) == (kind, rate)]
        means.append(float(np.mean([run["loss"] for run in results("own_rates", runs)])))
    return means


def compute() -> Data:
    """Put together the losses of the sweep, and the errors at the chosen rates."""
    labels = load_zero_one().test[1]
    data: Data = {
        "seeds": SEEDS,
        "epochs": EPOCHS,
        "usual": USUAL,
        "held_out": HELD_OUT,
        "test_images": len(labels),
        "near": pooling.NEAR,
    }
    data |= {f"window_{size}": [size, size] for size in WINDOWS}
    for kind in KINDS:
        runs = results("own_rates", [each for each in COMPARED if each["kind"] == kind])
        errors = np.array([run["errors"] for run in runs])
        data[f"{kind}_rates"], data[f"{kind}_losses"] = list(RATES[kind]), swept(kind)
        data[f"{kind}_rate"] = CHOSEN[kind]
        data[f"{kind}_errors"] = errors[:, 0].tolist()
        data[f"{kind}_mean"], data[f"{kind}_deviation"] = mean_and_deviation(errors[:, 0])
        data[f"{kind}_near"] = float(errors[:, 1].mean() / len(labels))
        data[f"{kind}_training"] = float(np.mean([run["training"] for run in runs]))
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the errors of every kind, run by run, those of no pooling at the top."""
    figure, axes = prepare(colours, width=6.6, height=3.6, rows=1)
    for row, kind in enumerate(reversed(("plain", *POOLED))):
        draw_row(axes, row, data[f"{kind}_errors"], data[f"{kind}_mean"], colours)
    names = [pooling.window(kind) for kind in POOLED]
    words = [f"{pooling.KINDS[k]['pool']}, {name}" for k, name in zip(POOLED, names, strict=True)]
    axes.set_yticks(range(len(POOLED) + 1), [*reversed(words), "none"])
    axes.set_xscale("symlog", linthresh=10)
    axes.set(xlabel="misread test images", xlim=(-0.8, 110))
    axes.set_xticks((0, 5, 10, 100), ("0", "5", "10", "100"))
    axes.set_xticks((), minor=True)
    return figure


TOLERANCES = within(0, "seeds epochs usual held_out test_images near")
TOLERANCES |= within(0, *(f"window_{size}" for size in WINDOWS))
for _kind in KINDS:
    TOLERANCES |= within(0, f"{_kind}_rates", f"{_kind}_rate")
    TOLERANCES |= within(0.02, f"{_kind}_losses", f"{_kind}_training")
    TOLERANCES |= within(30, f"{_kind}_errors", f"{_kind}_mean", f"{_kind}_deviation")
    TOLERANCES |= within(0.02, f"{_kind}_near")
