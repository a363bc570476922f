"""Chapters 2 and 13: the convolutional layer. Its gradients are in `conv_gradients`.

The public functions check their arguments and choose the windows; what is computed with these is in
functions that know neither stride nor padding, and `Conv2D` calls the same ones.
"""

import math

import numpy as np
from numpy.typing import DTypeLike

from cnnbook.checks import (
    Array,
    Shape,
    Size,
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
from cnnbook.layers.conv_gradients import (
    column_gradient,
    conv2d_bias_gradient,
    kernel_gradient_by_columns,
)
from cnnbook.layers.geometry import (
    as_maps,
    check_geometry,
    collect,
    count_windows,
    im2col,
    layer_windows,
)


def conv2d_loops(x: Array, kernels: Array, bias: Array) -> Array:
    """Compute `conv2d` index for index, at stride 1 and without padding."""
    height = x.shape[2] - kernels.shape[2] + 1
    width = x.shape[3] - kernels.shape[3] + 1
    shape = len(x), len(kernels), height, width
    y = np.zeros(shape, np.result_type(x, kernels, bias))
    for n, f, i, j in np.ndindex(shape):
        y[n, f, i, j] = bias[f]
        for c, u, v in np.ndindex(kernels.shape[1:]):
            # @eq-layer
            y[n, f, i, j] += x[n, c, i + u, j + v] * kernels[f, c, u, v]
    return y


def conv2d_strided_loops(
    x: Array,
    kernels: Array,
    bias: Array,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Compute `conv2d` index for index, with stride and padding."""
    geometry = check_geometry(kernels.shape[2:], stride, padding)
    _, (down, across), (above, left) = geometry
    height, width = x.shape[2:]
    size = count_windows((height, width), geometry)
    shape = len(x), len(kernels), *size
    y = np.zeros(shape, np.result_type(x, kernels, bias))
    for n, f, i, j in np.ndindex(shape):
        y[n, f, i, j] = bias[f]
        for c, u, v in np.ndindex(kernels.shape[1:]):
            # @eq-strided-layer: pixel (p, q), if there is one
            p, q = i * down + u - above, j * across + v - left
            if 0 <= p < height and 0 <= q < width:
                y[n, f, i, j] += x[n, c, p, q] * kernels[f, c, u, v]
    return y


def conv2d(
    x: Array,
    kernels: Array,
    bias: Array,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Cross-correlate every image with every kernel, sum over the channels, add one bias each.

    Y[n, f, i, j] = bias[f] + sum over c, u, v of X[n, c, i s + u, j s + v] K[f, c, u, v], where s
    is the stride and X is surrounded by ``padding`` rows and columns of zeros: @eq-strided-layer.
    At stride 1 and without padding that is @eq-layer. With a stride it is every s-th output of the
    layer at stride 1, @eq-subsampled.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images X.
    kernels : np.ndarray of shape (F, C, KH, KW)
        The kernels K.
    bias : np.ndarray of shape (F,)
        One number per kernel.
    stride : int or (int, int)
        Steps between neighbouring windows, down and across.
    padding : int or (int, int)
        Rows of zeros above and below, columns of zeros left and right.

    Returns
    -------
    np.ndarray of shape (N, F, H', W')
        Y, with H' = (H + 2 padding - KH) // stride + 1 and W' alike. Its dtype is that of the
        arguments, or NumPy's common dtype where they differ.

    Raises
    ------
    TypeError
        If an array is not floating, or a size not an integer.
    ValueError
        If the shapes do not fit together, or a kernel is larger than the padded image.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
       2016, https://doi.org/10.48550/arXiv.1603.07285.

    Examples
    --------
    Two channels, one kernel: 2 x 2 sums of the first channel, minus a pixel of the second, plus 10.

    >>> x = np.stack([np.arange(6.0).reshape(2, 3), np.ones((2, 3))])[np.newaxis]
    >>> kernels = np.array([[[[1.0, 1.0], [1.0, 1.0]], [[-1.0, 0.0], [0.0, 0.0]]]])
    >>> conv2d(x, kernels, bias=np.array([10.0]))
    array([[[[17., 21.]]]])
    """
    check_axes(
        "kernels: F C KH KW, bias: F, x: N C H W", kernels, bias, x
    )
    geometry = check_geometry(kernels.shape[2:], stride, padding)
    windows = layer_windows(x, geometry)
    y = correlate_columns(im2col(windows), kernels, bias)
    return as_maps(y, (len(x), len(kernels), *windows.shape[2:4]))


def correlate_columns(
    columns: Array, kernels: Array, bias: Array
) -> Array:
    """Multiply every kernel by every column of windows and add the bias: @eq-as-product.

    Parameters
    ----------
    columns : np.ndarray of shape (C KH KW, H' W' N)
        What `im2col` made of the windows.
    kernels : np.ndarray of shape (F, C, KH, KW)
        The kernels; each becomes one row.
    bias : np.ndarray of shape (F,)
        One number per kernel.

    Returns
    -------
    np.ndarray of shape (F, H' W' N)
        The output of the layer, each of its maps in one row.
    """
    # (F, C KH KW) @ (C KH KW, H' W' N): one product for all images.
    rows = kernels.reshape(len(kernels), -1)
    return rows @ columns + bias[:, np.newaxis]  # @eq-as-product


class Conv2D(Layer):
    """The convolutional layer: kernels and one bias per kernel, started at random.

    Parameters
    ----------
    in_channels, out_channels : int
        C and F.
    kernel_size : int or (int, int)
        KH and KW.
    stride, padding : int or (int, int)
        As in `conv2d`.
    rng : numpy.random.Generator
        Draws the kernels, then the bias, uniformly, with variance 1/(C KH KW).
    dtype : numpy.float32 or numpy.float64
        The parameters' dtype.

    Raises
    ------
    TypeError
        If a size is not an integer, ``rng`` not a generator or ``dtype`` another type.
    ValueError
        If a size is too small.

    Examples
    --------
    >>> layer = Conv2D(1, 5, 3, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 5, 26, 26)
    >>> [parameter.value.shape for parameter in layer.parameters()]
    [(5, 1, 3, 3), (5,)]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        *,
        stride: Size = 1,
        padding: Size = 0,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> None:
        channels = check_count("in_channels", in_channels)
        count = check_count("out_channels", out_channels)
        self.geometry = check_geometry(kernel_size, stride, padding)
        check_rng(rng)
        dtype = check_dtype(dtype)
        shape = (count, channels, *self.geometry.kernel_size)
        fan_in = math.prod(shape[1:])
        kernels = fan_in_uniform(rng, shape, fan_in, dtype)
        bias = fan_in_uniform(rng, (count,), fan_in, dtype)
        self.kernels = Parameter("kernels", kernels)
        self.bias = Parameter("bias", bias)
        self._cache: tuple[Array, Shape, Shape] | None = None

    def forward(self, x: Array) -> Array:
        """Compute `conv2d` of ``x``, shape (N, C, H, W) to (N, F, H', W').

        The columns are kept: the kernel gradient needs every window once more.
        """
        kernels, bias = self.kernels.value, self.bias.value
        check_axes(
            "kernels: F C KH KW, bias: F, x: N C H W", kernels, bias, x
        )
        windows = layer_windows(x, self.geometry)
        columns = im2col(windows)
        y = correlate_columns(columns, kernels, bias)
        y = as_maps(y, (len(x), len(kernels), *windows.shape[2:4]))
        self._cache = columns, x.shape, y.shape
        return y

    def backward(self, grad_output: Array) -> Array:
        """Add to both gradients and return dL/dX, as `conv2d_input_gradient` does."""
        self.accumulate_gradients(grad_output)
        _, input_shape, _ = recall(self, self._cache)
        shares = column_gradient(grad_output, self.kernels.value)
        return collect(shares, input_shape, self.geometry)

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Add dL/dK, as `conv2d_kernel_gradient` does, and dL/db."""
        columns, _, expected = recall(self, self._cache)
        because = "the shape of forward's output"
        check_shape("grad_output", grad_output, expected, because)
        grad_kernels = kernel_gradient_by_columns(columns, grad_output)
        self.kernels.accumulate(
            grad_kernels.reshape(self.kernels.value.shape)
        )
        self.bias.accumulate(conv2d_bias_gradient(grad_output))

    def parameters(self) -> list[Parameter]:
        """List the kernels and the bias."""
        return [self.kernels, self.bias]

    def __repr__(self) -> str:
        count, channels = self.kernels.value.shape[:2]
        kernel_size, stride, padding = self.geometry
        options = f"{kernel_size}"
        if stride != (1, 1):
            options += f", stride={stride}"
        if padding != (0, 0):
            options += f", padding={padding}"
        return f"Conv2D({channels}, {count}, {options})"
