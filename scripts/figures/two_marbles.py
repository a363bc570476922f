"""One logit descends two losses from the same start: cross-entropy and half the squared error."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.functions import sigmoid
from cnnbook.layers.activations import sigmoid_gradient
from cnnbook.losses.binary_cross_entropy import (
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
)
from scripts.figures.common import Data, prepare, within

START, RATE, TARGET, ENOUGH = -8.0, 1.0, 1.0, 0.9
EVERY = {"cross": 1, "squared": 500}  # how many steps lie between two drawn marbles
Array = np.ndarray[Any, Any]
SLOPES: dict[str, Callable[[Array, Array], Array]] = {
    "cross": binary_cross_entropy_from_logits_gradient,
    "squared": lambda z, t: sigmoid_gradient(sigmoid(z), sigmoid(z) - t),
}
LOSSES: dict[str, Callable[[Array, Array], Array]] = {
    "cross": binary_cross_entropy_from_logits,
    "squared": lambda z, t: (sigmoid(z) - t) ** 2 / 2,
}


def descend(name: str) -> list[float]:
    """Take steps along the gradient until the answer is above the limit; return every logit."""
    z, t = np.array([START]), np.array([TARGET])
    visited = [START]
    while sigmoid(z)[0] <= ENOUGH:
        z = z - RATE * SLOPES[name](z, t)
        visited.append(float(z[0]))
    return visited


def compute() -> Data:
    """Descend both losses; keep the curves, the numbers of steps and some of the logits."""
    z = np.linspace(-10, 6, 161)
    data: Data = {"z": z.tolist(), "start": START, "rate": RATE, "enough": ENOUGH}
    for name, loss in LOSSES.items():
        visited = descend(name)
        data[f"{name}_loss"] = loss(z, np.full(len(z), TARGET)).tolist()
        data[f"{name}_steps"] = len(visited) - 1
        data[f"{name}_every"] = EVERY[name]
        data[f"{name}_visited"] = [*visited[:: EVERY[name]], visited[-1]]
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw both curves, with the marble where it is after so many steps."""
    figure, panels = prepare(colours, width=7.2, height=3.1, rows=1, columns=2)
    titles = {"cross": "cross-entropy", "squared": "half the squared error"}
    for axes, (name, title), colour in zip(
        panels, titles.items(), ("first", "second"), strict=True
    ):
        visited = np.array(data[f"{name}_visited"])
        heights = LOSSES[name](visited, np.full(len(visited), TARGET))
        axes.plot(data["z"], data[f"{name}_loss"], color=colours[colour], linewidth=1)
        axes.plot(visited, heights, "o", color=colours[colour], markersize=5)
        axes.plot(visited[:1], heights[:1], "o", color=colours["ink"], markersize=7)
        every = data[f"{name}_every"]
        between = "after each step" if every == 1 else f"after every {every} steps"
        axes.set_title(f"{title}: {data[f'{name}_steps']:,d} steps", color=colours[colour])
        axes.text(0.97, 0.9, between, transform=axes.transAxes, ha="right", color=colours["ink"])
        axes.set(xlabel="logit z, target 1", xlim=(-10.4, 6.4), xticks=[-8, -4, 0, 4])
    panels[0].set(ylabel="loss", ylim=(-0.4, 11))
    panels[1].set(ylim=(-0.02, 0.57))
    return figure


TOLERANCES = within(0, "start rate enough cross_every squared_every cross_steps")
TOLERANCES |= within(1e-12, "z cross_loss squared_loss") | within(1, "squared_steps")
TOLERANCES |= within(1e-9, "cross_visited squared_visited")
