"""The sigmoid and its siblings: values, derivatives, and the ends of the number line."""

import numpy as np
import pytest

from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import (
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
    relu,
    relu_gradient,
    sigmoid,
    sigmoid_gradient,
    softmax,
    softmax_gradient,
    tanh_gradient,
)
from tests.cases import error
from tests.wrong import assert_refused, wrong_calls

Z = np.concatenate([np.linspace(-40, 40, 401), [-700, -100, 700, 1e-300]]).reshape(-1, 5)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows(dtype):
    z = np.array([-np.inf, -1e4, -1000, 0, 1000, 1e4, np.inf], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = sigmoid(z)
        np.testing.assert_allclose(y, [0, 0, 0, 0.5, 1, 1, 1], atol=3 * np.finfo(dtype).tiny)
        assert (y > 0).all(), "a loss takes the logarithm"
        assert y.dtype == dtype
        for layer in (Sigmoid(), Tanh(), ReLU()):
            out = layer.forward(z[1:-1])
            assert np.isfinite(out).all()
            assert np.isfinite(layer.backward(np.ones_like(out))).all()


def test_sigmoid_symmetry_and_derivative_at_zero():
    np.testing.assert_allclose(sigmoid(-Z) + sigmoid(Z), np.ones_like(Z), rtol=1e-15)
    assert sigmoid_gradient(sigmoid(np.zeros(1)), np.ones(1)) == 0.25


@pytest.mark.parametrize(
    ("function", "gradient_at"),
    [
        (sigmoid, lambda z, g: sigmoid_gradient(sigmoid(z), g)),
        (np.tanh, lambda z, g: tanh_gradient(np.tanh(z), g)),
        (relu, relu_gradient),
        (softmax, lambda z, g: softmax_gradient(softmax(z), g)),
    ],
    ids=["sigmoid", "tanh", "relu", "softmax"],
)
def test_derivatives_equal_complex_steps(function, gradient_at):
    z = RNG.standard_normal((40, 5)) * 3
    upstream = RNG.standard_normal(z.shape)
    expected = complex_step_gradient(function, z, upstream)
    found = gradient_at(z, upstream)
    # 1 - y and 1 - y^2 are exact to the rounding of y, no further.
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_relu_gate_is_on_the_input_and_shut_at_zero():
    z = np.array([[-1.0, -0.0, 0.0, 1e-300, 2.0]])
    layer = ReLU()
    np.testing.assert_array_equal(layer.forward(z), [[0, 0, 0, 1e-300, 2]])
    np.testing.assert_array_equal(layer.backward(np.full((1, 5), 3.0)), [[0, 0, 0, 3, 3]])


def test_relu_gradient_does_not_hide_infinity():
    with np.errstate(invalid="ignore"):
        found = relu_gradient(np.array([-1.0, 0.0, 1.0]), np.array([np.inf, -np.inf, np.inf]))
    np.testing.assert_array_equal(found, [np.nan, np.nan, np.inf])


@pytest.mark.parametrize("layer", [Sigmoid(), Tanh()], ids=repr)
def test_layers_do_what_the_functions_do(layer):
    z, upstream = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((2, 3, 4))
    y = layer.forward(z)
    function = {"Sigmoid()": sigmoid, "Tanh()": np.tanh}[repr(layer)]
    gradient = {"Sigmoid()": sigmoid_gradient, "Tanh()": tanh_gradient}[repr(layer)]
    assert error(y, function(z)) == 0
    assert error(layer.backward(upstream), gradient(y, upstream)) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_has_all_the_digits_of_its_dtype(dtype):
    y = np.array([1e-30, 0.25, 0.5, 1 - np.finfo(dtype).eps], dtype)
    upstream = np.array([3.0, -2.0, 1.5, 4.0], dtype)
    exact = upstream.astype(np.longdouble) * y * (1 - y.astype(np.longdouble))
    found = sigmoid_gradient(y, upstream)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, exact.astype(dtype), rtol=4 * np.finfo(dtype).eps)


