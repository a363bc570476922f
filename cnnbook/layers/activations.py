"""Chapters 5 and 15: the sigmoid and its siblings, entry by entry; softmax, row by row."""

import numpy as np

from cnnbook.checks import Array, check_axes, recall
from cnnbook.functions import sigmoid, softmax
from cnnbook.layers.base import Layer


def sigmoid_gradient(y: Array, grad_output: Array) -> Array:
    """Multiply the upstream gradient by the sigmoid's derivative, y (1 - y).

    That is @eq-sigmoid-gradient.

    Parameters
    ----------
    y : np.ndarray
        The sigmoid's *output*: its derivative is known from that alone.
    grad_output : np.ndarray of the same shape
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of the same shape
        dL/dZ.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> sigmoid_gradient(np.array([0.25, 0.5, 0.75]), np.array([16.0, 4.0, -16.0]))
    array([ 3.,  1., -3.])
    """
    check_axes("y: ..., grad_output: ...", y, grad_output)
    # @eq-sigmoid-gradient-array, in place: y is the largest output of
    # a layer.
    grad_z = 1 - y
    grad_z *= y
    grad_z *= grad_output
    return grad_z


def tanh_gradient(y: Array, grad_output: Array) -> Array:
    """Multiply the upstream gradient by the hyperbolic tangent's derivative, 1 - y^2.

    The derivative is @eq-tanh-derivative.

    Parameters
    ----------
    y : np.ndarray
        The hyperbolic tangent's *output*.
    grad_output : np.ndarray of the same shape
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of the same shape
        dL/dZ.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> tanh_gradient(np.array([-0.5, 0.0, 1.0]), np.array([4.0, 4.0, 4.0]))
    array([3., 4., 0.])
    """
    check_axes("y: ..., grad_output: ...", y, grad_output)
    return grad_output * (1 - y * y)  # @eq-tanh-derivative


def relu(z: Array) -> Array:
    """Keep what is positive, max(z, 0): @eq-relu.

    Parameters
    ----------
    z : np.ndarray of any shape
        Floating array.

    Returns
    -------
    np.ndarray of the same shape and dtype
        A new array.

    Raises
    ------
    TypeError
        If ``z`` is not a floating array.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    check_axes("z: ...", z)
    return np.maximum(z, 0)  # @eq-relu


def relu_gradient(z: Array, grad_output: Array) -> Array:
    """Let the upstream gradient pass where the *input* was above zero: @eq-relu-gradient.

    At z = 0 there is no derivative; every number in [0, 1] is a subgradient, and this is 0. What
    is infinite upstream is NaN behind a closed gate, 0 times infinity.

    Parameters
    ----------
    z : np.ndarray
        The rectifier's *input*.
    grad_output : np.ndarray of the same shape
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of the same shape
        dL/dZ.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> relu_gradient(np.array([-2.0, 0.0, 3.0]), np.array([5.0, 6.0, 7.0]))
    array([0., 0., 7.])
    """
    check_axes("z: ..., grad_output: ...", z, grad_output)
    return grad_output * (z > 0)  # @eq-relu-gradient


def softmax_gradient(p: Array, grad_output: Array) -> Array:
    """Multiply the upstream gradient by the softmax's Jacobian: p (g - sum(p g)), row by row.

    That is @eq-softmax-gradient.

    Parameters
    ----------
    p : np.ndarray of shape (..., K)
        The softmax's *output*.
    grad_output : np.ndarray of shape (..., K)
        The upstream gradient g.

    Returns
    -------
    np.ndarray of the same shape
        dL/dZ; each row adds up to 0.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes differ, or an axis is missing or empty.

    Examples
    --------
    >>> softmax_gradient(np.array([0.25, 0.25, 0.5]), np.array([4.0, 0.0, 0.0]))
    array([ 0.75, -0.25, -0.5 ])
    """
    check_axes("p: ... K, grad_output: ... K", p, grad_output)
    # @eq-softmax-gradient
    mean = (p * grad_output).sum(axis=-1, keepdims=True)
    return p * (grad_output - mean)


class Sigmoid(Layer):
    """The sigmoid of every entry; remembers its output.

    Examples
    --------
    >>> layer = Sigmoid()
    >>> layer.forward(np.zeros((1, 2)))
    array([[0.5, 0.5]])
    >>> layer.backward(np.ones((1, 2)))
    array([[0.25, 0.25]])
    """

    def __init__(self) -> None:
        self._y: Array | None = None

    def forward(self, x: Array) -> Array:
        """Compute `sigmoid` of ``x``."""
        self._y = sigmoid(x)
        return self._y

    def backward(self, grad_output: Array) -> Array:
        """Compute `sigmoid_gradient` at the last output."""
        return sigmoid_gradient(recall(self, self._y), grad_output)


class Tanh(Layer):
    """The hyperbolic tangent of every entry; remembers its output.

    Examples
    --------
    >>> Tanh().forward(np.array([[0.0]]))
    array([[0.]])
    """

    def __init__(self) -> None:
        self._y: Array | None = None

    def forward(self, x: Array) -> Array:
        """Compute tanh of ``x``."""
        check_axes("x: ...", x)
        self._y = np.tanh(x)
        return self._y

    def backward(self, grad_output: Array) -> Array:
        """Compute `tanh_gradient` at the last output."""
        return tanh_gradient(recall(self, self._y), grad_output)


class ReLU(Layer):
    """The rectifier of every entry; remembers its input.

    Examples
    --------
    >>> ReLU().forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    def __init__(self) -> None:
        self._z: Array | None = None

    def forward(self, x: Array) -> Array:
        """Compute `relu` of ``x``."""
        y = relu(x)
        self._z = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Compute `relu_gradient` at the last input."""
        return relu_gradient(recall(self, self._z), grad_output)


class Softmax(Layer):
    """The softmax of every row; remembers its output.

    Examples
    --------
    >>> Softmax().forward(np.zeros((1, 4)))
    array([[0.25, 0.25, 0.25, 0.25]])
    """

    def __init__(self) -> None:
        self._p: Array | None = None

    def forward(self, x: Array) -> Array:
        """Compute `softmax` of ``x``, over its last axis."""
        self._p = softmax(x)
        return self._p

    def backward(self, grad_output: Array) -> Array:
        """Compute `softmax_gradient` at the last output."""
        return softmax_gradient(recall(self, self._p), grad_output)
