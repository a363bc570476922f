"""A function that is spoiled for a while: everywhere, whatever kind of function, and not after."""

import functools
import sys
from types import ModuleType

import numpy as np
import pytest

from book.formulas.binding import SIGNS, spoiled
from cnnbook import correlation, layers
from cnnbook.layers import Sigmoid, activations
from cnnbook.model import Sequential


def negated(result):
    return -np.asarray(result)


@pytest.fixture
def module(monkeypatch):
    """A module of the book for a while."""
    made = ModuleType("book.formulas.made")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def test_a_function_is_spoiled_in_every_module_that_imports_it():
    x = np.ones((2, 2))
    with spoiled(correlation.cross_correlate2d, negated):
        assert SIGNS[r"\corr"](x, x) == -4
        assert layers.conv2d(x[None, None], x[None, None], np.zeros(1)) == 4
    assert SIGNS[r"\corr"](x, x) == 4
    with spoiled(layers.conv2d, negated):
        assert layers.conv2d(x[None, None], x[None, None], np.zeros(1)) == -4
        assert layers.conv.conv2d(x[None, None], x[None, None], np.zeros(1)) == -4
    with spoiled(activations.sigmoid, negated):
        assert Sigmoid().forward(np.zeros(1)) == -0.5, "the layer calls the function"


def test_a_method_is_spoiled_in_its_class():
    model = Sequential(Sigmoid())
    with spoiled(Sequential.forward, negated):
        assert model.forward(np.zeros(1)) == -0.5
    assert model.forward(np.zeros(1)) == 0.5


def test_closures_and_decorated_functions_can_be_spoiled(module):
    def scaled(factor):
        return lambda x: factor * x

    module.closure = scaled(3)
    module.decorated = functools.cache(lambda x: 2 * x)
    for name, right in (("closure", 3), ("decorated", 2)):
        with spoiled(getattr(module, name), negated):
            assert getattr(module, name)(1) == -right
        assert getattr(module, name)(1) == right


def test_the_right_function_is_back_after_an_error(module):
    module.function = right = abs
    with pytest.raises(ZeroDivisionError), spoiled(right, negated):
        raise ZeroDivisionError
    assert module.function is right


def test_what_no_module_has_cannot_be_spoiled():
    with (
        pytest.raises(AssertionError, match=r"<lambda>: no module of the book has this"),
        spoiled(lambda: 1, negated),
    ):
        pass
