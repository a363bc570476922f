"""Binary cross-entropy against the probability and against the logit."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from matplotlib.figure import Figure

from cnnbook.functions import sigmoid
from cnnbook.losses.binary_cross_entropy import (
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
)
from scripts.figures.common import Data, prepare, within

TARGETS = {"one": 1.0, "zero": 0.0, "quarter": 0.25}


def compute() -> Data:
    """Compute the loss for three targets, and for comparison half the squared error."""
    p, z = np.linspace(0.002, 0.998, 250), np.linspace(-6, 6, 121)
    data: Data = {"p": p.tolist(), "z": z.tolist(), "targets": list(TARGETS.values())}
    for name, target in TARGETS.items():
        t = np.full(len(p), target)
        data[f"{name}_of_p"] = binary_cross_entropy(p, t).tolist()
        data[f"{name}_of_z"] = binary_cross_entropy_from_logits(z, t[: len(z)]).tolist()
    data["squared_of_z"] = ((sigmoid(z) - 1) ** 2 / 2).tolist()
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the losses against p on the left, against z on the right."""
    figure, (left, right) = prepare(colours, width=7.2, height=3.3, rows=1, columns=2)
    styles = {"one": ("first", "-"), "zero": ("second", "--"), "quarter": ("ink", ":")}
    for name, (colour, style) in styles.items():
        left.plot(data["p"], data[f"{name}_of_p"], style, color=colours[colour])
    for name in ("one", "zero"):
        colour, style = styles[name]
        right.plot(data["z"], data[f"{name}_of_z"], style, color=colours[colour])
    right.plot(data["z"], data["squared_of_z"], color=colours["faint"], linewidth=0.9)
    left.set(xlabel="probability p", ylabel="loss", xlim=(0, 1), ylim=(0, 4.2))
    right.set(xlabel="logit z", xlim=(-6, 6), ylim=(0, 6.2), xticks=[-6, -3, 0, 3, 6])
    one, zero, quarter = (f"target {Fraction(target)}" for target in data["targets"])
    labels = [
        (left, one, (0.07, 3.3), "first"),
        (left, zero, (0.69, 3.3), "second"),
        (left, quarter, (0.36, 1.6), "ink"),
        (right, one, (-4.5, 5.2), "first"),
        (right, zero, (1.8, 5.2), "second"),
        (right, "squared error", (-5.8, 0.7), "faint"),
    ]
    for axes, text, place, colour in labels:
        axes.text(*place, text, color=colours[colour])
    return figure


TOLERANCES = within(1e-12, "p z targets squared_of_z")
TOLERANCES |= within(1e-12, *(f"{name}_of_{letter}" for name in TARGETS for letter in "pz"))
