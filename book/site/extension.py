"""The Python-Markdown extension: formulas, numbered equations, references, measured numbers.

``$x$`` is a formula in a line. On lines of its own, ``$$`` opens and closes a displayed one;
``{#eq-name}`` behind the closing ``$$`` gives it an id and a number. ``@eq-name`` refers to it
from any page, docstring or comment in printed source, with a preview that shows when the
reference is hovered over or focused. ``{{ figure.entry:.2f }}`` is a number out of a figure's
JSON. Everything is resolved when the site is built; the page needs no JavaScript.
"""

import html
import posixpath
import re
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor

from book.equations import (
    DISPLAY,
    INLINE,
    REFERENCE,
    Equation,
    EquationError,
    check_references,
    find_equations,
)
from book.reading import Version, read_json, versions
from book.site.copied import Copied
from book.site.figures import Drawings
from book.site.measured import NUMBER, NumberError, measured
from book.site.notes import SideNotes
from book.site.place import PageError, Turn, current_place, located
from book.site.running import Running
from book.site.touching import Touching
from book.site.typeset import MathError, lines, typeset

SOURCE_MARKS = re.compile(r'<span class="c1">[^<]*@eq-[^<]*|<span class="source-equations">[^<]*')
SOURCE_LINK = re.compile(r'href="source:(?P<path>[\w/]+)\.py#L(?P<line>\d+)"')
MARK = re.compile(r"^ {0,3}\x02equation:(\d+)\x03\s*$")  # deeper ones belong to a list
LINE_ANCHOR = re.compile(r'<a id="__codelineno-[^>]*></a>')
LINE_LINK = re.compile(r'<a href="#__codelineno-[^>]*>( *\d+)</a>')  # too small for a finger
PUNCTUATION = re.compile(r"[.,;:?)]+")
UNHEARD = 'aria-hidden="true" tabindex="-1"'
HEADER_LINK = re.compile(r'<a((?: href="[^"]*")? class="headerlink")')
CARRIED = re.compile(r' alttext="[^"]*" aria-label="[^"]*"')  # a preview is not heard nor copied
PLAIN = re.compile(r'<span class="(?:n|o|p|w)">([^<]*)</span>')  # names, operators, punctuation


def numbered(docs: Path, sources: Path | None) -> dict[str, Equation]:
    """Give each equation its number and check what refers to it, once for all pages.

    Parameters
    ----------
    docs : Path
        The folder of pages.
    sources : Path or None
        The folder of the package; if None, references are not checked.

    Returns
    -------
    dict of str to Equation
        By id.
    """
    sourced = sources.rglob("*.py") if sources else ()
    return _numbered(docs, sources, versions(docs.rglob("*.md")), versions(sourced))


@lru_cache(maxsize=1)
def _numbered(docs: Path, sources: Path | None, *_: tuple[Version, ...]) -> dict[str, Equation]:
    equations = find_equations(docs)
    if sources is not None:
        check_references(equations, [docs, sources])
    return equations


def displayed(latex: str) -> str:
    """Typeset a display; each part may begin a new line where the page is narrow."""
    return "".join(typeset(part, display=True) for part in lines(latex) or [latex])


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
        with located(self.md, self.extension.docs, latex, MathError, EquationError):
            self.write(parent, latex, name)

    def write(self, parent: Element, latex: str, name: str | None) -> None:
        """Write one formula."""
        box = SubElement(parent, "div", {"class": "equation"})
        formula = SubElement(box, "div", {"class": "equation-formula"})
        formula.text = self.md.htmlStash.store(displayed(latex))
        if name is not None:
            number = self.extension.equation(name).number
            # The id stands on the link, where mkdocs-autorefs finds it.
            # It leads where the reader is already, so the keyboard passes it by.
            attributes = {"class": "equation-number", "id": name, "href": f"#{name}"}
            attributes["tabindex"] = "-1"
            link = SubElement(box, "a", attributes)
            link.text = f"({number})"
            link.set("aria-label", f"Equation {number}")
            self.link_to_evidence(box, name, number)

    def link_to_evidence(self, box: Element, name: str, number: str) -> None:
        """Link to the source that computes the equation, and to the test that evaluates it."""
        sources = self.extension.sources()
        if sources is None:
            return
        if name not in sources:
            raise EquationError(f"{name}: has not been measured: python -m book.formulas.report")
        links = [
            f'<autoref identifier="{identifier}" aria-label="{text} of equation {number}">'
            f"{text}</autoref>"
            for text, identifier in (("code", sources[name]), ("check", f"check-{name}"))
            if identifier is not None
        ]
        span = SubElement(box, "span", {"class": "equation-links", "data-search-exclude": "true"})
        span.text = self.md.htmlStash.store(" ".join(links))


