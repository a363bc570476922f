"""Chapter 1: cross-correlation and convolution of one image with one kernel."""

from typing import Literal, get_args

import numpy as np

from cnnbook.checks import (
    Array,
    Pair,
    Size,
    check_axes,
    check_fits,
    check_pair,
)

Mode = Literal["valid", "same", "full"]


def windows(x: Array, window_size: Size, *, stride: Size = 1) -> Array:
    """Show every window of the last two axes without copying a single number.

    Entry ``[..., i, j, u, v]`` of the result is ``x[..., i * stride + u, j * stride + v]``.

    Parameters
    ----------
    x : np.ndarray of shape (..., H, W)
        Floating array with two or more axes.
    window_size : int or (int, int)
        Height KH and width KW of a window.
    stride : int or (int, int)
        Steps between neighbouring windows, down and across.

    Returns
    -------
    np.ndarray of shape (..., H', W', KH, KW)
        A read-only view, with H' = (H - KH) // stride + 1 and W' alike.

    Raises
    ------
    TypeError
        If ``x`` is not a floating array.
    ValueError
        If a window does not fit into the image.

    Examples
    --------
    >>> x = np.arange(12.0).reshape(3, 4)
    >>> windows(x, 2).shape
    (2, 3, 2, 2)
    >>> windows(x, 2)[1, 2]
    array([[ 6.,  7.],
           [10., 11.]])
    >>> windows(x, (1, 5))
    Traceback (most recent call last):
        ...
    ValueError: window_size: expected at most the image's (H, W) = (3, 4); got (1, 5)
    """
    check_axes("x: ... H W", x)
    size = check_pair("window_size", window_size)
    steps = check_pair("stride", stride)
    check_fits("window_size", size, x.shape[-2:], "image")
    return view_windows(x, size, steps)


def view_windows(
    x: Array,
    size: Pair,
    stride: Pair = (1, 1),
    *,
    writeable: bool = False,
) -> Array:
    """Show every window of the last two axes: `windows`, of arguments that have been checked.

    Parameters
    ----------
    x : np.ndarray of shape (..., H, W)
        Any array with two or more axes.
    size, stride : (int, int)
        The size of a window, and the steps between neighbouring ones.
    writeable : bool
        Whether what is written to a window is written to ``x``, where windows may overlap.

    Returns
    -------
    np.ndarray of shape (..., H', W', KH, KW)
        A view.
    """
    every = np.lib.stride_tricks.sliding_window_view(
        x, size, axis=(-2, -1), writeable=writeable
    )
    down, across = stride
    return every[..., ::down, ::across, :, :]


def cross_correlate2d(
    image: Array, kernel: Array, mode: Mode = "valid"
) -> Array:
    """Slide the kernel over the image and sum the products.

    Y[i, j] = sum over u, v of X[i + u, j + v] K[u, v], with X zero outside the image: @eq-valid.
    As a matrix it is @eq-toeplitz-product.

    Parameters
    ----------
    image : np.ndarray of shape (H, W)
        Floating image X.
    kernel : np.ndarray of shape (KH, KW)
        Floating kernel K. A complex kernel is not conjugated.
    mode : {"valid", "same", "full"}
        Which positions (i, j) are kept: those where the kernel lies inside the image, shape
        (H - KH + 1, W - KW + 1); as many as the image has, in the middle of the full output,
        shape (H, W); or all where the two overlap, shape (H + KH - 1, W + KW - 1).

    Returns
    -------
    np.ndarray of shape (H', W')
        The cross-correlation, in the dtype that NumPy gives to products of the two.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If an array is not two-dimensional, ``mode`` is unknown, or in mode "valid" the kernel
        is larger than the image.

    See Also
    --------
    scipy.signal.correlate2d : the same numbers for real input; in mode "valid" it swaps its
        inputs when the kernel is the larger one, where this function refuses.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
       2016, https://doi.org/10.48550/arXiv.1603.07285.

    Examples
    --------
    >>> image = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    >>> kernel = np.array([[1.0, 0.0], [0.0, -1.0]])
    >>> cross_correlate2d(image, kernel)
    array([[-4., -4.],
           [-4., -4.]])
    >>> cross_correlate2d(image, kernel, mode="full")
    array([[-1., -2., -3.,  0.],
           [-4., -4., -4.,  3.],
           [-7., -4., -4.,  6.],
           [ 0.,  7.,  8.,  9.]])
    """
    check_axes("image: H W, kernel: KH KW", image, kernel)
    return _slide(_pad_for(mode, image, kernel), kernel)


