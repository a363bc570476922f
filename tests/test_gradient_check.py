"""The gradient check itself: it must pass what is right and catch what is wrong."""

import numpy as np
import pytest

from cnnbook.gradient_check import (
    check_layer,
    check_loss,
    complex_step_gradient,
    numerical_gradient,
    relative_error,
)
from cnnbook.layers import (
    Conv2D,
    Dense,
    Layer,
    Parameter,
    ReLU,
    Reshape,
    Sigmoid,
    conv2d_input_gradient,
)
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.model import Sequential
from tests.wrong import assert_refused, wrong_calls


def rng():
    return np.random.default_rng(5)


def conv(dtype=np.float64, **changes):
    """A convolutional layer, with methods replaced by wrong ones."""
    layer = Conv2D(2, 3, (3, 2), rng=rng(), dtype=dtype)
    for name, method in changes.items():
        setattr(layer, name, method.__get__(layer))
    return layer


def images(dtype=np.float64):
    return rng().standard_normal((2, 2, 5, 6)).astype(dtype)


def test_right_layers_pass():
    assert check_layer(conv(), images(), rng()) < 1e-7
    assert check_layer(conv(np.float32), images(np.float32), rng()) < 1e-2


def test_a_whole_network_passes():
    model = Sequential(
        conv(), Sigmoid(), Reshape((-1,)), Dense(45, 3, rng=rng(), dtype=np.float64), ReLU()
    )
    assert check_layer(model, images(), rng()) < 1e-7


def kernel_gradient_by_convolution(layer, grad_output):
    Conv2D.accumulate_gradients(layer, grad_output)
    gradient = layer.kernels.gradient
    gradient[...] = gradient[:, :, ::-1, ::-1].copy()


def kernel_gradient_overwritten(layer, grad_output):
    before = [p.gradient.copy() for p in layer.parameters()]
    Conv2D.accumulate_gradients(layer, grad_output)
    for parameter, gradient in zip(layer.parameters(), before, strict=True):
        parameter.gradient -= gradient


def upstream_turned(layer, grad_output):
    """Convolve where one must correlate: an upstream gradient of ones would not notice."""
    Conv2D.accumulate_gradients(layer, grad_output[:, :, ::-1, ::-1])


def one_entry_slightly_off(layer, grad_output):
    Conv2D.accumulate_gradients(layer, grad_output)
    layer.kernels.gradient[1, 0, 2, 1] *= 1 + 1e-5


def bias_gradient_of_one_sample(layer, grad_output):
    kept = layer.bias.gradient.copy()
    Conv2D.accumulate_gradients(layer, grad_output)
    layer.bias.gradient[...] = kept + grad_output[0].sum(axis=(1, 2))


@pytest.mark.parametrize(
    "wrong",
    [
        kernel_gradient_by_convolution,
        upstream_turned,
        kernel_gradient_overwritten,
        one_entry_slightly_off,
        bias_gradient_of_one_sample,
    ],
)
def test_wrong_parameter_gradients_are_caught(wrong):
    layer = conv(accumulate_gradients=wrong)
    layer.kernels.gradient += 1  # what an earlier batch may have left
    assert check_layer(layer, images(), rng()) > 1e-6


def test_a_wrong_input_gradient_is_caught():
    def backward(layer, grad_output):
        layer.accumulate_gradients(grad_output)
        turned = layer.kernels.value[:, :, ::-1, ::-1]
        return conv2d_input_gradient(grad_output, turned, (5, 6))

    assert check_layer(conv(backward=backward), images(), rng()) > 0.1


def test_a_missing_parameter_gradient_is_caught():
    def accumulate_gradients(layer, grad_output):
        layer.bias.gradient += grad_output.sum(axis=(0, 2, 3))

    assert check_layer(conv(accumulate_gradients=accumulate_gradients), images(), rng()) == 1


