"""Every test image that the trained network misreads, and the ones it nearly misread."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from scripts.figures.common import Data, prepare, within
from scripts.figures.trained_network import trained

SHOWN, OTHER_SEED = 12, 3


def compute() -> Data:
    """Sort the test images by how much the right answer is ahead of the wrong one."""
    _, (_, (images, labels)), answers = trained()
    rows = np.arange(len(labels))
    ahead = answers[rows, labels] - answers[rows, 1 - labels]
    order = np.argsort(ahead)[:SHOWN]
    wrong = np.flatnonzero(ahead < 0)
    other = trained(OTHER_SEED).answers.argmax(axis=1) != labels
    return {
        "test_images": len(labels),
        "errors": len(wrong),
        "zeros_misread": int(np.sum(labels[wrong] == 0)),
        "ones_misread": int(np.sum(labels[wrong] == 1)),
        "shown": SHOWN,
        "numbers": order.tolist(),
        "labels": labels[order].tolist(),
        "answers": answers[order].round(4).tolist(),
        "images": images[order, 0].round(4).tolist(),
        "other_errors": int(other.sum()),
        "other_ones": int(other[labels == 1].sum()),
        "sure": int(np.sum(answers.max(axis=1) > 0.99)),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the images, errors first, with number and answers."""
    figure, panels = prepare(colours, width=6.6, height=3.6, rows=2, columns=SHOWN // 2)
    entries = zip(data["images"], data["numbers"], data["answers"], strict=True)
    for place, (axes, (image, number, answer)) in enumerate(zip(panels.flat, entries, strict=True)):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="none")
        colour = colours["second"] if place < data["errors"] else colours["ink"]
        text = f"no. {number}\n{answer[0]:.3f}   {answer[1]:.3f}"
        axes.set_title(text, fontsize=10, color=colour, loc="center")
        axes.axis("off")
    return figure


TOLERANCES = (
    within(0, "test_images shown errors zeros_misread ones_misread numbers labels images")
    | within(3e-4, "answers")
    | within(1, "sure other_errors other_ones")
)
