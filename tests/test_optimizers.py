"""Gradient descent, with and without momentum."""

import numpy as np
import pytest

from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD, Optimizer
from tests.wrong import assert_refused, wrong_calls


def parameter(dtype=np.float64):
    w = Parameter("weights", np.array([1.0, -2.0, 3.0], dtype))
    w.gradient += np.array([4.0, 5.0, -6.0], dtype)
    return w


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_steps_by_hand(dtype, momentum):
    w = parameter(dtype)
    value, gradient = w.value, w.gradient
    optimizer = SGD([w], 0.25, momentum=momentum)
    optimizer.step()
    np.testing.assert_array_equal(w.value, [0.0, -3.25, 4.5])
    optimizer.zero_gradients()
    w.gradient += gradient
    gradient = w.gradient
    optimizer.step()
    np.testing.assert_array_equal(
        w.value, np.array([0.0, -3.25, 4.5]) - 0.25 * (1 + momentum) * np.array([4.0, 5.0, -6.0])
    )
    np.testing.assert_array_equal(w.gradient, [4, 5, -6])
    assert w.value is value, "updated in place"
    assert w.gradient is gradient
    assert w.value.dtype == dtype
    assert [v.dtype for v in optimizer.velocities] == ([np.dtype(dtype)] if momentum else [])


def test_zero_gradients():
    w = parameter()
    SGD([w], 0.1).zero_gradients()
    np.testing.assert_array_equal(w.gradient, np.zeros(3))
    w.gradient += 1
    np.testing.assert_array_equal(w.gradient, np.ones(3))


def test_every_parameter_moves():
    ws = [parameter(), parameter()]
    SGD(iter(ws), 1.0).step()
    for w in ws:
        np.testing.assert_array_equal(w.value, [-3, -7, 9])


def test_velocities_are_there_only_with_momentum():
    assert SGD([parameter()], 0.1).velocities == []
    assert len(SGD([parameter()], 0.1, momentum=0.5).velocities) == 1


def test_an_optimizer_of_ones_own_needs_a_step_alone():
    class Sign(Optimizer):
        def step(self):
            for p in self.parameters:
                p.value -= self.learning_rate * np.sign(p.gradient)

    w = parameter()
    optimizer = Sign([w], 0.5)
    optimizer.step()
    np.testing.assert_array_equal(w.value, [0.5, -2.5, 3.5])
    optimizer.zero_gradients()
    assert not w.gradient.any()
    with pytest.raises(NotImplementedError, match="^Optimizer has no step"):
        Optimizer([w], 0.5).step()


def test_sgd_refuses_a_parameter_slipped_in_later():
    p = [Parameter("a", np.ones(1)), Parameter("b", np.ones(1))]
    optimizer = SGD(p[:1], 0.1, momentum=0.5)
    optimizer.parameters.append(p[1])
    with pytest.raises(ValueError, match="zip"):
        optimizer.step()


B, IMAGE = np.ones(4), np.ones((5, 6))
SHARED = Parameter("w", np.ones(2))

WRONG = [
    (lambda: SGD([], 0.1), ValueError, "parameters: *none"),
    (lambda: SGD([IMAGE], 0.1), TypeError, "parameters: expected Parameter"),
    (lambda: SGD([Parameter("w", B)], 0), ValueError, "learning_rate: *above 0; got 0"),
    (lambda: SGD([Parameter("w", B)], -0.1), ValueError, "learning_rate: *got -0.1"),
    (lambda: SGD([Parameter("w", B)], float("nan")), ValueError, "learning_rate: *got nan"),
    (lambda: SGD([Parameter("w", B)], float("inf")), ValueError, "learning_rate: *got inf"),
    (lambda: SGD([Parameter("w", B)], "fast"), TypeError, "learning_rate: *'fast'"),
    (lambda: SGD([Parameter("w", B)], True), TypeError, "learning_rate: *True"),
    (lambda: SGD([Parameter("w", B)], 1, momentum=1), ValueError, "momentum: *[0, 1); got 1"),
    (lambda: SGD([Parameter("w", B)], 1, momentum=-1), ValueError, "momentum: *got -1"),
    (lambda: SGD([Parameter("w", B)], 1, momentum="x"), TypeError, "momentum: *'x'"),
    (lambda: SGD([Parameter("w", B)], 10**400), ValueError, "learning_rate: expected a finite"),
    (lambda: SGD([Parameter("w", B)], 1, momentum=B), TypeError, "momentum: expected a number"),
    (
        lambda: SGD([SHARED, SHARED], 1),
        ValueError,
        "parameters: expected each of them once; got one of them twice",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
