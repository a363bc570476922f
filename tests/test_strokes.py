"""Widths of strokes, measured and mended, against rings whose widths are known.

On a grid a round edge is up to a fifth too long, and its stroke so much too thin.
"""

import numpy as np
import pytest
from PIL import Image

from cnnbook import strokes
from cnnbook.ink import find_ink
from cnnbook.mnist import load_zero_one
from cnnbook.strokes import digit_shape, mend_strokes, resize, stroke_width


def ring(outer, inner, side=121):
    rows, columns = np.indices((side, side)) - side // 2
    radius = np.hypot(rows, columns)
    return (inner < radius) & (radius <= outer)


@pytest.mark.parametrize("width", [2, 6, 15])
def test_the_width_of_rings(width):
    assert stroke_width(ring(58, 58 - width)) == pytest.approx(width, rel=0.2)


def test_the_distance_is_pythagoras():
    mask = np.zeros((9, 13), bool)
    mask[2, 3] = mask[7, 11] = True
    rows, columns = np.indices(mask.shape)
    expected = np.minimum(np.hypot(rows - 2, columns - 3), np.hypot(rows - 7, columns - 11))
    np.testing.assert_allclose(strokes._distance(mask), expected)


@pytest.mark.parametrize(("width", "expected"), [(2, 2.0), (15, 2.1), (34, 3.5)])
def test_strokes_get_the_widths_of_mnist(width, expected):
    mended, before, after = mend_strokes(ring(60, 60 - width))
    assert before == pytest.approx(20 * width / 121, rel=0.2)
    assert after == pytest.approx(expected, rel=0.03)
    shape = mended >= 0.5
    rows = np.flatnonzero(shape.any(axis=1))
    assert 20 * stroke_width(shape) / (np.ptp(rows) + 1) == pytest.approx(expected, rel=0.15)


def test_the_bounds_are_those_of_nine_tenths_of_mnist():
    images, _ = load_zero_one().train
    widths = []
    for image in images[::60, 0]:
        shape = digit_shape(find_ink(image / image.max()))
        widths.append(20 * stroke_width(shape) / max(shape.shape))
    low, high = np.quantile(widths, [0.05, 0.95])
    assert high == pytest.approx(strokes.THICKEST, abs=0.25)
    assert 1 < low < strokes.THINNEST < np.median(widths), "one and a half: thin ones are grey"


def test_no_stroke_is_lost_where_a_digit_shrinks():
    levels = np.zeros((1000, 1000))
    levels[50:950, 500] = 1
    shape = digit_shape(find_ink(levels))
    assert shape.all()
    assert shape.shape == (113, 1)


def test_a_small_digit_is_enlarged():
    levels = np.zeros((28, 28))
    levels[4:24, 12:15] = 1
    shape = digit_shape(find_ink(levels))
    assert abs(shape.shape[0] - 120) <= 2
    assert abs(shape.shape[1] - 18) <= 2
    assert shape[0].any()
    assert shape[:, -1].any()


def test_resizing_keeps_at_least_a_pixel():
    array = np.arange(40.0).reshape(20, 2)
    assert resize(array, 0.1, Image.Resampling.BOX).shape == (2, 1)
    assert resize(array, 0.1, Image.Resampling.BOX).dtype == np.float64
    np.testing.assert_array_equal(resize(array, 1, Image.Resampling.BOX), array)
