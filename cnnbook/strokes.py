"""Chapter 12: how thick a digit's strokes are, and the same digit with thicker or thinner ones."""

import numpy as np
from PIL import Image

from cnnbook.checks import Array
from cnnbook.ink import Ink, block_for, box_of, in_blocks

# MNIST's digits fit into 20 by 20 pixels, each of which is 6 by 6
# here. Nine tenths of its zeros and ones have strokes between these
# widths, in its pixels; thinner ones than 2 are mostly grey.
DIGIT, FINE = 20, 120
THINNEST, THICKEST = 2.0, 3.5


def digit_shape(ink: Ink) -> Array:
    """Cut the digit out and bring its longer side to about 120 pixels, ink or not ink.

    Where it shrinks, a block of pixels is ink if any of them is, so that no stroke is lost.

    Parameters
    ----------
    ink : Ink
        What `find_ink` has found.

    Returns
    -------
    np.ndarray of shape (H, W), bool
        Ink in the first and the last row and column; 60 to 120 pixels in its longer direction.
    """
    box = box_of(ink.mask)
    mask = ink.mask[box]
    if max(mask.shape) > FINE:
        return in_blocks(mask, block_for(mask.shape, FINE), np.any)
    # What belongs to other marks may be no ink here.
    ground = np.minimum(ink.amount[box], 0.9 * ink.level)
    amount = np.pad(np.where(mask, ink.amount[box], ground), 1)
    factor = FINE / max(mask.shape)
    fine = resize(amount, factor, Image.Resampling.BICUBIC)
    fine = fine >= ink.level
    return fine[box_of(fine)]


def resize(array: Array, factor: float, how: Image.Resampling) -> Array:
    """Enlarge or shrink by a factor, both sides to at least one pixel.

    Parameters
    ----------
    array : np.ndarray of shape (H, W)
        A picture.
    factor : float
        New pixels for an old one.
    how : Image.Resampling
        How to compute a pixel from those that it covers or lies between.

    Returns
    -------
    np.ndarray of shape (H', W'), float64
        Computed in float32.
    """
    height, width = (
        max(1, round(side * factor)) for side in array.shape
    )
    picture = Image.fromarray(array.astype(np.float32))
    return np.asarray(picture.resize((width, height), how), np.float64)


def stroke_width(shape: Array) -> float:
    """Measure the width of strokes: twice their area, divided by the length of their edge.

    On a grid a slanted edge comes out up to a fifth too long, MNIST's no less than others.

    Parameters
    ----------
    shape : np.ndarray of shape (H, W), bool
        True where there is ink.

    Returns
    -------
    float
        The width in pixels.

    Examples
    --------
    >>> bar = np.zeros((120, 12), bool)
    >>> bar[:, 4:8] = True
    >>> round(stroke_width(bar), 1)
    3.9
    """
    padded = np.pad(shape.astype(float), 1)
    down = np.diff(padded, axis=0)[:, :-1]
    across = np.diff(padded, axis=1)[:-1]
    return float(2 * shape.sum() / np.hypot(down, across).sum())


def mend_strokes(shape: Array) -> tuple[Array, float, float]:
    """Thicken or thin strokes that would be thinner or thicker than MNIST's.

    Parameters
    ----------
    shape : np.ndarray of shape (H, W), bool
        True where there is ink, from the first row and column to the last.

    Returns
    -------
    mended : np.ndarray of shape (H', W')
        In [0, 1]: the same digit, its edges smooth, with a margin.
    before, after : float
        The width of its strokes, in pixels, where its longer side has 20.

    Examples
    --------
    >>> hair = np.ones((120, 1), bool)
    >>> mended, before, after = mend_strokes(hair)
    >>> f"{before:.1f} {after:.1f} {mended.sum(axis=1).max():.1f}"
    '0.2 2.0 13.2'
    """
    width, longest = stroke_width(shape), max(shape.shape)
    before = DIGIT * width / longest
    after = min(max(before, THINNEST), THICKEST)
    # Every edge moves out by this. The digit grows as well: after
    # is 20 (width + 2 step) / (longest + 2 step).
    step = (after * longest - DIGIT * width) / (2 * (DIGIT - after))
    room = np.pad(shape, max(0, int(np.ceil(step))) + 1)
    outside = _distance(room) - 0.5
    inside = _distance(~room) - 0.5
    from_edge = np.where(room, -inside, outside)
    return np.clip(step - from_edge + 0.5, 0, 1), before, after


def _distance(mask: Array) -> Array:
    """Measure the distance of every pixel from the nearest one of the mask.

    By Pythagoras one axis can be done after the other: first the square of the distance within
    each column, then the least sum of that and of the square of the way along the row.
    """
    squared = np.where(mask, 0.0, float(sum(mask.shape)) ** 2)
    for _ in range(2):
        place = np.arange(len(squared))
        squared = np.array(
            [
                (squared + (place - i)[:, np.newaxis] ** 2).min(axis=0)
                for i in place
            ]
        ).T
    return np.sqrt(squared)
