"""What training makes of each mistake in strides, pooling and the loss of ten classes."""

from collections.abc import Mapping
from statistics import median
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import load_digits
from cnnbook.optimizers import SGD
from cnnbook.train import count_errors, fit
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.wrong import defined
from scripts.held_out import load_held_out
from scripts.trials.store import Result, Setting, results

EXAMPLES = "docs/wrong-on-ten-digits.md"  # which define the mistakes
SEEDS = 5
EPOCHS, LEARNING_RATE, MOMENTUM, BATCH_SIZE = 2, 0.02, 0.9, 32
# What a mistake is compared with: the right network of the same form.
COMPARED = {"zero_frame": "right_overlapping", "overwriting": "right_overlapping"}
COMPARED |= {"too_many_zeros": "right_strided", "wrong_end": "right_strided"}
RIGHT = ("right", "right_overlapping", "right_strided")
WRONG = (
    *("every_tie", "exchanged", "zero_frame", "overwriting", "too_many_zeros", "wrong_end"),
    *("softmax_twice", "log_of_softmax", "mean_of_all", "off_by_one"),
)
TRIALS: list[Setting] = [
    {"seed": seed, "name": name} for seed in range(SEEDS) for name in (*RIGHT, *WRONG)
]


def trial(name: str, seed: int) -> Result:
    """Train with a mistake, and count the errors on images that are held out.

    A training that ends in numbers that are none has misread everything.
    """
    parts = dict(defined(EXAMPLES)["wrong"][name])
    loss = parts.pop("loss", CategoricalCrossEntropy)(from_logits=True)
    rng, held_out = np.random.default_rng(seed), load_held_out()
    model = defined(EXAMPLES)["build"](rng, **parts)
    optimizer = SGD(model.parameters(), LEARNING_RATE, momentum=MOMENTUM)
    once: Any = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "rng": rng}
    try:
        with np.errstate(all="ignore"):
            fit(model, loss, optimizer, *load_digits().train, **once)
            return {"errors": count_errors(model, *held_out)}
    except (FloatingPointError, ValueError) as error:
        print(f"stopped: {error}")
        return {"errors": len(held_out[1])}


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    del setting  # it is the same for all
    return within(30, "errors")


def compute() -> Data:
    """Put together what was found with every mistake, and without any."""
    data: Data = {
        "epochs": EPOCHS,
        "seeds": SEEDS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "momentum": MOMENTUM,
        "images": len(load_held_out()[1]),
        "train_images": len(load_digits().train[1]),
        "mistakes": len(WRONG),
    }
    for name in (*RIGHT, *WRONG):
        chosen = [setting for setting in TRIALS if setting["name"] == name]
        found = [result["errors"] for result in results("wrong_digits", chosen)]
        data[f"{name}_errors"] = found
        data[f"{name}_least"], data[f"{name}_most"] = min(found), max(found)
    data["right_median"] = int(median(data["right_errors"]))
    return data | {"hidden": sum(hidden(data, name) for name in WRONG)}


def compared(name: str) -> str:
    """Name the right network that a mistake is compared with."""
    return COMPARED.get(name, "right")


def hidden(data: Data, name: str) -> bool:
    """Whether no run is worse than the worst of the right network."""
    return bool(data[f"{name}_most"] <= data[f"{compared(name)}_most"])


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a line for each mistake, in the order of the page: its runs, over those without it."""
    figure, axes = prepare(colours, width=6.6, height=3.9, rows=1)
    names = [key.removesuffix("_errors") for key in data if key.endswith("_errors")]
    names = [name for name in names if not name.startswith("right")]
    for place, name in enumerate(reversed(names)):
        right = compared(name)
        low, high = (data[f"{right}_{end}"] for end in ("least", "most"))
        axes.axhline(place, color=colours["faint"], linewidth=0.3)
        axes.fill_between(
            [low, high], place - 0.42, place + 0.42, color=colours["first"], alpha=0.2
        )
        runs = np.asarray(data[f"{name}_errors"])
        heights = place + 0.24 * np.linspace(1, -1, len(runs))  # one above the other, by seed
        worse = runs > data[f"{right}_most"]
        for chosen, colour in ((~worse, "first"), (worse, "second")):
            axes.plot(runs[chosen], heights[chosen], "o", color=colours[colour], markersize=3.2)
    first = 20  # the number of the first of them
    labels = [f"{first + place}. {name.replace('_', ' ')}" for place, name in enumerate(names)]
    axes.set_yticks(range(len(names)), list(reversed(labels)))
    axes.tick_params(axis="y", length=0)
    axes.set(xscale="log", xlim=(90, 14_000), ylim=(-0.7, len(names) - 0.3))
    axes.set_xlabel("misread images")
    axes.spines["left"].set_visible(False)
    return figure


TOLERANCES = (
    within(0, "epochs seeds batch_size learning_rate momentum images train_images mistakes")
    | within(1, "hidden")
    | within(30, "right_median")
    | within(
        30,
        *(f"{name}_{entry}" for name in (*RIGHT, *WRONG) for entry in ["errors", "least", "most"]),
    )
)
