"""Cut STIX Two Math down to the characters that the formulas on the pages use.

    python scripts/subset_font.py        # needs the extra `docs`; writes docs/fonts/

The whole font weighs 1.5 MB. What stays: the characters of every formula in docs/ and in the
docstrings, the Latin and Greek letters, the MATH table, and the features ssty (smaller shapes
for indices), dtls (dotless letters) and flac (flatter accents). A test fails when a page uses a
character that the font lacks; run this script then.
"""

import io
from pathlib import Path

import ziamath
from fontTools import subset
from fontTools.ttLib import TTFont

from cnnbook.files import replacing
from cnnbook_site.glyphs import formulas, italic, visible

SOURCE = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"
ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "fonts" / "stix-two-math.woff2"

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[]{}+=,.;:!'/|<>"


ACCENTS = "\u0302\u0303\u0304\u0307"  # hat, tilde, bar, dot: what flac flattens


def characters() -> set[int]:
    """List the code points to keep."""
    used = {ord(character) for character in LETTERS + ACCENTS}
    for formula in formulas(ROOT):
        used |= {ord(character) for character in visible(formula)}
    return used | {italic(code) for code in used}


def main() -> None:
    """Write the subset."""
    options = subset.Options()
    options.layout_features = ["ssty", "dtls", "flac", "ccmp"]
    options.flavor = "woff2"
    options.name_IDs = [0, 1, 2, 4, 5, 13, 14]
    options.notdef_outline = True
    font = TTFont(SOURCE, recalcTimestamp=False)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters())
    worker.subset(font)
    font.flavor = "woff2"
    content = io.BytesIO()
    font.save(content)
    TARGET.parent.mkdir(exist_ok=True)
    with replacing(TARGET) as file:
        file.write(content.getvalue())
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {len(font.getBestCmap())} characters")


if __name__ == "__main__":
    main()
