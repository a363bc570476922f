"""The numbers that a layer begins with."""

import numpy as np
import pytest

from cnnbook.initialization import fan_in_uniform


@pytest.mark.parametrize("fan_in", [1, 9, 3380])
def test_variance_is_one_over_fan_in(fan_in):
    weights = fan_in_uniform(np.random.default_rng(0), (200, 300), fan_in, np.dtype(np.float64))
    limit = np.sqrt(3 / fan_in)
    assert 0.999 * limit < weights.max() < limit
    assert -limit < weights.min() < -0.999 * limit
    assert abs(weights.mean()) < 0.01 * limit
    assert abs(weights.var() * fan_in - 1) < 0.01


def test_both_dtypes_hold_the_same_draws():
    one, other = (
        fan_in_uniform(np.random.default_rng(3), (4, 5), 7, np.dtype(dtype))
        for dtype in (np.float32, np.float64)
    )
    assert (one.dtype, other.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(one, other.astype(np.float32))
