"""The first rungs, chapter 18: training images that are never quite the same twice."""

from collections.abc import Iterator

import numpy as np

from cnnbook.checks import Array, check_not_negative
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


def turned_places(
    size: tuple[int, int], degrees: Array, moves: Array
) -> tuple[Array, Array]:
    """Say where each pixel of an image that is rotated, and then moved, comes from.

    Parameters
    ----------
    size : (int, int)
        H and W, the height and the width of the images.
    degrees : np.ndarray of shape (N,)
        By how much each is rotated about its centre, anticlockwise.
    moves : np.ndarray of shape (N, 2)
        How far it is then moved, as in `move_images`.

    Returns
    -------
    (np.ndarray of shape (N, H, W), np.ndarray of shape (N, H, W))
        Row and column of the place in the original, @eq-turned-place; float64. It may lie between
        pixels, or outside.

    Examples
    --------
    The last pixel of the first row of a square, rotated by a quarter, was the last of the last row:

    >>> rows, columns = turned_places((3, 3), np.array([90.0]), np.array([[0, 0]]))
    >>> float(rows[0, 0, 2].round(9)), float(columns[0, 0, 2].round(9))
    (2.0, 2.0)
    """
    angle = np.radians(degrees)[:, np.newaxis, np.newaxis]
    down, right = moves.T[:, :, np.newaxis, np.newaxis]
    p, q = np.ogrid[: size[0], : size[1]]
    row, column = (size[0] - 1) / 2, (size[1] - 1) / 2
    a, b = p - down - row, q - right - column
    # @eq-turned-place
    return (
        row + np.cos(angle) * a + np.sin(angle) * b,
        column - np.sin(angle) * a + np.cos(angle) * b,
    )


def between_pixels(images: Array, rows: Array, columns: Array) -> Array:
    """Read images at places between their pixels: bilinear interpolation, zeros outside.

    Parameters
    ----------
    images : np.ndarray of shape (N, C, H, W)
        The images.
    rows, columns : np.ndarray of shape (N, H', W')
        The places, in every channel the same.

    Returns
    -------
    np.ndarray of shape (N, C, H', W')
        The mean of the four pixels around each place by the weights of @eq-bilinear, in the dtype
        of the images.

    Examples
    --------
    A quarter of a row below 4 and half a column to its right:

    >>> image = np.array([[[[4.0, 8.0], [12.0, 20.0]]]])
    >>> between_pixels(image, np.array([[[0.25]]]), np.array([[[0.5]]]))
    array([[[[8.5]]]])
    """
    height, width = images.shape[2:]
    # Whoever is a pixel away from the image, or farther, reads zeros.
    frame = np.pad(images, ((0, 0), (0, 0), (1, 2), (1, 2)))
    rows = np.clip(rows, -1, height)[:, np.newaxis] + 1
    columns = np.clip(columns, -1, width)[:, np.newaxis] + 1
    top, left = rows.astype(int), columns.astype(int)
    a = (rows - top).astype(images.dtype)
    b = (columns - left).astype(images.dtype)
    samples, channels = images.shape[:2]
    n, c = np.ogrid[:samples, :channels]
    first = (n * channels + c)[:, :, np.newaxis, np.newaxis]
    # Its place where all pixels stand in one row; one below it comes
    # `step` later.
    step = width + 3
    place = (first * (height + 3) + top) * step + left
    pixels = frame.ravel()
    # @eq-bilinear
    above = (1 - b) * pixels[place] + b * pixels[place + 1]
    place += step
    below = (1 - b) * pixels[place] + b * pixels[place + 1]
    return (1 - a) * above + a * below


def turn_images(images: Array, degrees: Array, moves: Array) -> Array:
    """Rotate every image about its centre, then move it, each by its own.

    Parameters
    ----------
    images : np.ndarray of shape (N, C, H, W)
        The images.
    degrees : np.ndarray of shape (N,)
        By how much each is rotated, anticlockwise; clockwise where negative.
    moves : np.ndarray of shape (N, 2)
        Integers: how far it is then moved, as in `move_images`.

    Returns
    -------
    np.ndarray of shape (N, C, H, W)
        The images, read once at `turned_places`; zeros come in from outside.

    Examples
    --------
    >>> image = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> turn_images(image, np.array([90.0]), np.array([[0, 0]])).round(9)
    array([[[[2., 4.],
             [1., 3.]]]])
    """
    places = turned_places(images.shape[2:], degrees, moves)
    return between_pixels(images, *places)


def check_turn(turn: float) -> float:
    """Return an angle as a ``float``, and refuse what is not in [0, 180].

    Parameters
    ----------
    turn : float
        Degrees, either way.

    Returns
    -------
    float
        The same number.

    Raises
    ------
    TypeError
        If ``turn`` is not a real number.
    ValueError
        If it is out of range.
    """
    turn = check_not_negative("turn", turn)
    if turn > 180:
        raise ValueError(
            f"turn: expected degrees from 0 to 180; got {turn}"
        )
    return turn


class MovedImages:
    """Images that are moved when a batch of them is taken, so that memory holds the batch alone.

    Parameters
    ----------
    images : np.ndarray of shape (N, C, H, W)
        The images, which stay as they are.
    moves : np.ndarray of shape (N, 2)
        As in `move_images`.
    degrees : np.ndarray of shape (N,), optional
        As in `turn_images`; by default none is rotated.

    Examples
    --------
    >>> moved = MovedImages(np.ones((3, 1, 1, 2)), np.array([[0, 0], [0, 1], [0, -1]]))
    >>> moved[np.array([1, 2])][:, 0, 0]
    array([[0., 1.],
           [1., 0.]])
    """

    def __init__(
        self, images: Array, moves: Array, degrees: Array | None = None
    ) -> None:
        self.images, self.moves, self.degrees = images, moves, degrees

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, batch: Array) -> Array:
        images, moves = self.images[batch], self.moves[batch]
        if self.degrees is None:
            return move_images(images, moves)
        return turn_images(images, self.degrees[batch], moves)


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


def epoch_turns(
    rng: np.random.Generator, samples: int, epochs: int, turn: float
) -> Iterator[Array | None]:
    """Draw, for each epoch, by how much every image is rotated.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the angles of an epoch when they are asked for.
    samples, epochs : int
        As in `epoch_moves`.
    turn : float
        By how many degrees at most, either way. With 0 nothing is drawn.

    Yields
    ------
    np.ndarray of shape (samples,), or None
        Degrees from -turn to turn, all alike probable; None if nothing is rotated.
    """
    for _ in range(epochs):
        yield rng.uniform(-turn, turn, samples) if turn else None
