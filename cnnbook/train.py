"""Chapter 11: the training loop."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from cnnbook.augmentation import (
    MovedImages,
    check_turn,
    epoch_moves,
    epoch_turns,
)
from cnnbook.averaging import RunningMean
from cnnbook.checks import (
    Array,
    check_axes,
    check_count,
    check_finite,
    check_numbers,
    check_rng,
)
from cnnbook.losses import Loss
from cnnbook.model import Sequential
from cnnbook.optimizers import Optimizer
from cnnbook.samples import check_labels, one_hot

# Takes the step for a batch: a network, a loss, an optimiser, images
# and targets; returns the loss summed over the batch.
TakeStep = Callable[[Sequential, Loss, Optimizer, Array, Array], float]


@dataclass
class History:
    """What training has reported so far, one entry per complete epoch.

    Parameters
    ----------
    losses : list of float
        The mean loss over the epoch's samples, each taken just before the step that it caused.
    test_errors : list of int
        How many test images the network misread after the epoch; empty without test images.
    validation_errors, validation_losses : list
        How many validation images it misread, int, and the mean loss on them, float; empty
        without validation images.

    Examples
    --------
    >>> History(losses=[0.7, 0.4]).epochs
    2
    """

    losses: list[float] = field(default_factory=list)
    test_errors: list[int] = field(default_factory=list)
    validation_errors: list[int] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.losses)


def fit(
    model: Sequential,
    loss: Loss,
    optimizer: Optimizer,
    images: Array,
    targets: Array,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    test: tuple[Array, Array] | None = None,
    validation: tuple[Array, Array] | None = None,
    reshuffle: bool = False,
    rates: Callable[[float], float] | None = None,
    shift: int = 0,
    turn: float = 0.0,
    average: RunningMean | None = None,
    history: History | None = None,
    on_epoch: Callable[[History], None] | None = None,
    on_batch: TakeStep | None = None,
    progress: bool = False,
) -> History:
    """Train a network: for every batch forward, loss, backward, step.

    Parameters
    ----------
    model : Sequential
        The network; its parameters change.
    loss : Loss
        What to make small.
    optimizer : Optimizer
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
    validation : (np.ndarray, np.ndarray), optional
        Images and labels on which to count errors and to take the mean loss after every epoch:
        what choices are made by, while the test images wait.
    reshuffle : bool
        Whether every epoch draws an order of its own. By default the order is drawn once, as in
        the classic loop, so that the losses of two epochs are means over the same sequence.
    rates : callable, optional
        Gives the learning rate of every step, of the number of epochs that lie behind it: of 1.25
        after a quarter of the second. By default the optimiser keeps its own.
    shift : int
        By how many pixels at most every image is moved, down or up and right or left, each time
        that it is seen; zeros come in. For images of shape (N, C, H, W).
    turn : float
        By how many degrees at most, from 0 to 180, every image is rotated about its centre, either
        way, before it is moved.
    average : RunningMean, optional
        What follows the parameters from step to step. Errors are then counted with the means, and
        the network is left with its own parameters. Whoever goes on with a run later keeps both.
    history : History, optional
        What an earlier call returned, to go on from there. The random numbers of its epochs are
        drawn again and not used: with parameters and optimiser as they were, and ``rng`` as before
        the first epoch, the result is the same to the bit as without the interruption.
    on_epoch : callable, optional
        Called with the history after every epoch.
    on_batch : callable, optional
        Takes the step for each batch, with the arguments of `train_on_batch` and in its place.
    progress : bool
        Whether to show a progress bar on a terminal.

    Returns
    -------
    History
        Losses and errors, epoch by epoch.

    Raises
    ------
    TypeError
        If an argument is of the wrong type.
    ValueError
        If shapes, lengths, labels or numbers do not fit: before any parameter has changed, except
        for targets out of the loss's range, which are found in their batch.
    FloatingPointError
        If the training diverges: a loss, a parameter or an output for an image becomes NaN or
        infinite. The message names the epoch, the step and the learning rate. The history ends
        with the epoch before; the parameters are of no use.

    Examples
    --------
    >>> from cnnbook.losses import BinaryCrossEntropy
    >>> from cnnbook.mnist import load_zero_one
    >>> from cnnbook.model import zero_one_network
    >>> from cnnbook.optimizers import SGD
    >>> train, test = load_zero_one(limit_per_class=20)
    >>> rng = np.random.default_rng(0)
    >>> model = zero_one_network(rng)
    >>> optimizer = SGD(model.parameters(), learning_rate=0.1)
    >>> loss = BinaryCrossEntropy()
    >>> history = fit(model, loss, optimizer, *train, epochs=3, batch_size=1, rng=rng)
    >>> history.epochs
    3
    """
    targets = _checked(model, images, targets, test, validation)
    _check_optimizer(optimizer, model)
    epochs = check_count("epochs", epochs)
    batch_size = check_count("batch_size", batch_size)
    check_rng(rng)
    shift = _check_shift(shift, images)
    turn = _check_turn(turn, images)
    history = History() if history is None else history
    orders = epoch_orders(rng, len(images), epochs, reshuffle=reshuffle)
    moves = epoch_moves(rng, len(images), epochs, shift)
    turns = epoch_turns(rng, len(images), epochs, turn)
    drawn = zip(orders, moves, turns, strict=True)
    for order, *ways in itertools.islice(drawn, history.epochs, None):
        done = history.epochs
        seen = _moved(images, *ways)
        batches: Iterable[Array] = in_batches(order, batch_size)
        if rates is not None:
            batches = _at_rates(optimizer, rates, done, batches)
        if average is not None:
            batches = _followed(average, batches)
        if progress:
            batches = _with_bar(batches, f"Epoch {done + 1}")
        step = model, loss, optimizer, seen, targets
        with _watched(batches, done + 1) as batches:
            mean = train_epoch(
                *step, batches=batches, on_batch=on_batch
            )
            _check_parameters(optimizer)
            with average.in_use() if average else nullcontext():
                entry = _judged(model, loss, test, validation)
        entry.losses.append(mean)
        _extend(history, entry)
        if on_epoch is not None:
            on_epoch(history)
    return history


def epoch_orders(
    rng: np.random.Generator,
    samples: int,
    epochs: int,
    *,
    reshuffle: bool = False,
) -> Iterator[Array]:
    """Draw the order of the samples for each epoch.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the orders, each when it is asked for.
    samples : int
        How many samples there are.
    epochs : int
        How many orders are wanted.
    reshuffle : bool
        Whether every epoch has an order of its own, or all that of the first.

    Yields
    ------
    np.ndarray of shape (samples,)
        Every index once.

    Examples
    --------
    >>> first, second = epoch_orders(np.random.default_rng(0), samples=5, epochs=2)
    >>> sorted(first.tolist()), first.tolist() == second.tolist()
    ([0, 1, 2, 3, 4], True)
    """
    order = rng.permutation(samples)
    for epoch in range(epochs):
        if reshuffle and epoch > 0:
            order = rng.permutation(samples)
        yield order


def in_batches(order: Array, batch_size: int) -> list[Array]:
    """Cut an order of samples into batches.

    Parameters
    ----------
    order : np.ndarray of shape (N,)
        The indices of the samples.
    batch_size : int
        How many make a batch.

    Returns
    -------
    list of np.ndarray
        The indices of each batch; the last may have fewer.

    Examples
    --------
    >>> in_batches(np.array([4, 2, 3, 0, 1]), batch_size=2)
    [array([4, 2]), array([3, 0]), array([1])]
    """
    starts = range(0, len(order), batch_size)
    return [order[i : i + batch_size] for i in starts]


def train_epoch(
    model: Sequential,
    loss: Loss,
    optimizer: Optimizer,
    images: Array | MovedImages,
    targets: Array,
    *,
    batches: Iterable[Array],
    on_batch: TakeStep | None = None,
) -> float:
    """Take one step for each batch.

    Parameters
    ----------
    model, loss, optimizer
        As in `fit`.
    images : np.ndarray of shape (N, ...), or MovedImages
        The training samples.
    targets : np.ndarray of shape (N, K)
        Their targets.
    batches : iterable of np.ndarray
        The indices of the samples of each batch; together, every sample once.
    on_batch : callable, optional
        As in `fit`.

    Returns
    -------
    float
        The mean loss over the samples, each taken just before the step that it caused.
    """
    total, take_step = 0.0, on_batch or train_on_batch
    for batch in batches:
        total += take_step(
            model, loss, optimizer, images[batch], targets[batch]
        )
    return total / len(images)


def train_on_batch(
    model: Sequential,
    loss: Loss,
    optimizer: Optimizer,
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
    >>> from cnnbook.optimizers import SGD
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
    value = loss_of(predictions, targets, loss)
    if not np.isfinite(value):
        raise FloatingPointError(
            f"the loss is {value}; try a smaller learning_rate "
            f"than {optimizer.learning_rate}"
        )
    optimizer.zero_gradients()
    model.accumulate_gradients(loss.backward())
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
    FloatingPointError
        If an output is NaN or infinite.

    Examples
    --------
    >>> from cnnbook.layers import Dense
    >>> layer = Dense(1, 2, rng=np.random.default_rng(0))
    >>> layer.weights.value[:], layer.bias.value[:] = [[-1.0, 1.0]], 0  # a 1 where x is positive
    >>> images = np.array([[-2.0], [3.0], [4.0]])
    >>> count_errors(Sequential(layer), images, np.array([0, 1, 0]))
    1
    """
    _check_labels_of(images, labels)
    outputs = model.predict(_as_model(model, images))
    if not np.isfinite(outputs).all():
        raise FloatingPointError(
            "an output for these images is not finite"
        )
    return int(np.count_nonzero(outputs.argmax(axis=1) != labels))


