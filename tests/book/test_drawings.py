"""A figure is shown in two drawings."""

import re

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

from book.site.place import PageError


def test_a_figure_is_written_once_and_drawn_for_both_schemes(convert, tmp_path):
    (tmp_path / "figures").mkdir()
    for scheme, width in (("light", 360), ("dark", 372)):
        svg = f'<svg xmlns="x" width="{width}pt" height="144.3pt" version="1.1"></svg>'
        (tmp_path / "figures" / f"fig-{scheme}.svg").write_text(svg)
    page = convert("![What to see.](figures/fig.svg) ![Other.](digits/x.svg)")
    images = re.findall("<img[^>]*>", page)
    assert [re.search('src="([^"]*)"', image)[1] for image in images] == [
        "figures/fig-light.svg",
        "figures/fig-dark.svg",
        "digits/x.svg",
    ]
    assert [re.search('alt="([^"]*)"', image)[1] for image in images[:2]] == ["What to see."] * 2
    assert 'class="figure-light"' in images[0]
    assert 'width="480"' in images[0]
    assert 'height="192"' in images[0]
    assert 'width="496"' in images[1]
    assert "wide" not in page
    svg = '<svg xmlns="x" width="518.4pt" height="144.3pt" version="1.1"></svg>'
    (tmp_path / "figures" / "fig-light.svg").write_text(svg)
    assert 'class="figure-light wide"' in convert("![What to see.](figures/fig.svg)")
    (tmp_path / "figures" / "fig-dark.svg").unlink()
    with pytest.raises(PageError, match=r"fig-dark\.svg: expected what python"):
        convert("![What to see.](figures/fig.svg)")
