"""The convolutional layer and its gradients against SciPy and complex steps."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings

from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import (
    Conv2D,
    col2im,
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
    im2col,
    output_size,
)
from tests.cases import conv_cases, error

HUNDREDS = settings(max_examples=300)


def padded(case):
    (p, q) = case.padding
    return np.pad(case.x, ((0, 0), (0, 0), (p, p), (q, q)))


def dilated(case):
    """Put stride - 1 zeros between the entries of the upstream gradient."""
    samples, count, height, width = case.grad_output.shape
    down, across = case.stride
    shape = samples, count, (height - 1) * down + 1, (width - 1) * across + 1
    result = np.zeros(shape)
    result[:, :, ::down, ::across] = case.grad_output
    return result


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


@HUNDREDS
@given(conv_cases())
def test_kernel_gradient_equals_scipy(case):
    x, upstream = padded(case), dilated(case)
    expected = np.zeros(case.kernels.shape)
    for n in range(len(x)):
        for f, c in np.ndindex(case.kernels.shape[:2]):
            whole = scipy.signal.correlate2d(x[n, c], upstream[n, f], "valid")
            # Rows and columns that no window reached, for the stride, stay over at the end.
            expected[f, c] += whole[: case.kernel_size[0], : case.kernel_size[1]]
    found = conv2d_kernel_gradient(case.x, case.grad_output, case.kernel_size, **case.geometry)
    assert error(found, expected) < 1e-13


@HUNDREDS
@given(conv_cases())
def test_input_gradient_equals_scipy(case):
    (height, width), (p, q) = case.input_size, case.padding
    expected = np.zeros(case.x.shape)
    for n, f in np.ndindex(case.grad_output.shape[:2]):
        for c in range(case.x.shape[1]):
            full = scipy.signal.convolve2d(dilated(case)[n, f], case.kernels[f, c], "full")
            onto = np.zeros((height + 2 * p, width + 2 * q))
            onto[: full.shape[0], : full.shape[1]] = full
            expected[n, c] += onto[p : p + height, q : q + width]
    found = conv2d_input_gradient(case.grad_output, case.kernels, case.input_size, **case.geometry)
    assert error(found, expected) < 1e-13


@given(conv_cases())
def test_bias_gradient_is_the_sum_over_everything_but_the_kernels(case):
    expected = np.array([case.grad_output[:, f].sum() for f in range(len(case.kernels))])
    assert np.abs(conv2d_bias_gradient(case.grad_output) - expected).max() < 1e-13


@HUNDREDS
@given(conv_cases())
def test_all_gradients_equal_complex_steps(case):
    def forward(x=case.x, kernels=case.kernels, bias=case.bias):
        return conv2d(x, kernels, bias, **case.geometry)

    upstream = case.grad_output
    by_step = complex_step_gradient(lambda x: forward(x=x), case.x, upstream)
    found = conv2d_input_gradient(upstream, case.kernels, case.input_size, **case.geometry)
    assert error(found, by_step) < 1e-12
    by_step = complex_step_gradient(lambda k: forward(kernels=k), case.kernels, upstream)
    found = conv2d_kernel_gradient(case.x, upstream, case.kernel_size, **case.geometry)
    assert error(found, by_step) < 1e-12
    by_step = complex_step_gradient(lambda b: forward(bias=b), case.bias, upstream)
    assert error(conv2d_bias_gradient(upstream), by_step) < 1e-12


@given(conv_cases())
def test_im2col_and_col2im_are_transposes(case):
    rng = np.random.default_rng(0)
    columns = im2col(case.x, case.kernel_size, **case.geometry)
    other = rng.standard_normal(columns.shape)
    back = col2im(other, case.input_size, case.kernel_size, **case.geometry)
    # <A x, y> = <x, A^T y>
    assert np.sum(columns * other) == pytest.approx(np.sum(case.x * back), rel=1e-11, abs=1e-11)


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


def test_stride_and_padding_are_height_then_width():
    assert output_size((10, 20), (3, 5), stride=(2, 3), padding=(1, 0)) == (5, 6)
    x, kernels, bias = np.zeros((1, 1, 10, 20)), np.zeros((1, 1, 3, 5)), np.zeros(1)
    assert conv2d(x, kernels, bias, stride=(2, 3), padding=(1, 0)).shape == (1, 1, 5, 6)


def test_initial_parameters_are_uniform_by_fan_in():
    layer = Conv2D(3, 400, (2, 5), rng=np.random.default_rng(0), dtype=np.float64)
    limit = np.sqrt(3 / 30)
    for parameter in layer.parameters():
        assert np.abs(parameter.value).max() <= limit
        assert np.abs(parameter.value).max() > 0.98 * limit
        assert parameter.value.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
