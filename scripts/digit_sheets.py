"""Make the sheets of all zeros and ones, docs/digits, and the page that shows them.

``python -m scripts.digit_sheets`` writes what is not as it would be made, pixel for pixel;
``--stale`` lists it, and ``--check`` fails if there is any.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from book import contract
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


def pictures_and_page() -> tuple[dict[str, Image.Image], str]:
    """Make all sheets, and the page that shows them."""
    split = load_zero_one()
    train, train_text = sheets("training", split.train)
    test, test_text = sheets("test", split.test)
    counts = {"training": len(split.train[1]), "test": len(split.test[1])}
    page = HEAD.format(**counts, columns=COLUMNS, greys=GREYS)
    page += "\n## Training images\n" + train_text + "\n## Test images\n" + test_text
    return train | test, page


def shown(picture: Image.Image, path: Path) -> bool:
    """Tell whether a file shows a picture, pixel for pixel."""
    if not path.exists():
        return False
    with Image.open(path) as stored:
        return stored.convert("L").tobytes() == picture.convert("L").tobytes()


def stale() -> dict[str, str]:
    """Return the sheets that are not what the data give, and the page if it is not."""
    pictures, page = pictures_and_page()
    found = {
        name: "does not show the images of the data set"
        for name, picture in pictures.items()
        if not shown(picture, DOCS / "digits" / f"{name}.png")
    }
    path = DOCS / "digits.md"
    if not path.exists() or path.read_text(encoding="utf-8") != page:
        found["digits.md"] = "is not the page of these sheets"
    return found


def make(names: list[str]) -> None:
    """Write the sheets that are named, and the page if it is."""
    pictures, page = pictures_and_page()
    (DOCS / "digits").mkdir(exist_ok=True)
    for name in names:
        if name == "digits.md":
            with replacing(DOCS / name) as file:
                file.write(page.encode())
        else:
            with replacing(DOCS / "digits" / f"{name}.png") as file:
                pictures[name].save(file, format="PNG", optimize=True, bits=4)
    print(f"digit sheets: {len(names)} written")


if __name__ == "__main__":
    sys.exit(contract.run(__doc__ or "", stale, make))
