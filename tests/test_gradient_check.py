"""The gradient check itself: it must pass what is right and catch what is wrong."""

import numpy as np
import pytest

from cnnbook.gradient_check import (
    check_layer,
    check_loss,
    complex_step_gradient,
    extrapolated_gradient,
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
    Tanh,
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


def upstream_flipped(layer, grad_output):
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
        upstream_flipped,
        kernel_gradient_overwritten,
        one_entry_slightly_off,
        bias_gradient_of_one_sample,
    ],
)
def test_wrong_parameter_gradients_are_caught(wrong):
    layer = conv(accumulate_gradients=wrong)
    assert check_layer(layer, images(), rng()) > 1e-6


def test_a_wrong_input_gradient_is_caught():
    def backward(layer, grad_output):
        layer.accumulate_gradients(grad_output)
        flipped = layer.kernels.value[:, :, ::-1, ::-1]
        return conv2d_input_gradient(grad_output, flipped, (5, 6))

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


def stack(seed, depth, width, activation, dtype=np.float64):
    """Dense layers with an activation behind each, from a seed."""
    rng = np.random.default_rng(seed)
    layers = []
    for _ in range(depth):
        layers += [Dense(width, width, rng=rng, dtype=dtype), activation()]
    return Sequential(*layers), rng


def test_the_promise_holds_for_a_deep_network_with_small_gradients():
    # Its gradients are thousandths of what it returns.
    model, rng = stack(2, 3, 2, Sigmoid)
    assert check_layer(model, rng.random((1, 2)), rng) < 1e-7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 255.0, 1e4, 1e6])
@pytest.mark.parametrize(
    ("depth", "width", "activation"),
    [(1, 7, Sigmoid), (2, 3, ReLU), (3, 2, Tanh), (5, 1, Sigmoid), (5, 3, ReLU), (4, 3, Sigmoid)],
)
def test_the_promise_holds_for_all_depths_and_scales(depth, width, activation, scale, dtype):
    model, rng = stack(6, depth, width, activation, dtype)
    x = (scale * rng.standard_normal((2, width))).astype(dtype)
    assert check_layer(model, x, rng) < 1e-7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_the_promise_holds_for_pixels(activation, dtype):
    rng = np.random.default_rng(4)
    model = Sequential(
        Conv2D(1, 2, 3, rng=rng, dtype=dtype),
        activation(),
        Reshape((-1,)),
        Dense(8, 2, rng=rng, dtype=dtype),
        Sigmoid(),
    )
    x = rng.integers(0, 256, (2, 1, 4, 4)).astype(dtype)
    assert check_layer(model, x, rng) < 1e-7


def wrong_in_one_entry(layer, factor):
    """Multiply the largest entry of the first parameter's gradient."""

    def accumulate_gradients(grad_output):
        type(layer).accumulate_gradients(layer, grad_output)
        gradient = layer.parameters()[0].gradient
        gradient.flat[np.argmax(abs(gradient))] *= factor

    layer.accumulate_gradients = accumulate_gradients


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 255.0])
@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize(("factor", "error"), [(1 + 1e-4, 9e-5), (1.01, 9e-3), (-1, 1), (0, 0.9)])
def test_one_wrong_entry_deep_in_a_network_is_found(factor, error, place, scale, dtype):
    model, rng = stack(5, 3, 3, Tanh, dtype)
    wrong_in_one_entry(model.layers[place], factor)
    x = (scale * rng.uniform(0.002, 0.02, (3, 3))).astype(dtype)
    if scale < 1 and place == 0 and factor == 1 + 1e-4:
        error = 0  # 1e-4 of 1e-8 is what rounding makes of a number near 1
    assert check_layer(model, x, rng) >= error


def test_the_wrong_sign_of_a_small_entry_is_found():
    class Wrong(Layer):
        def forward(self, x):
            self.scale = np.array([[1.0, 1e-5]])
            return self.scale * x

        def backward(self, grad_output):
            return self.scale * grad_output * [[1, -1]]

    assert check_layer(Wrong(), np.array([[0.3, 0.4]]), rng()) > 1e-4


