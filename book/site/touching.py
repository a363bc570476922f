"""A figure that can be touched: under its drawing stands a button that opens it.

The button is part of the page as it is built, so that nothing moves when the script comes; the
drawing is right on its own, and stays where there is no script. See ``docs/javascripts/touch``.
"""

import re
from pathlib import Path

from markdown import Markdown
from markdown.postprocessors import Postprocessor

from book.site.place import current_place

FIGURE = re.compile(
    r'(?P<before><figure\b[^>]*\bdata-touch="(?P<name>[\w-]+)"[^>]*>.*?)(?P<caption><figcaption)',
    re.DOTALL,
)
INVITATION = re.compile(r'<figure\b[^>]*\bdata-invites="(?P<words>[^"]+)"')
STRIP = (
    '<div class="touch" data-search-exclude="true">'
    '<button type="button" aria-expanded="false">{words}</button></div>'
)


class TouchError(ValueError):
    """A page has a figure to be touched for which there is no module."""


class Touching(Postprocessor):
    """Put a button between the drawing and the caption of each figure that has ``data-touch``."""

    def __init__(self, md: Markdown, docs: Path) -> None:
        super().__init__(md)
        self.md, self.docs = md, docs

    def run(self, text: str) -> str:
        """Add the buttons; what the attribute ``data-invites`` says is written on them."""
        return FIGURE.sub(self._strip, text)

    def _strip(self, found: re.Match[str]) -> str:
        module = self.docs / "javascripts" / "touch" / f"{found['name']}.mjs"
        if not module.exists():
            here = current_place(self.md)
            raise TouchError(f"{here.page if here else 'a page'}: expected the module {module}")
        invitation = INVITATION.search(found["before"])
        words = invitation["words"] if invitation else "Hands on"
        return f"{found['before']}{STRIP.format(words=words)}{found['caption']}"
