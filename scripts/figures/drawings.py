"""SVGs by Matplotlib: without digits that nobody sees, and whether two of them show the same."""

import base64
import io
import re

import numpy as np
from PIL import Image

POINTS, LEVELS = 0.05, 3  # how far a line may move, and how much a pixel may change
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
NUMBER = re.compile(r"(?<![\w#.-])-?\d+(?:\.\d+)?(?:e-?\d+)?(?!\w)")
# Matplotlib makes names from what they stand for; a last digit changes them.
NAME = re.compile(r"\b(?:image|[a-z])[0-9a-f]{10}\b")
LABEL = re.compile(r"<!--.*?-->", re.DOTALL)  # what a text says; its letters are drawn
MAKER = re.compile(r"<dc:creator>.*?</dc:creator>", re.DOTALL)
PLACES = re.compile(r'(?<= d=")[^"]*|(?<=translate\()[^)]*|(?<= [xy]=")[^"]*')
DIGITS = 2  # after the point; Matplotlib writes six, of points of a 72nd of an inch
LONG = re.compile(rf"-?\d+\.\d{{{DIGITS + 1},}}")
MARK, REFERENCE = re.compile(r' id="([^"]*)"'), re.compile(r"#([\w.-]+)")
PANEL = re.compile(r"axes_\d+|[xy]tick_\d+")  # by which panels are counted, and labels told apart


def shortened(svg: str) -> str:
    """Round the places in an SVG, and keep of its marks those of panels, and what is referred to.

    Examples
    --------
    >>> shortened('<path d="M 20.736415 0.000001 L 5.5 -0.001" style="stroke-width: 1.3333"/>')
    '<path d="M 20.74 0 L 5.5 0" style="stroke-width: 1.3333"/>'
    """
    svg = PLACES.sub(lambda places: LONG.sub(_rounded, places[0]), svg)
    used = set(REFERENCE.findall(svg))
    return MARK.sub(
        lambda mark: mark[0] if mark[1] in used or PANEL.fullmatch(mark[1]) else "", svg
    )


def _rounded(number: re.Match[str]) -> str:
    """Write a number with few digits, and zero without a sign."""
    return str(round(float(number[0]), DIGITS) + 0.0).removesuffix(".0")


def same_drawing(one: str, other: str) -> bool:
    """Compare two SVGs by Matplotlib, drawn from the same data on two machines."""
    (frame, numbers, pictures), (its_frame, its_numbers, its_pictures) = map(_parts, (one, other))
    if frame != its_frame or len(numbers) != len(its_numbers):
        return False
    if any(a.shape != b.shape for a, b in zip(pictures, its_pictures, strict=True)):
        return False
    changes = [np.abs(a - b).max() for a, b in zip(pictures, its_pictures, strict=True)]
    moved = np.abs(np.subtract(numbers, its_numbers)).max(initial=0)
    return bool(moved <= POINTS and max(changes, default=0) <= LEVELS)


def _parts(svg: str) -> tuple[str, list[float], list[np.ndarray]]:
    """Take an SVG apart: its text, with gaps, and the numbers and pictures out of the gaps."""
    pictures = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGBA"), float)
        for code in PICTURE.findall(svg)
    ]
    labels = LABEL.findall(svg)
    svg = NAME.sub("name", PICTURE.sub("picture", LABEL.sub("", MAKER.sub("", svg))))
    frame = NUMBER.sub("number", svg) + "\n".join(labels)
    return frame, [float(n) for n in NUMBER.findall(svg)], pictures
