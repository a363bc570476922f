"""The sigmoid and the softplus: values, precision, and the ends of the number line."""

import tracemalloc

import numpy as np
import pytest
import scipy.special

from cnnbook.functions import sigmoid, softplus
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

WRONG = [
    (lambda: sigmoid(INTS), TypeError, "z: *int64"),
    (lambda: sigmoid([1.0]), TypeError, "z: expected a NumPy array; got list"),
    (lambda: softplus(INTS), TypeError, "z: *int64"),
    (lambda: softplus(1.0), TypeError, "z: expected a NumPy array; got float"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
