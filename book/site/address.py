"""Lines of a page that need the address of the project, and are there only where it is known.

The address comes from the environment that publishes the book and stands in no file. A line that
begins with ``[[repository]]`` is printed without that mark and with the address in the place of
``{repository}``; where there is no address, the line is left out, in a block of code as well as
in a paragraph. What stands around it has to read right in both cases.
"""

import re
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

MARKED = re.compile(r"^(?P<indent> *)\[\[repository\]\] *(?P<line>.*)$")
PLACE = "{repository}"
BEFORE_FENCES = 28  # and after line ends and tabs have been put right, at 30


class AddressError(ValueError):
    """A place for the address in a line that would be printed without one."""


def addressed(lines: list[str], repository: str) -> list[str]:
    """Fill the address into marked lines, or leave them out where it is empty.

    Parameters
    ----------
    lines : list of str
        The lines of a page.
    repository : str
        The address, or an empty string.

    Returns
    -------
    list of str
        The lines to print.

    Raises
    ------
    AddressError
        If a line without the mark has a place for the address.

    Examples
    --------
    >>> page = ["Type", "[[repository]] git clone {repository} book", "make"]
    >>> addressed(page, "https://example.org/book/")
    ['Type', 'git clone https://example.org/book book', 'make']
    >>> addressed(page, "")
    ['Type', 'make']
    """
    printed = []
    for line in lines:
        marked = MARKED.match(line)
        if marked is None:
            if PLACE in line:
                raise AddressError(f"expected [[repository]] at the beginning of: {line}")
            printed.append(line)
        elif repository:
            filled = marked["line"].replace(PLACE, repository.rstrip("/"))
            printed.append(marked["indent"] + filled)
    return printed


class AddressPreprocessor(Preprocessor):
    """Print the marked lines of a page, or leave them out.

    Parameters
    ----------
    md : markdown.Markdown
        The converter.
    repository : str
        The address, or an empty string.
    """

    def __init__(self, md: Markdown, repository: str) -> None:
        super().__init__(md)
        self.repository = repository

    def run(self, lines: list[str]) -> list[str]:
        """Go through the lines of the page."""
        return addressed(lines, self.repository)


class AddressExtension(Extension):
    """Lines that need the address of the project.

    Parameters
    ----------
    repository : str
        The address, or an empty string.
    """

    def __init__(self, **options: Any) -> None:
        self.config = {"repository": ["", "where a copy of the project is to be had"]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Register before blocks of code are taken out of the text."""
        preprocessor = AddressPreprocessor(md, self.getConfig("repository"))
        md.preprocessors.register(preprocessor, "address", BEFORE_FENCES)


def makeExtension(**options: Any) -> AddressExtension:  # noqa: N802 - Python-Markdown's name
    """Return the extension, as Python-Markdown asks for it."""
    return AddressExtension(**options)
