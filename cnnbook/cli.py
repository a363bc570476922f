"""The command line: ``python -m cnnbook train | evaluate | predict``.

Everything here is about options and messages; the book explains what they call.
"""

import contextlib
import dataclasses
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cnnbook.mnist import (
    MIRRORS,
    Split,
    first_of_each_digit,
    load_mnist,
    load_zero_one,
    select_digits,
)
from cnnbook.model import zero_one_network
from cnnbook.pictures import prepare, read_picture
from cnnbook.runs import (
    Configuration,
    load_configuration,
    load_weights,
    train_run,
)
from cnnbook.train import History, count_errors

app = typer.Typer(
    name="cnnbook",
    help="Train the book's network to tell a 0 from a 1, and ask it.",
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
        typer.Option(
            parser=_integer,
            metavar="N",
            help="Train on so many images of each digit.  [default: all]",
        ),
    ] = DEFAULTS.limit_per_class,
    epochs: Annotated[
        int,
        typer.Option(
            parser=_integer,
            metavar="N",
            help="How often every image is seen.",
        ),
    ] = DEFAULTS.epochs,
    batch_size: Annotated[
        int,
        typer.Option(
            parser=_integer, metavar="N", help="Images per step."
        ),
    ] = DEFAULTS.batch_size,
    learning_rate: Annotated[
        float,
        typer.Option(
            parser=_number, metavar="X", help="The length of a step."
        ),
    ] = DEFAULTS.learning_rate,
    seed: Annotated[
        int,
        typer.Option(
            parser=_integer,
            metavar="N",
            help="Draws the parameters and the order.",
        ),
    ] = DEFAULTS.seed,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=_path,
            metavar="PATH",
            help="The run's folder.  [default: the first free runs/N]",
            show_default=False,
        ),
    ] = None,
    *,
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
            help="Take the same images from all of MNIST, downloaded.",
        ),
    ] = False,
    cache_dir: Annotated[
        Path | None,
        typer.Option(
            parser=_path,
            metavar="PATH",
            help="Where downloads are kept.  [default: the user's cache]",
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
    asked = Configuration(
        limit_per_class, epochs, batch_size, learning_rate, seed
    )
    configuration = _agreed(context, output, asked, resume=resume)
    split = load_zero_one(configuration.limit_per_class)
    if download:
        everything = load_mnist(
            cache_dir, mirrors=tuple(mirror or MIRRORS)
        )
        split = _limited(
            select_digits(everything, (0, 1)),
            configuration.limit_per_class,
        )
    with _place(output) as folder:
        history = train_run(
            folder,
            configuration,
            split,
            resume=resume,
            other_versions=other_versions,
            begun=lambda: _say(
                f"Training on {len(split.train[0]):,} images; the run is saved in {folder}"
            ),
            report=lambda h: _report(h, split),
            progress=True,
        )
    _say(f"{folder}: {history.epochs} epochs complete")


@app.command()
def evaluate(run: Run) -> None:
    """Count the errors of a saved run on the test images."""
    model = zero_one_network(np.random.default_rng(0))
    history = load_weights(run, model)
    images, labels = load_zero_one().test
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
            help="A picture of one digit, any size or polarity.",
        ),
    ],
) -> None:
    """Say which digit a picture shows, and what was done to the picture first."""
    model = zero_one_network(np.random.default_rng(0))
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
    probabilities = model.predict(prepared)[0]
    if not np.isfinite(probabilities).all():
        raise FloatingPointError(
            f"{run}: its parameters are too large to compute with"
        )
    _say(f"Digit: {int(probabilities.argmax())}")
    _say(
        f"P(it is a 0) = {probabilities[0]:.4f}, P(it is a 1) = {probabilities[1]:.4f}"
    )
    if probabilities.max() < 0.5:
        _say(
            "Neither output reaches one half: it may be no 0 and no 1 at all."
        )


def main() -> None:
    """Run the command line; bad input ends it with status 2 and one sentence, no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name may hold what the encoding of a file has not.
            stream.reconfigure(errors="backslashreplace")
    try:
        # Where numbers are not finite, a sentence says so.
        with np.errstate(over="ignore", invalid="ignore"):
            app()
    except (OSError, ValueError, FloatingPointError) as error:
        typer.echo(f"Error: {_printable(str(error))}", err=True)
        sys.exit(2)


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


def _agreed(
    context: typer.Context,
    output: Path | None,
    asked: Configuration,
    *,
    resume: bool,
) -> Configuration:
    """Decide on what to do: what a run that is resumed does, but for what was typed."""
    if output is None:
        if resume:
            raise ValueError(
                "--resume: expected --output, the folder of the run; got none"
            )
        return asked
    if output.exists() and not output.is_dir():
        raise ValueError(
            f"--output: expected a folder; {output} is a file"
        )
    before = load_configuration(output)
    if before is None:
        return asked
    if not resume:
        raise ValueError(
            f"--output: {output} holds a run already; go on with it by --resume, "
            "or choose another folder"
        )
    given = {
        field.name: getattr(asked, field.name)
        for field in dataclasses.fields(Configuration)
        if getattr(context.get_parameter_source(field.name), "name", "")
        == "COMMANDLINE"
    }
    return dataclasses.replace(before, **given)


@contextlib.contextmanager
def _place(output: Path | None) -> Iterator[Path]:
    """Give the folder that was asked for, or make one that is nobody else's."""
    if output is not None:
        yield output
        return
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


def _limited(split: Split, limit_per_class: int | None) -> Split:
    """Keep the first training images of each digit, as `load_zero_one` does."""
    if limit_per_class is None:
        return split
    return Split(
        first_of_each_digit(split.train, limit_per_class), split.test
    )


def _report(history: History, split: Split) -> None:
    """Print the line of the epoch that has just ended."""
    accuracy = _accuracy(history.test_errors[-1], len(split.test[1]))
    _say(
        f"Epoch {history.epochs} - Loss: {history.losses[-1]:.5f} - Test accuracy: {accuracy}"
    )


def _accuracy(errors: int, images: int) -> str:
    """Write an accuracy with the count that it comes from."""
    return f"{100 * (1 - errors / images):.2f} % ({errors} of {images:,} wrong)"
