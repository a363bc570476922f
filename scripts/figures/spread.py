"""How runs that differ in their seed alone spread: in numbers, and drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def mean_and_deviation(runs: Any) -> tuple[Any, Any]:
    """Return mean and standard deviation over the first axis, to six decimals."""
    values = np.asarray(runs, float)
    mean, deviation = values.mean(axis=0).round(6), values.std(axis=0, ddof=1).round(6)
    return mean.tolist(), deviation.tolist()


def draw_row(
    axes: Any, row: int, errors: list[int], mean: float, colours: Mapping[str, str]
) -> None:
    """Draw a dot for each run, one above the other where they agree, and a bar at the mean."""
    counts, times = np.unique(errors, return_counts=True)
    step = min(0.09, 0.8 / times.max())
    for count, runs in zip(counts, times, strict=True):
        heights = row + step * (np.arange(runs) - (runs - 1) / 2)
        axes.plot(np.full(runs, count), heights, "o", color=colours["first"], markersize=2.4)
    axes.plot([mean, mean], [row - 0.42, row + 0.42], color=colours["second"], linewidth=1.6)
