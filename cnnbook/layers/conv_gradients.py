"""Chapters 3, 4 and 13: the three gradients of the convolutional layer."""

import numpy as np

from cnnbook.checks import (
    Array,
    Size,
    check_axes,
    check_pair,
    check_shape,
)
from cnnbook.layers.geometry import (
    as_rows,
    check_geometry,
    collect,
    count_windows,
    im2col,
    layer_windows,
)

# How many columns a product sums over at once. Few rows and very many
# columns are slow in OpenBLAS; below a million multiplications, here
# 9 x 16 x 6,400, it has a quicker way.
PIECE = 6_400


def conv2d_kernel_gradient_loops(
    x: Array, grad_output: Array, kernel_size: Size
) -> Array:
    """Compute `conv2d_kernel_gradient` index for index, at stride 1 and without padding."""
    size = check_pair("kernel_size", kernel_size)
    shape = (grad_output.shape[1], x.shape[1], *size)
    grad_kernels = np.zeros(shape, np.result_type(x, grad_output))
    for f, c, u, v in np.ndindex(shape):
        for n, i, j in np.ndindex(len(x), *grad_output.shape[2:]):
            # @eq-kernel-gradient
            grad_kernels[f, c, u, v] += (
                x[n, c, i + u, j + v] * grad_output[n, f, i, j]
            )
    return grad_kernels


