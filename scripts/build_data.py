"""Build the files in cnnbook/data and scripts/data from the four original files of MNIST."""

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np

from cnnbook import mnist
from cnnbook.files import replacing
from cnnbook.idx import IMAGES_MAGIC, LABELS_MAGIC, Bytes
from cnnbook.known_files import KnownFile, unpack, verified
from scripts import held_out

Arrays = dict[str, Bytes]


def main() -> int:
    """Build the files, or compare what would be built with the files that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the four original .gz files are")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with status 1 if one of the files has other content",
    )
    arguments = parser.parse_args()
    try:
        built = build(read_originals(arguments.folder))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if arguments.check:
        return max([compare(known, content) for known, content in built.items()])
    for known, content in built.items():
        path = path_of(known)
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as file:
            file.write(gzip.compress(content, mtime=0))
        print(f"wrote {path.name}, {path.stat().st_size:,} bytes")
    return 0


def path_of(known: KnownFile) -> Path:
    """Say where a file is kept: in the package, but for what only scripts read."""
    folder = held_out.DATA if known.name == held_out.HELD_OUT.name else mnist.DATA
    return folder / f"{known.name}.gz"


def read_originals(folder: Path) -> Arrays:
    """Read and verify the four files as they are offered for download."""
    arrays = {}
    for key, known in mnist.FILES.items():
        path = folder / f"{known.name}.gz"
        try:
            content = unpack(path.read_bytes(), known)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        arrays[key] = mnist.parse_idx(content, known.name)
    return arrays


def build(arrays: Arrays) -> dict[KnownFile, bytes]:
    """Choose the images of each file. They keep their order."""
    return {**zeros_and_ones(arrays), **others(arrays), **all_ten(arrays)}


def zeros_and_ones(arrays: Arrays) -> dict[KnownFile, bytes]:
    """Keep every zero and every one, in four files as MNIST has them."""
    built = {}
    for key, known in mnist.ZERO_ONE.items():
        part = key.split("_")[0]
        built[known] = as_idx(arrays[key][np.isin(arrays[f"{part}_labels"], (0, 1))])
    return built


def others(arrays: Arrays) -> dict[KnownFile, bytes]:
    """Keep the first test images of each digit from 2 to 9."""
    labels = arrays["test_labels"]
    chosen = [np.flatnonzero(labels == digit)[: mnist.OTHERS_PER_DIGIT] for digit in range(2, 10)]
    kept = np.sort(np.concatenate(chosen))
    return {known: as_idx(arrays[f"test_{key}"][kept]) for key, known in mnist.OTHERS.items()}


def all_ten(arrays: Arrays) -> dict[KnownFile, bytes]:
    """Keep the first training images and all test images in a file, the last ones in another."""
    images, labels = arrays["train_images"], arrays["train_labels"]
    first, last = slice(mnist.EMBEDDED), slice(-held_out.COUNT, None)
    return {
        mnist.DIGITS: (
            as_idx(np.concatenate([images[first], arrays["test_images"]]))
            + as_idx(np.concatenate([labels[first], arrays["test_labels"]]))
        ),
        held_out.HELD_OUT: as_idx(images[last]) + as_idx(labels[last]),
    }


def as_idx(array: Bytes) -> bytes:
    """Write images or labels in MNIST's own format, which `parse_idx` reads."""
    magic = LABELS_MAGIC if array.ndim == 1 else IMAGES_MAGIC
    header = [size.to_bytes(4, "big") for size in (magic, *array.shape)]
    return b"".join(header) + array.tobytes()


def compare(known: KnownFile, content: bytes) -> int:
    """Say whether a file that is kept has the content that was built from the originals."""
    path = path_of(known)
    try:
        verified(content, known)
    except ValueError as error:
        print(f"{path.name}: DIFFERENT content ({error})")
        return 1
    try:
        unpack(path.read_bytes(), known)
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    print(f"{path.name}: the same content, SHA-256 {known.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
