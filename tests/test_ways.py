"""The convolutional layer in other ways: the same numbers from each, and what each costs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbook.layers import conv2d, conv2d_loops
from cnnbook.ways import (
    KERNELS,
    OUTPUTS,
    PIXELS,
    conv2d_by_fourier,
    conv2d_by_shifts,
    conv2d_by_winograd,
    from_both_sides,
    product_in_blocks,
    roofline,
    times_of_pass,
)
from tests.cases import error
from tests.wrong import assert_refused, wrong_calls

WAYS = [conv2d_by_shifts, conv2d_by_fourier, conv2d_by_winograd]
sizes = st.integers(1, 4)


@st.composite
def layers(draw, kernel=None):
    """A batch, kernels no larger than the images, and a bias."""
    kh, kw = kernel or (draw(sizes), draw(sizes))
    height, width = kh + draw(st.integers(0, 5)), kw + draw(st.integers(0, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    samples, channels, count = draw(sizes), draw(sizes), draw(sizes)
    x = rng.standard_normal((samples, channels, height, width))
    return x, rng.standard_normal((count, channels, kh, kw)), rng.standard_normal(count)


@pytest.mark.parametrize("way", WAYS[:2])
@given(layers())
def test_the_loops_agree(way, case):
    y = way(*case)
    assert y.shape == conv2d(*case).shape
    assert error(y, conv2d_loops(*case)) < 1e-13


@given(layers(kernel=(3, 3)))
def test_the_loops_agree_with_winograd(case):
    y = conv2d_by_winograd(*case)
    assert y.shape == conv2d(*case).shape
    assert error(y, conv2d_loops(*case)) < 1e-13


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_format_stays(way, dtype):
    arrays = (np.ones(shape, dtype) for shape in ((2, 1, 5, 6), (3, 1, 3, 3), (3,)))
    assert way(*arrays).dtype == dtype


X, KERNELS_2, BIAS = np.ones((1, 2, 5, 5)), np.ones((3, 2, 3, 3)), np.ones(3)
LESS = "x: expected shape (N, 2, H, W), to fit kernels of shape (3, 2, 3, 3)"
LARGE = "kernel_size: expected at most the padded image's (H, W) = (2, 5)"
INTS = "x: expected float32 or float64*int64"
WRONG = [
    (lambda: conv2d_by_shifts(X[:, :1], KERNELS_2, BIAS), ValueError, LESS),
    (lambda: conv2d_by_shifts(X[:, :, :2], KERNELS_2, BIAS), ValueError, LARGE),
    (lambda: conv2d_by_shifts(X.astype(int), KERNELS_2, BIAS), TypeError, INTS),
    (lambda: conv2d_by_fourier(X[:, :1], KERNELS_2, BIAS), ValueError, LESS),
    (lambda: conv2d_by_fourier(X[:, :, :2], KERNELS_2, BIAS), ValueError, LARGE),
    (lambda: conv2d_by_fourier(X.astype(int), KERNELS_2, BIAS), TypeError, INTS),
    (lambda: conv2d_by_winograd(X[:, :1], KERNELS_2, BIAS), ValueError, LESS),
    (lambda: conv2d_by_winograd(X[:, :, :2], KERNELS_2, BIAS), ValueError, LARGE),
    (lambda: conv2d_by_winograd(X.astype(int), KERNELS_2, BIAS), TypeError, INTS),
    (
        lambda: conv2d_by_winograd(X, KERNELS_2[..., :2], BIAS),
        ValueError,
        "kernels: expected kernels of (3, 3); got (3, 2)",
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32)])
def test_of_two_formats_the_wider_one_is_taken(way, dtypes):
    x, kernels = X.astype(dtypes[0]), KERNELS_2.astype(dtypes[1])
    bias = BIAS.astype(np.float32)
    assert way(x, kernels, bias).dtype == conv2d(x, kernels, bias).dtype == np.float64


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)


def test_the_matrices_of_winograd_make_a_correlation_whatever_the_numbers():
    """Of all rows of four and kernels of three, by their bases: both sides are bilinear."""
    for q, u in np.ndindex(4, 3):
        x, k = np.eye(4)[q], np.eye(3)[u]
        y = OUTPUTS @ ((KERNELS @ k) * (PIXELS @ x))
        np.testing.assert_array_equal(y, np.correlate(x, k, "valid"))


def test_a_tile_is_multiplied_from_both_sides_and_its_columns_come_first():
    rng = np.random.default_rng(0)
    matrix, tiles = rng.standard_normal((2, 4)), rng.standard_normal((3, 5, 4, 4))
    found = from_both_sides(matrix, tiles)
    assert found.shape == (2, 2, 3, 5)
    for i, j in np.ndindex(3, 5):
        np.testing.assert_allclose(found[:, :, i, j].T, matrix @ tiles[i, j] @ matrix.T)


@given(st.integers(1, 12), st.integers(1, 13))
def test_blocks_make_the_product_and_fetch_every_number_once_for_each_block_across(n, size):
    a, b = np.random.default_rng(n).standard_normal((2, n, n))
    product, fetched = product_in_blocks(a, b, size)
    assert np.abs(product - a @ b).max() < 1e-13
    assert fetched == 2 * n**2 * -(-n // size)


def test_the_larger_of_two_times_counts():
    assert roofline(10, 3, rate=5, bandwidth=1) == 4
    assert roofline(10, 3, rate=50, bandwidth=1) == 3
    assert times_of_pass(10, 3, rate=50, bandwidth=2) == (0.4, 1.5)
