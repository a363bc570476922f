"""Chapter 14: pooling, one number for every window of every map."""

import math
from collections.abc import Iterator

import numpy as np

from cnnbook.checks import (
    Array,
    Pair,
    Shape,
    Size,
    check_axes,
    check_fits,
    check_pair,
    check_shape,
    recall,
)
from cnnbook.correlation import view_windows
from cnnbook.layers.base import Layer
from cnnbook.layers.geometry import (
    Geometry,
    as_rows,
    collect,
    count_windows,
    filled,
    frame,
)


def pool_geometry(
    pool_size: Size, stride: Size | None, padding: Size = 0
) -> Geometry:
    """Return what the options of a pooling layer say about its windows.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of a window.
    stride : int, (int, int) or None
        Steps between neighbouring windows; if None, as far as a window reaches.
    padding : int or (int, int)
        Rows and columns around the image; fewer than a window has, so that each holds a pixel.

    Returns
    -------
    Geometry
        Each of them as a pair.

    Raises
    ------
    TypeError
        If a size is not an integer.
    ValueError
        If a size is too small, or the padding as large as a window.
    """
    size = check_pair("pool_size", pool_size)
    steps = size if stride is None else check_pair("stride", stride)
    frame = check_pair("padding", padding, minimum=0)
    if frame[0] >= size[0] or frame[1] >= size[1]:
        raise ValueError(
            f"padding: expected less than pool_size {size}, so that "
            f"every window holds a pixel; got {frame}"
        )
    return Geometry(size, steps, frame)


def pool_windows(
    x: Array, geometry: Geometry, border: float = 0.0
) -> Array:
    """Show the windows of a pooling layer in its images.

    Framed by minus infinity, the images are those of @eq-max-frame.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images.
    geometry : Geometry
        The size of the windows, stride and padding.
    border : float
        What the padding is filled with.

    Returns
    -------
    np.ndarray of shape (N, C, H', W', KH, KW)
        A view of what `frame` makes of ``x``.

    Raises
    ------
    ValueError
        If the windows are larger than the padded image.
    """
    framed = frame(x, geometry.padding, border)
    size = geometry.kernel_size
    check_fits("pool_size", size, framed.shape[2:], "padded image")
    return view_windows(framed, size, geometry.stride)


def pixels_of_window(
    i: int, j: int, size: Shape, geometry: Geometry
) -> Iterator[Pair]:
    """List the pixels of one window, row by row, without those of the padding.

    Parameters
    ----------
    i, j : int
        Which window.
    size : tuple of int
        H and W of the image.
    geometry : Geometry
        The size of the windows, stride and padding.

    Yields
    ------
    (int, int)
        Row and column of a pixel, (p, q).
    """
    (rows, columns), (down, across), (above, left) = geometry
    for u, v in np.ndindex(rows, columns):
        p, q = i * down + u - above, j * across + v - left
        if 0 <= p < size[0] and 0 <= q < size[1]:
            yield p, q


def max_pool2d_loops(
    x: Array,
    pool_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
) -> Array:
    """Compute `max_pool2d` index for index."""
    geometry = pool_geometry(pool_size, stride, padding)
    size = x.shape[2:]
    shape = (*x.shape[:2], *count_windows(size, geometry))
    y = np.full(shape, -np.inf, x.dtype)
    for n, c, i, j in np.ndindex(shape):
        for p, q in pixels_of_window(i, j, size, geometry):
            # @eq-max-pool
            y[n, c, i, j] = np.maximum(y[n, c, i, j], x[n, c, p, q])
    return y


