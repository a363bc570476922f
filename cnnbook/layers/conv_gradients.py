"""Chapters 3, 4 and 13: the three gradients of the convolutional layer."""

import numpy as np

from cnnbook.checks import (
    Array,
    Size,
    check_axes,
    check_pair,
    check_shape,
)
from cnnbook.layers.geometry import col2im, im2col, output_size, pad


def conv2d_kernel_gradient_loops(
    x: Array,
    grad_output: Array,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Compute `conv2d_kernel_gradient` index for index; takes and returns the same."""
    step_down, step_across = check_pair("stride", stride)
    padded = pad(x, padding)
    size = check_pair("kernel_size", kernel_size)
    shape = (grad_output.shape[1], x.shape[1], *size)
    grad_kernels = np.zeros(shape, np.result_type(x, grad_output))
    for f, c, u, v in np.ndindex(shape):
        for n, i, j in np.ndindex(len(x), *grad_output.shape[2:]):
            pixel = padded[n, c, i * step_down + u, j * step_across + v]
            # @eq-kernel-gradient
            grad_kernels[f, c, u, v] += pixel * grad_output[n, f, i, j]
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
    entry (u, v) has met pixel (i s + u, j s + v) on its way to output (i, j), for every (i, j).
    That is @eq-kernel-gradient; map by map, @eq-kernel-gradient-maps.

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

    With stride and padding, as the loops say:

    >>> x, geometry = np.arange(40.0).reshape(1, 2, 4, 5), {"stride": (2, 1), "padding": (1, 2)}
    >>> upstream = np.arange(16.0, dtype=np.float32).reshape(1, 1, 2, 8)
    >>> gradient = conv2d_kernel_gradient(x, upstream, (3, 2), **geometry)
    >>> np.array_equal(gradient, conv2d_kernel_gradient_loops(x, upstream, (3, 2), **geometry))
    True
    >>> single = x.astype(np.float32), upstream, (3, 2)
    >>> functions = conv2d_kernel_gradient, conv2d_kernel_gradient_loops
    >>> [f(*single, **geometry).dtype.name for f in functions], gradient.dtype.name
    (['float32', 'float32'], 'float64')
    """
    check_axes("x: N C H W", x)
    check_axes("grad_output: N F H' W'", grad_output)
    size = output_size(
        x.shape[2:], kernel_size, stride=stride, padding=padding
    )
    count = grad_output.shape[1]
    because = f"which x of shape {x.shape} gives"
    check_shape(
        "grad_output", grad_output, (len(x), count, *size), because
    )
    columns = im2col(x, kernel_size, stride=stride, padding=padding)
    shape = (count, x.shape[1], *check_pair("kernel_size", kernel_size))
    return correlate_with_columns(columns, grad_output).reshape(shape)


def correlate_with_columns(columns: Array, grad_output: Array) -> Array:
    """Multiply the upstream gradient by every row of the windows and sum over the batch.

    That is @eq-kernel-gradient-product.

    Parameters
    ----------
    columns : np.ndarray of shape (N, C KH KW, H' W')
        What `im2col` made of the images.
    grad_output : np.ndarray of shape (N, F, H', W')
        The upstream gradient dL/dY.

    Returns
    -------
    np.ndarray of shape (F, C KH KW)
        dL/dK, each kernel in one row.
    """
    # (N, 1, C KH KW, H' W') times (N, F, H' W'): one matrix-vector
    # product per image and kernel, because there are few kernels.
    vectors = grad_output.reshape(*grad_output.shape[:2], -1)
    of_images = np.matvec(columns[:, np.newaxis], vectors)
    # @eq-kernel-gradient-product, with the sum over the batch
    grad_kernels: Array = of_images.sum(axis=0)
    return grad_kernels


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
    # @eq-bias-gradient
    grad_bias: Array = grad_output.sum(axis=(0, 2, 3))
    return grad_bias


def conv2d_input_gradient_loops(
    grad_output: Array,
    kernels: Array,
    input_size: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
) -> Array:
    """Compute `conv2d_input_gradient` index for index; takes and returns the same."""
    height, width = check_pair("input_size", input_size)
    above, left = check_pair("padding", padding, minimum=0)
    step_down, step_across = check_pair("stride", stride)
    rows, columns = grad_output.shape[2:]
    shape = (len(grad_output), kernels.shape[1], height, width)
    grad_x = np.zeros(shape, np.result_type(grad_output, kernels))
    for n, c, p, q in np.ndindex(shape):
        for f, u, v in np.ndindex(len(kernels), *kernels.shape[2:]):
            # Pixel (p, q) stood under kernel entry (u, v) when the
            # window began at (i s, j s).
            i, row_remainder = divmod(p + above - u, step_down)
            j, column_remainder = divmod(q + left - v, step_across)
            inside = 0 <= i < rows and 0 <= j < columns
            if row_remainder == 0 and column_remainder == 0 and inside:
                # @eq-input-gradient
                share = grad_output[n, f, i, j] * kernels[f, c, u, v]
                grad_x[n, c, p, q] += share
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

    With stride 1 and no padding, dL/dX[n, c, p, q] = sum over f, u, v of
    dL/dY[n, f, p - u, q - v] K[f, c, u, v], where dL/dY is zero outside its range:
    @eq-input-gradient, and map by map @eq-input-gradient-maps. The code does
    the same sum from the other end: each output hands its share back to the pixels under its
    window, which is the product with the transposed Toeplitz matrix and takes stride and padding
    as they come.

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

    With stride and padding, as the loops say:

    >>> kernels = np.arange(12.0).reshape(1, 2, 3, 2)
    >>> geometry = {"stride": (2, 1), "padding": (1, 2)}
    >>> upstream = np.arange(16.0, dtype=np.float32).reshape(1, 1, 2, 8)
    >>> gradient = conv2d_input_gradient(upstream, kernels, (4, 5), **geometry)
    >>> loops = conv2d_input_gradient_loops(upstream, kernels, (4, 5), **geometry)
    >>> np.array_equal(gradient, loops), loops.dtype.name
    (True, 'float64')
    """
    check_axes("grad_output: N F H' W'", grad_output)
    check_axes("kernels: F C KH KW", kernels)
    samples, count = len(grad_output), len(kernels)
    kernel_size = kernels.shape[2:]
    size = output_size(
        input_size, kernel_size, stride=stride, padding=padding
    )
    because = (
        f"which kernels of shape {kernels.shape} and input_size "
        f"{input_size} give"
    )
    expected = (samples, count, *size)
    check_shape("grad_output", grad_output, expected, because)
    # (C KH KW, F) @ (N, F, H' W'): what each output hands back to each
    # entry of its window.
    weights = kernels.reshape(count, -1).T
    outputs = grad_output.reshape(samples, count, -1)
    shares: Array = np.matmul(weights, outputs)  # @eq-shares
    return col2im(
        shares, input_size, kernel_size, stride=stride, padding=padding
    )
