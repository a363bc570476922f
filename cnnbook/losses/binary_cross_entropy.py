"""Chapter 6: binary cross-entropy, of probabilities and of logits.

Each function returns one number per entry; `BinaryCrossEntropy` takes the mean over all of them.
"""

import numpy as np

from cnnbook.checks import (
    Array,
    check_axes,
    check_finite,
    check_flag,
    check_numbers,
    check_real,
    check_unit_interval,
    recall,
)
from cnnbook.functions import sigmoid, softplus
from cnnbook.losses.base import Loss


def binary_cross_entropy(p: Array, t: Array) -> Array:
    """Compute -t log p - (1 - t) log(1 - p), entry by entry: @eq-bce.

    A logarithm's argument is never taken below the smallest normal number of the dtype, so that
    log(0) is about -87 in float32 and -708 in float64, and 0 log(0) is 0.

    Parameters
    ----------
    p : np.ndarray
        Probabilities in [0, 1].
    t : np.ndarray of the same shape
        Targets in [0, 1].

    Returns
    -------
    np.ndarray of the same shape
        The loss of each entry, in nats: 0 where p = t = 0 or p = t = 1, never infinite.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> binary_cross_entropy(np.array([0.5, 0.9, 0.0]), np.array([1.0, 1.0, 0.0])).round(3)
    array([0.693, 0.105, 0.   ])
    """
    check_axes("p: ..., t: ...", p, t)
    smallest = np.finfo(p.dtype).tiny
    of_one = np.maximum(p, smallest)
    of_zero = np.maximum(1 - p, smallest)
    # @eq-bce
    return -t * np.log(of_one) - (1 - t) * np.log(of_zero)


def binary_cross_entropy_gradient(p: Array, t: Array) -> Array:
    """Compute the derivative with respect to p, (1 - t) / (1 - p) - t / p, entry by entry.

    That is @eq-bce-gradient.

    Parameters
    ----------
    p : np.ndarray
        Probabilities in [0, 1].
    t : np.ndarray of the same shape
        Targets in [0, 1].

    Returns
    -------
    np.ndarray of the same shape
        The derivative. Where p is exactly 0 or 1 and the target says otherwise it is huge, of
        the right sign, and finite: the same smallest number stands in for 0 as in the loss.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> p, t = np.array([0.5, 0.25, 1.0]), np.array([1.0, 0.0, 1.0])
    >>> binary_cross_entropy_gradient(p, t).round(2)
    array([-2.  ,  1.33, -1.  ])
    """
    check_axes("p: ..., t: ...", p, t)
    smallest = np.finfo(p.dtype).tiny
    of_one = np.maximum(p, smallest)
    of_zero = np.maximum(1 - p, smallest)
    # @eq-bce-gradient
    return (1 - t) / of_zero - t / of_one


def binary_cross_entropy_from_logits(z: Array, t: Array) -> Array:
    """Compute the loss of p = sigmoid(z) without computing p: softplus(z) - t z.

    That is @eq-bce-logits. By @eq-softplus,
    softplus(z) = log(1 + exp(z)) is written as max(z, 0) + log(1 + exp(-|z|)), whose exponential
    cannot overflow.

    Parameters
    ----------
    z : np.ndarray
        Logits, any finite numbers.
    t : np.ndarray of the same shape
        Targets in [0, 1].

    Returns
    -------
    np.ndarray of the same shape
        The loss of each entry, in nats.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> loss = binary_cross_entropy_from_logits(np.array([0.0, 1e4, -1e4]), np.ones(3))
    >>> loss.round(3)
    array([6.93e-01, 0.00e+00, 1.00e+04])
    """
    check_axes("z: ..., t: ...", z, t)
    # @eq-bce-logits: softplus(z) is max(z, 0) + softplus(-|z|). The
    # large terms first: where they cancel, what is left is a small
    # loss, and it keeps its digits.
    large = np.maximum(z, 0) - t * z
    return large + softplus(np.minimum(z, -z))


def binary_cross_entropy_from_logits_gradient(
    z: Array, t: Array
) -> Array:
    """Compute the derivative with respect to z, sigmoid(z) - t, entry by entry: @eq-collapse.

    Parameters
    ----------
    z : np.ndarray
        Logits, any finite numbers.
    t : np.ndarray of the same shape
        Targets in [0, 1].

    Returns
    -------
    np.ndarray of the same shape
        The derivative, in [-1, 1].

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> binary_cross_entropy_from_logits_gradient(np.array([0.0, 1e4]), np.array([1.0, 0.0]))
    array([-0.5,  1. ])
    """
    check_axes("z: ..., t: ...", z, t)
    return sigmoid(z) - t  # @eq-collapse


class BinaryCrossEntropy(Loss):
    """The mean binary cross-entropy over every entry of a batch: @eq-bce-mean.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, to be turned into probabilities by a sigmoid, or
        probabilities already.

    Raises
    ------
    TypeError
        If it is not True or False.

    Examples
    --------
    >>> loss = BinaryCrossEntropy()
    >>> round(loss.forward(np.array([[0.5, 0.5]]), np.array([[1, 0]])), 4)
    0.6931
    >>> loss.backward()
    array([[-1.,  1.]])
    """

    def __init__(self, *, from_logits: bool = False) -> None:
        self.from_logits = check_flag("from_logits", from_logits)
        self._cache: tuple[Array, Array] | None = None

    def forward(self, predictions: Array, targets: Array) -> float:
        """Compute the mean loss.

        Parameters
        ----------
        predictions : np.ndarray of any shape
            Probabilities in [0, 1], or finite logits; float32 or float64.
        targets : np.ndarray of the same shape
            Numbers in [0, 1] of any real dtype; 0 and 1 for labels.

        Returns
        -------
        float
            The mean over every entry, in nats.

        Raises
        ------
        TypeError
            If ``predictions`` is not a floating array, or ``targets`` not numeric.
        ValueError
            If the shapes differ, an array is empty, or a number is out of its range.
        """
        check_real("predictions", predictions)
        if self.from_logits:
            check_finite("predictions", predictions)
        else:
            check_unit_interval("predictions", predictions)
        check_numbers("targets", targets)
        shape, because = predictions.shape, "the shape of predictions"
        if targets.shape != shape:
            raise ValueError(
                f"targets: expected shape {shape}, {because}; "
                f"got {targets.shape}"
            )
        check_unit_interval("targets", targets)
        t = targets.astype(predictions.dtype)
        self._cache = predictions, t
        if self.from_logits:
            losses = binary_cross_entropy_from_logits(predictions, t)
        else:
            losses = binary_cross_entropy(predictions, t)
        return float(losses.mean())  # @eq-bce-mean

    def backward(self) -> Array:
        """Compute the gradient of the last mean loss with respect to the predictions.

        Returns
        -------
        np.ndarray
            Of the shape and dtype of the predictions.

        Raises
        ------
        RuntimeError
            If ``forward`` was never called.
        """
        predictions, t = recall(self, self._cache)
        if self.from_logits:
            gradient = binary_cross_entropy_from_logits_gradient(
                predictions, t
            )
        else:
            gradient = binary_cross_entropy_gradient(predictions, t)
        gradient /= predictions.size  # @eq-bce-mean-gradient
        return gradient

    def __repr__(self) -> str:
        return f"BinaryCrossEntropy(from_logits={self.from_logits})"
