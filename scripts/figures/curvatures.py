"""The largest curvature along runs of gradient descent, and runs on both sides of the limit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.curvature import gradients, largest_curvature, random_direction
from cnnbook.layers import Conv2D, Dense, Reshape, Tanh
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import load_digits, one_hot
from cnnbook.model import Sequential, digit_network
from cnnbook.optimizers import SGD
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.trials.store import Result, Setting, results

IMAGES, STEPS, EVERY, ROUNDS = 200, 150, 5, 4
RUNS = ((0.02, 0.0), (0.05, 0.0), (0.02, 0.9), (0.05, 0.9))
TRIALS: list[Setting] = [{"seed": 0, "rate": rate, "momentum": mu} for rate, mu in RUNS]
LOSS = CategoricalCrossEntropy(from_logits=True)
# The second panel: a smooth network, trained, and then a hair away from itself.
TRAINED, SURE, HAIR, AFTER, SIDES = 2000, 0.9, 1e-9, 30, (0.95, 1.05)
MOMENTA = (0.0, 0.9)


def samples() -> tuple[Any, Any]:
    """Return the first training images, and their targets, in float64."""
    images, labels = load_digits().train
    return images[:IMAGES].astype(np.float64), one_hot(labels[:IMAGES], 10, np.float64)


def trial(seed: int, rate: float, momentum: float) -> Result:
    """Go down along the gradient of all images, and measure the curvature on the way."""
    x, targets = samples()
    model = digit_network(np.random.default_rng(seed), np.float64)
    optimizer = SGD(model.parameters(), rate, momentum=momentum)
    way = random_direction(model, np.random.default_rng(seed + 1))
    curvatures, losses = list[float](), list[float]()
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            rounds = ROUNDS if step else 10 * ROUNDS
            a, way = largest_curvature(model, LOSS, x, targets, way, rounds=rounds)
            curvatures.append(round(a, 2))
            losses.append(round(LOSS.forward(model.forward(x), targets), 5))
        gradients(model, LOSS, x, targets)
        optimizer.step()
    return {"curvatures": curvatures, "losses": losses}


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine: beyond the limit runs part."""
    return within(1000 if setting else 0, "curvatures") | within(10, "losses")


def smooth(rng: np.random.Generator) -> Sequential:
    """Build a small network whose loss has second derivatives everywhere."""
    return Sequential(
        Conv2D(1, 8, 3, stride=2, rng=rng, dtype=np.float64),
        Tanh(),
        Reshape((8 * 13 * 13,)),
        Dense(8 * 13 * 13, 32, rng=rng, dtype=np.float64),
        Tanh(),
        Dense(32, 10, rng=rng, dtype=np.float64),
    )


def reachable() -> tuple[Any, Any]:
    """Return samples whose targets a network can reach: not quite 0 and 1."""
    x, targets = samples()
    return x, SURE * targets + (1 - SURE) / targets.shape[1]


def descend(model: Sequential, rate: float, momentum: float, steps: int) -> list[Any]:
    """Take steps with the gradient of all images; return the parameters after each."""
    x, targets = reachable()
    optimizer, places = SGD(model.parameters(), rate, momentum=momentum), list[Any]()
    for _ in range(steps):
        gradients(model, LOSS, x, targets)
        optimizer.step()
        places.append(np.concatenate([p.value.ravel() for p in model.parameters()]))
    return places


def apart() -> Data:
    """Follow two runs that begin a hair apart along the steepest direction, on both sides."""
    x, targets = reachable()
    model = smooth(np.random.default_rng(0))
    descend(model, 0.05, 0.9, TRAINED)
    trained = [p.value.copy() for p in model.parameters()]
    begin = random_direction(model, np.random.default_rng(1))
    a, way = largest_curvature(model, LOSS, x, targets, begin, rounds=100)
    flat, distances = np.concatenate([d.ravel() for d in way]), list[Any]()
    for momentum in MOMENTA:
        for side in SIDES:
            rate, places = side * 2 * (1 + momentum) / a, list[Any]()
            for hair in (0.0, HAIR):
                for p, value, d in zip(model.parameters(), trained, way, strict=True):
                    p.value[:] = value + hair * d
                places.append(np.array(descend(model, rate, momentum, AFTER)))
            distances.append((np.abs((places[1] - places[0]) @ flat) / HAIR).tolist())
    return {"trained_curvature": a, "apart": distances, "expected": expected()}


def expected() -> list[list[float]]:
    """Return what a parabola says of these distances: the recursion, from 1 and at rest."""
    found = []
    for momentum in MOMENTA:
        for side in SIDES:
            w, v, way = 1.0, 0.0, list[float]()
            for _ in range(AFTER):
                v = momentum * v + w
                w -= side * 2 * (1 + momentum) * v
                way.append(abs(w))
            found.append(way)
    return found


def compute() -> Data:
    """Put together what the trials have found, and follow runs that begin a hair apart."""
    runs = results("curvatures", TRIALS)
    limits = [2 * (1 + mu) / rate for rate, mu in RUNS]
    return {
        "images": IMAGES,
        "steps": STEPS,
        "every": EVERY,
        "rates": [rate for rate, _ in RUNS],
        "momenta": [mu for _, mu in RUNS],
        "limits": limits,
        "curvatures": [run["curvatures"] for run in runs],
        "losses": [run["losses"] for run in runs],
        "first": [run["losses"][0] for run in runs],
        "last": [run["losses"][-1] for run in runs],
        "most": [max(run["curvatures"]) for run in runs],
        "later": [float(np.median(run["curvatures"][15:])) for run in runs],
        "sides": list(SIDES),
        "after": AFTER,
        **apart(),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw curvatures with the limit of each run, and two runs coming together or parting."""
    figure, (left, middle, right) = prepare(colours, width=7.4, height=2.9, rows=1, columns=3)
    steps = np.arange(0, data["steps"] + 1, data["every"])
    tones = [colours["first"], colours["second"]]
    for axes, mu in ((left, 0.0), (middle, 0.9)):
        runs = [k for k, momentum in enumerate(data["momenta"]) if momentum == mu]
        for k, colour in zip(runs, tones, strict=True):
            axes.plot(steps, data["curvatures"][k], color=colour, linewidth=1.3)
            axes.axhline(data["limits"][k], color=colour, linewidth=1, linestyle="--")
            words = f"$\\eta = {data['rates'][k]:g}$"
            place = (0, data["limits"][k] + 4)
            axes.text(*place, words, color=colour, fontsize=11)
        axes.set(ylim=(-5, 215), xlabel="step", title=f"$a$, $\\mu = {mu:g}$")
    for k, (found, wanted) in enumerate(zip(data["apart"], data["expected"], strict=True)):
        colour = tones[k // len(data["sides"])]
        count = np.arange(1, data["after"] + 1)
        right.plot(count, wanted, color=colour, linewidth=1)
        right.plot(count, found, "o", color=colour, markersize=2.6)
    right.set(yscale="log", xlabel="step", title="distance of two runs")
    return figure


TOLERANCES = within(0, "images steps every rates momenta limits sides after")
TOLERANCES |= within(1000, "curvatures most later") | within(10, "losses first last")
TOLERANCES |= within(1, "trained_curvature") | within(1e-9, "expected") | within(1000, "apart")
