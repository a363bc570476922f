"""What comes out of rectified layers at four depths, as histograms, from five starts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scripts.figures.common import Data, prepare, within
from scripts.figures.starts import SHOWN, STARTS, WIDTH, traced

DEPTHS = (1, 5, 10, 20)
LEAST, MOST, BINS = -8, 4, 60  # powers of ten


def compute() -> Data:
    """Count, for each start and depth, how many outputs have which power of ten."""
    histograms = []
    for start in STARTS:
        outputs, _, _ = traced(start)
        histograms.append([histogram(outputs[depth - 1]) for depth in DEPTHS])
    return {
        "starts": list(STARTS),
        "depths": list(DEPTHS),
        "powers": [LEAST, MOST],
        "images": SHOWN,
        "units": WIDTH,
        "histograms": histograms,
    }


def histogram(outputs: Any) -> list[float]:
    """Return the shares of outputs above zero in bins of equal ratio."""
    powers = np.log10(outputs[outputs > 0])
    counts, _ = np.histogram(powers, BINS, (LEAST, MOST))
    return [float(share) for share in (counts / counts.sum()).round(6)]


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a panel for each start, and in it a ridge for each depth, the first layer at the top."""
    figure, panels = prepare(colours, width=7.4, height=2.6, rows=1, columns=len(data["starts"]))
    least, most = data["powers"]
    places = np.linspace(least, most, len(data["histograms"][0][0]) + 1)
    for axes, start, ridges in zip(panels, data["starts"], data["histograms"], strict=True):
        colour = colours["second" if start == 2 else "first"]
        for row, shares in enumerate(ridges):
            base = -float(row)
            heights = base + 0.9 * np.array(shares) / max(shares)
            axes.stairs(heights, places, baseline=base, fill=True, color=colour, alpha=0.75)
            axes.axhline(base, color=colours["faint"], linewidth=0.5)
        axes.set(title=f"{start:g} / $D$", xlim=(least, most), ylim=(-3.1, 1.05))
        axes.set_xticks([-6, -3, 0, 3])
        axes.tick_params(axis="x", labelsize=10)
        axes.set_xlabel("power of ten" if start == data["starts"][2] else "", fontsize=11)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    named = [f"layer {depth}" for depth in data["depths"]]
    panels[0].set_yticks([0.15 - row for row in range(len(named))], named, fontsize=11)
    panels[0].tick_params(axis="y", length=0)
    return figure


TOLERANCES = within(0, "starts depths powers images units") | within(0.05, "histograms")
