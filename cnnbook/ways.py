"""Chapter 16: the convolutional layer in other ways, and the least time that a pass can take."""

import numpy as np

from cnnbook.checks import Array, check_axes
from cnnbook.correlation import view_windows
from cnnbook.layers.geometry import Geometry, count_windows

# The matrices of Winograd's way for kernels of 3 by 3: which pixels,
# which entries of a kernel and which products are put together.
PIXELS = np.array(
    [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]
)
KERNELS = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
OUTPUTS = np.array([[1, 1, 1, 0], [0, 1, -1, 1]])


def conv2d_by_shifts(x: Array, kernels: Array, bias: Array) -> Array:
    """Add up shifted images, one for each entry of the kernels: `conv2d` at stride 1.

    That is @eq-shifts.

    Parameters
    ----------
    x, kernels, bias : np.ndarray
        As in `conv2d`.

    Returns
    -------
    np.ndarray of shape (N, F, H', W')
        What `conv2d` returns, to rounding.

    Raises
    ------
    TypeError, ValueError
        As `conv2d` does.

    Examples
    --------
    >>> x = np.arange(6.0).reshape(1, 1, 2, 3)
    >>> conv2d_by_shifts(x, np.ones((1, 1, 2, 2)), np.array([10.0]))
    array([[[[18., 22.]]]])
    """
    height, width = _size_of_output(x, kernels, bias)
    shape = len(kernels), len(x), height, width
    y = np.zeros(shape, np.result_type(x, kernels))
    for u, v in np.ndindex(kernels.shape[2:]):
        seen = x[:, :, u : u + height, v : v + width]
        # @eq-shifts: the sum over the channels, for all n, f, i, j
        y += np.tensordot(kernels[:, :, u, v], seen, axes=(1, 1))
    return y.transpose(1, 0, 2, 3) + bias[:, np.newaxis, np.newaxis]


def conv2d_by_fourier(x: Array, kernels: Array, bias: Array) -> Array:
    """Multiply the spectra of images and kernels, one of them conjugated: `conv2d` at stride 1.

    Parameters
    ----------
    x, kernels, bias : np.ndarray
        As in `conv2d`.

    Returns
    -------
    np.ndarray of shape (N, F, H', W')
        What `conv2d` returns, to rounding.

    Raises
    ------
    TypeError, ValueError
        As `conv2d` does.

    References
    ----------
    .. [1] M. Mathieu, M. Henaff and Y. LeCun, "Fast training of convolutional networks through
       FFTs", 2014, https://doi.org/10.48550/arXiv.1312.5851.

    Examples
    --------
    >>> x = np.arange(6.0).reshape(1, 1, 2, 3)
    >>> conv2d_by_fourier(x, np.ones((1, 1, 2, 2)), np.array([10.0])).round(12)
    array([[[[18., 22.]]]])
    """
    height, width = _size_of_output(x, kernels, bias)
    size = x.shape[2:]
    images = np.fft.rfft2(x).transpose(2, 3, 0, 1)
    patterns = np.fft.rfft2(kernels, s=size).conj()
    # For every frequency one product, (N, C) @ (C, F).
    spectra = images @ patterns.transpose(2, 3, 1, 0)
    y = np.fft.irfft2(spectra.transpose(2, 3, 0, 1), s=size)
    # Beyond these the kernel has met the other edge of the image.
    y = y[:, :, :height, :width]
    return y + bias[:, np.newaxis, np.newaxis]


def conv2d_by_winograd(x: Array, kernels: Array, bias: Array) -> Array:
    """Make four outputs of 16 products in the place of 36: `conv2d` for kernels of 3 by 3.

    Parameters
    ----------
    x, kernels, bias : np.ndarray
        As in `conv2d`; every kernel is 3 by 3.

    Returns
    -------
    np.ndarray of shape (N, F, H', W')
        What `conv2d` returns, to rounding. Each tile of 2 by 2 outputs is @eq-winograd-tile.

    Raises
    ------
    TypeError, ValueError
        As `conv2d` does, and if the kernels have another size.

    References
    ----------
    .. [1] A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", 2016,
       https://doi.org/10.48550/arXiv.1509.09308.

    Examples
    --------
    >>> x = np.arange(12.0).reshape(1, 1, 3, 4)
    >>> conv2d_by_winograd(x, np.ones((1, 1, 3, 3)), np.array([10.0]))
    array([[[[55., 64.]]]])
    """
    height, width = _size_of_output(x, kernels, bias)
    if kernels.shape[2:] != (3, 3):
        raise ValueError(
            "kernels: expected kernels of (3, 3); "
            f"got {kernels.shape[2:]}"
        )
    g, b, a = (m.astype(x.dtype) for m in (KERNELS, PIXELS, OUTPUTS))
    # A row and a column more, where the outputs are odd in number.
    x = np.pad(x, [(0, 0), (0, 0), (0, height % 2), (0, width % 2)])
    tiles = from_both_sides(b, view_windows(x, (4, 4), (2, 2)))
    patterns = from_both_sides(g, kernels)  # (4, 4, F, C)
    samples, channels, down, across = tiles.shape[2:]
    rows = tiles.swapaxes(2, 3).reshape(4, 4, channels, -1)
    # @eq-winograd-tile: sixteen matrix products, and nothing else
    # that multiplies an image by a kernel
    products = patterns @ rows
    shape = 4, 4, len(kernels), samples, down, across
    tiles = np.moveaxis(products.reshape(shape), (1, 0), (-2, -1))
    y = from_both_sides(a, tiles).transpose(3, 2, 4, 1, 5, 0)
    y = y.reshape(samples, len(kernels), 2 * down, 2 * across)
    return y[:, :, :height, :width] + bias[:, np.newaxis, np.newaxis]


