"""Categorical cross-entropy: values, gradients, and the ends where formulas break."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from cnnbook.gradient_check import check_loss, complex_step_gradient
from cnnbook.layers import sigmoid, softmax, softmax_gradient
from cnnbook.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
    categorical_cross_entropy_from_logits_gradient,
    categorical_cross_entropy_gradient,
)
from cnnbook.losses.categorical_cross_entropy import check_distributions
from tests.cases import error
from tests.wrong import assert_refused, wrong_calls

SHAPES = st.tuples(st.integers(1, 5), st.integers(2, 6))
DTYPES = [np.float32, np.float64]


def numbers(shape, seed):
    """Make logits, their probabilities, and targets that add up to 1."""
    rng = np.random.default_rng(seed)
    z, t = 3 * rng.standard_normal(shape), rng.dirichlet(np.ones(shape[1]), shape[0])
    return z, scipy.special.softmax(z, axis=1), t


@given(SHAPES, st.integers(0, 999))
def test_values_equal_scipy(shape, seed):
    z, p, t = numbers(shape, seed)
    expected = -scipy.special.xlogy(t, p).sum(axis=1)
    assert error(categorical_cross_entropy(p, t), expected) < 1e-13
    assert error(categorical_cross_entropy_from_logits(z, t), expected) < 1e-13
    for options, predictions in (({}, p), ({"from_logits": True}, z)):
        loss = CategoricalCrossEntropy(**options)
        assert loss.forward(predictions, t) == pytest.approx(expected.mean(), rel=1e-12, abs=1e-15)


@given(SHAPES, st.integers(0, 999))
def test_gradients_equal_complex_steps_and_central_differences(shape, seed):
    z, p, t = numbers(shape, seed)
    each = np.full(shape[0], 1 / shape[0])
    loss = CategoricalCrossEntropy()
    loss.forward(p, t)
    expected = complex_step_gradient(lambda p: categorical_cross_entropy(p, t), p, each)
    np.testing.assert_allclose(loss.backward(), expected, rtol=1e-12, atol=1e-12)
    assert check_loss(loss, p, t) < 1e-7
    loss = CategoricalCrossEntropy(from_logits=True)
    loss.forward(z, t)
    expected = complex_step_gradient(lambda z: categorical_cross_entropy_from_logits(z, t), z, each)
    np.testing.assert_allclose(loss.backward(), expected, rtol=1e-10, atol=1e-15)
    assert check_loss(loss, z, t) < 1e-7


@given(SHAPES, st.integers(0, 999))
def test_softmax_and_the_probability_form_collapse_to_p_minus_t(shape, seed):
    z, p, t = numbers(shape, seed)
    through = softmax_gradient(softmax(z), categorical_cross_entropy_gradient(p, t))
    np.testing.assert_allclose(through, p - t, rtol=1e-9, atol=1e-12)
    collapsed = categorical_cross_entropy_from_logits_gradient(z, t)
    np.testing.assert_allclose(collapsed, p - t, rtol=1e-12, atol=1e-15)


def test_the_case_sce_mean_of_the_onnx_standard():
    # `onnx/onnx`, softmaxcrossentropy.py of onnx/backend/test/case/node: these numbers, drawn so.
    random = np.random.RandomState(0)
    z = random.rand(3, 5).astype(np.float32)
    labels = random.randint(0, high=5, size=(3,))
    loss = CategoricalCrossEntropy(from_logits=True)
    expected = np.mean(scipy.special.logsumexp(z, axis=1) - z[np.arange(3), labels])
    assert loss.forward(z, np.eye(5)[labels]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_finite_at_probabilities_of_exactly_zero_and_one(dtype):
    p, t = np.array([[0, 1], [0, 1], [1, 0]], dtype), np.array([[0, 1], [1, 0], [1, 0]])
    loss = CategoricalCrossEntropy()
    with np.errstate(all="raise", under="ignore"):
        value, gradient = loss.forward(p, t), loss.backward()
    worst = -np.log(np.finfo(dtype).tiny)
    assert value == pytest.approx(worst / 3, rel=1e-6)
    assert gradient.dtype == dtype
    assert np.isfinite(gradient).all()
    assert gradient[1, 0] < -1e37
    np.testing.assert_allclose(gradient[[0, 2]], [[0, -1 / 3], [-1 / 3, 0]], rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_logits_of_ten_thousand_are_finite_and_right(dtype):
    z = np.array([[1e4, -1e4, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype)
    t = np.array([[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]])
    loss = CategoricalCrossEntropy(from_logits=True)
    with np.errstate(all="raise", under="ignore"):
        value, gradient = loss.forward(z, t), loss.backward()
    assert value == pytest.approx((0 + 2e4 + np.log(3)) / 3, rel=1e-6)
    assert gradient.dtype == dtype
    right = np.array([[0, 0, 0], [1, -1, 0], [1 / 3, 1 / 3 - 0.5, 1 / 3 - 0.5]]) / 3
    np.testing.assert_allclose(gradient, right, rtol=1e-6, atol=np.finfo(dtype).tiny)


def test_small_losses_and_gradients_keep_their_digits():
    z, t = np.array([[0.0, -40.0]]), np.array([[1.0, 0.0]])
    gradient = categorical_cross_entropy_from_logits_gradient(z, t)
    np.testing.assert_allclose(gradient[0, 1], np.exp(-40), rtol=1e-12)
    np.testing.assert_allclose(
        categorical_cross_entropy_gradient(np.array([1e-40, 0.5]), np.array([1.0, 0.0])),
        [-1e40, 0],
    )


def test_two_classes_lose_what_one_sigmoid_loses():
    z, _, t = numbers((6, 2), 3)
    one = BinaryCrossEntropy(from_logits=True)
    both = CategoricalCrossEntropy(from_logits=True)
    difference = z[:, :1] - z[:, 1:]
    assert both.forward(z, t) == pytest.approx(one.forward(difference, t[:, :1]), rel=1e-12)
    expected = (sigmoid(difference) - t[:, :1]) / 6
    np.testing.assert_allclose(both.backward(), np.hstack([expected, -expected]), atol=1e-15)


def test_an_ignorant_network_loses_ln_10():
    t = np.eye(10)[[3, 1, 4]]
    assert CategoricalCrossEntropy(from_logits=True).forward(np.zeros((3, 10)), t) == (
        pytest.approx(np.log(10))
    )
    assert CategoricalCrossEntropy().forward(np.full((3, 10), 0.1), t) == pytest.approx(np.log(10))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("target_dtype", [np.int64, np.uint8, np.bool_, np.float64, np.float32])
def test_dtype_is_that_of_the_predictions(dtype, from_logits, target_dtype):
    loss = CategoricalCrossEntropy(from_logits=from_logits)
    value = loss.forward(np.full((2, 2), 0.25, dtype), np.eye(2).astype(target_dtype))
    assert type(value) is float
    assert loss.backward().dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_function_keeps_the_dtype(dtype):
    p, t = np.full((1, 2), 0.25, dtype), np.array([[0, 1]], dtype)
    for function in (
        categorical_cross_entropy,
        categorical_cross_entropy_gradient,
        categorical_cross_entropy_from_logits,
        categorical_cross_entropy_from_logits_gradient,
    ):
        assert function(p, t).dtype == dtype


@pytest.mark.parametrize("from_logits", [False, True])
def test_arguments_are_left_alone_and_backward_may_be_repeated(from_logits):
    p, t = np.array([[0.2, 0.8]]), np.array([[0.0, 1.0]])
    before = p.copy(), t.copy()
    loss = CategoricalCrossEntropy(from_logits=from_logits)
    loss.forward(p, t)
    np.testing.assert_array_equal(loss.backward(), loss.backward())
    np.testing.assert_array_equal(p, before[0])
    np.testing.assert_array_equal(t, before[1])


def test_targets_in_float32_add_up_closely_enough():
    rows = np.random.default_rng(0).dirichlet(np.ones(10), 1000).astype(np.float32)
    check_distributions(rows)
    check_distributions(np.eye(3, dtype=bool))
    # In float32 each of these additions to 1 would be rounded up to the next number.
    row = np.zeros((1, 128), np.float32)
    row[0, 0], row[0, 8:121:8] = 1, 6.1e-8
    assert row.sum(axis=1, dtype=np.float32)[0] - 1 > 1e-6
    check_distributions(row)
    z = np.zeros((1000, 10))
    assert CategoricalCrossEntropy(from_logits=True).forward(z, rows) == pytest.approx(np.log(10))


@pytest.mark.parametrize("shape", [(6,), (2, 3, 4)])
def test_classes_lie_along_the_last_axis_of_any_number_of_axes(shape):
    rng = np.random.default_rng(5)
    z, t = rng.standard_normal(shape), rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    for function, array in (
        (categorical_cross_entropy, softmax(z)),
        (categorical_cross_entropy_from_logits, z),
    ):
        found = function(array, t)
        assert found.shape == shape[:-1]
        for at in np.ndindex(shape[:-1]):
            np.testing.assert_allclose(found[at], function(array[at], t[at]), rtol=1e-14)


def test_backward_needs_forward():
    said = r"^CategoricalCrossEntropy\(from_logits=False\): backward was called before forward$"
    with pytest.raises(RuntimeError, match=said):
        CategoricalCrossEntropy().backward()


def test_it_says_what_it_is():
    expected = "CategoricalCrossEntropy(from_logits=True)"
    assert repr(CategoricalCrossEntropy(from_logits=True)) == expected


ROWS, WIDE, INTS = np.ones((5, 6)), np.ones((2, 3)), np.ones((5, 6), int)
NAN = np.array([[0.5, np.nan]])


def a_loss(predictions, targets, **options):
    return CategoricalCrossEntropy(**options).forward(predictions, targets)


EMPTY = np.ones((2, 0))

WRONG = [
    (
        lambda: categorical_cross_entropy(EMPTY, EMPTY),
        ValueError,
        "p: expected no empty axis in (..., K)",
    ),
    (
        lambda: categorical_cross_entropy_gradient(EMPTY, EMPTY),
        ValueError,
        "p: expected no empty axis in (..., K)",
    ),
    (
        lambda: categorical_cross_entropy_from_logits(EMPTY, EMPTY),
        ValueError,
        "z: expected no empty axis in (..., K)",
    ),
    (
        lambda: categorical_cross_entropy_from_logits_gradient(EMPTY, EMPTY),
        ValueError,
        "z: expected no empty axis in (..., K)",
    ),
    (lambda: categorical_cross_entropy(INTS, ROWS), TypeError, "p: *int64"),
    (lambda: categorical_cross_entropy(ROWS, WIDE), ValueError, "t: *(5, 6)*(2, 3)"),
    (lambda: categorical_cross_entropy(np.array(1.0), ROWS), ValueError, "p: expected 1 or more"),
    (lambda: categorical_cross_entropy_gradient(ROWS, WIDE), ValueError, "t: *(5, 6)"),
    (lambda: categorical_cross_entropy_gradient([0.5], ROWS), TypeError, "p: *list"),
    (lambda: categorical_cross_entropy_from_logits(ROWS, WIDE), ValueError, "t: *(2, 3)"),
    (lambda: categorical_cross_entropy_from_logits(INTS, INTS), TypeError, "z: *int64"),
    (lambda: categorical_cross_entropy_from_logits_gradient(ROWS, INTS), TypeError, "t: *int64"),
    (
        lambda: categorical_cross_entropy_from_logits_gradient(ROWS, WIDE),
        ValueError,
        "t: expected shape (5, 6), to fit z of shape (5, 6); got (2, 3)",
    ),
    (
        lambda: a_loss(np.eye(2), np.ones(2)),
        ValueError,
        "targets: expected shape (2, 2), the shape of predictions; got (2,)",
    ),
    (lambda: a_loss(np.ones(2), np.ones(2)), ValueError, "predictions: expected 2 axes (N, K)"),
    (lambda: a_loss(np.eye(2), [1, 0]), TypeError, "targets: *got list"),
    (lambda: a_loss(np.eye(2, dtype=int), np.eye(2)), TypeError, "predictions: *int64"),
    (lambda: a_loss(np.eye(2), np.full((2, 2), "a")), TypeError, "targets: *<U1"),
    (lambda: a_loss(np.ones((0, 2)), np.ones((0, 2))), ValueError, "predictions: *(0, 2)"),
    (lambda: a_loss(np.array([[1.5]]), np.ones((1, 1))), ValueError, "predictions: *1.5 at"),
    (lambda: a_loss(NAN, np.eye(2)[:1]), ValueError, "predictions: *nan at index (0, 1)"),
    (lambda: a_loss(NAN, NAN, from_logits=True), ValueError, "predictions: *nan at index"),
    (
        lambda: a_loss(np.array([[np.inf, 1.0]]), np.eye(2)[:1], from_logits=True),
        ValueError,
        "predictions: *inf at index (0, 0)",
    ),
    (lambda: a_loss(np.eye(2), np.array([[0, 2], [0, 1]])), ValueError, "targets: *2 at index"),
    (lambda: a_loss(np.eye(2), np.array([[1, 0], [1, -1]])), ValueError, "targets: *-1 at index"),
    (
        lambda: a_loss(np.eye(3)[:2], np.array([[0, 1, 0], [0.5, 0.25, 0.125]])),
        ValueError,
        "targets: expected rows that add up to 1; got 0.875 in row 1",
    ),
    (lambda: a_loss(np.eye(2), np.ones((2, 2))), ValueError, "targets: *got 2.0 in row 0"),
    (
        lambda: check_distributions(np.array([[1.0], [1 + 2e-6]])),
        ValueError,
        "targets: expected rows that add up to 1; got 1.000002 in row 1",
    ),
    (lambda: CategoricalCrossEntropy(from_logits="yes"), TypeError, "from_logits: *'yes'"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