def test_an_input_gradient_of_another_shape_is_refused():
    def backward(layer, grad_output):
        return Conv2D.backward(layer, grad_output)[..., :1]

    with pytest.raises(ValueError, match="analytic: expected shape"):
        check_layer(conv(backward=backward), images(), rng())


def test_not_a_number_is_no_pass():
    class Broken(Layer):
        def forward(self, x):
            return x

        def backward(self, grad_output):
            return np.full_like(grad_output, np.nan)

    assert not check_layer(Broken(), np.ones((1, 2)), rng()) < 1e-7

    def backward(layer, grad_output):
        return np.nan * Conv2D.backward(layer, grad_output)

    assert np.isnan(check_layer(conv(backward=backward), images(), rng()))


def test_nothing_is_left_behind():
    layer, x = conv(), images()
    layer.kernels.gradient += 2
    values = [p.value.copy() for p in layer.parameters()]
    x_before = x.copy()
    check_layer(layer, x, rng())
    np.testing.assert_array_equal(x, x_before)
    assert (layer.kernels.gradient == 2).all()
    assert not layer.bias.gradient.any()
    for parameter, value in zip(layer.parameters(), values, strict=True):
        np.testing.assert_array_equal(parameter.value, value)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("factor", [1 + 1e-5, -1, 2])
def test_wrong_loss_gradients_are_caught(from_logits, factor):
    class Wrong(BinaryCrossEntropy):
        def backward(self):
            return super().backward() * factor

    p, t = rng().uniform(0.01, 0.99, (10, 2)), rng().integers(0, 2, (10, 2))
    before = p.copy()
    assert check_loss(BinaryCrossEntropy(from_logits=from_logits), p, t) < 1e-7
    assert check_loss(Wrong(from_logits=from_logits), p, t) > 1e-6
    np.testing.assert_array_equal(p, before)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_no_difference_can_be_centred_at_the_end_of_the_range(p):
    with pytest.raises(ValueError, match="^predictions: expected probabilities strictly between"):
        check_loss(BinaryCrossEntropy(), np.array([0.5, p]), np.array([0, 1]))


