"""Gradient descent, with and without momentum and weight decay."""

import numpy as np
import pytest

from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD, Adam, Optimizer
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


# What torch.optim.SGD, 2.13.0, comes to after the fifty steps below, in float64.
OF_PYTORCH = [
    ({}, [0.3108425765575552, 0.02073098390088901, 0.021018570426828847]),
    ({"weight_decay": 0.01}, [0.30387004706991255, 0.021024664684686882, 0.021023490516238735]),
    ({"momentum": 0.9}, [0.0767867030030007, 0.15373987928961572, -0.07764335027186915]),
    (
        {"momentum": 0.9, "weight_decay": 0.01},
        [0.07096208574661264, 0.15155789026794175, -0.07165464656454518],
    ),
    (
        {"momentum": 0.9, "nesterov": True},
        [0.10351480547579793, 0.05878996643906774, 0.0319210479739153],
    ),
    (
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
        [0.08647544007759336, 0.04821622832547772, 0.0313545968382117],
    ),
]


def after_fifty_steps(kind, options):
    """Take steps on three parabolas, pushed back and forth."""
    w = Parameter("w", np.array([1.0, -2.0, 3.0]))
    optimizer = kind([w], 0.05, **options)
    for step in range(50):
        optimizer.zero_gradients()
        w.gradient += np.array([0.5, 2, 4]) * w.value + np.cos(step * np.array([1, 2, 3]))
        optimizer.step()
    return w, optimizer


@pytest.mark.parametrize(("options", "expected"), OF_PYTORCH)
def test_fifty_steps_end_where_those_of_pytorch_end(options, expected):
    w, _ = after_fifty_steps(SGD, options)
    np.testing.assert_allclose(w.value, expected, rtol=1e-12)


def written_out(w, gradients, rate, *, momentum, nesterov, decay):
    """Take the steps as they stand in PyTorch's documentation, without dampening."""
    b = None
    for g in gradients:
        if decay != 0:
            g = g + decay * w
        if momentum != 0:
            b = g if b is None else momentum * b + g
            g = g + momentum * b if nesterov else b
        w = w - rate * g
    return w


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decay", [0.0, 0.125])
@pytest.mark.parametrize(
    ("momentum", "nesterov"), [(0.0, False), (0.75, False), (0.75, True), (0.1, True)]
)
def test_steps_are_the_written_out_ones_and_gradients_stay(dtype, decay, momentum, nesterov):
    rng = np.random.default_rng(0)
    starts = [rng.standard_normal(shape).astype(dtype) for shape in [(4, 3), (3,)]]
    ws = [Parameter("w", start.copy()) for start in starts]
    values = [w.value for w in ws]
    optimizer = SGD(ws, 0.1, momentum=momentum, nesterov=nesterov, weight_decay=decay)
    seen = []
    for _ in range(9):
        optimizer.zero_gradients()
        gradients = [rng.standard_normal(w.value.shape).astype(dtype) for w in ws]
        for w, gradient in zip(ws, gradients, strict=True):
            w.accumulate(gradient.copy())
        optimizer.step()
        for w, gradient in zip(ws, gradients, strict=True):
            np.testing.assert_array_equal(w.gradient, gradient)
        seen.append(gradients)
    for index, (w, start) in enumerate(zip(ws, starts, strict=True)):
        of_one = [gradients[index] for gradients in seen]
        expected = written_out(
            start, of_one, 0.1, momentum=momentum, nesterov=nesterov, decay=decay
        )
        np.testing.assert_allclose(w.value, expected, rtol=1e-5 if dtype == np.float32 else 1e-13)
        assert w.value is values[index], "updated in place"
        assert w.value.dtype == dtype
        assert all(v.dtype == dtype for v in optimizer.velocities)


def test_without_options_the_arithmetic_is_one_product_and_one_difference():
    rng = np.random.default_rng(0)
    start, gradient = (rng.standard_normal(1000).astype(np.float32) for _ in range(2))
    w = Parameter("w", start.copy())
    w.accumulate(gradient)
    SGD([w], 0.1).step()
    assert w.value.tobytes() == (start - 0.1 * gradient).tobytes()


def test_velocity_of_a_step_with_decay_holds_what_pulls_as_well():
    w = Parameter("w", np.array([8.0]))
    w.gradient += 1
    optimizer = SGD([w], 0.5, momentum=0.5, nesterov=True, weight_decay=0.25)
    optimizer.step()
    assert optimizer.velocities[0].tolist() == [3.0]
    assert w.value.tolist() == [8 - 0.5 * (3 + 0.5 * 3)]
    assert w.gradient.tolist() == [1.0]


# What torch.optim.AdamW, 2.13.0, comes to after the same fifty steps.
OF_ADAMW = [
    ({}, [0.11301916567386977, -0.13797009093760568, 0.8603183356607095]),
    ({"weight_decay": 0.01}, [0.10826312699216585, -0.12638077843097406, 0.825113702925825]),
    (
        {"betas": (0.5, 0.75), "epsilon": 0.1},
        [0.2969746263638037, -0.09952912376462625, 0.6839357881839557],
    ),
    (
        {"betas": (0.0, 0.9), "weight_decay": 0.5},
        [0.10502746270000952, 0.013468898840078215, 0.10889085543295723],
    ),
]


