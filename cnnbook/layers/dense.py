"""Chapter 8: the dense layer."""

import numpy as np
from numpy.typing import DTypeLike

from cnnbook.checks import (
    Array,
    check_axes,
    check_count,
    check_dtype,
    check_rng,
    check_shape,
    recall,
)
from cnnbook.initialization import fan_in_uniform
from cnnbook.layers.base import (
    Layer,
    Parameter,
)


def dense(x: Array, weights: Array, bias: Array) -> Array:
    """Compute Y = X W + b: Y[n, o] = b[o] + sum over d of X[n, d] W[d, o], @eq-dense.

    Parameters
    ----------
    x : np.ndarray of shape (N, in)
        One sample per row.
    weights : np.ndarray of shape (in, out)
        W.
    bias : np.ndarray of shape (out,)
        b.

    Returns
    -------
    np.ndarray of shape (N, out)
        Y.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> dense(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 10.0]]), np.array([5.0, 5.0]))
    array([[ 6., 25.]])
    """
    check_axes("weights: in out, bias: out, x: N in", weights, bias, x)
    return x @ weights + bias  # @eq-dense-lines


def dense_weight_gradient(x: Array, grad_output: Array) -> Array:
    """Compute dL/dW = X^T dL/dY: dL/dW[d, o] = sum over n of X[n, d] dL/dY[n, o].

    That is @eq-dense-weight-gradient.

    Parameters
    ----------
    x : np.ndarray of shape (N, in)
        The input X of the forward pass.
    grad_output : np.ndarray of shape (N, out)
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of shape (in, out)
        dL/dW.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> dense_weight_gradient(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0, 5.0]]))
    array([[ 3.,  4.,  5.],
           [ 6.,  8., 10.]])
    """
    check_axes("x: N in, grad_output: N out", x, grad_output)
    # @eq-dense-weight-product, by np.dot: for one sample `@` does not
    # call the outer product.
    return np.dot(x.T, grad_output)


def dense_bias_gradient(grad_output: Array) -> Array:
    """Compute dL/db[o] = sum over n of dL/dY[n, o]: @eq-dense-bias-gradient.

    Parameters
    ----------
    grad_output : np.ndarray of shape (N, out)
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of shape (out,)
        dL/db.

    Raises
    ------
    TypeError
        If the array is not floating.
    ValueError
        If it does not have two axes.

    Examples
    --------
    >>> dense_bias_gradient(np.array([[1.0, 2.0], [10.0, 20.0]]))
    array([11., 22.])
    """
    check_axes("grad_output: N out", grad_output)
    return grad_output.sum(axis=0)  # @eq-dense-bias-gradient


def dense_input_gradient(grad_output: Array, weights: Array) -> Array:
    """Compute dL/dX = dL/dY W^T: dL/dX[n, d] = sum over o of dL/dY[n, o] W[d, o].

    That is @eq-dense-input-gradient.

    Parameters
    ----------
    grad_output : np.ndarray of shape (N, out)
        The upstream gradient dL/dY.
    weights : np.ndarray of shape (in, out)
        W.

    Returns
    -------
    np.ndarray of shape (N, in)
        dL/dX.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> dense_input_gradient(np.array([[1.0, 10.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[21., 43.]])
    """
    check_axes(
        "weights: in out, grad_output: N out", weights, grad_output
    )
    # @eq-dense-input-product, as its transpose: then the samples run
    # fastest in memory, as the layers below have them.
    return (weights @ grad_output.T).T


class Dense(Layer):
    """The dense layer: every output sees every input.

    Parameters
    ----------
    in_features, out_features : int
        How many numbers a sample has before and after.
    rng : numpy.random.Generator
        Draws the weights, then the bias, uniformly, with variance 1/in_features.
    dtype : numpy.float32 or numpy.float64
        The parameters' dtype.

    Raises
    ------
    TypeError
        If a size is not an integer, ``rng`` not a generator or ``dtype`` another type.
    ValueError
        If a size is below 1.

    Examples
    --------
    >>> layer = Dense(4, 3, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((2, 4), np.float32)).shape
    (2, 3)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> None:
        inputs = check_count("in_features", in_features)
        outputs = check_count("out_features", out_features)
        check_rng(rng)
        dtype = check_dtype(dtype)
        shape = inputs, outputs
        weights = fan_in_uniform(rng, shape, inputs, dtype)
        bias = fan_in_uniform(rng, (outputs,), inputs, dtype)
        self.weights = Parameter("weights", weights)
        self.bias = Parameter("bias", bias)
        self._x: Array | None = None

    def forward(self, x: Array) -> Array:
        """Compute `dense` of ``x``, shape (N, in) to (N, out)."""
        y = dense(x, self.weights.value, self.bias.value)
        self._x = x
        return y

    def backward(self, grad_output: Array) -> Array:
        """Add to both gradients and return dL/dX by `dense_input_gradient`."""
        self.accumulate_gradients(grad_output)
        return dense_input_gradient(grad_output, self.weights.value)

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Add dL/dW and dL/db by `dense_weight_gradient` and `dense_bias_gradient`."""
        x = recall(self, self._x)
        expected = len(x), self.weights.value.shape[1]
        because = "the shape of forward's output"
        check_shape("grad_output", grad_output, expected, because)
        self.weights.accumulate(dense_weight_gradient(x, grad_output))
        self.bias.accumulate(dense_bias_gradient(grad_output))

    def parameters(self) -> list[Parameter]:
        """List the weights and the bias."""
        return [self.weights, self.bias]

    def __repr__(self) -> str:
        return "Dense({}, {})".format(*self.weights.value.shape)