def test_a_huge_wrong_gradient_does_not_hide_behind_its_own_rounding():
    class Wrong(Layer):
        def forward(self, x):
            return 2 * x

        def backward(self, grad_output):
            return 1e200 * grad_output

    assert check_layer(Wrong(), np.ones((1, 2)), rng()) > 0.9


def test_a_gradient_that_is_set_and_not_added_is_found():
    class Overwrites(Dense):
        def accumulate_gradients(self, grad_output):
            self.weights.gradient = self._x.T @ grad_output
            self.bias.gradient = grad_output.sum(axis=0)

    layer = Overwrites(3, 2, rng=rng(), dtype=np.float64)
    assert check_layer(layer, rng().standard_normal((4, 3)), rng()) == pytest.approx(0.5)


def test_what_was_added_before_does_no_harm():
    layer = Dense(3, 2, rng=rng(), dtype=np.float64)
    layer.weights.gradient += 1e12
    assert check_layer(layer, rng().standard_normal((4, 3)), rng()) < 1e-7
    assert (layer.weights.gradient == 1e12).all()


def test_the_upstream_gradient_is_compared_as_it_was():
    class InPlace(Layer):
        def forward(self, x):
            return 3 * x

        def backward(self, grad_output):
            grad_output *= 3
            return grad_output

    assert check_layer(InPlace(), np.ones((1, 2)), rng()) < 1e-7


def test_a_layer_that_always_returns_float32_passes_within_its_rounding():
    class Single(Sigmoid):
        def forward(self, x):
            return super().forward(x.astype(np.float32))

    assert check_layer(Single(), rng().standard_normal((5, 4)), rng()) < 1e-2

    class Wrong(Single):
        def backward(self, grad_output):
            return 1.1 * super().backward(grad_output)

    assert check_layer(Wrong(), rng().standard_normal((5, 4)), rng()) > 5e-2


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5, 1e-7, -1e-7])
def test_steps_become_shorter_than_the_distance_from_a_kink(distance):
    x = np.array([[distance, 0.5, -0.7]])
    assert check_layer(ReLU(), x, rng()) < 1e-7


@pytest.mark.parametrize(("size", "farthest"), [(0.5, 0.625), (4.0, 4.5)])
def test_no_step_is_longer_than_an_eighth(size, farthest):
    seen = []

    class Spy(Sigmoid):
        def forward(self, x):
            seen.append(x.max())
            return super().forward(x)

    check_layer(Spy(), np.array([[size, -size]]), rng())
    assert max(seen) == farthest


def test_a_kink_at_the_very_place_is_reported():
    assert check_layer(ReLU(), np.array([[0.0, 0.5]]), rng()) > 0.1


def test_not_a_number_is_named():
    class Broken(Layer):
        def forward(self, x):
            return x

        def backward(self, grad_output):
            return np.full_like(grad_output, np.nan)

    with pytest.raises(ValueError, match=r"^gradient of x: .* nan at index \(0, 0\)"):
        check_layer(Broken(), np.ones((1, 2), np.float32), rng())

    def accumulate_gradients(layer, grad_output):
        Conv2D.accumulate_gradients(layer, grad_output)
        layer.bias.gradient[2] = np.nan

    with pytest.raises(ValueError, match=r"^gradient of layer\.parameters\(\)\[1\], bias: .* nan"):
        check_layer(conv(accumulate_gradients=accumulate_gradients), images(), rng())

    class Infinite(Broken):
        def forward(self, x):
            return x * np.inf

    with pytest.raises(ValueError, match=r"^layer\.forward\(x\): expected finite numbers; got inf"):
        check_layer(Infinite(), np.ones((1, 2)), rng())


def test_a_loss_whose_gradient_is_not_a_number_is_named():
    class Wrong(BinaryCrossEntropy):
        def backward(self):
            return super().backward() * [[1.0, np.nan]]

    with pytest.raises(ValueError, match=r"^gradient of predictions: .* nan at index \(0, 1\)"):
        check_loss(Wrong(), np.array([[0.5, 0.25]]), np.array([[0, 1]]))


