"""Chapters 2 and 13: which windows a layer takes from an image."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from cnnbook.checks import (
    Array,
    Pair,
    Shape,
    Size,
    check_fits,
    check_pair,
)
from cnnbook.correlation import view_windows


class Geometry(NamedTuple):
    """The windows of a layer: their size, the steps between them, the zeros around the image.

    Attributes
    ----------
    kernel_size : (int, int)
        KH and KW.
    stride : (int, int)
        Steps between neighbouring windows, down and across.
    padding : (int, int)
        Rows of zeros above and below, columns of zeros left and right.
    """

    kernel_size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)


def check_geometry(
    kernel_size: Size, stride: Size, padding: Size
) -> Geometry:
    """Return what the options of a layer say about its windows.

    Parameters
    ----------
    kernel_size, stride, padding : int or (int, int)
        As in `conv2d`.

    Returns
    -------
    Geometry
        Each of them as a pair.

    Raises
    ------
    TypeError
        If a size is not an integer.
    ValueError
        If a size is too small.
    """
    return Geometry(
        check_pair("kernel_size", kernel_size),
        check_pair("stride", stride),
        check_pair("padding", padding, minimum=0),
    )


def output_size(
    input_size: Size,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Pair:
    """Count the windows that fit: (H + 2 padding - KH) // stride + 1 down, and alike across.

    That is @eq-strided-size. At stride 1 and without padding it is H - KH + 1, @eq-output-size.

    Parameters
    ----------
    input_size, kernel_size : int or (int, int)
        Height and width of the image and of the kernel.
    stride, padding : int or (int, int)
        As in `conv2d`.

    Returns
    -------
    (int, int)
        H' and W'.

    Raises
    ------
    TypeError
        If a size is not an integer.
    ValueError
        If a size is too small, or the kernel larger than the padded image.

    Examples
    --------
    >>> output_size(28, 3)
    (26, 26)
    >>> output_size((7, 8), 3, stride=2, padding=1)
    (4, 4)
    """
    size = check_pair("input_size", input_size)
    geometry = check_geometry(kernel_size, stride, padding)
    return count_windows(size, geometry)


def count_windows(size: Pair, geometry: Geometry) -> Pair:
    """Count the windows of a layer down and across, `output_size` for a known geometry.

    In each direction it is @eq-strided-size.

    Parameters
    ----------
    size : (int, int)
        H and W.
    geometry : Geometry
        The size of the windows, stride and padding.

    Returns
    -------
    (int, int)
        H' and W'.

    Raises
    ------
    ValueError
        If the windows are larger than the padded image.
    """
    kernel, (down, across), (above, left) = geometry
    height, width = size[0] + 2 * above, size[1] + 2 * left
    check_fits("kernel_size", kernel, (height, width), "padded image")
    # @eq-strided-size; // is the floor
    rows = (height - kernel[0]) // down + 1
    columns = (width - kernel[1]) // across + 1
    return rows, columns


def filled(shape: Shape, dtype: DTypeLike, number: float) -> Array:
    """Make images of one number; in memory, those of the batch run fastest, as in @eq-columns.

    Parameters
    ----------
    shape : tuple of int
        N, C, H and W.
    dtype : numpy.float32 or numpy.float64
        Of which type.
    number : float
        What every pixel is.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        The same pixel of all images stands side by side.
    """
    samples, *rest = shape
    return np.full((*rest, samples), number, dtype).transpose(
        3, 0, 1, 2
    )


def frame(x: Array, padding: Pair, number: float = 0.0) -> Array:
    """Surround every image with rows and columns of one number; the images run fastest.

    The frame of zeros is @eq-padded-row, in both directions.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images.
    padding : (int, int)
        Rows above and below, columns left and right.
    number : float
        What the frame is filled with.

    Returns
    -------
    np.ndarray of shape (N, C, H + 2 P_H, W + 2 P_W)
        In memory as `filled` makes it. Without padding it is a view of ``x`` if that lies in
        memory so already, as the output of a layer does.
    """
    if not any(padding):
        last = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
        return last.transpose(3, 0, 1, 2)
    (*batch, height, width), (above, left) = x.shape, padding
    size = height + 2 * above, width + 2 * left
    framed = filled((*batch, *size), x.dtype, number)
    framed[:, :, above : above + height, left : left + width] = x
    return framed  # @eq-padded-row


def layer_windows(x: Array, geometry: Geometry) -> Array:
    """Show the windows of a layer in its images: padding frames them, stride leaves windows out.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images.
    geometry : Geometry
        The size of the windows, stride and padding.

    Returns
    -------
    np.ndarray of shape (N, C, H', W', KH, KW)
        A view of what `frame` makes of ``x``: entry [n, c, i, j, u, v] is pixel
        [n, c, i s + u, j s + v] of the padded images, where s is the stride.

    Raises
    ------
    ValueError
        If the windows are larger than the padded image.

    Examples
    --------
    >>> x = np.arange(6.0).reshape(1, 1, 2, 3)
    >>> layer_windows(x, Geometry((2, 2)))[0, 0, 0, 1]
    array([[1., 2.],
           [4., 5.]])
    """
    framed, size = frame(x, geometry.padding), geometry.kernel_size
    check_fits("kernel_size", size, framed.shape[2:], "padded image")
    return view_windows(framed, size, geometry.stride)


def im2col(windows: Array) -> Array:
    """Write every window as a column, so that a correlation becomes a matrix product.

    Parameters
    ----------
    windows : np.ndarray of shape (N, C, H', W', KH, KW)
        The windows of the images, as `layer_windows` shows them.

    Returns
    -------
    np.ndarray of shape (C KH KW, H' W' N)
        Row (c, u, v), column (i, j, n) holds entry (u, v) of window (i, j) in channel c of image
        n, @eq-columns. Up to KH KW times as many numbers as the images have: the price of speed.

    Examples
    --------
    >>> from cnnbook.correlation import windows
    >>> im2col(windows(np.arange(6.0).reshape(1, 1, 2, 3), 2))
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    samples, channels, height, width, *size = windows.shape
    shape = channels, *size, height, width, samples
    columns = np.empty(shape, windows.dtype)
    for u, v in np.ndindex(*size):
        # @eq-columns: (c, u, v) and (i, j, n), the last one fastest
        columns[:, u, v] = windows[..., u, v].transpose(1, 2, 3, 0)
    return columns.reshape(channels * math.prod(size), -1)


