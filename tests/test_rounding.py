"""Few digits: rounding by bits and by exact fractions, lost steps, and three ways to add up."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD
from cnnbook.rounding import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    Format,
    Rounded,
    bfloat16_nearest,
    bfloat16_stochastic,
    round_stochastically,
    round_to_nearest,
    spacing,
    sum_compensated,
    sum_in_order,
    sum_in_pairs,
)
from tests.wrong import assert_refused, wrong_calls

SMALL = Format(digits=3, lowest=-2, highest=2)  # 1/16, 2/16, 3/16; then 4 to 7 times a power of 2
ALL_SMALL = [k / 16 for k in range(8)] + [k * 2.0**e for e in range(-3, 1) for k in range(4, 8)]
finite32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def fraction_nearest(x, form):
    """Round by exact fractions, with the candidates written out."""
    exact, size = Fraction(float(x)), abs(Fraction(float(x)))
    e = form.lowest
    while Fraction(2) ** (e + 1) <= size:
        e += 1
    step = Fraction(2) ** (e - form.digits + 1)
    below = exact // step
    rest = exact / step - below
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below % 2 == 1)
    rounded = (below + up) * step
    if abs(rounded) >= Fraction(2) ** (form.highest + 1):
        return math.copysign(math.inf, x)
    return float(rounded)


def row(*numbers, dtype=np.float64):
    return np.array(numbers, dtype)


# --- formats and spacing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "dtype"), [(FLOAT16, np.float16), (FLOAT32, np.float32), (FLOAT64, np.float64)]
)
def test_the_formats_are_numpys(form, dtype):
    info = np.finfo(dtype)
    assert form.largest == float(info.max)
    assert form.unit == float(info.eps) / 2
    assert 2.0**form.lowest == float(info.smallest_normal)


def test_bfloat16_has_the_exponents_of_float32_and_eight_digits():
    assert BFLOAT16 == (8, -126, 127)
    assert BFLOAT16.unit == 1 / 256
    assert BFLOAT16.largest == float.fromhex("0x1.fep127")


def test_the_spacing_of_a_small_format_by_hand():
    x = row(0, 0.01, 0.25, -0.3, 0.5, 0.99, -1, 1.99, 2, 4, 7)
    wanted = [1 / 16] * 4 + [1 / 8] * 2 + [1 / 4] * 2 + [1 / 2, 1, 1]
    np.testing.assert_array_equal(spacing(x, SMALL), wanted)


@pytest.mark.parametrize(("form", "dtype"), [(FLOAT32, np.float32), (FLOAT64, np.float64)])
def test_the_spacing_is_numpys_in_formats_that_numpy_has(form, dtype):
    x = np.abs(np.random.default_rng(0).standard_normal(50)).astype(dtype)
    x = np.concatenate([x, x * dtype(np.finfo(dtype).smallest_normal), [dtype(0), dtype(1)]])
    found = spacing(x, form)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.spacing(x))


# --- to nearest ---------------------------------------------------------------------------------


def test_numbers_of_the_small_format_stay_and_those_between_go_to_the_nearest():
    members = row(*ALL_SMALL)
    np.testing.assert_array_equal(round_to_nearest(members, SMALL), members)
    np.testing.assert_array_equal(round_to_nearest(-members, SMALL), -members)
    x = row(0.26, 1.1, 1.125, 1.375, 5.5, 6.5, -6.5, 7.4, 7.5, -9, 0.03, 0.03125, 0.09375)
    wanted = [0.25, 1, 1, 1.5, 6, 6, -6, 7, np.inf, -np.inf, 0, 0, 0.125]
    np.testing.assert_array_equal(round_to_nearest(x, SMALL), wanted)


@given(st.lists(finite32, min_size=1, max_size=20), st.sampled_from([BFLOAT16, FLOAT16, FLOAT32]))
def test_rounding_is_that_of_exact_fractions(numbers, form):
    x = np.array(numbers, np.float32)
    found = round_to_nearest(x, form)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [fraction_nearest(each, form) for each in x])
    if form is BFLOAT16:
        np.testing.assert_array_equal(bfloat16_nearest(x).view("u4"), found.view("u4"))


@given(st.lists(st.floats(-7e4, 7e4), min_size=1, max_size=20))
def test_rounding_to_float16_is_numpys(numbers):
    x = np.array(numbers)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(round_to_nearest(x, FLOAT16), x.astype(np.float16))


@pytest.mark.parametrize("lower", [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
@pytest.mark.parametrize("upper", [0x0000, 0x3F80, 0x3F81, 0xBF81, 0x7F7E, 0x7F7F, 0xFF7F])
def test_the_carry_of_bfloat16_bit_by_bit(upper, lower):
    x = np.array([upper << 16 | lower], np.uint32).view(np.float32)
    up = lower > 0x8000 or (lower == 0x8000 and upper % 2 == 1)
    assert bfloat16_nearest(x).view(np.uint32)[0] == (upper + up) << 16


ROUNDINGS = {
    "bits": bfloat16_nearest,
    "bits at random": lambda x: bfloat16_stochastic(x, np.random.default_rng(0)),
    "nearest": lambda x: round_to_nearest(x, BFLOAT16),
    "at random": lambda x: round_stochastically(x, BFLOAT16, np.random.default_rng(0)),
}


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_what_is_no_finite_number_stays_what_it_is(rounding):
    x = row(np.inf, -np.inf, np.nan, dtype=np.float32)
    x = np.concatenate([x, np.array([0x7FFFFFFF, 0xFFFFFFFF], np.uint32).view(np.float32)])
    np.testing.assert_array_equal(ROUNDINGS[rounding](x), x)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_argument_stays_and_so_do_shape_and_format(rounding):
    x = np.full((2, 3), 1.001, np.float32)
    found = ROUNDINGS[rounding](x)
    assert found.shape == (2, 3)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(x, np.float32(1.001))
    assert set(np.unique(found)) <= {1.0, 1.0078125}


# --- at random ----------------------------------------------------------------------------------


class Given:
    """A generator whose numbers are known."""

    def __new__(cls, numbers):
        """Make a generator that is one for `isinstance` and gives these numbers."""

        class Known(np.random.Generator):
            def random(self, size):
                return np.array(numbers).reshape(size)

            def integers(self, low, high, size, dtype):
                assert (low, high, dtype) == (0, 1 << 16, np.uint32)
                return np.array(numbers, dtype).reshape(size)

        return Known(np.random.PCG64(0))


def test_up_by_the_share_of_the_way_and_never_else():
    x = row(1.0625, 1.0625, -1.0625, -1.0625, 1.25, 6.5, 7.5, 7.5, -7.5)
    rng = Given([0.24, 0.25, 0.74, 0.75, 0.0, 0.49, 0.49, 0.5, 0.0])
    found = round_stochastically(x, SMALL, rng)
    np.testing.assert_array_equal(found, [1.25, 1.0, -1.0, -1.25, 1.25, 7.0, np.inf, 7.0, -7.0])


def test_bfloat16_carries_if_what_is_drawn_fills_the_lower_half():
    x = np.array([0x3F800001, 0x3F800001, 0x3F80FFFF, 0x3F80FFFF, 0x3F800000], np.uint32)
    rng = Given([0xFFFE, 0xFFFF, 0, 1, 0xFFFF])
    found = bfloat16_stochastic(x.view(np.float32), rng).view(np.uint32)
    assert (found >> 16).tolist() == [0x3F80, 0x3F81, 0x3F80, 0x3F81, 0x3F80]
    assert not (found & 0xFFFF).any()


@pytest.mark.parametrize(
    "rounding",
    [
        bfloat16_stochastic,
        lambda x, rng: round_stochastically(x, BFLOAT16, rng),
    ],
)
def test_the_mean_of_many_roundings_is_the_number(rounding):
    x = np.full(40_000, 1 + 0.3 / 128, np.float32)
    found = rounding(x, np.random.default_rng(0))
    assert set(np.unique(found)) == {1.0, 1.0078125}
    # The share has a standard deviation of sqrt(0.21 / 40000), about 0.0023.
    assert abs(np.mean(found == 1.0078125) - 0.3) < 0.01


# --- the optimiser ------------------------------------------------------------------------------


def test_parameters_are_rounded_at_the_start_and_after_each_step():
    w = Parameter("weights", row(256.9, 1.0, dtype=np.float32))
    sgd = SGD([w], learning_rate=1.0)
    optimizer = Rounded(sgd, bfloat16_nearest)
    assert w.value.tolist() == [256.0, 1.0]
    w.gradient[:] = -0.75, 0.001
    for _ in range(3):
        optimizer.step()
    assert w.value.tolist() == [256.0, 1.0], "every step is lost"
    assert w.gradient.tolist() == row(-0.75, 0.001, dtype=np.float32).tolist()
    optimizer.learning_rate = 2.0
    optimizer.step()
    assert w.value.tolist() == [258.0, 0.99609375]
    assert sgd.learning_rate == 2.0
    optimizer.zero_gradients()
    assert not w.gradient.any()


def test_the_rounded_optimiser_takes_the_parameters_and_the_rate_of_its_own():
    w = Parameter("weights", row(1.0))
    sgd = SGD([w], learning_rate=0.25)
    optimizer = Rounded(sgd, np.rint)
    assert optimizer.parameters == [w]
    assert optimizer.learning_rate == 0.25
    assert optimizer.optimizer is sgd
    assert optimizer.rounding is np.rint


# --- sums ---------------------------------------------------------------------------------------

SUMS = [sum_in_order, sum_in_pairs, sum_compensated]


@pytest.mark.parametrize("way", SUMS)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=40))
def test_sums_of_small_integers_are_exact(way, numbers):
    found = way(np.array(numbers, np.float32))
    assert found == sum(numbers)
    assert found.dtype == np.float32


# 2048 + 1 is 2048 in float16: the spacing there is 2, and a half goes to the even one.
@pytest.mark.parametrize(
    ("way", "found"), [(sum_in_order, 2048), (sum_in_pairs, 2052), (sum_compensated, 2052)]
)
def test_what_becomes_of_ones_beside_a_large_number(way, found):
    x = row(2048, 1, 1, 1, 1, dtype=np.float16)
    # In pairs: 2048 + 1 = 2048, and 1 + 1 = 2, and 1 waits: 2050, then 2051 to 2052.
    assert float(way(x)) == found


def test_neighbours_are_paired_and_the_odd_one_waits():
    x = row(1, 2, 4, 8, 16, 32, 64)
    assert sum_in_pairs(x) == 127
    # ((1 + 2^-53) + ...) by pairs: the small ones find each other first.
    u = 2.0**-53
    assert sum_in_pairs(row(u, u, 1.0, 0.0)) == 1 + 2 * u
    assert sum_in_pairs(row(1.0, u, u, 0.0)) == 1
    assert sum_in_order(row(1.0, u, u)) == 1
    assert sum_in_order(row(u, u, 1.0)) == 1 + 2 * u
    assert sum_compensated(row(1.0, u, u)) == 1 + 2 * u


@given(st.lists(st.floats(0, 1, width=16), min_size=2, max_size=200))
def test_every_way_keeps_its_bound(numbers):
    x, u = np.array(numbers, np.float16), FLOAT16.unit
    exact, size = math.fsum(x.tolist()), math.fsum(abs(x).tolist())
    levels = math.ceil(math.log2(len(x)))
    # With (1 + u)^k - 1 in the place of k u, the bounds hold without a rest.
    for way, count in ((sum_in_order, len(x) - 1), (sum_in_pairs, levels)):
        assert abs(float(way(x)) - exact) <= ((1 + u) ** count - 1) * size
    assert abs(float(sum_compensated(x)) - exact) <= (2 * u + 8 * len(x) * u**2) * size


X = np.ones((2, 3), np.float32)
RNG = np.random.default_rng(0)
INTEGERS = "x: expected floating numbers; got int*"
AXES = "x: expected one axis, not empty; got shape {}"
WRONG = [
    (lambda: spacing([1.0], BFLOAT16), TypeError, "x: expected a NumPy array*list"),
    (lambda: spacing(np.arange(3), BFLOAT16), TypeError, "x: expected float32 or float64*int"),
    (lambda: spacing(X[:0], BFLOAT16), ValueError, "x: expected no empty axis*(0, 3)"),
    (
        lambda: spacing(X, FLOAT64),
        ValueError,
        "form: expected at most 24 digits, as float32 has; got 53",
    ),
    (lambda: round_to_nearest(X[:0], FLOAT16), ValueError, "x: expected no empty axis*(0, 3)"),
    (lambda: round_stochastically(X, FLOAT16, 7), TypeError, "rng: expected*got 7"),
    (lambda: bfloat16_stochastic(X, 7), TypeError, "rng: expected*got 7"),
    (
        lambda: bfloat16_nearest(X.astype(float)),
        TypeError,
        "x: expected a NumPy array of float32; got float64",
    ),
    (
        lambda: bfloat16_stochastic([1.0], RNG),
        TypeError,
        "x: expected a NumPy array of float32; got list",
    ),
    (lambda: Rounded("sgd", np.rint), TypeError, "optimizer: expected an Optimizer; got 'sgd'"),
    (lambda: round_to_nearest([1.0], FLOAT16), TypeError, "x: expected a NumPy array*list"),
    (
        lambda: round_stochastically(X, FLOAT64, RNG),
        ValueError,
        "form: expected at most 24 digits, as float32 has; got 53",
    ),
    (lambda: sum_in_order([1.0]), TypeError, "x: expected a NumPy array; got list"),
    (lambda: sum_in_order(np.arange(3)), TypeError, INTEGERS),
    (lambda: sum_in_order(X), ValueError, AXES.format("(2, 3)")),
    (lambda: sum_in_order(X[0, :0]), ValueError, AXES.format("(0,)")),
    (lambda: sum_in_pairs([1.0]), TypeError, "x: expected a NumPy array; got list"),
    (lambda: sum_in_pairs(np.arange(3)), TypeError, INTEGERS),
    (lambda: sum_in_pairs(X), ValueError, AXES.format("(2, 3)")),
    (lambda: sum_in_pairs(X[0, :0]), ValueError, AXES.format("(0,)")),
    (lambda: sum_compensated([1.0]), TypeError, "x: expected a NumPy array; got list"),
    (lambda: sum_compensated(np.arange(3)), TypeError, INTEGERS),
    (lambda: sum_compensated(X), ValueError, AXES.format("(2, 3)")),
    (lambda: sum_compensated(X[0, :0]), ValueError, AXES.format("(0,)")),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)


def test_what_leaves_the_dtype_itself_becomes_infinite_without_a_warning():
    most = np.full(1000, np.finfo(np.float32).max)
    assert np.isposinf(round_to_nearest(most, BFLOAT16)).all()
    assert np.isneginf(round_to_nearest(-most, BFLOAT16)).all()
    found = round_stochastically(most, BFLOAT16, np.random.default_rng(0))
    below = BFLOAT16.largest
    assert set(found.tolist()) == {np.inf, below} or set(found.tolist()) == {np.inf}
