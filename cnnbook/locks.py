"""Chapter 11: one writer at a time."""

import contextlib
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

LOCK = ".lock"


@contextmanager
def holding(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a folder, so that nobody else who asks for it in this way writes into it.

    The lock is the operating system's: it ends with the process that holds it, killed or not.

    Parameters
    ----------
    folder : path-like
        The folder, which must exist. It contains a file ``.lock`` meanwhile.

    Yields
    ------
    None
        While the folder is held.

    Raises
    ------
    BlockingIOError
        If another process, or another thread of this one, holds it.
    OSError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, holding(folder):
    ...     try:
    ...         with holding(folder):
    ...             pass
    ...     except BlockingIOError as error:
    ...         print(str(error).replace(folder, "FOLDER"))
    FOLDER: expected a folder that nobody writes into; another process does
    """
    path = Path(folder) / LOCK
    file = _opened(path)
    try:
        yield
    finally:
        _remove(path, file)


def _opened(path: Path) -> IO[bytes]:
    """Open the file that is the lock, and lock it."""
    while True:
        file = path.open("ab")
        try:
            _lock(file.fileno())
            # Whoever held it before may have removed it in between.
            if _is_at(path, file):
                return file
        except (BlockingIOError, PermissionError):
            file.close()
            raise BlockingIOError(
                f"{path.parent}: expected a folder that nobody writes "
                "into; another process does"
            ) from None
        except BaseException:
            file.close()
            raise
        file.close()


def _lock(handle: int) -> None:
    """Take the system's lock of an open file, or fail at once."""
    if os.name == "nt":
        windows: Any = importlib.import_module("msvcrt")
        windows.locking(handle, windows.LK_NBLCK, 1)
    else:
        unix: Any = importlib.import_module("fcntl")
        unix.flock(handle, unix.LOCK_EX | unix.LOCK_NB)


def _is_at(path: Path, file: IO[bytes]) -> bool:
    """Say whether the open file is the one of that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _remove(path: Path, file: IO[bytes]) -> None:
    """Remove the lock: on Unix while it is held, on Windows when nobody has it open."""
    with contextlib.suppress(OSError):
        path.unlink()
    file.close()
    if os.name == "nt":
        with contextlib.suppress(OSError):
            path.unlink()