def conv2d_kernel_gradient_strided_loops(
    x: Array,
    grad_output: Array,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Compute `conv2d_kernel_gradient` index for index, with stride and padding."""
    geometry = check_geometry(kernel_size, stride, padding)
    size, (down, across), (above, left) = geometry
    height, width = x.shape[2:]
    shape = (grad_output.shape[1], x.shape[1], *size)
    grad_kernels = np.zeros(shape, np.result_type(x, grad_output))
    for f, c, u, v in np.ndindex(shape):
        for n, i, j in np.ndindex(len(x), *grad_output.shape[2:]):
            # @eq-strided-kernel-gradient: pixel (p, q), if there is one
            p, q = i * down + u - above, j * across + v - left
            if 0 <= p < height and 0 <= q < width:
                grad_kernels[f, c, u, v] += (
                    x[n, c, p, q] * grad_output[n, f, i, j]
                )
    return grad_kernels


def conv2d_kernel_gradient(
    x: Array,
    grad_output: Array,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Cross-correlate the input with the upstream gradient and sum over the batch.

    dL/dK[f, c, u, v] = sum over n, i, j of X[n, c, i s + u, j s + v] dL/dY[n, f, i, j]: kernel
    entry (u, v) has met pixel (i s + u, j s + v) of the padded images on its way to output (i, j),
    for every (i, j): @eq-strided-kernel-gradient, and map by map, with s - 1 zeros between the
    entries of dL/dY, @eq-strided-kernel-gradient-maps. At stride 1 and without padding that is
    @eq-kernel-gradient and @eq-kernel-gradient-maps.

    Parameters
    ----------
    x : np.ndarray of shape (N, C, H, W)
        The input X of the forward pass.
    grad_output : np.ndarray of shape (N, F, H', W')
        The upstream gradient dL/dY.
    kernel_size : int or (int, int)
        KH and KW, which the two shapes alone do not determine when the stride is above 1.
    stride, padding : int or (int, int)
        As in the forward pass.

    Returns
    -------
    np.ndarray of shape (F, C, KH, KW)
        dL/dK.

    Raises
    ------
    TypeError
        If an array is not floating, or a size not an integer.
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d_kernel_gradient(x, np.array([[[[1.0, 0.0], [0.0, 2.0]]]]), 2)
    array([[[[ 8., 11.],
             [17., 20.]]]])
    """
    check_axes("x: N C H W, grad_output: N F H' W'", x, grad_output)
    geometry = check_geometry(kernel_size, stride, padding)
    windows = layer_windows(x, geometry)
    count = grad_output.shape[1]
    expected = (len(x), count, *windows.shape[2:4])
    because = f"which x of shape {x.shape} gives"
    check_shape("grad_output", grad_output, expected, because)
    rows = kernel_gradient_by_columns(im2col(windows), grad_output)
    return rows.reshape(count, x.shape[1], *geometry.kernel_size)


def kernel_gradient_by_columns(
    columns: Array, grad_output: Array
) -> Array:
    """Multiply the upstream gradient by every row of the columns and sum over the batch.

    That is @eq-kernel-gradient-product.

    Parameters
    ----------
    columns : np.ndarray of shape (C KH KW, H' W' N)
        What `im2col` made of the windows.
    grad_output : np.ndarray of shape (N, F, H', W')
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of shape (F, C KH KW)
        dL/dK, each kernel in one row.
    """
    outputs = as_rows(grad_output)
    shape = len(columns), len(outputs)
    rows = np.zeros(shape, np.result_type(columns, outputs))
    for start in range(0, columns.shape[1], PIECE):
        piece = slice(start, start + PIECE)
        # @eq-kernel-gradient-product, as its transpose, piece by piece
        rows += columns[:, piece] @ outputs[:, piece].T
    return rows.T


def conv2d_bias_gradient(grad_output: Array) -> Array:
    """Sum the upstream gradient over everything that the bias was added to.

    dL/db[f] = sum over n, i, j of dL/dY[n, f, i, j]: @eq-bias-gradient.

    Parameters
    ----------
    grad_output : np.ndarray of shape (N, F, H', W')
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of shape (F,)
        dL/db.

    Raises
    ------
    TypeError
        If the array is not floating.
    ValueError
        If it does not have four axes.

    Examples
    --------
    >>> conv2d_bias_gradient(np.arange(8.0).reshape(1, 2, 2, 2))
    array([ 6., 22.])
    """
    check_axes("grad_output: N F H' W'", grad_output)
    return grad_output.sum(axis=(0, 2, 3))  # @eq-bias-gradient


def conv2d_input_gradient_loops(
    grad_output: Array, kernels: Array, input_size: Size
) -> Array:
    """Compute `conv2d_input_gradient` index for index, at stride 1 and without padding."""
    size = check_pair("input_size", input_size)
    rows, columns = grad_output.shape[2:]
    shape = (len(grad_output), kernels.shape[1], *size)
    grad_x = np.zeros(shape, np.result_type(grad_output, kernels))
    for n, c, p, q in np.ndindex(shape):
        for f, u, v in np.ndindex(len(kernels), *kernels.shape[2:]):
            if 0 <= p - u < rows and 0 <= q - v < columns:
                # @eq-input-gradient
                grad_x[n, c, p, q] += (
                    grad_output[n, f, p - u, q - v]
                    * kernels[f, c, u, v]
                )
    return grad_x


def conv2d_input_gradient_strided_loops(
    grad_output: Array,
    kernels: Array,
    input_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Compute `conv2d_input_gradient` index for index, with stride and padding."""
    geometry = check_geometry(kernels.shape[2:], stride, padding)
    size, (down, across), (above, left) = geometry
    height, width = check_pair("input_size", input_size)
    shape = len(grad_output), kernels.shape[1], height, width
    grad_x = np.zeros(shape, np.result_type(grad_output, kernels))
    for n, c, p, q in np.ndindex(shape):
        for f, i, j in np.ndindex(grad_output.shape[1:]):
            # @eq-strided-input-gradient: entry (u, v), if there is one
            u, v = p + above - i * down, q + left - j * across
            if 0 <= u < size[0] and 0 <= v < size[1]:
                grad_x[n, c, p, q] += (
                    grad_output[n, f, i, j] * kernels[f, c, u, v]
                )
    return grad_x


def conv2d_input_gradient(
    grad_output: Array,
    kernels: Array,
    input_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Convolve the upstream gradient with the kernels, in full, and sum over the kernels.

    At stride 1 and without padding, dL/dX[n, c, p, q] = sum over f, u, v of
    dL/dY[n, f, p - u, q - v] K[f, c, u, v], where dL/dY is zero outside its range:
    @eq-input-gradient, and map by map @eq-input-gradient-maps. With stride and padding it is
    @eq-strided-input-gradient; map by map, s - 1 zeros are put between the entries of dL/dY, and
    the result is cropped, @eq-strided-input-gradient-maps. The code does the same sum from the
    other end: each output hands its share back to the pixels under its window, which is the
    product with the transposed matrix, @eq-three-transposes, and takes stride and padding as they
    come.

    Parameters
    ----------
    grad_output : np.ndarray of shape (N, F, H', W')
        The upstream gradient dL/dY.
    kernels : np.ndarray of shape (F, C, KH, KW)
        The kernels K of the forward pass.
    input_size : int or (int, int)
        H and W of the input, which the output's shape alone does not determine.
    stride, padding : int or (int, int)
        As in the forward pass.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        dL/dX.

    Raises
    ------
    TypeError
        If an array is not floating, or a size not an integer.
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> kernels = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> conv2d_input_gradient(np.array([[[[1.0, 10.0]]]]), kernels, (2, 3))
    array([[[[ 1., 12., 20.],
             [ 3., 34., 40.]]]])
    """
    check_axes(
        "kernels: F C KH KW, grad_output: N F H' W'",
        kernels,
        grad_output,
    )
    geometry = check_geometry(kernels.shape[2:], stride, padding)
    size = check_pair("input_size", input_size)
    samples, (count, channels) = len(grad_output), kernels.shape[:2]
    because = (
        f"which kernels of shape {kernels.shape} and input_size "
        f"{size} give"
    )
    expected = (samples, count, *count_windows(size, geometry))
    check_shape("grad_output", grad_output, expected, because)
    shares = column_gradient(grad_output, kernels)
    return collect(shares, (samples, channels, *size), geometry)


def column_gradient(grad_output: Array, kernels: Array) -> Array:
    """Compute what each output hands back to each entry of its window: @eq-shares.

    Parameters
    ----------
    grad_output : np.ndarray of shape (N, F, H', W')
        The upstream gradient dL/dY.
    kernels : np.ndarray of shape (F, C, KH, KW)
        The kernels K of the forward pass.

    Returns
    -------
    np.ndarray of shape (C KH KW, H' W' N)
        The gradient with respect to the columns that `im2col` made.
    """
    # (C KH KW, F) @ (F, H' W' N): one product for all images.
    rows = kernels.reshape(len(kernels), -1)
    return rows.T @ as_rows(grad_output)  # @eq-shares