def errors_and_loss(
    model: Sequential,
    loss: Loss,
    images: Array,
    labels: Array,
    batch_size: int = 256,
) -> tuple[int, float]:
    """Count the errors on images, and take the mean of the loss over them.

    Parameters
    ----------
    model : Sequential
        The network, with K outputs.
    loss : Loss
        What is averaged.
    images : np.ndarray of shape (N, ...)
        The images.
    labels : np.ndarray of shape (N,)
        Their labels, integers from 0 to K - 1.
    batch_size : int
        How many are held in memory between layers at once.

    Returns
    -------
    (int, float)
        The number of errors, as `count_errors` has it, and the mean loss.

    Raises
    ------
    TypeError
        If the labels are not integers, or ``batch_size`` is none.
    ValueError
        If there are more or fewer labels than images, or one is out of its range, or
        ``batch_size`` is below 1.
    FloatingPointError
        If an output, or the loss, is NaN or infinite.

    Examples
    --------
    >>> from cnnbook.layers import Dense
    >>> from cnnbook.losses import CategoricalCrossEntropy
    >>> layer = Dense(1, 2, rng=np.random.default_rng(0))
    >>> layer.weights.value[:], layer.bias.value[:] = 0, 0  # it does not know
    >>> loss, images = CategoricalCrossEntropy(from_logits=True), np.array([[-2.0], [3.0]])
    >>> errors, mean = errors_and_loss(Sequential(layer), loss, images, np.array([0, 1]))
    >>> errors, round(mean, 4)  # ln 2
    (1, 0.6931)
    """
    _check_labels_of(images, labels)
    order = np.arange(len(images))
    errors, total = 0, 0.0
    for batch in in_batches(
        order, check_count("batch_size", batch_size)
    ):
        outputs = model.forward(_as_model(model, images[batch]))
        if not np.isfinite(outputs).all():
            raise FloatingPointError(
                "an output for these images is not finite"
            )
        digits = labels[batch]
        targets = one_hot(digits, outputs.shape[1], outputs.dtype)
        total += loss.forward(outputs, targets) * len(batch)
        errors += int(
            np.count_nonzero(outputs.argmax(axis=1) != digits)
        )
    if not np.isfinite(total):
        raise FloatingPointError(f"the loss on these images is {total}")
    return errors, float(total / len(images))


