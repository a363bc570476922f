"""The digits of the figures that can be touched, as a module for the browser.

Run with ``python -m scripts.touch_digits``. The first ten zeros and the first ten ones of MNIST's
training images, byte for byte.
"""

import base64
from pathlib import Path

import numpy as np

from cnnbook.checks import Array
from cnnbook.mnist import load_zero_one

PLACE = Path(__file__).parents[1] / "docs" / "javascripts" / "touch" / "digits.mjs"
EACH = 10
TEXT = """\
// The first ten zeros and the first ten ones of MNIST's training images, 28 rows of 28 bytes each.
// Written by `python -m scripts.touch_digits`, and compared with the package by a test.

export const SIDE = 28;
export const ZEROS = {zeros}; // so many of them are zeros; ones follow

function unpacked(text) {{
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Array.from({{ length: SIDE }}, (_, p) => [...bytes.slice(p * SIDE, (p + 1) * SIDE)]);
}}

export const DIGITS = [
{digits}
].map(unpacked);
"""


def first_digits() -> Array:
    """Return the images, zeros first: shape (20, 28, 28), bytes."""
    images, labels = load_zero_one(limit_per_class=EACH).train
    ordered = images[np.argsort(labels, kind="stable"), 0]
    return np.asarray(np.round(ordered * 255), np.uint8)


def module() -> str:
    """Return the text of the module."""
    packed = (base64.b64encode(digit.tobytes()).decode() for digit in first_digits())
    return TEXT.format(zeros=EACH, digits="\n".join(f'  "{text}",' for text in packed))


if __name__ == "__main__":
    PLACE.write_text(module(), encoding="utf-8")
