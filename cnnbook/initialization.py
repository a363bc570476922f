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


def glorot_uniform(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    fan_out: int,
    dtype: np.dtype[np.floating],
) -> Array:
    """Draw initial weights of variance 2/(fan_in + fan_out) from a uniform distribution.

    Between 1/fan_in, which keeps the size of what goes forwards, and 1/fan_out, which keeps that
    of the gradient on its way back. On +-a the variance is a^2/3, hence
    a = sqrt(6/(fan_in + fan_out)). Also known as Xavier uniform.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of randomness.
    shape : tuple of int
        The shape of the weights.
    fan_in, fan_out : int
        How many inputs one output sums, and of how many outputs one input is a part. Of a
        convolutional layer, C KH KW and F KH KW.
    dtype : numpy.dtype
        float32 or float64. Both hold the same draws, up to rounding.

    Returns
    -------
    np.ndarray of the given shape
        The weights.

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
       neural networks", AISTATS 2010, https://proceedings.mlr.press/v9/glorot10a.html.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> weights = glorot_uniform(rng, (784, 100), 784, 100, np.dtype(np.float64))
    >>> bool(abs(weights).max() < np.sqrt(6 / 884)), round(float(weights.var() * 442), 2)
    (True, 1.0)
    """
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def he_normal(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    fan_in: int,
    dtype: np.dtype[np.floating],
) -> Array:
    """Draw initial weights of mean 0 and variance 2/fan_in from a normal distribution.

    A rectifier lets half of the square of what comes pass, and twice the variance of
    `fan_in_uniform` makes up for it. Also known as Kaiming normal.

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
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers: surpassing
       human-level performance on ImageNet classification", 2015,
       https://doi.org/10.1109/ICCV.2015.123.

    Examples
    --------
    Behind a rectifier, the outputs are as large as the inputs:

    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal((1000, 400))
    >>> y = np.maximum(x, 0) @ he_normal(rng, (400, 400), 400, x.dtype)
    >>> round(float(np.mean(x**2)), 1), round(float(np.mean(y**2)), 1)
    (1.0, 1.0)
    """
    return rng.normal(0, np.sqrt(2 / fan_in), shape).astype(dtype)