def _judged(
    model: Sequential,
    loss: Loss,
    test: tuple[Array, Array] | None,
    validation: tuple[Array, Array] | None,
) -> History:
    """Begin the entry of an epoch with what is found on images that it was not trained on."""
    entry = History()
    if test:
        entry.test_errors.append(count_errors(model, *test))
    if validation:
        errors, mean = errors_and_loss(model, loss, *validation)
        entry.validation_errors.append(errors)
        entry.validation_losses.append(mean)
    return entry


def _extend(history: History, entry: History) -> None:
    """Append the entry of an epoch to a history."""
    for name, series in vars(entry).items():
        getattr(history, name).extend(series)


def loss_of(predictions: Array, targets: Array, loss: Loss) -> float:
    """Compute the loss; it is NaN where it refuses predictions because they are not finite.

    Parameters
    ----------
    predictions : np.ndarray of shape (B, ...)
        What the network answers.
    targets : np.ndarray of shape (B, ...)
        What it should answer.
    loss : Loss
        What is computed.

    Returns
    -------
    float
        The mean over the batch, or NaN.

    Raises
    ------
    ValueError
        If the loss refuses predictions or targets for another reason.
    """
    try:
        return loss.forward(predictions, targets)
    except ValueError:
        if np.isfinite(predictions).all():
            raise
        return float("nan")


