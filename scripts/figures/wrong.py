"""What training makes of each mistake in the appendix, with the code that stands there."""

import doctest
import math
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from statistics import median
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import ReLU
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one
from cnnbook.optimizers import SGD
from cnnbook.samples import one_hot
from cnnbook.train import count_errors, fit
from scripts.figures import ROOT
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.trials.store import Result, Setting, results

EXAMPLES = "docs/wrong-on-purpose.md"  # which define the mistakes
SEEDS = 5
EPOCHS, LEARNING_RATE, BATCH_SIZE = 2, 0.1, 32
WORST_LOSS = -math.log(np.finfo(np.float32).tiny)  # of answers that are exactly 0 and should be 1
# What a mistake is compared with: the right network in the same circumstances.
RIGHT = {"right": {}, "right_relu": {"activation": ReLU}, "right_batch": {"batch_size": 5}}
COMPARED = {"wrong_axes": "right_batch", "always_open": "right_relu"}
COMPARED |= {"in_place_gradient": "right_relu"}

# Whose steps are so long that the last bit of a weight can decide, and what is compared with them.
NUDGED = ("right", "summed", "never_zeroed")


@cache
def defined(page: str) -> dict[str, Any]:
    """Execute the examples of a page, and return what they define."""
    found: dict[str, Any] = {}
    for example in doctest.DocTestParser().get_examples((ROOT / page).read_text(encoding="utf-8")):
        with redirect_stdout(StringIO()):
            exec(compile(example.source, page, "single"), found)  # noqa: S102 - our own page
    return found


def trial(name: str, seed: int, *, nudged: bool) -> Result:
    """Train with a mistake; count the misread test images, and measure the loss.

    The loss is the right one of all training images, in the batches of training. If the network is
    nudged, a single weight has another last bit before training. A training that ends in numbers
    that are none has misread everything, and was as sure of it as the loss can express.
    """
    parts = dict((RIGHT | defined(EXAMPLES)["wrong"])[name])
    loss = parts.pop("loss", BinaryCrossEntropy)()
    optimizer = parts.pop("optimizer", SGD)
    batch_size = parts.pop("batch_size", BATCH_SIZE)
    split, rng = load_zero_one(), np.random.default_rng(seed)
    model = defined(EXAMPLES)["build"](rng, **parts)
    if nudged:
        kernel = model.parameters()[0].value
        kernel.flat[0] = np.nextafter(kernel.flat[0], np.inf, dtype=kernel.dtype)
    options = {"epochs": EPOCHS, "batch_size": batch_size, "rng": rng}
    images, labels = split.train
    try:
        with np.errstate(all="ignore"):
            fit(model, loss, optimizer(model.parameters(), LEARNING_RATE), *split.train, **options)
            p = model.predict(images, batch_size=batch_size)
    except (FloatingPointError, ValueError) as error:
        print(f"stopped: {error}")
        return {"errors": len(split.test[1]), "loss": WORST_LOSS}
    measured = BinaryCrossEntropy().forward(p, one_hot(labels, 2, p.dtype))
    return {"errors": count_errors(model, *split.test), "loss": measured}


def runs(name: str, *, nudged: bool = False) -> list[Result]:
    """Return what was found from each seed."""
    return results("wrong", [t for t in TRIALS if (t["name"], t["nudged"]) == (name, nudged)])


