"""The convolutional layer against SciPy, and against its functions."""

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings

from cnnbook.layers import (
    Conv2D,
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
    conv2d_loops,
    conv2d_strided_loops,
)
from tests.cases import conv_cases, error, forwarded, padded
from tests.wrong import assert_refused, wrong_calls

HUNDREDS = settings(max_examples=300)


@HUNDREDS
@given(conv_cases())
def test_forward_equals_scipy(case):
    x, (down, across) = padded(case), case.stride
    expected = np.zeros_like(case.grad_output)
    for n in range(len(x)):
        for f, kernel in enumerate(case.kernels):
            for c in range(x.shape[1]):
                whole = scipy.signal.correlate2d(x[n, c], kernel[c], "valid")
                expected[n, f] += whole[::down, ::across]
            expected[n, f] += case.bias[f]
    assert error(conv2d(case.x, case.kernels, case.bias, **case.geometry), expected) < 1e-13


@settings(max_examples=100)
@given(conv_cases())
def test_the_class_does_what_the_functions_do(case):
    count, channels = case.kernels.shape[:2]
    layer = Conv2D(
        channels,
        count,
        case.kernel_size,
        **case.geometry,
        rng=np.random.default_rng(0),
        dtype=np.float64,
    )
    kernels, bias = layer.parameters()
    kernels.value[...], bias.value[...] = case.kernels, case.bias
    y = layer.forward(case.x)
    assert error(y, conv2d(case.x, case.kernels, case.bias, **case.geometry)) < 1e-14
    grad_x = layer.backward(case.grad_output)
    upstream, size = case.grad_output, case.input_size
    expected = conv2d_input_gradient(upstream, case.kernels, size, **case.geometry)
    assert error(grad_x, expected) < 1e-14
    expected = conv2d_kernel_gradient(case.x, upstream, case.kernel_size, **case.geometry)
    assert error(kernels.gradient, expected) < 1e-14
    assert np.abs(bias.gradient - conv2d_bias_gradient(upstream)).max() < 1e-13


def test_hand_made_strided_and_padded_case():
    x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    kernels, bias = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]), np.array([0.5])
    y = conv2d(x, kernels, bias, stride=(1, 2), padding=(1, 1))
    np.testing.assert_array_equal(y, [[[[1000.5, 3200.5], [4010.5, 6532.5], [40.5, 65.5]]]])


# The node tests of ONNX, a format for exchanging networks: `onnx/onnx`, commit
# 0ecb0b17a4ee4357874d5229abe5b5bd77dd1d4e, onnx/backend/test/case/node/conv.py, with the outputs
# that are published there. All kernels are 3 by 3, and all their entries 1.
ONNX = {
    "test_basic_conv_with_padding": (
        {"padding": 1},
        [
            [12, 21, 27, 33, 24],
            [33, 54, 63, 72, 51],
            [63, 99, 108, 117, 81],
            [93, 144, 153, 162, 111],
            [72, 111, 117, 123, 84],
        ],
    ),
    "test_basic_conv_without_padding": ({}, [[54, 63, 72], [99, 108, 117], [144, 153, 162]]),
    "test_conv_with_strides_padding": (
        {"stride": 2, "padding": 1},
        [[12, 27, 24], [63, 108, 81], [123, 198, 141], [112, 177, 124]],
    ),
    "test_conv_with_strides_no_padding": ({"stride": 2}, [[54, 72], [144, 162], [234, 252]]),
    # There called asymmetric, but alike above and below: pads=[1, 0, 1, 0].
    "test_conv_with_strides_and_asymmetric_padding": (
        {"stride": 2, "padding": (1, 0)},
        [[21, 33], [99, 117], [189, 207], [171, 183]],
    ),
}


@pytest.mark.parametrize("name", sorted(ONNX))
@pytest.mark.parametrize("function", [conv2d, conv2d_strided_loops])
def test_forward_equals_what_onnx_publishes(name, function):
    geometry, expected = ONNX[name]
    rows = 7 if "strides" in name else 5
    x = np.arange(5.0 * rows).reshape(1, 1, rows, 5)
    y = function(x, np.ones((1, 1, 3, 3)), np.zeros(1), **geometry)
    np.testing.assert_array_equal(y, [[expected]])


def test_initial_parameters_are_fan_in_uniform():
    layer = Conv2D(3, 400, (2, 5), rng=np.random.default_rng(0), dtype=np.float64)
    limit = np.sqrt(3 / 30)
    for parameter in layer.parameters():
        assert np.abs(parameter.value).max() <= limit
        assert np.abs(parameter.value).max() > 0.98 * limit
        assert parameter.value.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


