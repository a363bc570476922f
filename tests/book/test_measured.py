"""Measured numbers come from the figures' data."""

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

from book.site.place import PageError


def test_a_number_of_a_figure_in_a_sentence(convert, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "fig.json").write_text('{"data": {"count": 12665, "loss": 0.25}}')
    page = convert("Of {{ fig.count:,d }}, `{{ fig.count }}` and {{fig.loss}}.")
    assert "Of 12,665, <code>{{ fig.count }}</code> and 0.25." in page
    with pytest.raises(PageError, match="no such entry"):
        convert("{{ fig.nothing }}")
