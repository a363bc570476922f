"""The sigmoid and the softplus: values, precision, and the ends of the number line."""

import tracemalloc

import numpy as np
import pytest
import scipy.special

from cnnbook.functions import log_softmax, sigmoid, softmax, softplus
from cnnbook.gradient_check import complex_step_gradient
from tests.wrong import assert_refused, wrong_calls

Z = np.concatenate([np.linspace(-40, 40, 401), [-700, -100, 700, 1e-300]]).reshape(-1, 5)


def test_sigmoid_equals_scipy_to_the_last_digits():
    # Entry by entry: far on the left the values are tiny and must be right all the same.
    np.testing.assert_allclose(sigmoid(Z), scipy.special.expit(Z), rtol=1e-15 * 4)


def test_sigmoid_in_float32_is_right_entry_by_entry():
    z = np.linspace(-80, 80, 1001, dtype=np.float32)
    np.testing.assert_allclose(sigmoid(z), scipy.special.expit(z.astype(float)), rtol=1e-6)


@pytest.mark.parametrize(("dtype", "least"), [(np.float32, -87), (np.float64, -708)])
def test_the_sigmoid_is_right_entry_by_entry_as_far_as_the_exponential_reaches(dtype, least):
    z = np.linspace(least, -least, 4001).astype(dtype)
    y, limits = sigmoid(z), np.finfo(dtype)
    assert y.dtype == dtype
    expected = scipy.special.expit(z.astype(float))
    # Below `tiny` a number has fewer digits, and is right up to half of the smallest one.
    np.testing.assert_allclose(y, expected, rtol=4 * limits.eps, atol=limits.smallest_subnormal)


@pytest.mark.parametrize(("dtype", "least"), [(np.float32, -87), (np.float64, -708)])
def test_beyond_that_the_sigmoid_stays_what_it_is_and_warns_of_nothing(dtype, least):
    z = np.array([-np.inf, -1e30, 2 * least, least - 1, least], dtype)
    with np.errstate(all="raise", under="ignore"):
        y = sigmoid(z)
        np.testing.assert_array_equal(sigmoid(-z), 1)
    assert y[0] > 0
    np.testing.assert_array_equal(y, y[-1])
    assert np.isnan(sigmoid(np.array([np.nan], dtype))).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_sigmoid_never_falls(dtype):
    z = np.sort(np.concatenate([np.linspace(-120, 120, 100_001), np.linspace(15, 18, 10_001)]))
    assert (np.diff(sigmoid(z.astype(dtype))) >= 0).all()


def test_the_sigmoid_needs_two_arrays_of_room():
    z = np.random.default_rng(0).standard_normal((64, 3380)).astype(np.float32)
    tracemalloc.start()
    try:
        sigmoid(z)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.1 * z.nbytes


def test_where_the_sigmoid_becomes_exactly_one():
    assert sigmoid(np.array(37.0)) == 1
    assert sigmoid(np.array(36.0)) < 1
    assert sigmoid(np.array(17.4, np.float32)) == 1
    assert sigmoid(np.array(16.0, np.float32)) < 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_equals_numpy_and_overflows_nowhere(dtype):
    z = np.concatenate([Z.ravel(), [-1e4, 1e4, -np.inf, np.inf]]).astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = softplus(z)
    assert found.dtype == dtype
    expected = np.logaddexp(0, z.astype(float))
    limits = np.finfo(dtype)
    np.testing.assert_allclose(found, expected, rtol=4 * limits.eps, atol=limits.tiny)


def test_the_derivative_of_the_softplus_is_the_sigmoid():
    z = np.linspace(-30, 30, 61)
    found = complex_step_gradient(softplus, z, np.ones_like(z))
    np.testing.assert_allclose(found, sigmoid(z), rtol=1e-13)


INTS = np.ones((5, 6), int)

LOGITS = np.random.default_rng(1).standard_normal((4, 3, 7)) * 5


def test_softmax_equals_scipy_entry_by_entry():
    expected = scipy.special.softmax(LOGITS, axis=-1)
    np.testing.assert_allclose(softmax(LOGITS), expected, rtol=1e-14)
    expected = scipy.special.log_softmax(LOGITS, axis=-1)
    np.testing.assert_allclose(log_softmax(LOGITS), expected, rtol=1e-13)