def max_pool2d(
    x: Array,
    pool_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
) -> Array:
    """Keep the largest number of every window.

    Y[n, c, i, j] = max over u, v of X[n, c, i s + u, j s + v], where s is the stride and X is
    surrounded by ``padding`` rows and columns of minus infinity: @eq-max-pool. No output changes
    by more than the largest change of a pixel, @eq-max-lipschitz. An image that moves by s moves
    its outputs by one, @eq-max-shift.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images, or the maps of the layer before.
    pool_size : int or (int, int)
        KH and KW, the size of a window.
    stride : int or (int, int), optional
        Steps between neighbouring windows; by default as far as a window reaches, so that
        windows neither overlap nor leave gaps.
    padding : int or (int, int)
        Rows and columns of minus infinity around the image. It is never the largest, because
        every window holds a pixel.

    Returns
    -------
    np.ndarray of shape (N, C, H', W')
        Y, with H' = (H + 2 padding - KH) // stride + 1 and W' alike; a new array.

    Raises
    ------
    TypeError
        If ``x`` is not floating, or a size not an integer.
    ValueError
        If a size is too small, the padding as large as a window, or a window larger than the
        padded image.

    Examples
    --------
    >>> x = np.array([[[[3.0, 1.0, 4.0, 1.0], [5.0, 9.0, 2.0, 6.0]]]])
    >>> max_pool2d(x, 2)
    array([[[[9., 6.]]]])
    >>> max_pool2d(x, (1, 3), stride=1)
    array([[[[4., 4.],
             [9., 9.]]]])
    """
    check_axes("x: N C H W", x)
    geometry = pool_geometry(pool_size, stride, padding)
    return largest(pool_windows(x, geometry, border=-np.inf))


def largest(windows: Array) -> Array:
    """Find the largest number of every window.

    Parameters
    ----------
    windows : np.ndarray of shape (N, C, H', W', KH, KW)
        The windows of the images, as `pool_windows` shows them.

    Returns
    -------
    np.ndarray of shape (N, C, H', W')
        The maxima; NaN where a window holds one.
    """
    y = windows[..., 0, 0].copy(order="K")  # as it lies in memory
    for u, v in np.ndindex(windows.shape[-2:]):
        np.maximum(y, windows[..., u, v], out=y)
    return y


def max_pool2d_input_gradient_loops(
    x: Array,
    grad_output: Array,
    pool_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
) -> Array:
    """Compute `max_pool2d_input_gradient` index for index."""
    geometry = pool_geometry(pool_size, stride, padding)
    grad_x = np.zeros(x.shape, grad_output.dtype)
    for n, c, i, j in np.ndindex(grad_output.shape):
        # @eq-switch: the first of the largest
        pixels = pixels_of_window(i, j, x.shape[2:], geometry)
        first = next(pixels)
        for p, q in pixels:
            if x[n, c, p, q] > x[n, c, *first]:
                first = p, q
        # @eq-max-gradient
        grad_x[n, c, *first] += grad_output[n, c, i, j]
    return grad_x


def max_pool2d_input_gradient(
    x: Array,
    grad_output: Array,
    pool_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
) -> Array:
    """Give every upstream number to the pixel that was the largest of its window.

    The Jacobian has a single 1 in each row, @eq-max-jacobian. A pixel that was the largest of
    several windows gets the sum, @eq-max-gradient, and nothing is lost, @eq-max-gradient-sum.
    Where several are the largest, the first of them gets it, row by row: one of the subgradients
    of @eq-max-subgradient. A window that holds NaN has no largest number, and gives its upstream
    number to no pixel.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The input of the forward pass.
    grad_output : np.ndarray of shape (N, C, H', W')
        The upstream gradient dL/dY, finite: what is infinite makes NaN of the pixels beside it.
    pool_size : int or (int, int)
        As in `max_pool2d`.
    stride : int or (int, int), optional
        As in `max_pool2d`.
    padding : int or (int, int)
        As in `max_pool2d`.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        dL/dX, of the dtype of the upstream gradient.

    Raises
    ------
    TypeError
        If an array is not floating, or a size not an integer.
    ValueError
        If the shapes do not fit together, or `max_pool2d` would refuse the sizes.

    Examples
    --------
    >>> x = np.array([[[[3.0, 7.0, 7.0], [5.0, 2.0, 6.0]]]])
    >>> max_pool2d_input_gradient(x, np.array([[[[1.0, 10.0]]]]), 2, stride=1)
    array([[[[ 0., 11.,  0.],
             [ 0.,  0.,  0.]]]])
    """
    check_axes("x: N C H W, grad_output: N C H' W'", x, grad_output)
    geometry = pool_geometry(pool_size, stride, padding)
    y = largest(pool_windows(x, geometry, border=-np.inf))
    because = f"which x of shape {x.shape} gives"
    check_shape("grad_output", grad_output, y.shape, because)
    return route_to_largest(x, y, grad_output, geometry)


