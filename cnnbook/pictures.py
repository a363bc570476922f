"""Chapter 12: how a picture from anywhere becomes an image such as the network was trained on.

MNIST's digits are white on black, 20 pixels in their longer direction, with strokes of two to four
pixels and their centre of mass in the middle of 28 by 28. `prepare` brings a picture to that form
and says what it did.
"""

import io
import os
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cnnbook.checks import Array, check_finite
from cnnbook.ink import (
    block_for,
    box_of,
    find_ink,
    in_blocks,
    size,
    stretch,
)
from cnnbook.strokes import DIGIT, digit_shape, mend_strokes, resize

SIDE = 28
# Longer pictures are averaged in blocks first.
LONGEST = 1000
# They hold pixels, and reading them starts no other program.
FORMATS = {
    "AVIF": "AVIF",
    "BMP": "BMP",
    "GIF": "GIF",
    "JPEG": "JPEG",
    "JPEG2000": "JPEG 2000",
    "PNG": "PNG",
    "PPM": "PPM",
    "TIFF": "TIFF",
    "WEBP": "WebP",
}
# Checked before anything is read, and before it is unpacked.
MAX_BYTES, MAX_PIXELS = 200_000_000, 150_000_000
# Pixels to be held as numbers at once.
STRIP = 1_000_000
# Exif's tag, and the axes to reverse before rows and columns are
# exchanged, or not.
ORIENTATION = 0x0112
ORIENTATIONS = {
    2: ((1,), False),
    3: ((0, 1), False),
    4: ((0,), False),
    5: ((), True),
    6: ((0,), True),
    7: ((0, 1), True),
    8: ((1,), True),
}


def read_picture(path: str | os.PathLike[str]) -> Array:
    """Read an image file as grey levels.

    A picture longer than 1,000 pixels is averaged in square blocks. Transparent parts are taken as
    white paper, or as black where nothing could be seen on white. A camera's rotation is undone.
    Colours become levels along the direction in which they differ most, so that red ink is seen on
    a green ground of the same brightness.

    Parameters
    ----------
    path : path-like
        An AVIF, BMP, GIF, JPEG, JPEG 2000, PNG, PPM, TIFF or WebP file of at most 200 million
        bytes and 150 million pixels.

    Returns
    -------
    np.ndarray of shape (H, W), float64
        Levels, 0 for black; those of a grey picture in the file's own units.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a regular file, too large, not an image, or a damaged one.
    """
    content = io.BytesIO(_read_file(path))
    try:
        # What Pillow warns of is said below, or does no harm.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _open(content) as picture:
                _check_pixels(picture.width, picture.height)
                return _grey_levels(picture)
    except UnidentifiedImageError:
        raise ValueError(
            f"{path}: expected an image file, one of "
            f"{', '.join(FORMATS.values())}; its format is not known"
        ) from None
    except (_TooLargeError, Image.DecompressionBombError) as error:
        got = (
            error
            if isinstance(error, _TooLargeError)
            else "more than Pillow reads"
        )
        raise ValueError(
            f"{path}: expected a picture of at most {MAX_PIXELS:,} "
            f"pixels; got {got}"
        ) from None
    except Exception as error:
        raise ValueError(
            f"{path}: expected an image file; got a damaged one ({error})"
        ) from error


class _TooLargeError(Exception):
    """A picture that would take too much memory."""


