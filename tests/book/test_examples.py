"""The examples in the docstrings of what makes and checks the book."""

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import book

MODULES = [m.name for m in walk_packages(book.__path__, "book.") if ".chapters" not in m.name]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    if name.startswith("book.site") or name == "book.formulas.report":
        reason = "the site's extra is not installed: pip install '.[docs]'"
        pytest.importorskip("math_core", reason=reason)
        pytest.importorskip("mkdocs", reason=reason)
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_modules_with_examples():
    assert {"book.equations", "book.site.typeset", "book.site.compare"} <= set(MODULES)
    assert doctest.testmod(import_module("book.equations")).attempted > 0
