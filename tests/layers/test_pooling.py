"""Pooling: values, gradients, ties, padding, and the convolution that a mean is."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnnbook.gradient_check import check_layer, complex_step_gradient
from cnnbook.layers import (
    MaxPool2D,
    MeanPool2D,
    conv2d,
    conv2d_input_gradient,
    max_pool2d,
    max_pool2d_input_gradient,
    mean_pool2d,
    mean_pool2d_input_gradient,
)
from cnnbook.layers.geometry import Geometry
from cnnbook.layers.pooling import pixels_of_window, pool_geometry, pool_windows
from tests.cases import error, pool_cases
from tests.wrong import assert_refused, wrong_calls

RNG = np.random.default_rng(0)
DTYPES = [np.float32, np.float64]


def windows_by_slices(case, border):
    """Cut every window out of the framed images, with NumPy's own padding and slices alone."""
    (rows, columns), (down, across), (above, left) = case.geometry
    frame = (0, 0), (0, 0), (above, above), (left, left)
    x = np.pad(case.x, frame, constant_values=border)
    height, width = case.grad_output.shape[2:]
    return [
        [x[:, :, i * down :, j * across :][:, :, :rows, :columns] for j in range(width)]
        for i in range(height)
    ]


@settings(max_examples=200)
@given(pool_cases())
def test_every_output_is_the_largest_of_its_slice(case):
    found = max_pool2d(case.x, case.pool_size, **case.options)
    assert found.shape == case.grad_output.shape
    for i, row in enumerate(windows_by_slices(case, -np.inf)):
        for j, window in enumerate(row):
            np.testing.assert_array_equal(found[:, :, i, j], window.max(axis=(2, 3)))


@settings(max_examples=200)
@given(pool_cases(padded=False))
def test_a_mean_is_the_correlation_with_a_constant_kernel(case):
    count = case.pool_size[0] * case.pool_size[1]
    (samples, channels), size = case.x.shape[:2], case.x.shape[2:]
    maps = case.x.reshape(-1, 1, *size)
    kernel, stride = np.full((1, 1, *case.pool_size), 1 / count), case.stride
    found = mean_pool2d(case.x, case.pool_size, stride=stride)
    expected = conv2d(maps, kernel, np.zeros(1), stride=stride)
    assert error(found, expected.reshape(found.shape)) < 1e-14
    upstream = case.grad_output
    found = mean_pool2d_input_gradient(upstream, size, case.pool_size, stride=stride)
    flat = upstream.reshape(samples * channels, 1, *upstream.shape[2:])
    expected = conv2d_input_gradient(flat, kernel, size, stride=stride)
    assert error(found, expected.reshape(found.shape)) < 1e-14


@settings(max_examples=100)
@given(pool_cases())
def test_gradients_equal_complex_steps(case):
    options = case.options
    found = max_pool2d_input_gradient(case.x, case.grad_output, case.pool_size, **options)
    expected = complex_step_gradient(
        lambda x: max_pool2d(x, case.pool_size, **options), case.x, case.grad_output
    )
    assert error(found, expected) < 1e-14


@settings(max_examples=100)
@given(pool_cases())
def test_the_classes_do_what_the_functions_do(case):
    layer = MaxPool2D(case.pool_size, **case.options)
    np.testing.assert_array_equal(
        layer.forward(case.x), max_pool2d(case.x, case.pool_size, **case.options)
    )
    expected = max_pool2d_input_gradient(case.x, case.grad_output, case.pool_size, **case.options)
    np.testing.assert_array_equal(layer.backward(case.grad_output), expected)
    mean = MeanPool2D(case.pool_size, stride=case.stride)
    if case.padding == (0, 0):
        y = mean.forward(case.x)
        np.testing.assert_array_equal(y, mean_pool2d(case.x, case.pool_size, stride=case.stride))
        expected = mean_pool2d_input_gradient(
            case.grad_output, case.x.shape[2:], case.pool_size, stride=case.stride
        )
        np.testing.assert_array_equal(mean.backward(case.grad_output), expected)


@settings(max_examples=100)
@given(pool_cases())
def test_all_of_the_upstream_gradient_arrives_somewhere(case):
    found = max_pool2d_input_gradient(case.x, case.grad_output, case.pool_size, **case.options)
    sums = case.grad_output.sum(axis=(2, 3))
    np.testing.assert_allclose(found.sum(axis=(2, 3)), sums, rtol=1e-12, atol=1e-12)