@contextmanager
def _watched(
    batches: Iterable[Array], epoch: int
) -> Iterator[Iterable[Array]]:
    """Count the batches of an epoch; where it diverges, say when, in place of NumPy's warnings."""
    step = 0

    def counted() -> Iterator[Array]:
        """Hand the batches on, one step each."""
        nonlocal step
        for batch in batches:
            step += 1
            yield batch

    try:
        with np.errstate(
            over="ignore", invalid="ignore", divide="ignore"
        ):
            yield counted()
    except FloatingPointError as error:
        raise FloatingPointError(
            f"epoch {epoch}, step {step}: {error}"
        ) from error


def _check_shift(shift: int, images: Array) -> int:
    """Refuse to move what is not an image, or all of an image out of itself."""
    shift = check_count("shift", shift, minimum=0)
    if shift and (images.ndim != 4 or shift >= min(images.shape[2:])):
        raise ValueError(
            f"shift: expected 0, or less than the height and the width "
            f"of images (N, C, H, W); got {shift} for images of shape "
            f"{images.shape}"
        )
    return shift


def _check_turn(turn: float, images: Array) -> float:
    """Refuse to rotate what is not an image."""
    turn = check_turn(turn)
    if turn and images.ndim != 4:
        raise ValueError(
            f"turn: expected 0, or images (N, C, H, W); "
            f"got {turn} for images of shape {images.shape}"
        )
    return turn


def _moved(
    images: Array, moves: Array | None, degrees: Array | None
) -> Array | MovedImages:
    """Have images moved and rotated as drawn, or leave them as they are."""
    if degrees is not None and moves is None:
        moves = np.zeros((len(images), 2), int)
    if moves is None:
        return images
    return MovedImages(images, moves, degrees)


def _followed(
    average: RunningMean, batches: Iterable[Array]
) -> Iterator[Array]:
    """Take the parameters into their mean after the step of every batch."""
    for batch in batches:
        yield batch
        average.update()


