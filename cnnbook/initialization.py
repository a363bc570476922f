"""Chapters 2 and 17: the numbers that a layer begins with."""

import numpy as np

from cnnbook.checks import Array


def fan_in_uniform(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    dtype: np.dtype[np.floating],
) -> Array:
    """Draw initial weights of mean 0 and variance 1/fan_in from a uniform distribution.

    A sum of ``fan_in`` inputs of size 1 then has variance 1, whatever ``fan_in`` is: large
    enough to tell inputs apart, small enough to keep a sigmoid away from its flat ends. The
    uniform distribution on +-a has variance a^2/3, hence a = sqrt(3/fan_in). Also known as
    LeCun uniform.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of randomness.
    shape : tuple of int
        The shape of the weights.
    fan_in : int
        How many inputs one output sums.
    dtype : numpy.dtype
        float32 or float64. Both hold the same draws, up to rounding.

    Returns
    -------
    np.ndarray of the given shape
        The weights.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, G. Orr and K.-R. Mueller, "Efficient BackProp", 1998, section
       4.6, https://doi.org/10.1007/3-540-49430-8_2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> weights = fan_in_uniform(rng, (784, 100), 784, np.dtype(np.float64))
    >>> bool(abs(weights).max() < np.sqrt(3 / 784)), round(float(weights.var() * 784), 2)
    (True, 1.0)
    """
    limit = np.sqrt(3 / fan_in)
    return rng.uniform(-limit, limit, shape).astype(dtype)
