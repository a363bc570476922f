"""How far one gets with a single number per image, with two means, with the nearest image."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, within

BINS = np.linspace(0, 320, 65)
Array = np.ndarray[Any, Any]


def best_threshold(values: Array, labels: Array) -> float:
    """Return the threshold with the fewest errors, if what lies below it is called a one."""
    ordered = np.sort(values)
    between = (ordered[1:] + ordered[:-1]) / 2
    # Sorted, the errors of each threshold are zeros below it and ones above.
    is_one = labels[np.argsort(values)] == 1
    errors = np.cumsum(~is_one)[:-1] + is_one.sum() - np.cumsum(is_one)[:-1]
    return float(between[int(np.argmin(errors))])


def compute() -> Data:
    """Fit each rule to the training images, and count its errors on the test images."""
    (x, y), (test_x, test_y) = load_zero_one()
    x, test_x = x.astype(np.float64), test_x.astype(np.float64)
    data: Data = {"training": len(y), "test": len(test_y), "bins": BINS.tolist()}
    rules: dict[str, Callable[[Array], Array]] = {
        "ink": lambda images: images.sum(axis=(1, 2, 3)),
        # Zeros are dark in the middle, so that the sign turns the rule around.
        "middle": lambda images: -images[:, 0, 13:15, 13:15].mean(axis=(1, 2)),
    }
    for name, rule in rules.items():
        threshold = best_threshold(rule(x), y)
        wrong = np.count_nonzero((rule(test_x) < threshold) != (test_y == 1))
        data[f"{name}_threshold"] = abs(threshold)
        data[f"{name}_errors"] = int(wrong)
    means = np.stack([x[y == digit].mean(axis=0) for digit in (0, 1)])
    distances = np.sum((test_x - means[:, np.newaxis]) ** 2, axis=(2, 3, 4))
    data["means_errors"] = int(np.count_nonzero(distances.argmin(axis=0) != test_y))
    rows, test_rows = x.reshape(len(x), -1), test_x.reshape(len(test_x), -1)
    # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, one matrix product for all pairs.
    pairs = np.sum(test_rows**2, axis=1)[:, np.newaxis] + np.sum(rows**2, axis=1)
    pairs -= 2 * test_rows @ rows.T
    data["nearest_errors"] = int(np.count_nonzero(y[pairs.argmin(axis=1)] != test_y))
    data["closest_pair"] = float(pairs.min())
    data["median_nearest"] = float(np.median(pairs.min(axis=1)))
    for digit, name in enumerate(("zeros", "ones")):
        ink = rules["ink"](x[y == digit])
        data[name] = np.histogram(ink, BINS)[0].tolist()
        data[f"{name}_median"] = float(np.median(ink))
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the two histograms over each other, and the threshold."""
    figure, axes = prepare(colours, width=6.0, height=3.1, rows=1)
    bins = np.array(data["bins"])
    for name, colour, place in (("ones", "second", (14, 640)), ("zeros", "first", (165, 420))):
        axes.stairs(data[name], bins, color=colours[colour], linewidth=1.6)
        axes.text(*place, name, color=colours[colour])
    axes.axvline(data["ink_threshold"], color=colours["faint"], linestyle="--")
    axes.set(xlabel="ink: the sum of all pixels", ylabel="training images", xlim=(0, 300))
    return figure


TOLERANCES = (
    within(0, "training test bins zeros ones")
    | within(0, "ink_errors middle_errors means_errors nearest_errors")
    | within(1e-6, "ink_threshold middle_threshold")
    | within(1e-6, "closest_pair median_nearest zeros_median ones_median")
)