def _read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a regular file that is not too large; a device or a pipe may have no end."""
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        kind = (
            "a folder"
            if stat.S_ISDIR(status.st_mode)
            else "a device or a pipe"
        )
        raise ValueError(f"{path}: expected an image file; got {kind}")
    if status.st_size > MAX_BYTES:
        raise ValueError(
            f"{path}: expected a file of at most {MAX_BYTES:,} bytes; "
            f"got {status.st_size:,}"
        )
    with Path(path).open("rb") as file:
        return file.read(MAX_BYTES)


def _open(content: io.BytesIO) -> Image.Image:
    """Open an image of one of our formats; nothing is unpacked yet."""
    Image.init()
    known = [name for name in FORMATS if name in Image.OPEN]
    return Image.open(content, formats=known)


def _check_pixels(width: int, height: int) -> None:
    """Refuse what would take gigabytes, whatever it takes in the file."""
    if width * height > MAX_PIXELS:
        raise _TooLargeError(
            f"{height:,} x {width:,}, which is {width * height:,}"
        )


def _grey_levels(picture: Image.Image) -> Array:
    """Unpack an image, and reduce it to at most 1,000 x 1,000 levels."""
    # A JPEG can be unpacked at a half, a quarter or an eighth.
    picture.draft(None, (LONGEST, LONGEST))
    turn = picture.getexif().get(ORIENTATION, 1)
    block = block_for(picture.size, LONGEST)
    # Strips of whole blocks: colours take more memory than the file.
    step = block * max(1, STRIP // (block * picture.width))
    strips = [
        _averaged(
            picture.crop(
                (
                    0,
                    top,
                    picture.width,
                    min(top + step, picture.height),
                )
            ),
            block,
        )
        for top in range(0, picture.height, step)
    ]
    levels = _levels_of_colours(_on_ground(np.concatenate(strips)))
    reverse, exchange = ORIENTATIONS.get(turn, ((), False))
    levels = np.flip(levels, reverse)
    return levels.T if exchange else levels


def _averaged(strip: Image.Image, block: int) -> Array:
    """Average the colours in square blocks: shape (H, W, channels)."""
    colours = _colours(strip)
    return np.stack(
        [
            in_blocks(channel, block, np.mean)
            for channel in np.moveaxis(colours, -1, 0)
        ],
        axis=-1,
    )


def _colours(strip: Image.Image) -> Array:
    """Return grey, colours, or colours weighted with their opacity and the opacity itself."""
    # The modes I and F hold more than 256 levels. LAB has three
    # channels of its own, which differ as colours do.
    if strip.mode.startswith(("I", "F", "LAB")):
        colours = np.asarray(strip, np.float64)
        return colours.reshape(*colours.shape[:2], -1)
    if strip.has_transparency_data:
        colours = np.asarray(strip.convert("RGBA"), np.float64)
        colours[..., 3] /= 255
        colours[..., :3] *= colours[..., 3:]
        return colours
    is_grey = strip.mode in {"1", "L"}
    grey_or_not = strip.convert("L" if is_grey else "RGB")
    colours = np.asarray(grey_or_not, np.float64)
    return colours.reshape(*colours.shape[:2], -1)


def _on_ground(colours: Array) -> Array:
    """Lay transparent colours on white paper, or on black where white shows nothing."""
    if colours.shape[-1] < 4:
        return colours
    ink, opacity = colours[..., :3], colours[..., 3:]
    on_white = ink + 255 * (1 - opacity)
    return on_white if np.ptp(on_white) > 16 else ink


def _levels_of_colours(colours: Array) -> Array:
    """Project colours onto the direction in which they differ most, bright upwards."""
    flat = colours.reshape(-1, colours.shape[-1])
    if flat.shape[1] == 1 or (flat == flat[:, :1]).all():
        return colours[..., 0]
    covariance = np.cov(flat, rowvar=False)
    direction = np.linalg.eigh(covariance).eigenvectors[:, -1]
    direction *= np.copysign(1, direction.sum())
    return colours @ (direction / abs(direction).sum())


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
        What was assumed and done, in order; a warning where the digit fills the picture.

    Raises
    ------
    TypeError
        If the picture is no array of real numbers.
    ValueError
        If it is blank, or not an array of finite numbers with two axes.

    Examples
    --------
    >>> levels = np.full((60, 40), 255.0)
    >>> levels[10:50, 18:20] = 0
    >>> image, steps = prepare(levels)
    >>> image.shape
    (1, 1, 28, 28)
    >>> print("\n".join(steps))
    stretched grey levels 0 to 255 to the range 0 to 1
    inverted: the border is bright, so the digit is dark on a bright ground
    cropped the digit, 40 x 2 pixels, out of 60 x 40
    thickened its strokes from 1.0 to 2.0 pixels
    scaled it to 20 x 2 pixels
    moved its centre of mass to the middle of 28 x 28 pixels
    """
    levels, steps = _checked(levels)
    ink = find_ink(levels)
    mended, before, after = mend_strokes(digit_shape(ink))
    digit = _scale(mended)
    image = _centre(digit)[np.newaxis, np.newaxis]
    steps += [
        *ink.steps,
        *_said_of_crop(ink.mask),
        _said_of_strokes(before, after),
        f"scaled it to {size(digit)} pixels",
        (
            "moved its centre of mass to the middle of "
            f"{SIDE} x {SIDE} pixels"
        ),
    ]
    return image.astype(np.float32), steps


def _checked(levels: Array) -> tuple[Array, list[str]]:
    """Stretch the levels of what is a picture to [0, 1], and say from where."""
    levels = np.asarray(levels)
    if levels.dtype.kind not in "buif":
        raise TypeError(
            f"picture: expected real numbers; got {levels.dtype}"
        )
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
    block = block_for(levels.shape, LONGEST)
    levels = in_blocks(stretch(levels), block, np.mean)
    return stretch(levels), [
        f"stretched grey levels {low:g} to {high:g} to the range 0 to 1"
    ]


def _said_of_crop(mask: Array) -> list[str]:
    """Say which part of the picture is the digit."""
    digit = mask[box_of(mask)]
    said = [
        f"cropped the digit, {size(digit)} pixels, out of {size(mask)}"
    ]
    if digit.size > 0.8 * mask.size:
        said.append(
            "warning: that is nearly the whole picture; "
            "a margin around the digit makes it surer"
        )
    return said


def _said_of_strokes(before: float, after: float) -> str:
    """Say what was done to the strokes, in pixels of the image."""
    if before == after:
        return f"kept its strokes, {before:.1f} pixels wide"
    did = "thickened" if before < after else "thinned"
    return f"{did} its strokes from {before:.1f} to {after:.1f} pixels"


def _scale(digit: Array) -> Array:
    """Bring the longer side to 20 pixels, averaging what falls into one, and the most ink to 1."""
    digit = digit[box_of(digit >= 0.5)]
    scaled = resize(
        digit, DIGIT / max(digit.shape), Image.Resampling.BOX
    )
    return scaled / scaled.max()


def _centre(digit: Array) -> Array:
    """Place the digit with its centre of mass where MNIST has it, in row and column 14.

    That is half a pixel below the middle of rows 0 to 27, and as near as whole pixels allow.
    """
    canvas = np.zeros((SIDE, SIDE))
    corner = []
    for axis, side in enumerate(digit.shape):
        mass = digit.sum(axis=1 - axis)
        centre = mass @ np.arange(side) / mass.sum()
        corner.append(
            int(np.clip(round(SIDE / 2 - centre), 0, SIDE - side))
        )
    top, left = corner
    canvas[top : top + digit.shape[0], left : left + digit.shape[1]] = (
        digit
    )
    return canvas
