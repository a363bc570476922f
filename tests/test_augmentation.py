"""Training images that are moved whenever they are seen."""

import numpy as np
import pytest
from scipy import ndimage

from cnnbook.augmentation import (
    MovedImages,
    between_pixels,
    check_turn,
    epoch_moves,
    epoch_turns,
    move_images,
    turn_images,
    turned_places,
)
from tests.wrong import assert_refused, wrong_calls


def moved_index_for_index(images, moves):
    result = np.zeros_like(images)
    height, width = images.shape[2:]
    for n, c, p, q in np.ndindex(images.shape):
        down, right = moves[n]
        if 0 <= p - down < height and 0 <= q - right < width:
            result[n, c, p, q] = images[n, c, p - down, q - right]
    return result


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_every_image_moves_by_its_own(dtype, shift):
    rng = np.random.default_rng(0)
    images = rng.standard_normal((7, 2, 5, 6)).astype(dtype)
    before, moves = images.copy(), rng.integers(-shift, shift + 1, (7, 2))
    moved = move_images(images, moves)
    np.testing.assert_array_equal(moved, moved_index_for_index(images, moves))
    assert moved.dtype == dtype
    assert not np.shares_memory(moved, images)
    np.testing.assert_array_equal(images, before)


def test_of_no_images_none_is_moved():
    assert move_images(np.zeros((0, 2, 5, 6)), np.zeros((0, 2), int)).shape == (0, 2, 5, 6)


def test_down_and_to_the_right_are_positive():
    image = np.zeros((1, 1, 3, 4))
    image[0, 0, 1, 1] = 1
    assert np.argwhere(move_images(image, np.array([[1, 2]]))[0, 0]).tolist() == [[2, 3]]
    assert np.argwhere(move_images(image, np.array([[-1, 0]]))[0, 0]).tolist() == [[0, 1]]


def test_a_batch_is_moved_when_it_is_taken():
    rng = np.random.default_rng(1)
    images, moves = rng.standard_normal((9, 1, 4, 5)), rng.integers(-2, 3, (9, 2))
    moved = MovedImages(images, moves)
    assert len(moved) == 9
    batch = np.array([7, 0, 3])
    np.testing.assert_array_equal(moved[batch], moved_index_for_index(images, moves)[batch])


def test_moves_are_drawn_epoch_by_epoch_and_reach_both_ends():
    rng, same = np.random.default_rng(2), np.random.default_rng(2)
    drawn = epoch_moves(rng, 500, 2, 2)
    for _ in range(2):
        moves = next(drawn)
        np.testing.assert_array_equal(moves, same.integers(-2, 3, (500, 2)))
        assert moves.shape == (500, 2)
        for way in moves.T:
            assert sorted(set(way.tolist())) == [-2, -1, 0, 1, 2]
    assert next(drawn, "no more") == "no more"


def test_nothing_is_drawn_where_nothing_moves():
    rng = np.random.default_rng(3)
    before = rng.bit_generator.state
    assert list(epoch_moves(rng, 500, 3, 0)) == [None] * 3
    assert rng.bit_generator.state == before


def between_index_for_index(images, rows, columns):
    result = np.zeros((*images.shape[:2], *rows.shape[1:]))
    height, width = images.shape[2:]
    for n, c, i, j in np.ndindex(result.shape):
        row, column = rows[n, i, j], columns[n, i, j]
        for p, q in np.ndindex(height, width):
            weight = max(0, 1 - abs(row - p)) * max(0, 1 - abs(column - q))
            result[n, c, i, j] += weight * images[n, c, p, q]
    return result


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_between_pixels_is_the_sum_over_all_pixels(dtype):
    """Places in the image, on its edge, up to a pixel outside, and far away."""
    rng = np.random.default_rng(4)
    images = rng.standard_normal((3, 2, 4, 5)).astype(dtype)
    rows, columns = rng.uniform(-3, 8, (2, 3, 6, 7))
    rows[0, 0], columns[0, 1] = [-1, 0, 3, 4, 2, -50, 50], [0, 4, 5, -1, 2, 1e9, -1e9]
    found = between_pixels(images, rows, columns)
    tolerance = 1e-6 if dtype is np.float32 else 1e-12
    expected = between_index_for_index(images, rows, columns)
    np.testing.assert_allclose(found, expected, atol=tolerance)
    assert (found.dtype, found.shape) == (dtype, (3, 2, 6, 7))


