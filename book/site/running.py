"""Buttons for the blocks that run in the reader's browser, where the runtime has been assembled.

The buttons are part of the page as it is built, so that nothing moves when the script comes; a
page whose examples cannot run in a browser has none. See ``scripts/runtime.py``.
"""

import hashlib
import re
from html import unescape
from pathlib import Path

from markdown import Markdown
from markdown.postprocessors import Postprocessor

from book.reading import read_json
from book.site.packing import MANIFEST, RUNTIME
from book.site.place import current_place

BLOCK = re.compile(
    r'(?P<block><div class="language-pycon highlight">.*?</pre>)(?P<end></div>)', re.DOTALL
)
NOT_HERE = re.compile(r">torch<|import torch")  # no browser has it
TURN = '<nav aria-label="Previous and next page"'
# How long blocks took in a browser, in seconds, by the hash of their text; only those that took
# long. A block that is written anew is not among them until it is measured.
LONG_BLOCKS = Path(__file__).with_name("long_blocks.json")
LONG = 5
TAG = re.compile(r"<[^>]+>")
COMMENT = re.compile(r" *#.*")
PROMPT = re.compile(r">>>|\.\.\.")
ALONE = re.compile(r"(?<!o)o(?!o)")  # of the kinds of lines: an output between others
ROW = (
    '<div class="run" data-search-exclude="true"{seconds}>'
    '<button type="button" data-do="run">Run</button>'
    '<button type="button" data-do="edit">Edit</button>'
    '<button type="button" data-do="again" hidden>Start again</button>'
    "{note}<output></output></div>"
)
SECTION = (
    '<section class="check-here" data-search-exclude="true"'
    ' aria-label="Check this page here">'
    '<button type="button" data-do="check">Check this page here</button>'
    "<p>{what} It is Python that computes, in your browser, on your machine. It is loaded when you"
    " ask for it, takes about 165 MB of memory, and is kept for the next time.{long}</p>"
    '<p class="check-progress"></p><output></output><ul class="check-wrong"></ul></section>'
)


HEADING = re.compile(r"</h1>\n?")
PREDICT = (
    '<p class="predict" data-search-exclude="true"><button type="button" aria-pressed="false">'
    "Predict first</button> hides each output of one line until you have guessed it.</p>"
)


class Running(Postprocessor):
    """Put a row of buttons under each block of examples, and a check of the page at its end."""

    def __init__(self, md: Markdown, docs: Path) -> None:
        super().__init__(md)
        self.md, self.docs = md, docs

    def run(self, text: str) -> str:
        """Add the buttons, if the runtime is there and the page's examples can use it."""
        here = current_place(self.md)
        docstring = "mkdocstrings_ids" in self.md.treeprocessors  # a text within the page
        if here is None or docstring:
            return text
        blocks = len(BLOCK.findall(text))
        if not here.page.startswith("reference/") and any(map(guessable, BLOCK.finditer(text))):
            text = HEADING.sub(lambda found: found[0] + PREDICT, text, count=1)
        if not (self.docs / RUNTIME.name / MANIFEST).exists():
            return text
        equations = text.count('class="equation-number"')
        if NOT_HERE.search(text) or not blocks + equations:
            return text
        took: list[float] = []

        def with_row(found: re.Match[str]) -> str:
            took.append(long_blocks().get(fingerprint(unescape(TAG.sub("", found["block"]))), 0))
            return f"{found['block']}{row(took[-1])}{found['end']}"

        text = BLOCK.sub(with_row, text)
        section = SECTION.format(what=said(blocks, equations), long=warning(sum(took)))
        before, turn, after = text.rpartition(TURN)  # to the next page
        return f"{before or after}{section}{turn}{after if before else ''}"


def guessable(block: re.Match[str]) -> bool:
    """Say whether a block has an output of one line, which a reader can guess before it is seen."""
    lines = unescape(TAG.sub("", block["block"])).splitlines()
    kinds = "".join("i" if PROMPT.match(line) else "o" if line.strip() else " " for line in lines)
    return ALONE.search(kinds) is not None


def long_blocks() -> dict[str, float]:
    """Return the seconds that long blocks took, by `fingerprint`, of all pages."""
    pages: dict[str, dict[str, float]] = read_json(LONG_BLOCKS)
    return {key: seconds for page in pages.values() for key, seconds in page.items()}


def fingerprint(text: str) -> str:
    """Return the hash of a block's text by which it is known; comments may name equations."""
    code = COMMENT.sub("", text.strip())
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def row(seconds: float) -> str:
    """Return the buttons of a block; for one that takes long, with how long."""
    if not seconds:
        return ROW.format(seconds="", note="")
    note = f'<span class="run-long">takes {about(seconds)} in a browser</span>'
    return ROW.format(seconds=f' data-seconds="{round(seconds)}"', note=note)


def about(seconds: float) -> str:
    """Say a time as roughly as it is known, since readers' machines differ.

    Examples
    --------
    >>> about(7), about(44), about(80), about(100)
    ('about 10 s', 'about 40 s', 'about 80 s', 'about 2 minutes')
    """
    if seconds < 90:
        return f"about {max(round(seconds / 10), 1) * 10} s"
    return f"about {round(seconds / 60)} minutes"


def warning(seconds: float) -> str:
    """Say how long the long blocks of a page take together."""
    if not seconds:
        return ""
    return (
        f" The examples that take long take {about(seconds)} together: the NumPy of a browser has"
        " no library for matrix products."
    )


def said(blocks: int, equations: int) -> str:
    """Say what the check of a page will do."""
    examples = "every example of this page is run, and its output compared" if blocks else ""
    formulas = (
        "every numbered equation is computed as it stands here, and then with each of its signs,"
        " indices and bounds altered, which has to be noticed"
    )
    sentence = "; ".join(part for part in (examples, formulas if equations else "") if part)
    return f"{sentence[0].upper()}{sentence[1:]}."
