"""Chapter 10: IDX, the file format of MNIST, byte by byte."""

import math
import struct

import numpy as np
from numpy.typing import NDArray

IMAGES_MAGIC = 0x00000803
LABELS_MAGIC = 0x00000801

Bytes = NDArray[np.uint8]


def parse_idx(content: bytes, name: str) -> Bytes:
    r"""Read MNIST's own file format, IDX: a magic number, the size of each axis, and the entries.

    All sizes are integers of four bytes, the most significant byte first. The entries are single
    bytes, in the order of a C array. The last byte of the magic number counts the axes.

    Parameters
    ----------
    content : bytes
        The decompressed file.
    name : str
        What to call it in an error message.

    Returns
    -------
    np.ndarray of shape (N, H, W) or (N,)
        Images or labels, uint8: a read-only view of ``content``.

    Raises
    ------
    TypeError
        If ``content`` is not bytes.
    ValueError
        If it does not have this format.

    Examples
    --------
    Two labels, then one image of two rows and three columns:

    >>> parse_idx(b"\x00\x00\x08\x01" b"\x00\x00\x00\x02" b"\x07\x01", "labels")
    array([7, 1], dtype=uint8)
    >>> sizes = b"\x00\x00\x00\x01" b"\x00\x00\x00\x02" b"\x00\x00\x00\x03"
    >>> parse_idx(b"\x00\x00\x08\x03" + sizes + b"\x00\x80\xff\x00\x00\x09", "images")
    array([[[  0, 128, 255],
            [  0,   0,   9]]], dtype=uint8)
    """
    if not isinstance(content, bytes):
        raise TypeError(
            f"content: expected bytes; got {type(content).__name__}"
        )
    magic = int.from_bytes(content[:4], "big")
    if magic not in (IMAGES_MAGIC, LABELS_MAGIC):
        raise ValueError(
            f"{name}: expected the magic number 00 00 08 03 (images) "
            f"or 00 00 08 01 (labels); got {_first_bytes(content)}"
        )
    axes = magic & 0xFF
    # Of the entries: the magic number and the sizes come first.
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(
            f"{name}: expected a header of {start} bytes; "
            f"got {len(content)}"
        )
    # @eq-big-endian
    shape = struct.unpack(f">{axes}I", content[4:start])
    if 0 in shape:
        raise ValueError(
            f"{name}: expected no empty axis; got shape {shape}"
        )
    if len(content) != start + math.prod(shape):
        raise ValueError(
            f"{name}: expected {math.prod(shape):,} entries for shape "
            f"{shape}; got {len(content) - start:,}"
        )
    # @eq-idx-place: the entries in row-major order, after the header.
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _first_bytes(content: bytes) -> str:
    """Show how a file begins, and say what begins like that."""
    shown = content[:4].hex(" ") or "an empty file"
    if content.startswith(b"\x1f\x8b"):
        return (
            f"{shown}, as gzip begins: decompress it first "
            "(gzip.decompress)"
        )
    if content.lstrip().startswith(b"<"):
        return f"{shown}, an HTML page"
    return shown
