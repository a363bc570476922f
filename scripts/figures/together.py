"""Several figures at once, in two processes; a module that both of them can import."""

import io
import math
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout

from scripts.figures import making


def results(act: Callable[[str], object], names: list[str]) -> dict[str, object]:
    """Act on figures in two processes, the slowest first; print what they say figure by figure."""
    if len(names) == 1:
        return {name: act(name) for name in names}
    for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(library, "1")  # read when NumPy is imported there
    found = {}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        acting = {pool.submit(heard, act, name): name for name in sorted(names, key=quickness)}
        for done in as_completed(acting):
            found[acting[done]], text = done.result()
            print(text, end="", flush=True)
    return found


def heard(act: Callable[[str], object], name: str) -> tuple[object, str]:
    """Act on a figure; return the result and what was printed."""
    with redirect_stdout(io.StringIO()) as text:
        result = act(name)
    return result, text.getvalue()


def quickness(name: str) -> float:
    """Return the negative of the time that a figure took; one that is not there yet may be slow."""
    try:
        seconds: float = making.stored(name)["provenance"]["seconds"]
    except FileNotFoundError:
        return -math.inf
    return -seconds
