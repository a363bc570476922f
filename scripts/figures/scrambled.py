"""Four digits as channels, brought to channels last: rightly, and by reshape."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, show_array, within

COUNT = 4


def compute() -> Data:
    """Stack four images, move the axis, reshape, and look at the last of the four."""
    (images, _), _ = load_zero_one(limit_per_class=COUNT // 2)
    first = images[:, 0]
    moved = np.moveaxis(first, 0, -1)
    reshaped = first.reshape(moved.shape)
    grey = {"given": first[-1], "moved": moved[..., -1], "reshaped": reshaped[..., -1]}
    data: Data = {name: np.round(255 * image).astype(int).tolist() for name, image in grey.items()}
    data |= {"count": COUNT, "channel": COUNT - 1, "rows": images.shape[2]}
    data["columns"] = images.shape[3]
    data["in_place"] = int(np.sum(reshaped == moved))
    data["both_zero"] = int(np.sum((reshaped == 0) & (moved == 0)))
    data["of"] = int(moved.size)
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the three pictures."""
    figure, row = prepare(colours, width=6.4, height=2.4, rows=1, columns=3)
    titles = {"given": f"channel {data['channel']}", "moved": "axis moved", "reshaped": "reshaped"}
    for axes, (name, title) in zip(row, titles.items(), strict=True):
        show_array(axes, data[name], colours, signed=False)
        axes.set_title(title)
    return figure


TOLERANCES = within(0, "given moved reshaped count channel rows columns in_place both_zero of")
