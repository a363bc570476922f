"""Cut the book's two faces down to the characters that its pages use.

    python -m scripts.subset_font           # cuts the faces that lack a character of a page
    python -m scripts.subset_font --stale   # lists them, with what they lack

STIX Two Math, 1.5 MB, lies in ziamath's wheel. What stays of it: the characters of every formula
in docs/ and in the docstrings, the Latin and Greek letters, the MATH table, and the features ssty
(smaller shapes for indices), dtls (dotless letters) and flac (flatter accents). STIX Two Text is
npm's @fontsource/stix-two-text; what stays: Latin letters, the other characters of the pages'
sentences, kerning and ligatures. It needs the extra `docs`, and npm for the text face.
"""

import hashlib
import importlib.resources
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont

from book import contract
from book.site.glyphs import formulas, italic, sentences, visible
from cnnbook.files import replacing

ROOT = Path(__file__).parents[1]
FONTS = ROOT / "docs" / "fonts"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[]{}+=,.;:!'/|<>"
ACCENTS = "\u0302\u0303\u0304\u0307"  # hat, tilde, bar, dot: what flac flattens

MATHEMATICAL = "stix-two-math"
PACKAGE = "@fontsource/stix-two-text@5.3.0"
TEXT = {  # the cuts of the text face, and the SHA-256 of their files in the package
    "400-normal": "65f8cdee99e0c883fa05a493812ad15fd93e3af5510276661e34c204f771e514",
    "400-italic": "3d76ab92269582b8e11f3d969eaf93bb9609f1e08d5433fd18633e78e7900638",
    "600-normal": "c81c437a0d17a895f9d82f62611c1af238f04b0c996e6ef75c5441dd07769997",
}


def mathematical() -> set[int]:
    """List the code points to keep of the mathematical face."""
    used = {ord(character) for character in LETTERS + ACCENTS}
    for formula in formulas(ROOT):
        used |= {ord(character) for character in visible(formula)}
    return used | {italic(code) for code in used}


def textual() -> set[int]:
    """List the code points to keep of the text face: ASCII and what the sentences use."""
    return (
        set(range(0x20, 0x7F))
        | set(b"\xa0\xb6")
        | {ord(c) for text in sentences(ROOT) for c in text}
    )


def needed(face: str) -> set[str]:
    """Return the characters of the pages that a face has to have."""
    texts = map(visible, formulas(ROOT)) if face == MATHEMATICAL else sentences(ROOT)
    return {c for text in texts for c in text if c.isprintable() and not c.isspace()}


def stale() -> dict[str, str]:
    """Return the faces that lack a character, and which."""
    found = {}
    for face in (MATHEMATICAL, *(f"stix-two-text-{name}" for name in TEXT)):
        path = FONTS / f"{face}.woff2"
        there = TTFont(path).getBestCmap() if path.exists() else {}
        if lacking := sorted(c for c in needed(face) if ord(c) not in there):
            found[face] = f"lacks {' '.join(lacking)}"
    return found


def cut(source: io.BytesIO, name: str, characters: set[int], features: list[str]) -> None:
    """Write a subset."""
    options = subset.Options()
    options.layout_features = features
    options.name_IDs = [0, 1, 2, 4, 5, 13, 14]
    options.notdef_outline = True
    options.hinting = False
    font = TTFont(source, recalcTimestamp=False)
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters)
    worker.subset(font)
    if "MATH" in font:
        repair(font["MATH"].table)
    font.flavor = "woff2"
    content = io.BytesIO()
    font.save(content)
    FONTS.mkdir(exist_ok=True)
    with replacing(FONTS / name) as file:
        file.write(content.getvalue())
    print(f"{name}: {len(content.getvalue()):,} bytes, {len(font.getBestCmap())} characters")


def repair(table: Any) -> None:
    """Change two things in the font's table of mathematics, after a look in three browsers.

    The wide hats go: WebKit places an accent right only where it may stretch, and then takes the
    widest. And an index stands no lower at a letter with a descender, at y, than at one without,
    as TeX has it: browsers move it down with the descender, which a glyph reaches by 0.225 em at
    most.
    """
    variants = table.MathVariants
    kept = [
        (name, variant)
        for name, variant in zip(
            variants.HorizGlyphCoverage.glyphs, variants.HorizGlyphConstruction, strict=True
        )
        if name not in {"uni0302", "tildecomb"}
    ]
    variants.HorizGlyphCoverage.glyphs = [name for name, _ in kept]
    variants.HorizGlyphConstruction = [variant for _, variant in kept]
    variants.HorizGlyphCount = len(kept)
    constants = table.MathConstants
    constants.SubscriptBaselineDropMin.Value = constants.SubscriptShiftDown.Value - 230


def text_faces() -> dict[str, io.BytesIO]:
    """Fetch the package of the text face, and refuse a file that is not the one expected."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(f"expected npm on the path, to fetch {PACKAGE}; found none")
    faces = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            for name, expected in TEXT.items():
                member = f"package/files/stix-two-text-latin-{name}.woff2"
                file = package.extractfile(member)
                content = file.read() if file else b""
                found = hashlib.sha256(content).hexdigest()
                if found != expected:
                    raise SystemExit(f"{member}: expected SHA-256 {expected}; got {found}")
                faces[name] = io.BytesIO(content)
    return faces


def make(names: list[str]) -> None:
    """Write the subsets that are named."""
    if MATHEMATICAL in names:
        face = importlib.resources.files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
        whole = io.BytesIO(face.read_bytes())
        cut(whole, f"{MATHEMATICAL}.woff2", mathematical(), ["ssty", "dtls", "flac", "ccmp"])
    if set(names) - {MATHEMATICAL}:
        for name, source in text_faces().items():
            if f"stix-two-text-{name}" in names:
                cut(source, f"stix-two-text-{name}.woff2", textual(), ["kern", "liga", "ccmp"])


if __name__ == "__main__":
    sys.exit(contract.run(__doc__ or "", stale, make))
