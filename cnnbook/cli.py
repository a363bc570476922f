"""The command line: ``python -m cnnbook train | evaluate | predict``.

Everything here is about options and messages; the book explains what they call.
"""

import contextlib
import dataclasses
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cnnbook.checks import Array
from cnnbook.functions import softmax
from cnnbook.mnist import (
    MIRRORS,
    Split,
    first_of_each_digit,
    load_mnist,
    select_digits,
)
from cnnbook.model import Sequential
from cnnbook.parallel import Communicator
from cnnbook.pictures import prepare, read_picture
from cnnbook.processes import communicator, end_all, launched, watch
from cnnbook.runs import (
    NETWORKS,
    Configuration,
    Network,
    load_configuration,
    load_weights,
    train_run,
)
from cnnbook.train import History, count_errors

app = typer.Typer(
    name="cnnbook",
    help="Train the book's networks to read handwritten digits, and ask them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _integer(text: str | int) -> int:
    """Read an integer option; say what came where that is none."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected an integer; got {text!r}"
        ) from None


def _number(text: str | float) -> float:
    """Read a number option; say what came where that is none."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected a number; got {text!r}"
        ) from None


def _path(text: str | Path) -> Path:
    """Read a path; the empty one, which a forgotten variable leaves, is none."""
    if not str(text):
        raise typer.BadParameter("expected a path; got an empty one")
    return Path(text)


DEFAULTS = Configuration()


def _default(name: str) -> str:
    """Say what an option is where it is not typed, if the networks differ for both."""
    values = [
        getattr(network.defaults, name) for network in NETWORKS.values()
    ]
    switch = {True: "on", False: "off"}
    first, digits = (
        switch[value] if isinstance(value, bool) else str(value)
        for value in values
    )
    both = first if first == digits else f"{first}; digits: {digits}"
    return f"  [default: {both}]"


def _option(
    reader: Callable[[str], Any], said: str, of: str = ""
) -> Any:
    """Make an option of what reads it and what is said of it, with both networks' defaults."""
    names: dict[Any, str] = {_integer: "N", _number: "X", _path: "PATH"}
    said += _default(of) if of else ""
    return typer.Option(
        parser=reader,
        metavar=names[reader],
        help=said,
        show_default=not of,
    )


Run = Annotated[
    Path,
    typer.Argument(
        parser=_path,
        metavar="RUN",
        help="The folder that train has written.",
    ),
]


