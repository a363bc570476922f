"""The command line: ``python -m cnnbook train | evaluate | predict``.

Everything here is about options and messages; the book explains what they call.
"""

import dataclasses
import os
import sys
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


Run = Annotated[
    Path,
    typer.Argument(
        metavar="RUN", help="The folder that train has written."
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
    ] = None,
    epochs: Annotated[
        int,
        typer.Option(
            parser=_integer,
            metavar="N",
            help="How often every image is seen.",
        ),
    ] = 5,
    batch_size: Annotated[
        int,
        typer.Option(
            parser=_integer, metavar="N", help="Images per step."
        ),
    ] = 32,
    learning_rate: Annotated[
        float,
        typer.Option(
            parser=_number, metavar="X", help="The length of a step."
        ),
    ] = 0.1,
    seed: Annotated[
        int,
        typer.Option(
            parser=_integer,
            metavar="N",
            help="Draws the parameters and the order.",
        ),
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
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
            help="Where downloads are kept.  [default: the user's cache]"
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
    folder, configuration = _place(
        context, output, asked, resume=resume
    )
    split = load_zero_one(configuration.limit_per_class)
    if download:
        everything = load_mnist(
            cache_dir, mirrors=tuple(mirror or MIRRORS)
        )
        split = _limited(
            select_digits(everything, (0, 1)),
            configuration.limit_per_class,
        )
    typer.echo(
        f"Training on {len(split.train[0]):,} images; the run is saved in {folder}"
    )
    history = train_run(
        folder,
        configuration,
        split,
        report=lambda h: _report(h, split),
        progress=True,
    )
    typer.echo(f"{folder}: {history.epochs} epochs complete")


@app.command()
def evaluate(run: Run) -> None:
    """Count the errors of a saved run on the test images."""
    model = zero_one_network(np.random.default_rng(0))
    history = load_weights(run, model)
    images, labels = load_zero_one().test
    errors = count_errors(model, images, labels)
    typer.echo(
        f"{run}: {history.epochs} epochs, last loss {history.losses[-1]:.5f}"
    )
    typer.echo(f"Test accuracy: {_accuracy(errors, len(labels))}")


@app.command()
def predict(
    run: Run,
    image: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE",
            help="A picture of one digit, any pen, size or polarity.",
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
        typer.echo(f"- {step}")
    probabilities = model.predict(prepared)[0]
    typer.echo(f"Digit: {int(probabilities.argmax())}")
    typer.echo(
        f"P(it is a 0) = {probabilities[0]:.4f}, P(it is a 1) = {probabilities[1]:.4f}"
    )
    if probabilities.max() < 0.5:
        typer.echo(
            "Neither output reaches one half: it may be no 0 and no 1 at all."
        )


def main() -> None:
    """Run the command line; bad input ends it with status 2 and one sentence, no traceback."""
    try:
        app()
    except (
        OSError,
        TypeError,
        ValueError,
        FloatingPointError,
    ) as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)


def _place(
    context: typer.Context,
    output: Path | None,
    asked: Configuration,
    *,
    resume: bool,
) -> tuple[Path, Configuration]:
    """Decide on the folder and on what to do in it; nothing that is there is overwritten."""
    if resume and output is None:
        raise ValueError(
            "--resume: expected --output, the folder of the run; got none"
        )
    folder = output or _first_free(Path("runs"))
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f"--output: expected a folder; {folder} is a file"
        )
    before = load_configuration(folder)
    if before is None:
        return folder, asked
    if not resume:
        raise ValueError(
            f"--output: {folder} holds a run already; go on with it by --resume, "
            "or choose another folder"
        )
    given = {
        field.name: getattr(asked, field.name)
        for field in dataclasses.fields(Configuration)
        if getattr(context.get_parameter_source(field.name), "name", "")
        == "COMMANDLINE"
    }
    return folder, dataclasses.replace(before, **given)


def _first_free(parent: Path) -> Path:
    """Name the first of parent/1, parent/2, ... that does not exist."""
    number = 1
    while os.path.lexists(parent / str(number)):
        number += 1
    return parent / str(number)


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
    typer.echo(
        f"Epoch {history.epochs} - Loss: {history.losses[-1]:.5f} - Test accuracy: {accuracy}"
    )


def _accuracy(errors: int, images: int) -> str:
    """Write an accuracy with the count that it comes from."""
    return f"{100 * (1 - errors / images):.2f} % ({errors} of {images:,} wrong)"
