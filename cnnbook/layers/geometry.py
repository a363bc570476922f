"""Chapters 2 and 13: which pixels a window covers, with padding and stride."""

import numpy as np

from cnnbook.checks import Array, Size, check_axes, check_pair
from cnnbook.correlation import windows


def output_size(
    input_size: Size,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> tuple[int, int]:
    """Count the windows that fit: (H + 2 padding - KH) // stride + 1 down, and alike across.

    Parameters
    ----------
    input_size, kernel_size : int or (int, int)
        Height and width of the image and of the kernel.
    stride, padding : int or (int, int)
        As in `conv2d`.

    Returns
    -------
    tuple of int
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
    >>> output_size((7, 9), 3, stride=(2, 1), padding=(0, 2))
    (3, 11)
    >>> output_size((2, 9), 3)
    Traceback (most recent call last):
        ...
    ValueError: kernel_size: expected at most the padded image's (H, W) = (2, 9); got (3, 3)
    """
    size = check_pair("input_size", input_size)
    kernel = check_pair("kernel_size", kernel_size)
    step = check_pair("stride", stride)
    margin = check_pair("padding", padding, minimum=0)
    height, width = size[0] + 2 * margin[0], size[1] + 2 * margin[1]
    if kernel[0] > height or kernel[1] > width:
        raise ValueError(
            f"kernel_size: expected at most the padded image's (H, W) "
            f"= {(height, width)}; got {kernel}"
        )
    rows = (height - kernel[0]) // step[0] + 1
    columns = (width - kernel[1]) // step[1] + 1
    return rows, columns


def pad(x: Array, padding: Size) -> Array:
    """Surround the images with zeros.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images.
    padding : int or (int, int)
        P rows of zeros above and below, Q columns of zeros left and right.

    Returns
    -------
    np.ndarray of shape (N, C, H + 2P, W + 2Q)
        A new array, or ``x`` itself where nothing is added.

    Examples
    --------
    >>> pad(np.ones((1, 1, 1, 2)), (1, 2))
    array([[[[0., 0., 0., 0., 0., 0.],
             [0., 0., 1., 1., 0., 0.],
             [0., 0., 0., 0., 0., 0.]]]])
    """
    above, left = check_pair("padding", padding, minimum=0)
    if above == left == 0:
        return x
    return np.pad(x, ((0, 0), (0, 0), (above, above), (left, left)))


def im2col(
    x: Array, kernel_size: Size, *, stride: Size = 1, padding: Size = 0
) -> Array:
    """Write every window as a column, so that a correlation becomes a matrix product.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The images.
    kernel_size, stride, padding : int or (int, int)
        As in `conv2d`.

    Returns
    -------
    np.ndarray of shape (N, C KH KW, H' W')
        Row (c, u, v), column (i, j) of image n holds pixel [n, c, i stride + u, j stride + v] of
        the padded images, @eq-columns. Up to KH KW times as many numbers as the images have: the
        price of speed.

    Examples
    --------
    >>> im2col(np.arange(6.0).reshape(1, 1, 2, 3), 2)
    array([[[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]]])
    """
    check_axes("x: N C H W", x)
    view = windows(pad(x, padding), kernel_size, stride=stride)
    entries = view.transpose(0, 1, 4, 5, 2, 3)
    samples, channels, *size, height, width = entries.shape
    rows = channels * size[0] * size[1]
    # @eq-columns: the last axes run fastest, so (c, u, v) and (i, j)
    # become one index each.
    return entries.reshape(samples, rows, height * width)


def col2im(
    columns: Array,
    input_size: Size,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Send every window entry back to its pixel and add: the transpose of `im2col`.

    At each pixel it is @eq-collected-shares.

    Parameters
    ----------
    columns : np.ndarray of shape (N, C KH KW, H' W')
        One number per entry of each window.
    input_size, kernel_size, stride, padding : int or (int, int)
        As in `conv2d`: the height and width of the images and the rest.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        At each pixel, the sum over all windows that cover it.

    Raises
    ------
    TypeError
        If a size is not an integer.
    ValueError
        If the columns are not those of such windows.

    Examples
    --------
    How many of the 2 x 2 windows of a 3 x 3 image cover each pixel?

    >>> col2im(np.ones((1, 4, 4)), 3, 2)
    array([[[[1., 2., 1.],
             [2., 4., 2.],
             [1., 2., 1.]]]])

    With padding, what falls outside of the image is dropped:

    >>> shares = np.arange(1.0, 9.0, dtype=np.float32).reshape(1, 2, 4)
    >>> col2im(shares, (2, 1), (1, 2), stride=(1, 2), padding=(1, 1))
    array([[[[6.],
             [7.]]]], dtype=float32)
    """
    height, width = check_pair("input_size", input_size)
    kernel = check_pair("kernel_size", kernel_size)
    down, across = check_pair("stride", stride)
    above, left = check_pair("padding", padding, 0)
    rows, places = output_size(
        input_size, kernel_size, stride=stride, padding=padding
    )
    check_axes("columns: N CKHKW H'W'", columns)
    area, count = kernel[0] * kernel[1], rows * places
    if columns.shape[2] != count or columns.shape[1] % area:
        raise ValueError(
            f"columns: expected shape (N, C times {area}, {count}), "
            f"one column for each of {rows} x {places} windows; "
            f"got {columns.shape}"
        )
    by_offset = columns.reshape(len(columns), -1, *kernel, rows, places)
    x = np.zeros(
        (*by_offset.shape[:2], height + 2 * above, width + 2 * left),
        dtype=columns.dtype,
    )
    for u in range(kernel[0]):
        for v in range(kernel[1]):
            # @eq-collected-shares: the entry (u, v) of every window
            # lies on these rows and columns.
            p = slice(u, u + rows * down, down)
            q = slice(v, v + places * across, across)
            x[:, :, p, q] += by_offset[:, :, u, v]
    return x[:, :, above : above + height, left : left + width]