def _at_rates(
    optimizer: Optimizer,
    rates: Callable[[float], float],
    epochs: int,
    batches: Iterable[Array],
) -> Iterable[Array]:
    """Set the learning rate before every step, by how many epochs lie behind it."""
    steps = list(batches)

    def each() -> Iterator[Array]:
        """Hand the batches on, the rate set."""
        for number, batch in enumerate(steps):
            optimizer.learning_rate = rates(
                epochs + number / len(steps)
            )
            yield batch

    return each()


def _check_parameters(optimizer: Optimizer) -> None:
    """Refuse to go on when a step was too long for the numbers of the machine."""
    for parameter in optimizer.parameters:
        if not np.isfinite(parameter.value).all():
            raise FloatingPointError(
                f"{parameter.name} are not finite any more; "
                f"try a smaller learning_rate than {optimizer.learning_rate}"
            )


def _check_optimizer(optimizer: Optimizer, model: Sequential) -> None:
    """Refuse an optimiser that would change nothing."""
    of_model = {id(p) for p in model.parameters()}
    if of_model.isdisjoint(id(p) for p in optimizer.parameters):
        raise ValueError(
            "optimizer: expected one that updates the model; "
            "got none of its parameters"
        )


def _checked(
    model: Sequential,
    images: Array,
    targets: Array,
    test: tuple[Array, Array] | None,
    validation: tuple[Array, Array] | None,
) -> Array:
    """Return the targets as the loss takes them, or refuse what cannot be trained or judged."""
    _check_samples(images, targets)
    targets = _encoded(targets, model, images)
    if test is not None:
        _check_test("test", model, *test)
    if validation is not None:
        _check_test("validation", model, *validation)
        _encoded(validation[1], model, validation[0])
    return targets


def _check_samples(images: Array, targets: Array) -> None:
    """Refuse what cannot be trained on, whatever the network."""
    check_axes("images: N ...", images)
    check_finite("images", images)
    check_numbers("targets", targets)
    if targets.shape[:1] != images.shape[:1]:
        raise ValueError(
            f"targets: expected {len(images)} of them, one per image; "
            f"got shape {targets.shape}"
        )


def _check_test(
    name: str, model: Sequential, images: Array, labels: Array
) -> None:
    """Refuse what errors cannot be counted on, with a trial run of one image."""
    check_finite(name, images)
    _check_labels_of(images, labels)
    model.forward(_as_model(model, images[:1]))


def _check_labels_of(images: Array, labels: Array) -> None:
    """Refuse labels that are not one integer per image."""
    check_labels(labels)
    if len(labels) != len(images):
        raise ValueError(
            f"labels: expected shape {(len(images),)}; "
            f"got {labels.shape}"
        )


def _encoded(targets: Array, model: Sequential, images: Array) -> Array:
    """Bring targets to the shape and dtype of the network's output, after a trial run."""
    first = _as_model(model, images[:1])
    output = model.forward(first)
    labels = targets.ndim == 1 and targets.dtype.kind in "iu"
    if labels and output.ndim == 2:
        return one_hot(targets, output.shape[1], first.dtype)
    expected = (len(images), *output.shape[1:])
    if targets.shape != expected:
        raise ValueError(
            f"targets: expected shape {expected}, or one integer label "
            f"per image; got {targets.dtype} of shape {targets.shape}"
        )
    return targets.astype(first.dtype)


def _as_model(model: Sequential, images: Array) -> Array:
    """Bring images to the dtype of the model's parameters, if it has any."""
    return images.astype(model.dtype or images.dtype, copy=False)


def _with_bar(
    batches: Iterable[Array], description: str
) -> Iterable[Array]:
    """Show how far the epoch is, on a terminal."""
    # Only a run that shows a bar needs the library that draws it.
    from tqdm import tqdm  # noqa: PLC0415

    return tqdm(batches, description, leave=False, disable=None)
