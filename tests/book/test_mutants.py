"""Mutants are what their lines say, and take the place of their functions."""

import ast
import contextlib
import functools

import numpy as np
import pytest

pytest.importorskip("mutmut", reason="mutmut is not installed: .[mutation]")

from cnnbook import idx
from cnnbook.layers.base import Parameter
from cnnbook.optimizers import SGD
from scripts.mutation.mutants import _plain, mutants
from scripts.mutation.records import ROOT, functions, logical_lines

NAMES = {"cnnbook.idx.parse_idx", "cnnbook.optimizers.SGD.__init__"}


def texts(source):
    return [line.text for line in logical_lines(source)]


@functools.cache
def made():
    """Make the mutants, in the project's folder, where mutmut looks for its settings."""
    with contextlib.chdir(ROOT):
        return mutants(NAMES)


def altered(after):
    (mutant,) = [mutant for mutant in made() if mutant.after == after]
    return mutant


@pytest.fixture
def restored():
    """Give the functions their own code back after the test."""
    running = [_plain(idx.parse_idx), _plain(SGD.__init__)]
    kept = [(f, f.__code__, f.__defaults__, f.__kwdefaults__) for f in running]
    yield
    for function, code, defaults, keywords in kept:
        function.__code__ = code
        function.__defaults__, function.__kwdefaults__ = defaults, keywords


def test_a_mutant_changes_one_line_of_its_function_and_nothing_else():
    found = made()
    assert {mutant.function.name for mutant in found} == NAMES
    for mutant in found:
        source = mutant.function.path.read_text(encoding="utf-8")
        pairs = zip(texts(source), texts(mutant.source()), strict=True)
        assert [pair for pair in pairs if pair[0] != pair[1]] == [(mutant.before, mutant.after)]
        ast.parse(mutant.source())


def test_a_mutant_takes_the_place_of_its_function_however_it_was_imported(restored):
    parse = idx.parse_idx
    content = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])
    np.testing.assert_array_equal(parse(content, "x"), [7, 9])
    altered(after="if len(content) == start + math.prod(shape):").put_in_place()
    with pytest.raises(ValueError, match="entries"):
        parse(content, "x")


def test_a_mutant_brings_its_defaults(restored):
    assert SGD([Parameter("b", np.zeros(2))], 0.1).momentum == 0
    (mutant,) = [mutant for mutant in made() if mutant.before.startswith("def ")]
    mutant.put_in_place()
    with pytest.raises(ValueError, match="momentum"):
        SGD([Parameter("b", np.zeros(2))], 0.1)


def test_words_of_messages_are_told_from_code():
    words = {mutant.after for mutant in made() if mutant.is_message}
    assert "raise ValueError(None)" in words
    assert "axes = None" not in words
    assert "if len(content) == start + math.prod(shape):" not in words


def test_every_function_that_mutmut_alters_is_known():
    assert functions().keys() >= {mutant.function.name for mutant in made()}
