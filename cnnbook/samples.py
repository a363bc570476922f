"""Chapter 10: samples, which are images with labels, and how to choose among them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cnnbook.checks import Array, check_count, check_dtype

Samples = tuple[NDArray[np.float32], NDArray[np.int64]]


class Split(NamedTuple):
    """Samples to train with, and other samples to test with.

    Attributes
    ----------
    train : (np.ndarray of shape (N, 1, 28, 28), np.ndarray of shape (N,))
        Images, float32 from 0 (background) to 1 (ink), and their digits, int64.
    test : (np.ndarray of shape (M, 1, 28, 28), np.ndarray of shape (M,))
        The same, in the handwriting of other people.
    """

    train: Samples
    test: Samples


def select_digits(split: Split, digits: ArrayLike) -> Split:
    """Keep the samples that show one of the given digits, in their old order.

    ``select_digits(load_mnist(), (0, 1))`` equals ``load_zero_one()`` to the last bit.

    Parameters
    ----------
    split : Split
        The samples to choose from.
    digits : sequence of int
        The digits to keep; each must occur in both parts. Labels stay what they are.

    Returns
    -------
    Split
        Copies of the chosen samples.

    Raises
    ------
    TypeError
        If ``digits`` is not a sequence of integers.
    ValueError
        If no sample, for training or for testing, shows one of them.

    Examples
    --------
    >>> from cnnbook.mnist import load_zero_one
    >>> train, test = select_digits(load_zero_one(limit_per_class=3), (1,))
    >>> train[1].tolist(), len(test[1])
    ([1, 1, 1], 1135)
    """
    wanted = np.asarray(digits)
    if (
        wanted.ndim != 1
        or wanted.dtype.kind not in "iu"
        or wanted.size == 0
    ):
        raise TypeError(
            f"digits: expected a sequence of integers such as (0, 1); "
            f"got {digits!r}"
        )
    for _, labels in split:
        missing = np.setdiff1d(wanted, labels)
        if missing.size:
            there = np.unique(labels).tolist()
            raise ValueError(
                f"digits: expected digits among {there}; "
                f"got {missing[0]}"
            )
    return Split(_only(split.train, wanted), _only(split.test, wanted))


def _only(samples: Samples, digits: Array) -> Samples:
    """Keep the samples of some digits."""
    images, labels = samples
    kept = np.isin(labels, digits)
    return images[kept], labels[kept]


def first_of_each_digit(
    samples: Samples, limit_per_class: int
) -> Samples:
    """Keep the first few samples of each digit, in their old order.

    Parameters
    ----------
    samples : (np.ndarray of shape (N, 1, 28, 28), np.ndarray of shape (N,))
        Images and their digits, such as the ``train`` of a `Split`.
    limit_per_class : int
        How many samples of each digit to keep.

    Returns
    -------
    (np.ndarray of shape (M, 1, 28, 28), np.ndarray of shape (M,))
        The chosen images and digits.

    Raises
    ------
    TypeError
        If ``limit_per_class`` is not an integer.
    ValueError
        If it is not positive, or exceeds the number of samples of some digit.

    Examples
    --------
    >>> images = np.zeros((5, 1, 28, 28), np.float32)
    >>> first_of_each_digit((images, np.array([7, 3, 3, 3, 7])), 2)[1]
    array([7, 3, 3, 7])
    >>> first_of_each_digit((images, np.array([2, 0, 1, 0, 2])), 1)[1]
    array([2, 0, 1])
    """
    limit = check_count("limit_per_class", limit_per_class)
    images, labels = samples
    if len(images) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"samples: expected as many labels as images, "
            f"at least one; got {len(labels)} and {len(images)}"
        )
    of_each = [
        np.flatnonzero(labels == digit) for digit in np.unique(labels)
    ]
    fewest = min(len(indices) for indices in of_each)
    if limit > fewest:
        raise ValueError(
            f"limit_per_class: expected at most {fewest}, which is how "
            f"many images the rarest digit has; got {limit}"
        )
    kept = np.sort(
        np.concatenate([indices[:limit] for indices in of_each])
    )
    return images[kept], labels[kept]


def one_hot(
    labels: Array, classes: int, dtype: DTypeLike = np.float32
) -> Array:
    """Turn each label into a row of zeros with a single one, at its class: @eq-one-hot.

    Parameters
    ----------
    labels : np.ndarray of shape (N,)
        Integers from 0 to ``classes - 1``.
    classes : int
        The number of classes K.
    dtype : data type
        That of the result, float32 or float64.

    Returns
    -------
    np.ndarray of shape (N, K)
        Entry [n, k] is 1 where k is the label of sample n, and 0 elsewhere.

    Raises
    ------
    TypeError
        If ``labels`` is not an array of integers, ``classes`` is not an integer, or ``dtype`` is
        another type.
    ValueError
        If ``labels`` has another number of axes, or a label lies outside its range.

    Examples
    --------
    >>> one_hot(np.array([1, 0, 1]), 2)
    array([[0., 1.],
           [1., 0.],
           [0., 1.]], dtype=float32)
    """
    classes = check_count("classes", classes)
    check_labels(labels)
    bad = np.flatnonzero((labels < 0) | (labels >= classes))
    if bad.size:
        raise ValueError(
            f"labels: expected classes from 0 to {classes - 1}; "
            f"got {labels[bad[0]]} at index {bad[0]}"
        )
    rows = np.zeros((len(labels), classes), check_dtype(dtype))
    rows[np.arange(len(labels)), labels] = 1
    return rows


def check_labels(labels: Array) -> None:
    """Refuse anything but a series of integers.

    Parameters
    ----------
    labels : np.ndarray of shape (N,)
        What came.

    Raises
    ------
    TypeError
        If it is not a NumPy array of integers.
    ValueError
        If it has another number of axes.
    """
    if (
        not isinstance(labels, np.ndarray)
        or labels.dtype.kind not in "iu"
    ):
        came = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(
            f"labels: expected a NumPy array of integers; got {came}"
        )
    if labels.ndim != 1:
        raise ValueError(
            f"labels: expected 1 axis (N); got shape {labels.shape}"
        )
