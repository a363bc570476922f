"""Make figures, check them, or bring them up to date."""

import argparse
import sys
from collections.abc import Callable

from scripts.figures import making, sources, together

ACTIONS: dict[str, tuple[Callable[[str], object], str]] = {
    "check": (making.check, "compute and draw, compare with what is stored, write nothing"),
    "renew": (making.renew, "check, and note the code of today where all agrees"),
    "redraw": (making.redraw, "draw the stored data again, compute nothing"),
}


def main(arguments: list[str]) -> int:
    """Run what the command line says; the status is 1 if a figure differs, or is stale."""
    every = sources.names()
    options = parsed(arguments, every)
    names = options.names or every
    if options.action == "stale":
        old = sources.stale(names)
        print("\n".join(f"{name}: {why}" for name, why in old.items()) or "all are up to date")
        return int(bool(old))
    if options.action == "update":
        print("look at:", ", ".join(making.update(names)) or "nothing")
        return 0
    act, _ = ACTIONS.get(options.action, (making.make, ""))
    if options.all:
        act = making.check_all
    differs = [name for name, agrees in together.results(act, names).items() if agrees is False]
    if differs:
        print(f"DIFFERS: {', '.join(differs)}")
    return int(bool(differs))


def parsed(arguments: list[str], every: list[str]) -> argparse.Namespace:
    """Read the command line: names of figures, and at most one thing to do instead of making."""
    parser = argparse.ArgumentParser(prog="python -m scripts.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or: {', '.join(every)}")
    chosen = parser.add_mutually_exclusive_group()
    helped = {action: said for action, (_, said) in ACTIONS.items()}
    helped["stale"] = "say which are older than their code, and why"
    helped["update"] = "do for these the least that has to be done"
    for action, said in helped.items():
        chosen.add_argument(
            f"--{action}", dest="action", action="store_const", const=action, help=said
        )
    parser.add_argument("--all", action="store_true", help="with --check: run every trial again")
    options = parser.parse_args(arguments)
    if options.all and options.action != "check":
        parser.error("--all: expected together with --check")
    if unknown := set(options.names) - set(every):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
