"""Files that are either whole or not there."""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from cnnbook.checks import Array

TEMPORARY_SUFFIX = ".incomplete"


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of ``path`` for writing and rename it when all went well.

    A reader of ``path`` sees the old content or the new, never a part: the operating system
    renames in one step. Whatever interrupts the writing leaves the old file as it was.

    Parameters
    ----------
    path : path-like
        The file to write. Its folder must exist.

    Yields
    ------
    binary file
        What is written to it becomes the content of ``path``.

    Raises
    ------
    OSError
        If the folder cannot be written to, or the disk is full; no temporary file stays behind.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing(folder / "note.txt") as file:
    ...     _ = file.write(b"whole")
    >>> [(p.name, p.read_text()) for p in folder.iterdir()]
    [('note.txt', 'whole')]
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(
        prefix=f".{path.name}.",
        suffix=TEMPORARY_SUFFIX,
        dir=path.parent,
    )
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            # On the disk before it takes the old file's place.
            os.fsync(file.fileno())
        _give_usual_permissions(temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_incomplete(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files that a killed process left in ``folder``.

    Parameters
    ----------
    folder : path-like
        The folder that `replacing` wrote into.
    """
    for path in Path(folder).glob(f".*{TEMPORARY_SUFFIX}"):
        path.unlink(missing_ok=True)


def _give_usual_permissions(path: str) -> None:
    """Give ``path`` the mode of an ordinary new file: mkstemp makes it private to its owner."""
    umask = os.umask(0)
    os.umask(umask)
    Path(path).chmod(0o666 & ~umask)


class DamagedFileError(ValueError):
    """A file is not what it should be: cut short, altered, or made by another program."""


def write_arrays(
    path: str | os.PathLike[str], arrays: Mapping[str, Array]
) -> None:
    """Write named arrays to one ``.npz`` file, with a checksum, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file to write. An older file of that name is replaced.
    arrays : mapping of str to np.ndarray
        The arrays; strings, as arrays of dtype ``U``, are welcome.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with replacing(path) as file:
        np.savez(
            file,
            allow_pickle=False,
            **arrays,
            sha256=np.array(_digest(arrays)),
        )


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read what `write_arrays` wrote, without pickle, and verify the checksum.

    Parameters
    ----------
    path : path-like
        The file to read.

    Returns
    -------
    dict of str to np.ndarray
        The arrays.

    Raises
    ------
    OSError
        If the file cannot be read.
    DamagedFileError
        If it is not such a file, or any part of it was altered.
    """
    content = io.BytesIO(Path(path).read_bytes())
    try:
        with np.load(content, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        expected = str(arrays.pop("sha256"))
    except Exception as error:
        raise DamagedFileError(
            f"{path}: damaged, or not a file of cnnbook's ({error})"
        ) from error
    if _digest(arrays) != expected:
        raise DamagedFileError(
            f"{path}: damaged: its content does not match its checksum"
        )
    return arrays


def _digest(arrays: Mapping[str, Array]) -> str:
    """Hash names, dtypes, shapes and numbers."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(
            f"{name} {array.dtype.str} {array.shape}\n".encode()
        )
        digest.update(array.tobytes())
    return digest.hexdigest()