def as_rows(maps: Array) -> Array:
    """Write every map of all images as one row, in the order of the columns of `im2col`.

    Parameters
    ----------
    maps : np.ndarray of shape (N, F, H', W')
        The output of a layer, or its gradient.

    Returns
    -------
    np.ndarray of shape (F, H' W' N)
        Row f, column (i, j, n). Nothing moves where the images run fastest in memory.
    """
    return maps.transpose(1, 2, 3, 0).reshape(maps.shape[1], -1)


def as_maps(rows: Array, shape: Shape) -> Array:
    """Give the rows of `as_rows` their four axes again.

    Parameters
    ----------
    rows : np.ndarray of shape (F, H' W' N)
        Row f, column (i, j, n).
    shape : tuple of int
        N, F, H' and W'.

    Returns
    -------
    np.ndarray of shape (N, F, H', W')
        A view.
    """
    samples, *rest = shape
    return rows.reshape(*rest, samples).transpose(3, 0, 1, 2)


def col2im(columns: Array, windows: Array) -> None:
    """Add every column to the pixels of its window: the transpose of `im2col`.

    At each pixel it is @eq-collected-shares.

    Parameters
    ----------
    columns : np.ndarray of shape (C KH KW, H' W' N)
        One number for each entry of each window.
    windows : np.ndarray of shape (N, C, H', W', KH, KW)
        The windows of an array, as a view that can be written to. Windows overlap, but for one
        (u, v) each lies on a pixel of its own, so that no contribution is lost.

    Examples
    --------
    How many of the 2 x 2 windows of a 3 x 3 image cover each pixel?

    >>> x = np.zeros((1, 1, 3, 3))
    >>> view = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(2, 3), writeable=True)
    >>> col2im(np.ones((4, 4)), view)
    >>> x
    array([[[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]]])
    """
    samples, channels, height, width, *size = windows.shape
    shape = channels, *size, height, width, samples
    entries = columns.reshape(shape)
    for u, v in np.ndindex(*size):
        # @eq-collected-shares
        windows[..., u, v] += entries[:, u, v].transpose(3, 0, 1, 2)


def collect(columns: Array, shape: Shape, geometry: Geometry) -> Array:
    """Add every column to the pixels of its window: the transpose of `layer_windows` and `im2col`.

    What falls on the padding is cut off, the last of the three maps in @eq-three-transposes.

    Parameters
    ----------
    columns : np.ndarray of shape (C KH KW, H' W' N)
        One number for each entry of each window.
    shape : tuple of int
        The shape (N, C, H, W) of the images.
    geometry : Geometry
        The size of the windows, stride and padding.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        At each pixel, the sum over all windows that cover it. What falls on the padding is left
        out.

    Examples
    --------
    >>> columns = np.arange(1.0, 9.0).reshape(2, 4)
    >>> collect(columns, (1, 1, 2, 1), Geometry((1, 2), stride=(1, 2), padding=(1, 1)))
    array([[[[6.],
             [7.]]]])
    """
    (*batch, height, width), (above, left) = shape, geometry.padding
    size = height + 2 * above, width + 2 * left
    x = filled((*batch, *size), columns.dtype, 0.0)
    windows = view_windows(
        x, geometry.kernel_size, geometry.stride, writeable=True
    )
    col2im(columns, windows)
    return x[:, :, above : above + height, left : left + width]