def test_everything_is_put_back_even_after_an_error():
    def backward(layer, grad_output):
        raise ValueError("no such place")

    layer = conv(np.float32, backward=backward)
    layer.kernels.gradient += 2
    kept = [(p.value, p.gradient) for p in layer.parameters()]
    with pytest.raises(ValueError, match="no such place"):
        check_layer(layer, images(), rng())
    for parameter, (value, gradient) in zip(layer.parameters(), kept, strict=True):
        assert parameter.value is value
        assert parameter.gradient is gradient


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
    pair = np.array([1.0, 4.0]), np.array([1.5, 5.0])
    assert relative_error(*pair, 0.5) == 0.2
    assert relative_error(*pair, np.array([0.25, 1.0])) == 1 / 3
    assert relative_error(*pair, 1.0) == 0
    assert np.isnan(relative_error(np.array([np.nan, 1.0]), np.ones(2), 1.0))
    with pytest.raises(ValueError, match=r"analytic: expected shape \(3, 2\); got \(2, 3\)"):
        relative_error(np.zeros((2, 3)), np.zeros((3, 2)))
    assert np.isnan(relative_error(np.array([np.inf]), np.array([np.inf])))
    assert np.isnan(relative_error(np.array([np.nan]), np.array([1.0])))


def test_a_quotient_is_divided_by_the_step_that_was_taken():
    # Numbers near 3e7 are 4e-9 apart: x + h is not h away from x.
    x = np.array([3e7 + 0.1])
    assert numerical_gradient(lambda: x, x, np.ones(1)).item() == 1.0


def test_the_step_follows_the_size_of_the_entry():
    # In float32 numbers near 1e6 are 1/16 apart.
    x = np.array([1e6, 1.0], np.float32)
    found = numerical_gradient(lambda: x * x, x, np.ones(2, np.float32))
    np.testing.assert_allclose(found, [2e6, 2], rtol=1e-3)


def test_a_table_of_two_rows_is_exact_for_a_fourth_power():
    # The central quotients of (1 + h)^4 are 4 + 4 h^2: 8 and 17/4.
    x = np.array([1.0])
    gradient, rounding = extrapolated_gradient(lambda: x**4, x, np.ones(1), np.ones(1), 1e-30)
    assert gradient.item() == 4
    assert rounding.item() in [1e-30 * 4**k for k in range(3)]


def test_the_estimate_with_the_least_error_is_taken():
    # Rounding to 1e-6 is simulated; the best step is far from the shortest.
    x = np.array([0.5])

    def rounded():
        return np.round(np.exp(x), 6)

    gradient, rounding = extrapolated_gradient(rounded, x, np.ones(1), np.ones(1), 5e-7)
    assert abs(gradient.item() - np.exp(0.5)) < 4 * rounding.item() < 2e-4


def test_entries_have_steps_of_their_own_and_the_worst_one_decides():
    x = np.array([1e-6, 2.0])
    steps = np.array([5e-7, 0.25])
    gradient, rounding = extrapolated_gradient(lambda: np.log(x), x, np.ones(2), steps, 1e-15)
    np.testing.assert_allclose(gradient, [1e6, 0.5], rtol=1e-7)
    assert rounding[0] == pytest.approx(rounding[1] * 5e5)


def test_a_step_that_leads_to_where_there_is_no_value_is_passed_over():
    x = np.array([0.01])
    with np.errstate(all="ignore"):
        found, _ = extrapolated_gradient(lambda: np.log(x), x, np.ones(1), np.ones(1), 1e-15)
    assert found.item() == pytest.approx(100, rel=1e-9)


def test_no_value_at_any_step_is_an_error():
    x = np.array([0.5])
    with pytest.raises(ValueError, match="^f: expected finite numbers near x"):
        extrapolated_gradient(lambda: x * np.nan, x, np.ones(1), np.ones(1), 1e-15)