class ExtensionProcessor(InlineProcessor):
    """A sign in a line, of which the extension knows more."""

    def __init__(self, pattern: str, md: Markdown, extension: "MathExtension") -> None:
        super().__init__(pattern, md)
        self.extension = extension


class InlineMath(ExtensionProcessor):
    """A formula in a line."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - Python-Markdown's name
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        """Typeset it, in one piece with the punctuation behind it, which may not begin a line."""
        with located(self.md, self.extension.docs, m[0], MathError):
            markup, end = typeset(m["latex"], display=False), m.end(0)
        closing = PUNCTUATION.match(data, end)
        if closing is not None:
            markup = f'<span class="no-break">{markup}{closing[0]}</span>'
            end = closing.end()
        return self.md.htmlStash.store(markup), m.start(0), end


class Reference(ExtensionProcessor):
    """A reference to an equation, with its preview."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - Python-Markdown's name
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        """Write a link for autorefs to resolve, and the equation for the reader to glance at."""
        with located(self.md, self.extension.docs, m[0], EquationError):
            equation = self.extension.equation(m["id"])
        link = (
            f'<autoref identifier="{html.escape(equation.id)}" '
            f'aria-label="Equation {equation.number}">({equation.number})</autoref>'
        )
        preview = ""
        here = current_place(self.md)
        if here is None or here.page != equation.page:  # on this page a script copies it
            formula = CARRIED.sub("", displayed(equation.latex))
            preview = f'<span class="equation-preview" {UNHEARD}>{formula}</span>'
        markup = f'<span class="equation-reference">{link}{preview}</span>'
        return self.md.htmlStash.store(markup), m.start(0), m.end(0)


class PlainTokens(Postprocessor):
    """Take the elements away that only say that a token of code is like any other.

    Half of the elements of a page with much code are of that kind. They look like the text around
    them, and a browser styles each of them several times before the page answers.
    """

    def run(self, text: str) -> str:
        """Unwrap plain tokens; drop the anchors of lines that have no number, and their links."""
        if 'class="linenos"' not in text:
            text = LINE_ANCHOR.sub("", text)
        text = LINE_LINK.sub(r"\1", text)
        return PLAIN.sub(r"\1", text)


class QuietPermalinks(Postprocessor):
    """Let the keyboard pass the links of headings to themselves; the contents list has them all."""

    def run(self, text: str) -> str:
        """Take them out of the order of the Tab key."""
        return HEADER_LINK.sub(rf"<a {UNHEARD}\1", text)


class MeasuredNumber(ExtensionProcessor):
    """A number that a figure's script measured."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - Python-Markdown's name
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        """Write it."""
        docs = self.extension.docs
        with located(self.md, docs, m[0], NumberError):
            number = measured(docs / "figures", m["figure"], m["entry"], m["format"])
        return number, m.start(0), m.end(0)


class PrintedSource(Postprocessor):
    """Resolve what the templates of printed source leave open: equations and lines of files."""

    def __init__(self, md: Markdown, extension: "MathExtension") -> None:
        super().__init__(md)
        self.extension = extension

    def run(self, text: str) -> str:
        """Turn ``@eq-name`` in comments and captions into links, and find the files' pages."""
        text = SOURCE_MARKS.sub(lambda m: REFERENCE.sub(self.refer, m[0]), text)
        return SOURCE_LINK.sub(self.link, text)

    def refer(self, match: re.Match[str]) -> str:
        """Link to an equation by its number."""
        number = self.extension.equation(match["id"]).number
        return f'<autoref identifier="{match["id"]}">({number})</autoref>'

    def link(self, match: re.Match[str]) -> str:
        """Link to a line of the page that shows the whole file, relative to this page."""
        target = f"{match['path']}/#__codelineno-0-{match['line']}"
        here = current_place(self.md)
        if here is None:
            return 'href="#"'
        return f'href="{posixpath.relpath("source/" + target, here.folder or ".")}"'