def convolve2d(
    image: Array, kernel: Array, mode: Mode = "valid"
) -> Array:
    """Convolve: cross-correlate with the kernel flipped, that is, rotated by 180 degrees.

    That is @eq-valid-convolution in mode "valid". In mode "full", where X is zero outside the
    image, it is Y[i, j] = sum over u, v of X[i - u, j - v] K[u, v], @eq-full-convolution.
    In mode "same", a kernel of even size has no middle; the convolution then begins one row or
    column earlier in "full" than cross-correlation with the flipped kernel does, as in SciPy.

    Parameters
    ----------
    image : np.ndarray of shape (H, W)
        Floating image X.
    kernel : np.ndarray of shape (KH, KW)
        Floating kernel K.
    mode : {"valid", "same", "full"}
        As in `cross_correlate2d`.

    Returns
    -------
    np.ndarray of shape (H', W')
        The convolution; in mode "full" the order of the two inputs does not matter.

    Raises
    ------
    TypeError
        If an array is not floating.
    ValueError
        If an array is not two-dimensional, ``mode`` is unknown, or in mode "valid" the kernel
        is larger than the image.

    See Also
    --------
    scipy.signal.convolve2d : the same numbers.

    Examples
    --------
    >>> image = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    >>> kernel = np.array([[1.0, 0.0], [0.0, -1.0]])
    >>> convolve2d(image, kernel)
    array([[4., 4.],
           [4., 4.]])
    """
    check_axes("image: H W, kernel: KH KW", image, kernel)
    # Flipping the kernel flips its margins too, which matters in mode
    # "same" for even sizes.
    padded = rotate180(_pad_for(mode, rotate180(image), kernel))
    # @eq-valid-convolution, @eq-full-by-padding
    return _slide(padded, rotate180(kernel))


def rotate180(kernel: Array) -> Array:
    """Flip the last two axes, which rotates them by 180 degrees.

    Entry [u, v] becomes [KH - 1 - u, KW - 1 - v], @eq-rotation.

    Parameters
    ----------
    kernel : np.ndarray of shape (..., KH, KW)
        Floating array with two or more axes.

    Returns
    -------
    np.ndarray of shape (..., KH, KW)
        A view of the same numbers.

    Raises
    ------
    TypeError
        If the array is not floating.
    ValueError
        If it has fewer than two axes.

    Examples
    --------
    >>> rotate180(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[4., 3.],
           [2., 1.]])
    """
    check_axes("kernel: ... KH KW", kernel)
    return kernel[..., ::-1, ::-1]  # @eq-rotation


def cross_correlate2d_loops(
    image: Array, kernel: Array, mode: Mode = "valid"
) -> Array:
    """Cross-correlate index for index: the formula of `cross_correlate2d` as it is printed.

    Parameters
    ----------
    image : np.ndarray of shape (H, W)
        Floating image X.
    kernel : np.ndarray of shape (KH, KW)
        Floating kernel K.
    mode : {"valid", "same", "full"}
        As in `cross_correlate2d`.

    Returns
    -------
    np.ndarray of shape (H', W')
        The same numbers as `cross_correlate2d`, slowly.

    Examples
    --------
    >>> cross_correlate2d_loops(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 10.0]]))
    array([[21., 32.]])
    >>> image, kernel = np.ones((2, 3), np.float32), np.ones((1, 2), np.float32)
    >>> cross_correlate2d_loops(image, kernel).dtype.name
    'float32'
    """
    padded = _pad_for(mode, image, kernel)
    rows = padded.shape[0] - kernel.shape[0] + 1
    columns = padded.shape[1] - kernel.shape[1] + 1
    result = np.zeros((rows, columns), np.result_type(image, kernel))
    for i in range(rows):
        for j in range(columns):
            for u in range(kernel.shape[0]):
                for v in range(kernel.shape[1]):
                    # @eq-valid
                    result[i, j] += padded[i + u, j + v] * kernel[u, v]
    return result


