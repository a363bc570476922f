"""Measure how long the blocks of pages take in a browser, so that they can say so.

python -m tests.browser.long_blocks                    # all chapters, about ten minutes
python -m tests.browser.long_blocks 11-learning        # some pages

It checks each page in Chromium and notes in book/site/long_blocks.json what took long. The site is
built first; the runtime has to be there (python -m scripts.runtime).
"""

import argparse
import json
import re
import tempfile
from pathlib import Path

from book.reading import read_json
from book.site.running import LONG, LONG_BLOCKS, fingerprint
from cnnbook.files import replacing
from tests.browser.engines import engine
from tests.browser.serving import Quiet, build, served
from tests.browser.test_run import CHAPTERS, PATIENCE, check

BLOCKS = """
rows => rows.map((row) => [
  row.closest(".highlight").querySelector("pre > code").textContent,
  row.querySelector("output").textContent,
])
"""
SECONDS = re.compile(r"\((\d+\.\d) s\)")


def measure(browser, address):
    """Return the seconds of the blocks of a page that take long, by their hash."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    _, _, failed, line, _ = check(page)
    if failed:
        raise SystemExit(f"{address}: {line}")
    found = {}
    for text, said in page.locator(".run").evaluate_all(BLOCKS):
        seconds = float(SECONDS.search(said)[1])
        if seconds >= LONG:
            found[fingerprint(text)] = seconds
    page.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pages", nargs="*", default=CHAPTERS)
    pages = parser.parse_args().pages
    noted = read_json(LONG_BLOCKS)
    chromium = engine("chromium")
    browser = chromium.launch()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "book")
        with served(Quiet, folder) as address:
            for name in pages:
                found = measure(browser, f"{address}book/{name}/")
                noted[f"{name}.md"] = found
                print(f"{name}: {list(found.values())}", flush=True)
    chromium.close()
    noted = {name: found for name, found in sorted(noted.items()) if found}
    with replacing(LONG_BLOCKS) as file:
        file.write(f"{json.dumps(noted, indent=1)}\n".encode())


if __name__ == "__main__":
    main()
