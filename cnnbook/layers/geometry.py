"""Chapters 2 and 13: which windows a layer takes from an image."""

from typing import NamedTuple

import numpy as np

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


def layer_windows(x: Array, geometry: Geometry) -> Array:
    """Show the windows of a layer in its images: padding frames them, stride leaves windows out.

    The frame of zeros is @eq-padded-row, in both directions.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images.
    geometry : Geometry
        The size of the windows, stride and padding.

    Returns
    -------
    np.ndarray of shape (N, C, H', W', KH, KW)
        A view of ``x``, or of the padded images: entry [n, c, i, j, u, v] is pixel
        [n, c, i s + u, j s + v] of those, where s is the stride.

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
    above, left = geometry.padding
    if above or left:
        frame = (0, 0), (0, 0), (above, above), (left, left)
        x = np.pad(x, frame)  # @eq-padded-row
    size = geometry.kernel_size
    check_fits("kernel_size", size, x.shape[2:], "padded image")
    return view_windows(x, size, geometry.stride)


def im2col(windows: Array) -> Array:
    """Write every window as a column, so that a correlation becomes a matrix product.

    Parameters
    ----------
    windows : np.ndarray of shape (N, C, H', W', KH, KW)
        The windows of the images, as `layer_windows` shows them.

    Returns
    -------
    np.ndarray of shape (N, C KH KW, H' W')
        Row (c, u, v), column (i, j) of image n holds entry (u, v) of window (i, j) in channel c,
        @eq-columns. Up to KH KW times as many numbers as the images have: the price of speed.

    Examples
    --------
    >>> from cnnbook.correlation import windows
    >>> im2col(windows(np.arange(6.0).reshape(1, 1, 2, 3), 2))
    array([[[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]]])
    """
    samples, _, height, width, _, _ = windows.shape
    entries = windows.transpose(0, 1, 4, 5, 2, 3)
    # @eq-columns: the last axes run fastest, so (c, u, v) and (i, j)
    # become one index each.
    return entries.reshape(samples, -1, height * width)


def col2im(columns: Array, windows: Array) -> None:
    """Add every column to the pixels of its window: the transpose of `im2col`.

    At each pixel it is @eq-collected-shares.

    Parameters
    ----------
    columns : np.ndarray of shape (N, C KH KW, H' W')
        One number for each entry of each window.
    windows : np.ndarray of shape (N, C, H', W', KH, KW)
        The windows of an array, as a view that can be written to. Windows overlap, but for one
        (u, v) each lies on a pixel of its own, so that no contribution is lost.

    Examples
    --------
    How many of the 2 x 2 windows of a 3 x 3 image cover each pixel?

    >>> x = np.zeros((1, 1, 3, 3))
    >>> view = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(2, 3), writeable=True)
    >>> col2im(np.ones((1, 4, 4)), view)
    >>> x
    array([[[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]]])
    """
    samples, channels, height, width, *size = windows.shape
    entries = columns.reshape(samples, channels, *size, height, width)
    for u, v in np.ndindex(*size):
        # @eq-collected-shares
        windows[..., u, v] += entries[:, :, u, v]


def collect(columns: Array, shape: Shape, geometry: Geometry) -> Array:
    """Add every column to the pixels of its window: the transpose of `layer_windows` and `im2col`.

    What falls on the padding is cut off, the last of the three maps in @eq-three-transposes.

    Parameters
    ----------
    columns : np.ndarray of shape (N, C KH KW, H' W')
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
    >>> columns = np.arange(1.0, 9.0).reshape(1, 2, 4)
    >>> collect(columns, (1, 1, 2, 1), Geometry((1, 2), stride=(1, 2), padding=(1, 1)))
    array([[[[6.],
             [7.]]]])
    """
    (*batch, height, width), (above, left) = shape, geometry.padding
    x = np.zeros(
        (*batch, height + 2 * above, width + 2 * left), columns.dtype
    )
    windows = view_windows(
        x, geometry.kernel_size, geometry.stride, writeable=True
    )
    col2im(columns, windows)
    return x[:, :, above : above + height, left : left + width]
