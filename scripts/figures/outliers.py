"""The mean zero and the mean one, and the images that are least like them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, within

COUNT = 10


def compute() -> Data:
    """Measure the squared distance of every training image to the mean of its class."""
    images, labels = load_zero_one().train
    x = images[:, 0].astype(np.float64)
    data: Data = {"count": COUNT}
    for digit, name in enumerate(("zero", "one")):
        chosen = np.flatnonzero(labels == digit)
        mean = x[chosen].mean(axis=0)
        distance = np.sum((x[chosen] - mean) ** 2, axis=(1, 2))
        order = np.argsort(-distance)[:COUNT]
        data[f"{name}_mean"] = mean.round(6).tolist()
        data[f"{name}_numbers"] = chosen[order].tolist()
        data[f"{name}_images"] = x[chosen[order]].round(6).tolist()
        data[f"{name}_distances"] = distance[order].tolist()
        data[f"{name}_typical"] = float(distance.mean())
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the means at the left, the strangest images beside them."""
    figure, panels = prepare(colours, width=6.8, height=2.0, rows=2, columns=COUNT + 1)
    for row, name in enumerate(("zero", "one")):
        shown = [data[f"{name}_mean"], *data[f"{name}_images"]]
        titles = ["mean", *(str(number) for number in data[f"{name}_numbers"])]
        for axes, image, title in zip(panels[row], shown, titles, strict=True):
            axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="none")
            axes.set_title(title, fontsize=8.5, loc="center", pad=3)
            axes.axis("off")
    return figure


TOLERANCES = (
    within(0, "count zero_numbers one_numbers zero_images one_images")
    | within(1e-5, "zero_mean one_mean")
    | within(1e-6, "zero_distances one_distances zero_typical one_typical")
)
