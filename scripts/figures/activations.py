"""The sigmoid, the hyperbolic tangent and the rectifier, each with its derivative."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import ReLU, Sigmoid, Tanh
from scripts.figures.common import Data, prepare, within

KINDS = {"sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU}
TITLES = {"sigmoid": "sigmoid", "tanh": "hyperbolic tangent", "relu": "ReLU"}


def compute() -> Data:
    """Send a row of inputs forward, and ones backward."""
    z = np.linspace(-4, 4, 162)  # an even number: no point is 0, where ReLU has no derivative
    data: Data = {"z": z.tolist()}
    for name, kind in KINDS.items():
        layer = kind()
        data[name] = layer.forward(z[np.newaxis])[0].tolist()
        data[f"{name}_derivative"] = layer.backward(np.ones((1, len(z))))[0].tolist()
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the functions above, the derivatives below."""
    figure, rows = prepare(colours, width=7.2, height=3.9, rows=2, columns=3)
    z = np.array(data["z"])
    pieces = (z < 0, z > 0)
    for (name, title), above, below in zip(TITLES.items(), *rows, strict=True):
        above.plot(z, data[name], color=colours["first"])
        for piece in pieces:  # ReLU's derivative jumps; nothing is drawn across
            slope = np.array(data[f"{name}_derivative"])[piece]
            below.plot(z[piece], slope, color=colours["second"])
        above.set(title=title, ylim=(-1.15, 1.65), yticks=[-1, 0, 1])
        below.set(ylim=(-0.08, 1.15), yticks=[0, 0.25, 1], xlabel="z")
        for axes in (above, below):
            axes.set(xlim=(-4, 4), xticks=[-4, 0, 4])
            axes.axvline(0, color=colours["faint"], linewidth=0.5)
            axes.axhline(0, color=colours["faint"], linewidth=0.5)
        below.axhline(0.25, color=colours["faint"], linewidth=0.8, linestyle=":")
    rows[0][0].set_ylabel("function")
    rows[1][0].set_ylabel("derivative")
    return figure


TOLERANCES = within(1e-12, "z", *KINDS, *(f"{name}_derivative" for name in KINDS))