class MathExtension(Extension):
    """Formulas, numbered equations and references.

    Parameters
    ----------
    docs : str
        The folder of pages, in which the equations are looked up.
    """

    def __init__(self, **options: Any) -> None:
        self.config = {
            "docs": ["docs", "the folder of pages"],
            "sources": ["", "the folder of the package, whose docstrings refer to equations"],
            "configuration": ["mkdocs.yml", "the file with the navigation, in reading order"],
        }
        super().__init__(**options)
        self.displays: list[tuple[str, str | None]] = []
        self.equations: dict[str, Equation] | None = None

    @property
    def docs(self) -> Path:
        """The folder of pages."""
        return Path(self.getConfig("docs"))

    def equation(self, name: str) -> Equation:
        """Look an equation up; whether a page has changed is seen once for every conversion."""
        if self.equations is None:
            sources = self.getConfig("sources")
            try:
                self.equations = numbered(self.docs, Path(sources) if sources else None)
            except EquationError as error:  # which says where, perhaps on another page
                raise PageError(str(error)) from error
        if name not in self.equations:
            raise EquationError(f"{name}: no equation on any page has this id")
        return self.equations[name]

    def sources(self) -> dict[str, str | None] | None:
        """Return, for each equation that was measured, the function that computes it.

        None stands for NumPy, which alone computes some definitions; instead of the whole, it says
        that these pages have no report.
        """
        report = self.docs / "equations" / "report.json"
        if not report.exists():
            return None
        return {entry["id"]: entry["source"] for entry in read_json(report)["equations"]}

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Register after fenced code (25), where dollars stay dollars, before HTML (20)."""
        md.registerExtension(self)
        md.preprocessors.register(DisplayPreprocessor(md, self.displays), "math-display", 22)
        md.parser.blockprocessors.register(DisplayProcessor(md, self), "math-display", 175)
        # After code spans (190), before everything that reads stars, underscores and escapes.
        md.inlinePatterns.register(InlineMath(INLINE.pattern, md, self), "math-inline", 185)
        pattern = REFERENCE.pattern
        md.inlinePatterns.register(Reference(pattern, md, self), "math-reference", 184)
        md.inlinePatterns.register(MeasuredNumber(NUMBER.pattern, md, self), "math-number", 183)
        # After words in lines (20), before the builder looks for the files of links (0).
        docs = self.docs
        md.treeprocessors.register(SideNotes(md), "side-notes", 16)
        md.treeprocessors.register(Drawings(md, docs), "figure-drawings", 15)
        configuration = Path(self.getConfig("configuration"))
        md.treeprocessors.register(Turn(md, docs, configuration), "turn", 14)
        # After raw HTML has been put back (30), which is how docstrings come into the page.
        md.postprocessors.register(PlainTokens(md), "plain-tokens", 5)
        md.postprocessors.register(QuietPermalinks(md), "quiet-permalinks", 6)
        md.postprocessors.register(PrintedSource(md, self), "printed-source", 4)
        md.postprocessors.register(Copied(md), "copied", 3)
        md.postprocessors.register(Touching(md, docs), "touching", 2.5)
        md.postprocessors.register(Running(md, docs), "running", 2)  # after outputs are marked

    def reset(self) -> None:
        """Forget the last page: the pages may have changed since."""
        self.displays.clear()
        self.equations = None


def makeExtension(**options: Any) -> MathExtension:  # noqa: N802 - Python-Markdown's name
    """Return the extension, as Python-Markdown asks for it."""
    return MathExtension(**options)
