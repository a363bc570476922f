"""A figure is written once and shown in two drawings, one for each scheme of colours."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from book.reading import read
from book.site.place import located

SCHEMES = ("light", "dark")
SOURCE = re.compile(r"(?P<folder>(?:[\w./-]*/)?)figures/(?P<name>\w+)\.svg")
SIZE = re.compile(r'<svg[^>]*?width="(?P<width>[\d.]+)pt" height="(?P<height>[\d.]+)pt"')
COLUMN = 645  # pixels: a wider drawing takes the margin, and its caption stands below it


class FigureError(ValueError):
    """A page shows a figure of which a drawing is missing."""


class Drawings(Treeprocessor):
    """Turn an image ``figures/NAME.svg`` into ``NAME-light.svg`` and ``NAME-dark.svg``.

    Both say the same to a reader who does not see them; a style shows one. Their size is that of
    the drawing, so that the page does not move when it comes.
    """

    def __init__(self, md: Markdown, docs: Path) -> None:
        super().__init__(md)
        self.docs = docs

    def run(self, root: Element) -> None:
        """Find the images and put two in the place of each."""
        for parent in list(root.iter()):
            for at in range(len(parent) - 1, -1, -1):
                image = parent[at]
                source = SOURCE.fullmatch(image.get("src", "")) if image.tag == "img" else None
                if source is not None:
                    parent.remove(image)
                    with located(self.md, self.docs, image.get("src", ""), FigureError):
                        drawings = self.drawings(image, source["folder"], source["name"])
                    for drawing in drawings:
                        parent.insert(at, drawing)

    def drawings(self, image: Element, folder: str, name: str) -> list[Element]:
        """Return the drawings of one figure, the last first."""
        found = []
        for scheme in SCHEMES:
            file = self.docs / "figures" / f"{name}-{scheme}.svg"
            size = SIZE.search(read(file)) if file.exists() else None
            if size is None:
                raise FigureError(f"{file}: expected what python -m scripts.figures draws")
            drawing = Element("img", dict(image.attrib))
            drawing.set("src", f"{folder}figures/{name}-{scheme}.svg")
            wide = " wide" if float(size["width"]) * 4 / 3 > COLUMN else ""
            drawing.set("class", f"figure-{scheme}{wide}")
            drawing.set("loading", "lazy")
            for side in ("width", "height"):
                drawing.set(side, str(round(float(size[side]) * 4 / 3)))  # points to pixels
            found.append(drawing)
        found[-1].tail = image.tail
        return found[::-1]
