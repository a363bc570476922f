"""Chapter 20: a step on one, two and four processes, predicted and measured."""

import os
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from scripts import processes
from scripts.figures.common import ANY, Data, prepare, within

TIMES = tuple(
    "messages one one_in_four two two_in_four two_predicted one_beside_four four".split()  # noqa: SIM905
)


def compute() -> Data:
    """Measure messages, sums and steps; count how many different ends the runs have."""
    found = processes.everything()
    at = processes.BATCHES.index(128)
    data: Data = {
        "seed": 0,
        "steps": processes.STEPS,
        "rounds": processes.ROUNDS,
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[2], 1),  # of the last quarter of an hour
        "numbers": processes.MESSAGES[-1],
        "counts": list(processes.COUNTS),
        "batches": list(processes.BATCHES),
        "fixed": found["fixed"],
        "ordinary": found["ordinary"],
        "fixed_ends": len(set(found["fixed"])),
        "ordinary_ends": len(set(found["ordinary"])),
        "alpha": round(found["alpha"] * 1e6, 1),
        "beta": round(found["beta"] * 1e9, 3),
    }
    for name in ("ring", "ring_predicted", "in_order", "library", *TIMES):
        times = found[name]
        milliseconds = [float(f"{t * 1e3:.4g}") for t in (times if name in TIMES else [times])]
        data[name] = milliseconds if name in TIMES else milliseconds[0]
    c, d = found["fixed_cost"], found["slope"]
    alone = [(c + d * batch) * 1e3 for batch in data["batches"]]
    both = zip(alone, data["two_predicted"], strict=True)
    data["quicker_predicted"] = [round(a / b, 2) for a, b in both]
    data["quicker_predicted_128"] = data["quicker_predicted"][at]
    pairs = {"two": "two", "fixed_two": "two_in_four", "four": "four"}
    for name, of in pairs.items():
        one = data["one_beside_four" if name == "four" else "one"]
        data[f"quicker_{name}"] = [round(a / b, 2) for a, b in zip(one, data[of], strict=True)]
        data[f"quicker_{name}_128"] = data[f"quicker_{name}"][at]
    data["in_shards"] = [
        round(a / b, 2) for a, b in zip(data["one"], data["one_in_four"], strict=True)
    ]
    both = zip(data["quicker_two"], data["quicker_predicted"], strict=True)
    data["largest_miss"] = round(max(abs(a / b - 1) for a, b in both), 2)
    crossing = (4 * found["alpha"] + 2 * found["beta"] * data["numbers"]) / d
    data |= {"crossing": round(crossing, 1), "c": round(1e3 * c, 3), "d": round(1e3 * d, 3)}
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the messages at the left, at the right how much quicker a step is."""
    figure, (left, right) = prepare(colours, width=7.2, height=3.3, rows=1, columns=2)
    sizes = processes.MESSAGES
    along = np.geomspace(sizes[0], sizes[-1], 100)
    line = (data["alpha"] + data["beta"] * along / 1e3) / 1e3
    left.plot(along, line, color=colours["faint"], linewidth=1)
    left.plot(sizes, data["messages"], "o", color=colours["first"])
    left.set(title="a message, milliseconds", xlabel="numbers in it", xscale="log", yscale="log")
    left.minorticks_off()
    left.set_yticks([0.02, 0.05, 0.1, 0.2])
    left.yaxis.set_major_formatter("{x:g}")
    rows = {
        "quicker_predicted": ("two, predicted", "faint", "--"),
        "quicker_two": ("two, a shard each", "first", "o-"),
        "quicker_fixed_two": ("two, four shards", "first", "s:"),
        "quicker_four": ("four on two processors", "second", "^-"),
    }
    for name, (label, colour, style) in rows.items():
        right.plot(data["batches"], data[name], style, color=colours[colour], label=label)
    right.axhline(1, color=colours["faint"], linewidth=0.6)
    right.set(title="times as fast as one process", xlabel="batch size", xscale="log")
    right.set_xticks(data["batches"], [str(size) for size in data["batches"]])
    right.set_ylim(0, 3.6)
    right.minorticks_off()
    right.legend(frameon=False, labelcolor=colours["ink"], fontsize=10, loc="upper left")
    return figure


TOLERANCES = within(0, "seed steps rounds numbers counts batches fixed_ends ordinary_ends")
TOLERANCES |= within(ANY, "fixed ordinary alpha beta ring ring_predicted in_order library")
TOLERANCES |= within(ANY, *TIMES, "in_shards largest_miss crossing processors load c d")
for _name in ("two", "predicted", "fixed_two", "four"):
    TOLERANCES |= within(ANY, f"quicker_{_name}", f"quicker_{_name}_128")
