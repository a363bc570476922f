"""The Python-Markdown extension: formulas, numbered equations, references to them.

``$x$`` is a formula in a line. On lines of its own, ``$$`` opens and closes a displayed one;
``{#eq-name}`` behind the closing ``$$`` gives it an id and a number. ``@eq-name`` refers to it
from any page and any docstring, with a preview that shows when the reference is hovered over or
focused. Everything is resolved when the site is built; the page needs no JavaScript.
"""

import html
import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor

from cnnbook_site.equations import (
    DISPLAY,
    INLINE,
    REFERENCE,
    Equation,
    EquationError,
    find_equations,
)
from cnnbook_site.typeset import typeset

MARK = re.compile(r"^ {0,3}\x02equation:(\d+)\x03\s*$")  # deeper ones belong to a list
PLAIN = re.compile(r'<span class="(?:n|o|p|w)">([^<]*)</span>')  # names, operators, punctuation


class DisplayPreprocessor(Preprocessor):
    """Take displayed formulas out of the text before Markdown reads stars and underscores."""

    def __init__(self, md: Markdown, displays: list[tuple[str, str | None]]) -> None:
        super().__init__(md)
        self.displays = displays

    def run(self, lines: list[str]) -> list[str]:
        """Replace each displayed formula by a mark that stands alone."""

        def stash(match: re.Match[str]) -> str:
            self.displays.append((match["latex"], match["id"]))
            return f"\n{match['indent']}\x02equation:{len(self.displays) - 1}\x03\n"

        return DISPLAY.sub(stash, "\n".join(lines)).split("\n")


class DisplayProcessor(BlockProcessor):
    """Turn the marks into formulas, numbered where they have an id."""

    def __init__(self, md: Markdown, extension: "MathExtension") -> None:
        super().__init__(md.parser)
        self.md, self.extension = md, extension

    def test(self, parent: Element, block: str) -> bool:
        """Recognise a mark."""
        return MARK.match(block) is not None

    def run(self, parent: Element, blocks: list[str]) -> None:
        """Write a ``div`` with the formula, and for an id an anchor and the number."""
        mark = MARK.match(blocks.pop(0))
        assert mark is not None  # noqa: S101 - `test` has said so
        latex, name = self.extension.displays[int(mark[1])]
        box = SubElement(parent, "div", {"class": "equation"})
        if name is not None:
            SubElement(box, "a", {"id": name})
        formula = SubElement(box, "div", {"class": "equation-formula", "tabindex": "0"})
        formula.text = self.md.htmlStash.store(typeset(latex, display=True))
        if name is not None:
            number = self.extension.equation(name).number
            link = SubElement(box, "a", {"class": "equation-number", "href": f"#{name}"})
            link.text = f"({number})"
            link.set("aria-label", f"Equation {number}")


class InlineMath(InlineProcessor):
    """A formula in a line."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - Python-Markdown's name
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        """Typeset it."""
        return self.md.htmlStash.store(typeset(m["latex"], display=False)), m.start(0), m.end(0)


class Reference(InlineProcessor):
    """A reference to an equation, with its preview."""

    def __init__(self, pattern: str, md: Markdown, extension: "MathExtension") -> None:
        super().__init__(pattern, md)
        self.extension = extension

    def handleMatch(  # type: ignore[override]  # noqa: N802 - Python-Markdown's name
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        """Write a link for autorefs to resolve, and the equation for the reader to glance at."""
        equation = self.extension.equation(m["id"])
        link = f'<autoref identifier="{html.escape(equation.id)}">({equation.number})</autoref>'
        preview = typeset(equation.latex, display=True)
        markup = (
            f'<span class="equation-reference">{link}'
            f'<span class="equation-preview" aria-hidden="true">{preview}</span></span>'
        )
        return self.md.htmlStash.store(markup), m.start(0), m.end(0)


class PlainTokens(Postprocessor):
    """Take the elements away that only say that a token of code is like any other.

    Half of the elements of a page with much code are of that kind. They look like the text around
    them, and a browser styles each of them several times before the page answers.
    """

    def run(self, text: str) -> str:
        """Unwrap names, operators, punctuation and white space."""
        return PLAIN.sub(r"\1", text)


class MathExtension(Extension):
    """Formulas, numbered equations and references.

    Parameters
    ----------
    docs : str
        The folder of pages, in which the equations are looked up.
    """

    def __init__(self, **options: Any) -> None:
        self.config = {"docs": ["docs", "the folder of pages"]}
        super().__init__(**options)
        self.displays: list[tuple[str, str | None]] = []
        self.equations: dict[str, Equation] | None = None

    def equation(self, name: str) -> Equation:
        """Look an equation up; the pages are read once for every conversion."""
        if self.equations is None:
            self.equations = find_equations(Path(self.getConfig("docs")))
        if name not in self.equations:
            raise EquationError(f"{name}: no equation on any page has this id")
        return self.equations[name]

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Register after fenced code (25), so that dollars in code stay dollars."""
        md.registerExtension(self)
        md.preprocessors.register(DisplayPreprocessor(md, self.displays), "math-display", 20)
        md.parser.blockprocessors.register(DisplayProcessor(md, self), "math-display", 175)
        # After code spans (190), before everything that reads stars, underscores and escapes.
        md.inlinePatterns.register(InlineMath(INLINE.pattern, md), "math-inline", 185)
        pattern = REFERENCE.pattern
        md.inlinePatterns.register(Reference(pattern, md, self), "math-reference", 184)
        # After raw HTML has been put back (30), which is how docstrings come into the page.
        md.postprocessors.register(PlainTokens(md), "plain-tokens", 5)

    def reset(self) -> None:
        """Forget the last page: the pages may have changed since."""
        self.displays.clear()
        self.equations = None


def makeExtension(**options: Any) -> MathExtension:  # noqa: N802 - Python-Markdown's name
    """Return the extension, as Python-Markdown asks for it."""
    return MathExtension(**options)
