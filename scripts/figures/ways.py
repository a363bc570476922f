"""Chapter 16: one layer in seven ways, and what a batch costs."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_digits
from scripts import timing
from scripts.figures.common import ANY, Data, prepare, within
from scripts.figures.ten_classes import counts_of_layers

NAMES = {
    "columns": "columns and one product",
    "tensordot": "tensordot",
    "shifts": "shift and add",
    "winograd": "Winograd",
    "fourier": "Fourier",
    "einsum": "einsum",
}


def compute() -> Data:
    """Measure everything but the passes."""
    data: Data = {"batches": list(timing.BATCHES), "sizes": list(timing.STEPS), "seed": 0}
    found = timing.ways() | timing.orders() | timing.mistakes() | timing.threads()
    steps = timing.steps()
    fixed, slope = timing.straight_line(timing.STEPS, steps)
    data |= {name: float(f"{value:.4g}") for name, value in found.items()}
    data |= {"steps": [float(f"{value:.4g}") for value in steps]}
    share = 2 - 2 * found["two_threads"] / found["one_thread"]  # solve @eq-amdahl for a
    images, products = len(load_digits().train[1]), counts_of_layers()["multiplications"]
    step_products = 3 * sum(products) - products[0]  # no input gradient for the first layer
    loops = found["loops_1"] / products[1] * step_products
    return data | {
        "step_products": step_products,
        "epoch_seconds": round(images * (fixed / 32 + slope) / 1e3, 2),
        "loops_hours": round(images * loops / 3.6e9, 2),
        "fixed": round(fixed, 4),
        "slope": round(slope, 4),
        "half": round(fixed / slope, 1),
        "loops_times": round(found["loops_1"] / found["columns_32"]),
        "quicker": round(found["one_thread"] / found["two_threads"], 2),
        "divided": round(share, 2),
        "limit": round(1 / (1 - share), 1),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the ways at the left, the steps at the right."""
    figure, (left, right) = prepare(colours, width=7.2, height=3.6, rows=1, columns=2)
    markers = dict(zip(data["batches"], "os^", strict=True))
    for row, name in enumerate(NAMES):
        for batch, marker in markers.items():
            style = {"color": colours["first"], "markerfacecolor": "none"}
            left.plot(data[f"{name}_{batch}"], row, marker, label=f"{batch}", **style)
    handles, labels = left.get_legend_handles_labels()
    left.legend(
        handles[: len(markers)],
        labels[: len(markers)],
        title="batch",
        frameon=False,
        labelcolor=colours["ink"],
        fontsize=10.5,
    ).get_title().set_color(colours["ink"])
    left.set(title="one layer, microseconds an image", xscale="log")
    left.set_yticks(range(len(NAMES)), NAMES.values())
    left.invert_yaxis()
    sizes = np.array(data["sizes"])
    line = data["fixed"] + data["slope"] * sizes
    right.plot(sizes, line, color=colours["faint"], linewidth=1)
    right.plot(sizes, data["steps"], "o", color=colours["first"])
    right.axvline(data["half"], color=colours["second"], linestyle="--", linewidth=1)
    right.set(title="a step, milliseconds", xlabel="batch size", xscale="log", yscale="log")
    right.set_xticks(sizes, [str(size) for size in sizes])
    marks = [time for time in (2, 5, 10, 20) if min(data["steps"]) < 1.2 * time]
    right.set_yticks(marks, [str(mark) for mark in marks])
    right.minorticks_off()
    return figure


TIMES = [
    *(f"{name}_{batch}" for name in NAMES for batch in timing.BATCHES),
    "loops_1 loops_times loops_hours epoch_seconds quicker divided limit steps fixed slope half",
    "windows_images_last windows_images_first windows_turned",
    "denormal_times einsum_times one_thread two_threads first_step beside_one beside_two",
]
TOLERANCES = within(0, "batches sizes seed step_products") | within(ANY, " ".join(TIMES))
