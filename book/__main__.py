"""The workshop of the book: ``python -m book update | stale | check | review``."""

from typing import Annotated

import typer

from book.commands import checks, review, update

app = typer.Typer(
    name="python -m book",
    help="Bring the book up to date, check it, and see what has changed in words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command(name="update")
def update_command(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes longer than ten seconds.")
    ] = False,
) -> None:
    """Make again exactly what is out of date, and say what to read."""
    raise typer.Exit(update.update(quick=quick))


@app.command(name="stale")
def stale_command(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out mutants, which take minutes to measure.")
    ] = False,
) -> None:
    """List what is out of date and why; the status is 1 if anything is."""
    lines = update.out_of_date(quick=quick)
    print("\n".join([*lines, "python -m book update makes it again"] if lines else ["nothing"]))
    raise typer.Exit(int(bool(lines)))


@app.command(name="check")
def check_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CHECK]...", help=f"Some of {', '.join(checks.commands(''))}.  [default: all]"
        ),
    ] = None,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="What has changed since main, in under a minute.")
    ] = False,
    site: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Leave the site that was built and checked here."),
    ] = None,
) -> None:
    """Run every check, or some; the status is the number of those that failed."""
    raise typer.Exit(checks.check(names or [], quick=quick, site=site))


@app.command(name="review")
def review_command(
    since: Annotated[
        str, typer.Option(metavar="REV", help="A revision.  [default: where main was left]")
    ] = "",
) -> None:
    """Show the sentences that have changed, word by word, and what in them nothing computes."""
    print(review.review(since))


if __name__ == "__main__":
    app()
