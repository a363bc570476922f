"""The dense layer against explicit sums and complex steps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import (
    Dense,
    dense,
    dense_bias_gradient,
    dense_input_gradient,
    dense_weight_gradient,
)
from tests.cases import ORDERS, error, forwarded, in_memory_order
from tests.wrong import assert_refused, wrong_calls

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6))


def numbers(sizes, seed, order):
    samples, inputs, outputs = sizes
    rng = np.random.default_rng(seed)
    shapes = (samples, inputs), (inputs, outputs), (outputs,), (samples, outputs)
    return [in_memory_order(rng.standard_normal(shape), order) for shape in shapes]


@given(SIZES, st.integers(0, 999), ORDERS)
def test_forward_and_gradients_equal_the_sums(sizes, seed, order):
    x, weights, bias, upstream = numbers(sizes, seed, order)
    y, grad_weights = np.zeros(upstream.shape), np.zeros(weights.shape)
    grad_bias, grad_x = np.zeros(bias.shape), np.zeros(x.shape)
    for n, o in np.ndindex(y.shape):
        y[n, o] += bias[o]
        grad_bias[o] += upstream[n, o]
        for i in range(x.shape[1]):
            y[n, o] += x[n, i] * weights[i, o]
            grad_weights[i, o] += x[n, i] * upstream[n, o]
            grad_x[n, i] += upstream[n, o] * weights[i, o]
    assert error(dense(x, weights, bias), y) < 1e-14
    assert error(dense_weight_gradient(x, upstream), grad_weights) < 1e-14
    assert error(dense_bias_gradient(upstream), grad_bias) < 1e-14
    assert error(dense_input_gradient(upstream, weights), grad_x) < 1e-14


@given(SIZES, st.integers(0, 999), ORDERS)
def test_gradients_equal_complex_steps(sizes, seed, order):
    x, weights, bias, upstream = numbers(sizes, seed, order)
    expected = complex_step_gradient(lambda x: dense(x, weights, bias), x, upstream)
    assert error(dense_input_gradient(upstream, weights), expected) < 1e-12
    expected = complex_step_gradient(lambda w: dense(x, w, bias), weights, upstream)
    assert error(dense_weight_gradient(x, upstream), expected) < 1e-12
    expected = complex_step_gradient(lambda b: dense(x, weights, b), bias, upstream)
    assert error(dense_bias_gradient(upstream), expected) < 1e-12


def test_the_class_does_what_the_functions_do():
    x, weights, bias, upstream = numbers((3, 4, 5), 0, "C")
    layer = Dense(4, 5, rng=np.random.default_rng(0), dtype=np.float64)
    w, b = layer.parameters()
    w.value[...], b.value[...] = weights, bias
    assert error(layer.forward(x), dense(x, weights, bias)) == 0
    assert error(layer.backward(upstream), dense_input_gradient(upstream, weights)) == 0
    assert error(w.gradient, dense_weight_gradient(x, upstream)) == 0
    assert error(b.gradient, dense_bias_gradient(upstream)) == 0


def test_initial_parameters_are_fan_in_uniform():
    layer = Dense(100, 2000, rng=np.random.default_rng(0), dtype=np.float64)
    for parameter in layer.parameters():
        assert 0.17 < np.abs(parameter.value).max() <= np.sqrt(3 / 100)
        assert abs(parameter.value.std() - 0.1) < 0.005


B, G = np.ones(4), np.ones((2, 4, 4, 4))
IMAGE, INTS = np.ones((5, 6)), np.ones((5, 6), int)
OPTIONS = {"rng": np.random.default_rng(0)}

WRONG = [
    (lambda: dense(np.ones(3), np.ones((3, 2)), np.ones(2)), ValueError, "x: *(3,)"),
    (
        lambda: dense(np.ones((1, 4)), np.ones((3, 2)), np.ones(2)),
        ValueError,
        "x: expected shape (N, 3), to fit weights of shape (3, 2); got (1, 4)",
    ),
    (
        lambda: dense(np.ones((1, 3)), np.ones((3, 2)), np.ones(3)),
        ValueError,
        "bias: expected shape (2,)*got (3,)",
    ),
    (lambda: dense(np.ones((1, 3)), np.ones(3), np.ones(2)), ValueError, "weights: *(3,)"),
    (lambda: dense(INTS, np.ones((6, 2)), np.ones(2)), TypeError, "x: *int64"),
    (lambda: dense(IMAGE[:0], np.ones((6, 2)), np.ones(2)), ValueError, "x: *(0, 6)"),
    (
        lambda: dense([1], np.ones((2, 3)), np.ones(3)),
        TypeError,
        "x: expected a NumPy array of shape (N, in); got",
    ),
    (
        lambda: dense(np.ones((1, 2)), [1], np.ones(3)),
        TypeError,
        "weights: expected a NumPy array of shape (in, out); got",
    ),
    (
        lambda: dense(np.ones((1, 2)), np.ones((2, 3)), np.ones(2)),
        ValueError,
        "bias: expected shape (3,), to fit weights of shape (2, 3); got (2,)",
    ),
    (lambda: dense_weight_gradient(B, G[0, 0]), ValueError, "x: *(4,)"),
    (
        lambda: dense_weight_gradient(np.ones((2, 3)), np.ones((3, 3))),
        ValueError,
        "grad_output: expected shape (2, out), to fit x of shape (2, 3); got (3, 3)",
    ),
    (
        lambda: dense_weight_gradient(np.ones((2, 3)), np.ones((2, 3), int)),
        TypeError,
        "grad_output: *int64",
    ),
    (
        lambda: dense_weight_gradient([1], np.ones((1, 3))),
        TypeError,
        "x: expected a NumPy array of shape (N, in); got",
    ),
    (
        lambda: dense_weight_gradient(np.ones((1, 2)), [1]),
        TypeError,
        "grad_output: expected a NumPy array of shape (N, out); got",
    ),
    (lambda: dense_bias_gradient(np.ones(3)), ValueError, "grad_output: *(3,)"),
    (
        lambda: dense_bias_gradient([1]),
        TypeError,
        "grad_output: expected a NumPy array of shape (N, out); got",
    ),
    (lambda: dense_input_gradient(G[0, 0], B), ValueError, "weights: *(4,)"),
    (
        lambda: dense_input_gradient(np.ones((2, 3)), np.ones((4, 2))),
        ValueError,
        "grad_output: expected shape (N, 2), to fit weights of shape (4, 2); got (2, 3)",
    ),
    (
        lambda: dense_input_gradient([1], np.ones((2, 3))),
        TypeError,
        "grad_output: expected a NumPy array of shape (N, out); got",
    ),
    (
        lambda: dense_input_gradient(np.ones((1, 3)), [1]),
        TypeError,
        "weights: expected a NumPy array of shape (in, out); got",
    ),
    (
        lambda: dense_input_gradient(np.ones((1, 2)), np.ones((2, 3))),
        ValueError,
        "grad_output: expected shape (N, 3), to fit weights of shape (2, 3); got (1, 2)",
    ),
    (lambda: Dense(0, 1, **OPTIONS), ValueError, "in_features: *got 0"),
    (lambda: Dense(1, 2.5, **OPTIONS), TypeError, "out_features: *got 2.5"),
    (lambda: Dense(1, 1, rng=np.random), TypeError, "rng: expected a numpy.random.Generator"),
    (lambda: Dense(1, 1, dtype=None, **OPTIONS), TypeError, "dtype: *got None"),
    (
        lambda: Dense(2, 3, **OPTIONS).accumulate_gradients(np.ones(1)),
        RuntimeError,
        "Dense(2, 3): backward was called",
    ),
    (
        lambda: forwarded(Dense(2, 3, **OPTIONS), np.ones((1, 2))).backward(np.ones((1, 2))),
        ValueError,
        "grad_output: expected shape (1, 3), the shape of forward's output; got (1, 2)",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
