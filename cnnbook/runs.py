"""Chapter 11: a training run as a folder, which survives being killed at any moment.

``configuration.json`` says what was asked for and which versions answered. ``weights.npz`` holds
the parameters *and* the history after the last complete epoch; because it is replaced in one
step, the two always belong together, and everything else can be made from it again.
``history.json`` is a copy of the history for readers. With momentum, ``weights.npz`` holds the
velocities, too; with a running mean, its parameters are the means, and the newest stand beside
them. While a run goes on, its folder is locked.
"""

import contextlib
import dataclasses
import functools
import hashlib
import json
import math
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnnbook import __version__
from cnnbook.augmentation import check_turn
from cnnbook.averaging import RunningMean
from cnnbook.checks import (
    Array,
    check_count,
    check_flag,
    check_share,
)
from cnnbook.files import (
    DamagedFileError,
    read_regular,
    remove_incomplete,
    replacing,
    write_arrays,
)
from cnnbook.layers import Parameter
from cnnbook.locks import holding
from cnnbook.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Loss,
)
from cnnbook.mnist import (
    Samples,
    Split,
    load_digits,
    load_zero_one,
)
from cnnbook.model import Sequential, digit_network, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.parallel import (
    Alone,
    Communicator,
    check_shards,
    fit,
    share,
)
from cnnbook.processes import one_thread
from cnnbook.train import History
from cnnbook.weights import read_weights

