"""Keep a record of what the pages claim and no program computes, as it was when it was last read.

    python scripts/claims.py           # shows what has changed since, and takes it over
    python scripts/claims.py --check   # shows it, and fails

A numbered equation, arithmetic, an example, a measured number can be computed. A definition in a
line, the name of an entry, a small number, a number word cannot; somebody has to read them. So
that nobody changes one unread, the record in ``tests/book/claims.json`` holds, paragraph by
paragraph, the formulas, the numbers in digits and words, and the code of the pages, the README
and the docstrings.
"""

import argparse
import ast
import difflib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from cnnbook.files import replacing  # noqa: E402
from cnnbook_site.equations import DISPLAY, FENCE  # noqa: E402
from cnnbook_site.numbers import NUMBER, measured  # noqa: E402

RECORD = ROOT / "tests" / "book" / "claims.json"
FIGURES = ROOT / "docs" / "figures"
GENERATED = {"digits.md", "mutation.md"}  # compared with the data that they are made of
WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty hundreds? thousands? millions? half "
    "halves thirds? fourth quarters? fifths? sixth seventh eighth ninth tenths? hundredths? "
    "thousandths? millionths? twice thrice"
)
LETTER = r"(?:[A-Za-z]{1,2}'?|\d+)"
INDICES = rf"{LETTER}(?:\s*[-+*/,]\s*{LETTER})+,?"  # as in a shape or an index, without dollars
CLAIM = re.compile(
    r"(?P<display>\$\$.+?\$\$)|(?P<inline>\$[^$]+\$)|(?P<measured>\{\{.+?\}\})"
    r"|(?P<code>``[^`]+``|`[^`]+`|@eq-[\w-]+)|(?P<address>\]\([^)\s]*\)|\{[^}]*\}|<(?![^>]*alt=)[^>]*>)"
    rf"|(?P<indices>\({INDICES}\)|\[{INDICES}\])"
    rf"|(?P<number>(?<![\w.])[\d][\d,.]*\d|\d|\b(?:{'|'.join(WORDS.split())})\b)",
    re.DOTALL | re.IGNORECASE,
)


def claims(text: str) -> Iterator[str]:
    """List the claims of a text, a line for each paragraph that has any.

    Parameters
    ----------
    text : str
        A page without its examples and numbered equations, or a docstring.

    Yields
    ------
    str
        The claims of a paragraph in their order.
    """
    for paragraph in re.split(r"\n\s*\n", text):
        found = [written(match) for match in CLAIM.finditer(paragraph) if not match["address"]]
        if found:
            yield " | ".join(found)


def written(match: re.Match[str]) -> str:
    """Write a claim in one line; what is measured, with its value."""
    claim = " ".join(match[0].split())
    if number := NUMBER.fullmatch(claim):
        value = measured(FIGURES, number["figure"], number["entry"], number["format"])
        claim = f"{claim} {value}"
    return claim


def page(path: Path) -> str:
    """Return a page without what is computed, its examples and its numbered equations."""
    text = re.sub(r"^::: .*\n( {4}.*\n)*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = FENCE.sub("\n\n", text)
    return DISPLAY.sub(lambda m: "\n\n" if m["id"] else m[0], text)


def docstrings(path: Path) -> str:
    """Return the docstrings of a module without their examples."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = [
        f"{getattr(node, 'name', path.stem)}\n{ast.get_docstring(node) or ''}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, kinds)
    ]
    return re.sub(r"^ *>>> (.+\n)+", "", "\n\n".join(found) + "\n", flags=re.MULTILINE)


def collect() -> dict[str, list[str]]:
    """Read everything that claims."""
    pages = [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/reference").glob("*.md"))]
    texts = {path: page(path) for path in pages if path.name not in GENERATED}
    texts[ROOT / "README.md"] = page(ROOT / "README.md")
    texts |= {path: docstrings(path) for path in sorted((ROOT / "cnnbook").rglob("*.py"))}
    found = {path.relative_to(ROOT).as_posix(): list(claims(t)) for path, t in texts.items()}
    return {name: lines for name, lines in found.items() if lines}


def differences(now: dict[str, list[str]]) -> list[str]:
    """Compare with the record, a line for each that is gone and for each that is new."""
    was = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    found = []
    for name in sorted(was.keys() | now.keys()):
        for line in difflib.ndiff(was.get(name, []), now.get(name, [])):
            found += [f"{name}: {line}"] if line[0] in "+-" else []
    return found


def main() -> int:
    """Show what has changed; write the record, or with ``--check`` fail."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    now = collect()
    changed = differences(now)
    print("\n".join(changed) or "claims: as they were read last")
    if not check:
        with replacing(RECORD) as file:
            file.write((json.dumps(now, indent=1, ensure_ascii=False) + "\n").encode())
    return int(check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
