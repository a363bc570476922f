"""Run the trials of figures that are missing, or older than their code."""

import argparse
import sys

from scripts.figures import sources
from scripts.trials import running


def main(arguments: list[str]) -> int:
    """Run what the command line names."""
    every = sources.with_trials()
    parser = argparse.ArgumentParser(prog="python -m scripts.trials", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or: {', '.join(every)}")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the work")
    parser.add_argument(
        "--scheduler", default="", metavar="tcp://...", help="a Dask scheduler, whose workers do it"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(every):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    for name in options.names or every:
        running.run(name, options.workers, options.scheduler)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
