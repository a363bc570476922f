"""Make again what is out of date, and say what to read."""

from importlib.util import find_spec

from book.commands.dependents import to_read
from book.commands.generators import GENERATORS, SLOW, GeneratorError, make, seconds, stale
from book.commands.repository import changed


def out_of_date(*, quick: bool = False) -> list[str]:
    """List what is out of date, and what does not answer, a line each.

    Parameters
    ----------
    quick : bool
        Leave out generators that take longer than ten seconds for each thing: mutants, of which a
        test of their own names those that have not been measured.

    Returns
    -------
    list of str
        The generator, the thing, and why.
    """
    lines = []
    for generator in GENERATORS:
        if quick and generator.seconds > SLOW:
            continue
        try:
            found = stale(generator)
        except GeneratorError as error:
            lines.append(str(error))
        else:
            lines += [f"{generator.name}: {name}: {why}" for name, why in found.items()]
    return lines


def update(*, quick: bool) -> int:
    """Run the generators whose inputs have changed, in their order.

    Parameters
    ----------
    quick : bool
        Leave out what takes longer than ten seconds.

    Returns
    -------
    int
        The number of generators that failed.
    """
    failed, left = [], []
    for generator in GENERATORS:
        try:
            names = stale(generator)
        except GeneratorError as error:
            failed.append(str(error))
            continue
        if names and generator.needs and find_spec(generator.needs) is None:
            left.append(f"{generator.name}: {len(names)} of them, with {generator.needs} installed")
            continue
        now = [name for name in names if not (quick and seconds(generator, name) > SLOW)]
        left += [f"{generator.name}: {name}: {names[name]}" for name in names if name not in now]
        for name in now:
            print(f"{generator.name}: {name}: {names[name]}")
        if now:
            total = sum(seconds(generator, name) for name in now)
            print(f"{generator.name}: making {generator.makes}, about {total:.0f} s", flush=True)
            if not make(generator, now if len(now) < len(names) else []):
                failed.append(generator.name)
    _say("Left, because it takes long:", left)
    _say("Failed:", failed)
    pages = to_read(changed("HEAD")).items()
    _say(
        "Read, before you commit:",
        [f"{page}: {', '.join(sorted(reasons))}" for page, reasons in pages],
    )
    return len(failed)


def _say(heading: str, lines: list[str]) -> None:
    """Print some lines below a heading, or nothing where there are none."""
    if lines:
        print("\n".join(["", heading, *(f"  {line}" for line in lines)]))
