"""Build the files in cnnbook/data from the four original files of MNIST."""

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np

from cnnbook import mnist
from cnnbook.files import replacing
from cnnbook.idx import IMAGES_MAGIC, LABELS_MAGIC, Bytes
from cnnbook.known_files import KnownFile, unpack, verified

Arrays = dict[str, Bytes]


def main() -> int:
    """Build the files, or compare what would be built with the files that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the four original .gz files are")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with status 1 if a file in the package has other content",
    )
    arguments = parser.parse_args()
    try:
        built = build(read_originals(arguments.folder))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if arguments.check:
        return max([compare(known, content) for known, content in built.items()])
    for known, content in built.items():
        with replacing(path_of(known)) as file:
            file.write(gzip.compress(content, mtime=0))
        print(f"wrote {path_of(known).name}, {path_of(known).stat().st_size:,} bytes")
    return 0


def path_of(known: KnownFile) -> Path:
    """Say where the package keeps a file."""
    return mnist.DATA / f"{known.name}.gz"


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
    """Keep the zeros and ones, and the first test images of each other digit, in their order."""
    built = {}
    for key, known in mnist.ZERO_ONE.items():
        part = key.split("_")[0]
        built[known] = as_idx(arrays[key][np.isin(arrays[f"{part}_labels"], (0, 1))])
    labels = arrays["test_labels"]
    chosen = [np.flatnonzero(labels == digit)[: mnist.OTHERS_PER_DIGIT] for digit in range(2, 10)]
    kept = np.sort(np.concatenate(chosen))
    for key, known in mnist.OTHERS.items():
        built[known] = as_idx(arrays[f"test_{key}"][kept])
    return built


def as_idx(array: Bytes) -> bytes:
    """Write images or labels in MNIST's own format, which `parse_idx` reads."""
    magic = LABELS_MAGIC if array.ndim == 1 else IMAGES_MAGIC
    header = [size.to_bytes(4, "big") for size in (magic, *array.shape)]
    return b"".join(header) + array.tobytes()


def compare(known: KnownFile, content: bytes) -> int:
    """Say whether a file in the package has the content that was built from the originals."""
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
