"""Chapter 11: the parameters of a network as a file."""

import os
from collections.abc import Mapping

from cnnbook.checks import Array
from cnnbook.files import DamagedFileError, read_arrays


def read_weights(
    path: str | os.PathLike[str], into: Mapping[str, Array]
) -> None:
    """Read the arrays of a network from a file into those of another network of its kind.

    Parameters
    ----------
    path : path-like
        A file that `cnnbook.files.write_arrays` made of `cnnbook.model.Sequential.arrays`. It may
        hold other arrays too, such as the history of a run.
    into : mapping of str to np.ndarray
        What `cnnbook.model.Sequential.arrays` lists of the network that is to have the numbers.
        All of them change, or none.

    Raises
    ------
    OSError
        If the file cannot be read.
    DamagedFileError
        If it is damaged, or does not hold the parameters of a network.
    ValueError
        If it holds the parameters of another network, or of another dtype.
    """
    arrays = read_arrays(path)
    if "architecture" not in arrays:
        raise DamagedFileError(
            f"{path}: not the parameters of a network"
        )
    expected = str(into["architecture"])
    found = str(arrays["architecture"])
    if found != expected:
        raise ValueError(
            f"{path}: expected parameters of the network {expected}; "
            f"got those of {found}"
        )
    for name, array in into.items():
        expected, found = _describe(array), _describe(arrays.get(name))
        if name != "architecture" and found != expected:
            raise ValueError(
                f"{path}: {name}: expected {expected}; got {found}"
            )
    for name, array in into.items():
        array[...] = arrays[name]


def _describe(array: Array | None) -> str:
    """Say of what dtype and shape an array is."""
    if array is None:
        return "nothing"
    return f"{array.dtype} of shape {array.shape}"
