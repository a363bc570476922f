"""Chapter 16: what the passes of two layers should take at least, and what they take."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from scripts import timing
from scripts.figures.common import ANY, Data, prepare, within

FORWARD = ("frame", "windows", "product", "bias")
NAMES = [(1, name) for name in (*FORWARD, "kernels")]
NAMES += [(2, name) for name in (*FORWARD, "kernels", "shares", "collect")]


def compute() -> Data:
    """Measure the machine, then every pass."""
    found = timing.predictions()
    data: Data = {"batch": timing.PASSES_BATCH, "seed": 0, "large": timing.LARGE // 2**20}
    data |= {key: found[key] for key in ("layer", "multiplications", "bytes")}
    for key in ("least", "predicted", "measured"):
        data[key] = [float(f"{value:.4g}") for value in found[key]]
    data["passes"] = len(data["measured"])
    works = list(zip(data["measured"], data["predicted"], data["multiplications"], strict=True))
    ratios = [measured / predicted for measured, predicted, products in works if products]
    data["products_least"], data["products_most"] = round(min(ratios), 2), round(max(ratios), 2)
    data["first_ratio"], data["second_ratio"] = (round(r, 2) for r in timing.by_layer(found))
    idle = [measured for measured, _, products in works if not products]
    data["idle_share"] = round(sum(idle) / sum(data["measured"]), 3)
    data["rate"], data["bandwidth"] = round(found["rate"] / 1e9), round(found["bandwidth"] / 1e9)
    data["ridge"] = round(found["rate"] / found["bandwidth"], 1)
    data["bandwidth_most"] = round(max(timing.bandwidths()) / 1e9)
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a row for each pass: measured, and between which two times it should lie."""
    figure, axes = prepare(colours, width=6.8, height=4.2, rows=1)
    rows = np.arange(data["passes"])
    axes.barh(rows, data["measured"], 0.62, color=colours["first"], label="measured")
    ends = zip(rows, data["least"], data["predicted"], strict=True)
    style = {"color": colours["second"], "linewidth": 2.4}
    for row, least, predicted in ends:
        axes.plot([least, predicted], [row, row], **style)
        axes.plot([predicted] * 2, [row - 0.4, row + 0.4], **style)
    axes.plot([], [], label="predicted, if all or nothing overlaps", **style)
    names = [f"{name}, {layer}" for layer, name in NAMES]
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    axes.legend(frameon=False, labelcolor=colours["ink"])
    axes.set(title="microseconds an image, pass by pass")
    return figure


TIMES = "least predicted measured products_least products_most first_ratio second_ratio"
TOLERANCES = within(0, "batch seed large layer multiplications bytes passes")
TOLERANCES |= within(ANY, TIMES, "idle_share rate bandwidth ridge bandwidth_most")