@pytest.mark.parametrize("size", [(6, 7), (7, 5), (1, 4)])
def test_rotations_are_scipys(size):
    rng = np.random.default_rng(5)
    images, degrees = rng.standard_normal((6, 2, *size)), rng.uniform(-180, 180, 6)
    found = turn_images(images, degrees, np.zeros((6, 2), int))
    for image, angle, y in zip(images, degrees, found, strict=True):
        how = {"axes": (1, 2), "reshape": False, "order": 1, "mode": "grid-constant"}
        np.testing.assert_allclose(y, ndimage.rotate(image, angle, **how), atol=1e-12)


def test_what_is_rotated_is_then_moved_and_read_once():
    """On a canvas so wide that nothing is lost, the order of the two can be seen."""
    rng = np.random.default_rng(6)
    images, degrees = rng.standard_normal((5, 2, 6, 7)), rng.uniform(-180, 180, 5)
    moves = np.array([[0, 0], [1, 0], [0, -2], [3, 2], [-2, 1]])
    found = turn_images(images, degrees, moves)
    wide = np.pad(images, ((0, 0), (0, 0), (10, 10), (10, 10)))
    turned = turn_images(wide, degrees, np.zeros((5, 2), int))
    expected = move_images(turned, moves)[:, :, 10:-10, 10:-10]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    none = turn_images(images, np.zeros(5), moves)
    np.testing.assert_array_equal(none, move_images(images, moves))


def test_anticlockwise_is_positive():
    image = np.zeros((1, 1, 5, 5))
    image[0, 0, 2, 4] = 1  # at the right
    turned = turn_images(image, np.array([90.0]), np.array([[0, 0]]))
    assert np.argwhere(turned[0, 0] > 0.5).tolist() == [[0, 2]]  # at the top
    turned = turn_images(image, np.array([-90.0]), np.array([[0, 0]]))
    assert np.argwhere(turned[0, 0] > 0.5).tolist() == [[4, 2]]
    rows, columns = turned_places((5, 5), np.array([90.0]), np.array([[1, 0]]))
    assert (rows.shape, columns.shape) == ((1, 5, 5), (1, 5, 5))
    np.testing.assert_allclose((rows[0, 1, 2], columns[0, 1, 2]), (2, 4), atol=1e-12)


def test_a_batch_is_rotated_when_it_is_taken():
    rng = np.random.default_rng(7)
    images, moves = rng.standard_normal((9, 1, 4, 5)), rng.integers(-2, 3, (9, 2))
    degrees = rng.uniform(-90, 90, 9)
    batch = np.array([7, 0, 3])
    found = MovedImages(images, moves, degrees)[batch]
    expected = turn_images(images, degrees, moves)[batch]
    np.testing.assert_array_equal(found, expected)


def test_angles_are_drawn_epoch_by_epoch_either_way():
    rng, same = np.random.default_rng(8), np.random.default_rng(8)
    drawn = epoch_turns(rng, 500, 2, 15)
    for _ in range(2):
        degrees = next(drawn)
        np.testing.assert_array_equal(degrees, same.uniform(-15, 15, 500))
        assert degrees.min() < -14
        assert degrees.max() > 14
    assert next(drawn, "no more") == "no more"


def test_no_angle_is_drawn_where_nothing_is_rotated():
    rng = np.random.default_rng(9)
    before = rng.bit_generator.state
    assert list(epoch_turns(rng, 500, 3, 0)) == [None] * 3
    assert rng.bit_generator.state == before


def test_half_around_is_the_most():
    assert (check_turn(0), check_turn(180)) == (0.0, 180.0)
    assert type(check_turn(7)) is float


WRONG = [
    (lambda: check_turn(180.5), ValueError, "turn: expected degrees from 0 to 180; got 180.5"),
    (lambda: check_turn(-1), ValueError, "turn: expected a finite number of at least 0; got -1"),
    (lambda: check_turn("x"), TypeError, "turn: expected a number; got 'x'"),
]


@wrong_calls(WRONG)
def test_what_is_no_angle_is_refused(call, error, sentence):
    assert_refused(call, error, sentence)
