"""Functions that layers and losses both need: of every entry alone, and softmax, of whole rows."""

import numpy as np

from cnnbook.checks import Array, check_axes


def sigmoid(z: Array) -> Array:
    """Map log-odds to a probability, 1 / (1 + exp(-z)), without ever overflowing.

    Before exp(-z) overflows, the exponent is held, at the largest whole number m for which
    exp(-m) has all its digits, 87 in float32 and 708 in float64: 1 / (1 + exp(-max(z, -m))).
    By name: @eq-sigmoid and @eq-sigmoid-stable.

    Parameters
    ----------
    z : np.ndarray of any shape
        Log-odds. Complex numbers are taken as well, for the complex step.

    Returns
    -------
    np.ndarray of the same shape and dtype
        Values in (0, 1]: never 0, because they do not fall below exp(-m).

    Raises
    ------
    TypeError
        If ``z`` is not a floating array.

    Examples
    --------
    >>> sigmoid(np.array([-np.log(3), 0.0, np.log(3), 1e4]))
    array([0.25, 0.5 , 0.75, 1.  ])
    """
    check_axes("z: ...", z)
    m = 87 if z.dtype == np.float32 else 708
    # @eq-sigmoid-stable
    return 1 / (1 + np.exp(-np.maximum(z, -m)))


def softplus(z: Array) -> Array:
    """Compute log(1 + exp(z)) without ever overflowing: max(z, 0) + log(1 + exp(-|z|)).

    That is @eq-softplus.

    Parameters
    ----------
    z : np.ndarray of any shape
        Floating numbers. Complex ones are taken as well, for the complex step.

    Returns
    -------
    np.ndarray of the same shape and dtype
        Values above max(z, 0), by log 2 at z = 0 and by less everywhere else.

    Raises
    ------
    TypeError
        If ``z`` is not a floating array.

    Examples
    --------
    >>> softplus(np.array([-1e4, 0.0, 1e4])).round(3)
    array([0.00e+00, 6.93e-01, 1.00e+04])
    """
    check_axes("z: ...", z)
    # -|z|, in words that a complex z understands too.
    return np.maximum(z, 0) + np.log1p(np.exp(np.minimum(z, -z)))


def softmax(z: Array) -> Array:
    """Map logits to probabilities that add up to 1: exp(z) / sum(exp(z)), row by row.

    That is @eq-softmax. The largest logit is subtracted first, which by @eq-softmax-shift changes
    nothing but that no exponential overflows.

    Parameters
    ----------
    z : np.ndarray of shape (..., K)
        Logits, finite numbers with finite differences; the classes lie along the last axis.
        Complex numbers are taken as well, for the complex step.

    Returns
    -------
    np.ndarray of the same shape and dtype
        Values in [0, 1] whose sum over the last axis is 1.

    Raises
    ------
    TypeError
        If ``z`` is not a floating array.
    ValueError
        If it has no axis, or an empty one.

    Examples
    --------
    >>> softmax(np.log(np.array([[1.0, 2.0, 5.0], [3.0, 3.0, 3.0]]))).round(3)
    array([[0.125, 0.25 , 0.625],
           [0.333, 0.333, 0.333]])
    >>> softmax(np.array([1e4, 0.0, -1e4]))
    array([1., 0., 0.])
    """
    check_axes("z: ... K", z)
    # @eq-softmax-shift
    weights = np.exp(z - z.max(axis=-1, keepdims=True))
    # @eq-softmax
    return weights / weights.sum(axis=-1, keepdims=True)


def log_softmax(z: Array) -> Array:
    """Compute the logarithm of `softmax` without computing it: z - log(sum(exp(z))), row by row.

    That is @eq-log-softmax, shifted as in @eq-lse-shift. The logarithm of a probability that is
    too small for its dtype is still a number here.

    Parameters
    ----------
    z : np.ndarray of shape (..., K)
        Logits, finite numbers with finite differences; the classes lie along the last axis.
        Complex numbers are taken as well, for the complex step.

    Returns
    -------
    np.ndarray of the same shape and dtype
        Values of 0 or below.

    Raises
    ------
    TypeError
        If ``z`` is not a floating array.
    ValueError
        If it has no axis, or an empty one.

    Examples
    --------
    >>> log_softmax(np.array([0.0, 0.0])).round(3)
    array([-0.693, -0.693])
    >>> log_softmax(np.array([1e4, 0.0]))
    array([     0., -10000.])
    """
    check_axes("z: ... K", z)
    # @eq-lse-shift
    below = z - z.max(axis=-1, keepdims=True)
    # @eq-log-softmax
    return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))
