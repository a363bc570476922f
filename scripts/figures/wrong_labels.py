"""The fifteen test images whose label most of five people did not choose.

Northcutt, Athalye and Mueller (2021) showed five people each candidate, with its label and with
another digit, and published their votes: github.com/cleanlab/label-errors, commit 5457895,
``mturk/mnist_mturk.json``. These are the entries where fewer than three chose the label.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_digits
from scripts.figures.common import Data, prepare, within

# Number of the image, label, the other digit, and how many chose the label, the other, neither.
VOTES = (
    (947, 8, 9, 0, 5, 0),
    (1621, 0, 6, 2, 3, 0),
    (1901, 9, 4, 2, 3, 0),
    (2130, 4, 9, 2, 2, 1),
    (2462, 2, 0, 0, 4, 1),
    (2597, 5, 3, 0, 4, 1),
    (2654, 6, 1, 0, 2, 3),
    (3520, 6, 4, 2, 0, 3),
    (3558, 5, 0, 1, 4, 0),
    (5937, 5, 3, 1, 3, 1),
    (6651, 0, 6, 0, 5, 0),
    (6783, 1, 6, 2, 3, 0),
    (8527, 4, 9, 2, 2, 1),
    (9679, 6, 3, 2, 0, 3),
    (9729, 5, 6, 2, 3, 0),
)
COLUMNS = 5


def compute() -> Data:
    """Take the images out of the test set; their labels must be those that were voted on."""
    images, labels = load_digits().test
    numbers, given, others, *votes = np.transpose(VOTES).tolist()
    if labels[numbers].tolist() != given:
        raise ValueError("the numbers of the votes are not those of these images")
    return {
        "count": len(numbers),
        "numbers": numbers,
        "labels": given,
        "others": others,
        "votes": np.transpose(votes).tolist(),
        "nobody": votes[0].count(0),
        "images": np.round(15 * images[numbers, 0]).astype(int).tolist(),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the images, each with its label and what five people said."""
    rows = data["count"] // COLUMNS
    figure, panels = prepare(colours, width=6.6, height=1.75 * rows, rows=rows, columns=COLUMNS)
    entries = zip(*(data[name] for name in ("images", "numbers", "labels", "others", "votes")))  # noqa: B905
    for axes, (image, number, label, other, votes) in zip(panels.flat, entries, strict=True):
        axes.imshow(image, cmap="gray", vmin=0, vmax=15, interpolation="none")
        axes.axis("off")
        said = f"{votes[0]} for {label}, {votes[1]} for {other}"
        axes.set_title(f"no. {number}, label {label}\n{said}", fontsize=10, loc="center")
    return figure


TOLERANCES = within(0, "count numbers labels others votes nobody images")
