"""Chapter 11: a training run as a folder, which survives being killed at any moment.

``configuration.json`` says what was asked for and which versions answered. ``weights.npz`` holds
the parameters *and* the history after the last complete epoch; because it is replaced in one
step, the two always belong together, and everything else can be made from it again.
``history.json`` is a copy of the history for readers.
"""

import dataclasses
import functools
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cnnbook import __version__
from cnnbook.checks import check_count, check_positive
from cnnbook.files import (
    DamagedFileError,
    read_arrays,
    remove_incomplete,
    replacing,
    write_arrays,
)
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import Split
from cnnbook.model import Sequential, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.train import History, fit


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

    Raises
    ------
    TypeError
        If a value is of the wrong type.
    ValueError
        If a number is out of its range.
    """

    limit_per_class: int | None = None
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        # NumPy's numbers become Python's, which JSON can hold.
        keep = functools.partial(object.__setattr__, self)
        if self.limit_per_class is not None:
            keep(
                "limit_per_class",
                check_count("limit_per_class", self.limit_per_class),
            )
        keep("epochs", check_count("epochs", self.epochs))
        keep("batch_size", check_count("batch_size", self.batch_size))
        keep(
            "learning_rate",
            check_positive("learning_rate", self.learning_rate),
        )
        keep("seed", check_count("seed", self.seed, minimum=0))


def train_run(
    folder: str | os.PathLike[str],
    configuration: Configuration,
    split: Split,
    *,
    report: Callable[[History], None] | None = None,
    progress: bool = False,
) -> History:
    """Train the zero-or-one network in a folder, from where an earlier run of it stopped.

    Parameters
    ----------
    folder : path-like
        Is made if it does not exist. If it holds complete epochs of the same configuration, they
        are not trained again.
    configuration : Configuration
        What to do.
    split : Split
        The images, as ``configuration.limit_per_class`` limits them.
    report : callable, optional
        Called with the history after every epoch, when that epoch is safe on the disk.
    progress : bool
        Whether to show a progress bar on a terminal.

    Returns
    -------
    History
        Of all epochs.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    ValueError
        If it holds a run of another configuration, or a damaged file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    remove_incomplete(folder)
    _check_same_run(folder, configuration)
    # Seeding before looking for weights: a resumed run must draw what
    # an unbroken one draws.
    rng = np.random.default_rng(configuration.seed)
    model = zero_one_network(rng)
    history = _saved_history(folder, model)
    _write_json(folder / "configuration.json", _describe(configuration))

    def save(history: History) -> None:
        """Report an epoch when it is safe."""
        _save_epoch(folder, model, history)
        if report is not None:
            report(history)

    return fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), configuration.learning_rate),
        *split.train,
        epochs=configuration.epochs,
        batch_size=configuration.batch_size,
        rng=rng,
        test=split.test,
        history=history,
        on_epoch=save,
        progress=progress,
    )


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
    path = Path(folder) / "weights.npz"
    if not path.exists():
        raise FileNotFoundError(
            f"{folder}: expected a run with a complete epoch; no {path.name}"
        )
    model.load(path)
    try:
        return History(**json.loads(str(read_arrays(path)["history"])))
    except (KeyError, TypeError, ValueError) as error:
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
    path = Path(folder) / "configuration.json"
    try:
        text = path.read_text(encoding="utf-8")
        return Configuration(**json.loads(text)["configuration"])
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(
            f"{path}: damaged, or not a run's configuration ({error})"
        ) from error


def _check_same_run(folder: Path, configuration: Configuration) -> None:
    """Refuse to go on with a run that was begun in another way; more epochs are welcome."""
    before = load_configuration(folder)
    if before is None:
        if (folder / "weights.npz").exists():
            raise DamagedFileError(
                f"{folder}: holds weights but no configuration.json"
            )
        return
    for field in dataclasses.fields(Configuration):
        old = getattr(before, field.name)
        new = getattr(configuration, field.name)
        if old != new and not (field.name == "epochs" and new > old):
            raise ValueError(
                f"{field.name}: expected {old}, as in the run in {folder}; got {new} "
                "(choose another folder for another run)"
            )


def _saved_history(folder: Path, model: Sequential) -> History:
    """Read what the run has come to, if it has begun, and make the copy for readers again."""
    if not (folder / "weights.npz").exists():
        return History()
    history = load_weights(folder, model)
    _write_json(folder / "history.json", dataclasses.asdict(history))
    return history


def _describe(configuration: Configuration) -> dict[str, Any]:
    """Put the configuration beside the versions that its numbers depend on."""
    versions = {
        "cnnbook": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    return {
        "configuration": dataclasses.asdict(configuration),
        "versions": versions,
        "machine": platform.machine(),
    }


def _save_epoch(
    folder: Path, model: Sequential, history: History
) -> None:
    """Replace the files of the epoch before: first the one from which the other can be made."""
    epochs = dataclasses.asdict(history)
    write_arrays(
        folder / "weights.npz",
        {**model.arrays(), "history": np.array(json.dumps(epochs))},
    )
    _write_json(folder / "history.json", epochs)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all."""
    with replacing(path) as file:
        file.write((json.dumps(content, indent=2) + "\n").encode())
