"""The zeros and ones of MNIST that come with this package; README.md says where they are from."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbook.files import DamagedFileError

ZERO_ONE_FILE = Path(__file__).with_name("zero_one.npz")
ZERO_ONE_SHA256 = (
    "25fce0680ecb400be5603a48f5e044c7608cd99f735802f88bbe8d2b4dba0034"
)
ZERO_ONE_ARRAYS = (
    "train_images",
    "train_labels",
    "test_images",
    "test_labels",
)


def read_zero_one() -> dict[str, NDArray[np.uint8]]:
    """Read the stored images and labels, and verify them.

    Returns
    -------
    dict of str to np.ndarray
        ``train_images`` and ``test_images``, uint8 of shape (N, 28, 28); ``train_labels`` and
        ``test_labels``, uint8 of shape (N,).

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    DamagedFileError
        If it is not, number for number, the published one.
    """
    try:
        # From memory, so that no error can leave the file open.
        with np.load(
            io.BytesIO(ZERO_ONE_FILE.read_bytes()), allow_pickle=False
        ) as archive:
            arrays = {name: archive[name] for name in ZERO_ONE_ARRAYS}
        found = content_sha256(arrays)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{ZERO_ONE_FILE}: not found; reinstall cnnbook"
        ) from None
    # zipfile and NumPy raise a dozen types at damaged bytes.
    except Exception as error:
        raise DamagedFileError(
            f"{ZERO_ONE_FILE}: damaged ({error}); reinstall cnnbook"
        ) from error
    if found != ZERO_ONE_SHA256:
        raise DamagedFileError(
            f"{ZERO_ONE_FILE}: damaged (expected the content with SHA-256 "
            f"{ZERO_ONE_SHA256[:12]}..., got {found[:12]}...); reinstall cnnbook"
        )
    return arrays


def content_sha256(arrays: Mapping[str, NDArray[np.uint8]]) -> str:
    """Hash the four arrays themselves, so that it does not matter how a file compresses them.

    Parameters
    ----------
    arrays : mapping of str to np.ndarray
        What `read_zero_one` returns.

    Returns
    -------
    str
        The SHA-256 over name, data type, shape and bytes of each array, in the order of
        ``ZERO_ONE_ARRAYS``.
    """
    digest = hashlib.sha256()
    for name in ZERO_ONE_ARRAYS:
        array = arrays[name]
        digest.update(
            f"{name} {array.dtype.str} {array.shape}\n".encode()
        )
        digest.update(array.tobytes())
    return digest.hexdigest()