def route_to_largest(
    x: Array, y: Array, grad_output: Array, geometry: Geometry
) -> Array:
    """Add every upstream number to the first pixel of its window that equals the maximum.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The input of the forward pass.
    y, grad_output : np.ndarray of shape (N, C, H', W')
        The maxima, and the upstream gradient.
    geometry : Geometry
        The size of the windows, stride and padding.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        The gradient with respect to x.
    """
    (*batch, height, width), (above, left) = x.shape, geometry.padding
    size, stride = geometry.kernel_size, geometry.stride
    framed = *batch, height + 2 * above, width + 2 * left
    grad_x = filled(framed, grad_output.dtype, 0.0)
    gradients = view_windows(grad_x, size, stride, writeable=True)
    # NaN equals nothing: the padding gets none of the gradient.
    windows = pool_windows(x, geometry, border=np.nan)
    waiting = np.ones_like(y, bool)
    for u, v in np.ndindex(*size):
        # @eq-switch, for all windows at once
        here = waiting & (windows[..., u, v] == y)
        gradients[..., u, v] += here * grad_output
        waiting &= ~here
    return grad_x[:, :, above : above + height, left : left + width]


def mean_pool2d(
    x: Array, pool_size: Size, *, stride: Size | None = None
) -> Array:
    """Take the mean of every window.

    Y[n, c, i, j] = sum over u, v of X[n, c, i s + u, j s + v] / (KH KW): @eq-mean-pool. It is a
    convolutional layer with the constant kernels of @eq-mean-kernel.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images, or the maps of the layer before.
    pool_size : int or (int, int)
        KH and KW, the size of a window.
    stride : int or (int, int), optional
        Steps between neighbouring windows; by default as far as a window reaches.

    Returns
    -------
    np.ndarray of shape (N, C, H', W')
        Y, with H' = (H - KH) // stride + 1 and W' alike.

    Raises
    ------
    TypeError
        If ``x`` is not floating, or a size not an integer.
    ValueError
        If a size is too small, or a window larger than the image.

    Examples
    --------
    >>> mean_pool2d(np.arange(8.0).reshape(1, 1, 2, 4), 2)
    array([[[[2.5, 4.5]]]])
    """
    check_axes("x: N C H W", x)
    geometry = pool_geometry(pool_size, stride)
    return pool_windows(x, geometry).mean(axis=(-2, -1))


def mean_pool2d_input_gradient(
    grad_output: Array,
    input_size: Size,
    pool_size: Size,
    *,
    stride: Size | None = None,
) -> Array:
    """Give every pixel of a window the same share of its upstream number: @eq-mean-gradient.

    Parameters
    ----------
    grad_output : np.ndarray of shape (N, C, H', W')
        The upstream gradient dL/dY.
    input_size : int or (int, int)
        H and W of the input, which the output's shape alone does not determine.
    pool_size : int or (int, int)
        As in `mean_pool2d`.
    stride : int or (int, int), optional
        As in `mean_pool2d`.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        dL/dX.

    Raises
    ------
    TypeError
        If the array is not floating, or a size not an integer.
    ValueError
        If the shapes do not fit together, or `mean_pool2d` would refuse the sizes.

    Examples
    --------
    >>> mean_pool2d_input_gradient(np.array([[[[4.0, 8.0]]]]), (2, 5), 2)
    array([[[[1., 1., 2., 2., 0.],
             [1., 1., 2., 2., 0.]]]])
    """
    check_axes("grad_output: N C H' W'", grad_output)
    geometry = pool_geometry(pool_size, stride)
    size = check_pair("input_size", input_size)
    batch = grad_output.shape[:2]
    because = f"which input_size {size} gives"
    expected = (*batch, *count_windows(size, geometry))
    check_shape("grad_output", grad_output, expected, because)
    return share_among_all(grad_output, (*batch, *size), geometry)


