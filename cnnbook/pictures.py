"""Chapter 12: how a picture from anywhere becomes an image such as the network was trained on.

MNIST's digits are white on black, 20 pixels in their longer direction, with their centre of mass
in the middle of 28 by 28 pixels. `prepare` brings a picture to that form and says what it did.
"""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnbook.checks import Array, check_finite

SIDE, DIGIT = 28, 20


def read_picture(path: str | os.PathLike[str]) -> Array:
    """Read an image file of any kind that Pillow knows as grey levels.

    Parameters
    ----------
    path : path-like
        The file. Transparent parts are taken as white paper, a camera's rotation is undone.

    Returns
    -------
    np.ndarray of shape (H, W), float64
        Grey levels in the file's own units, 0 for black.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not an image, or a damaged one.
    """
    content = io.BytesIO(Path(path).read_bytes())
    try:
        with Image.open(content) as file:
            picture: Image.Image = ImageOps.exif_transpose(file)
            if picture.has_transparency_data:
                rgba = picture.convert("RGBA")
                picture = Image.alpha_composite(
                    Image.new("RGBA", rgba.size, "white"), rgba
                )
            # The modes I and F hold more than 256 levels.
            if not picture.mode.startswith(("I", "F")):
                picture = picture.convert("L")
            return np.asarray(picture, dtype=np.float64)
    except UnidentifiedImageError:
        raise ValueError(
            f"{path}: expected an image file; its format is not known"
        ) from None
    except Exception as error:
        raise ValueError(
            f"{path}: expected an image file; got a damaged one ({error})"
        ) from error


def prepare(levels: Array) -> tuple[Array, list[str]]:
    r"""Bring a picture of one digit to the form of MNIST's images.

    Parameters
    ----------
    levels : np.ndarray of shape (H, W)
        Grey levels, in any units and of either polarity.

    Returns
    -------
    image : np.ndarray of shape (1, 1, 28, 28), float32
        In [0, 1], the digit bright.
    steps : list of str
        What was done, in order.

    Raises
    ------
    ValueError
        If the picture is blank, or not an array of finite numbers with two axes.

    Examples
    --------
    >>> levels = np.full((60, 40), 255.0)
    >>> levels[10:50, 18:22] = 0
    >>> image, steps = prepare(levels)
    >>> image.shape
    (1, 1, 28, 28)
    >>> print("\n".join(steps))
    stretched grey levels 0 to 255 to the range 0 to 1
    inverted: the border is bright, so the digit is dark on a bright ground
    cropped the digit, 40 x 4 pixels, out of 60 x 40
    scaled it to 20 x 2 pixels
    moved its centre of mass to the middle of 28 x 28 pixels
    """
    ink, steps = _as_ink(levels)
    digit = _crop(ink)
    steps.append(
        f"cropped the digit, {_size(digit)} pixels, out of {_size(ink)}"
    )
    digit = _scale(digit)
    steps.append(f"scaled it to {_size(digit)} pixels")
    image = _centre(digit)[np.newaxis, np.newaxis]
    steps.append(
        f"moved its centre of mass to the middle of "
        f"{SIDE} x {SIDE} pixels"
    )
    return image.astype(np.float32), steps


def _as_ink(levels: Array) -> tuple[Array, list[str]]:
    """Stretch grey levels to [0, 1], the digit bright, and say what was done."""
    levels = np.asarray(levels, np.float64)
    if levels.ndim != 2 or levels.size == 0:
        raise ValueError(
            f"picture: expected shape (H, W) with no empty axis; "
            f"got {levels.shape}"
        )
    check_finite("picture", levels)
    low, high = levels.min(), levels.max()
    if not high > low:
        raise ValueError(
            f"picture: expected a digit; it is blank, "
            f"every pixel is {low:g}"
        )
    ink = (levels - low) / (high - low)
    steps = [
        f"stretched grey levels {low:g} to {high:g} to the range 0 to 1"
    ]
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if np.median(border) > 0.5:
        ink = 1 - ink
        steps.append(
            "inverted: the border is bright, "
            "so the digit is dark on a bright ground"
        )
    return ink, steps


def _crop(ink: Array) -> Array:
    """Cut out the rows and columns that hold ink: anything above an eighth of the brightest."""
    rows, columns = (
        np.flatnonzero((ink > 1 / 8).any(axis=axis)) for axis in (1, 0)
    )
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scale(digit: Array) -> Array:
    """Bring the longer side to 20 pixels, averaging where pixels are lost."""
    factor = DIGIT / max(digit.shape)
    height, width = (
        max(1, round(size * factor)) for size in digit.shape
    )
    picture = Image.fromarray(digit.astype(np.float32))
    scaled = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled)


def _centre(digit: Array) -> Array:
    """Place the digit with its centre of mass where MNIST has it, in row and column 14.

    That is half a pixel below the middle of rows 0 to 27, and as near as whole pixels allow.
    """
    canvas = np.zeros((SIDE, SIDE))
    corner = []
    for axis, size in enumerate(digit.shape):
        mass = digit.sum(axis=1 - axis)
        centre = mass @ np.arange(size) / mass.sum()
        corner.append(
            int(np.clip(round(SIDE / 2 - centre), 0, SIDE - size))
        )
    top, left = corner
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = (
        digit
    )
    return canvas


def _size(array: Array) -> str:
    """Write a shape as height x width."""
    return f"{array.shape[0]} x {array.shape[1]}"
