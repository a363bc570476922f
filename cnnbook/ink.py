"""Chapter 12: which pixels of a picture are a digit's ink.

The paper may be lit unevenly, lie on a table, and carry noise and dust. Nothing here is learned,
and nothing knows what a digit looks like but this: it is thinner than the paper, and larger than
dust.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from cnnbook.checks import Array

# The light is judged on so many pixels, and marks are told apart on
# so many; a gap that cannot be seen there is no gap.
COARSE, MARKS = 48, 200
# The ground is even if nine tenths of the border are within 15 % of
# the whole range from the border's middle value.
EVEN, TOLERANCE = 0.9, 0.15
# A mark shorter than this share of the longest is dust.
DUST = 0.2
# Paper fills this share of the narrowest box around it; an ellipse,
# the fullest zero there is, fills 0.79. And it takes this share of
# the picture's height and width.
FULL, WIDE = 0.8, 0.4
# Noise is smoothed until it has this standard deviation.
NOISE = 0.08


class Ink(NamedTuple):
    """Where a picture has ink, from which level on it counts, and what was done to find it.

    Attributes
    ----------
    amount : np.ndarray of shape (H, W)
        Where each pixel lies between the ground, 0, and the strongest ink, 1.
    level : float
        From here on it is ink: half-way up the edges.
    mask : np.ndarray of shape (H, W), bool
        The ink of the digit, without dust and without what comes in from the border.
    steps : list of str
        What was assumed and done, in order.
    """

    amount: Array
    level: float
    mask: Array
    steps: list[str]


def find_ink(levels: Array) -> Ink:
    r"""Find the ink of the one digit in a picture.

    Parameters
    ----------
    levels : np.ndarray of shape (H, W)
        Grey levels from 0 to 1, both of them reached.

    Returns
    -------
    Ink
        Its arrays have the picture's shape, or that of the paper, where more than that is seen.

    Raises
    ------
    ValueError
        If no pixel differs from the light around it.

    Examples
    --------
    >>> levels = np.ones((30, 30))
    >>> levels[5:25, 14:17] = 0
    >>> levels[2, 2] = 0.1
    >>> ink = find_ink(levels)
    >>> int(ink.mask.sum()), round(float(ink.level), 1)
    (60, 0.5)
    >>> print("\n".join(ink.steps))
    inverted: the border is bright, so the digit is dark on a bright ground
    left out 1 mark: dust, or what comes in from the border
    """
    ink = _find_ink(levels)
    paper = _paper(ink.mask)
    if paper is None:
        return ink
    on_paper = levels[paper]
    # A block without anything on it is no paper.
    if on_paper.size == 0 or np.ptp(on_paper) < 0.25:
        return ink
    inner = _find_ink(stretch(on_paper))
    said = (
        "looked only at the paper: what differs most from the border "
        f"is a sheet of {size(on_paper)} pixels"
    )
    return inner._replace(steps=[said, *inner.steps])


def stretch(levels: Array) -> Array:
    """Map the darkest level to 0 and the brightest to 1.

    Parameters
    ----------
    levels : np.ndarray of shape (H, W)
        At least two different levels.

    Returns
    -------
    np.ndarray of shape (H, W)
        In [0, 1].
    """
    return (levels - levels.min()) / np.ptp(levels)


def size(array: Array) -> str:
    """Write a shape as height x width.

    Parameters
    ----------
    array : np.ndarray of shape (H, W)
        A picture.

    Returns
    -------
    str
        Such as ``60 x 40``.
    """
    return f"{array.shape[0]} x {array.shape[1]}"


def block_for(shape: tuple[int, ...], longest: int) -> int:
    """Say how large blocks have to be so that no side has too many of them.

    Parameters
    ----------
    shape : tuple of int
        Height and width, or width and height.
    longest : int
        As many blocks as a side may have.

    Returns
    -------
    int
        The side of a block in pixels.

    Examples
    --------
    >>> block_for((300, 1001), 100)
    11
    """
    return -(-max(shape) // longest)


def in_blocks(
    array: Array, block: int, merge: Callable[..., Any]
) -> Array:
    """Merge square blocks of pixels into one pixel each.

    The last blocks are filled up with copies of the last row and column.

    Parameters
    ----------
    array : np.ndarray of shape (H, W)
        A picture or a mask.
    block : int
        The side of a block.
    merge : callable
        Merges, given the axes, such as `numpy.mean` or `numpy.any`.

    Returns
    -------
    np.ndarray of shape (H', W')
        The sides divided by ``block`` and rounded up.

    Examples
    --------
    >>> in_blocks(np.arange(12.0).reshape(3, 4), 2, np.mean)
    array([[ 2.5,  4.5],
           [ 8.5, 10.5]])
    """
    fill = [(0, -side % block) for side in array.shape]
    full = np.pad(array, fill, mode="edge")
    height, width = (side // block for side in full.shape)
    blocks = full.reshape(height, block, width, block)
    return merge(blocks, axis=(1, 3))


def box_of(mask: Array) -> tuple[slice, slice]:
    """Name the rows and columns from the first True to the last.

    Parameters
    ----------
    mask : np.ndarray of shape (H, W), bool
        True somewhere.

    Returns
    -------
    tuple of slice
        Rows and columns.

    Examples
    --------
    >>> box_of(np.eye(9, dtype=bool)[:, 2:5])
    (slice(2, 5, None), slice(0, 3, None))
    """
    rows, columns = (
        np.flatnonzero(mask.any(axis=axis)).tolist() for axis in (1, 0)
    )
    return (
        slice(rows[0], rows[-1] + 1),
        slice(columns[0], columns[-1] + 1),
    )


def _find_ink(levels: Array) -> Ink:
    """Find ink where all of the picture is paper."""
    amount, steps = _compare_with_ground(levels)
    amount, rounds = _smooth_noise(amount)
    level = _half_way_up(amount)
    mask, left_out = _choose_marks(amount >= level)
    if rounds:
        steps.append(f"smoothed noise, {_times(rounds)}")
    if left_out:
        steps.append(
            f"left out {left_out} mark{'s' * (left_out > 1)}: dust, "
            "or what comes in from the border"
        )
    return Ink(amount, level, mask, steps)


def _times(count: int) -> str:
    """Say a count as an adverb."""
    return "once" if count == 1 else f"{count} times"


def _compare_with_ground(levels: Array) -> tuple[Array, list[str]]:
    """Scale from the ground, 0, to the strongest ink, 1, and say what was taken for the ground.

    The ground is the border's middle value, or, where the light is uneven, the median around each
    pixel. Ink is what differs from it, to the side on which more differs more.
    """
    low, high, even = _ground(levels)
    darker = np.maximum(low - levels, 0)
    brighter = np.maximum(levels - high, 0)
    is_dark = bool((darker**4).sum() > (brighter**4).sum())
    ground = low if is_dark else high
    strongest = 0.0 if is_dark else 1.0
    # Ink in a shadow has a shorter way from its ground.
    amount = (levels - ground) / np.copysign(
        np.maximum(abs(strongest - ground), 0.25),
        strongest - 0.5,
    )
    where = "border" if even else "paper around it"
    steps = [
        f"inverted: the {where} is bright, "
        "so the digit is dark on a bright ground"
        if is_dark
        else f"not inverted: the {where} is dark, "
        "so the digit is bright on a dark ground"
    ]
    if not even:
        steps.insert(
            0,
            "levelled the light: the border is uneven, so each pixel "
            "is compared with the median around it",
        )
    if not amount.max() > 0:
        raise ValueError(
            "picture: expected a digit; "
            "nothing in it stands out from the ground"
        )
    return amount / amount.max(), steps


def _ground(levels: Array) -> tuple[Array, Array, bool]:
    """Estimate the ground from below and from above, and say whether it is even."""
    block = block_for(levels.shape, COARSE)
    small = in_blocks(levels, block, np.mean)
    border = np.concatenate(
        [small[0], small[-1], small[:, 0], small[:, -1]]
    )
    middle = np.median(border)
    reach = max(small.shape) // 5
    is_even = np.mean(abs(border - middle) < TOLERANCE) >= EVEN
    if is_even or reach < 2:
        even = np.full(levels.shape, middle)
        return even, even, True
    median = np.median(_neighbours(small, reach), axis=(2, 3))
    around = sliding_window_view(np.pad(median, 1, mode="edge"), (3, 3))
    # At the edge of a shadow, both of its sides are the ground.
    low, high = (
        _enlarge(f(around, axis=(2, 3)), block)[
            : levels.shape[0], : levels.shape[1]
        ]
        for f in (np.min, np.max)
    )
    return low, high, False


def _neighbours(array: Array, reach: int) -> Array:
    """View the pixels around each pixel; beyond the border they go on as steeply as within."""
    side = 2 * reach + 1
    padded = np.pad(array, reach, mode="reflect", reflect_type="odd")
    return sliding_window_view(padded, (side, side))


def _enlarge(small: Array, block: int) -> Array:
    """Put every pixel into the middle of a block, and interpolate."""
    height, width = (side * block for side in small.shape)
    picture = Image.fromarray(small.astype(np.float32))
    return np.asarray(
        picture.resize((width, height), Image.Resampling.BILINEAR),
        np.float64,
    )


def _noise(amount: Array) -> float:
    """Estimate the standard deviation of the ground from its median distance from 0."""
    distance = abs(amount)
    near = np.append(distance[distance < 0.5], 0)
    return 1.4826 * float(np.median(near))


def _smooth_noise(amount: Array) -> tuple[Array, int]:
    """Average neighbours, weighted 1, 2, 1, until the noise is low, at most four times."""
    for rounds in range(4):
        if _noise(amount) < NOISE:
            return amount, rounds
        for axis in (0, 1):
            padded = np.pad(amount, 1, mode="edge")
            rows, columns = amount.shape
            shifted = (
                [padded[i : i + rows, 1:-1] for i in range(3)],
                [padded[1:-1, i : i + columns] for i in range(3)],
            )[axis]
            amount = (shifted[0] + 2 * shifted[1] + shifted[2]) / 4
        amount = amount / amount.max()
    return amount, 4


def _half_way_up(amount: Array) -> float:
    """Average the level of pairs of neighbours, weighted with the cube of their difference.

    At an edge from 0 to a that is a / 2: pale lines on the paper count little beside the ink, and
    a few dark specks little beside a long pale stroke.
    """
    floor = min(max(0.2, 4 * _noise(amount)), 0.5)
    weighted = total = 0.0
    for a, b in (
        (amount[1:], amount[:-1]),
        (amount[:, 1:], amount[:, :-1]),
    ):
        seen = np.maximum(a, b) > floor
        cubed = abs(a[seen] - b[seen]) ** 3
        weighted += float(cubed @ (a[seen] + b[seen]) / 2)
        total += float(cubed.sum())
    return max(weighted / total, 0.12)


def _choose_marks(mask: Array) -> tuple[Array, int]:
    """Keep the marks of the digit, and count those left out.

    What touches the border is left out if something else is long enough to be a digit; so is what
    is much shorter than the longest mark.
    """
    block = block_for(mask.shape, MARKS)
    coarse = in_blocks(mask, block, np.any)
    marks = _label(coarse)
    boxes = [box_of(marks == mark) for mark in range(marks.max() + 1)]
    length = np.array(
        [max(s.stop - s.start for s in box) for box in boxes]
    )
    inner = np.array(
        [
            all(
                s.start > 0 and s.stop < side
                for s, side in zip(box, coarse.shape, strict=True)
            )
            for box in boxes
        ]
    )
    if not (length[inner] >= DUST * max(coarse.shape)).any():
        inner[:] = True
    kept = inner & (length >= DUST * length[inner].max())
    of_digit = np.append(kept, False)[marks]  # -1 is the ground
    of_digit = of_digit.repeat(block, axis=0).repeat(block, axis=1)
    chosen = mask & of_digit[: mask.shape[0], : mask.shape[1]]
    return chosen, int((~kept).sum())


def _label(mask: Array) -> Array:
    """Give the connected parts of a mask numbers from 0, and what is not in it -1."""
    number = mask.cumsum().reshape(mask.shape) - 1
    a, b = _pairs(mask, number)
    label = np.arange(mask.sum())
    while True:
        # Neighbours take the smaller of their labels, and follow
        # it to where it has got to.
        low = np.minimum(label[a], label[b])
        lower = label.copy()
        np.minimum.at(lower, label[a], low)
        np.minimum.at(lower, label[b], low)
        lower = lower[lower]
        if (lower == label).all():
            break
        label = lower
    parts = np.full(mask.shape, -1)
    parts[mask] = np.unique(label, return_inverse=True)[1]
    return parts


def _pairs(mask: Array, number: Array) -> tuple[Array, Array]:
    """List the numbers of all pairs of neighbours within a mask."""
    both = [a & b for a, b in _beside(mask)]
    first, second = zip(
        *(
            (a[m], b[m])
            for (a, b), m in zip(_beside(number), both, strict=True)
        ),
        strict=True,
    )
    return np.concatenate(first), np.concatenate(second)


def _beside(array: Array) -> list[tuple[Array, Array]]:
    """View an array beside itself, moved by one pixel in four directions."""
    return [
        (array[:, :-1], array[:, 1:]),
        (array[:-1], array[1:]),
        (array[:-1, :-1], array[1:, 1:]),
        (array[:-1, 1:], array[1:, :-1]),
    ]


def _paper(mask: Array) -> tuple[slice, slice] | None:
    """Name the rows and columns of a sheet of paper, if that is what has been found."""
    block = block_for(mask.shape, MARKS)
    coarse = in_blocks(mask, block, np.any)
    rows, columns = np.nonzero(coarse)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    if min(height / coarse.shape[0], width / coarse.shape[1]) < WIDE:
        return None
    boxes = []
    for angle in np.radians(np.arange(0, 90, 5)):
        along = np.cos(angle) * rows + np.sin(angle) * columns
        across = np.cos(angle) * columns - np.sin(angle) * rows
        boxes.append((np.ptp(along) + 1) * (np.ptp(across) + 1))
    if len(rows) < FULL * min(boxes):
        return None
    # A blurred edge is not paper.
    rim = -(-block * int(max(height, width)) // 50)
    box = box_of(mask)
    return (
        slice(box[0].start + rim, box[0].stop - rim),
        slice(box[1].start + rim, box[1].stop - rim),
    )
