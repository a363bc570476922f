"""Sizes at which a fault would hide from small examples: every public function, once.

More than 64 samples, more than 200 maps, more than 2^20 entries, a last batch of one. What is
right is computed by SciPy, by NumPy's own sums, or by the definition, one offset at a time.
"""

import math

import numpy as np
import pytest
import scipy.special
from numpy.lib.stride_tricks import sliding_window_view

from cnnbook.layers import (
    Conv2D,
    Dense,
    Layer,
    MaxPool2D,
    MeanPool2D,
    Parameter,
    ReLU,
    Reshape,
    Sigmoid,
    Softmax,
    Tanh,
)
from cnnbook.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from cnnbook.mnist import ZERO_ONE, first_of_each_digit, load_zero_one, one_hot, read_embedded
from cnnbook.mnist import select_digits as select
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD
from cnnbook.samples import Split
from cnnbook.train import count_errors, fit
from tests.cases import error
from tests.test_arguments import FUNCTIONS, SHAPES

MANY = 2**20 + 3  # entries
SAMPLES, MAPS = 67, 203
RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.standard_normal(shape)


def offsets(kernel):
    return np.ndindex(*kernel.shape[-2:])


def correlated(image, kernel):
    """Sum shifted copies of an image, one for each entry of the kernel."""
    height, width = (i - k + 1 for i, k in zip(image.shape, kernel.shape, strict=True))
    return sum(kernel[u, v] * image[u : u + height, v : v + width] for u, v in offsets(kernel))


def layer(x, kernels, bias):
    y = np.zeros((len(x), len(kernels), x.shape[2] - 1, x.shape[3] - 2))
    height, width = y.shape[2:]
    for u, v in offsets(kernels):
        y += np.einsum("nchw,fc->nfhw", x[:, :, u : u + height, v : v + width], kernels[:, :, u, v])
    return y + bias[:, np.newaxis, np.newaxis]


def kernel_gradient(x, grad_output):
    (height, width), result = grad_output.shape[2:], {}
    for u, v in np.ndindex(2, 3):
        seen = x[:, :, u : u + height, v : v + width]
        result[u, v] = np.einsum("nchw,nfhw->fc", seen, grad_output)
    return np.stack([result[o] for o in np.ndindex(2, 3)], -1).reshape(*result[0, 0].shape, 2, 3)


def input_gradient(grad_output, kernels):
    height, width = grad_output.shape[2:]
    result = np.zeros((len(grad_output), kernels.shape[1], height + 1, width + 2))
    for u, v in offsets(kernels):
        result[:, :, u : u + height, v : v + width] += np.einsum(
            "nfhw,fc->nchw", grad_output, kernels[:, :, u, v]
        )
    return result


def blocks(x):
    """Cut maps of 8 by 11 into 2 by 2 windows of 4 by 5, the last column left over."""
    return x[..., :10].reshape(*x.shape[:2], 2, 4, 2, 5)


def g6(g):
    return g[:, :, :, np.newaxis, :, np.newaxis]


def unblocked(of_windows):
    """Put windows back to where `blocks` found them; the column left over gets nothing."""
    whole = of_windows.reshape(*of_windows.shape[:2], 8, 10)
    return np.pad(whole, [(0, 0)] * 3 + [(0, 1)])


def derivative(y):
    return y * (1 - y)


