"""How often the trained network is right when it says that it is sure to such and such a degree."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import beta

from scripts.figures.common import Data, prepare, within
from scripts.figures.trained_network import trained

# In log-odds, because almost all answers are near 0 or 1.
SEEDS, DIGIT = 4, 1
EDGES = np.array([-np.inf, -6, -4, -2, 0, 2, 4, 6, np.inf])


def lean(seed: int) -> dict[str, float]:
    """Count the ones among the images of the middle bins; how many were to be expected."""
    _, (_, (_, labels)), answers = trained(seed)
    p = answers[:, 1].astype(np.float64)
    middle = np.abs(np.log(p / (1 - p))) < EDGES[-3]
    # How likely each number of ones is, if the forecasts are right and the images independent.
    likely = np.ones(1)
    for p_n in p[middle]:
        likely = np.convolve(likely, [1 - p_n, p_n])
    found, expected = int(labels[middle].sum()), float(p[middle].sum())
    tail = likely[: found + 1] if found < expected else likely[found:]
    return {"found": found, "expected": expected, "chance": float(tail.sum())}


def compute() -> Data:
    """Sort the probabilities of a 1 into bins; compare with the share of ones in each bin."""
    _, (_, (_, labels)), answers = trained()
    p = answers[:, 1].astype(np.float64)
    z = np.log(p / (1 - p))
    bins = np.digitize(z, EDGES[1:-1])
    counts = np.bincount(bins, minlength=len(EDGES) - 1)
    ones = np.bincount(bins, weights=labels, minlength=len(EDGES) - 1)
    mean = np.bincount(bins, weights=p, minlength=len(EDGES) - 1) / counts
    # Clopper and Pearson's interval, which misses the true share in at most 5 of 100 tests.
    low = np.where(ones > 0, beta.ppf(0.025, ones, counts - ones + 1), 0)
    high = np.where(ones < counts, beta.ppf(0.975, ones + 1, counts - ones), 1)
    share = ones / counts
    seeds = [lean(seed) for seed in range(SEEDS)]
    return {
        **{key: [seed[key] for seed in seeds] for key in seeds[0]},
        "always": float(labels.mean() * (1 - labels.mean())),
        "counts": counts.tolist(),
        "ones": ones.astype(int).tolist(),
        "mean": mean.tolist(),
        "share": share.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "error": float(np.sum(counts * np.abs(share - mean)) / len(labels)),
        "brier": float(np.mean((p - labels) ** 2)),
        "between": int(counts[2:-2].sum()),
        "test_images": len(labels),
        "digit": DIGIT,
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the shares against the log-odds, each with its interval and its count."""
    figure, axes = prepare(colours, width=6.2, height=3.8, rows=1)
    z = np.linspace(-9.5, 9.5, 200)
    axes.plot(z, 1 / (1 + np.exp(-z)), color=colours["faint"], linewidth=1, linestyle="--")
    mean, share = np.array(data["mean"]), np.array(data["share"])
    place = np.log(mean / (1 - mean))
    reach = np.abs(np.array([data["low"], data["high"]]) - share)
    axes.errorbar(place, share, reach, fmt="o", color=colours["first"], capsize=3, linewidth=1)
    for x, count in zip(place, data["counts"], strict=True):
        axes.text(x, 1.09, str(count), ha="center", color=colours["ink"], fontsize=11)
    axes.set(xlabel=f"probability of a {data['digit']}, as the network says")
    axes.set(ylabel="share of ones")
    axes.set(xlim=(-9.5, 9.5), ylim=(-0.05, 1.17), yticks=np.linspace(0, 1, 6))
    ticks = [0.001, 0.02, 0.1, 0.5, 0.9, 0.98, 0.999]
    axes.set_xticks([np.log(p / (1 - p)) for p in ticks], [str(p) for p in ticks])
    return figure


TOLERANCES = (
    within(0, "counts ones between found test_images digit")
    | within(1e-4, "mean share low high error brier chance always")
    | within(1e-3, "expected")
)