@pytest.mark.parametrize("function", [conv2d, conv2d_loops, conv2d_strided_loops])
def test_mixed_dtypes_lose_nothing(function):
    for a, b, c in itertools.product((np.float32, np.float64), repeat=3):
        y = function(np.ones((1, 1, 3, 3), a), np.ones((1, 1, 2, 2), b), np.ones(1, c))
        assert y.dtype == np.result_type(a, b, c)


X, K, B = np.ones((2, 3, 5, 6)), np.ones((4, 3, 2, 3)), np.ones(4)
OPTIONS = {"rng": np.random.default_rng(0)}

WRONG = [
    (lambda: conv2d(X[0], K, B), ValueError, "x: *(N, C, H, W)*(3, 5, 6)"),
    (lambda: conv2d(X, K[0], B), ValueError, "kernels: *(F, C, KH, KW)"),
    (
        lambda: conv2d(X[:, :2], K, B),
        ValueError,
        "x: expected shape (N, 3, H, W), to fit kernels of*(2, 2, 5, 6)",
    ),
    (lambda: conv2d(X, K, B[:3]), ValueError, "bias: *(4,)*(3,)"),
    (lambda: conv2d(X, K, np.ones((4, 4))), ValueError, "bias: *(F)*(4, 4)"),
    (lambda: conv2d(X, np.ones((1, 3, 6, 2)), B[:1]), ValueError, "kernel_size: *(6, 2)"),
    (lambda: conv2d(X, K, B, stride=0), ValueError, "stride: *at least 1; got 0"),
    (lambda: conv2d(X, K, B, stride=(1, -1)), ValueError, "stride: *; got -1"),
    (lambda: conv2d(X, K, B, stride=(1, 1, 1)), ValueError, "stride: *(1, 1, 1)"),
    (lambda: conv2d(X, K, B, stride=1.0), TypeError, "stride: *integer; got 1.0"),
    (lambda: conv2d(X, K, B, stride=True), TypeError, "stride: *integer; got True"),
    (lambda: conv2d(X, K, B, padding=-1), ValueError, "padding: *at least 0; got -1"),
    (lambda: conv2d(X[:0], K, B), ValueError, "x: *empty*(0, 3, 5, 6)"),
    (lambda: conv2d(X, K[:0], B[:0]), ValueError, "kernels: *empty*(0, 3"),
    (lambda: conv2d(X.astype(int), K, B), TypeError, "x: *int64*astype(np.float32)"),
    (lambda: conv2d(X, K.astype(object), B), TypeError, "kernels: *object"),
    (lambda: conv2d(X, K, B.astype(int)), TypeError, "bias: *int64"),
    (lambda: Conv2D(0, 1, 3, **OPTIONS), ValueError, "in_channels: *at least 1; got 0"),
    (lambda: Conv2D(1, -1, 3, **OPTIONS), ValueError, "out_channels: *got -1"),
    (lambda: Conv2D(1, 1, (3, 0), **OPTIONS), ValueError, "kernel_size: *got 0"),
    (lambda: Conv2D(1, 1, "3", **OPTIONS), TypeError, "kernel_size: *'3'"),
    (lambda: Conv2D(1, 1, 3, stride=0, **OPTIONS), ValueError, "stride: *got 0"),
    (lambda: Conv2D(1, 1, 3, padding=-1, **OPTIONS), ValueError, "padding: *got -1"),
    (lambda: Conv2D(1, 1, 3, rng=0), TypeError, "rng: *got 0 *default_rng"),
    (lambda: Conv2D(1, 1, 3, dtype=int, **OPTIONS), TypeError, "dtype: *got <class 'int'>"),
    (lambda: Conv2D(1, 1, 3, dtype="so", **OPTIONS), TypeError, "dtype: *got 'so'"),
    (lambda: Conv2D(1, 1, 3, dtype=np.float16, **OPTIONS), TypeError, "dtype: *float16"),
    (
        lambda: Conv2D(3, 1, 2, **OPTIONS).forward(np.ones((2, 2, 5, 6))),
        ValueError,
        "x: expected shape (N, 3, H, W), to fit kernels of shape (1, 3, 2, 2); got (2, 2, 5, 6)",
    ),
    (
        lambda: forwarded(Conv2D(1, 1, 2, **OPTIONS), np.ones((1, 1, 2, 2))).backward(
            np.ones((1, 2))
        ),
        ValueError,
        "grad_output: expected shape (1, 1, 1, 1), the shape of forward's output; got (1, 2)",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