@app.command()
def train(  # noqa: PLR0917 - typer passes them by name
    context: typer.Context,
    limit_per_class: Annotated[
        int | None,
        _option(
            _integer,
            "Train on so many images of each digit.  [default: all]",
        ),
    ] = DEFAULTS.limit_per_class,
    epochs: Annotated[
        int,
        _option(
            _integer, "How often every image is seen.", of="epochs"
        ),
    ] = DEFAULTS.epochs,
    batch_size: Annotated[
        int,
        _option(_integer, "Images per step.", of="batch_size"),
    ] = DEFAULTS.batch_size,
    learning_rate: Annotated[
        float,
        _option(_number, "The length of a step.", of="learning_rate"),
    ] = DEFAULTS.learning_rate,
    seed: Annotated[
        int,
        _option(_integer, "Draws the parameters and the order."),
    ] = DEFAULTS.seed,
    network: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="zero-one, or digits, which reads all ten.",
        ),
    ] = DEFAULTS.network,
    momentum: Annotated[
        float,
        _option(
            _number,
            "How much of the last step's direction is kept.",
            of="momentum",
        ),
    ] = DEFAULTS.momentum,
    weight_decay: Annotated[
        float,
        _option(
            _number,
            "How strongly parameters are pulled to zero.",
            of="weight_decay",
        ),
    ] = DEFAULTS.weight_decay,
    shift: Annotated[
        int,
        _option(
            _integer,
            "Moves each image, whenever it is seen, by so many pixels "
            "at most.",
            of="shift",
        ),
    ] = DEFAULTS.shift,
    shards: Annotated[
        int,
        _option(
            _integer,
            "Cut each batch into so many parts, which the processes "
            "of mpiexec share.",
            of="shards",
        ),
    ] = DEFAULTS.shards,
    turn: Annotated[
        float,
        _option(
            _number,
            "Rotates it, besides, by so many degrees at most.",
            of="turn",
        ),
    ] = DEFAULTS.turn,
    averaging: Annotated[
        float,
        _option(
            _number,
            "Takes a running mean of the parameters, which keeps so much "
            "of itself at each step.",
            of="averaging",
        ),
    ] = DEFAULTS.averaging,
    validation: Annotated[
        int,
        _option(
            _integer,
            "Keep the last N training images to count errors on, "
            "and leave the test images alone.",
        ),
    ] = DEFAULTS.validation,
    output: Annotated[
        Path | None,
        _option(
            _path, "The run's folder.  [default: the first free runs/N]"
        ),
    ] = None,
    *,
    nesterov: Annotated[
        bool,
        typer.Option(
            "--nesterov/--no-nesterov",
            help="Use Nesterov's momentum." + _default("nesterov"),
            show_default=False,
        ),
    ] = DEFAULTS.nesterov,
    falling: Annotated[
        bool,
        typer.Option(
            "--falling/--constant",
            help="Let the learning rate fall to 0, step by step."
            + _default("falling"),
            show_default=False,
        ),
    ] = DEFAULTS.falling,
    reshuffle: Annotated[
        bool,
        typer.Option(
            "--reshuffle/--no-reshuffle",
            help="Draw a new order for every epoch."
            + _default("reshuffle"),
            show_default=False,
        ),
    ] = DEFAULTS.reshuffle,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the run in the output folder."
        ),
    ] = False,
    other_versions: Annotated[
        bool,
        typer.Option(
            "--other-versions",
            help="Go on even with other versions than the run began with.",
        ),
    ] = False,
    download: Annotated[
        bool,
        typer.Option(
            "--download",
            help="Take the images from all of MNIST, downloaded; for digits, all 60,000.",
        ),
    ] = False,
    cache_dir: Annotated[
        Path | None,
        _option(
            _path,
            "Where downloads are kept.  [default: the user's cache]",
        ),
    ] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="Download from here instead; may be repeated.",
        ),
    ] = None,
) -> None:
    """Train the network and save the run: weights, history, configuration, versions."""
    typed = _typed(
        context,
        limit_per_class=limit_per_class,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        network=network,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=weight_decay,
        falling=falling,
        reshuffle=reshuffle,
        validation=validation,
        shift=shift,
        shards=shards,
        turn=turn,
        averaging=averaging,
    )
    processes = communicator()
    if processes.rank > 0:
        train_run("", *processes.bcast(None), communicator=processes)
        return
    _check_download(mirror, cache_dir, download=download)
    configuration = _agreed(output, typed, resume=resume)
    kind = NETWORKS[configuration.network]
    limit = configuration.limit_per_class
    if download:
        mirrors = tuple(mirror or MIRRORS)
        everything = _of(kind, load_mnist(cache_dir, mirrors))
        split = _limited(everything, limit)
    else:
        split = kind.load(limit)
    count = len(split.train[0]) - configuration.validation
    processes.bcast((configuration, split))
    with _place(output) as folder:
        history = train_run(
            folder,
            configuration,
            split,
            resume=resume,
            other_versions=other_versions,
            begun=lambda: _say(
                f"Training on {count:,} images; the run is saved in {folder}"
            ),
            report=lambda h: _report(h, configuration, split),
            progress=True,
            communicator=processes,
        )
    _say(f"{folder}: {history.epochs} epochs complete")


