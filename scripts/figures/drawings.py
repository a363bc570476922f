"""Whether two SVGs show the same: numbers nearly equal, pictures nearly equal, the rest alike."""

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