def test_what_is_not_a_number_stays_none():
    nan = np.array([np.nan])
    assert np.isnan(sigmoid(nan)).all()
    assert np.isnan(sigmoid_gradient(np.array([0.5]), nan)).all()
    assert np.isnan(tanh_gradient(np.array([0.5]), nan)).all()
    assert np.isnan(relu_gradient(np.array([0.5]), nan)).all()


def test_results_are_new_arrays_even_where_nothing_changes():
    z, upstream = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert not np.shares_memory(relu(z), z)
    assert not np.shares_memory(relu_gradient(z, upstream), upstream)


def test_the_gate_opens_at_the_smallest_number_and_nothing_is_made_of_nothing():
    smallest = np.array([np.finfo(np.float64).smallest_subnormal])
    assert relu_gradient(smallest, np.ones(1)) == 1
    assert relu_gradient(-smallest, np.ones(1)) == 0
    assert sigmoid(np.empty((0, 3))).shape == (0, 3)


def test_the_softmax_jacobian_is_diag_p_minus_p_p_and_its_null_vector_is_constant():
    p = softmax(RNG.standard_normal(5) * 2)
    rows = [softmax_gradient(p, one) for one in np.eye(5)]
    np.testing.assert_allclose(rows, np.diag(p) - np.outer(p, p), rtol=1e-14)
    np.testing.assert_allclose(softmax_gradient(p, np.ones(5)), 0, atol=1e-16)


def test_the_softmax_layer_does_what_its_functions_do():
    z, upstream = RNG.standard_normal((2, 3, 4, 5))
    layer = Softmax()
    p = layer.forward(z)
    np.testing.assert_array_equal(p, softmax(z))
    np.testing.assert_array_equal(layer.backward(upstream), softmax_gradient(p, upstream))


IMAGE, KERNEL, INTS = np.ones((5, 6)), np.ones((2, 3)), np.ones((5, 6), int)

WRONG = [
    (lambda: sigmoid_gradient(IMAGE, KERNEL), ValueError, "grad_output: *(5, 6)*(2, 3"),
    (lambda: sigmoid_gradient(INTS, IMAGE), TypeError, "y: *int64"),
    (
        lambda: sigmoid_gradient(np.ones(2), np.ones(3)),
        ValueError,
        "grad_output: expected shape (2,), to fit y of shape (2,); got (3,)",
    ),
    (lambda: tanh_gradient(IMAGE, KERNEL), ValueError, "grad_output: *(5, 6)*(2, 3)"),
    (lambda: tanh_gradient(INTS, IMAGE), TypeError, "y: *int64"),
    (
        lambda: tanh_gradient(np.ones(2), np.ones(3)),
        ValueError,
        "grad_output: expected shape (2,), to fit y of shape (2,); got (3,)",
    ),
    (lambda: relu(INTS), TypeError, "z: *int64"),
    (lambda: relu_gradient(IMAGE, KERNEL), ValueError, "grad_output: *(5, 6)*(2, 3)"),
    (lambda: relu_gradient(INTS, IMAGE), TypeError, "z: *int64"),
    (
        lambda: relu_gradient(np.ones(2), np.ones(3)),
        ValueError,
        "grad_output: expected shape (2,), to fit z of shape (2,); got (3,)",
    ),
    (lambda: softmax_gradient(IMAGE, KERNEL), ValueError, "grad_output: *(5, 6)*(2, 3)"),
    (lambda: softmax_gradient(INTS, IMAGE), TypeError, "p: *int64"),
    (
        lambda: softmax_gradient(np.ones((2, 0)), IMAGE),
        ValueError,
        "p: expected no empty axis in (..., K)",
    ),
    (lambda: softmax_gradient(np.array(1.0), IMAGE), ValueError, "p: expected 1 or more axes"),
    (lambda: Softmax().backward(np.ones(1)), RuntimeError, "Softmax(): backward was called"),
    (lambda: Sigmoid().backward(np.ones(1)), RuntimeError, "Sigmoid(): backward was called"),
    (lambda: Tanh().backward(np.ones(1)), RuntimeError, "Tanh(): backward was called"),
    (lambda: ReLU().backward(np.ones(1)), RuntimeError, "ReLU(): backward was called"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
