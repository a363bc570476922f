"""Texts converted as a builder converts pages."""

import pytest


@pytest.fixture
def convert(tmp_path):
    """Convert a text with pages beside it that it may refer to."""
    import markdown

    def call(text, **pages):
        for name, content in pages.items():
            (tmp_path / f"{name}.md").write_text(content, encoding="utf-8")
        return markdown.markdown(
            text,
            extensions=["tables", "pymdownx.superfences", "book.site.extension"],
            extension_configs={"book.site.extension": {"docs": str(tmp_path)}},
        )

    return call