def test_a_tie_goes_to_the_first_row_by_row():
    x = np.zeros((1, 1, 3, 4))
    x[0, 0, 1, 1:3] = 5
    found = max_pool2d_input_gradient(x, np.full((1, 1, 1, 1), 7.0), (3, 4))
    expected = np.zeros_like(x)
    expected[0, 0, 1, 1] = 7
    np.testing.assert_array_equal(found, expected)
    blank = max_pool2d_input_gradient(np.zeros((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), 2)
    np.testing.assert_array_equal(np.argwhere(blank[0, 0]), [(0, 0), (0, 2), (2, 0), (2, 2)])


def test_a_pixel_that_is_the_largest_of_several_windows_gets_the_sum():
    x, upstream = np.zeros((1, 1, 3, 3)), np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    x[0, 0, 1, 1] = 1
    found = max_pool2d_input_gradient(x, upstream, 2, stride=1)
    assert found[0, 0, 1, 1] == 1111
    assert np.count_nonzero(found) == 1


@pytest.mark.parametrize("fill", [-3.0, -np.inf, -1e300])
@pytest.mark.parametrize(("pool_size", "padding"), [(3, 1), (3, 2), ((2, 3), (1, 2)), (4, 3)])
def test_the_padding_becomes_neither_a_value_nor_a_gradient(fill, pool_size, padding):
    x = np.full((2, 2, 4, 5), fill)
    options = {"stride": 1, "padding": padding}
    y = max_pool2d(x, pool_size, **options)
    np.testing.assert_array_equal(y, fill)
    upstream = RNG.standard_normal(y.shape)
    found = max_pool2d_input_gradient(x, upstream, pool_size, **options)
    sums = upstream.sum(axis=(2, 3))
    np.testing.assert_allclose(found.sum(axis=(2, 3)), sums, rtol=1e-12)


def test_windows_that_leave_gaps_give_the_pixels_between_them_nothing():
    x, upstream = RNG.standard_normal((1, 2, 7, 8)), RNG.standard_normal((1, 2, 2, 3))
    found = max_pool2d_input_gradient(x, upstream, (2, 1), stride=(4, 3))
    met = np.zeros((7, 8), bool)
    for i, j in np.ndindex(2, 3):
        met[4 * i : 4 * i + 2, 3 * j] = True
    assert not found[:, :, ~met].any()
    assert np.count_nonzero(found) == upstream.size


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_are_kept_and_arguments_left_alone(dtype):
    x, upstream = (RNG.standard_normal(s).astype(dtype) for s in ((2, 3, 5, 6), (2, 3, 3, 3)))
    before = x.copy(), upstream.copy()
    options = {"stride": 2, "padding": (1, 0)}
    results = [
        max_pool2d(x, (3, 2), **options),
        max_pool2d_input_gradient(x, upstream, (3, 2), **options),
        mean_pool2d(x, (2, 2)),
        mean_pool2d_input_gradient(upstream[:, :, :2], (5, 6), (2, 2)),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(upstream, before[1])
    assert not any(np.shares_memory(result, x) for result in results)
    assert not np.shares_memory(max_pool2d(x, 1), x)


def test_what_is_not_a_number_stays_none_in_its_window_alone():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 0, 1] = np.nan
    assert np.isnan(max_pool2d(x, 2)).tolist() == [[[[True, False], [False, False]]]]
    assert np.isnan(max_pool2d(x, 3, stride=1, padding=1)).sum() == 6


def test_a_window_that_holds_nan_gives_its_upstream_number_to_no_pixel():
    x, upstream = RNG.random((1, 1, 4, 6)), RNG.random((1, 1, 2, 3))
    x[0, 0, 1, 2] = np.nan
    grad_x = max_pool2d_input_gradient(x, upstream, 2)
    assert not grad_x[..., :2, 2:4].any()
    np.testing.assert_allclose(grad_x.sum(), upstream.sum() - upstream[0, 0, 0, 1])


def test_an_infinite_upstream_number_is_not_given_in_silence():
    x, upstream = RNG.random((1, 1, 4, 6)), RNG.random((1, 1, 2, 3))
    upstream[0, 0, 1, 2] = np.inf
    with np.errstate(invalid="ignore"):
        grad_x = max_pool2d_input_gradient(x, upstream, 2)
    assert np.isnan(grad_x[..., 2:, 4:]).sum() == 3
    assert np.isinf(grad_x).sum() == 1
    assert np.isfinite(grad_x).sum() == 24 - 4


@pytest.mark.parametrize("size", [(1, 2, 6, 8), (3, 1, 7, 5)])
@pytest.mark.parametrize("layer", [MaxPool2D((3, 2), stride=(2, 1), padding=(1, 1)), MeanPool2D(2)])
def test_the_gradients_pass_the_check_of_chapter_9(layer, size):
    assert check_layer(layer, RNG.standard_normal(size), np.random.default_rng(1)) < 1e-7


# The node tests of ONNX, a format for exchanging networks: `onnx/onnx`, commit
# d9592912b4c471adf5a86a10781586560cc28804, maxpool.py and averagepool.py of
# onnx/backend/test/case/node, with the outputs that are published there. The image has the rows
# 1 to 5, 6 to 10, ... 21 to 25.
ONNX_IMAGE = np.arange(1.0, 26.0).reshape(1, 1, 5, 5)
ONNX = {
    "test_maxpool_2d_precomputed_pads": (
        max_pool2d,
        {"pool_size": 5, "stride": 1, "padding": 2},
        [[13, 14, 15, 15, 15], [18, 19, 20, 20, 20], *[[23, 24, 25, 25, 25]] * 3],
    ),
    "test_maxpool_2d_precomputed_strides": (max_pool2d, {"pool_size": 2}, [[7, 9], [17, 19]]),
    # auto_pad=SAME_UPPER, which is a padding of 1 on every side here
    "test_maxpool_2d_precomputed_same_upper": (
        max_pool2d,
        {"pool_size": 3, "stride": 2, "padding": 1},
        [[7, 9, 10], [17, 19, 20], [22, 24, 25]],
    ),
    "test_averagepool_2d_precomputed_strides": (
        mean_pool2d,
        {"pool_size": 2},
        [[4, 6], [14, 16]],
    ),
}
# test_maxpool_with_argmax_2d_precomputed_pads publishes which pixel each output is.
ONNX_SWITCHES = [[12, 13, 14, 14, 14], [17, 18, 19, 19, 19], *[[22, 23, 24, 24, 24]] * 3]


@pytest.mark.parametrize("name", sorted(ONNX))
def test_forward_equals_what_onnx_publishes(name):
    function, options, expected = ONNX[name]
    np.testing.assert_array_equal(function(ONNX_IMAGE, **options), [[expected]])


def test_gradients_go_where_onnx_publishes_that_the_maxima_are():
    upstream = RNG.standard_normal((1, 1, 5, 5))
    found = max_pool2d_input_gradient(ONNX_IMAGE, upstream, 5, stride=1, padding=2)
    expected = np.zeros(25)
    np.add.at(expected, np.ravel(ONNX_SWITCHES), upstream.ravel())
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-14)


