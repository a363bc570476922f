"""Buttons for the blocks that run in the reader's browser, where the runtime has been assembled.

The buttons are part of the page as it is built, so that nothing moves when the script comes; a
page whose examples cannot run in a browser has none. See ``scripts/runtime.py``.
"""

import re
from pathlib import Path

from markdown import Markdown
from markdown.postprocessors import Postprocessor

from book.site.packing import MANIFEST, RUNTIME
from book.site.place import current_place

BLOCK = re.compile(
    r'(?P<block><div class="language-pycon highlight">.*?</pre>)(?P<end></div>)', re.DOTALL
)
NOT_HERE = re.compile(r">torch<|import torch")  # no browser has it
TURN = '<nav aria-label="Previous and next page"'
ROW = (
    '<div class="run" data-search-exclude="true">'
    '<button type="button" data-do="run">Run</button>'
    '<button type="button" data-do="edit">Edit</button>'
    '<button type="button" data-do="again" hidden>Start again</button>'
    "<output></output></div>"
)
SECTION = (
    '<section class="check-here" data-search-exclude="true"'
    ' aria-label="Check this page here">'
    '<button type="button" data-do="check">Check this page here</button>'
    "<p>{what} It is Python that computes, in your browser, on your machine. It is loaded when you"
    " ask for it, takes about 165 MB of memory, and is kept for the next time.</p>"
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
        if blocks and not here.page.startswith("reference/"):
            text = HEADING.sub(lambda found: found[0] + PREDICT, text, count=1)
        if not (self.docs / RUNTIME.name / MANIFEST).exists():
            return text
        equations = text.count('class="equation-number"')
        if NOT_HERE.search(text) or not blocks + equations:
            return text
        text = BLOCK.sub(lambda found: f"{found['block']}{ROW}{found['end']}", text)
        section = SECTION.format(what=said(blocks, equations))
        before, turn, after = text.rpartition(TURN)  # to the next page
        return f"{before or after}{section}{turn}{after if before else ''}"


def said(blocks: int, equations: int) -> str:
    """Say what the check of a page will do."""
    examples = "every example of this page is run, and its output compared" if blocks else ""
    formulas = (
        "every numbered equation is computed as it stands here, and then with each of its signs,"
        " indices and bounds altered, which has to be noticed"
    )
    sentence = "; ".join(part for part in (examples, formulas if equations else "") if part)
    return f"{sentence[0].upper()}{sentence[1:]}."
