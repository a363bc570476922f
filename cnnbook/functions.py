"""Functions of one number, applied to every entry alone, that layers and losses both need."""

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
