"""Take the picture of a page that the README shows: a derivation beside its source.

python -m scripts.page_picture          # builds the site, writes docs/images/page-*.png
python -m scripts.page_picture FOLDER   # of a site that is built

It needs the extras ``docs`` and ``browser`` and a Chromium on the path. Fonts and browsers draw
otherwise elsewhere, so the pictures are looked at, not compared.
"""

import argparse
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
PAGE, PLACE = "03-kernel-gradients/", "article .beside"
LISTINGS = 2  # the picture ends with the second
WIDTH, MARGIN = 1440, 8
MOST = 150_000  # bytes of a picture


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder on loopback; give its address."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def take(browser: Browser, address: str, scheme: str) -> Path:
    """Take the picture in the colours of a scheme; return where it is."""
    path = ROOT / "docs" / "images" / f"page-{scheme}.png"
    page = browser.new_page(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": WIDTH, "height": 900},
        device_scale_factor=1.5,
    )
    page.goto(address + PAGE)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.add_style_tag(
        content=".md-header { display: none } .equation-links { opacity: 1 !important }"
    )
    place = page.locator(PLACE).first
    box, last = place.bounding_box(), place.locator("pre").nth(LISTINGS - 1).bounding_box()
    if box is None or last is None:
        raise SystemExit(f"{PAGE}: expected {PLACE} with {LISTINGS} listings; got something else")
    clip = {
        "x": box["x"] - MARGIN,
        "y": box["y"] - MARGIN,
        "width": min(box["width"] + 2 * MARGIN, WIDTH - box["x"] + MARGIN),
        "height": last["y"] + last["height"] - box["y"] + 2 * MARGIN,
    }
    page.screenshot(path=path, clip=clip, full_page=True)  # type: ignore[arg-type]
    page.close()
    # A hundred shades are enough for letters, and weigh a third.
    Image.open(path).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def main() -> int:
    """Build the site where none is given, and take both pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", nargs="?", help="a site that is built")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as built, sync_playwright() as driver:
        if folder is None:
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", built]
            environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
        executable = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        with served(folder or built) as address:
            paths = [take(browser, address, scheme) for scheme in ("light", "dark")]
        browser.close()
    for path in paths:
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes of at most {MOST:,}")
    return int(any(path.stat().st_size > MOST for path in paths))


if __name__ == "__main__":
    sys.exit(main())
