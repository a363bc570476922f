"""Training images that are moved whenever they are seen."""

import numpy as np
import pytest

from cnnbook.augmentation import MovedImages, epoch_moves, move_images


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
