"""Chapter 20: the training loop on several processes, with the same bits on any number of them."""

import itertools
from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol

import numpy as np

from cnnbook.checks import Array, check_count, check_rng, check_shape
from cnnbook.layers import Parameter
from cnnbook.losses import Loss
from cnnbook.model import Sequential
from cnnbook.optimizers import Optimizer
from cnnbook.train import History, TakeStep, loss_of
from cnnbook.train import fit as fit_alone

# Loss and gradient of each shard, by its number.
Shards = dict[int, tuple[float, Array]]


class Communicator(Protocol):
    """What processes need of each other; mpi4py's ``MPI.COMM_WORLD`` has it as it is.

    Each of its functions must be called by all processes alike, and returns when all have called.
    The names of the arguments are mpi4py's.
    """

    @property
    def rank(self) -> int:
        """Which of the processes this is, from 0."""
        ...

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def bcast(self, obj: Any) -> Any:
        """Hand what process 0 has to all.

        Parameters
        ----------
        obj : object
            Anything; only that of process 0 counts.

        Returns
        -------
        object
            That of process 0.
        """
        ...

    def allgather(self, sendobj: Any) -> list[Any]:
        """Hand what each has to all.

        Parameters
        ----------
        sendobj : object
            Anything.

        Returns
        -------
        list
            What each has given, in the order of their ranks.
        """
        ...

    def alltoall(self, sendobj: Any) -> list[Any]:
        """Hand to each what is meant for it.

        Parameters
        ----------
        sendobj : list
            Entry q is for process q.

        Returns
        -------
        list
            What each has given to this one, in the order of their ranks.
        """
        ...


class Alone(Communicator):
    """The communicator of a process that has no others.

    Examples
    --------
    >>> alone = Alone()
    >>> alone.rank, alone.size, alone.bcast(5), alone.allgather(5), alone.alltoall([5])
    (0, 1, 5, [5], [5])
    """

    rank = 0
    size = 1

    def bcast(self, obj: Any) -> Any:
        """Return what this process has."""
        return obj

    def allgather(self, sendobj: Any) -> list[Any]:
        """Return what this process has, in a list."""
        return [sendobj]

    def alltoall(self, sendobj: Any) -> list[Any]:
        """Return the list."""
        return list(sendobj)


def shards_of(samples: int, shards: int) -> list[slice]:
    """Cut a batch into shards whose sizes differ by 1 at most, the larger ones first.

    Parameters
    ----------
    samples : int
        B, how many samples the batch has, at least 1.
    shards : int
        S, into how many to cut it. Where there are more than samples, some are empty.

    Returns
    -------
    list of slice
        The samples of each shard, together each sample once.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If it is below 1.

    Examples
    --------
    >>> cuts = shards_of(samples=10, shards=4)
    >>> [cut.stop - cut.start for cut in cuts]
    [3, 3, 2, 2]
    """
    samples = check_count("samples", samples)
    shards = check_count("shards", shards)
    least, larger = divmod(samples, shards)
    sizes = [least + (s < larger) for s in range(shards)]
    ends = np.cumsum([0, *sizes]).tolist()
    return [slice(*pair) for pair in itertools.pairwise(ends)]


def weighted_mean(
    means: Sequence[Array], sizes: Sequence[int]
) -> Array:
    """Average the means of shards so that every sample counts alike, @eq-shard-mean.

    Parameters
    ----------
    means : sequence of np.ndarray, all of one shape
        The mean of each shard, such as its gradient.
    sizes : sequence of int
        B_s, how many samples each shard has.

    Returns
    -------
    np.ndarray of that shape
        The mean over all samples. The terms are added in the order in which they come.

    Raises
    ------
    TypeError
        If a size is no integer, or a mean no NumPy array of float32 or float64.
    ValueError
        If there are not as many sizes as means, or none; if the means differ in shape, a size is
        negative, or all are 0.

    Examples
    --------
    >>> weighted_mean([np.array([2.0]), np.array([8.0])], sizes=[2, 1])
    array([4.])
    """
    if not means or len(means) != len(sizes):
        raise ValueError(
            f"sizes: expected one for each of {len(means)} means, "
            f"and at least one; got {len(sizes)}"
        )
    for s, mean in enumerate(means):
        check_shape(
            f"means[{s}]", mean, means[0].shape, "as the first has"
        )
    for s, size in enumerate(sizes):
        check_count(f"sizes[{s}]", size, 0)
    samples = check_count("the sum of sizes", sum(sizes))
    weighted = [
        mean * (size / samples)
        for mean, size in zip(means, sizes, strict=True)
    ]
    return add_in_order(weighted)