def test_shortening_ends_where_nothing_is_gained():
    calls = []
    x = np.array([0.5])

    def line():
        calls.append(x.item())
        return 3 * x

    extrapolated_gradient(line, x, np.ones(1), np.ones(1), 1e-15)
    assert calls == [1.5, -0.5, 0.75, 0.25]


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_check_layer_computes_in_float64_and_calls_backward_twice(dtype):
    seen = []

    class Spy(Layer):
        def forward(self, x):
            return 2 * x

        def backward(self, grad_output):
            seen.append(grad_output.dtype)
            return 2 * grad_output

    assert check_layer(Spy(), np.ones((1, 2), dtype), np.random.default_rng(0)) < 1e-7
    assert seen == [np.float64, np.float64]


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (20, 2)])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 30.0, 1e4])
def test_the_promise_holds_for_logits_of_all_sizes(scale, size, dtype):
    z, t = (scale * rng().standard_normal(size)).astype(dtype), rng().integers(0, 2, size)
    assert check_loss(BinaryCrossEntropy(from_logits=True), z, t) < 1e-7


@pytest.mark.parametrize("room", [1e-12, 1e-6, 1e-3, 0.3])
def test_the_promise_holds_for_probabilities_near_the_ends(room):
    p = np.array([[room, 1 - room], [0.5, room], [1 - room, 0.25]])
    for t in (np.zeros((3, 2)), np.ones((3, 2)), np.array([[0, 1], [1, 0], [0.5, 0.25]])):
        assert check_loss(BinaryCrossEntropy(), p, t) < 1e-7


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


class Through(Layer):
    """Hand everything on, changed as a test wants it."""

    def __init__(self, forward=lambda x: x, backward=lambda g: g):
        self.forward, self.backward = forward, backward


def test_an_output_that_is_not_real_is_named():
    with pytest.raises(TypeError, match=r"^layer\.forward\(x\): expected"):
        check_layer(Through(lambda x: x.astype(int)), images(), rng())


def test_the_upstream_gradient_has_the_dtype_of_the_output():
    asked = []
    layer = Through(lambda x: x.astype(np.float32), lambda g: asked.append(g.dtype) or g)
    assert check_layer(layer, images(), rng()) < 1e-2
    assert asked == [np.float32, np.float32]


def test_a_step_to_where_there_is_no_value_is_no_warning():
    """A step of an eighth of 700 leads to where exp overflows."""
    x = np.array([[700.0]])
    assert check_layer(Through(np.exp, lambda g: g * np.exp(x)), x, rng()) < 1e-7


def test_four_times_the_rounding_is_granted_and_no_more():
    x = np.array([1.5, -0.25, 2.0])
    eps, steps = np.finfo(float).eps, np.full(3, 0.25)
    upstream = np.random.default_rng(0).standard_normal(3)
    delta = eps * (np.sum(abs(upstream * x)) + np.sum(abs(x * upstream)))
    numerical, rounding = extrapolated_gradient(lambda: x, x, upstream, steps, delta)
    off = np.zeros(3)

    def error(factor):
        off[1] = numerical[1] + factor * rounding[1] - upstream[1]
        return check_layer(Through(backward=lambda g: g + off), x, np.random.default_rng(0))

    assert error(3.9) == 0
    assert error(4.4) > 0


def test_the_table_of_estimates_takes_away_one_power_after_the_other():
    """The quotient of a fifth power is wrong by two powers of the step; two columns remove both."""
    x, steps = np.array([1.0]), np.array([1.0])
    gradient, rounding = extrapolated_gradient(lambda: x**5, x, np.ones(1), steps, delta=1e-4)
    np.testing.assert_allclose(gradient, 5, rtol=0, atol=1e-11)
    assert rounding == 1e-4 * 4**3, "the first at which rounding is most of the error"
    # Rounding counts against an estimate: at the next step it alone is more than both were here.
    gradient, rounding = extrapolated_gradient(lambda: x**5, x, np.ones(1), steps, delta=1 / 640)
    np.testing.assert_allclose(gradient, 5, rtol=0, atol=1e-11)
    assert rounding == 4**2 / 640
