"""The gradient that reaches each of ten dense layers, by activation and by first weights."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import Dense, ReLU, Sigmoid, Tanh
from scripts.figures.common import Data, prepare, within

SEED, DEPTH, WIDTH, SAMPLES, TRIALS = 0, 10, 100, 50, 20
Kind = type[Sigmoid | Tanh | ReLU]
KINDS: dict[str, tuple[Kind, float]] = {  # and the variance of a weight times the inputs
    "sigmoid": (Sigmoid, 1.0),
    "tanh": (Tanh, 1.0),
    "relu": (ReLU, 1.0),
    "relu_twice": (ReLU, 2.0),
}


def gradient_sizes(kind: Kind, variance: float, rng: np.random.Generator) -> list[float]:
    """Return the root mean square of the gradient before each layer, the last one first."""
    stack = [(Dense(WIDTH, WIDTH, rng=rng, dtype=np.float64), kind()) for _ in range(DEPTH)]
    for dense, _ in stack:
        dense.weights.value *= np.sqrt(variance)
    y = rng.standard_normal((SAMPLES, WIDTH))
    for dense, activation in stack:
        y = activation.forward(dense.forward(y))
    gradient = rng.standard_normal(y.shape)
    sizes = []
    for dense, activation in reversed(stack):
        gradient = dense.backward(activation.backward(gradient))
        sizes.append(float(np.sqrt(np.mean(gradient**2))))
    return sizes


def compute() -> Data:
    """Take the median over several untrained stacks."""
    data: Data = {"seed": SEED, "depth": DEPTH, "width": WIDTH, "trials": TRIALS}
    for name, (kind, variance) in KINDS.items():
        rng = np.random.default_rng(SEED)
        sizes = [gradient_sizes(kind, variance, rng) for _ in range(TRIALS)]
        median = np.median(sizes, axis=0)
        data[name] = median.tolist()
        data[f"{name}_share"] = float((median[-1] / median[0]) ** (1 / (DEPTH - 1)))
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the sizes against the number of layers that lie behind."""
    figure, axes = prepare(colours, width=5.8, height=3.6, rows=1)
    behind = np.arange(1, data["depth"] + 1)
    styles = {"tanh": ("second", "--", "tanh"), "relu": ("ink", ":", "ReLU")}
    styles["relu_twice"] = ("ink", "-.", "ReLU (He)")
    styles["sigmoid"] = ("first", "-", "sigmoid")
    for name, (colour, style, label) in styles.items():
        axes.plot(behind, data[name], style, color=colours[colour], marker="o", markersize=3.5)
        place, shift = (behind[-1], data[name][-1]), (8, -3)
        axes.annotate(label, place, xytext=shift, textcoords="offset points", color=colours[colour])
    quarters = 0.25 ** behind.astype(float)
    axes.plot(behind, quarters, color=colours["faint"], linewidth=0.8)
    axes.annotate(
        "a quarter each",
        (6, quarters[5]),
        xytext=(6, 6),
        textcoords="offset points",
        color=colours["faint"],
    )
    axes.set(
        xlabel="layers that the gradient has passed",
        ylabel="gradient, root mean square",
        yscale="log",
        xlim=(0.7, 12.4),
        xticks=behind,
    )
    return figure


TOLERANCES = within(0, "seed depth width trials")
TOLERANCES |= within(1e-9, *KINDS, *(f"{name}_share" for name in KINDS))
