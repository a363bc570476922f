"""What a count of errors says."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbook.counting import wilson_interval
from tests.wrong import assert_refused, wrong_calls


def test_by_hand():
    """One of four, z = 2: (1/4 + 1/2 -+ sqrt(3/16 + 1/4)) / 2."""
    low, high = wilson_interval(1, 4, z=2)
    assert low == pytest.approx((0.75 - sqrt(7 / 16)) / 2, abs=1e-15)
    assert high == pytest.approx((0.75 + sqrt(7 / 16)) / 2, abs=1e-15)


def test_by_default_nineteen_of_twenty():
    low, high = wilson_interval(60, 10_000)
    assert (round(10_000 * low, 2), round(10_000 * high, 2)) == (46.65, 77.15)


@given(st.integers(1, 500), st.data(), st.floats(0.1, 5))
def test_the_ends_are_z_standard_errors_away(images, data, z):
    errors = data.draw(st.integers(0, images))
    low, high = wilson_interval(errors, images, z)
    assert -1e-15 < low <= errors / images + 1e-15
    assert errors / images - 1e-15 <= high < 1 + 1e-15
    for end in (low, high):
        if 0 < end < 1:
            away = (errors / images - end) ** 2
            assert away == pytest.approx(z**2 * end * (1 - end) / images, rel=1e-6, abs=1e-12)
    other = wilson_interval(images - errors, images, z)
    np.testing.assert_allclose(other, (1 - high, 1 - low), rtol=1e-9, atol=1e-12)


def test_the_ends_stay_within_the_possible():
    assert wilson_interval(0, 7)[0] == 0
    assert wilson_interval(7, 7)[1] == pytest.approx(1, abs=1e-15)


def test_it_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    for errors, images in ((0, 9), (3, 10), (45, 10_000), (9, 9)):
        found = stats.binomtest(errors, images).proportion_ci(0.95, method="wilson")
        z = stats.norm.ppf(0.975)
        np.testing.assert_allclose(wilson_interval(errors, images, z), found, atol=1e-12)


WRONG = [
    (lambda: wilson_interval(-1, 5), ValueError, "errors: expected *at least 0; got -1"),
    (lambda: wilson_interval(6, 5), ValueError, "errors: expected at most images, 5; got 6"),
    (lambda: wilson_interval(0, 0), ValueError, "images: expected *at least 1; got 0"),
    (lambda: wilson_interval(0.5, 5), TypeError, "errors: expected an integer; got 0.5"),
    (lambda: wilson_interval(1, 5.0), TypeError, "images: expected an integer; got 5.0"),
    (lambda: wilson_interval(1, 5, 0), ValueError, "z: expected *above 0; got 0"),
]


@wrong_calls(WRONG)
def test_wrong_calls(call, error, sentence):
    assert_refused(call, error, sentence)
