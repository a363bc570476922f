"""Parameters, and what a layer need not write itself."""

import re

import numpy as np
import pytest

from cnnbook.gradient_check import check_layer
from cnnbook.layers import Conv2D, Layer, Parameter
from tests.wrong import assert_refused, wrong_calls

DTYPES = [np.float32, np.float64]


def test_a_layer_of_ones_own_may_leave_out_what_it_does_not_need():
    class Twice(Layer):
        def forward(self, x):
            return 2 * x

        def backward(self, grad_output):
            self.seen = grad_output
            return 2 * grad_output

    layer = Twice()
    assert layer.parameters() == []
    assert check_layer(layer, np.ones((2, 3)), np.random.default_rng(0)) < 1e-9
    layer.accumulate_gradients(np.full(2, 7.0))
    np.testing.assert_array_equal(layer.seen, [7, 7])
    for method in (Layer().forward, Layer().backward):
        with pytest.raises(NotImplementedError, match="Layer has no"):
            method(np.zeros(1))


def test_parameter_says_what_it_is():
    parameter = Parameter("bias", np.zeros(3, np.float32))
    assert repr(parameter) == "Parameter('bias', shape=(3,), dtype=float32)"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_parameter_adds_what_it_is_given(dtype):
    parameter = Parameter("bias", np.zeros(2, dtype))
    first, second = np.array([1.0, 2.0], dtype), np.array([10.0, 20.0], dtype)
    parameter.accumulate(first)
    np.testing.assert_array_equal(parameter.gradient, [1, 2])
    parameter.accumulate(second)
    np.testing.assert_array_equal(parameter.gradient, [11, 22])
    np.testing.assert_array_equal(second, [10, 20])
    parameter.gradient += 1
    np.testing.assert_array_equal(parameter.gradient, [12, 23])
    parameter.zero_gradient()
    parameter.accumulate(np.array([1.0, 2.0], np.float64))
    assert parameter.gradient.dtype == dtype
    parameter.gradient[...] = 5
    np.testing.assert_array_equal(parameter.gradient, [5, 5])


def test_a_fresh_gradient_can_be_written_into():
    parameter = Parameter("bias", np.zeros(2))
    parameter.gradient[0] = 1
    np.testing.assert_array_equal(parameter.gradient, [1, 0])


def test_recall_names_the_layer():
    layer = Conv2D(1, 2, 3, rng=np.random.default_rng(0))
    for call in (layer.backward, layer.accumulate_gradients):
        with pytest.raises(RuntimeError, match=re.escape(f"{layer!r}: backward was called before")):
            call(np.ones((1, 2, 1, 1), np.float32))


WRONG = [
    (
        lambda: Parameter("bias", np.zeros(2, int)),
        TypeError,
        "value: expected float32 or float64; got int64",
    ),
    (
        lambda: Parameter("bias", np.zeros(0)),
        ValueError,
        "value: expected no empty axis; got (0,)",
    ),
    (
        lambda: Parameter("bias", np.zeros(2)).accumulate(np.zeros((1, 2))),
        ValueError,
        "contribution: expected shape (2,), as bias has; got",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
