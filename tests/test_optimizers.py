"""Gradient descent, with and without momentum."""

import numpy as np
import pytest

from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD


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
