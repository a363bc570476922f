"""What training makes of each mistake in the appendix, with the code that stands there."""

import doctest
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from common import Data, main, prepare
from matplotlib.figure import Figure

from cnnbook.layers import ReLU
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import Split, load_zero_one
from cnnbook.optimizers import SGD
from cnnbook.train import count_errors, fit

PAGE = Path(__file__).parents[2] / "docs" / "wrong-on-purpose.md"
SEEDS, EPOCHS, LEARNING_RATE, BATCH_SIZE = 10, 2, 0.1, 32


def page() -> dict[str, Any]:
    """Execute the examples of the page, and return what they define."""
    found: dict[str, Any] = {}
    for example in doctest.DocTestParser().get_examples(PAGE.read_text(encoding="utf-8")):
        with redirect_stdout(StringIO()):
            exec(compile(example.source, str(PAGE), "single"), found)  # noqa: S102 - our own page
    return found


def errors(build: Any, parts: Mapping[str, Any], split: Split, seed: int = 0) -> int:
    """Train the network with some parts exchanged; count the misread test images.

    A training that ends in numbers that are none has misread everything.
    """
    parts = dict(parts)
    loss = parts.pop("loss", BinaryCrossEntropy)()
    optimizer = parts.pop("optimizer", SGD)
    batch_size = parts.pop("batch_size", BATCH_SIZE)
    rng = np.random.default_rng(seed)
    model = build(rng, **parts)
    options = {"epochs": EPOCHS, "batch_size": batch_size, "rng": rng}
    try:
        with np.errstate(all="ignore"):
            fit(model, loss, optimizer(model.parameters(), LEARNING_RATE), *split.train, **options)
    except (FloatingPointError, ValueError) as error:
        print(f"stopped: {error}")
        return len(split.test[1])
    return count_errors(model, *split.test)


def compute() -> Data:
    """Train with every mistake, and without any."""
    defined, split = page(), load_zero_one()
    build, wrong = defined["build"], defined["wrong"]
    right = [errors(build, {}, split, seed) for seed in range(SEEDS)]
    data: Data = {
        "epochs": EPOCHS,
        "seeds": SEEDS,
        "test_images": len(split.test[1]),
        "mistakes": len(wrong),
        "right": right,
        "right_least": min(right),
        "right_most": max(right),
        "right_relu_errors": errors(build, {"activation": ReLU}, split),
    }
    for name, parts in wrong.items():
        data[f"{name}_errors"] = errors(build, parts, split)
    data["hidden"] = sum(data[f"{name}_errors"] <= max(right) for name in wrong)
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a line for each mistake, in the order of the page."""
    names = [
        key.removesuffix("_errors")
        for key in data
        if key.endswith("_errors") and key != "right_relu_errors"
    ]
    figure, axes = prepare(colours, width=6.6, height=5.6, rows=1)
    axes.axvspan(
        max(data["right_least"], 0.7), data["right_most"], color=colours["first"], alpha=0.18
    )
    for place, name in enumerate(reversed(names)):
        count = data[f"{name}_errors"]
        colour = colours["second" if count > data["right_most"] else "first"]
        axes.axhline(place, color=colours["faint"], linewidth=0.3)
        axes.plot([max(count, 0.7)], [place], "o", color=colour)
        axes.annotate(
            f"{count:,}",
            (max(count, 0.7), place),
            xytext=(8, -4),
            textcoords="offset points",
            color=colours["ink"],
            fontsize=9,
        )
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
    result: Figure = figure
    return result


if __name__ == "__main__":
    data_entries = ("epochs", "seeds", "test_images", "mistakes")
    tolerances: dict[str, float] = dict.fromkeys(data_entries, 0.0)
    tolerances |= {"right": 8, "right_least": 3, "right_most": 8, "right_relu_errors": 8}
    tolerances |= {"hidden": 4}
    near = "convolved unturned wrong_axes untied frozen always_open in_place_gradient naive "
    near += "in_place_forward columns_first updates_during overwrites collapsed_twice "
    tolerances |= {f"{name}_errors": 8 for name in near.split()}
    far = (
        "at_output",
        "divides_again",
        "starts_at_zero",
        "summed",
        "across_samples",
        "never_zeroed",
    )
    tolerances |= {f"{name}_errors": 1000 for name in far}
    sys.exit(main("wrong", compute, draw, tolerances))