def share_among_all(
    grad_output: Array, shape: Shape, geometry: Geometry
) -> Array:
    """Add the same share of every upstream number to each pixel of its window, @eq-mean-gradient.

    Parameters
    ----------
    grad_output : np.ndarray of shape (N, C, H', W')
        The upstream gradient dL/dY.
    shape : tuple of int
        The shape (N, C, H, W) of the images.
    geometry : Geometry
        The size of the windows and the stride.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        The gradient with respect to the images.
    """
    pixels = math.prod(geometry.kernel_size)
    shares = np.repeat(as_rows(grad_output) / pixels, pixels, axis=0)
    return collect(shares, shape, geometry)


class MaxPool2D(Layer):
    """Max-pooling, without parameters; remembers its input and its output.

    Parameters
    ----------
    pool_size : int or (int, int)
        KH and KW.
    stride : int or (int, int), optional
        As in `max_pool2d`; by default as far as a window reaches.
    padding : int or (int, int)
        As in `max_pool2d`.

    Raises
    ------
    TypeError
        If a size is not an integer.
    ValueError
        If a size is too small, or the padding as large as a window.

    Examples
    --------
    >>> layer = MaxPool2D(2)
    >>> layer.forward(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    >>> layer.backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))
    array([[[[0., 0., 0., 0.],
             [0., 1., 0., 2.],
             [0., 0., 0., 0.],
             [0., 3., 0., 4.]]]])
    """

    def __init__(
        self,
        pool_size: Size,
        *,
        stride: Size | None = None,
        padding: Size = 0,
    ) -> None:
        self.geometry = pool_geometry(pool_size, stride, padding)
        self._cache: tuple[Array, Array] | None = None

    def forward(self, x: Array) -> Array:
        """Compute `max_pool2d` of ``x``, shape (N, C, H, W) to (N, C, H', W')."""
        check_axes("x: N C H W", x)
        y = largest(pool_windows(x, self.geometry, border=-np.inf))
        self._cache = x, y
        return y

    def backward(self, grad_output: Array) -> Array:
        """Compute `max_pool2d_input_gradient` at the last input."""
        x, y = recall(self, self._cache)
        because = "the shape of forward's output"
        check_shape("grad_output", grad_output, y.shape, because)
        return route_to_largest(x, y, grad_output, self.geometry)

    def __repr__(self) -> str:
        return f"MaxPool2D({_options(self.geometry)})"


class MeanPool2D(Layer):
    """Mean-pooling, without parameters; remembers shapes alone.

    Parameters
    ----------
    pool_size : int or (int, int)
        KH and KW.
    stride : int or (int, int), optional
        As in `mean_pool2d`; by default as far as a window reaches.

    Raises
    ------
    TypeError
        If a size is not an integer.
    ValueError
        If a size is too small.

    Examples
    --------
    >>> layer = MeanPool2D(2)
    >>> layer.forward(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """

    def __init__(
        self, pool_size: Size, *, stride: Size | None = None
    ) -> None:
        self.geometry = pool_geometry(pool_size, stride)
        self._shapes: tuple[Shape, Shape] | None = None

    def forward(self, x: Array) -> Array:
        """Compute `mean_pool2d` of ``x``, shape (N, C, H, W) to (N, C, H', W')."""
        check_axes("x: N C H W", x)
        y: Array = pool_windows(x, self.geometry).mean(axis=(-2, -1))
        self._shapes = x.shape, y.shape
        return y

    def backward(self, grad_output: Array) -> Array:
        """Compute `mean_pool2d_input_gradient` for the last input's size."""
        input_shape, expected = recall(self, self._shapes)
        because = "the shape of forward's output"
        check_shape("grad_output", grad_output, expected, because)
        return share_among_all(grad_output, input_shape, self.geometry)

    def __repr__(self) -> str:
        return f"MeanPool2D({_options(self.geometry)})"


def _options(geometry: Geometry) -> str:
    """Write the options of a pooling layer, without those that are as they are by default."""
    size, stride, padding = geometry
    options = f"{size}"
    if stride != size:
        options += f", stride={stride}"
    if padding != (0, 0):
        options += f", padding={padding}"
    return options
