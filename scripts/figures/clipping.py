"""The gradient that reaches a logit whose answer is wrong, by three ways of writing the loss."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import Sigmoid
from cnnbook.losses import BinaryCrossEntropy
from scripts.figures.common import Data, prepare, within

EPSILON, TARGET = 1e-7, 1  # a customary choice of the first
Array = np.ndarray[Any, Any]


def through_probabilities(z: Array, *, clip: bool) -> Array:
    """Send logits through a sigmoid and the loss, one at a time, and back."""
    layer, loss = Sigmoid(), BinaryCrossEntropy()
    low, high = np.float32(EPSILON), np.float32(1 - EPSILON)
    gradients = []
    for one in z:
        p = layer.forward(np.array([one]))
        inside = np.ones(1, bool)
        if clip:
            inside = (p >= low) & (p <= high)
            p = np.clip(p, low, high)
        loss.forward(p, np.full(1, TARGET, p.dtype))
        gradients.append(layer.backward(loss.backward() * inside)[0])
    return np.array(gradients)


def compute() -> Data:
    """Compute the gradients in float32, and where each falls below one half."""
    z = np.linspace(0, -110, 1101, dtype=np.float32)
    loss = BinaryCrossEntropy(from_logits=True)
    loss.forward(z, np.full(len(z), TARGET, z.dtype))
    ways = {
        "logits": loss.backward() * len(z),
        "probabilities": through_probabilities(z, clip=False),
        "clipped": through_probabilities(z, clip=True),
    }
    data: Data = {"z": z.tolist(), "epsilon": EPSILON, "target": TARGET}
    for name, gradient in ways.items():
        data[name] = gradient.tolist()
        lost = z[(np.abs(gradient) < 0.5) & (z < -1)]
        if len(lost):
            data[f"{name}_lost"] = float(lost[0])
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the three gradients."""
    figure, axes = prepare(colours, width=5.8, height=3.3, rows=1)
    for name, colour, style in (
        ("logits", "first", "-"),
        ("probabilities", "second", "--"),
        ("clipped", "ink", ":"),
    ):
        axes.plot(data["z"], data[name], style, color=colours[colour])
    axes.text(-108, -0.94, "from logits", color=colours["first"])
    axes.text(-108, -0.85, "from probabilities", color=colours["second"])
    axes.text(-56, -0.2, "from clipped\nprobabilities", color=colours["ink"])
    axes.set(xlabel=f"logit z, target {data['target']}", ylabel="gradient")
    axes.set(xlim=(-112, 2), ylim=(-1.08, 0.05))
    axes.set_yticks([-1, -0.5, 0])
    return figure


TOLERANCES = (
    within(0, "z epsilon target")
    | within(1e-5, "logits probabilities clipped")
    | within(1e-9, "clipped_lost")
)