@app.command()
def evaluate(run: Run) -> None:
    """Count the errors of a saved run on the test images."""
    kind, model = _network(run)
    history = load_weights(run, model)
    images, labels = kind.load(None).test
    errors = count_errors(model, images, labels)
    _say(
        f"{run}: {history.epochs} epochs, last loss {history.losses[-1]:.5f}"
    )
    _say(f"Test accuracy: {_accuracy(errors, len(labels))}")


@app.command()
def predict(
    run: Run,
    image: Annotated[
        Path,
        typer.Argument(
            parser=_path,
            metavar="IMAGE",
            help="A picture of one digit, any pen, size or polarity.",
        ),
    ],
) -> None:
    """Say which digit a picture shows, and what was done to the picture first."""
    kind, model = _network(run)
    load_weights(run, model)
    try:
        prepared, steps = prepare(read_picture(image))
    except ValueError as error:
        raise (
            ValueError(f"{image}: {error}")
            if str(image) not in str(error)
            else error
        ) from None
    for step in steps:
        _say(f"- {step}")
    outputs = model.predict(prepared)[0]
    if not np.isfinite(outputs).all():
        raise FloatingPointError(
            f"{run}: its parameters are too large to compute with"
        )
    for line in _answer(kind, outputs):
        _say(line)


def main() -> None:
    """Run the command line; bad input ends it with status 2 and one sentence, no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name may hold what the encoding of a file has not.
            stream.reconfigure(errors="backslashreplace")
    if launched():
        watch()
    try:
        # Where numbers are not finite, a sentence says so.
        with np.errstate(over="ignore", invalid="ignore"):
            app()
    except (OSError, ValueError, FloatingPointError) as error:
        _end(f"Error: {_printable(str(error))}")


def _end(sentence: str) -> None:
    """Say what is wrong, and end with status 2; among several processes at once, for all."""
    others = _others()
    if others is not None and others.rank > 0:
        # Most likely the first process says the same, and ends all.
        time.sleep(2)
    typer.echo(sentence, err=True)
    if others is not None:
        end_all(2)
    sys.exit(2)


def _others() -> Communicator | None:
    """Return what connects this process to others; without mpi4py it ends by itself."""
    try:
        return communicator() if launched() else None
    except ValueError:
        return None


def _say(line: str) -> None:
    """Print a line; if nobody reads any more, as after `| head -1`, go on in silence."""
    try:
        typer.echo(_printable(line))
    except BrokenPipeError:
        # Also for what Python writes when it ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        with contextlib.suppress(BrokenPipeError):
            typer.echo(
                "The output is closed; the command goes on without it.",
                err=True,
            )


def _printable(text: str) -> str:
    """Show what would steer a terminal instead of doing it: names and files may hold anything."""
    return "".join(
        c if c.isprintable() or c == "\n" else ascii(c)[1:-1]
        for c in text
    )


def _typed(context: typer.Context, **options: Any) -> dict[str, Any]:
    """Keep the options that were typed."""
    return {
        name: value
        for name, value in options.items()
        if getattr(context.get_parameter_source(name), "name", "")
        == "COMMANDLINE"
    }


def _agreed(
    output: Path | None, typed: dict[str, Any], *, resume: bool
) -> Configuration:
    """Decide on what to do: what a run that is resumed does, but for what was typed."""
    if output is None:
        if resume:
            raise ValueError(
                "--resume: expected --output, the folder of the run; got none"
            )
        return _asked(typed)
    _check_folder("--output", output)
    before = load_configuration(output)
    if before is None:
        return _asked(typed)
    if not resume:
        raise ValueError(
            f"--output: {output} holds a run already; go on with it by --resume, "
            "or choose another folder"
        )
    return dataclasses.replace(before, **typed)


def _asked(typed: dict[str, Any]) -> Configuration:
    """Take what was typed, and for the rest the defaults of the network."""
    name = typed.get("network", DEFAULTS.network)
    if name not in NETWORKS:
        return Configuration(network=name)  # which refuses it
    return dataclasses.replace(NETWORKS[name].defaults, **typed)


def _check_download(
    mirror: list[str] | None, cache_dir: Path | None, *, download: bool
) -> None:
    """Refuse to be told where to download from, or to, when nothing is to be downloaded."""
    told = {"--mirror": mirror, "--cache-dir": cache_dir}
    for option, value in told.items():
        if value and not download:
            raise ValueError(
                f"{option}: expected --download with it; got none"
            )


def _check_folder(option: str, folder: Path) -> None:
    """Refuse a path that is no folder and cannot become one."""
    places = (folder, *folder.parents)
    there = next(filter(os.path.lexists, places), Path())
    if not there.is_dir():
        what = "file" if there.exists() else "link to nothing"
        raise ValueError(
            f"{option}: expected a folder; {there} is a {what}"
        )


@contextlib.contextmanager
def _place(output: Path | None) -> Iterator[Path]:
    """Give the folder that was asked for, or make one that is nobody else's."""
    if output is not None:
        yield output
        return
    _check_folder("--output", Path("runs"))
    folder = _made(Path("runs"))
    try:
        yield folder
    except Exception:
        # Only what is empty can be removed.
        with contextlib.suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()
        raise