def test_the_pixels_of_a_window_are_its_windows_pixels():
    geometry = pool_geometry((3, 2), (2, 3), (2, 1))
    x = np.arange(30.0).reshape(1, 1, 5, 6)
    view = pool_windows(x, geometry, border=-1.0)
    for i, j in np.ndindex(view.shape[2:4]):
        listed = [x[0, 0, p, q] for p, q in pixels_of_window(i, j, (5, 6), geometry)]
        assert listed == [v for v in view[0, 0, i, j].ravel() if v >= 0]


def test_layers_say_what_they_are():
    assert repr(MaxPool2D(2)) == "MaxPool2D((2, 2))"
    assert repr(MaxPool2D((3, 2), stride=2)) == "MaxPool2D((3, 2), stride=(2, 2))"
    assert repr(MaxPool2D(3, padding=(0, 1))) == "MaxPool2D((3, 3), padding=(0, 1))"
    assert repr(MeanPool2D(3, stride=1)) == "MeanPool2D((3, 3), stride=(1, 1))"
    assert MaxPool2D(2).parameters() == MeanPool2D(2).parameters() == []


def test_without_a_border_the_frame_of_the_windows_is_zero():
    view = pool_windows(np.ones((1, 1, 2, 2)), Geometry((2, 2), (1, 1), (1, 1)))
    np.testing.assert_array_equal(view[0, 0, 0, 0], [[0, 0], [0, 1]])


def backward_of(layer, upstream):
    layer.forward(X)
    return layer.backward(upstream)


X, INTS, UP = np.ones((1, 1, 4, 5)), np.ones((1, 1, 4, 5), int), np.ones((1, 1, 2, 2))

