"""Numbered equations are found in the pages, and what refers to them."""

import pytest

from book.equations import (
    EquationError,
    check_references,
    find_equations,
    find_references,
)
from tests.book.pages import DOCS, KERNEL, ROOT


def test_an_id_given_twice_fails_and_both_places_are_named(tmp_path):
    for name in ("kernel", "other"):
        (tmp_path / f"{name}.md").write_text(KERNEL)
    message = r"/other\.md:5: eq-kernel: given twice, first in kernel\.md"
    with pytest.raises(EquationError, match=message):
        find_equations(tmp_path)


def test_a_numbered_equation_needs_a_chapter(tmp_path):
    (tmp_path / "page.md").write_text("# Notation\n\n$$\nx\n$$ {#eq-x}\n")
    with pytest.raises(EquationError, match=r"/page\.md:5: eq-x: the page has no heading"):
        find_equations(tmp_path)


def test_equations_in_code_do_not_count(tmp_path):
    (tmp_path / "a.md").write_text("# 1. A\n\n```\n$$\nx\n$$ {#eq-x}\n```\n")
    assert find_equations(tmp_path) == {}
    assert find_references("```\n@eq-x\n```") == set()


def test_every_equation_of_the_book_is_referred_to_and_every_reference_resolves():
    check_references(find_equations(DOCS), [DOCS, ROOT / "cnnbook"])


def test_an_equation_that_nothing_refers_to_fails_and_is_named(tmp_path):
    (tmp_path / "kernel.md").write_text(KERNEL)
    equations = find_equations(tmp_path)
    with pytest.raises(EquationError, match=r"/kernel\.md:5: eq-kernel: nothing refers to this"):
        check_references(equations, [tmp_path])
    (tmp_path / "equations").mkdir()
    (tmp_path / "equations" / "index.md").write_text("@eq-kernel and @eq-second")
    with pytest.raises(EquationError, match="eq-kernel: nothing refers"):
        check_references(equations, [tmp_path])
    (tmp_path / "code.py").write_text('"""By @eq-kernel."""\n# @eq-second\n')
    check_references(equations, [tmp_path])
    (tmp_path / "code.py").write_text("# @eq-nowhere")
    with pytest.raises(EquationError, match=r"code\.py:1: eq-nowhere: no equation on any page"):
        check_references(equations, [tmp_path])