PROBABILITIES = RNG.uniform(0.01, 0.99, (SAMPLES, MANY // SAMPLES + 1))
LOGITS = numbers(*PROBABILITIES.shape)
TARGETS = RNG.integers(0, 2, PROBABILITIES.shape).astype(float)
IMAGE, KERNEL = numbers(1025, 1030), numbers(2, 3)
X, KERNELS, BIAS = numbers(SAMPLES, 2, 9, 13), numbers(MAPS, 2, 2, 3), numbers(MAPS)
GRADIENT = numbers(SAMPLES, MAPS, 8, 11)  # 1,196,888 entries
UPPER = numbers(SAMPLES, MAPS, 2, 2)
ROWS, WEIGHTS = numbers(SAMPLES, MANY // SAMPLES + 1), numbers(MANY // SAMPLES + 1, 70)
UPSTREAM = numbers(SAMPLES, 70)

# Each function: its arguments, and what is right.
RIGHT = {
    "windows": ((IMAGE, (2, 3)), sliding_window_view),
    "cross_correlate2d": ((IMAGE, KERNEL), correlated),
    "convolve2d": ((IMAGE, KERNEL), lambda x, k: correlated(x, np.rot90(k, 2))),
    "rotate180": ((IMAGE,), lambda x: np.rot90(x, 2)),
    "sigmoid": ((LOGITS,), scipy.special.expit),
    "softplus": ((LOGITS,), lambda z: -scipy.special.log_expit(-z)),
    "sigmoid_gradient": ((PROBABILITIES, LOGITS), lambda y, g: derivative(y) * g),
    "tanh_gradient": ((PROBABILITIES, LOGITS), lambda y, g: g - g * y**2),
    "relu": ((LOGITS,), lambda z: (z + abs(z)) / 2),
    "relu_gradient": ((LOGITS, TARGETS), lambda z, g: (z > 0) * g),
    "conv2d": ((X, KERNELS, BIAS), layer),
    "conv2d_kernel_gradient": ((X, GRADIENT, (2, 3)), lambda x, g, _: kernel_gradient(x, g)),
    "conv2d_bias_gradient": (
        (GRADIENT,),
        lambda g: [math.fsum(g[:, f].ravel()) for f in range(MAPS)],
    ),
    "conv2d_input_gradient": (
        (GRADIENT, KERNELS, (9, 13)),
        lambda g, kernels, _: input_gradient(g, kernels),
    ),
    "dense": ((ROWS, WEIGHTS, UPSTREAM[0]), lambda x, w, b: np.einsum("ni,io->no", x, w) + b),
    "dense_weight_gradient": ((ROWS, UPSTREAM), lambda x, g: np.einsum("ni,no->io", x, g)),
    "dense_bias_gradient": ((ROWS,), lambda g: [math.fsum(column) for column in g.T]),
    "dense_input_gradient": ((UPSTREAM, WEIGHTS), lambda g, w: np.einsum("no,io->ni", g, w)),
    "softmax": ((LOGITS,), lambda z: scipy.special.softmax(z, axis=-1)),
    "log_softmax": ((LOGITS,), lambda z: scipy.special.log_softmax(z, axis=-1)),
    "softmax_gradient": (
        (PROBABILITIES, LOGITS),
        lambda p, g: p * g - p * np.einsum("nk,nk->n", p, g)[:, np.newaxis],
    ),
    "max_pool2d": ((GRADIENT, (4, 5)), lambda x, _: blocks(x).max(axis=(3, 5))),
    "max_pool2d_input_gradient": (
        (GRADIENT, UPPER, (4, 5)),
        lambda x, g, _: unblocked((blocks(x) == blocks(x).max(axis=(3, 5), keepdims=True)) * g6(g)),
    ),
    "mean_pool2d": ((GRADIENT, (4, 5)), lambda x, _: np.einsum("ncipjq->ncij", blocks(x)) / 20),
    "mean_pool2d_input_gradient": (
        (UPPER, (8, 11), (4, 5)),
        lambda g, *_: unblocked(np.broadcast_to(g6(g) / 20, (*g.shape[:3], 4, 2, 5))),
    ),
    "categorical_cross_entropy": (
        (PROBABILITIES, TARGETS),
        lambda p, t: [-math.fsum(row) for row in scipy.special.xlogy(t, p)],
    ),
    "categorical_cross_entropy_gradient": ((PROBABILITIES, TARGETS), lambda p, t: -t / p),
    "categorical_cross_entropy_from_logits": (
        (LOGITS, TARGETS),
        lambda z, t: [-math.fsum(row) for row in t * scipy.special.log_softmax(z, axis=-1)],
    ),
    "categorical_cross_entropy_from_logits_gradient": (
        (LOGITS, TARGETS),
        lambda z, t: scipy.special.softmax(z, axis=-1) - t,
    ),
    "binary_cross_entropy": (
        (PROBABILITIES, TARGETS),
        lambda p, t: -scipy.special.xlogy(t, p) - scipy.special.xlogy(1 - t, 1 - p),
    ),
    "binary_cross_entropy_gradient": (
        (PROBABILITIES, TARGETS),
        lambda p, t: (p - t) / derivative(p),
    ),
    "binary_cross_entropy_from_logits": (
        (LOGITS, TARGETS),
        lambda z, t: np.logaddexp(0, np.where(t == 1, -z, z)),
    ),
    "binary_cross_entropy_from_logits_gradient": (
        (LOGITS, TARGETS),
        lambda z, t: scipy.special.expit(z) - t,
    ),
}


def test_every_public_function_is_here():
    assert RIGHT.keys() == SHAPES.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_a_large_input_gives_what_is_right(name):
    arguments, right = RIGHT[name]
    expected = np.asarray(right(*arguments))
    found = FUNCTIONS[name](*arguments)
    assert found.shape == expected.shape
    assert error(found, expected) < 1e-12


def test_the_inputs_are_as_large_as_promised():
    for name, (arguments, _) in RIGHT.items():
        sizes = [a.size for a in arguments if isinstance(a, np.ndarray)]
        sizes.append(np.asarray(FUNCTIONS[name](*arguments)).size)
        assert max(sizes) > 2**20, name


def large(kind):
    """Make a layer and an input for it: each kind of a size at which a fault could hide."""
    made = {
        "Conv2D": lambda: (Conv2D(2, MAPS, (2, 3), rng=RNG, dtype=np.float64), X),
        "Dense": lambda: (Dense(ROWS.shape[1], 70, rng=RNG, dtype=np.float64), ROWS),
        "Reshape": lambda: (Reshape((-1,)), GRADIENT),
        "Sigmoid": lambda: (Sigmoid(), LOGITS),
        "Tanh": lambda: (Tanh(), LOGITS),
        "ReLU": lambda: (ReLU(), LOGITS),
        "Softmax": lambda: (Softmax(), LOGITS),
        "MaxPool2D": lambda: (MaxPool2D((3, 2), stride=1, padding=1), GRADIENT),
        "MeanPool2D": lambda: (MeanPool2D(2), GRADIENT),
    }
    return made[kind]()


KINDS = ["Conv2D", "Dense", "Reshape", "Sigmoid", "Tanh", "ReLU"]
KINDS += ["Softmax", "MaxPool2D", "MeanPool2D"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_does_with_a_large_batch_what_it_does_with_its_parts(kind):
    whole, x = large(kind)
    y = whole.forward(x)
    upstream = numbers(*y.shape)
    grad_x = whole.backward(upstream)
    gradients = [parameter.gradient.copy() for parameter in whole.parameters()]
    for parameter in whole.parameters():
        parameter.zero_gradient()
    for part in (slice(0, 20), slice(20, 66), slice(66, None)):
        assert error(whole.forward(x[part]), y[part]) < 1e-12
        assert error(whole.backward(upstream[part]), grad_x[part]) < 1e-12
    for parameter, gradient in zip(whole.parameters(), gradients, strict=True):
        assert error(parameter.gradient, gradient) < 1e-12


@pytest.mark.parametrize("from_logits", [False, True])
def test_a_loss_is_the_mean_over_every_entry(from_logits):
    predictions = LOGITS if from_logits else PROBABILITIES
    name = "binary_cross_entropy" + "_from_logits" * from_logits
    loss = BinaryCrossEntropy(from_logits=from_logits)
    each = RIGHT[name][1](predictions, TARGETS)
    mean = math.fsum(each.ravel()) / each.size
    assert loss.forward(predictions, TARGETS) == pytest.approx(mean, rel=1e-12)
    gradient = RIGHT[f"{name}_gradient"][1](predictions, TARGETS) / each.size
    assert error(loss.backward(), gradient) < 1e-12


@pytest.mark.parametrize("from_logits", [False, True])
def test_the_categorical_loss_is_the_mean_over_the_samples(from_logits):
    predictions = LOGITS if from_logits else PROBABILITIES
    labels = RNG.integers(0, predictions.shape[1], SAMPLES)
    targets = one_hot(labels, predictions.shape[1], np.float64)
    name = "categorical_cross_entropy" + "_from_logits" * from_logits
    loss = CategoricalCrossEntropy(from_logits=from_logits)
    each = RIGHT[name][1](predictions, targets)
    assert loss.forward(predictions, targets) == pytest.approx(np.mean(each), rel=1e-12)
    gradient = RIGHT[f"{name}_gradient"][1](predictions, targets) / SAMPLES
    assert error(loss.backward(), gradient) < 1e-12


def test_a_large_parameter_takes_its_step_in_every_entry():
    value, first, second = numbers(3, MANY)
    parameter = Parameter("weights", value.copy())
    parameter.accumulate(first.copy())
    parameter.accumulate(second)
    SGD([parameter], 0.5).step()
    assert error(parameter.value, value - 0.5 * (first + second)) < 1e-15


@pytest.mark.parametrize("samples", [1, 255, 256, 257, 513, 12_665])
def test_every_sample_is_answered_also_the_last_one_alone(samples):
    model = Sequential(Dense(1, 2, rng=RNG, dtype=np.float64))
    x = np.arange(float(samples))[:, np.newaxis]
    answers = model.predict(x)
    assert error(answers, model.forward(x)) < 1e-15
    assert answers.shape == (samples, 2)
    labels = answers.argmax(axis=1)
    assert count_errors(model, x, labels) == 0
    assert count_errors(model, x, 1 - labels) == samples


class Counting(Layer):
    """Hand everything on, and count how often each sample came back from the loss."""

    def __init__(self, samples):
        self.counts = np.zeros(samples, int)
        self.batches = []

    def forward(self, x):
        self.seen = x[:, 0].astype(int)
        return x / len(self.counts)

    def accumulate_gradients(self, grad_output):
        assert len(grad_output) == len(self.seen)
        np.add.at(self.counts, self.seen, 1)
        self.batches.append(len(self.seen))


@pytest.mark.parametrize("reshuffle", [False, True])
@pytest.mark.parametrize(
    ("samples", "batch_size"), [(12_665, 128), (65, 64), (129, 128), (64, 64), (7, 1), (3, 8)]
)
def test_training_sees_every_sample_once_an_epoch(samples, batch_size, reshuffle):
    counting = Counting(samples)
    model = Sequential(counting, Dense(1, 1, rng=RNG, dtype=np.float64), Sigmoid())
    images = np.arange(float(samples))[:, np.newaxis]
    epochs = []
    fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        images,
        images % 2,
        epochs=3,
        batch_size=batch_size,
        rng=RNG,
        reshuffle=reshuffle,
        on_epoch=lambda _: epochs.append(counting.counts.copy()),
    )
    for number, counts in enumerate(epochs, start=1):
        assert (counts == number).all()
    full, rest = divmod(samples, batch_size)
    assert counting.batches == 3 * ([batch_size] * full + [rest] * (rest > 0))


def test_no_image_of_the_embedded_set_is_lost_or_moved():
    stored = read_embedded(ZERO_ONE)
    for part, (images, labels) in zip(("train", "test"), load_zero_one(), strict=True):
        expected = stored[f"{part}_images"]
        assert len(images) == len(labels) == len(expected) == {"train": 12_665, "test": 2_115}[part]
        np.testing.assert_array_equal(np.rint(images[:, 0] * 255), expected)
        np.testing.assert_array_equal(labels, stored[f"{part}_labels"])


def test_choosing_among_many_samples_loses_none():
    labels = RNG.integers(0, 10, 70_001)
    images = np.arange(70_001, dtype=np.float32)
    whole = (images, labels)
    chosen = select(Split(whole, whole), (3, 8)).train
    expected = [i for i, label in enumerate(labels.tolist()) if label in (3, 8)]
    np.testing.assert_array_equal(chosen[0], expected)
    each = min(labels.tolist().count(digit) for digit in range(10))
    first, digits = first_of_each_digit(whole, each)
    assert len(first) == 10 * each
    assert np.bincount(digits).tolist() == [each] * 10
    rows = one_hot(labels, 10)
    assert rows.sum() == len(labels)
    np.testing.assert_array_equal(rows.argmax(axis=1), labels)
