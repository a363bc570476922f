"""How far the sigmoid is from 1, as floating-point numbers know it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.functions import sigmoid
from scripts.figures.common import Data, prepare, within

KINDS: dict[str, type[np.floating[Any]]] = {"float32": np.float32, "float64": np.float64}


def first_one(kind: type[np.floating[Any]]) -> float:
    """Find, by halving, the least z whose sigmoid is exactly 1."""
    low, high = kind(0), kind(100)
    while (middle := kind((low + high) / 2)) not in (low, high):
        if sigmoid(np.array([middle]))[0] == 1:
            high = middle
        else:
            low = middle
    return float(high)


def compute() -> Data:
    """Compute 1 - sigmoid(z) in half the spacing at 1, and the logarithm of sigmoid(-z)."""
    z = np.linspace(0, 45, 451)
    data: Data = {"z": z.tolist(), "logarithm": np.log(sigmoid(-z)).tolist()}
    for name, kind in KINDS.items():
        missing = (1 - sigmoid(z.astype(kind))).astype(float)
        data[name] = (missing / half_spacing(kind)).tolist()
        data[f"{name}_zeros"] = int(np.sum(missing == 0))
        data[f"{name}_one"] = first_one(kind)
    return data


def half_spacing(kind: type[np.floating[Any]]) -> float:
    """Return half the distance from 1 to the next number, the spacing below 1."""
    return float(np.finfo(kind).eps) / 2


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw both differences from 1, and what they should be."""
    figure, axes = prepare(colours, width=5.8, height=3.6, rows=1)
    axes.plot(data["z"], np.exp(data["logarithm"]), color=colours["faint"], linewidth=0.9)
    for name, colour, style in (("float64", "first", "-"), ("float32", "second", "-")):
        values = np.array(data[name]) * half_spacing(KINDS[name])
        known = values > 0
        axes.plot(np.array(data["z"])[known], values[known], style, color=colours[colour])
        end, last = data[f"{name}_one"], values[known][-1]
        axes.plot([end, end], [last, 1e-21], ":", color=colours[colour])
        axes.annotate(
            f"{name}:\n0 from z = {end:.2f}",
            (end, 1e-20),
            xytext=(-5, 4),
            textcoords="offset points",
            horizontalalignment="right",
            color=colours[colour],
        )
    axes.annotate(
        "the sigmoid of \N{MINUS SIGN}z",
        (38, 3e-17),
        xytext=(4, 4),
        textcoords="offset points",
        color=colours["ink"],
    )
    axes.set(xlabel="z", ylabel="1 minus the sigmoid of z", yscale="log", ylim=(1e-21, 2))
    axes.set_xlim(0, 52)
    return figure


# Another exp may differ in the last place; where steps are a spacing high, by two of them.
TOLERANCES = (
    within(0, "z")
    | within(1e-9, "logarithm")
    | within(2, "float32 float64")
    | within(1, "float32_zeros float64_zeros")
    | {"float32_one": 1e-4, "float64_one": 1e-6}
)