@pytest.mark.parametrize(("options", "expected"), OF_ADAMW)
def test_fifty_steps_of_adam_end_where_those_of_pytorch_end(options, expected):
    w, optimizer = after_fifty_steps(Adam, options)
    np.testing.assert_allclose(w.value, expected, rtol=1e-12)
    assert optimizer.steps == 50


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_moves_every_parameter_in_place_and_leaves_gradients(dtype):
    ws = [parameter(dtype), parameter(dtype)]
    values, gradients = [w.value for w in ws], [w.gradient for w in ws]
    optimizer = Adam(iter(ws), 0.25, epsilon=1e-30)
    optimizer.step()
    for w, value, gradient in zip(ws, values, gradients, strict=True):
        # The first step is as long as the rate, whatever the gradient is.
        np.testing.assert_allclose(w.value, [0.75, -2.25, 3.25], rtol=1e-6)
        assert w.value is value
        assert w.gradient is gradient
        np.testing.assert_array_equal(gradient, [4, 5, -6])
        assert w.value.dtype == dtype
    for kept in (optimizer.means, optimizer.squares):
        assert [array.dtype for array in kept] == [np.dtype(dtype)] * 2
    np.testing.assert_allclose(optimizer.means[1], 0.1 * gradients[1], rtol=1e-6)
    np.testing.assert_allclose(optimizer.squares[1], 0.001 * gradients[1] ** 2, rtol=1e-6)


def test_adam_does_not_care_how_large_the_loss_is():
    ends = []
    for factor in (1e-3, 1.0, 1e4):
        w = Parameter("w", np.array([1.0, -2.0, 3.0]))
        optimizer = Adam([w], 0.1, epsilon=1e-30)
        for step in range(20):
            optimizer.zero_gradients()
            w.gradient += factor * (w.value - np.cos(step * np.array([1, 2, 3])))
            optimizer.step()
        ends.append(w.value)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-12)
    np.testing.assert_allclose(ends[2], ends[1], rtol=1e-12)


def test_without_a_gradient_adam_stays_and_decay_alone_shrinks():
    w = Parameter("w", np.array([8.0]))
    Adam([w]).step()
    assert w.value.tolist() == [8.0]
    Adam([w], 0.5, weight_decay=0.25).step()
    assert w.value.tolist() == [7.0]


def test_adams_defaults_are_those_of_the_paper():
    optimizer = Adam([parameter()])
    assert (optimizer.learning_rate, optimizer.betas) == (1e-3, (0.9, 0.999))
    assert (optimizer.epsilon, optimizer.weight_decay, optimizer.steps) == (1e-8, 0.0, 0)


def test_adam_refuses_a_parameter_slipped_in_later():
    optimizer = Adam([parameter()])
    optimizer.parameters.append(parameter())
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
    (lambda: SGD([Parameter("w", B)], 1, momentum=False), TypeError, "momentum: *False"),
    (
        lambda: SGD([Parameter("w", B)], 1, nesterov=True),
        ValueError,
        "nesterov: expected momentum above 0 with it; got 0",
    ),
    (
        lambda: SGD([Parameter("w", B)], 1, momentum=0.5, nesterov=1),
        TypeError,
        "nesterov: expected True or False; got 1",
    ),
    (
        lambda: SGD([Parameter("w", B)], 1, weight_decay=-0.5),
        ValueError,
        "weight_decay: expected a finite number of at least 0; got -0.5",
    ),
    (lambda: SGD([Parameter("w", B)], 1, weight_decay="x"), TypeError, "weight_decay: *'x'"),
    (lambda: Adam([], 0.1), ValueError, "parameters: *none"),
    (lambda: Adam([Parameter("w", B)], 0), ValueError, "learning_rate: *above 0; got 0"),
    (
        lambda: Adam([Parameter("w", B)], betas=0.9),
        TypeError,
        "betas: expected two numbers; got 0.9",
    ),
    (lambda: Adam([Parameter("w", B)], betas=(0.9,)), TypeError, "betas: *got (0.9,)"),
    (lambda: Adam([Parameter("w", B)], betas=(0.9, "x")), TypeError, "betas: *'x'"),
    (
        lambda: Adam([Parameter("w", B)], betas=(0.9, 1)),
        ValueError,
        "betas: expected numbers in [0, 1); got (0.9, 1)",
    ),
    (lambda: Adam([Parameter("w", B)], betas=(1, 0.9)), ValueError, "betas: *got (1, 0.9)"),
    (lambda: Adam([Parameter("w", B)], betas=(-0.5, 0.9)), ValueError, "betas: *got -0.5"),
    (lambda: Adam([Parameter("w", B)], epsilon=0), ValueError, "epsilon: *above 0; got 0"),
    (
        lambda: Adam([Parameter("w", B)], weight_decay=-1),
        ValueError,
        "weight_decay: *at least 0; got -1",
    ),
    (
        lambda: SGD([SHARED, SHARED], 1),
        ValueError,
        "parameters: expected each of them once; got one of them twice",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