WRONG = [
    (lambda: max_pool2d(INTS, 2), TypeError, "x: *int64"),
    (lambda: max_pool2d(X[0], 2), ValueError, "x: expected 4 axes (N, C, H, W); got shape (1, 4,"),
    (lambda: max_pool2d(X, 2.0), TypeError, "pool_size: expected an integer"),
    (lambda: max_pool2d(X, 0), ValueError, "pool_size: *got 0"),
    (lambda: max_pool2d(X, 2, stride=0), ValueError, "stride: *got 0"),
    (lambda: max_pool2d(X, 2, stride="2"), TypeError, "stride: expected an integer"),
    (lambda: max_pool2d(X, 3, padding=-1), ValueError, "padding: *got -1"),
    (
        lambda: max_pool2d(X, (2, 3), padding=2),
        ValueError,
        "padding: expected less than pool_size (2, 3), so that every window holds a pixel; got (2",
    ),
    (lambda: max_pool2d(X, (3, 2), padding=2), ValueError, "padding: *(3, 2)*got (2, 2)"),
    (
        lambda: max_pool2d(X, 5),
        ValueError,
        "pool_size: expected at most the padded image's (H, W) = (4, 5); got (5, 5)",
    ),
    (
        lambda: max_pool2d_input_gradient(X, np.ones((1, 1, 2, 3)), 2),
        ValueError,
        "grad_output: expected shape (1, 1, 2, 2), which x of shape (1, 1, 4, 5) gives; got (1, 1",
    ),
    (
        lambda: max_pool2d_input_gradient(X, UP[0], 2),
        ValueError,
        "grad_output: expected 4 axes (N, C, H', W'); got shape (1, 2, 2)",
    ),
    (lambda: max_pool2d_input_gradient(X, UP, (2, 6)), ValueError, "pool_size: *(4, 5)*(2, 6)"),
    (lambda: max_pool2d_input_gradient(X, UP, 2, padding=2), ValueError, "padding: *(2, 2)"),
    (lambda: mean_pool2d(INTS, 2), TypeError, "x: *int64"),
    (lambda: mean_pool2d(X, (5, 1)), ValueError, "pool_size: *(4, 5); got (5, 1)"),
    (
        lambda: mean_pool2d_input_gradient(UP, (5, 6), 2),
        ValueError,
        "grad_output: expected shape (1, 1, 2, 3), which input_size (5, 6) gives; got (1, 1, 2, 2)",
    ),
    (lambda: mean_pool2d_input_gradient(UP, 2.5, 2), TypeError, "input_size: expected an integer"),
    (lambda: mean_pool2d_input_gradient(UP, 3, 4), ValueError, "kernel_size: *(3, 3)*(4, 4)"),
    (
        lambda: backward_of(MaxPool2D(2), np.ones((1, 1, 2, 3))),
        ValueError,
        "grad_output: expected shape (1, 1, 2, 2), the shape of forward's output; got (1, 1, 2, 3)",
    ),
    (
        lambda: backward_of(MeanPool2D(2), np.ones((1, 1, 2, 3))),
        ValueError,
        "grad_output: expected shape (1, 1, 2, 2), the shape of forward's output; got (1, 1, 2, 3)",
    ),
    (lambda: MaxPool2D(2).forward(X[0]), ValueError, "x: expected 4 axes (N, C, H, W); got"),
    (lambda: MeanPool2D(2).forward(X[0]), ValueError, "x: expected 4 axes (N, C, H, W); got"),
    (lambda: mean_pool2d(X[0], 2), ValueError, "x: expected 4 axes (N, C, H, W); got"),
    (
        lambda: max_pool2d_input_gradient(X[0], UP, 2),
        ValueError,
        "x: expected 4 axes (N, C, H, W); got shape (1, 4, 5)",
    ),
    (
        lambda: mean_pool2d_input_gradient(UP[0], 4, 2),
        ValueError,
        "grad_output: expected 4 axes (N, C, H', W'); got shape (1, 2, 2)",
    ),
    (lambda: max_pool2d_input_gradient(INTS, UP, 2), TypeError, "x: *int64"),
    (lambda: MaxPool2D(2.0), TypeError, "pool_size: expected an integer; got 2.0"),
    (lambda: MeanPool2D("2"), TypeError, "pool_size: expected an integer"),
    (lambda: pool_geometry(2.0, None), TypeError, "pool_size: expected an integer; got 2.0"),
    (lambda: pool_geometry(2, None, 2), ValueError, "padding: expected less than pool_size"),
    (
        lambda: pool_windows(np.ones((1, 1, 3, 4)), Geometry((4, 3))),
        ValueError,
        "pool_size: expected at most the padded image's (H, W) = (3, 4); got (4, 3)",
    ),
    (lambda: MaxPool2D(0), ValueError, "pool_size: *got 0"),
    (lambda: MaxPool2D(2, padding=2), ValueError, "padding: expected less than pool_size (2, 2)"),
    (lambda: MaxPool2D(2).backward(UP), RuntimeError, "MaxPool2D((2, 2)): backward was called"),
    (lambda: MeanPool2D(2, stride=0), ValueError, "stride: *got 0"),
    (lambda: MeanPool2D(2).backward(UP), RuntimeError, "MeanPool2D((2, 2)): backward was called"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