def add_in_order(terms: Sequence[Array]) -> Array:
    """Add arrays one after the other, the first two first.

    Parameters
    ----------
    terms : sequence of np.ndarray, all of one shape
        At least one.

    Returns
    -------
    np.ndarray of that shape
        Their sum.

    Examples
    --------
    >>> big, one = np.float32(2**24), np.float32(1)
    >>> float(add_in_order([one, one, big]) - big), float(add_in_order([big, one, one]) - big)
    (2.0, 0.0)
    """
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def fit(
    model: Sequential,
    loss: Loss,
    optimizer: Optimizer,
    images: Array,
    targets: Array,
    *,
    shards: int = 1,
    communicator: Communicator | None = None,
    batch_size: int,
    rng: np.random.Generator,
    **options: Any,
) -> History:
    """Train a network on several processes: each does some of the shards of every batch.

    All processes call it alike. What process 0 begins with counts: its parameters and the state of
    its generator are handed to the others first.

    Parameters
    ----------
    model, loss, optimizer, images, targets
        As in `cnnbook.train.fit`; the images and targets are the same in all processes.
    shards : int
        Into how many parts each batch is cut. The result depends on it in its last bits; on the
        number of processes it does not depend at all.
    communicator : Communicator, optional
        Connects the processes. By default there is one.
    batch_size, rng
        As in `cnnbook.train.fit`.
    **options
        As in `cnnbook.train.fit`.

    Returns
    -------
    History
        The same in every process.

    Raises
    ------
    TypeError, ValueError, FloatingPointError
        As in `cnnbook.train.fit`; in all processes, if all call alike. ValueError also if there
        are more shards than samples in a batch, or fewer than processes.

    Examples
    --------
    >>> from cnnbook.losses import BinaryCrossEntropy
    >>> from cnnbook.mnist import load_zero_one
    >>> from cnnbook.model import zero_one_network
    >>> from cnnbook.optimizers import SGD
    >>> train, _ = load_zero_one(limit_per_class=10)
    >>> rng = np.random.default_rng(0)
    >>> model = zero_one_network(rng)
    >>> optimizer = SGD(model.parameters(), learning_rate=0.1)
    >>> pieces = model, BinaryCrossEntropy(), optimizer, *train
    >>> fit(*pieces, shards=4, epochs=2, batch_size=8, rng=rng).epochs
    2
    """
    communicator = communicator or Alone()
    shards = check_shards(shards, batch_size)
    if shards < communicator.size:
        raise ValueError(
            f"shards: expected at least one for each of "
            f"{communicator.size} processes; got {shards}"
        )
    check_rng(rng)
    alone = shards == communicator.size == 1
    values = {str(n): p.value for n, p in enumerate(model.parameters())}
    rng.bit_generator.state = share(
        communicator, values, rng.bit_generator.state
    )
    return fit_alone(
        model,
        loss,
        optimizer,
        images,
        targets,
        batch_size=batch_size,
        rng=rng,
        on_batch=None if alone else in_shards(shards, communicator),
        **options,
    )


def check_shards(shards: int, batch_size: int) -> int:
    """Return a number of shards that a batch can be cut into, or refuse it.

    Parameters
    ----------
    shards : int
        What came.
    batch_size : int
        How many samples there are to share out.

    Returns
    -------
    int
        The same.

    Raises
    ------
    TypeError
        If one of them is no integer.
    ValueError
        If it is below 1 or above the batch size.
    """
    batch_size = check_count("batch_size", batch_size)
    shards = check_count("shards", shards)
    if shards > batch_size:
        raise ValueError(
            f"shards: expected at most batch_size, which is {batch_size}; "
            f"got {shards}"
        )
    return shards


