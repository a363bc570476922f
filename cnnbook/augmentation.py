"""The first rungs: training images that are never quite the same twice."""

from collections.abc import Iterator

import numpy as np

from cnnbook.checks import Array
from cnnbook.correlation import view_windows


def move_images(images: Array, moves: Array) -> Array:
    """Move every image by whole pixels, each by its own; zeros come in at the edges.

    Parameters
    ----------
    images : np.ndarray of shape (N, C, H, W)
        The images.
    moves : np.ndarray of shape (N, 2)
        Integers: how far each goes down and to the right, up and to the left where negative.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        The moved images, in an array of their own.

    Examples
    --------
    >>> move_images(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.array([[1, 0]]))
    array([[[[0., 0.],
             [1., 2.]]]])
    """
    reach = int(np.abs(moves).max(initial=0))
    edges = (0, 0), (0, 0), (reach, reach), (reach, reach)
    places = view_windows(np.pad(images, edges), images.shape[2:])
    # The image as it is begins at (reach, reach) of its frame.
    down, right = (reach - moves).T
    return places[np.arange(len(images)), :, down, right]


class MovedImages:
    """Images that are moved when a batch of them is taken, so that memory holds the batch alone.

    Parameters
    ----------
    images : np.ndarray of shape (N, C, H, W)
        The images, which stay as they are.
    moves : np.ndarray of shape (N, 2)
        As in `move_images`.

    Examples
    --------
    >>> moved = MovedImages(np.ones((3, 1, 1, 2)), np.array([[0, 0], [0, 1], [0, -1]]))
    >>> moved[np.array([1, 2])][:, 0, 0]
    array([[0., 1.],
           [1., 0.]])
    """

    def __init__(self, images: Array, moves: Array) -> None:
        self.images, self.moves = images, moves

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, batch: Array) -> Array:
        return move_images(self.images[batch], self.moves[batch])


def epoch_moves(
    rng: np.random.Generator, samples: int, epochs: int, shift: int
) -> Iterator[Array | None]:
    """Draw, for each epoch, by how much every image is moved.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the moves of an epoch when they are asked for.
    samples, epochs : int
        How many images there are, and how many times all of them are seen.
    shift : int
        By how many pixels at most, in each direction. With 0 nothing is drawn.

    Yields
    ------
    np.ndarray of shape (samples, 2), or None
        Integers from -shift to shift, down and to the right; None if nothing is moved.
    """
    for _ in range(epochs):
        yield (
            rng.integers(-shift, shift + 1, (samples, 2))
            if shift
            else None
        )