def compute() -> Data:
    """Put together what was found with every mistake, and without any."""
    wrong = [name for name in defined(EXAMPLES)["wrong"] if name not in RIGHT]
    data: Data = {
        "epochs": EPOCHS,
        "seeds": SEEDS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "test_images": len(load_zero_one().test[1]),
        "mistakes": len(wrong),
    }
    losses = {}
    for name in (*RIGHT, *wrong):
        found = [run["errors"] for run in runs(name)]
        losses[name] = [run["loss"] for run in runs(name)]
        data[f"{name}_errors"] = found
        data[f"{name}_least"], data[f"{name}_most"] = min(found), max(found)
    for name in NUDGED:
        data[f"{name}_nudged"] = [run["errors"] for run in runs(name, nudged=True)]
    data["hidden"] = sum(hidden(data, name) for name in wrong)
    data["same"] = sum(data[f"{n}_errors"] == data[f"{compared(n)}_errors"] for n in wrong)
    as_low = [n for n in wrong if max(losses[n]) <= max(losses[compared(n)])]
    data["hidden_by_loss"] = sum(hidden(data, name) for name in as_low)
    return data | {f"{n}_loss": median(losses[n]) / median(losses[compared(n)]) for n in wrong}


def compared(name: str) -> str:
    """Name the right network that a mistake is compared with."""
    return COMPARED.get(name, "right")


def hidden(data: Data, name: str) -> bool:
    """Whether no run is worse than the worst of the right network."""
    return bool(data[f"{name}_most"] <= data[f"{compared(name)}_most"])


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a line for each mistake, in the order of the page: its runs, over those without it."""
    names = [key.removesuffix("_errors") for key in data if key.endswith("_errors")]
    names = [name for name in names if name not in RIGHT]
    figure, axes = prepare(colours, width=6.6, height=5.6, rows=1)
    least = 0.7  # where no error is drawn, on an axis that has no zero
    for place, name in enumerate(reversed(names)):
        right = compared(name)
        low, high = (max(data[f"{right}_{end}"], least) for end in ("least", "most"))
        axes.axhline(place, color=colours["faint"], linewidth=0.3)
        axes.fill_between(
            [low / 1.06, high * 1.06], place - 0.42, place + 0.42, color=colours["first"], alpha=0.2
        )
        runs = np.maximum(data[f"{name}_errors"], least)
        heights = place + 0.24 * np.linspace(1, -1, len(runs))  # one above the other, by seed
        worse = runs > data[f"{right}_most"]
        for chosen, colour in ((~worse, "first"), (worse, "second")):
            axes.plot(runs[chosen], heights[chosen], "o", color=colours[colour], markersize=3.2)
    numbers = range(len(names), 0, -1)
    labels = [
        f"{number}. {name.replace('_', ' ')}"
        for number, name in zip(numbers, reversed(names), strict=True)
    ]
    axes.set_yticks(range(len(names)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set(xscale="log", xlim=(0.6, 4000), ylim=(-0.7, len(names) - 0.3))
    axes.set_xlabel("misread test images")
    axes.spines["left"].set_visible(False)
    return figure


STEADY = "right right_relu right_batch convolved unflipped wrong_axes untied frozen at_output "
STEADY += "always_open in_place_gradient in_place_forward columns_first updates_during "
STEADY += "overwrites divides_again starts_at_zero naive collapsed_twice across_samples"
UNSTEADY = [name for name in NUDGED if name != "right"]  # may end with anything elsewhere
TRIALS: list[Setting] = [
    {"seed": seed, "name": name, "nudged": nudged}
    for seed in range(SEEDS)
    for nudged, names in ((False, [*STEADY.split(), *UNSTEADY]), (True, NUDGED))
    for name in names
]


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    unsteady = setting["name"] in UNSTEADY
    return within(2115 if unsteady else 1, "errors") | within(1e3 if unsteady else 1e-3, "loss")


ENTRIES = ("errors", "least", "most")
TOLERANCES = (
    within(0, "epochs seeds batch_size learning_rate test_images mistakes hidden same")
    | within(1, *(f"{name}_{entry}" for name in STEADY.split() for entry in ENTRIES))
    | within(1, "right_nudged hidden_by_loss")
    | within(0.05, *(f"{name}_loss" for name in STEADY.split() if name not in RIGHT))
    | within(1e4, *(f"{name}_loss" for name in UNSTEADY))
    | within(2115, *(f"{name}_{entry}" for name in UNSTEADY for entry in (*ENTRIES, "nudged")))
)
