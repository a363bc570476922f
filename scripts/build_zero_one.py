"""Build the files in cnnbook/data from the four original files of MNIST."""

import argparse
import gzip
import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbook import data, mnist
from cnnbook.download import unpack
from cnnbook.files import DamagedFileError, replacing
from cnnbook.idx import IMAGES_MAGIC, LABELS_MAGIC

Arrays = dict[str, NDArray[np.uint8]]


def main() -> int:
    """Build the file, or compare what would be built with the file that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the four original .gz files are")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with status 1 if the file in the package has other content",
    )
    arguments = parser.parse_args()
    try:
        originals = read_originals(arguments.folder)
        built, others = zeros_and_ones(originals), other_digits(originals)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(f"built:   SHA-256 {data.content_sha256(built)}")
    if arguments.check:
        return compare_with_package(built) or compare_others(others)
    with replacing(data.ZERO_ONE_FILE) as file:
        file.write(compressed(built))
    for key, content in others.items():
        with replacing(mnist.OTHERS_FOLDER / f"{mnist.OTHERS[key].name}.gz") as file:
            file.write(gzip.compress(content, mtime=0))
    print(f"wrote {data.ZERO_ONE_FILE.name}, {data.ZERO_ONE_FILE.stat().st_size:,} bytes")
    return 0


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


def zeros_and_ones(arrays: Arrays) -> Arrays:
    """Keep the images of the digits 0 and 1 and their labels, in their old order."""
    kept = {part: np.isin(arrays[f"{part}_labels"], (0, 1)) for part in ("train", "test")}
    return {name: arrays[name][kept[name.split("_")[0]]] for name in data.ZERO_ONE_ARRAYS}


def other_digits(arrays: Arrays) -> dict[str, bytes]:
    """Keep the first test images of each digit from 2 to 9, in MNIST's own format."""
    labels = arrays["test_labels"]
    chosen = [np.flatnonzero(labels == digit)[: mnist.OTHERS_PER_DIGIT] for digit in range(2, 10)]
    kept = np.sort(np.concatenate(chosen))
    found = {}
    for key, magic in (("images", IMAGES_MAGIC), ("labels", LABELS_MAGIC)):
        array = arrays[f"test_{key}"][kept]
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        found[key] = magic.to_bytes(4, "big") + sizes + array.tobytes()
    return found


def compare_others(built: dict[str, bytes]) -> int:
    """Say whether the other digits in the package are those that were built."""
    try:
        images, labels = mnist.load_other_digits()
    except (DamagedFileError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    same = np.array_equal((images * 255).round(), mnist.parse_idx(built["images"], "")[:, None])
    same &= np.array_equal(labels, mnist.parse_idx(built["labels"], ""))
    print("other digits: the same" if same else "other digits: DIFFERENT")
    return 0 if same else 1


def compressed(arrays: Arrays) -> bytes:
    """Return the bytes of the .npz file; NumPy dates its entries 1980, so they never change."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        train_images=arrays["train_images"],
        train_labels=arrays["train_labels"],
        test_images=arrays["test_images"],
        test_labels=arrays["test_labels"],
    )
    return file.getvalue()


def compare_with_package(built: Arrays) -> int:
    """Say whether the file in the package has the content that was built from the originals."""
    try:
        shipped = data.read_zero_one()
    except (DamagedFileError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"package: SHA-256 {data.content_sha256(shipped)}")
    same = all(np.array_equal(built[name], shipped[name]) for name in data.ZERO_ONE_ARRAYS)
    print("the same content" if same else "DIFFERENT content")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
