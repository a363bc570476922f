"""A digit's ink: the ground that it is compared with, noise, dust, and the sheet that it is on."""

import numpy as np
import pytest

from cnnbook import ink
from cnnbook.ink import block_for, box_of, find_ink, in_blocks, size, stretch
from tests.drawn import draw


def test_the_ground_is_the_middle_of_an_even_border():
    levels = np.full((30, 40), 0.8)
    levels[0, 0] = 0
    low, high, even = ink._ground(levels)
    assert even
    np.testing.assert_array_equal(low, levels[1:2, 1:2].repeat(30, 0).repeat(40, 1))
    np.testing.assert_array_equal(low, high)


def test_a_gradient_is_its_own_ground_and_ink_on_it_is_not():
    slope = np.linspace(0.2, 1, 96) * np.ones((96, 1))
    low, high, even = ink._ground(slope)
    assert not even
    assert np.abs(low - slope).max() < 0.03
    assert np.abs(high - slope).max() < 0.03
    written = stretch(slope * (1 - 0.7 * draw("zero", 96, 4, height=0.5)))
    found = find_ink(written)
    drawn = draw("zero", 96, 4, height=0.5) > 0.5
    assert (found.mask != drawn).mean() < 0.02
    assert found.steps[0].startswith("levelled the light: the border is uneven")


def test_both_sides_of_a_shadow_are_ground():
    levels = np.where(np.arange(96) < 40, 0.4, 1) * np.ones((96, 1))
    low, high, _ = ink._ground(levels)
    assert (levels >= low - 1e-6).all()
    assert (levels <= high + 1e-6).all()


def test_noise_is_smoothed_until_it_is_low():
    noise = 0.1 * np.random.default_rng(0).standard_normal((80, 80))
    noise[40, 20:60] = 1
    quiet, rounds = ink._smooth_noise(noise)
    assert rounds == 1
    assert quiet.max() == 1
    assert ink._noise(quiet) < ink.NOISE
    assert ink._smooth_noise(quiet)[1] == 0


def test_noise_that_does_not_end_is_smoothed_four_times():
    assert ink._smooth_noise(np.pad(np.ones((20, 20)), 10, constant_values=0.3))[1] == 4


def test_light_without_a_digit_is_refused():
    with pytest.raises(ValueError, match="^picture: expected a digit; nothing in it stands out"):
        find_ink(np.linspace(0, 1, 40) * np.ones((40, 1)))


def test_the_level_is_half_of_the_ink_whatever_else_there_is():
    amount = np.zeros((60, 60))
    amount[10:50, 28:32] = 1
    assert ink._half_way_up(amount) == pytest.approx(0.5)
    amount[::6] = np.maximum(amount[::6], 0.25)
    assert 0.3 < ink._half_way_up(amount) < 0.5, "pale lines"
    amount = np.zeros((60, 60))
    amount[10:50, 28:32] = 0.4
    amount[5, 5] = 1
    assert ink._half_way_up(amount) < 0.4, "a dark speck beside pale ink"


def test_parts_are_numbered():
    mask = np.array([[1, 0, 0, 1, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [1, 1, 0, 1, 0]], bool)
    expected = [[0, -1, -1, 1, 1], [-1, 0, -1, -1, -1], [-1, -1, -1, -1, 2], [3, 3, -1, 2, -1]]
    assert ink._label(mask).tolist() == expected


def test_a_spiral_is_one_part():
    mask = np.zeros((41, 41), bool)
    for turn in range(0, 20, 2):
        mask[turn, turn : -turn or None] = mask[turn : -turn or None, -turn - 1] = True
        mask[-turn - 1, turn : -turn or None] = mask[turn + 2 : -turn or None, turn] = True
        mask[turn + 2, turn : turn + 2] = True
    assert ink._label(mask).max() == 0


def test_dust_and_what_touches_the_border_is_left_out():
    mask = np.zeros((100, 100), bool)
    mask[20:80, 50] = True
    digit = mask.copy()
    mask[10:12, 10] = True  # dust
    mask[:, 99] = True  # the edge of the sheet
    chosen, left_out = ink._choose_marks(mask)
    np.testing.assert_array_equal(chosen, digit)
    assert left_out == 2
    mask[19:81, 50] = False
    assert ink._choose_marks(mask)[0][:, 99].all(), "there is nothing else"


def test_a_gap_that_cannot_be_seen_is_none():
    mask = np.zeros((1000, 1000), bool)
    mask[200:800, 500] = True
    mask[300:304, 500] = False
    assert ink._choose_marks(mask)[1] == 0


def test_a_sheet_is_told_from_a_digit():
    sheet = np.zeros((100, 100), bool)
    sheet[10:90, 15:85] = True
    assert ink._paper(sheet) == (slice(12, 88), slice(17, 83))
    rows, columns = np.indices((100, 100)) - 50
    turned = (abs(0.9 * rows + 0.4 * columns) < 30) & (abs(0.9 * columns - 0.4 * rows) < 30)
    assert ink._paper(turned) is not None
    assert ink._paper(rows**2 + 2 * columns**2 < 2000) is None, "an ellipse"
    assert ink._paper(abs(columns) < 10) is None, "a thick one"


def test_a_block_with_nothing_on_it_is_the_digit():
    levels = np.zeros((30, 30))
    levels[2:-2, 2:-2] = 1
    found = find_ink(levels)
    np.testing.assert_array_equal(found.mask, levels > 0)
    levels = np.zeros((3, 3))
    levels[:, 0] = levels[:2, 1] = 1
    assert find_ink(levels).mask.any()


def test_a_frame_is_looked_into_and_that_is_said():
    levels = 1 - draw("zero", 100, 4, height=0.6)
    levels[:8] = levels[-8:] = levels[:, :8] = levels[:, -8:] = 0
    found = find_ink(levels)
    assert found.steps[0].startswith("looked only at the paper")
    assert found.steps[0].endswith(f"a sheet of {size(found.mask)} pixels")
    assert found.steps[1].startswith("inverted")
    assert 58 <= np.ptp(np.flatnonzero(found.mask.any(axis=1))) <= 66


def test_blocks_are_filled_up_at_the_end():
    array = np.arange(15.0).reshape(3, 5)
    np.testing.assert_array_equal(in_blocks(array, 2, np.max), [[6, 8, 9], [11, 13, 14]])
    np.testing.assert_array_equal(in_blocks(array, 1, np.mean), array)
    assert [block_for((7, side), 10) for side in (1, 10, 11, 20, 21)] == [1, 1, 2, 2, 3]


def test_boxes():
    mask = np.zeros((5, 7), bool)
    mask[1, 5] = mask[3, 2] = True
    assert box_of(mask) == (slice(1, 4), slice(2, 6))
