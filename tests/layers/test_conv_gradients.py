"""The gradients of a convolution against SciPy and complex steps."""

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings

from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import (
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_input_gradient_loops,
    conv2d_kernel_gradient,
    conv2d_kernel_gradient_loops,
)
from cnnbook.layers import conv_gradients as cg
from tests.cases import conv_cases, dilated, error, padded
from tests.wrong import assert_refused, wrong_calls

HUNDREDS = settings(max_examples=300)


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


@pytest.mark.parametrize("count", [0, 1, cg.PIECE - 1, cg.PIECE, cg.PIECE + 1, 2 * cg.PIECE + 7])
def test_the_kernel_gradient_misses_no_column_at_the_edge_of_a_piece(count):
    rng = np.random.default_rng(count)
    columns, gradient = rng.standard_normal((3, count)), rng.standard_normal((2, count))
    expected = np.einsum("rk,fk->fr", columns, gradient)
    maps = gradient.reshape(2, 1, 1, count).transpose(3, 0, 1, 2)
    found = cg.kernel_gradient_by_columns(columns, maps)
    assert found.shape == (2, 3)
    assert np.abs(found - expected).max() < 1e-11


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


# The node tests of ONNX for ConvTranspose, which is the input gradient as a layer: `onnx/onnx`,
# commit 04291f4e880c2e1e979f66773cd470ad62ae873c, onnx/backend/test/case/node/convtranspose.py,
# with the outputs that are published there. The upstream gradient has the rows 0 1 2, 3 4 5 and
# 6 7 8; one kernel, two channels of 3 by 3, all of whose entries are 1.
ONNX = {
    "test_convtranspose": (
        {},
        [[0, 1, 3, 3, 2], [3, 8, 15, 12, 7], [9, 21, 36, 27, 15], [9, 20, 33, 24, 13],
         [6, 13, 21, 15, 8]],
    ),
    "test_convtranspose_pad": (  # a last row and column that no window touches
        {"stride": (3, 2)},
        [[0, 0, 1, 1, 3, 2, 2, 0]] * 3
        + [[3, 3, 7, 4, 9, 5, 5, 0]] * 3
        + [[6, 6, 13, 7, 15, 8, 8, 0]] * 3
        + [[0, 0, 0, 0, 0, 0, 0, 0]],
    ),
    "test_convtranspose_pads": (
        {"stride": (3, 2), "padding": (1, 2)},
        [[1, 1, 3]] * 2 + [[7, 4, 9]] * 3 + [[13, 7, 15]] * 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ONNX))
@pytest.mark.parametrize("loops", ["", "_strided_loops"])
def test_input_gradient_equals_what_onnx_publishes(name, loops):
    geometry, expected = ONNX[name]
    upstream = np.arange(9.0).reshape(1, 1, 3, 3)
    function = getattr(cg, "conv2d_input_gradient" + loops)
    found = function(upstream, np.ones((1, 2, 3, 3)), np.shape(expected), **geometry)
    np.testing.assert_array_equal(found, [[expected, expected]])


@pytest.mark.parametrize("loops", ["", "_loops", "_strided_loops"])
def test_mixed_dtypes_lose_nothing(loops):
    for a, b in itertools.product((np.float32, np.float64), repeat=2):
        x, g, k = np.ones((1, 1, 3, 3), a), np.ones((1, 1, 2, 2), b), np.ones((1, 1, 2, 2), a)
        assert getattr(cg, "conv2d_kernel_gradient" + loops)(x, g, 2).dtype == np.result_type(a, b)
        assert getattr(cg, "conv2d_input_gradient" + loops)(g, k, 3).dtype == np.result_type(a, b)


X, K = np.ones((2, 3, 5, 6)), np.ones((4, 3, 2, 3))
G = np.ones((2, 4, 4, 4))
THREE, TWO = np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))

WRONG = [
    (
        lambda: conv2d_kernel_gradient_loops(THREE, TWO, 0),
        ValueError,
        "kernel_size: expected",
    ),
    (lambda: conv2d_kernel_gradient(X[0], G, (2, 3)), ValueError, "x: *N, C, H, W"),
    (lambda: conv2d_kernel_gradient(X, G[0], (2, 3)), ValueError, "grad_output: "),
    (
        lambda: conv2d_kernel_gradient(X, G, (3, 3)),
        ValueError,
        "grad_output: expected shape (2, 4, 3, 4)*got (2, 4, 4, 4)",
    ),
    (lambda: conv2d_kernel_gradient(X, G[:1], (2, 3)), ValueError, "grad_output: "),
    (lambda: conv2d_kernel_gradient(X, G, (2, 3), stride=-2), ValueError, "stride: *; got -2"),
    (lambda: conv2d_kernel_gradient(X, G, 9), ValueError, "kernel_size: *(9, 9)"),
    (lambda: conv2d_kernel_gradient(X, G.astype(int), (2, 3)), TypeError, "grad_output: *int64"),
    (
        lambda: conv2d_kernel_gradient([1], TWO, 2),
        TypeError,
        "x: expected a NumPy array of shape (N, C, H, W); got",
    ),
    (
        lambda: conv2d_kernel_gradient(THREE, [1], 2),
        TypeError,
        "grad_output: expected a NumPy array of shape (N, F, H', W'); got",
    ),
    (
        lambda: conv2d_kernel_gradient(THREE, THREE, 2),
        ValueError,
        (
            "grad_output: expected shape (1, 1, 2, 2), which x of shape (1, 1, 3, 3) gives; "
            "got (1, 1, 3, 3)"
        ),
    ),
    (lambda: conv2d_bias_gradient(G[0]), ValueError, "grad_output: *(4, 4, 4)"),
    (lambda: conv2d_bias_gradient(G.astype(int)), TypeError, "grad_output: *int64"),
    (
        lambda: conv2d_bias_gradient([1]),
        TypeError,
        "grad_output: expected a NumPy array of shape (N, F, H', W'); got",
    ),
    (
        lambda: conv2d_input_gradient_loops(TWO, TWO, 0),
        ValueError,
        "input_size: expected",
    ),
    (lambda: conv2d_input_gradient(G[0], K, (5, 6)), ValueError, "grad_output: "),
    (lambda: conv2d_input_gradient(G, K[0], (5, 6)), ValueError, "kernels: *F, C"),
    (
        lambda: conv2d_input_gradient(G, K, (6, 6)),
        ValueError,
        "grad_output: expected shape (2, 4, 5, 4)*got (2, 4, 4, 4)",
    ),
    (lambda: conv2d_input_gradient(G[:, :3], K, (5, 6)), ValueError, "grad_output: "),
    (lambda: conv2d_input_gradient(G, K, (5.0, 6)), TypeError, "input_size: *5.0"),
    (lambda: conv2d_input_gradient(G.astype(object), K, (5, 6)), TypeError, "grad_output: *object"),
    (
        lambda: conv2d_input_gradient([1], TWO, 3),
        TypeError,
        "grad_output: expected a NumPy array of shape (N, F, H', W'); got",
    ),
    (
        lambda: conv2d_input_gradient(TWO, [1], 3),
        TypeError,
        "kernels: expected a NumPy array of shape (F, C, KH, KW); got",
    ),
    (
        lambda: conv2d_input_gradient(np.ones((1, 1, 1, 2)), TWO, 3),
        ValueError,
        (
            "grad_output: expected shape (1, 1, 2, 2), which kernels of shape (1, 1, 2, 2) and "
            "input_size (3, 3) give; got (1, 1, 1, 2)"
        ),
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