CONFIGURATION = "configuration.json"
WEIGHTS = "weights.npz"
HISTORY = "history.json"
LONGEST_JSON = 2**20  # bytes of a configuration
# The least that each whole number of a configuration may be.
LEAST = {
    "limit_per_class": 1,
    "epochs": 1,
    "batch_size": 1,
    "seed": 0,
    "validation": 0,
    "shift": 0,
}


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Everything that determines a run, down to the last bit, on one machine.

    Parameters
    ----------
    limit_per_class : int or None
        How many training images of each digit; None for all.
    epochs, batch_size : int
        As in `cnnbook.train.fit`.
    learning_rate : float
        As in `cnnbook.optimizers.SGD`.
    seed : int
        Seeds the generator that draws first the parameters, then the order of the samples.
    network : str
        Which of `NETWORKS`: ``"zero-one"`` or ``"digits"``. The defaults here are those of the
        first; ``NETWORKS["digits"].defaults`` has the others.
    momentum, nesterov, weight_decay
        As in `cnnbook.optimizers.SGD`.
    falling : bool
        Whether the learning rate falls in a straight line, from step to step, and would be 0 after
        the last one. Then the run has the length that it was begun with.
    reshuffle : bool
        As in `cnnbook.train.fit`.
    validation : int
        How many training images, the last ones, are kept out of training. After every epoch errors
        are counted on them; on the test images only if there are none.
    shift : int
        As in `cnnbook.train.fit`.
    shards : int
        As in `cnnbook.parallel.fit`. With more than one, linear algebra has one thread.
    turn : float
        As in `cnnbook.train.fit`.
    averaging : float
        How much a `cnnbook.averaging.RunningMean` of the parameters keeps at each step, in [0, 1).
        Errors are counted with the means, and the means are what is saved as the run's parameters.
        With 0 there is no mean.

    Raises
    ------
    TypeError
        If a value is of the wrong type.
    ValueError
        If a number is out of its range, or there is no such network.
    """

    limit_per_class: int | None = None
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 0.1
    seed: int = 0
    network: str = "zero-one"
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    falling: bool = False
    reshuffle: bool = False
    validation: int = 0
    shift: int = 0
    shards: int = 1
    turn: float = 0.0
    averaging: float = 0.0

    def __post_init__(self) -> None:
        # NumPy's numbers become Python's, which JSON can hold.
        keep = functools.partial(object.__setattr__, self)
        for name, least in LEAST.items():
            value = getattr(self, name)
            if name != "limit_per_class" or value is not None:
                keep(name, check_count(name, value, minimum=least))
        keep("shards", check_shards(self.shards, self.batch_size))
        if self.network not in NETWORKS:
            raise ValueError(
                f"network: expected one of {', '.join(NETWORKS)}; "
                f"got {self.network!r}"
            )
        for name in ("reshuffle", "falling"):
            check_flag(name, getattr(self, name))
        # The optimiser itself refuses what it cannot use.
        nothing = Parameter("nothing", np.zeros(1, np.float32))
        optimizer = self.optimizer([nothing])
        for name in ("learning_rate", "momentum", "weight_decay"):
            keep(name, getattr(optimizer, name))
        keep("turn", check_turn(self.turn))
        keep("averaging", check_share("averaging", self.averaging))

    def rates(self, epochs: float) -> float:
        """Say what the learning rate is when so many epochs lie behind.

        Parameters
        ----------
        epochs : float
            How many, a fraction included.

        Returns
        -------
        float
            The rate of the next step.

        Examples
        --------
        >>> [Configuration(epochs=4, learning_rate=0.5, falling=True).rates(t) for t in (0, 1, 3.5)]
        [0.5, 0.375, 0.0625]
        """
        if not self.falling:
            return self.learning_rate
        return self.learning_rate * (1 - epochs / self.epochs)

    def optimizer(self, parameters: list[Parameter]) -> SGD:
        """Make the optimiser of the run, as it is before the first step.

        Parameters
        ----------
        parameters : list of Parameter
            What it is to update.

        Returns
        -------
        SGD
            With the options of this configuration.
        """
        return SGD(
            parameters,
            self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
        )

    def average(
        self, parameters: list[Parameter]
    ) -> RunningMean | None:
        """Make the running mean of the run, as it is before the first step.

        Parameters
        ----------
        parameters : list of Parameter
            What it is to follow.

        Returns
        -------
        RunningMean or None
            None where ``averaging`` is 0.
        """
        if not self.averaging:
            return None
        return RunningMean(parameters, self.averaging)


@dataclasses.dataclass(frozen=True)
class Network:
    """What the command line and `train_run` need to know of one of the book's two networks.

    Parameters
    ----------
    build : callable
        Makes it, of a generator.
    loss : callable
        Makes the loss that it is trained by.
    load : callable
        Loads its images from the package, limited per class.
    digits : tuple of int
        What its outputs stand for.
    changes : dict
        Where a run of it differs from `Configuration()` unless told otherwise.
    """

    build: Callable[[np.random.Generator], Sequential]
    loss: Callable[[], Loss]
    load: Callable[[int | None], Split]
    digits: tuple[int, ...]
    changes: dict[str, Any]

    @property
    def defaults(self) -> Configuration:
        """What a run does unless told otherwise."""
        return Configuration(**self.changes)


NETWORKS = {
    "zero-one": Network(
        zero_one_network, BinaryCrossEntropy, load_zero_one, (0, 1), {}
    ),
    "digits": Network(
        digit_network,
        functools.partial(CategoricalCrossEntropy, from_logits=True),
        load_digits,
        tuple(range(10)),
        {
            "network": "digits",
            "epochs": 4,
            "learning_rate": 0.05,
            "momentum": 0.9,
            "nesterov": True,
            "weight_decay": 0.0005,
            "falling": True,
            "reshuffle": True,
            "shift": 1,
        },
    ),
}


def train_run(
    folder: str | os.PathLike[str],
    configuration: Configuration,
    split: Split,
    *,
    resume: bool = True,
    other_versions: bool = False,
    begun: Callable[[], None] | None = None,
    report: Callable[[History], None] | None = None,
    progress: bool = False,
    communicator: Communicator | None = None,
) -> History:
    """Train a network in a folder, from where an earlier run of it stopped.

    Parameters
    ----------
    folder : path-like
        Is made if it does not exist, and held by this run alone. If it holds complete epochs of
        the same configuration, they are not trained again.
    configuration : Configuration
        What to do.
    split : Split
        The images, as ``configuration.limit_per_class`` limits them. Of the training images, the
        last ``configuration.validation`` are not trained on.
    resume : bool
        Whether to go on with a run; False refuses a folder in which one was begun.
    other_versions : bool
        Whether to go on with a run that was begun with other versions, or on a machine of another
        kind. Its result is that of neither; ``configuration.json`` then lists both.
    begun : callable, optional
        Called when the folder is held and nothing stands against the run.
    report : callable, optional
        Called with the history after every epoch, when that epoch is safe on the disk.
    progress : bool
        Whether to show a progress bar on a terminal.
    communicator : Communicator, optional
        Connects this process to others that call the function with the same configuration and
        images. Only process 0 touches the folder, reports and shows a bar.

    Returns
    -------
    History
        Of all epochs.

    Raises
    ------
    OSError
        If the folder cannot be written to; `BlockingIOError` if another run holds it.
    ValueError
        If it holds a run of another configuration, of other images or of other versions, or any run
        without ``resume``, or a damaged file; or if validation leaves no image to train on.
    FloatingPointError
        If the training diverges, as in `cnnbook.train.fit`. Complete epochs stay in the folder;
        if there are none, nothing does.
    """
    folder = Path(folder)
    communicator = communicator or Alone()
    if communicator.rank > 0:
        return _follow(configuration, split, communicator)
    made = _make(folder)
    try:
        with holding(folder):
            record = _agreed_record(
                folder,
                configuration,
                split,
                resume=resume,
                other_versions=other_versions,
            )
            for name in (CONFIGURATION, WEIGHTS, HISTORY):
                remove_incomplete(folder, name)
            with _undone_if_empty(folder):
                return _train(
                    folder,
                    configuration,
                    split,
                    record,
                    begun=begun,
                    report=report,
                    progress=progress,
                    communicator=communicator,
                )
    except Exception:
        if made:
            # Only an empty folder can be removed.
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def load_weights(
    folder: str | os.PathLike[str], model: Sequential
) -> History:
    """Read the parameters of a run into a network.

    Parameters
    ----------
    folder : path-like
        The run's folder.
    model : Sequential
        A network of the run's architecture.

    Returns
    -------
    History
        The history that belongs to these parameters.

    Raises
    ------
    FileNotFoundError
        If the folder holds no complete epoch.
    DamagedFileError
        If its weights are damaged, or not those of a run.
    """
    path = Path(folder) / WEIGHTS
    if not path.exists():
        raise FileNotFoundError(
            f"{folder}: expected a run with a complete epoch; no {path.name}"
        )
    return _read_epoch(path, model.arrays())


def _read_epoch(path: Path, arrays: dict[str, Array]) -> History:
    """Read what was saved after an epoch into arrays, and return the history with it."""
    found = read_weights(path, into=arrays)
    try:
        return _as_history(json.loads(str(found["history"])))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DamagedFileError(
            f"{path}: holds no history of a run"
        ) from error


def load_configuration(
    folder: str | os.PathLike[str],
) -> Configuration | None:
    """Read the configuration of the run in a folder.

    Parameters
    ----------
    folder : path-like
        The run's folder.

    Returns
    -------
    Configuration or None
        None if no run was begun there.

    Raises
    ------
    DamagedFileError
        If the file is there but does not hold a configuration.
    """
    record = _read_record(Path(folder))
    return (
        None
        if record is None
        else Configuration(**record["configuration"])
    )


def _make(folder: Path) -> bool:
    """Make the folder, and say whether it is new."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False
    return True


