"""Make the sheets of all zeros and ones, docs/digits, and the page that shows them.

``python -m scripts.digit_sheets`` writes, ``--check`` compares with what is there, pixel for pixel.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnbook.files import replacing
from cnnbook.mnist import Samples, load_zero_one

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS, ROWS, CELL, MARGIN = 25, 40, 29, 44
PER_SHEET = COLUMNS * ROWS
GREYS = 16  # levels: a tenth of the bytes, and no eye sees the difference
HEAD = """---
title: All zeros and ones
description: Every one of the 14,780 images in the embedded data set, on sheets, with their numbers.
search:
  boost: 0.3
---
# All zeros and ones

These are the {training:,} training and {test:,} test images of `load_zero_one()`, in their order,
on sheets of a thousand. A row of a sheet has {columns} images, and the number at its left is that
of its first one: the image in row 325, seventh column, is `images[331]`. The sheets show {greys}
levels of grey instead of 256. A sheet is loaded when it is opened.

[Chapter 10](10-the-data.md) says where the images come from. Made by
`python -m scripts.digit_sheets`.
"""
ENTRY = """
??? note "{title}"
    [![Sheet of {count:,} handwritten digits, {zeros:,} zeros and {ones:,} ones, white on black,
    {columns} to a row; the rows are numbered.](digits/{file}){{ {attributes} }}](digits/{file})
"""


def sheet(images: NDArray[np.float32], first: int) -> Image.Image:
    """Put images side by side, with the number of the first one before each row."""
    rows = -(-len(images) // COLUMNS)
    levels = np.zeros((rows * CELL, MARGIN + COLUMNS * CELL), np.uint8)
    for place, image in enumerate(images):
        top, left = place // COLUMNS * CELL, MARGIN + place % COLUMNS * CELL
        levels[top : top + 28, left : left + 28] = (image[0] * (GREYS - 1)).round()
    picture = Image.fromarray(levels)
    pen = ImageDraw.Draw(picture)
    for row in range(rows):
        pen.text((4, row * CELL + 8), str(first + row * COLUMNS), fill=GREYS - 1)
    greys = [level * 255 // (GREYS - 1) for level in range(GREYS)]
    picture.putpalette([grey for grey in greys for _ in range(3)])
    return picture


def sheets(part: str, samples: Samples) -> tuple[dict[str, Image.Image], str]:
    """Make the sheets of one part of the data, and the entries of the page."""
    images, labels = samples
    pictures, text = {}, ""
    for number, first in enumerate(range(0, len(images), PER_SHEET)):
        chosen = slice(first, min(first + PER_SHEET, len(images)))
        name = f"{part}-{number:02}"
        pictures[name] = sheet(images[chosen], first)
        zeros, ones = np.bincount(labels[chosen], minlength=2)
        title = f"{part.capitalize()} images {first:,} to {chosen.stop - 1:,}"
        width, height = pictures[name].size
        text += ENTRY.format(
            title=title,
            count=chosen.stop - first,
            zeros=zeros,
            ones=ones,
            columns=COLUMNS,
            file=f"{name}.png",
            attributes=f'width="{width}" height="{height}" loading="lazy"',
        )
    return pictures, text


def main() -> int:
    """Write the sheets and the page, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; compare")
    check = parser.parse_args().check
    split = load_zero_one()
    train, train_text = sheets("training", split.train)
    test, test_text = sheets("test", split.test)
    counts = {"training": len(split.train[1]), "test": len(split.test[1])}
    page = HEAD.format(**counts, columns=COLUMNS, greys=GREYS)
    page += "\n## Training images\n" + train_text + "\n## Test images\n" + test_text
    if check:
        same = (DOCS / "digits.md").read_text(encoding="utf-8") == page
        for name, picture in (train | test).items():
            with Image.open(DOCS / "digits" / f"{name}.png") as stored:
                same &= stored.convert("L").tobytes() == picture.convert("L").tobytes()
        print("digit sheets: the same" if same else "digit sheets: DIFFERENT")
        return 0 if same else 1
    (DOCS / "digits").mkdir(exist_ok=True)
    for name, picture in (train | test).items():
        with replacing(DOCS / "digits" / f"{name}.png") as file:
            picture.save(file, format="PNG", optimize=True, bits=4)
    with replacing(DOCS / "digits.md") as file:
        file.write(page.encode())
    print(f"digit sheets: {len(train | test)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
