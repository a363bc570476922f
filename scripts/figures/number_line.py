"""The numbers of a small format on a line, and a step that is lost between two of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.rounding import Format, round_to_nearest, spacing
from scripts.figures.common import Data, prepare, within

DIGITS, LOWEST, HIGHEST = (2, 3, 4), -2, 1
WEIGHT, STEP, CHOSEN = 2.5, 0.2, 3  # the weight is one of a format with so many digits
Array = np.ndarray[Any, Any]


def numbers(form: Format) -> Array:
    """List all numbers of a format that are not negative."""
    step = float(spacing(np.zeros(1), form)[0])
    line = np.arange(0, form.largest + step / 2, step)
    return np.unique(round_to_nearest(line, form))


def compute() -> Data:
    """List the numbers of three formats, and what becomes of a step in one of them."""
    form = Format(CHOSEN, LOWEST, HIGHEST)
    at = float(spacing(np.array([WEIGHT]), form)[0])
    target = WEIGHT + STEP
    return {
        "digits": list(DIGITS),
        "lowest": LOWEST,
        "highest": HIGHEST,
        "end": 2 ** (HIGHEST + 1),
        **{f"numbers_{p}": numbers(Format(p, LOWEST, HIGHEST)).tolist() for p in DIGITS},
        "chosen": CHOSEN,
        "weight": WEIGHT,
        "step": STEP,
        "target": target,
        "spacing": at,
        "above": WEIGHT + at,
        "nearest": float(round_to_nearest(np.array([target]), form)[0]),
        "up": round(STEP / at, 10),
        "normal": 2.0**LOWEST,
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a row of marks for each format, and weight and step at one of them."""
    figure, axes = prepare(colours, width=7.2, height=2.6, rows=1)
    for row, digits in enumerate(data["digits"]):
        chosen = digits == data["chosen"]
        for number in data[f"numbers_{digits}"]:
            few = number < data["normal"]
            colour = colours["second" if few else "ink"]
            axes.plot([number] * 2, [-row - 0.16, -row + 0.16], color=colour, linewidth=1.3)
        axes.text(-0.12, -row, f"$p = {digits}$", ha="right", va="center")
        axes.plot([0, data["end"]], [-row, -row], color=colours["faint"], linewidth=0.7, zorder=0)
        if chosen:
            style = {"color": colours["first"], "clip_on": False}
            axes.plot(data["weight"], -row, "o", markersize=8, **style)
            axes.plot(data["target"], -row, "D", markersize=6, markerfacecolor="none", **style)
            for place, words in (("weight", "$w$"), ("target", r"$w - \eta g$")):
                side = {"weight": (-0.03, "right"), "target": (0.03, "left")}[place]
                x = data[place] + side[0]
                axes.text(x, -row + 0.36, words, ha=side[1], va="center", color=colours["first"])
    axes.set(xlim=(-0.5, 4.1), ylim=(-2.5, 0.5), yticks=[], xticks=[0, 0.25, 0.5, 1, 2, 4])
    axes.set_xticklabels(["0", "1/4", "1/2", "1", "2", "4"])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    return figure


TOLERANCES = within(0, "digits lowest highest end chosen weight normal")
TOLERANCES |= within(0, "numbers_2 numbers_3 numbers_4")
TOLERANCES |= within(1e-12, "step target spacing above nearest up")