# The node tests of ONNX, a format for exchanging networks: `onnx/onnx`, softmax.py and
# logsoftmax.py of onnx/backend/test/case/node, with the outputs that are published there.
ONNX = {
    "test_softmax_example": (softmax, [[-1, 0, 1]], [[0.09003058, 0.24472848, 0.66524094]]),
    "test_softmax_large_number": (
        softmax,
        [[0, 1, 2, 3], [10000, 10001, 10002, 10003]],
        [[0.032058604, 0.08714432, 0.23688284, 0.6439143]] * 2,
    ),
    "test_logsoftmax_example_1": (log_softmax, [[-1, 0, 1]], [[-2.4076061, -1.407606, -0.407606]]),
    "test_logsoftmax_large_number": (
        log_softmax,
        [[0, 1, 2, 3], [10000, 10001, 10002, 10003]],
        [[-3.4401896, -2.4401896, -1.4401896, -0.44018966]] * 2,
    ),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(ONNX))
def test_softmax_equals_what_onnx_publishes(name, dtype):
    function, z, expected = ONNX[name]
    np.testing.assert_allclose(function(np.array(z, dtype)), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_ten_thousand_are_finite_and_right(dtype):
    z = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4], [-1e4, 1e4, 1e4 - 1]], dtype)
    odds = 1 / (1 + np.exp(-1))
    with np.errstate(all="raise", under="ignore"):
        p, logarithms = softmax(z), log_softmax(z)
    assert p.dtype == logarithms.dtype == dtype
    eps = np.finfo(dtype).eps
    right = [[1, 0, 0], [1 / 3] * 3, [0, odds, 1 - odds]]
    np.testing.assert_allclose(p, right, rtol=4 * eps, atol=np.finfo(dtype).tiny)
    right = [
        [0, -2e4, -1e4],
        [-np.log(3)] * 3,
        [-2e4 + np.log(odds), np.log(odds), np.log(odds) - 1],
    ]
    np.testing.assert_allclose(logarithms, right, rtol=4 * eps)


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_a_constant_added_to_a_row_changes_nothing_and_rows_are_apart(function):
    shift = np.array([-3.0, 0.0, 1000.0])[:, np.newaxis]
    np.testing.assert_allclose(function(LOGITS + shift), function(LOGITS), rtol=1e-9)
    for n, i in np.ndindex(4, 3):
        np.testing.assert_array_equal(function(LOGITS)[n, i], function(LOGITS[n, i]))


def test_two_classes_are_the_sigmoid_of_the_difference():
    z = LOGITS[..., :2]
    np.testing.assert_allclose(softmax(z)[..., 0], sigmoid(z[..., 0] - z[..., 1]), rtol=1e-14)


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_softmax_takes_complex_steps_also_of_the_largest_logit(function):
    upstream = np.random.default_rng(2).standard_normal(LOGITS.shape)
    found = complex_step_gradient(function, LOGITS, upstream)
    h = 1e-6
    for k in range(3):
        step = np.zeros_like(LOGITS)
        step[..., k] = h
        rises = (function(LOGITS + step) - function(LOGITS - step)) / (2 * h)
        np.testing.assert_allclose((rises * upstream).sum(-1), found[..., k], rtol=1e-6, atol=1e-9)


def test_what_is_not_a_number_spoils_its_row_alone():
    z = LOGITS[0].copy()
    z[1, 2] = np.nan
    for function in (softmax, log_softmax):
        assert np.isnan(function(z)).all(axis=-1).tolist() == [False, True, False]


WRONG = [
    (lambda: softmax(np.ones(3, int)), TypeError, "z: *int64"),
    (lambda: softmax(np.array(1.0)), ValueError, "z: expected 1 or more axes"),
    (lambda: softmax(np.ones((2, 0))), ValueError, "z: expected no empty axis in (..., K)"),
    (lambda: log_softmax(np.ones((2, 0))), ValueError, "z: expected no empty axis in (..., K)"),
    (lambda: log_softmax([1.0]), TypeError, "z: expected a NumPy array*got list"),
    (lambda: sigmoid(INTS), TypeError, "z: *int64"),
    (lambda: sigmoid([1.0]), TypeError, "z: expected a NumPy array; got list"),
    (lambda: softplus(INTS), TypeError, "z: *int64"),
    (lambda: softplus(1.0), TypeError, "z: expected a NumPy array; got float"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
