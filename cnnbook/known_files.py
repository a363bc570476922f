"""Chapter 10: files whose content is known beforehand, and how they are recognised."""

import hashlib
import zlib
from typing import NamedTuple


class KnownFile(NamedTuple):
    """A file that is recognised by its content.

    Attributes
    ----------
    name : str
        Its name in the cache; mirrors offer it as ``name + ".gz"``.
    size : int
        Its length in bytes once decompressed.
    sha256 : str
        The SHA-256 of the decompressed bytes, 64 hexadecimal digits.
    """

    name: str
    size: int
    sha256: str


def unpack(body: bytes, known: KnownFile) -> bytes:
    """Decompress what a mirror sent, but never more than the file is known to hold.

    Parameters
    ----------
    body : bytes
        The answer of a server: gzip, one hopes.
    known : KnownFile
        What it should contain.

    Returns
    -------
    bytes
        The decompressed content, verified.

    Raises
    ------
    ValueError
        If ``body`` is not gzip, is incomplete, or contains something else.
    """
    if body.startswith(b"\x1f\x8b"):  # as every gzip file begins
        return verified(_decompress(body, known.size + 1), known)
    if len(body) == known.size:
        # Some servers declare the .gz as an encoding of the transfer,
        # which the client undoes.
        return verified(body, known)
    raise ValueError(
        "an HTML page, not gzip"
        if body.lstrip().startswith(b"<")
        else "not gzip"
    )


def verified(content: bytes, known: KnownFile) -> bytes:
    """Return ``content`` if it is, byte for byte, that of the known file.

    Parameters
    ----------
    content : bytes
        Decompressed bytes.
    known : KnownFile
        What they should be.

    Returns
    -------
    bytes
        ``content`` itself.

    Raises
    ------
    ValueError
        If it is shorter, longer or different.
    """
    if len(content) < known.size:
        raise ValueError(
            f"truncated: {len(content):,} of {known.size:,} bytes"
        )
    if len(content) > known.size:
        raise ValueError(
            f"longer than the expected {known.size:,} bytes"
        )
    found = hashlib.sha256(content).hexdigest()
    if found != known.sha256:
        raise ValueError(
            f"wrong content: expected SHA-256 {known.sha256[:12]}..., "
            f"got {found[:12]}..."
        )
    return content


def _decompress(body: bytes, limit: int) -> bytes:
    """Undo gzip up to ``limit`` bytes: a small body can stand for gigabytes."""
    # 31: the gzip format, its checksum included.
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(body, limit)
    except zlib.error as error:
        raise ValueError(f"damaged gzip ({error})") from error
    if not unpacker.eof and len(content) < limit:
        raise ValueError("truncated: the gzip data break off")
    return content
