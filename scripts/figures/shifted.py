"""How often the trained network misreads test images that have been moved sideways."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scripts.figures.common import Data, prepare, within
from scripts.figures.trained_network import logits, trained

SHIFTS = range(-8, 9)
FAR, MIDDLE = 6, slice(10, 18)
Array = np.ndarray[Any, Any]


def moved(images: Array, columns: int) -> Array:
    """Move images to the right, or to the left, and fill up with background."""
    result = np.zeros_like(images)
    if columns > 0:
        result[..., columns:] = images[..., :-columns]
    elif columns < 0:
        result[..., :columns] = images[..., -columns:]
    else:
        result[...] = images
    return result


def without_middle(images: Array) -> Array:
    """Erase the columns in which the stroke of a one stands."""
    result = images.copy()
    result[..., MIDDLE] = 0
    return result


def far_zeros() -> Data:
    """Move zeros far to the sides, and erase the side that lands in the middle."""
    model, (_, (images, labels)), _ = trained()
    moved_zeros = [moved(images[labels == 0], columns) for columns in (-FAR, FAR)]
    erased = [without_middle(zeros) for zeros in moved_zeros]
    blank = np.zeros_like(images[:1])
    return {
        "erased": [float((model.predict(x).argmax(axis=1) == 1).mean()) for x in erased],
        "blank_logit": float(logits(model, blank)[0, 1]),
        "moved_logits": [float(logits(model, x)[:, 1].mean()) for x in moved_zeros],
        "erased_logits": [float(logits(model, x)[:, 1].mean()) for x in erased],
    }


def compute() -> Data:
    """Count the errors for every shift."""
    model, (_, (images, labels)), _ = trained()
    data: Data = {"shifts": list(SHIFTS), "zeros": [], "ones": []}
    for columns in SHIFTS:
        wrong = model.predict(moved(images, columns)).argmax(axis=1) != labels
        data["zeros"].append(float(wrong[labels == 0].mean()))
        data["ones"].append(float(wrong[labels == 1].mean()))
    one = images[labels == 1][:1]
    data["one"] = [model.predict(moved(one, s))[0].round(3).tolist() for s in SHIFTS]
    return data | far_zeros()


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw both shares against the shift."""
    figure, axes = prepare(colours, width=5.8, height=3.3, rows=1)
    axes.plot(data["shifts"], data["zeros"], "-o", color=colours["first"], markersize=4)
    axes.plot(data["shifts"], data["ones"], "--s", color=colours["second"], markersize=4)
    axes.text(6.2, 1.03, "zeros", color=colours["first"])
    axes.text(7.5, 0.5, "ones", color=colours["second"])
    axes.set(xlabel="pixels to the right", ylabel="share misread", ylim=(-0.03, 1.12))
    return figure


TOLERANCES = (
    within(0, "shifts")
    | within(1e-3, "zeros ones erased blank_logit moved_logits erased_logits")
    | within(3e-4, "one")
)
