"""Binary cross-entropy: values, gradients, and the ends where formulas break."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from cnnbook.gradient_check import check_loss, complex_step_gradient
from cnnbook.layers import sigmoid, sigmoid_gradient
from cnnbook.losses import (
    BinaryCrossEntropy,
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
    binary_cross_entropy_gradient,
)
from tests.cases import error
from tests.wrong import assert_refused, wrong_calls

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
DTYPES = [np.float32, np.float64]


def numbers(shape, seed):
    rng = np.random.default_rng(seed)
    z = 3 * rng.standard_normal(shape)
    return z, scipy.special.expit(z), rng.uniform(0, 1, shape)


@given(SHAPES, st.integers(0, 999))
def test_values_equal_scipy(shape, seed):
    z, p, t = numbers(shape, seed)
    expected = -scipy.special.xlogy(t, p) - scipy.special.xlog1py(1 - t, -p)
    assert error(binary_cross_entropy(p, t), expected) < 1e-14
    expected = t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)
    assert error(binary_cross_entropy_from_logits(z, t), expected) < 1e-14
    loss = BinaryCrossEntropy()
    assert loss.forward(p, t) == pytest.approx(binary_cross_entropy(p, t).mean(), rel=1e-14)
    loss = BinaryCrossEntropy(from_logits=True)
    assert loss.forward(z, t) == pytest.approx(expected.mean(), rel=1e-14)


@given(SHAPES, st.integers(0, 999))
def test_gradients_equal_complex_steps_and_central_differences(shape, seed):
    z, p, t = numbers(shape, seed)
    ones = np.full(shape, 1 / z.size)
    loss = BinaryCrossEntropy()
    loss.forward(p, t)
    expected = complex_step_gradient(lambda p: binary_cross_entropy(p, t), p, ones)
    np.testing.assert_allclose(loss.backward(), expected, rtol=1e-12, atol=1e-12)
    assert check_loss(loss, p, t) < 1e-7
    loss = BinaryCrossEntropy(from_logits=True)
    loss.forward(z, t)
    expected = complex_step_gradient(lambda z: binary_cross_entropy_from_logits(z, t), z, ones)
    np.testing.assert_allclose(loss.backward(), expected, rtol=1e-12, atol=1e-15)
    assert check_loss(loss, z, t) < 1e-7


@given(SHAPES, st.integers(0, 999))
def test_the_sigmoid_and_the_probability_form_collapse_to_p_minus_t(shape, seed):
    z, p, t = numbers(shape, seed)
    through = sigmoid_gradient(sigmoid(z), binary_cross_entropy_gradient(p, t))
    np.testing.assert_allclose(through, p - t, rtol=1e-9, atol=1e-12)
    collapsed = binary_cross_entropy_from_logits_gradient(z, t)
    np.testing.assert_allclose(collapsed, p - t, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_finite_at_probabilities_of_exactly_zero_and_one(dtype):
    p, t = np.array([[0, 0, 1, 1]], dtype), np.array([[0, 1, 0, 1]])
    loss = BinaryCrossEntropy()
    with np.errstate(all="raise", under="ignore"):
        value, gradient = loss.forward(p, t), loss.backward()
    worst = -np.log(np.finfo(dtype).tiny)
    assert value == pytest.approx(2 * worst / 4, rel=1e-6)
    assert gradient.dtype == dtype
    assert np.isfinite(gradient).all()
    assert (np.sign(gradient) == [[1, -1, 1, -1]]).all(), "downhill is towards the target"
    np.testing.assert_array_equal(gradient[0, [0, 3]], [0.25, -0.25])
    assert np.abs(gradient[0, [1, 2]]).min() > 1e37


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_floor_of_the_gradient_is_below_every_probability_with_all_its_digits(dtype):
    gap, tiny = np.finfo(dtype).eps / 2, np.finfo(dtype).tiny
    p, t = np.array([1 - gap, 1.5 * tiny], dtype), np.array([0, 1], dtype)
    gradient = binary_cross_entropy_gradient(p, t)
    np.testing.assert_allclose(gradient, [1 / gap, -1 / (1.5 * tiny)], rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_right_answer_with_certainty_costs_nothing(dtype):
    p = np.array([0, 1], dtype)
    assert BinaryCrossEntropy().forward(p, p) == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_finite_at_huge_logits(dtype):
    z = np.array([[-1e4, -1e4, 1e4, 1e4]], dtype)
    t = np.array([[0, 1, 0, 1]])
    loss = BinaryCrossEntropy(from_logits=True)
    with np.errstate(all="raise", under="ignore"):
        assert loss.forward(z, t) == 5000
        found = loss.backward()
    np.testing.assert_allclose(found, [[0, -0.25, 0.25, 0]], atol=np.finfo(dtype).tiny)
    assert loss.backward().dtype == dtype


def test_small_probabilities_keep_their_logarithm():
    p = np.array([1e-30], np.float32)
    assert BinaryCrossEntropy().forward(p, np.ones(1)) == pytest.approx(30 * np.log(10), rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("target_dtype", [np.int64, np.uint8, np.bool_, np.float64, np.float32])
def test_dtype_is_that_of_the_predictions(dtype, from_logits, target_dtype):
    loss = BinaryCrossEntropy(from_logits=from_logits)
    value = loss.forward(np.full((2, 2), 0.25, dtype), np.eye(2).astype(target_dtype))
    assert type(value) is float
    assert loss.backward().dtype == dtype


@pytest.mark.parametrize("from_logits", [False, True])
def test_arguments_are_left_alone_and_backward_may_be_repeated(from_logits):
    p, t = np.array([[0.2, 0.7]]), np.array([[0.0, 1.0]])
    before = p.copy(), t.copy()
    loss = BinaryCrossEntropy(from_logits=from_logits)
    loss.forward(p, t)
    np.testing.assert_array_equal(loss.backward(), loss.backward())
    np.testing.assert_array_equal(p, before[0])
    np.testing.assert_array_equal(t, before[1])


def test_an_ignorant_network_loses_ln_2():
    half = np.full((3, 2), 0.5)
    assert BinaryCrossEntropy().forward(half, np.eye(2)[[0, 1, 0]]) == pytest.approx(np.log(2))
    assert BinaryCrossEntropy(from_logits=True).forward(half - 0.5, np.eye(2)[[0, 1, 0]]) == (
        pytest.approx(np.log(2))
    )


def test_two_losses_do_not_mix_up_their_batches():
    one, other = BinaryCrossEntropy(), BinaryCrossEntropy()
    one.forward(np.array([0.25]), np.ones(1))
    other.forward(np.array([0.5, 0.5]), np.zeros(2))
    np.testing.assert_array_equal(one.backward(), [-4])


def test_small_numbers_keep_their_digits():
    p = np.array([1e-40])
    np.testing.assert_allclose(binary_cross_entropy_gradient(p, np.ones(1)), [-1e40])
    found = binary_cross_entropy_from_logits(np.array([40.0]), np.ones(1))
    np.testing.assert_allclose(found, [np.exp(-40)], rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_function_keeps_the_dtype(dtype):
    p, t = np.full(2, 0.25, dtype), np.array([0, 1], dtype)
    for function in (
        binary_cross_entropy,
        binary_cross_entropy_gradient,
        binary_cross_entropy_from_logits,
        binary_cross_entropy_from_logits_gradient,
    ):
        assert function(p, t).dtype == dtype


def test_backward_needs_forward():
    said = r"^BinaryCrossEntropy\(from_logits=False\): backward was called before forward$"
    with pytest.raises(RuntimeError, match=said):
        BinaryCrossEntropy().backward()


def test_it_says_what_it_is():
    assert repr(BinaryCrossEntropy(from_logits=True)) == "BinaryCrossEntropy(from_logits=True)"


IMAGE, KERNEL, INTS = np.ones((5, 6)), np.ones((2, 3)), np.ones((5, 6), int)
NAN = np.array([[0.5, np.nan]])


def a_loss(predictions, targets, **options):
    return BinaryCrossEntropy(**options).forward(predictions, targets)


WRONG = [
    (lambda: binary_cross_entropy(INTS, IMAGE), TypeError, "p: *int64"),
    (lambda: binary_cross_entropy(IMAGE, KERNEL), ValueError, "t: *(5, 6)*(2, 3)"),
    (
        lambda: binary_cross_entropy(np.ones(2), np.ones(3)),
        ValueError,
        "t: expected shape (2,), to fit p of shape (2,); got (3,)",
    ),
    (lambda: binary_cross_entropy(1, np.ones(3)), TypeError, "p: expected a NumPy array; got int"),
    (lambda: binary_cross_entropy_gradient(IMAGE, KERNEL), ValueError, "t: *(5, 6)"),
    (lambda: binary_cross_entropy_gradient([0.5], IMAGE), TypeError, "p: *list"),
    (
        lambda: binary_cross_entropy_gradient(np.ones(2), np.ones(3)),
        ValueError,
        "t: expected shape (2,), to fit p of shape (2,); got (3,)",
    ),
    (
        lambda: binary_cross_entropy_gradient(1, np.ones(3)),
        TypeError,
        "p: expected a NumPy array; got int",
    ),
    (lambda: binary_cross_entropy_from_logits(IMAGE, KERNEL), ValueError, "t: *(2, 3)"),
    (lambda: binary_cross_entropy_from_logits(INTS, INTS), TypeError, "z: *int64"),
    (
        lambda: binary_cross_entropy_from_logits(np.ones(2), np.ones(3)),
        ValueError,
        "t: expected shape (2,), to fit z of shape (2,); got (3,)",
    ),
    (
        lambda: binary_cross_entropy_from_logits(1, np.ones(3)),
        TypeError,
        "z: expected a NumPy array; got int",
    ),
    (lambda: binary_cross_entropy_from_logits_gradient(IMAGE, INTS), TypeError, "t: *int64"),
    (
        lambda: binary_cross_entropy_from_logits_gradient(np.ones(2), np.ones(3)),
        ValueError,
        "t: expected shape (2,), to fit z of shape (2,); got (3,)",
    ),
    (
        lambda: binary_cross_entropy_from_logits_gradient(1, np.ones(3)),
        TypeError,
        "z: expected a NumPy array; got int",
    ),
    (lambda: a_loss(np.ones((2, 2)), np.ones(2)), ValueError, "targets: *(2, 2)*(2,)"),
    (lambda: a_loss(np.ones(2), [1, 0]), TypeError, "targets: *got list"),
    (lambda: a_loss(np.ones(2, int), np.ones(2)), TypeError, "predictions: *int64"),
    (lambda: a_loss(np.ones(2), np.array(["a", "b"])), TypeError, "targets: *<U1"),
    (lambda: a_loss(np.ones(2), np.ones(2, object)), TypeError, "targets: *object"),
    (lambda: a_loss(np.ones(0), np.ones(0)), ValueError, "predictions: *(0,)"),
    (lambda: a_loss(np.ones(1) * 1j, np.ones(1)), TypeError, "predictions: *complex128"),
    (lambda: a_loss(np.array([1.5]), np.ones(1)), ValueError, "predictions: *1.5 at index (0"),
    (lambda: a_loss(np.array([-1e-9]), np.ones(1)), ValueError, "predictions: *-1e-09"),
    (lambda: a_loss(NAN, np.ones((1, 2))), ValueError, "predictions: *nan at index (0, 1)"),
    (lambda: a_loss(NAN, NAN, from_logits=True), ValueError, "predictions: *nan at index"),
    (
        lambda: a_loss(np.array([np.inf, 1.0]), np.ones(2), from_logits=True),
        ValueError,
        "predictions: *inf at index (0,)",
    ),
    (lambda: a_loss(np.ones(2) / 2, np.array([0, 2])), ValueError, "targets: *2 at index (1,)"),
    (lambda: a_loss(np.ones((1, 2)) / 2, NAN), ValueError, "targets: *nan"),
    (lambda: a_loss(np.ones(1) / 2, np.array([-1])), ValueError, "targets: *-1"),
    (lambda: BinaryCrossEntropy(from_logits="yes"), TypeError, "from_logits: *'yes'"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