def in_shards(shards: int, communicator: Communicator) -> TakeStep:
    """Make what takes a step in the place of `train_on_batch`, shard by shard.

    Parameters
    ----------
    shards : int
        Into how many parts each batch is cut.
    communicator : Communicator
        Connects the processes that share the work.

    Returns
    -------
    callable
        For ``on_batch`` of `cnnbook.train.fit`.

    Raises
    ------
    FloatingPointError
        From the callable, in all processes: if the loss is NaN or infinite. No parameter changes.
    """

    def take_step(
        model: Sequential,
        loss: Loss,
        optimizer: Optimizer,
        images: Array,
        targets: Array,
    ) -> float:
        """Compute every so many-th shard, add up those of all, step."""
        images = images.astype(targets.dtype, copy=False)
        samples, mine = len(images), {}
        cuts = list(enumerate(shards_of(samples, shards)))
        for s, cut in cuts[communicator.rank :: communicator.size]:
            part = model, loss, images[cut], targets[cut]
            if len(images[cut]):
                share_of = len(images[cut]) / samples
                mean, gradient = loss_and_gradient(optimizer, *part)
                mine[s] = mean * share_of, gradient * share_of
        value, gradient = sum_of_shards(mine, communicator)
        if not np.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value}; try a smaller learning_rate "
                f"than {optimizer.learning_rate}"
            )
        put_gradient(optimizer.parameters, gradient)
        optimizer.step()
        return value * samples

    return take_step


def loss_and_gradient(
    optimizer: Optimizer,
    model: Sequential,
    loss: Loss,
    images: Array,
    targets: Array,
) -> tuple[float, Array]:
    """Compute the loss of a shard and its gradient, and change no parameter.

    Parameters
    ----------
    optimizer, model, loss
        As in `fit`.
    images : np.ndarray of shape (B, ...)
        The shard, of the dtype of the network.
    targets : np.ndarray of shape (B, K)
        Its targets.

    Returns
    -------
    float
        The mean of the loss over the shard. It may be NaN or infinite, and then the gradient is 0.
    np.ndarray of shape (M,)
        Its gradient, of all parameters of the optimiser one after the other.
    """
    optimizer.zero_gradients()
    value = loss_of(model.forward(images), targets, loss)
    if np.isfinite(value):
        model.accumulate_gradients(loss.backward())
    gradients = [p.gradient.ravel() for p in optimizer.parameters]
    return value, np.concatenate(gradients)


def sum_of_shards(
    mine: Shards, communicator: Communicator
) -> tuple[float, Array]:
    """Add up the shards of all processes in the order of their numbers, whoever has which.

    Every process owns a piece of the sum. It is sent that piece of every shard, adds them up, and
    hands the piece to all. So a process sends, for each of its shards, no more than its gradient,
    and a piece.

    Parameters
    ----------
    mine : dict of int to (float, np.ndarray of shape (M,))
        A number and an array for each shard of this process.
    communicator : Communicator
        Connects it to the others.

    Returns
    -------
    float
        The sum of the numbers.
    np.ndarray of shape (M,)
        The sum of the arrays, with the same bits whatever the number of processes.

    Examples
    --------
    >>> mine = {1: (0.5, np.array([1.0, 2.0])), 0: (0.25, np.array([3.0, 4.0]))}
    >>> sum_of_shards(mine, Alone())
    (0.75, array([4., 6.]))
    """
    size = communicator.size
    pieces = {s: np.array_split(g, size) for s, (_, g) in mine.items()}
    to_owners = [
        {s: (mine[s][0], pieces[s][owner]) for s in mine}
        for owner in range(size)
    ]
    received: dict[int, Any] = {}
    for part in communicator.alltoall(to_owners):
        received |= part
    in_order = [received[s] for s in sorted(received)]
    value = sum(number for number, _ in in_order)
    piece = add_in_order([piece for _, piece in in_order])
    return value, np.concatenate(communicator.allgather(piece))


def put_gradient(parameters: Sequence[Parameter], flat: Array) -> None:
    """Make the entries of one long array the gradients of parameters.

    Parameters
    ----------
    parameters : sequence of Parameter
        Whose gradients are replaced.
    flat : np.ndarray of shape (M,)
        As many numbers as they have together, in their order.

    Raises
    ------
    TypeError
        If it is no NumPy array of float32 or float64.
    ValueError
        If it has another number of entries.

    Examples
    --------
    >>> weights = Parameter("weights", np.ones((2, 2)))
    >>> put_gradient([weights], np.arange(4.0))
    >>> weights.gradient
    array([[0., 1.],
           [2., 3.]])
    """
    entries = sum(parameter.value.size for parameter in parameters)
    because = "as many as the parameters have together"
    check_shape("flat", flat, (entries,), because)
    end = 0
    for parameter in parameters:
        start, end = end, end + parameter.value.size
        gradient = flat[start:end].reshape(parameter.value.shape)
        parameter.gradient = gradient.astype(
            parameter.value.dtype, copy=False
        )


