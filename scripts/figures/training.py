"""The training that the figures share, and the mistake that two of them plant."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cnnbook.checks import recall
from cnnbook.layers import Conv2D
from cnnbook.layers.conv_gradients import kernel_gradient_by_columns
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
    first: type[Conv2D] = Conv2D,
    network: Callable[[np.random.Generator], Sequential] = zero_one_network,
    test: bool = False,
) -> Run:
    """Train a network, the zero-or-one network if no other is given.

    That goes as ``python -m cnnbook train --seed SEED`` does it. ``first`` is the kind of the first
    layer; whatever the kind, all start alike. With ``test`` the test errors are counted after every
    epoch.
    """
    rng = np.random.default_rng(seed)
    model = network(rng)
    if first is not Conv2D:
        model.layers[0].__class__ = first
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


class Turned(Conv2D):
    """The kernel gradient by convolution: of a turned upstream gradient."""

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Add the gradients, then replace that of the kernels."""
        before = self.kernels.gradient.copy()
        super().accumulate_gradients(grad_output)
        columns, *_ = recall(self, self._cache)
        turned = np.ascontiguousarray(grad_output[..., ::-1, ::-1])
        wrong = kernel_gradient_by_columns(columns, turned).reshape(before.shape)
        self.kernels.gradient = before + wrong