def _train(
    folder: Path,
    configuration: Configuration,
    split: Split,
    record: dict[str, Any],
    *,
    begun: Callable[[], None] | None,
    report: Callable[[History], None] | None,
    progress: bool,
    communicator: Communicator,
) -> History:
    """Train in a folder that is held, from the last complete epoch on."""
    start = _start(configuration, split)
    history = _saved_history(folder, start.arrays)
    _write_json(folder / CONFIGURATION, record)
    if begun is not None:
        begun()

    def save(history: History) -> None:
        """Report an epoch when it is safe."""
        _save_epoch(folder, start.arrays, history)
        if report is not None:
            report(history)

    return _go_on(
        start,
        configuration,
        communicator,
        history=history,
        on_epoch=save,
        progress=progress,
    )


def _follow(
    configuration: Configuration,
    split: Split,
    communicator: Communicator,
) -> History:
    """Share the work of process 0, which has the folder."""
    start = _start(configuration, split)
    return _go_on(start, configuration, communicator)


class _Start(NamedTuple):
    """What a run begins with."""

    rng: np.random.Generator
    model: Sequential
    optimizer: SGD
    average: RunningMean | None
    arrays: dict[str, Array]
    parts: tuple[Samples, Samples | None, Samples | None]


def _start(configuration: Configuration, split: Split) -> _Start:
    """Draw the parameters of a run, and divide its images."""
    # Seeding before looking for weights: a resumed run must draw what
    # an unbroken one draws.
    rng = np.random.default_rng(configuration.seed)
    model = NETWORKS[configuration.network].build(rng)
    optimizer = configuration.optimizer(model.parameters())
    average = configuration.average(model.parameters())
    arrays = _arrays(model, optimizer, average)
    parts = _parts(split, configuration.validation)
    return _Start(rng, model, optimizer, average, arrays, parts)


