"""The errors of three ways to add up, and their bounds, in two formats."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.rounding import (
    FLOAT16,
    FLOAT32,
    sum_compensated,
    sum_in_order,
    sum_in_pairs,
)
from scripts.figures.common import Data, prepare, within

SEED, DRAWS = 0, 5
POWERS = {"float32": range(2, 21, 2), "float16": range(2, 16, 2)}
FORMATS = {"float32": FLOAT32, "float16": FLOAT16}
WAYS: dict[str, Callable[..., Any]] = {
    "order": sum_in_order,
    "pairs": sum_in_pairs,
    "compensated": sum_compensated,
}
LEAST = 1e-9  # where an error of zero is drawn


def compute() -> Data:
    """Add up numbers between 0 and 1, and compare with the sum in float64."""
    data: Data = {"seed": SEED, "draws": DRAWS}
    for name, powers in POWERS.items():
        rng, counts = np.random.default_rng(SEED), [2**power for power in powers]
        errors: dict[str, list[float]] = {way: [] for way in WAYS}
        for count in counts:
            drawn = rng.random((DRAWS, count)).astype(name)
            exact = drawn.astype(np.float64).sum(axis=1)
            for way, add in WAYS.items():
                found = np.array([float(add(x)) for x in drawn])
                errors[way].append(float(np.max(np.abs(found / exact - 1))))
        unit = FORMATS[name].unit
        bounds = {
            "order": [(count - 1) * unit for count in counts],
            "pairs": [power * unit for power in powers],
            "compensated": [2 * unit for _ in powers],
        }
        data[f"{name}_counts"] = counts
        for way in WAYS:
            data[f"{name}_{way}"] = [float(f"{error:.4g}") for error in errors[way]]
            data[f"{name}_{way}_bound"] = bounds[way]
    return data


STYLES = {"order": ("second", "o"), "pairs": ("first", "s"), "compensated": ("ink", "^")}
NAMES = {"order": "in order", "pairs": "in pairs", "compensated": "compensated"}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the errors as points and their bounds as lines, each format in its panel."""
    figure, panels = prepare(colours, width=7.2, height=3.4, rows=1, columns=2)
    for axes, name in zip(panels, POWERS, strict=True):
        for way, (colour, marker) in STYLES.items():
            style = {"color": colours[colour], "markerfacecolor": "none"}
            errors = np.maximum(data[f"{name}_{way}"], LEAST)
            counts = data[f"{name}_counts"]
            axes.plot(counts, errors, marker, label=NAMES[way], markersize=5, **style)
            axes.plot(counts, data[f"{name}_{way}_bound"], "-", linewidth=0.8, **style)
        axes.set(xscale="log", yscale="log", title=name, xlabel="numbers")
    panels[0].set(ylim=(LEAST / 2, 1), ylabel="relative error")
    panels[1].set(ylim=(1e-5, 100))
    panels[0].legend(frameon=False, fontsize=11, loc="upper left")
    return figure


TOLERANCES = within(0, "seed draws")
for _name in POWERS:
    TOLERANCES |= within(0, f"{_name}_counts")
    for _way in WAYS:
        TOLERANCES |= within(1e-12, f"{_name}_{_way}", f"{_name}_{_way}_bound")
