"""Chapter 1 against SciPy and against itself."""

import itertools
import re
from typing import get_args

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from cnnbook.correlation import (
    Mode,
    convolve2d,
    convolve2d_loops,
    cross_correlate2d,
    cross_correlate2d_loops,
    rotate180,
    windows,
)
from tests.cases import ORDERS, error, in_memory_order
from tests.wrong import assert_refused, wrong_calls

MODES = get_args(Mode)
SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7))


def pair(size, kernel_size, seed, order="C"):
    rng = np.random.default_rng(seed)
    image, kernel = rng.standard_normal(size), rng.standard_normal(kernel_size)
    return in_memory_order(image, order), in_memory_order(kernel, order)


@given(SIZES, SIZES, st.sampled_from(MODES), st.integers(0, 999), ORDERS)
def test_equal_scipy(size, kernel_size, mode, seed, order):
    image, kernel = pair(size, kernel_size, seed, order)
    if mode == "valid" and (kernel_size[0] > size[0] or kernel_size[1] > size[1]):
        for function in (cross_correlate2d, convolve2d):
            with pytest.raises(ValueError, match="kernel: expected at most"):
                function(image, kernel, mode)
        return
    correlation = scipy.signal.correlate2d(image, kernel, mode)
    assert error(cross_correlate2d(image, kernel, mode), correlation) < 1e-14
    convolution = scipy.signal.convolve2d(image, kernel, mode)
    assert error(convolve2d(image, kernel, mode), convolution) < 1e-14


def test_output_sizes():
    image, kernel = pair((5, 9), (2, 4), 0)
    for function in (cross_correlate2d, convolve2d):
        shapes = [function(image, kernel, mode).shape for mode in MODES]
        assert shapes == [(4, 6), (5, 9), (6, 12)]
        assert function(image, kernel).shape == (4, 6), "valid is the default"


def test_the_impulse_response_of_correlation_is_the_turned_kernel():
    impulse, kernel = np.zeros((3, 3)), np.arange(1.0, 7.0).reshape(2, 3)
    impulse[1, 1] = 1
    full = cross_correlate2d(impulse, kernel, "full")
    np.testing.assert_array_equal(full[1:3, 1:4], rotate180(kernel))
    full = convolve2d(impulse, kernel, "full")
    np.testing.assert_array_equal(full[1:3, 1:4], kernel)


@given(SIZES, SIZES, st.integers(0, 999))
def test_full_convolution_commutes_and_correlation_does_not(size, kernel_size, seed):
    image, kernel = pair(size, kernel_size, seed)
    one, other = convolve2d(image, kernel, "full"), convolve2d(kernel, image, "full")
    assert error(one, other) < 1e-14
    one, other = (
        cross_correlate2d(image, kernel, "full"),
        cross_correlate2d(kernel, image, "full"),
    )
    assert error(one, rotate180(other)) < 1e-14


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_dtype_is_kept(dtype):
    image, kernel = (a.astype(dtype) for a in pair((4, 5), (2, 3), 0))
    for function in (cross_correlate2d, convolve2d):
        assert function(image, kernel, "same").dtype == dtype


def test_a_complex_kernel_is_not_conjugated():
    result = cross_correlate2d(np.array([[1.0 + 0j]]), np.array([[1j]]))
    np.testing.assert_array_equal(result, [[1j]])


@pytest.mark.parametrize("function", [cross_correlate2d, convolve2d])
def test_mixed_dtypes_lose_nothing(function):
    image, kernel = pair((4, 5), (2, 3), 0)
    assert function(image.astype(np.float32), kernel).dtype == np.float64
    found = function(image + 0j, 1j * kernel, "full")
    assert error(found, 1j * function(image, kernel, "full")) < 1e-14


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_twins_keep_the_dtype(dtype):
    image, kernel = (a.astype(dtype) for a in pair((4, 5), (2, 3), 0))
    for twin in (cross_correlate2d_loops, convolve2d_loops):
        assert twin(image, kernel, "full").dtype == dtype
        assert twin(image.real, kernel, "full").dtype == dtype


def test_arguments_are_left_alone():
    image, kernel = pair((4, 5), (2, 3), 0)
    before = image.copy(), kernel.copy()
    for mode in MODES:
        convolve2d(image, kernel, mode)
        cross_correlate2d(image, kernel, mode)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(kernel, before[1])


def test_windows_are_a_view_with_strides():
    x = np.arange(2.0 * 3 * 7 * 8).reshape(2, 3, 7, 8)
    view = windows(x, (2, 3), stride=(3, 2))
    assert view.shape == (2, 3, 2, 3, 2, 3)
    assert np.shares_memory(view, x)
    assert not view.flags.writeable
    for n, c, i, j, u, v in np.ndindex(view.shape):
        assert view[n, c, i, j, u, v] == x[n, c, 3 * i + u, 2 * j + v]


