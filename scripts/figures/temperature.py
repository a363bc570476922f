"""Probabilities of ten classes from logits, whether they are right, and a temperature for them."""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from cnnbook.functions import sigmoid, softmax
from cnnbook.losses import (
    binary_cross_entropy_from_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
)
from cnnbook.samples import one_hot

Array = np.ndarray[Any, Any]
EQUAL = np.linspace(0, 1, 16)  # the bins in which the calibration error is usually counted
EDGES = np.array([0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 1])
COLDEST, HOTTEST = 0.1, 10.0


def probabilities(reading: str, z: Array) -> Array:
    """Read logits as softmax, as ten sigmoids, or as these divided by their sum."""
    if reading == "softmax":
        return softmax(z)
    p: Array = sigmoid(z)
    return p / p.sum(axis=1, keepdims=True) if reading == "normalised" else p


def mean_loss(reading: str, z: Array, labels: Array) -> float:
    """Compute the loss of such a reading: of ten sigmoids binary, of the others categorical."""
    t = one_hot(labels, z.shape[1], z.dtype)
    if reading == "sigmoids":
        losses = binary_cross_entropy_from_logits(z, t)
    elif reading == "softmax":
        losses = categorical_cross_entropy_from_logits(z, t)
    else:
        losses = categorical_cross_entropy(probabilities(reading, z), t)
    return float(losses.mean())


def fitted(reading: str, z: Array, labels: Array) -> float:
    """Find the temperature by which logits are divided for the smallest loss."""
    found = minimize_scalar(
        lambda temperature: mean_loss(reading, z / temperature, labels),
        bounds=(COLDEST, HOTTEST),
        method="bounded",
    )
    return float(found.x)


class Bins(NamedTuple):
    """Images sorted by what was said of them."""

    counts: Array
    said: Array  # the sum of the probabilities of what was answered
    right: Array  # how many answers were right


def sorted_into(edges: Array, p: Array, labels: Array) -> Bins:
    """Sort images into bins by their largest probability."""
    largest, right = p.max(axis=1), p.argmax(axis=1) == labels
    bins = np.digitize(largest, edges[1:-1])
    counts, said, hits = (
        np.bincount(bins, weights, minlength=len(edges) - 1)
        for weights in (np.ones(len(p)), largest, right)
    )
    return Bins(counts, said, hits)


def calibration_error(p: Array, labels: Array) -> float:
    """Average, over images, how far their bin's share of right answers is from what was said."""
    bins = sorted_into(EQUAL, p, labels)
    return float(np.abs(bins.said - bins.right).sum() / len(labels))