def test_numerical_gradient_survives_a_function_that_returns_a_view():
    x = np.arange(3.0)
    upstream = np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(numerical_gradient(lambda: x, x, upstream), upstream, rtol=1e-9)
    np.testing.assert_array_equal(x, [0, 1, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numerical_gradient_puts_every_entry_back(dtype):
    x = np.array([0.1, 1 / 3, 1e-8, 12345.678], dtype)
    before = x.copy()
    assert numerical_gradient(lambda: x * x, x, np.ones(4, dtype)).dtype == dtype
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_puts_the_entry_back_even_after_an_error():
    x = np.ones(3)

    def failing():
        if x[1] != 1:
            raise ValueError("no such place")
        return x * x

    with pytest.raises(ValueError, match="no such place"):
        numerical_gradient(failing, x, np.ones(3))
    np.testing.assert_array_equal(x, np.ones(3))


def test_complex_steps_are_exact_where_differences_are_not():
    x = rng().standard_normal((3, 2))
    gradient = complex_step_gradient(lambda z: np.exp(z) * np.sin(z), x, np.ones((3, 2)))
    np.testing.assert_allclose(gradient, np.exp(x) * (np.sin(x) + np.cos(x)), rtol=1e-15 * 4)


def test_relative_error():
    zero = np.zeros(3)
    assert relative_error(zero, zero) == 0
    assert relative_error(zero, zero + 1) == 1
    assert relative_error(np.array([100.0, 1e-9]), np.array([100.0, 0.0])) == pytest.approx(1e-9)
    assert relative_error(zero + 1, zero) == 1
    assert relative_error(np.array([1e-12]), np.array([2e-12])) == pytest.approx(0.5)
    with pytest.raises(ValueError, match=r"analytic: expected shape \(3, 2\); got \(2, 3\)"):
        relative_error(np.zeros((2, 3)), np.zeros((3, 2)))
    assert np.isnan(relative_error(np.array([np.inf]), np.array([np.inf])))
    assert np.isnan(relative_error(np.array([np.nan]), np.array([1.0])))


def test_a_quotient_is_divided_by_the_step_that_was_taken():
    # Numbers near 3e7 are 4e-9 apart: x + h is not h away from x.
    x = np.array([3e7 + 0.1])
    assert numerical_gradient(lambda: x, x, np.ones(1)).item() == 1.0


def test_outputs_that_do_not_depend_on_the_entry_leave_no_rounding_errors():
    x, large = np.array([0.3]), 1e9 / 7
    found = numerical_gradient(lambda: np.array([x[0], large, large]), x, np.array([1.0, 3.0, -1]))
    assert found.item() == pytest.approx(1.0, rel=1e-9)


def test_the_complex_step_is_short_enough_for_a_steep_function():
    found = complex_step_gradient(lambda z: np.exp(1e6 * z), np.zeros(1), np.ones(1))
    assert found.item() == pytest.approx(1e6, rel=1e-14)


def test_numerical_gradient_divides_by_the_rounded_step():
    x = np.array([1.0, 3.0], np.float32)
    assert (numerical_gradient(lambda: x, x, np.ones(2, np.float32), 1e-3) == 1).all()


def test_check_layer_hands_back_the_dtype_of_the_output():
    seen = []

    class Spy(Layer):
        def forward(self, x):
            return 2 * x

        def backward(self, grad_output):
            seen.append(grad_output.dtype)
            return 2 * grad_output

    assert check_layer(Spy(), np.ones((1, 2), np.float32), np.random.default_rng(0)) < 1e-3
    assert seen == [np.float32]


def test_check_layer_notices_a_list_of_parameters_that_grows():
    class Growing(Dense):
        def __init__(self):
            super().__init__(2, 2, rng=np.random.default_rng(0), dtype=np.float64)
            self.all = super().parameters()

        def parameters(self):
            return self.all

        def backward(self, grad_output):
            self.all.append(Parameter("late", np.ones(1)))
            return super().backward(grad_output)

    with pytest.raises(ValueError, match="zip"):
        check_layer(Growing(), np.ones((1, 2)), np.random.default_rng(0))


class Square:
    """A loss that knows nothing of logits."""

    def forward(self, predictions, targets):
        self.p, self.t = predictions.copy(), targets
        return float(((predictions - targets) ** 2).mean())

    def backward(self):
        return 2 * (self.p - self.t) / self.p.size


def test_check_loss_of_a_loss_without_from_logits():
    assert check_loss(Square(), np.array([[0.25, 0.5]]), np.array([[0.0, 1.0]])) < 1e-9
    with pytest.raises(ValueError, match="strictly between"):
        check_loss(Square(), np.array([[0.0, 0.5]]), np.array([[0.0, 1.0]]))


def test_check_loss_is_as_exact_as_its_step_allows():
    rng = np.random.default_rng(0)
    p, t = rng.uniform(0.05, 0.95, (4, 5)), rng.uniform(0, 1, (4, 5))
    e = check_loss(BinaryCrossEntropy(), p, t)
    assert e < 3e-11


RNG = np.random.default_rng(0)
IMAGE, INTS = np.ones((5, 6)), np.ones((5, 6), int)
NAN = np.array([[0.5, np.nan]])

WRONG = [
    (lambda: check_layer(Sigmoid(), IMAGE[:0], RNG), ValueError, "x: *(0, 6)"),
    (lambda: check_layer(Sigmoid(), INTS, RNG), TypeError, "x: *int64"),
    (lambda: check_layer(Sigmoid(), NAN, RNG), ValueError, "x: *nan at index (0, 1)"),
    (lambda: check_layer(Sigmoid(), IMAGE, 0), TypeError, "rng: *got 0"),
    (lambda: check_loss(BinaryCrossEntropy(), INTS, INTS), TypeError, "predictions: *int64"),
    (lambda: check_loss(BinaryCrossEntropy(), NAN, NAN), ValueError, "predictions: *nan"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
