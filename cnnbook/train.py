"""Chapter 11: the training loop."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from cnnbook.checks import (
    Array,
    check_axes,
    check_count,
    check_finite,
    check_rng,
)
from cnnbook.losses import Loss
from cnnbook.mnist import one_hot
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD


@dataclass
class History:
    """What training has reported so far, one entry per complete epoch.

    Parameters
    ----------
    losses : list of float
        The mean loss over the epoch's samples, each taken just before the step that it caused.
    test_errors : list of int
        How many test images the network misread after the epoch; empty without test images.

    Examples
    --------
    >>> History(losses=[0.7, 0.4]).epochs
    2
    """

    losses: list[float] = field(default_factory=list)
    test_errors: list[int] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.losses)


def fit(
    model: Sequential,
    loss: Loss,
    optimizer: SGD,
    images: Array,
    targets: Array,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    test: tuple[Array, Array] | None = None,
    reshuffle: bool = False,
    history: History | None = None,
    on_epoch: Callable[[History], None] | None = None,
    progress: bool = False,
) -> History:
    """Train a network: for every batch forward, loss, backward, step.

    Parameters
    ----------
    model : Sequential
        The network; its parameters change.
    loss : object
        What to make small: ``forward(predictions, targets)`` and ``backward()``.
    optimizer : SGD
        Updates the parameters of ``model``.
    images : np.ndarray of shape (N, ...)
        The training samples, floating and finite. Each batch is brought to the model's dtype.
    targets : np.ndarray of shape (N, K) or (N,)
        What the loss takes; or integer labels from 0 to K - 1, which are encoded one-hot for the
        K outputs of the network.
    epochs : int
        How many times all samples are seen, epochs in ``history`` included.
    batch_size : int
        Samples per step; the last batch of an epoch may be smaller.
    rng : numpy.random.Generator
        Draws the order of the samples.
    test : (np.ndarray, np.ndarray), optional
        Images and labels on which to count errors after every epoch.
    reshuffle : bool
        Whether every epoch draws an order of its own. By default the order is drawn once, as in
        the classic loop, so that the losses of two epochs are means over the same sequence.
    history : History, optional
        What an earlier call returned, to go on from there. The random numbers of its epochs are
        drawn again and not used: with parameters and optimiser as they were, and ``rng`` as before
        the first epoch, the result is the same to the bit as without the interruption.
    on_epoch : callable, optional
        Called with the history after every epoch.
    progress : bool
        Whether to show a progress bar on a terminal.

    Returns
    -------
    History
        Losses and test errors, epoch by epoch.

    Raises
    ------
    TypeError
        If an argument is of the wrong type.
    ValueError
        If shapes, lengths, labels or numbers do not fit: before any parameter has changed, except
        for targets out of the loss's range, which are found in their batch.
    FloatingPointError
        If the loss becomes NaN or infinite.

    Examples
    --------
    >>> from cnnbook.losses import BinaryCrossEntropy
    >>> from cnnbook.mnist import load_zero_one
    >>> from cnnbook.model import zero_one_network
    >>> train, test = load_zero_one(limit_per_class=20)
    >>> rng = np.random.default_rng(0)
    >>> model = zero_one_network(rng)
    >>> optimizer = SGD(model.parameters(), learning_rate=0.1)
    >>> loss = BinaryCrossEntropy()
    >>> history = fit(model, loss, optimizer, *train, epochs=3, batch_size=1, rng=rng)
    >>> history.epochs
    3

    Stopped after two epochs and resumed from what was kept, it goes on as if nothing had happened:

    >>> few = test[0][:99], test[1][:99]
    >>> options = {"batch_size": 8, "reshuffle": True, "test": few}
    >>> rng = np.random.default_rng(0)
    >>> model, state = zero_one_network(rng), rng.bit_generator.state
    >>> optimizer = SGD(model.parameters(), learning_rate=0.1)
    >>> part = fit(model, loss, optimizer, *train, epochs=2, rng=rng, **options)
    >>> rng.bit_generator.state = state
    >>> part = fit(model, loss, optimizer, *train, epochs=3, rng=rng, history=part, **options)
    >>> rng = np.random.default_rng(0)
    >>> model = zero_one_network(rng)
    >>> optimizer = SGD(model.parameters(), learning_rate=0.1)
    >>> whole = fit(model, loss, optimizer, *train, epochs=3, rng=rng, **options)
    >>> part.losses == whole.losses, part.test_errors == whole.test_errors, len(whole.test_errors)
    (True, True, 3)
    >>> fit(model, loss, optimizer, train[0], train[1][:3], epochs=1, rng=rng, **options)
    Traceback (most recent call last):
        ...
    ValueError: targets: expected 40 of them, one per image; got shape (3,)
    >>> wide = np.ones((40, 3))
    >>> fit(model, loss, optimizer, train[0], wide, epochs=1, rng=rng, **options)
    ... # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: targets: expected shape (40, 2), or one integer label per image; got ...
    """
    targets = _check_samples(model, images, targets)
    if test is not None:
        check_finite("test", test[0])
        count_errors(model, test[0][:1], test[1][:1])
    of_model = {id(p) for p in model.parameters()}
    if of_model.isdisjoint(id(p) for p in optimizer.parameters):
        raise ValueError(
            "optimizer: expected one that updates the model; "
            "got none of its parameters"
        )
    epochs = check_count("epochs", epochs)
    batch_size = check_count("batch_size", batch_size)
    check_rng(rng)
    history = History() if history is None else history
    orders = _orders(rng, len(images), epochs, reshuffle=reshuffle)
    for epoch, order in enumerate(orders, start=1):
        if epoch <= history.epochs:
            continue
        starts = range(0, len(order), batch_size)
        batches = [order[i : i + batch_size] for i in starts]
        hidden = None if progress else True
        bar = tqdm(
            batches, f"Epoch {epoch}", leave=False, disable=hidden
        )
        total = 0.0
        for batch in bar:
            total += train_on_batch(
                model, loss, optimizer, images[batch], targets[batch]
            )
        history.losses.append(total / len(images))
        if test is not None:
            history.test_errors.append(count_errors(model, *test))
        if on_epoch is not None:
            on_epoch(history)
    return history


def train_on_batch(
    model: Sequential,
    loss: Loss,
    optimizer: SGD,
    images: Array,
    targets: Array,
) -> float:
    """Take one step of gradient descent.

    Parameters
    ----------
    model, loss, optimizer
        As in `fit`.
    images : np.ndarray of shape (B, ...)
        A batch.
    targets : np.ndarray of shape (B, K)
        Its targets.

    Returns
    -------
    float
        The loss of the batch before the step, summed over its samples.

    Raises
    ------
    FloatingPointError
        If the loss is NaN or infinite; no parameter changes then.

    Examples
    --------
    >>> from cnnbook.layers import Dense, Sigmoid
    >>> from cnnbook.losses import BinaryCrossEntropy
    >>> layer = Dense(1, 1, rng=np.random.default_rng(0), dtype=np.float64)
    >>> layer.weights.value[:] = layer.bias.value[:] = 0
    >>> model, loss = Sequential(layer, Sigmoid()), BinaryCrossEntropy()
    >>> x, t = np.ones((3, 1), np.float32), np.ones((3, 1))
    >>> value = train_on_batch(model, loss, SGD(model.parameters(), 1.0), x, t)
    >>> round(float(value / np.log(2)), 12)  # three samples, ln 2 each
    3.0
    >>> layer.weights.value, layer.bias.value
    (array([[0.5]]), array([0.5]))
    """
    images = images.astype(targets.dtype, copy=False)
    predictions = model.forward(images)
    value = loss.forward(predictions, targets)
    if not np.isfinite(value):
        raise FloatingPointError(
            f"the loss is {value}; try a smaller learning_rate"
        )
    optimizer.zero_gradients()
    model.backward(loss.backward(), input_gradient=False)
    optimizer.step()
    return value * len(images)


def count_errors(
    model: Sequential, images: Array, labels: Array
) -> int:
    """Count the images whose largest output is not the one of their label.

    Parameters
    ----------
    model : Sequential
        The network.
    images : np.ndarray of shape (N, ...)
        The images.
    labels : np.ndarray of shape (N,)
        Their labels, integers.

    Returns
    -------
    int
        The number of errors.

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If there are more or fewer labels than images.

    Examples
    --------
    >>> from cnnbook.layers import Dense
    >>> layer = Dense(1, 2, rng=np.random.default_rng(0))
    >>> layer.weights.value[:], layer.bias.value[:] = [[-1.0, 1.0]], 0  # a 1 where x is positive
    >>> images = np.array([[-2.0], [3.0], [4.0]])
    >>> count_errors(Sequential(layer), images, np.array([0, 1, 0]))
    1
    >>> count_errors(Sequential(layer), images, np.array([0.0, 1.0, 0.0]))
    Traceback (most recent call last):
        ...
    TypeError: labels: expected a NumPy array of integers; got float64
    >>> count_errors(Sequential(layer), images, np.array([0, 1]))
    Traceback (most recent call last):
        ...
    ValueError: labels: expected shape (3,); got (2,)
    """
    if (
        not isinstance(labels, np.ndarray)
        or labels.dtype.kind not in "iu"
    ):
        came = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(
            f"labels: expected a NumPy array of integers; got {came}"
        )
    if labels.shape != (len(images),):
        raise ValueError(
            f"labels: expected shape {(len(images),)}; "
            f"got {labels.shape}"
        )
    images = images.astype(_dtype_of(model, images), copy=False)
    answers = model.predict(images).argmax(axis=1)
    return int(np.count_nonzero(answers != labels))


def _orders(
    rng: np.random.Generator,
    samples: int,
    epochs: int,
    *,
    reshuffle: bool,
) -> Iterator[Array]:
    """Draw the order of the samples for each epoch."""
    order = rng.permutation(samples)
    for epoch in range(epochs):
        if reshuffle and epoch > 0:
            order = rng.permutation(samples)
        yield order


def _check_samples(
    model: Sequential, images: Array, targets: Array
) -> Array:
    """Refuse what cannot be trained on, with a trial run of one sample; return the targets."""
    check_axes("images: N ...", images)
    check_finite("images", images)
    if not isinstance(targets, np.ndarray):
        raise TypeError(
            f"targets: expected a NumPy array; "
            f"got {type(targets).__name__}"
        )
    if targets.dtype.kind not in "buif":
        raise TypeError(
            f"targets: expected numbers; got {targets.dtype}"
        )
    if targets.shape[:1] != images.shape[:1]:
        raise ValueError(
            f"targets: expected {len(images)} of them, one per image; "
            f"got shape {targets.shape}"
        )
    dtype = _dtype_of(model, images)
    output = model.forward(images[:1].astype(dtype, copy=False))
    if (
        targets.ndim == 1
        and targets.dtype.kind in "iu"
        and output.ndim == 2
    ):
        return one_hot(targets, output.shape[1], dtype)
    if targets.shape[1:] != output.shape[1:]:
        raise ValueError(
            f"targets: expected shape "
            f"{(len(images), *output.shape[1:])}, or one integer label "
            f"per image; got {targets.dtype} of shape {targets.shape}"
        )
    return targets.astype(dtype)


def _dtype_of(
    model: Sequential, images: Array
) -> np.dtype[np.floating]:
    """Return the dtype of the model's parameters, or of the images if it has none."""
    arrays = [*(p.value for p in model.parameters()), images]
    dtype: np.dtype[np.floating] = arrays[0].dtype
    return dtype
