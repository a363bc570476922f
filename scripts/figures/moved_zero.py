"""A zero that is moved off its place, with and without the side that lands in the middle."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, within
from scripts.figures.shifted import FAR, MIDDLE, moved, without_middle
from scripts.figures.trained_network import logits, trained

NAMES = ("as it is", "moved", "middle erased", "middle added")


def compute() -> Data:
    """Read a zero as it is, to the left, without its side there, and with that side at home."""
    model = trained().model
    images, labels = load_zero_one().test
    zero = images[labels == 0][:1]
    away = moved(zero, -FAR)
    both = zero.copy()
    both[..., MIDDLE] = np.maximum(zero, away)[..., MIDDLE]
    shown = np.concatenate([zero, away, without_middle(away), both])
    return {
        "number": int(np.argmax(labels == 0)),
        "columns": FAR,
        "middle": [MIDDLE.start, MIDDLE.stop - 1],
        "images": shown[:, 0].astype(float).round(4).tolist(),
        "answers": model.predict(shown).astype(float).round(4).tolist(),
        "logits": logits(model, shown).astype(float).round(3).tolist(),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the four images, and the two answers under each."""
    figure, panels = prepare(colours, width=6.2, height=2.4, rows=1, columns=len(NAMES))
    for axes, name, image, answers in zip(
        panels, NAMES, data["images"], data["answers"], strict=True
    ):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.set_title(name, fontsize=12, loc="center")
        axes.set(xticks=[], yticks=[])
        said = "zero {:.3f}\none {:.3f}".format(*answers)
        axes.set_xlabel(said, fontsize=12)
    return figure


TOLERANCES = (
    within(0, "number columns middle images") | within(3e-4, "answers") | within(1e-3, "logits")
)
