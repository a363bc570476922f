"""The gradient that reaches a logit whose answer is wrong, by three ways of writing the loss."""

import sys
from collections.abc import Mapping

import numpy as np
from common import Data, main, prepare
from matplotlib.figure import Figure

from cnnbook.layers import Sigmoid
from cnnbook.losses import BinaryCrossEntropy

EPSILON = 1e-7  # a customary choice


def through_probabilities(z: np.ndarray, *, clip: bool) -> np.ndarray:
    """Send float32 logits through a sigmoid and the loss of target 0, one at a time, and back."""
    layer, loss = Sigmoid(), BinaryCrossEntropy()
    gradients = []
    for one in z:
        p = layer.forward(np.array([one]))
        inside = np.array([True])
        if clip:
            inside = (p > EPSILON) & (p < 1 - EPSILON)
            p = np.clip(p, np.float32(EPSILON), np.float32(1 - EPSILON))
        loss.forward(p, np.zeros(1))
        gradients.append(layer.backward(loss.backward() * inside)[0])
    return np.array(gradients)


def compute() -> Data:
    """Compute the gradients for logits from 0 to 20, where the target is 0."""
    z = np.linspace(0, 20, 401, dtype=np.float32)
    loss = BinaryCrossEntropy(from_logits=True)
    loss.forward(z, np.zeros(len(z)))
    ways = {
        "logits": loss.backward() * len(z),
        "probabilities": through_probabilities(z, clip=False),
        "clipped": through_probabilities(z, clip=True),
    }
    data: Data = {"z": z.tolist(), "epsilon": EPSILON}
    for name, gradient in ways.items():
        data[name] = gradient.tolist()
        lost = z[np.abs(gradient) < 0.1]
        lost = lost[lost > 1]
        data[f"{name}_lost"] = float(lost[0]) if len(lost) else None
    return {key: value for key, value in data.items() if value is not None}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the three gradients."""
    figure, axes = prepare(colours, width=5.8, height=3.3, rows=1)
    for name, colour, style in (
        ("logits", "first", "-"),
        ("probabilities", "second", "--"),
        ("clipped", "ink", ":"),
    ):
        axes.plot(data["z"], data[name], style, color=colours[colour])
    axes.text(17.2, 1.04, "from logits", color=colours["first"])
    axes.text(17.0, 0.5, "from probabilities", color=colours["second"])
    axes.text(9.3, 0.2, "from clipped\nprobabilities", color=colours["ink"])
    axes.set(xlabel="logit z, target 0", ylabel="gradient", xlim=(0, 22.5), ylim=(-0.05, 1.2))
    axes.set_yticks([0, 0.5, 1])
    result: Figure = figure
    return result


if __name__ == "__main__":
    tolerances = {"z": 0.0, "epsilon": 0.0, "logits": 1e-5}
    # Near the end the gradient jumps, and another exp may jump one point earlier or later.
    tolerances |= dict.fromkeys(["probabilities", "clipped"], 1.01)
    tolerances |= dict.fromkeys(["probabilities_lost", "clipped_lost"], 0.11)
    sys.exit(main("clipping", compute, draw, tolerances))
