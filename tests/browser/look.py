"""Take pictures of every kind of page in the three engines: a page you have not seen is not done.

python -m tests.browser.look FOLDER                        # every kind of page, width and scheme
python -m tests.browser.look FOLDER --page 09-backpropagation --selector '#eq-chain' --scale 2
python -m tests.browser.look FOLDER --engine webkit --scheme dark --width 360 --full

The site is built first; `--site` names one that is there.
"""

import argparse
import io
import itertools
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser.engines import NAMES, MissingError, engine
from tests.browser.serving import Quiet, build, served

# One page of each kind: start page, chapters with formulas, figures and listings, tables, a page
# of checks, the reference, a whole file.
KINDS = [
    "",
    "preface/",
    "notation/",
    "01-cross-correlation-and-convolution/",
    "03-kernel-gradients/",
    "09-backpropagation/",
    "12-what-it-learned/",
    "wrong-on-purpose/",
    "mutation/",
    "digits/",
    "bibliography/",
    "equations/chapter-03/",
    "reference/",
    "reference/convolution/",
    "source/cnnbook/layers/conv/",
]
WIDTHS = [360, 390, 768, 1440, 1920]
SCHEMES = ["light", "dark"]
LOADED = """
async () => {
  for (const image of document.images) image.loading = "eager";
  const shown = [...document.images].filter((image) => image.getClientRects().length);
  await Promise.all(shown.map((image) => image.decode().catch(() => null)));
}
"""
PLACE = """
([selector, index, margin]) => {
  const element = document.querySelectorAll(selector)[index];
  for (let one = element; one; one = one.parentElement) if (one.matches("details")) one.open = true;
  element.scrollIntoView({ block: "center", behavior: "instant" });
  const box = element.getBoundingClientRect();
  const left = Math.max(box.left - margin, 0), top = Math.max(box.top - margin, 0);
  return [left, top, Math.min(box.right + margin, innerWidth),
    Math.min(box.bottom + margin, innerHeight)];
}
"""
SCROLL = "(y) => { scrollTo({ top: y, behavior: 'instant' }); return scrollY; }"
HEIGHT = "() => [document.documentElement.scrollHeight, innerHeight, devicePixelRatio]"
BARE = """
() => document.head.append(Object.assign(document.createElement("style"), {
  textContent: ".md-header, .md-top { visibility: hidden !important }",
}))
"""


def window(page):
    """Return what is in the window."""
    page.settle()
    return Image.open(io.BytesIO(page.picture())).convert("RGB")


def whole(page):
    """Return the whole page, put together from windows; what sticks to the top is there once."""
    height, step, scale = page.evaluate(HEIGHT)
    pieces = []
    for y in range(0, height, step):
        if y:
            page.evaluate(f"() => {{ ({BARE})(); }}")
        pieces.append((page.evaluate(SCROLL, y), window(page)))
    picture = Image.new("RGB", (pieces[0][1].width, round(height * scale)))
    for y, piece in pieces:
        picture.paste(piece, (0, round(y * scale)))
    return picture


def take(page, *, selector=None, index=0, y=0, full=False, margin=12):
    """Return a picture of the element, of the whole page, or of the window scrolled to y."""
    page.evaluate(LOADED)
    if selector:
        box = page.evaluate(PLACE, [selector, index, margin])
        picture = window(page)
        scale = page.evaluate("() => devicePixelRatio")
        return picture.crop([round(edge * scale) for edge in box])
    if full:
        return whole(page)
    page.evaluate(SCROLL, y)
    return window(page)


def main():
    """Take the pictures that the options ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--site", type=Path, help="a folder that contains the built site as book/")
    parser.add_argument("--engine", action="append", choices=NAMES)
    parser.add_argument("--page", action="append", help="its address below the site's")
    parser.add_argument("--width", action="append", type=int)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--scheme", action="append", choices=SCHEMES)
    parser.add_argument("--scale", type=int, default=1, help="pixels of the picture to the page's")
    parser.add_argument("--selector", help="only this element")
    parser.add_argument("--index", type=int, default=0, help="which of those that match")
    parser.add_argument("--y", type=int, default=0, help="scroll so far first")
    parser.add_argument("--full", action="store_true", help="the whole page")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        if options.site is None:
            build(Path(folder) / "book")
        with served(Quiet, options.site or folder) as address:
            for name in options.engine or NAMES:
                tour(name, f"{address}book/", options)


def tour(name, site, options):
    """Take the pictures in one engine."""
    try:
        browser = engine(name)
    except MissingError as missing:
        print(f"{name}: {missing}")
        return
    cases = itertools.product(
        options.scheme or SCHEMES, options.width or WIDTHS, options.page or KINDS
    )
    try:
        for scheme, width, address in cases:
            size = {"width": width, "height": options.height, "scale": options.scale}
            with browser.open(site + address, scheme=scheme, **size) as page:
                picture = take(
                    page,
                    selector=options.selector,
                    index=options.index,
                    y=options.y,
                    full=options.full,
                )
            stem = address.strip("/").replace("/", "-") or "start"
            path = options.folder / f"{stem}-{width}-{scheme}-{name}.png"
            picture.save(path)
            print(path, flush=True)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
