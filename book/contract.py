"""The command line that every generator has."""

import argparse
import sys
from collections.abc import Callable


def run(
    about: str, stale: Callable[[], dict[str, str]], make: Callable[[list[str]], object]
) -> int:
    """Run a generator for which what is out of date can be told quickly and exactly.

    Parameters
    ----------
    about : str
        What it does, for ``--help``.
    stale : callable
        Returns what it would make again, and why.
    make : callable
        Makes what is named.

    Returns
    -------
    int
        The status: 1 if ``--check`` finds something out of date.
    """
    parser = argparse.ArgumentParser(description=about.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="make these; else what is stale")
    parser.add_argument("--stale", action="store_true", help="list what would be made, and why")
    parser.add_argument("--check", action="store_true", help="the same, and fail if there is any")
    options = parser.parse_args(sys.argv[1:])
    if options.stale or options.check:
        found = stale()
        print("".join(f"{name}: {why}\n" for name, why in found.items()), end="")
        return int(options.check and bool(found))
    if names := options.names or list(stale()):
        make(names)
    return 0
