"""PyTorch's automatic differentiation in float64 as the oracle.

Skipped, visibly, where the extra ``oracle`` is not installed.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnbook.layers import (
    Conv2D,
    Dense,
    MaxPool2D,
    ReLU,
    Reshape,
    Sigmoid,
    Tanh,
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
    log_softmax,
    max_pool2d,
    max_pool2d_input_gradient,
    mean_pool2d,
    mean_pool2d_input_gradient,
    softmax,
    softmax_gradient,
)
from cnnbook.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from cnnbook.model import Sequential, digit_network, zero_one_network
from cnnbook.optimizers import SGD, Adam
from tests.cases import ConvCase, PoolCase, conv_cases, error, pool_cases

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install '.[oracle]'")


def leaf(array):
    return torch.from_numpy(np.ascontiguousarray(array)).requires_grad_(True)


@settings(max_examples=300)
@given(conv_cases())
def test_convolution(case: ConvCase):
    x, kernels, bias = leaf(case.x), leaf(case.kernels), leaf(case.bias)
    y = torch.nn.functional.conv2d(x, kernels, bias, stride=case.stride, padding=case.padding)
    y.backward(torch.from_numpy(np.ascontiguousarray(case.grad_output)))
    upstream = case.grad_output
    found = conv2d(case.x, case.kernels, case.bias, **case.geometry)
    assert error(found, y.detach().numpy()) < 1e-12
    found = conv2d_input_gradient(upstream, case.kernels, case.input_size, **case.geometry)
    assert error(found, x.grad.numpy()) < 1e-12
    found = conv2d_kernel_gradient(case.x, upstream, case.kernel_size, **case.geometry)
    assert error(found, kernels.grad.numpy()) < 1e-12
    assert error(conv2d_bias_gradient(upstream), bias.grad.numpy()) < 1e-12


@settings(max_examples=300)
@given(pool_cases(), st.sampled_from([1, 2, 1000]))
def test_max_pooling_with_and_without_ties(case: PoolCase, levels):
    size = case.pool_size
    # PyTorch allows no more padding than half a window.
    assume(all(2 * p <= k for p, k in zip(case.padding, size, strict=True)))
    numbers = np.round(case.x * levels) / levels
    x = leaf(numbers)
    y = torch.nn.functional.max_pool2d(x, size, case.stride, case.padding)
    y.backward(torch.from_numpy(np.ascontiguousarray(case.grad_output)))
    assert error(max_pool2d(numbers, size, **case.options), y.detach().numpy()) == 0
    found = max_pool2d_input_gradient(numbers, case.grad_output, size, **case.options)
    assert error(found, x.grad.numpy()) < 1e-14


@settings(max_examples=300)
@given(pool_cases(padded=False))
def test_mean_pooling(case: PoolCase):
    x = leaf(case.x)
    y = torch.nn.functional.avg_pool2d(x, case.pool_size, case.stride)
    y.backward(torch.from_numpy(np.ascontiguousarray(case.grad_output)))
    found = mean_pool2d(case.x, case.pool_size, stride=case.stride)
    assert error(found, y.detach().numpy()) < 1e-13
    found = mean_pool2d_input_gradient(
        case.grad_output, case.x.shape[2:], case.pool_size, stride=case.stride
    )
    assert error(found, x.grad.numpy()) < 1e-14


@settings(max_examples=200)
@given(st.integers(1, 5), st.integers(2, 12), st.integers(0, 999))
def test_softmax_and_the_categorical_loss(samples, classes, seed):
    rng = np.random.default_rng(seed)
    numbers, upstream = 4 * rng.standard_normal((2, samples, classes))
    t = rng.dirichlet(np.ones(classes), samples)
    z = leaf(numbers)
    p = torch.softmax(z, 1)
    p.backward(torch.from_numpy(upstream))
    assert error(softmax(numbers), p.detach().numpy()) < 1e-14
    assert error(softmax_gradient(softmax(numbers), upstream), z.grad.numpy()) < 1e-13
    expected = torch.log_softmax(z, 1).detach().numpy()
    assert error(log_softmax(numbers), expected) < 1e-14
    z.grad = None
    value = torch.nn.functional.cross_entropy(z, torch.from_numpy(t))
    value.backward()
    loss = CategoricalCrossEntropy(from_logits=True)
    assert loss.forward(numbers, t) == pytest.approx(value.item(), rel=1e-12)
    assert error(loss.backward(), z.grad.numpy()) < 1e-12


def as_torch(layer):
    """Build the same layer in PyTorch, with the same parameters."""
    if isinstance(layer, Conv2D):
        kernels, bias = (p.value for p in layer.parameters())
        module = torch.nn.Conv2d(
            kernels.shape[1],
            kernels.shape[0],
            *layer.geometry,
            dtype=torch.from_numpy(kernels).dtype,
        )
        weights = kernels
    elif isinstance(layer, Dense):
        weights, bias = (p.value for p in layer.parameters())
        module = torch.nn.Linear(*weights.shape, dtype=torch.from_numpy(weights).dtype)
        weights = weights.T
    elif isinstance(layer, MaxPool2D):
        return torch.nn.MaxPool2d(*layer.geometry)
    elif isinstance(layer, Reshape):
        return torch.nn.Unflatten(1, layer.shape) if len(layer.shape) > 1 else torch.nn.Flatten()
    else:
        return {Sigmoid: torch.nn.Sigmoid, Tanh: torch.nn.Tanh, ReLU: torch.nn.ReLU}[type(layer)]()
    module.weight.data = torch.from_numpy(weights.copy())
    module.bias.data = torch.from_numpy(bias.copy())
    return module


def twin(model):
    return torch.nn.Sequential(*map(as_torch, model.layers))


def assert_same_parameters(model, other, limit, *, gradients):
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        found = ours.gradient if gradients else ours.value
        expected = (theirs.grad if gradients else theirs.detach()).numpy()
        expected = expected.T if ours.name == "weights" else expected
        assert error(found, expected) < limit, ours


@settings(max_examples=50)
@given(
    st.sampled_from([Sigmoid, Tanh, ReLU]),
    st.booleans(),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 999),
)
def test_networks_and_losses(activation, from_logits, samples, channels, seed):
    rng = np.random.default_rng(seed)
    options = {"rng": rng, "dtype": np.float64}
    model = Sequential(
        Conv2D(channels, 3, (3, 2), stride=(1, 2), padding=(0, 1), **options),
        activation(),
        Conv2D(3, 2, 2, **options),
        activation(),
        Reshape((-1,)),
        Dense(2 * 4 * 3, 4, **options),
        *([] if from_logits else [Sigmoid()]),
    )
    other = twin(model)
    x, t = rng.standard_normal((samples, channels, 7, 6)), rng.uniform(0, 1, (samples, 4))
    loss = BinaryCrossEntropy(from_logits=from_logits)
    value = loss.forward(model.forward(x), t)
    grad_x = model.backward(loss.backward())
    their_x = leaf(x)
    their_loss = torch.nn.BCEWithLogitsLoss() if from_logits else torch.nn.BCELoss()
    their_value = their_loss(other(their_x), torch.from_numpy(t))
    their_value.backward()
    assert value == pytest.approx(their_value.item(), rel=1e-12)
    assert error(grad_x, their_x.grad.numpy()) < 1e-12
    assert_same_parameters(model, other, 1e-12, gradients=True)


def of_classes():
    """Return the loss of classes, from logits, in both programs."""
    return CategoricalCrossEntropy(from_logits=True), torch.nn.CrossEntropyLoss()


def step_both(models, losses, optimizers, x, t):
    """Compute the gradients in both programs, compare them, and take a step in each."""
    (model, other), (loss, their_loss), (ours, theirs) = models, losses, optimizers
    ours.zero_gradients()
    theirs.zero_grad()
    loss.forward(model.forward(x), t)
    model.accumulate_gradients(loss.backward())
    their_loss(other(torch.from_numpy(x)), torch.from_numpy(t)).backward()
    assert_same_parameters(model, other, 1e-12, gradients=True)
    ours.step()
    theirs.step()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_training_steps_of_the_book_network(momentum):
    rng = np.random.default_rng(0)
    model = zero_one_network(rng, np.float64)
    other = twin(model)
    assert sum(p.numel() for p in other.parameters()) == 338_352
    losses = BinaryCrossEntropy(), torch.nn.BCELoss()
    ours = SGD(model.parameters(), 0.5, momentum=momentum)
    theirs = torch.optim.SGD(other.parameters(), 0.5, momentum=momentum)
    for _ in range(4):
        x, t = rng.random((3, 1, 28, 28)), np.eye(2)[rng.integers(0, 2, 3)]
        step_both((model, other), losses, (ours, theirs), x, t)
    assert_same_parameters(model, other, 1e-12, gradients=False)


def small_pair(rng):
    """Make a network of a convolution and a dense layer, and its twin."""
    model = Sequential(
        Conv2D(1, 3, 3, rng=rng, dtype=np.float64),
        Tanh(),
        MaxPool2D(2),
        Reshape((27,)),
        Dense(27, 4, rng=rng, dtype=np.float64),
    )
    return model, twin(model)


def assert_fifty_steps_agree(models, optimizers, rng):
    """Train both on the same batches; each side has its own gradients."""
    for _ in range(50):
        x, t = rng.random((5, 1, 8, 8)), np.eye(4)[rng.integers(0, 4, 5)]
        step_both(models, of_classes(), optimizers, x, t)
    assert_same_parameters(*models, 1e-12, gradients=False)


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_fifty_steps_with_every_option(momentum, nesterov, decay):
    rng = np.random.default_rng(0)
    model, other = small_pair(rng)
    options = {"momentum": momentum, "nesterov": nesterov, "weight_decay": decay}
    ours = SGD(model.parameters(), 0.05, **options)
    theirs = torch.optim.SGD(other.parameters(), 0.05, **options)
    assert_fifty_steps_agree((model, other), (ours, theirs), rng)


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.75)])
def test_fifty_steps_of_adam(betas, decay):
    """On the same network, beside AdamW."""
    rng = np.random.default_rng(1)
    model, other = small_pair(rng)
    ours = Adam(model.parameters(), 0.01, betas=betas, epsilon=1e-4, weight_decay=decay)
    theirs = torch.optim.AdamW(other.parameters(), 0.01, betas=betas, eps=1e-4, weight_decay=decay)
    assert_fifty_steps_agree((model, other), (ours, theirs), rng)


def test_nesterov_without_momentum_is_refused_by_both():
    with pytest.raises(ValueError, match="momentum"):
        torch.optim.SGD([torch.ones(1, requires_grad=True)], 0.1, nesterov=True)
    with pytest.raises(ValueError, match="momentum"):
        SGD(Dense(1, 1, rng=np.random.default_rng(0)).parameters(), 0.1, nesterov=True)


def test_training_steps_of_the_network_for_ten_digits():
    rng = np.random.default_rng(0)
    model = digit_network(rng, np.float64)
    other = twin(model)
    assert sum(p.numel() for p in other.parameters()) == 206_922
    ours, theirs = SGD(model.parameters(), 0.1), torch.optim.SGD(other.parameters(), 0.1)
    for _ in range(3):
        x, t = rng.random((4, 1, 28, 28)), np.eye(10)[rng.integers(0, 10, 4)]
        step_both((model, other), of_classes(), (ours, theirs), x, t)
    assert_same_parameters(model, other, 1e-12, gradients=False)
