"""Chapter 7: the same numbers under another shape."""

import math

from cnnbook.checks import (
    Array,
    Shape,
    check_axes,
    check_count,
    check_shape,
    recall,
)
from cnnbook.layers.base import Layer


class Reshape(Layer):
    """Give every sample another shape, in row-major order; the batch axis stays as it is.

    To a row that is @eq-flatten, from a row @eq-fold, and back @eq-reshape-gradient.

    Parameters
    ----------
    shape : tuple of int
        The shape of one sample. One entry may be -1 and is then computed from the others.

    Raises
    ------
    TypeError
        If ``shape`` is not a tuple of integers.
    ValueError
        If an entry is 0 or below -1, or more than one is -1.

    Examples
    --------
    >>> layer = Reshape((-1,))
    >>> x = np.arange(8.0).reshape(2, 1, 2, 2)
    >>> layer.forward(x)
    array([[0., 1., 2., 3.],
           [4., 5., 6., 7.]])
    >>> layer.backward(np.ones((2, 4))).shape
    (2, 1, 2, 2)
    >>> Reshape((-1, 0))
    Traceback (most recent call last):
        ...
    ValueError: shape: expected sizes above 0, at most one of them -1; got (-1, 0)
    >>> Reshape((-1, -1))
    Traceback (most recent call last):
        ...
    ValueError: shape: expected sizes above 0, at most one of them -1; got (-1, -1)
    >>> Reshape((1, -1)).forward(np.arange(3.0)).shape
    (3, 1, 1)
    >>> Reshape((-2, 3))
    Traceback (most recent call last):
        ...
    ValueError: shape: expected an integer of at least -1; got -2
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        if not isinstance(shape, (tuple, list)):
            raise TypeError(
                f"shape: expected a tuple of integers; got {shape!r}"
            )
        self.shape = tuple(
            check_count("shape", size, minimum=-1) for size in shape
        )
        if 0 in self.shape or self.shape.count(-1) > 1:
            raise ValueError(
                f"shape: expected sizes above 0, "
                f"at most one of them -1; got {shape}"
            )
        self._shapes: tuple[Shape, Shape] | None = None

    def forward(self, x: Array) -> Array:
        """Give ``x`` its new shape: a view where memory allows one."""
        check_axes("x: N ...", x)
        inputs, outputs = math.prod(x.shape[1:]), math.prod(self.shape)
        fixed = -1 not in self.shape
        if inputs % outputs or (fixed and inputs != outputs):
            raise ValueError(
                f"x: expected samples that fit into shape "
                f"{self.shape}; got shape {x.shape}, "
                f"{inputs} numbers a sample"
            )
        y = x.reshape(len(x), *self.shape)
        self._shapes = x.shape, y.shape
        return y

    def backward(self, grad_output: Array) -> Array:
        """Give the gradient the shape that the input had."""
        input_shape, expected = recall(self, self._shapes)
        because = "the shape of forward's output"
        check_shape("grad_output", grad_output, expected, because)
        return grad_output.reshape(input_shape)

    def __repr__(self) -> str:
        return f"Reshape({self.shape})"
