"""Chapter 10: fetch a file whose content is known beforehand, from the first mirror that has it."""

import http.client
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pooch import HTTPDownloader, os_cache  # type: ignore[import-untyped]
from tqdm import tqdm

from cnnbook.files import replacing
from cnnbook.known_files import KnownFile, unpack, verified

TIMEOUT_SECONDS = 30.0  # of silence, before a mirror is given up


class DownloadError(OSError):
    """No mirror delivered a file. The message says what each did instead, and what to do."""


def fetch(
    known: KnownFile, folder: Path, mirrors: Sequence[str]
) -> bytes:
    """Return a file from the cache, or from the first mirror that delivers it intact.

    What a mirror sends stays in memory until it is verified. So an ``OSError`` while downloading
    is the network's, an ``OSError`` while saving is the disk's, and nothing unverified is saved.

    Parameters
    ----------
    known : KnownFile
        What to fetch.
    folder : Path
        The cache. It is created when there is something to put into it.
    mirrors : sequence of str
        Addresses of folders, in the order in which to try them.

    Returns
    -------
    bytes
        The decompressed content, verified.

    Raises
    ------
    DownloadError
        If no mirror delivers the file.
    OSError
        If the cache cannot be read or written to; further mirrors would not help.
    """
    path = folder / known.name
    failures = []
    # The caller may be handling an exception of its own.
    already_raised = sys.exception()
    try:
        return verified(_read(path, known.size + 1), known)
    except FileNotFoundError:
        pass
    except ValueError as error:
        failures.append(f"{path}: {error}")
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{known.name}.gz"
        try:
            content = unpack(_download(url, known), known)
        except (OSError, ValueError) as error:
            failures.append(f"{url}: {_reason(error, already_raised)}")
        else:
            _save(path, content)
            return content
    raise DownloadError(
        "\n  ".join([f"{known.name}: no intact copy found", *failures])
        + f"\nCheck the network and try again, or get {known.name}.gz elsewhere, "
        f"decompress it and save it as {path}"
    )


def cache_folder(cache_dir: str | os.PathLike[str] | None) -> Path:
    """Return the folder to keep downloads in.

    Parameters
    ----------
    cache_dir : str, Path or None
        The reader's choice; None stands for the operating system's place for such files.

    Returns
    -------
    Path
        The folder, which need not exist yet.

    Raises
    ------
    TypeError
        If ``cache_dir`` is something else.
    NotADirectoryError
        If it is a file.
    """
    if cache_dir is None:
        cache_dir = os_cache("cnnbook")
    if not isinstance(cache_dir, (str, os.PathLike)):
        raise TypeError(
            f"cache_dir: expected a folder as str or Path; got {cache_dir!r}"
        )
    folder = Path(cache_dir)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(
            f"cache_dir: expected a folder; got the file {folder}"
        )
    return folder


def check_mirrors(mirrors: Sequence[str]) -> None:
    """Refuse what is not a series of web addresses.

    Parameters
    ----------
    mirrors : sequence of str
        Addresses of folders, with ``https://`` or ``http://``.

    Raises
    ------
    TypeError
        If it is no sequence, or a bare string, which would be a sequence of letters.
    ValueError
        If there is none, or one of them is no such address.
    """
    if isinstance(mirrors, str) or not isinstance(mirrors, Sequence):
        raise TypeError(
            f"mirrors: expected a tuple of addresses; got {mirrors!r}"
        )
    if not mirrors:
        raise ValueError(
            "mirrors: expected at least one address; got none"
        )
    for mirror in mirrors:
        schemes = ("https://", "http://")
        if not isinstance(mirror, str) or not mirror.startswith(
            schemes
        ):
            raise ValueError(
                f"mirrors: expected http:// or https:// addresses; got {mirror!r}"
            )


def _read(path: Path, limit: int) -> bytes:
    """Read a file, but no more than ``limit`` bytes of it."""
    with path.open("rb") as file:
        return file.read(limit)


class _Memory:
    """A file in memory that a server cannot fill without end."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.content = bytearray()

    def write(self, chunk: bytes) -> None:
        """Append, and refuse what is longer than the file can be."""
        if len(self.content) + len(chunk) > self.limit:
            raise ValueError(
                f"more than {self.limit:,} bytes, too long for this file"
            )
        self.content += chunk

    def flush(self) -> None:
        """Do nothing: pooch asks for it after each chunk."""


def _download(url: str, known: KnownFile) -> bytes:
    """Return what a server sends, with a progress bar if somebody is looking."""
    # gzip shortens what it packs, save for a short header.
    memory = _Memory(known.size + 1024)
    with tqdm(
        total=known.size,
        desc=known.name,
        unit="B",
        unit_scale=True,
        disable=None,
    ) as bar:
        # pooch follows redirects, refuses error statuses and sets the
        # bar's total.
        download = HTTPDownloader(
            progressbar=bar, chunk_size=2**16, timeout=TIMEOUT_SECONDS
        )
        download(url, memory, pooch=None)
    return bytes(memory.content)


def _reason(
    error: BaseException, already_raised: BaseException | None
) -> str:
    """Say why a download failed, in the words of the innermost of the chained exceptions."""
    # What came was not what was expected.
    if isinstance(error, ValueError):
        return str(error)
    response = getattr(error, "response", None)
    if response is not None and response.status_code >= 400:
        return f"status {response.status_code} {response.reason}"
    ends = (None, already_raised)
    while (inner := error.__cause__ or error.__context__) not in ends:
        error = inner
    if isinstance(error, TimeoutError):
        return f"stalled for {TIMEOUT_SECONDS:g} s"
    if isinstance(error, http.client.IncompleteRead):
        return "truncated: the connection was closed too early"
    return (
        getattr(error, "strerror", None)
        or str(error)
        or type(error).__name__
    )


def _save(path: Path, content: bytes) -> None:
    """Put a verified file into the cache, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        because = (
            f"cannot save a downloaded file: {error.strerror or error}"
        )
        raise OSError(error.errno, because, str(path)) from error
