"""The training that the figures share, and the mistake that two of them plant."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from cnnbook.layers import Conv2D, Dense, Reshape, Sigmoid, conv2d_kernel_gradient
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import Split
from cnnbook.model import Sequential, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.train import History, fit

Array = np.ndarray[Any, Any]


class Run(NamedTuple):
    """A trained network, and its losses and errors epoch by epoch."""

    model: Sequential
    history: History


def train(
    split: Split,
    *,
    epochs: int,
    batch_size: int,
    seed: int = 0,
    learning_rate: float = 0.1,
    network: Callable[[np.random.Generator], Sequential] = zero_one_network,
    test: bool = False,
) -> Run:
    """Train a network, the zero-or-one network if no other is given.

    That goes as ``python -m cnnbook train --seed SEED`` does it. With ``test`` the test errors are
    counted after every epoch.
    """
    rng = np.random.default_rng(seed)
    model = network(rng)
    history = fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), learning_rate),
        *split.train,
        epochs=epochs,
        batch_size=batch_size,
        rng=rng,
        test=split.test if test else None,
    )
    return Run(model, history)


def run_title(data: Mapping[str, Any], run: str) -> str:
    """Say how many images a run has seen, and how many at a time."""
    images, size = data[f"{run}_images"], data[f"{run}_batch_size"]
    return f"{images:,} images, {'one' if size == 1 else size} at a time"


def network_with(
    first: type[Conv2D], rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> Sequential:
    """Build the zero-or-one network with another kind of first layer, from the same numbers."""
    layer = first(1, 5, 3, rng=copy.deepcopy(rng), dtype=dtype)
    return Sequential(layer, *zero_one_network(rng, dtype).layers[1:])


def network_after(
    first: Conv2D, numbers: int, rng: np.random.Generator, hidden: int = 100
) -> Sequential:
    """Build the zero-or-one network with another first layer, which gives so many numbers."""
    return Sequential(
        first,
        Sigmoid(),
        Reshape((numbers,)),
        Dense(numbers, hidden, rng=rng),
        Sigmoid(),
        Dense(hidden, 2, rng=rng),
        Sigmoid(),
    )


class Convolved(Conv2D):
    """The kernel gradient by convolution: of a flipped upstream gradient."""

    def forward(self, x: Array) -> Array:
        """Remember the input."""
        self.x = x
        return super().forward(x)

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Add the gradients, then replace that of the kernels."""
        before = self.kernels.gradient.copy()
        super().accumulate_gradients(grad_output)
        flipped = np.ascontiguousarray(grad_output[..., ::-1, ::-1])
        size = self.kernels.value.shape[2:]
        self.kernels.gradient = before + conv2d_kernel_gradient(self.x, flipped, size)
