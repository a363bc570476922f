"""Chapter 11: the parameters of a network as a file."""

import os
from collections.abc import Mapping

import numpy as np

from cnnbook.checks import Array
from cnnbook.files import DamagedFileError, read_arrays

# Bytes that a file may have beside the parameters: the history of
# half a million epochs.
ROOM = 2**26


def read_weights(
    path: str | os.PathLike[str], into: Mapping[str, Array]
) -> dict[str, Array]:
    """Read the arrays of a network from a file into those of another network of its kind.

    Parameters
    ----------
    path : path-like
        A file that `cnnbook.files.write_arrays` made of `cnnbook.model.Sequential.arrays`. It may
        hold other arrays too, such as the history of a run.
    into : mapping of str to np.ndarray
        What `cnnbook.model.Sequential.arrays` lists of the network that is to have the numbers.
        All of them change, or none.

    Returns
    -------
    dict of str to np.ndarray
        All that the file holds.

    Raises
    ------
    OSError
        If the file cannot be read.
    DamagedFileError
        If it is damaged, too large for such a network, or does not hold the parameters of one, all
        of them finite.
    ValueError
        If it holds the parameters of another network, or of another dtype.
    """
    size = sum(array.nbytes for array in into.values())
    arrays = read_arrays(path, limit=size + ROOM)
    if "architecture" not in arrays:
        raise DamagedFileError(
            f"{path}: not the parameters of a network"
        )
    expected = str(into["architecture"])
    found = str(arrays["architecture"])
    if found != expected:
        raise ValueError(
            f"{path}: expected parameters of the network {expected}; "
            f"got those of {_shortened(found)}"
        )
    for name, array in into.items():
        if name != "architecture":
            _check_parameter(f"{path}: {name}", array, arrays.get(name))
    for name, array in into.items():
        array[...] = arrays[name]
    return arrays


def _check_parameter(
    name: str, array: Array, read: Array | None
) -> None:
    """Refuse what does not fit into ``array``, and what no network computes with."""
    expected, found = _describe(array), _describe(read)
    if read is None or found != expected:
        raise ValueError(f"{name}: expected {expected}; got {found}")
    if not np.isfinite(read).all():
        wrong = read[~np.isfinite(read)][0]
        raise DamagedFileError(
            f"{name}: expected finite numbers; got {wrong}"
        )


def _describe(array: Array | None) -> str:
    """Say of what dtype and shape an array is."""
    if array is None:
        return "nothing"
    return f"{array.dtype} of shape {array.shape}"


def _shortened(text: str) -> str:
    """Show what a file says in one line of bounded length, whatever it says."""
    if text.isprintable() and len(text) <= 1000:
        return text
    return repr(text[:100]) + "..."
