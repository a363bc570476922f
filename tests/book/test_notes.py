"""Side notes."""

import re

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

import markdown

from book.site.notes import SideNotes


def test_a_side_note_is_bound_to_the_paragraph_before_it():
    note = '!!! side ""\n    A *note*.\n\n'
    text = f"First.\n\nSecond.\n\n{note}Third.\n\n- a list\n\n{note}"
    md = markdown.Markdown(extensions=["admonition"])
    md.treeprocessors.register(SideNotes(md), "side-notes", 16)
    page = re.sub(r"\s+", " ", md.convert(text))
    note = '<div aria-label="Side note" class="admonition side" role="note">'
    bound = f'<p>First.</p> <div class="noted">{note} <p>A <em>note</em>.</p> </div> <p>Second.</p>'
    assert bound.replace(" ", "") in page.replace(" ", "")
    assert page.count('class="noted"') == 1, "a list has no margin of its own"
    assert page.count(note) == 2