def convolve2d_loops(
    image: Array, kernel: Array, mode: Mode = "valid"
) -> Array:
    """Convolve index for index: each pixel spreads a copy of the kernel over the output.

    Parameters
    ----------
    image : np.ndarray of shape (H, W)
        Floating image X.
    kernel : np.ndarray of shape (KH, KW)
        Floating kernel K.
    mode : {"valid", "same", "full"}
        As in `cross_correlate2d`.

    Returns
    -------
    np.ndarray of shape (H', W')
        The same numbers as `convolve2d`, slowly.

    Examples
    --------
    >>> convolve2d_loops(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 10.0]]), "full")
    array([[ 1., 12., 23., 30.]])
    >>> image, kernel = np.arange(20, dtype=np.float32).reshape(4, 5), np.arange(8.0).reshape(2, 4)
    >>> np.array_equal(convolve2d_loops(image, kernel, "same"), convolve2d(image, kernel, "same"))
    True
    >>> np.array_equal(convolve2d_loops(image, kernel), convolve2d(image, kernel))
    True
    >>> convolve2d_loops(image, image, "full").dtype.name
    'float32'
    """
    _check_mode(mode, image, kernel)
    height, width = image.shape
    kernel_height, kernel_width = kernel.shape
    full = np.zeros(
        (height + kernel_height - 1, width + kernel_width - 1),
        np.result_type(image, kernel),
    )
    for p in range(height):
        for q in range(width):
            for u in range(kernel_height):
                for v in range(kernel_width):
                    # @eq-full-convolution
                    full[p + u, q + v] += image[p, q] * kernel[u, v]
    if mode == "full":
        return full
    if mode == "same":
        top, left = (kernel_height - 1) // 2, (kernel_width - 1) // 2
        return full[top : top + height, left : left + width]
    return full[kernel_height - 1 : height, kernel_width - 1 : width]


def _slide(image: Array, kernel: Array) -> Array:
    """Sum the products of the kernel and each window of the image."""
    # @eq-valid
    return np.einsum(
        "ijuv,uv->ij", view_windows(image, kernel.shape), kernel
    )


def _pad_for(mode: Mode, image: Array, kernel: Array) -> Array:
    """Surround the image with the zeros that make `mode` a "valid" correlation."""
    _check_mode(mode, image, kernel)
    if mode == "valid":
        return image
    around = [(size - 1, size - 1) for size in kernel.shape]
    if mode == "same":
        # The middle of "full"; of an odd number of margins the last is
        # wider.
        around = [((size - 1) // 2, size // 2) for size in kernel.shape]
    return np.pad(image, around)


def _check_mode(mode: Mode, image: Array, kernel: Array) -> None:
    """Refuse an unknown mode, and "valid" where the kernel does not fit."""
    if mode not in get_args(Mode):
        raise ValueError(
            f"mode: expected 'valid', 'same' or 'full'; got {mode!r}"
        )
    too_large = (
        kernel.shape[0] > image.shape[0]
        or kernel.shape[1] > image.shape[1]
    )
    if mode == "valid" and too_large:
        raise ValueError(
            f"kernel: expected at most the image's shape {image.shape} "
            f"in mode 'valid'; got {kernel.shape}"
        )