def _go_on(
    start: _Start,
    configuration: Configuration,
    communicator: Communicator,
    *,
    history: History | None = None,
    on_epoch: Callable[[History], None] | None = None,
    progress: bool = False,
) -> History:
    """Train from where process 0 is, with all processes."""
    train, test, validation = start.parts
    history = share(communicator, start.arrays, history)
    several = configuration.shards > 1
    with one_thread() if several else contextlib.nullcontext():
        return fit(
            start.model,
            NETWORKS[configuration.network].loss(),
            start.optimizer,
            *train,
            shards=configuration.shards,
            communicator=communicator,
            epochs=configuration.epochs,
            batch_size=configuration.batch_size,
            rng=start.rng,
            test=test,
            validation=validation,
            reshuffle=configuration.reshuffle,
            rates=configuration.rates,
            shift=configuration.shift,
            turn=configuration.turn,
            average=start.average,
            history=history,
            on_epoch=on_epoch,
            progress=progress,
        )


def _arrays(
    model: Sequential, optimizer: SGD, average: RunningMean | None
) -> dict[str, Array]:
    """List the arrays with which a run goes on: parameters, and with momentum velocities.

    Where there is a mean, it has the names of the parameters, for those who ask the network.
    """
    arrays = model.arrays()
    names = [name for name in arrays if name != "architecture"]
    pairs = zip(names, optimizer.velocities, strict=False)
    velocities = {f"{name}.velocity": v for name, v in pairs}
    if average is None:
        return arrays | velocities
    newest = {f"{name}.newest": arrays[name] for name in names}
    means = dict(zip(names, average.values, strict=True))
    return arrays | means | newest | velocities


def _parts(
    split: Split, validation: int
) -> tuple[Samples, Samples | None, Samples | None]:
    """Divide images into those to train on, to test on, and to validate on instead."""
    if not validation:
        return split.train, split.test, None
    images, labels = split.train
    count = len(images) - validation
    if count < 1:
        raise ValueError(
            f"validation: expected fewer than the {len(images):,} "
            f"training images; got {validation:,}"
        )
    held = (images[count:], labels[count:])
    return (images[:count], labels[:count]), None, held


@contextlib.contextmanager
def _undone_if_empty(folder: Path) -> Iterator[None]:
    """Take a new run back if it fails before an epoch of it is complete."""
    new = not (folder / CONFIGURATION).exists()
    try:
        yield
    except Exception:
        if new and not (folder / WEIGHTS).exists():
            (folder / CONFIGURATION).unlink(missing_ok=True)
        raise


def _agreed_record(
    folder: Path,
    configuration: Configuration,
    split: Split,
    *,
    resume: bool,
    other_versions: bool,
) -> dict[str, Any]:
    """Say what ``configuration.json`` will hold, or refuse to go on with what it holds."""
    record = _read_record(folder)
    if record is None:
        for name in (WEIGHTS, HISTORY):
            if (folder / name).exists():
                what = Path(name).stem
                raise DamagedFileError(
                    f"{folder}: holds {what} but no {CONFIGURATION}"
                )
        return {
            "configuration": dataclasses.asdict(configuration),
            **_surroundings(),
            "images": _described(split),
        }
    if not resume:
        raise ValueError(
            f"{folder}: holds a run already; resume it, or choose another folder"
        )
    _check_same_run(
        folder, Configuration(**record["configuration"]), configuration
    )
    _check_same_images(folder, record, split)
    _check_weights_are_there(folder)
    record["configuration"] = dataclasses.asdict(configuration)
    return _with_versions(folder, record, other_versions=other_versions)


def _check_same_run(
    folder: Path, before: Configuration, configuration: Configuration
) -> None:
    """Refuse to go on with a run that was begun in another way.

    More epochs are welcome where the learning rate does not know of them.
    """
    for field in dataclasses.fields(Configuration):
        old = getattr(before, field.name)
        new = getattr(configuration, field.name)
        more = field.name == "epochs" and new > old
        if old != new and not (more and not before.falling):
            raise ValueError(
                f"{field.name}: expected {old}, as in the run in {folder}; got {new} "
                "(choose another folder for another run)"
            )


def _described(split: Split) -> dict[str, Any]:
    """Describe the images of a run, so that it does not go on with others."""
    digest = hashlib.sha256()
    for images, labels in split:
        digest.update(np.ascontiguousarray(images).data)
        digest.update(np.ascontiguousarray(labels, "<i8").data)
    counts = {
        name: len(part[1]) for name, part in split._asdict().items()
    }
    return {**counts, "sha256": digest.hexdigest()}