def test_windows_of_a_list():
    expected = "x: expected a NumPy array of shape (..., H, W); got list"
    with pytest.raises(TypeError, match=f"^{re.escape(expected)}$"):
        windows([[1.0]], 1)


@pytest.mark.parametrize(
    "function", [cross_correlate2d, cross_correlate2d_loops, convolve2d, convolve2d_loops]
)
def test_the_dtype_is_that_of_both_together(function):
    for a, b in itertools.product((np.float32, np.float64), repeat=2):
        assert function(np.ones((3, 3), a), np.ones((2, 2), b)).dtype == np.result_type(a, b)


IMAGE, KERNEL = np.ones((5, 6)), np.ones((2, 3))
X, K = np.ones((2, 3, 5, 6)), np.ones((4, 3, 2, 3))
INTS, OBJECTS = np.ones((5, 6), int), np.ones((5, 6), object)

WRONG = [
    (lambda: rotate180(INTS), TypeError, "kernel: *int64"),
    (lambda: windows(IMAGE, 7), ValueError, "window_size: *(5, 6); got (7, 7)"),
    (lambda: windows(IMAGE, (1, 7)), ValueError, "window_size: *(5, 6); got (1, 7)"),
    (lambda: windows(IMAGE, (6, 1)), ValueError, "window_size: *(5, 6); got (6, 1)"),
    (lambda: windows(np.ones(3), 1), ValueError, "x: *(..., H, W)*(3,)"),
    (lambda: windows(IMAGE, 2, stride=0), ValueError, "stride: *at least 1; got 0"),
    (lambda: windows(INTS, 2), TypeError, "x: *int64"),
    (
        lambda: windows(np.ones((2, 3, 4), int), 1),
        TypeError,
        "x: expected float32 or float64; got int64 of shape (2, 3, 4) ",
    ),
    (
        lambda: windows(np.ones((0, 3, 4)), 1),
        ValueError,
        "x: expected no empty axis in (..., H, W); got shape (0, 3, 4)",
    ),
    (lambda: windows(np.ones((3, 4)), 0), ValueError, "window_size: expected an integer"),
    (lambda: windows(np.ones((3, 4)), 1, stride=0), ValueError, "stride: expected an integer"),
    (lambda: cross_correlate2d(X, KERNEL), ValueError, "image: *(H, W)*(2, 3, 5, 6)"),
    (lambda: cross_correlate2d(IMAGE, K), ValueError, "kernel: *(KH, KW)*(4, 3"),
    (lambda: cross_correlate2d([[1.0]], KERNEL), TypeError, "image: *got list"),
    (lambda: cross_correlate2d(INTS, KERNEL), TypeError, "image: *int64 of shape (5, 6"),
    (lambda: cross_correlate2d(OBJECTS, KERNEL), TypeError, "image: *object"),
    (lambda: cross_correlate2d(IMAGE[:0], KERNEL), ValueError, "image: *(0, 6)"),
    (lambda: cross_correlate2d(KERNEL, IMAGE), ValueError, "kernel: *(2, 3)*(5, 6)"),
    (lambda: cross_correlate2d(IMAGE, KERNEL, "best"), ValueError, "mode: *'best'"),
    (
        lambda: cross_correlate2d(np.ones((3, 4)), [1.0]),
        TypeError,
        "kernel: expected a NumPy array of shape (KH, KW); got list",
    ),
    (lambda: convolve2d(X, KERNEL), ValueError, "image: *(H, W)*(2, 3, 5, 6)"),
    (lambda: convolve2d(IMAGE > 0, KERNEL), TypeError, "image: *bool"),
    (lambda: convolve2d(IMAGE, INTS), TypeError, "kernel: *int64"),
    (lambda: convolve2d(KERNEL, IMAGE), ValueError, "kernel: *(2, 3)*(5, 6)"),
    (lambda: convolve2d(IMAGE, KERNEL, "Full"), ValueError, "mode: *'Full'"),
    (
        lambda: convolve2d(np.ones((3, 4)), [1.0]),
        TypeError,
        "kernel: expected a NumPy array of shape (KH, KW); got list",
    ),
    (
        lambda: rotate180(np.ones(3)),
        ValueError,
        "kernel: expected 2 or more axes (..., KH, KW); got shape (3,)",
    ),
    (lambda: convolve2d_loops(IMAGE, KERNEL, "Full"), ValueError, "mode: *'Full'"),
    (lambda: convolve2d_loops(KERNEL, IMAGE), ValueError, "kernel: expected at most"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