def _made(parent: Path) -> Path:
    """Make the first of parent/1, parent/2, ... that nobody has made."""
    number = 1
    while True:
        parent.mkdir(exist_ok=True)
        folder = parent / str(number)
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        except FileNotFoundError:
            continue  # another process has just removed the parent
        else:
            return folder


def _of(kind: Network, everything: Split) -> Split:
    """Keep the digits that a network has outputs for."""
    if len(kind.digits) == 10:
        return everything
    return select_digits(everything, kind.digits)


def _limited(split: Split, limit_per_class: int | None) -> Split:
    """Keep the first training images of each digit, as `load_zero_one` does."""
    if limit_per_class is None:
        return split
    return Split(
        first_of_each_digit(split.train, limit_per_class), split.test
    )


def _network(run: Path) -> tuple[Network, Sequential]:
    """Build the network of a run; where no configuration says which it is, the first."""
    _check_folder("RUN", run)
    configuration = load_configuration(run) or DEFAULTS
    kind = NETWORKS[configuration.network]
    return kind, kind.build(np.random.default_rng(0))


def _report(
    history: History, configuration: Configuration, split: Split
) -> None:
    """Print the line of the epoch that has just ended."""
    line = f"Epoch {history.epochs} - Loss: {history.losses[-1]:.5f}"
    if configuration.validation:
        loss, errors = (
            history.validation_losses[-1],
            history.validation_errors[-1],
        )
        accuracy = _accuracy(errors, configuration.validation)
        _say(
            f"{line} - Validation loss: {loss:.5f} - Validation accuracy: {accuracy}"
        )
    else:
        accuracy = _accuracy(
            history.test_errors[-1], len(split.test[1])
        )
        _say(f"{line} - Test accuracy: {accuracy}")


def _answer(kind: Network, outputs: Array) -> Iterator[str]:
    """Say which digit it is, and how sure the network is."""
    if len(outputs) == 2:
        yield f"Digit: {int(outputs.argmax())}"
        yield f"P(it is a 0) = {outputs[0]:.4f}, P(it is a 1) = {outputs[1]:.4f}"
        if outputs.max() < 0.5:
            yield "Neither output reaches one half: it may be no 0 and no 1 at all."
        return
    probabilities = softmax(outputs.astype(np.float64))
    likeliest = np.argsort(-probabilities, kind="stable")[:3]
    yield f"Digit: {kind.digits[likeliest[0]]}"
    yield ", ".join(
        f"P(it is a {kind.digits[k]}) = {probabilities[k]:.4f}"
        for k in likeliest
    )
    if probabilities.max() < 0.5:
        yield "No digit reaches one half: it may be none at all."


def _accuracy(errors: int, images: int) -> str:
    """Write an accuracy with the count that it comes from."""
    return f"{100 * (1 - errors / images):.2f} % ({errors} of {images:,} wrong)"
