"""Chapter 15: categorical cross-entropy, of probabilities and of logits.

Each function returns one number per row; `CategoricalCrossEntropy` takes the mean over the batch.
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
from cnnbook.functions import log_softmax, softmax
from cnnbook.losses.base import Loss


def categorical_cross_entropy(p: Array, t: Array) -> Array:
    """Compute the loss of every row, -sum(t log p): @eq-cce.

    A logarithm's argument is never taken below the smallest normal number of the dtype, so that
    log(0) is about -87 in float32 and -708 in float64, and 0 log(0) is 0.

    Parameters
    ----------
    p : np.ndarray of shape (..., K)
        Probabilities in [0, 1].
    t : np.ndarray of shape (..., K)
        Targets in [0, 1].

    Returns
    -------
    np.ndarray of shape (...,)
        The loss of each row, in nats, never infinite.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ, or an axis is missing or empty.

    Examples
    --------
    >>> p = np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]])
    >>> categorical_cross_entropy(p, np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])).round(3)
    array([1.386, 0.   ])
    """
    check_axes("p: ... K, t: ... K", p, t)
    smallest = np.finfo(p.dtype).tiny
    # @eq-cce
    return (-t * np.log(np.maximum(p, smallest))).sum(axis=-1)


def categorical_cross_entropy_gradient(p: Array, t: Array) -> Array:
    """Compute the derivative of each row's loss with respect to its probabilities, -t / p.

    That is @eq-cce-gradient.

    Parameters
    ----------
    p : np.ndarray of shape (..., K)
        Probabilities in [0, 1].
    t : np.ndarray of shape (..., K)
        Targets in [0, 1].

    Returns
    -------
    np.ndarray of the same shape
        The derivative. Where p is 0 and the target is not, it is huge and finite: the same
        smallest number stands in for 0 as in the loss.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ, or an axis is missing or empty.

    Examples
    --------
    >>> categorical_cross_entropy_gradient(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    array([-2., -0.])
    """
    check_axes("p: ... K, t: ... K", p, t)
    # @eq-cce-gradient
    return -t / np.maximum(p, np.finfo(p.dtype).tiny)


def categorical_cross_entropy_from_logits(z: Array, t: Array) -> Array:
    """Compute the loss of p = softmax(z) without computing p, -sum(t log_softmax(z)).

    That is @eq-cce-logits.

    Parameters
    ----------
    z : np.ndarray of shape (..., K)
        Logits, finite numbers with finite differences.
    t : np.ndarray of shape (..., K)
        Targets; each row adds up to 1.

    Returns
    -------
    np.ndarray of shape (...,)
        The loss of each row, in nats.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ, or an axis is missing or empty.

    Examples
    --------
    >>> z = np.array([[0.0, 0.0], [1e4, 0.0], [0.0, 1e4]])
    >>> t = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    >>> categorical_cross_entropy_from_logits(z, t).round(3)
    array([6.93e-01, 0.00e+00, 1.00e+04])
    """
    check_axes("z: ... K, t: ... K", z, t)
    # @eq-cce-logits
    return (-t * log_softmax(z)).sum(axis=-1)


def categorical_cross_entropy_from_logits_gradient(
    z: Array, t: Array
) -> Array:
    """Compute the derivative of each row's loss with respect to its logits, softmax(z) - t.

    That is @eq-cce-collapse.

    Parameters
    ----------
    z : np.ndarray of shape (..., K)
        Logits, finite numbers with finite differences.
    t : np.ndarray of shape (..., K)
        Targets; each row adds up to 1.

    Returns
    -------
    np.ndarray of the same shape
        The derivative; each row adds up to 0.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ, or an axis is missing or empty.

    Examples
    --------
    >>> z, t = np.zeros(4), np.array([0.0, 1.0, 0.0, 0.0])
    >>> categorical_cross_entropy_from_logits_gradient(z, t)
    array([ 0.25, -0.75,  0.25,  0.25])
    """
    check_axes("z: ... K, t: ... K", z, t)
    return softmax(z) - t  # @eq-cce-collapse


def check_distributions(targets: Array) -> None:
    """Refuse rows that do not add up to 1.

    Parameters
    ----------
    targets : np.ndarray of shape (N, K)
        Numbers in [0, 1].

    Raises
    ------
    ValueError
        If the sum of a row is off by more than a millionth, which is ten times what rounding to
        float32 does to ten probabilities.
    """
    sums = targets.sum(axis=1, dtype=np.float64)
    bad = np.flatnonzero(np.abs(sums - 1) > 1e-6)
    if bad.size:
        raise ValueError(
            f"targets: expected rows that add up to 1; "
            f"got {sums[bad[0]]} in row {bad[0]}"
        )


class CategoricalCrossEntropy(Loss):
    """The mean categorical cross-entropy over the samples of a batch: @eq-cce-mean.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, to be turned into probabilities by a softmax, or
        probabilities already.

    Raises
    ------
    TypeError
        If it is not True or False.

    Examples
    --------
    >>> loss = CategoricalCrossEntropy(from_logits=True)
    >>> round(loss.forward(np.zeros((1, 10)), np.eye(10)[[3]]), 4)
    2.3026
    >>> loss.backward().round(1)
    array([[ 0.1,  0.1,  0.1, -0.9,  0.1,  0.1,  0.1,  0.1,  0.1,  0.1]])
    """

    def __init__(self, *, from_logits: bool = False) -> None:
        self.from_logits = check_flag("from_logits", from_logits)
        self._cache: tuple[Array, Array] | None = None

    def forward(self, predictions: Array, targets: Array) -> float:
        """Compute the mean loss.

        Parameters
        ----------
        predictions : np.ndarray of shape (N, K)
            Probabilities in [0, 1], or finite logits; float32 or float64.
        targets : np.ndarray of the same shape
            Rows of probabilities, of any real dtype, that add up to 1; for labels, `one_hot`.

        Returns
        -------
        float
            The mean over the N rows, in nats.

        Raises
        ------
        TypeError
            If ``predictions`` is not a floating array, or ``targets`` not numeric.
        ValueError
            If the shapes differ, an array is empty, a number is out of its range, or a row of
            targets does not add up to 1.
        """
        check_real("predictions", predictions)
        if self.from_logits:
            check_finite("predictions", predictions)
        else:
            check_unit_interval("predictions", predictions)
        check_axes("predictions: N K", predictions)
        check_numbers("targets", targets)
        shape, because = predictions.shape, "the shape of predictions"
        if targets.shape != shape:
            raise ValueError(
                f"targets: expected shape {shape}, {because}; "
                f"got {targets.shape}"
            )
        check_unit_interval("targets", targets)
        check_distributions(targets)
        t = targets.astype(predictions.dtype)
        self._cache = predictions, t
        if self.from_logits:
            losses = categorical_cross_entropy_from_logits(
                predictions, t
            )
        else:
            losses = categorical_cross_entropy(predictions, t)
        return float(losses.mean())  # @eq-cce-mean

    def backward(self) -> Array:
        """Compute the gradient of the last mean loss with respect to the predictions.

        Returns
        -------
        np.ndarray of shape (N, K)
            Of the dtype of the predictions.

        Raises
        ------
        RuntimeError
            If ``forward`` was never called.
        """
        predictions, t = recall(self, self._cache)
        if self.from_logits:
            gradient = categorical_cross_entropy_from_logits_gradient(
                predictions, t
            )
        else:
            gradient = categorical_cross_entropy_gradient(
                predictions, t
            )
        gradient /= len(predictions)  # @eq-cce-mean-gradient
        return gradient

    def __repr__(self) -> str:
        return (
            f"CategoricalCrossEntropy(from_logits={self.from_logits})"
        )
