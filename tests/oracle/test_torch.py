"""PyTorch's automatic differentiation in float64 as the oracle.

Skipped, visibly, where the extra ``oracle`` is not installed.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnbook.layers import (
    Conv2D,
    Dense,
    ReLU,
    Reshape,
    Sigmoid,
    Tanh,
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
)
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.model import Sequential, zero_one_network
from cnnbook.optimizers import SGD
from tests.cases import ConvCase, conv_cases, error

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


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_training_steps_of_the_book_network(momentum):
    rng = np.random.default_rng(0)
    model = zero_one_network(rng, np.float64)
    other = twin(model)
    assert sum(p.numel() for p in other.parameters()) == 338_352
    loss = BinaryCrossEntropy()
    ours = SGD(model.parameters(), 0.5, momentum=momentum)
    theirs = torch.optim.SGD(other.parameters(), 0.5, momentum=momentum)
    for _ in range(4):
        x, t = rng.random((3, 1, 28, 28)), np.eye(2)[rng.integers(0, 2, 3)]
        ours.zero_gradients()
        theirs.zero_grad()
        loss.forward(model.forward(x), t)
        model.accumulate_gradients(loss.backward())
        torch.nn.BCELoss()(other(torch.from_numpy(x)), torch.from_numpy(t)).backward()
        assert_same_parameters(model, other, 1e-12, gradients=True)
        ours.step()
        theirs.step()
    assert_same_parameters(model, other, 1e-12, gradients=False)
