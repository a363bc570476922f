"""Chapters 2 and 13: the convolutional layer. Its gradients are in `conv_gradients`."""

import numpy as np
from numpy.typing import DTypeLike

from cnnbook.checks import (
    Array,
    Size,
    check_axes,
    check_count,
    check_dtype,
    check_pair,
    check_rng,
    check_shape,
)
from cnnbook.layers.base import (
    Layer,
    Parameter,
    Shape,
    recall,
    uniform_by_fan_in,
)
from cnnbook.layers.conv_gradients import (
    conv2d_bias_gradient,
    conv2d_input_gradient,
    correlate_with_columns,
)
from cnnbook.layers.geometry import im2col, output_size, pad


def conv2d_loops(
    x: Array,
    kernels: Array,
    bias: Array,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Compute `conv2d` index for index; takes and returns the same."""
    step_down, step_across = check_pair("stride", stride)
    padded = pad(x, padding)
    height, width = output_size(
        x.shape[2:], kernels.shape[2:], stride=stride, padding=padding
    )
    y = np.zeros(
        (len(x), len(kernels), height, width),
        np.result_type(x, kernels, bias),
    )
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = bias[f]
        for c, u, v in np.ndindex(kernels.shape[1:]):
            pixel = padded[n, c, i * step_down + u, j * step_across + v]
            # @eq-layer
            y[n, f, i, j] += pixel * kernels[f, c, u, v]
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
    is the stride and X is surrounded by ``padding`` rows and columns of zeros: @eq-layer.

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

    Stride and padding may differ between the axes, and the loops agree:

    >>> x, kernels = np.arange(40.0).reshape(1, 2, 4, 5), np.arange(12.0).reshape(1, 2, 3, 2)
    >>> y = conv2d(x, kernels, np.zeros(1), stride=(2, 1), padding=(1, 2))
    >>> y.shape
    (1, 1, 2, 8)
    >>> loops = conv2d_loops(x, kernels, np.zeros(1), stride=(2, 1), padding=(1, 2))
    >>> np.array_equal(y, loops)
    True

    The result has the precision of the most precise operand:

    >>> single, double = np.float32, np.float64
    >>> arrays = x.astype(single), kernels.astype(single), np.zeros(1, single)
    >>> [function(*arrays).dtype.name for function in (conv2d, conv2d_loops)]
    ['float32', 'float32']
    >>> for k in range(3):
    ...     mixed = [array.astype(double if j == k else single) for j, array in enumerate(arrays)]
    ...     print(conv2d(*mixed).dtype, conv2d_loops(*mixed).dtype)
    float64 float64
    float64 float64
    float64 float64
    """
    _check_operands(x, kernels, bias)
    height, width = output_size(
        x.shape[2:], kernels.shape[2:], stride=stride, padding=padding
    )
    columns = im2col(
        x, kernels.shape[2:], stride=stride, padding=padding
    )
    y = correlate_columns(columns, kernels, bias)
    return y.reshape(len(x), -1, height, width)


def correlate_columns(
    columns: Array, kernels: Array, bias: Array
) -> Array:
    """Multiply every column of windows by every kernel and add the bias: @eq-as-product.

    Parameters
    ----------
    columns : np.ndarray of shape (N, C KH KW, H' W')
        What `im2col` made of the images.
    kernels : np.ndarray of shape (F, C, KH, KW)
        The kernels; each becomes one row.
    bias : np.ndarray of shape (F,)
        One number per kernel.

    Returns
    -------
    np.ndarray of shape (N, F, H' W')
        The output of `conv2d`, its positions in one row.
    """
    # (F, C KH KW) @ (N, C KH KW, H' W'): one matrix product per image.
    rows = kernels.reshape(len(kernels), -1)
    dtype = np.result_type(columns, kernels, bias)
    y: Array = np.matmul(rows, columns, dtype=dtype)  # @eq-as-product
    y += bias[:, np.newaxis]
    return y


def _check_operands(x: Array, kernels: Array, bias: Array) -> None:
    """Refuse arrays that no convolutional layer could take together."""
    check_axes("x: N C H W", x)
    check_axes("kernels: F C KH KW", kernels)
    check_axes("bias: F", bias)
    if kernels.shape[1] != x.shape[1]:
        raise ValueError(
            f"x: expected {kernels.shape[1]} channels, as kernels of "
            f"shape {kernels.shape} take; got shape {x.shape}"
        )
    if bias.shape != kernels.shape[:1]:
        raise ValueError(
            f"bias: expected shape {kernels.shape[:1]}, one number per "
            f"kernel; got {bias.shape}"
        )


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

    Stride and padding may differ between the axes, and between rows and columns:

    >>> layer = Conv2D(2, 1, (3, 2), stride=(2, 1), padding=(1, 2), rng=np.random.default_rng(0))
    >>> layer
    Conv2D(2, 1, (3, 2), stride=(2, 1), padding=(1, 2))
    >>> x = np.arange(40, dtype=np.float32).reshape(1, 2, 4, 5)
    >>> y = layer.forward(x)
    >>> y.shape, layer.backward(np.ones_like(y)).shape
    ((1, 1, 2, 8), (1, 2, 4, 5))
    >>> for parameter in layer.parameters():
    ...     print(parameter)
    Parameter('kernels', shape=(1, 2, 3, 2), dtype=float32)
    Parameter('bias', shape=(1,), dtype=float32)
    >>> Conv2D(1, 2, 3, rng=np.random.default_rng(0)).backward(y)
    Traceback (most recent call last):
        ...
    RuntimeError: Conv2D(1, 2, (3, 3)): backward was called before forward
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
        self.kernel_size = check_pair("kernel_size", kernel_size)
        self.stride = check_pair("stride", stride)
        self.padding = check_pair("padding", padding, minimum=0)
        check_rng(rng)
        dtype = check_dtype(dtype)
        shape = (count, channels, *self.kernel_size)
        fan_in = channels * self.kernel_size[0] * self.kernel_size[1]
        kernels = uniform_by_fan_in(rng, shape, fan_in, dtype)
        bias = uniform_by_fan_in(rng, (count,), fan_in, dtype)
        self.kernels = Parameter("kernels", kernels)
        self.bias = Parameter("bias", bias)
        self._remembered: tuple[Array, Shape, Shape] | None = None

    def forward(self, x: Array) -> Array:
        """Compute `conv2d` of ``x``, shape (N, C, H, W) to (N, F, H', W').

        The columns are kept: the kernel gradient needs every window once more.
        """
        kernels, bias = self.kernels.value, self.bias.value
        _check_operands(x, kernels, bias)
        geometry = {"stride": self.stride, "padding": self.padding}
        size = output_size(x.shape[2:], self.kernel_size, **geometry)
        columns = im2col(x, self.kernel_size, **geometry)
        y = correlate_columns(columns, kernels, bias)
        y = y.reshape(len(x), -1, *size)
        self._remembered = columns, x.shape, y.shape
        return y

    def backward(self, grad_output: Array) -> Array:
        """Add to both gradients and return dL/dX by `conv2d_input_gradient`."""
        self.accumulate_gradients(grad_output)
        _, (*_, height, width), _ = recall(self, self._remembered)
        return conv2d_input_gradient(
            grad_output,
            self.kernels.value,
            (height, width),
            stride=self.stride,
            padding=self.padding,
        )

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Add dL/dK, as `conv2d_kernel_gradient` does, and `conv2d_bias_gradient`."""
        columns, _, expected = recall(self, self._remembered)
        because = "the shape of forward's output"
        check_shape("grad_output", grad_output, expected, because)
        grad_kernels = correlate_with_columns(columns, grad_output)
        self.kernels.accumulate(
            grad_kernels.reshape(self.kernels.value.shape)
        )
        self.bias.accumulate(conv2d_bias_gradient(grad_output))

    def parameters(self) -> list[Parameter]:
        """List the kernels and the bias."""
        return [self.kernels, self.bias]

    def __repr__(self) -> str:
        count, channels = self.kernels.value.shape[:2]
        options = f"{self.kernel_size}"
        if self.stride != (1, 1):
            options += f", stride={self.stride}"
        if self.padding != (0, 0):
            options += f", padding={self.padding}"
        return f"Conv2D({channels}, {count}, {options})"
