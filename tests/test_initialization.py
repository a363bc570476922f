"""The numbers that a layer begins with."""

import numpy as np
import pytest

from cnnbook.initialization import fan_in_uniform, glorot_uniform, he_normal


@pytest.mark.parametrize("fan_in", [1, 9, 3380])
def test_variance_is_one_over_fan_in(fan_in):
    weights = fan_in_uniform(np.random.default_rng(0), (200, 300), fan_in, np.dtype(np.float64))
    limit = np.sqrt(3 / fan_in)
    assert 0.999 * limit < weights.max() < limit
    assert -limit < weights.min() < -0.999 * limit
    assert abs(weights.mean()) < 0.01 * limit
    assert abs(weights.var() * fan_in - 1) < 0.01


@pytest.mark.parametrize(("fan_in", "fan_out"), [(1, 1), (9, 45), (3380, 100)])
def test_glorots_variance_is_two_over_both_fans(fan_in, fan_out):
    rng = np.random.default_rng(0)
    weights = glorot_uniform(rng, (200, 300), fan_in, fan_out, np.dtype(np.float64))
    limit = np.sqrt(6 / (fan_in + fan_out))
    assert 0.999 * limit < weights.max() < limit
    assert -limit < weights.min() < -0.999 * limit
    assert abs(weights.mean()) < 0.01 * limit
    assert abs(weights.var() * (fan_in + fan_out) / 2 - 1) < 0.01


@pytest.mark.parametrize("fan_in", [1, 9, 3380])
def test_hes_variance_is_two_over_fan_in_and_its_shape_a_bell(fan_in):
    weights = he_normal(np.random.default_rng(0), (200, 300), fan_in, np.dtype(np.float64))
    deviation = np.sqrt(2 / fan_in)
    assert abs(weights.mean()) < 0.01 * deviation
    assert abs(weights.var() / deviation**2 - 1) < 0.02
    for times, share in ((1, 0.6827), (2, 0.9545), (3, 0.9973)):
        assert abs(np.mean(np.abs(weights) < times * deviation) - share) < 0.005


def test_he_keeps_the_size_of_what_rectifiers_pass_on_and_fan_in_halves_it():
    rng = np.random.default_rng(0)
    for draw, factor in ((he_normal, 1.0), (fan_in_uniform, 0.5)):
        x = rng.standard_normal((2000, 300))
        for _ in range(6):
            x = np.maximum(x, 0) @ draw(rng, (300, 300), 300, x.dtype)
        assert np.mean(x**2) == pytest.approx(factor**6, rel=0.3)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, dtype: fan_in_uniform(rng, (4, 5), 7, dtype),
        lambda rng, dtype: glorot_uniform(rng, (4, 5), 7, 3, dtype),
        lambda rng, dtype: he_normal(rng, (4, 5), 7, dtype),
    ],
)
def test_both_dtypes_hold_the_same_draws(draw):
    one, other = (
        draw(np.random.default_rng(3), np.dtype(dtype)) for dtype in (np.float32, np.float64)
    )
    assert one.shape == (4, 5)
    assert (one.dtype, other.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(one, other.astype(np.float32))
