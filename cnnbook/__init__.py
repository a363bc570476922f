"""Convolutional networks from scratch: the code that the book explains."""

import numpy as np

__version__ = "0.1.0"


def _keep_freed_memory() -> None:
    """Ask the allocator to keep the memory of arrays that are gone.

    A training step makes and drops the same few arrays again and again. The C library of Linux
    gives the memory of each back to the system, which hands it out anew filled with zeros, page
    by page; at batch 128 that doubles the time of a step. Freeing one block of nearly 32 MiB
    raises the size from which it does so to that block's, for as long as the process lives. The
    block is never touched, so this costs microseconds; other systems take no notice of it.
    """
    np.empty(2**25 - 2**16, np.uint8)


_keep_freed_memory()
