"""What has changed in words since a revision, and what in it no program computes.

A numbered equation, an example, a measured number is computed. A definition in a line, the name of
an entry, a small number, a number word is not: somebody has to read them. So the paragraphs that
have changed are shown word by word, and below each the formulas, numbers and code that came or
went.
"""

import re
import sys
from collections.abc import Iterator
from difflib import SequenceMatcher

from book.commands.repository import ROOT, changed, fork_point, text_at
from book.equations import DISPLAY, FENCE

NUMBERS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty hundreds? thousands? millions? halves "
    "half thirds? fourth quarters? fifths? sixth seventh eighth ninth tenths? hundredths? "
    "thousandths? millionths? once twice thrice"
)
CLAIM = (
    r"\$[^$]+\$|\{\{.+?\}\}|``[^`]+``|`[^`]+`|@eq-[\w-]+"
    rf"|(?<![\w.])\d[\d,.]*\d|(?<![\w.])\d|\b(?:{'|'.join(NUMBERS.split())})\b"
)
CLAIMS = re.compile(CLAIM, re.IGNORECASE)
TOKEN = re.compile(rf"(?:{CLAIM}|[\w'-]+|[^\w\s])\s*", re.IGNORECASE)
DIRECTIVE = re.compile(r"^::: .*\n( {4}.*\n)*", re.MULTILINE)
GENERATED = ("docs/equations/", "docs/source/", "docs/digits.md", "docs/mutation.md")
MARKS = {"-": ("[-", "-]"), "+": ("{+", "+}"), " ": ("", "")}
COLOURS = {"-": ("\x1b[31m[-", "-]\x1b[0m"), "+": ("\x1b[32m{+", "+}\x1b[0m"), " ": ("", "")}


def review(since: str = "") -> str:
    """Show the paragraphs of the pages that differ from a revision.

    Parameters
    ----------
    since : str, optional
        A revision; where this work left main, if it is empty.
    """
    since = since or fork_point()
    marks = COLOURS if sys.stdout.isatty() else MARKS
    shown = []
    for path in changed(since):
        if path.endswith(".md") and not path.startswith(GENERATED):
            now = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
            found = list(differences(text_at(since, path), now, marks))
            shown += [f"=== {path}", *found] if found else []
    return "\n\n".join(shown) or f"no sentence has changed since {since}"


def differences(was: str, now: str, marks: dict[str, tuple[str, str]] = MARKS) -> Iterator[str]:
    """Compare two pages, paragraph by paragraph and word by word.

    Parameters
    ----------
    was, now : str
        The page at two times.
    marks : dict of str to tuple of str
        What stands around words that went (``-``), came (``+``) and stayed.

    Yields
    ------
    str
        A changed paragraph, and below it the claims in it that went or came.
    """
    before, after = paragraphs(was), paragraphs(now)
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        pairs = list(zip(before[a:b], after[c:d], strict=False)) if b - a == d - c else []
        for old, new in pairs or [("\n\n".join(before[a:b]), "\n\n".join(after[c:d]))]:
            lost, won = (dict.fromkeys(CLAIMS.findall(text)) for text in (old, new))
            claims = [f"  - {claim}" for claim in lost if claim not in won]
            claims += [f"  + {claim}" for claim in won if claim not in lost]
            yield "\n".join([words(old, new, marks), *claims])


def paragraphs(text: str) -> list[str]:
    """Split a page into paragraphs, a line each, without examples and numbered equations."""
    text = FENCE.sub("\n\n", DIRECTIVE.sub("", text))
    text = DISPLAY.sub(lambda m: "\n\n" if m["id"] else f"$${m['latex']}$$", text)
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def words(old: str, new: str, marks: dict[str, tuple[str, str]]) -> str:
    """Write two paragraphs as one, with marks around the words that went and came."""
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    old_words, new_words = ([token.strip() for token in side] for side in (before, after))
    parts = []
    for kind, a, b, c, d in SequenceMatcher(None, old_words, new_words).get_opcodes():
        pieces = {" ": after[c:d]} if kind == "equal" else {"-": before[a:b], "+": after[c:d]}
        for sign, piece in pieces.items():
            text = "".join(piece)
            space = text[len(text.rstrip()) :]
            parts += [marks[sign][0], text.rstrip(), marks[sign][1], space] if piece else []
    return "".join(parts)