def share(
    communicator: Communicator, arrays: dict[str, Array], more: Any
) -> Any:
    """Write the arrays of process 0 into those of all, and return what else it gives.

    Parameters
    ----------
    communicator : Communicator
        Connects the processes.
    arrays : dict of str to np.ndarray
        Are written to, but in process 0; names, shapes and dtypes are the same everywhere.
    more : object
        Anything.

    Returns
    -------
    object
        ``more`` of process 0.

    Examples
    --------
    >>> share(Alone(), {"w": np.ones(2)}, "what process 0 gives")
    'what process 0 gives'
    """
    first, more = communicator.bcast((arrays, more))
    if communicator.rank > 0:
        for name, array in arrays.items():
            array[...] = first[name]
    return more


def ring_all_reduce(
    values: Array, rank: int, size: int
) -> Generator[Array, Array, Array]:
    """Add up an array over processes in a ring, as one of them: @eq-ring-first, @eq-ring-second.

    A generator: it yields the piece that goes to the next process, is sent the one that comes from
    the process before, 2 (k - 1) times, and returns the sum [1]_.

    Parameters
    ----------
    values : np.ndarray of shape (M,)
        What this process adds. It is not written to.
    rank : int
        Which process this is, from 0.
    size : int
        k, how many there are.

    Yields
    ------
    np.ndarray
        A piece for the process with the next rank, the first after the last. What the generator
        returns is the sum over all processes, of shape (M,): the same bits in each.

    References
    ----------
    .. [1] P. Patarasuk and X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
       workstations", Journal of Parallel and Distributed Computing 69 (2009), 117-124.
       https://doi.org/10.1016/j.jpdc.2008.09.002

    Examples
    --------
    >>> first = ring_all_reduce(np.array([1.0, 2.0]), rank=0, size=2)
    >>> next(first)  # its piece 0
    array([1.])
    >>> first.send(np.array([20.0]))  # piece 1 of the other comes; the sum goes back
    array([22.])
    """
    pieces = np.array_split(values.copy(), size)
    for step in range(size - 1):
        received = yield pieces[(rank - step) % size]
        pieces[(rank - step - 1) % size] += received
    for step in range(size - 1):
        received = yield pieces[(rank + 1 - step) % size]
        pieces[(rank - step) % size][...] = received
    return np.concatenate(pieces)


def run_ring(
    processes: Sequence[Generator[Array, Array, Array]],
) -> list[Array]:
    """Let all processes of a ring take their steps here, one after the other.

    Parameters
    ----------
    processes : sequence of generators
        `ring_all_reduce` of each rank.

    Returns
    -------
    list of np.ndarray
        What each returns.

    Examples
    --------
    >>> values = np.array([1.0, 2.0]), np.array([10.0, 20.0]), np.array([100.0, 200.0])
    >>> run_ring([ring_all_reduce(v, rank, 3) for rank, v in enumerate(values)])
    [array([111., 222.]), array([111., 222.]), array([111., 222.])]
    """
    results: list[Any] = [None] * len(processes)
    sent: list[Any] = [None] * len(processes)
    going = True
    while going:
        # What comes from the process before; nothing, to begin with.
        came = [sent[rank - 1] for rank in range(len(processes))]
        for rank, process in enumerate(processes):
            try:
                sent[rank] = process.send(came[rank])
            except StopIteration as end:
                results[rank], going = end.value, False
    return results


def run_in_ring(
    process: Generator[Array, Array, Array],
    exchange: Callable[[Array], Array],
) -> Array:
    """Let one process of a ring take its steps among others that run elsewhere.

    Parameters
    ----------
    process : generator
        `ring_all_reduce` of this rank.
    exchange : callable
        Sends an array to the next process and returns what the one before has sent.

    Returns
    -------
    np.ndarray
        What the process returns.

    Examples
    --------
    >>> alone = ring_all_reduce(np.array([1.0, 2.0]), rank=0, size=1)
    >>> run_in_ring(alone, exchange=lambda piece: piece)
    array([1., 2.])
    """
    came = None
    while True:
        try:
            came = exchange(process.send(came))  # type: ignore[arg-type]
        except StopIteration as end:
            return end.value


def ring_seconds(
    size: int, numbers: float, alpha: float, beta: float
) -> float:
    """Predict how long the ring takes, @eq-ring-cost.

    Parameters
    ----------
    size : int
        k, the number of processes.
    numbers : float
        M, how many numbers are added up.
    alpha : float
        Seconds that a message takes, however short.
    beta : float
        Seconds more for each number.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> ring_seconds(size=4, numbers=8, alpha=10, beta=1)
    72.0
    """
    messages = 2 * (size - 1)
    return messages * alpha + messages / size * numbers * beta
