"""Two runs that differ in the order of their sums: by how many bits they agree, step by step."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import Sequential, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.train import train_on_batch
from scripts.figures.common import Data, prepare, within

SEED, PER_CLASS, STEPS, MEASURED = 0, 20, 100, 5
RATES = (0.1, 0.3, 0.5, 1.0)
STYLES = ("-", "--", "-.", (0, (1, 1)))
Array = np.ndarray[Any, Any]


def weights(model: Sequential) -> Array:
    """Return all parameters in one row."""
    return np.concatenate([p.value.ravel() for p in model.parameters()]).astype(np.float64)


def gradient(model: Sequential, x: Array, t: Array, at: Array) -> Array:
    """Return the gradient of the mean loss, with these parameters."""
    place = 0
    for parameter in model.parameters():
        parameter.value.flat[:] = at[place : place + parameter.value.size]
        parameter.zero_gradient()
        place += parameter.value.size
    loss = BinaryCrossEntropy()
    loss.forward(model.forward(x), t)
    model.accumulate_gradients(loss.backward())
    return np.concatenate([p.gradient.ravel() for p in model.parameters()])


def curvature(images: Array, targets: Array, start: Array) -> float:
    """Measure the largest curvature somewhere, by power iteration as in chapter 11."""
    model = zero_one_network(np.random.default_rng(SEED), np.float64)
    x, t = images.astype(np.float64), targets.astype(np.float64)
    way = np.random.default_rng(1).standard_normal(len(start))
    h, length = 1e-4, 1.0
    for _ in range(12):
        way /= np.linalg.norm(way)
        above, below = (gradient(model, x, t, start + sign * h * way) for sign in (1, -1))
        way = (above - below) / (2 * h)
        length = float(np.linalg.norm(way))
    return length


def bits(images: Array, targets: Array, rate: float) -> tuple[list[float], ...]:
    """Train twice, with the images in another order; return bits, losses and curvatures."""
    order = np.random.default_rng(SEED + 1).permutation(len(images))
    models = [zero_one_network(np.random.default_rng(SEED)) for _ in range(2)]
    optimizers = [SGD(model.parameters(), rate) for model in models]
    loss, agree, losses, steep = BinaryCrossEntropy(), [], [], []
    for step in range(STEPS):
        if step % MEASURED == 0:
            steep.append(round(curvature(images, targets, weights(models[0])), 2))
        values = []
        for model, optimizer, rows in zip(
            models, optimizers, (np.arange(len(images)), order), strict=True
        ):
            batch = images[rows], targets[rows]
            values.append(train_on_batch(model, loss, optimizer, *batch) / len(images))
        first, second = map(weights, models)
        apart = float(np.linalg.norm(first - second) / np.linalg.norm(first))
        agree.append(round(-math.log2(max(apart, 2.0**-53)), 2))
        losses.append(round(values[0], 6))
    return agree, losses, steep


def compute() -> Data:
    """Measure the curvature, and the bits by which two runs agree with each rate."""
    (images, labels), _ = load_zero_one(limit_per_class=PER_CLASS)
    targets = one_hot(labels, 2, np.float32)
    found = [bits(images, targets, rate) for rate in RATES]
    a = found[0][2][0]  # at the start
    return {
        "seed": SEED,
        "images": len(images),
        "steps": STEPS,
        "rates": list(RATES),
        "curvature": round(a, 2),
        "limit": round(2 / a, 3),
        "bits": [agree for agree, _, _ in found],
        "first": [agree[0] for agree, _, _ in found],
        "half": [agree[STEPS // 2 - 1] for agree, _, _ in found],
        "last": [agree[-1] for agree, _, _ in found],
        "last_losses": [losses[-1] for _, losses, _ in found],
        "measured": MEASURED,
        "curvatures": [steep for _, _, steep in found],
        "most": [
            round(max(steep) * rate, 1) for rate, (_, _, steep) in zip(RATES, found, strict=True)
        ],
        "last_above": [
            max((MEASURED * k + 1 for k, each in enumerate(steep) if each * rate > 2), default=0)
            for rate, (_, _, steep) in zip(RATES, found, strict=True)
        ],
        "above": [
            sum(each > 2 / rate for each in steep)
            for rate, (_, _, steep) in zip(RATES, found, strict=True)
        ],
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the bits that agree, and below them the curvatures, each rate in its style."""
    figure, (upper, lower) = prepare(colours, width=6.4, height=4.8, rows=2)
    steps = np.arange(1, data["steps"] + 1)
    measured = steps[:: data["measured"]]
    for place, (rate, style) in enumerate(zip(data["rates"], STYLES, strict=True)):
        colour = colours["first" if rate < data["limit"] else "second"]
        agree, steep = data["bits"][place], data["curvatures"][place]
        upper.plot(steps, agree, linestyle=style, color=colour)
        upper.text(steps[-1] + 1.5, agree[-1], f"{rate:g}", color=colour, va="center")
        lower.plot(measured, np.array(steep) * rate, linestyle=style, color=colour)
    lower.axhline(2, color=colours["faint"], linewidth=1)
    upper.set(title="bits that agree", ylim=(0, 30), xlim=(0, 108))
    lower.set(xlabel="step", title=r"$\eta a$", yscale="log", xlim=(0, 108), ylim=(0.15, 15))
    lower.set_yticks([0.2, 0.5, 1, 2, 5, 10], ["0.2", "0.5", "1", "2", "5", "10"])
    lower.minorticks_off()
    return figure


# Which last bit is rounded up decides when runs part; that they do is what the figure says.
TOLERANCES = within(0, "seed images steps rates")
TOLERANCES |= within(0.1, "curvature limit") | within(25, "bits half last") | within(5, "first")
TOLERANCES |= within(1, "last_losses") | within(0, "measured")
TOLERANCES |= within(100, "curvatures last_above") | within(20, "above most")
