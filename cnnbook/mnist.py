"""Chapter 10: the images that come with this package, and all of MNIST."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbook.files import DamagedFileError
from cnnbook.idx import Bytes, parse_idx
from cnnbook.known_files import KnownFile, unpack
from cnnbook.samples import (
    Samples,
    Split,
    first_of_each_digit,
    one_hot,
    select_digits,
)

__all__ = [
    "FILES",
    "MIRRORS",
    "Samples",
    "Split",
    "first_of_each_digit",
    "load_digits",
    "load_mnist",
    "load_other_digits",
    "load_zero_one",
    "one_hot",
    "parse_idx",
    "select_digits",
]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)

# The shortest first: a cache that cannot be written to is then noticed
# before the long downloads.
FILES = {
    "test_labels": KnownFile(
        "t10k-labels-idx1-ubyte",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "train_labels": KnownFile(
        "train-labels-idx1-ubyte",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test_images": KnownFile(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "train_images": KnownFile(
        "train-images-idx3-ubyte",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
}

# The files that are part of this package.
DATA = Path(__file__).with_name("data")

ZERO_ONE = {
    "train_images": KnownFile(
        "zero-one-train-images-idx3-ubyte",
        9_929_376,
        "482e60888de7fa7ee006fef795764c059594ad61bc5376d601e04ae92a1b2081",
    ),
    "train_labels": KnownFile(
        "zero-one-train-labels-idx1-ubyte",
        12_673,
        "74725c932888a926132f07f349b7fba6a5d33dff14d8f28b77f14351c19a9840",
    ),
    "test_images": KnownFile(
        "zero-one-test-images-idx3-ubyte",
        1_658_176,
        "ab2d98bd6cc310374ba0c91593030014043a66031b5e5fea29ca2e844fbf6905",
    ),
    "test_labels": KnownFile(
        "zero-one-test-labels-idx1-ubyte",
        2_123,
        "0fd740eac9f45ca4f4e28c0d149bc49ffb64d7447936d786de33fad4e7629dd0",
    ),
}

# For chapter 12: what the network says about digits that it has never
# seen.
OTHERS_PER_DIGIT = 25
OTHERS = {
    "images": KnownFile(
        "other-images-idx3-ubyte",
        156_816,
        "1f1033df13854dcac029d94c09499c65f263d24caab10ee3316935b0d1e252d5",
    ),
    "labels": KnownFile(
        "other-labels-idx1-ubyte",
        208,
        "910456cea24eec1196411061c5a02c55d5a113406d5f3904d8dc3496898b28c4",
    ),
}

# All ten digits in one file: the first training images, all test
# images, and then the labels of both.
EMBEDDED = 10_000
DIGITS = KnownFile(
    "digits-idx3-idx1-ubyte",
    15_700_024,
    "cb1376354cc4ed92b624aa5386f83f7905be9c613ad6e0be6d2f0e28749c41af",
)


def load_zero_one(limit_per_class: int | None = None) -> Split:
    """Load every zero and every one of MNIST from files that are part of this package.

    These are 12,665 training images (5,923 zeros, 6,742 ones) and 2,115 test images (980 and
    1,135), in the order in which MNIST has them.

    Parameters
    ----------
    limit_per_class : int, optional
        How many training images of each digit to keep: the first ones, in their old order. The
        test images always stay all, because a score on few images would be a noisy one.

    Returns
    -------
    Split
        Images and labels; the label of an image is its digit, 0 or 1.

    Raises
    ------
    TypeError
        If ``limit_per_class`` is not an integer.
    ValueError
        If it is not positive, or exceeds the number of zeros or of ones.
    DamagedFileError
        If a file is not, byte for byte, the published one.
    FileNotFoundError
        If it is missing.

    Examples
    --------
    >>> train, test = load_zero_one(limit_per_class=100)
    >>> images, labels = train
    >>> images.shape, images.dtype, np.bincount(labels).tolist()
    ((200, 1, 28, 28), dtype('float32'), [100, 100])
    >>> len(test[1])
    2115
    """
    train, test = _as_split(read_embedded(ZERO_ONE))
    if limit_per_class is not None:
        train = first_of_each_digit(train, limit_per_class)
    return Split(train, test)


def load_other_digits() -> Samples:
    """Load two hundred images of the digits 2 to 9 from files that are part of this package.

    They are the first 25 test images of each, in the order in which MNIST has them.

    Returns
    -------
    (np.ndarray of shape (200, 1, 28, 28), np.ndarray of shape (200,))
        Images, float32 in [0, 1], and their digits, int64.

    Raises
    ------
    DamagedFileError
        If a file is not, byte for byte, the published one.
    FileNotFoundError
        If it is missing.

    Examples
    --------
    >>> images, labels = load_other_digits()
    >>> images.shape, labels[:5].tolist(), np.bincount(labels).tolist()
    ((200, 1, 28, 28), [7, 2, 4, 4, 9], [0, 0, 25, 25, 25, 25, 25, 25, 25, 25])
    """
    arrays = read_embedded(OTHERS)
    return as_samples(arrays["images"], arrays["labels"])


def load_digits(limit_per_class: int | None = None) -> Split:
    """Load 20,000 images of all ten digits from a file that is part of this package.

    They are the first 10,000 training images of MNIST and its 10,000 test images, in the order in
    which MNIST has them. `load_mnist` has the other 50,000.

    Parameters
    ----------
    limit_per_class : int, optional
        How many training images of each digit to keep: the first ones, in their old order. The
        test images always stay all.

    Returns
    -------
    Split
        Images and labels; the label of an image is its digit, 0 to 9.

    Raises
    ------
    TypeError
        If ``limit_per_class`` is not an integer.
    ValueError
        If it is not positive, or exceeds 863, which is how many fives there are.
    DamagedFileError
        If the file is not, byte for byte, the published one.
    FileNotFoundError
        If it is missing.

    Examples
    --------
    >>> train, test = load_digits()
    >>> images, labels = train
    >>> images.shape, images.dtype, labels[:8].tolist()
    ((10000, 1, 28, 28), dtype('float32'), [5, 0, 4, 1, 9, 2, 1, 3])
    >>> np.bincount(labels).tolist()
    [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    >>> len(test[1]), len(load_digits(limit_per_class=50).train[1])
    (10000, 500)
    """
    images, labels = read_together(DATA / f"{DIGITS.name}.gz", DIGITS)
    train = as_samples(images[:EMBEDDED], labels[:EMBEDDED])
    test = as_samples(images[EMBEDDED:], labels[EMBEDDED:])
    if limit_per_class is not None:
        train = first_of_each_digit(train, limit_per_class)
    return Split(train, test)


def read_embedded(files: Mapping[str, KnownFile]) -> dict[str, Bytes]:
    """Read files that are part of this package, as they are stored, and verify them.

    Parameters
    ----------
    files : mapping of str to KnownFile
        ``ZERO_ONE``, whose keys are ``train_images``, ``train_labels``, ``test_images`` and
        ``test_labels``; or ``OTHERS``.

    Returns
    -------
    dict of str to np.ndarray
        Under the same keys, images of shape (N, 28, 28) or labels of shape (N,), uint8.

    Raises
    ------
    DamagedFileError
        If a file is not, byte for byte, the published one.
    FileNotFoundError
        If it is missing.
    """
    return {
        key: parse_idx(
            _read_known(DATA / f"{known.name}.gz", known), known.name
        )
        for key, known in files.items()
    }


def read_together(
    path: Path, known: KnownFile, remedy: str = "reinstall cnnbook"
) -> tuple[Bytes, Bytes]:
    """Read a file that holds images and, right after them, their labels, and verify it.

    Parameters
    ----------
    path : Path
        The file: gzip of both in the format IDX.
    known : KnownFile
        What it should contain; `DIGITS`, for one.
    remedy : str
        What an error message advises where it is another one, or none.

    Returns
    -------
    (np.ndarray of shape (N, 28, 28), np.ndarray of shape (N,))
        Images and labels as they are stored, uint8.

    Raises
    ------
    DamagedFileError
        If the file is not, byte for byte, the known one.
    FileNotFoundError
        If it is missing.
    """
    content = _read_known(path, known, remedy)
    # The second number of the header counts the images.
    count = int.from_bytes(content[4:8], "big")
    end = 16 + count * 28 * 28
    return (
        parse_idx(content[:end], known.name),
        parse_idx(content[end:], known.name),
    )


def _read_known(
    path: Path, known: KnownFile, remedy: str = "reinstall cnnbook"
) -> bytes:
    """Decompress a file that must be there and be the known one."""
    try:
        return unpack(path.read_bytes(), known)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path}: not found; {remedy}"
        ) from None
    except ValueError as error:
        raise DamagedFileError(
            f"{path}: damaged ({error}); {remedy}"
        ) from error


def load_mnist(
    cache_dir: str | os.PathLike[str] | None = None,
    mirrors: Sequence[str] = MIRRORS,
) -> Split:
    """Load all of MNIST, downloading it (12 MB) when the cache does not hold it.

    Parameters
    ----------
    cache_dir : str or Path, optional
        Where the four files, decompressed, are kept (55 MB); by default the folder that the
        operating system sets aside for such things. They are verified each time they are read.
    mirrors : sequence of str
        Addresses of folders with the four files, compressed, in the order in which to try them.

    Returns
    -------
    Split
        60,000 training and 10,000 test images with their digits, 0 to 9.

    Raises
    ------
    TypeError, ValueError
        If an argument is unusable.
    DownloadError
        If no mirror delivers a file intact; the message lists what each of them did instead.
    OSError
        If the cache cannot be read or written to.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
       document recognition", Proceedings of the IEEE 86 (11), 1998,
       https://doi.org/10.1109/5.726791.
    """
    # Nothing else here needs the network, or what it takes to use it.
    from cnnbook.download import (  # noqa: PLC0415
        cache_folder,
        check_mirrors,
        fetch,
    )

    folder = cache_folder(cache_dir)
    check_mirrors(mirrors)
    return _as_split(
        {
            key: parse_idx(fetch(known, folder, mirrors), known.name)
            for key, known in FILES.items()
        }
    )


def as_samples(images: Bytes, labels: Bytes) -> Samples:
    """Turn images and labels as they are stored into samples.

    Parameters
    ----------
    images : np.ndarray of shape (N, 28, 28)
        From 0 (background) to 255 (ink), uint8.
    labels : np.ndarray of shape (N,)
        Their digits, uint8.

    Returns
    -------
    (np.ndarray of shape (N, 1, 28, 28), np.ndarray of shape (N,))
        Images, float32 in [0, 1], and their digits, int64.

    Examples
    --------
    >>> images = np.array([[[0, 51], [255, 102]]], np.uint8)
    >>> as_samples(images, np.array([7], np.uint8))[0]
    array([[[[0. , 0.2],
             [1. , 0.4]]]], dtype=float32)
    """
    return _scaled(images), labels.astype(np.int64)


def _as_split(arrays: Mapping[str, Bytes]) -> Split:
    """Turn images and labels of both parts into samples."""
    train, test = (
        as_samples(arrays[f"{part}_images"], arrays[f"{part}_labels"])
        for part in ("train", "test")
    )
    return Split(train, test)


def _scaled(images: Bytes) -> NDArray[np.float32]:
    """Scale images to [0, 1], @eq-scale, and give them the axis of channels."""
    return np.divide(images[:, np.newaxis], 255, dtype=np.float32)
