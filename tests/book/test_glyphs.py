"""The two faces have every character that the book needs."""

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

from fontTools.ttLib import TTFont

from book.site.glyphs import formulas, sentences, visible
from book.site.typeset import typeset
from tests.book.pages import DOCS, ROOT


def test_a_root_is_drawn_with_a_sign_that_no_character_of_the_formula_names():
    assert "\N{SQUARE ROOT}" in visible(typeset(r"\sqrt{x}", display=False))
    assert "\N{SQUARE ROOT}" in visible(typeset(r"\sqrt[3]{x}", display=False))
    assert "\N{SQUARE ROOT}" not in visible(typeset("x", display=False))


def test_the_font_has_every_character_of_every_formula():
    font = TTFont(DOCS / "fonts" / "stix-two-math.woff2")
    assert "MATH" in font
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert {"ssty", "dtls", "flac"} <= features
    there = set(font.getBestCmap())
    used = {character for formula in formulas(ROOT) for character in visible(formula)}
    missing = sorted(c for c in used if ord(c) not in there and not c.isspace() and c.isprintable())
    assert not missing, f"run python -m scripts.subset_font: the font lacks {missing}"
    assert len(used) > 30


@pytest.mark.parametrize("name", ["400-normal", "400-italic", "600-normal"])
def test_the_text_face_has_every_character_of_every_sentence(name):
    font = TTFont(DOCS / "fonts" / f"stix-two-text-{name}.woff2")
    there = set(font.getBestCmap())
    used = set().union(*sentences(ROOT))
    missing = sorted(c for c in used if ord(c) not in there and c.isprintable())
    assert not missing, f"run python -m scripts.subset_font: the face lacks {missing}"
    assert len(used) > 60