def from_both_sides(matrix: Array, tiles: Array) -> Array:
    """Multiply every tile by a matrix from the left and by its transpose from the right.

    Both brackets of @eq-winograd-tile are such products, and so are its outer sums.

    Parameters
    ----------
    matrix : np.ndarray of shape (M, K)
        The matrix.
    tiles : np.ndarray of shape (..., K, K)
        Tiles, each in the last two axes.

    Returns
    -------
    np.ndarray of shape (M, M, ...)
        The products, with their columns and their rows in the first two axes, in this order.

    Examples
    --------
    >>> matrix, tile = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [5.0, 1.0]])
    >>> from_both_sides(matrix, tile)
    array([[15.]])
    """
    rows = np.tensordot(matrix, tiles, axes=(1, -2))
    result: Array = np.tensordot(matrix, rows, axes=(1, -1))
    return result


def _size_of_output(
    x: Array, kernels: Array, bias: Array
) -> tuple[int, int]:
    """Check the arguments of a layer without stride and padding, and return H' and W'."""
    check_axes(
        "kernels: F C KH KW, bias: F, x: N C H W", kernels, bias, x
    )
    rows, columns = kernels.shape[2:]
    return count_windows(x.shape[2:], Geometry((rows, columns)))


def product_in_blocks(
    a: Array, b: Array, size: int
) -> tuple[Array, int]:
    """Multiply square matrices block by block, and count the numbers that are fetched for it.

    Two blocks are fetched, multiplied while they are at hand, and dropped. Where ``size`` divides
    n, that makes as many numbers as @eq-fetched says.

    Parameters
    ----------
    a, b : np.ndarray of shape (n, n)
        The factors.
    size : int
        Rows and columns of a block.

    Returns
    -------
    product : np.ndarray of shape (n, n)
        ``a @ b``.
    fetched : int
        How many numbers of the factors were fetched, each as often as it was.

    Examples
    --------
    >>> a = np.arange(16.0).reshape(4, 4)
    >>> product, fetched = product_in_blocks(a, np.eye(4), 2)
    >>> np.array_equal(product, a), fetched
    (True, 64)
    """
    product, fetched = np.zeros_like(a), 0
    starts = range(0, len(a), size)
    for i in starts:
        for j in starts:
            for k in starts:
                left = a[i : i + size, k : k + size]
                above = b[k : k + size, j : j + size]
                fetched += left.size + above.size
                product[i : i + size, j : j + size] += left @ above
    return product, fetched


def times_of_pass(
    multiplications: float, moved: float, rate: float, bandwidth: float
) -> tuple[float, float]:
    """Say how long the operations of a pass take at best, and how long its bytes: @eq-passes.

    Parameters
    ----------
    multiplications : float
        How many products are added up.
    moved : float
        How many bytes are read and written.
    rate : float
        Multiplications and additions a second, both counted, at best.
    bandwidth : float
        Bytes a second, at best.

    Returns
    -------
    (float, float)
        Seconds, each of the two.

    Examples
    --------
    >>> times_of_pass(50e9, 4e9, rate=100e9, bandwidth=10e9)
    (1.0, 0.4)
    """
    return 2 * multiplications / rate, moved / bandwidth


def roofline(
    multiplications: float, moved: float, rate: float, bandwidth: float
) -> float:
    """Return the least time that a pass can take: @eq-roofline.

    Parameters
    ----------
    multiplications, moved, rate, bandwidth : float
        As in `times_of_pass`.

    Returns
    -------
    float
        Seconds.

    References
    ----------
    .. [1] S. Williams, A. Waterman and D. Patterson, "Roofline: an insightful visual performance
       model for multicore architectures", 2009, https://doi.org/10.1145/1498765.1498785.

    Examples
    --------
    >>> roofline(50e9, 4e9, rate=100e9, bandwidth=10e9)
    1.0
    >>> roofline(50e9, 40e9, rate=100e9, bandwidth=10e9)
    4.0
    """
    return max(times_of_pass(multiplications, moved, rate, bandwidth))
