"""Every held-out image that the digit network misreads, as it stands at the top of the ladder."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from scripts.figures import ladder
from scripts.figures.common import Data, prepare, within
from scripts.held_out import load_held_out

FIRST = 50_000  # of the held-out images, the number of the first among all for training
COLUMNS = 14


def compute() -> Data:
    """Take the errors of the first seed, those that most runs share before the others."""
    images, labels = load_held_out()
    runs = ladder.found(ladder.TOP)
    p = np.stack([ladder.answers(run, labels) for run in runs])
    wrong = p.argmax(axis=2) != labels
    misread = np.flatnonzero(wrong[0])
    order = misread[np.argsort(-wrong[:, misread].sum(axis=0), kind="stable")]
    said = p[0, order]
    return {
        "runs": len(runs),
        "errors": len(order),
        "digits": list(range(10)),
        "by_all": int(np.count_nonzero(wrong.all(axis=0))),
        "numbers": (FIRST + order).tolist(),
        "labels": labels[order].tolist(),
        "answers": said.argmax(axis=1).tolist(),
        "sure": said.max(axis=1).tolist(),
        "surely_wrong": int(np.count_nonzero(said.max(axis=1) > 0.9)),
        "shared": wrong[:, order].sum(axis=0).tolist(),
        "images": np.round(15 * images[order, 0]).astype(int).tolist(),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the images in rows, with digit and answer below; in colour where all runs err."""
    rows = -(-data["errors"] // COLUMNS)
    height = 0.72 * rows
    figure, panels = prepare(colours, width=6.6, height=height, rows=rows, columns=COLUMNS)
    for axes in panels.flat:
        axes.axis("off")
    texts = zip(data["labels"], data["answers"], data["shared"], strict=True)
    for axes, image, (label, answer, shared) in zip(panels.flat, data["images"], texts):  # noqa: B905
        axes.imshow(image, cmap="gray", vmin=0, vmax=15, interpolation="none")
        colour = colours["second"] if shared == data["runs"] else colours["ink"]
        text = f"{label} → {answer}"
        axes.text(
            0.5,
            -0.08,
            text,
            transform=axes.transAxes,
            ha="center",
            va="top",
            fontsize=9,
            color=colour,
        )
    return figure


TOLERANCES = within(0, "runs", "digits") | within(10_000, "errors", "by_all", "surely_wrong")
TOLERANCES |= within(60_000, "numbers") | within(10, "labels", "answers", "sure", "shared")
TOLERANCES |= within(15, "images")