def _counted(images: dict[str, Any]) -> str:
    """Say how many images a run has."""
    return f"{images['train']:,} to train on and {images['test']:,} to test on"


def _check_same_images(
    folder: Path, record: dict[str, Any], split: Split
) -> None:
    """Refuse to go on with other images; a run of before they were noted takes these."""
    images = _described(split)
    before = record.setdefault("images", images)
    if before != images:
        raise ValueError(
            f"images: expected those of the run in {folder}, {_counted(before)}; "
            f"got {_counted(images)}, not the same (--download takes all of MNIST)"
        )


def _check_weights_are_there(folder: Path) -> None:
    """Refuse to begin again over a run of which only the history is left."""
    if (folder / HISTORY).exists() and not (folder / WEIGHTS).exists():
        raise DamagedFileError(
            f"{folder}: holds {HISTORY} but no {WEIGHTS}; to begin again, "
            f"remove {HISTORY}"
        )


def _with_versions(
    folder: Path, record: dict[str, Any], *, other_versions: bool
) -> dict[str, Any]:
    """Append the versions of today to a record, if they are others and that is wanted."""
    continued = record.get("continued", [])
    now = _surroundings()
    old, new = _named([record, *continued][-1]), _named(now)
    if old == new:
        return record
    if not other_versions:
        both = {**new, **old}
        name = next(n for n in both if old.get(n) != new.get(n))
        raise ValueError(
            f"{name}: expected {old.get(name)}, as in the run in {folder}; "
            f"got {new.get(name)} (insist by other_versions=True, or --other-versions)"
        )
    return {**record, "continued": [*continued, now]}


def _named(record: dict[str, Any]) -> dict[str, Any]:
    """List the versions of a record, and its machine, by name."""
    machine = record.get("machine")
    return {**record.get("versions", {}), "machine": machine}


def _saved_history(folder: Path, arrays: dict[str, Array]) -> History:
    """Read what the run has come to, if it has begun, and make the copy for readers again."""
    if not (folder / WEIGHTS).exists():
        return History()
    history = _read_epoch(folder / WEIGHTS, arrays)
    _write_json(folder / HISTORY, _recorded(history))
    return history


def _recorded(history: History) -> dict[str, Any]:
    """List what is kept of a history; of series that it has not, not even the name."""
    return {
        name: series for name, series in vars(history).items() if series
    }


def _as_history(read: dict[str, Any]) -> History:
    """Make a history of what a file holds, or refuse it."""
    history = History(**read)
    epochs = history.epochs
    losses = history.losses + history.validation_losses
    errors = history.test_errors + history.validation_errors
    right = (
        all(
            type(x) is float and math.isfinite(x) and x >= 0
            for x in losses
        )
        and all(type(x) is int and x >= 0 for x in errors)
        and len(errors) == epochs > 0
        and len(history.validation_errors) in {0, epochs}
        and len(history.validation_losses)
        == len(history.validation_errors)
    )
    if not right:
        raise ValueError("not the losses and errors of epochs")
    return history


def _surroundings() -> dict[str, Any]:
    """Say on what, besides the configuration, the numbers of a run depend."""
    versions = {
        "cnnbook": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    return {"versions": versions, "machine": platform.machine()}


def _save_epoch(
    folder: Path, arrays: dict[str, Array], history: History
) -> None:
    """Replace the files of the epoch before: first the one from which the other can be made."""
    epochs = _recorded(history)
    write_arrays(
        folder / WEIGHTS,
        {**arrays, "history": np.array(json.dumps(epochs))},
    )
    _write_json(folder / HISTORY, epochs)


def _read_record(folder: Path) -> dict[str, Any] | None:
    """Read ``configuration.json``, if it is there, and refuse what is no record of a run."""
    path = folder / CONFIGURATION
    try:
        record = json.loads(read_regular(path, LONGEST_JSON))
        Configuration(**record["configuration"])
        for described in [record, *record.get("continued", [])]:
            _named(described)
        if "images" in record:
            _counted(record["images"])
    except FileNotFoundError:
        return None
    except DamagedFileError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        KeyError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise DamagedFileError(
            f"{path}: damaged, or not a run's configuration ({error})"
        ) from error
    return record


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    with replacing(path) as file:
        file.write((json.dumps(content, indent=2) + "\n").encode())
