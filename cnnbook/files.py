"""Files that are either whole or not there."""

import errno
import hashlib
import io
import math
import os
import secrets
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from cnnbook.checks import Array

TEMPORARY_SUFFIX = ".incomplete"
LARGEST = 2**30  # bytes of a file of arrays
# Of the header that stands before the numbers of an array.
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


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
    name = f".{path.name}.{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"
    temporary = path.with_name(name)
    # "x": a file of nobody else, with the mode of any new file.
    file = temporary.open("xb")
    try:
        with file:
            yield file
            file.flush()
            # On the disk before it takes the old file's place.
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Bring the names in ``folder`` to the disk, so that a rename outlasts a loss of power.

    Parameters
    ----------
    folder : path-like
        The folder. Where the system cannot do this to a folder, nothing happens.

    Raises
    ------
    OSError
        If the disk fails.
    """
    if os.name == "nt":  # it opens no folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # What some network folders answer.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(handle)


def remove_incomplete(
    folder: str | os.PathLike[str], name: str = "*"
) -> None:
    """Remove the temporary files that a killed process left in ``folder``.

    Those of a process that still writes look the same: nobody else may be writing these files.

    Parameters
    ----------
    folder : path-like
        The folder that `replacing` wrote into.
    name : str
        The file that was to be replaced; without it, any.
    """
    for path in Path(folder).glob(f".{name}.*{TEMPORARY_SUFFIX}"):
        path.unlink(missing_ok=True)


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


def read_regular(
    path: str | os.PathLike[str], limit: int = LARGEST
) -> bytes:
    """Read a file, unless it is a device or a pipe, which may have no end, or too large.

    Parameters
    ----------
    path : path-like
        The file to read.
    limit : int
        How many bytes it may have.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    OSError
        If the file cannot be read.
    DamagedFileError
        If it is no regular file, or longer.
    """
    path = Path(path)
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DamagedFileError(
            f"{path}: expected a file; got a folder, device or pipe"
        )
    if status.st_size > limit:
        raise DamagedFileError(
            f"{path}: expected at most {limit:,} bytes; "
            f"got {status.st_size:,}"
        )
    with path.open("rb") as file:
        return file.read(status.st_size)


def read_arrays(
    path: str | os.PathLike[str], limit: int = LARGEST
) -> dict[str, Array]:
    """Read what `write_arrays` wrote, without pickle, and verify the checksum.

    Nothing is unpacked, and no array takes more memory than the file itself has bytes.

    Parameters
    ----------
    path : path-like
        The file to read.
    limit : int
        How many bytes it may have.

    Returns
    -------
    dict of str to np.ndarray
        The arrays.

    Raises
    ------
    OSError
        If the file cannot be read.
    DamagedFileError
        If it is not such a file, is longer, or any part of it was altered.
    """
    content = io.BytesIO(read_regular(path, limit))
    try:
        with zipfile.ZipFile(content) as members:
            _check_sizes(members, len(content.getbuffer()))
        content.seek(0)
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


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse arrays that are larger than what the file holds, before any is made."""
    members = archive.infolist()
    if any(m.compress_type != zipfile.ZIP_STORED for m in members):
        raise ValueError("compressed")
    if sum(m.file_size for m in members) > size:
        raise ValueError("more numbers than bytes")
    for member in members:
        with archive.open(member) as file:
            read_header = _HEADERS[np.lib.format.read_magic(file)]
            shape, _, dtype = read_header(file)
            needed = math.prod(shape) * dtype.itemsize
            if file.tell() + needed != member.file_size:
                raise ValueError(
                    f"{member.filename}: the size is not that of {shape}"
                )


def _digest(arrays: Mapping[str, Array]) -> str:
    """Hash names, dtypes, shapes and numbers."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(
            f"{name} {array.dtype.str} {array.shape}\n".encode()
        )
        digest.update(array.tobytes())
    return digest.hexdigest()
