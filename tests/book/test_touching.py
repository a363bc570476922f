"""A figure that can be touched has a button under its drawing, and a module that it opens."""

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

import markdown

from book.site.touching import TouchError, Touching

DRAWING = '<img alt="a" src="x.svg">'
CAPTION = "<figcaption>What to see.</figcaption></figure>"


@pytest.fixture
def touch(tmp_path):
    """Return what becomes of a page; one module is there."""
    folder = tmp_path / "javascripts" / "touch"
    folder.mkdir(parents=True)
    (folder / "three-sums.mjs").touch()
    return Touching(markdown.Markdown(), tmp_path).run


def test_a_button_stands_between_drawing_and_caption(touch):
    text = touch(f'<figure data-touch="three-sums">{DRAWING}{CAPTION}')
    button = '<button type="button" aria-expanded="false">Hands on</button>'
    strip = f'<div class="touch" data-search-exclude="true">{button}</div>'
    assert text == f'<figure data-touch="three-sums">{DRAWING}{strip}{CAPTION}'


def test_the_button_says_what_the_figure_invites_to(touch):
    opening = '<figure class="wide" data-invites="Touch the table" data-touch="three-sums">'
    assert ">Touch the table</button>" in touch(opening + DRAWING + CAPTION)


def test_each_figure_has_its_own_button_and_others_have_none(touch):
    other = f"<figure>{DRAWING}{CAPTION}"
    one = f'<figure data-touch="three-sums">{DRAWING}{CAPTION}'
    text = touch(other + one + other + one)
    assert text.count("<button") == 2
    assert text.startswith(other)
    assert touch(other) == other


def test_a_figure_without_its_module_is_refused_by_name(touch):
    with pytest.raises(TouchError, match=r"expected the module .*two-marbles\.mjs"):
        touch(f'<figure data-touch="two-marbles">{DRAWING}{CAPTION}')
