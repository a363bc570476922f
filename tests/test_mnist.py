"""The embedded zeros and ones, and all of MNIST."""

import hashlib
import inspect
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from cnnbook import mnist
from cnnbook.download import check_mirrors
from cnnbook.known_files import KnownFile
from scripts.held_out import load_held_out
from tests import mirror
from tests.cases import assert_same
from tests.mirror import Request, serving

MIRROR_FOLDER = os.environ.get("CNNBOOK_MNIST_MIRROR_FOLDER")


@pytest.fixture(scope="module")
def whole() -> mnist.Split:
    return mnist.load_zero_one()


def test_embedded_set_has_every_zero_and_one(whole: mnist.Split) -> None:
    assert whole._fields == ("train", "test")
    assert np.bincount(whole.train[1]).tolist() == [5923, 6742]
    assert np.bincount(whole.test[1]).tolist() == [980, 1135]
    assert sum(len(labels) for _, labels in whole) == 14_780


def test_embedded_images_are_scaled_and_have_an_axis_of_channels(whole: mnist.Split) -> None:
    stored = mnist.read_embedded(mnist.ZERO_ONE)
    for part, (images, labels) in whole._asdict().items():
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        assert images.shape == (len(labels), 1, 28, 28)
        assert (images.min(), images.max()) == (0, 1)
        assert images.flags.c_contiguous
        assert images.flags.writeable
        exact = stored[f"{part}_images"].reshape(-1, 1, 28, 28) / 255
        np.testing.assert_array_equal(images, exact.astype(np.float32))


def test_images_show_the_digit_that_the_label_says(whole: mnist.Split) -> None:
    """A one has ink in the middle, a zero around it: labels in another order would not fit."""
    for images, labels in whole:
        middle = images[:, 0, 12:16, 12:16].mean((1, 2))
        assert ((middle > 0.3) == (labels == 1)).mean() > 0.95


def test_embedded_order_is_not_sorted(whole: mnist.Split) -> None:
    assert whole.train[1][:12].tolist() == [0, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0]
    assert whole.test[1][:12].tolist() == [1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("limit", [1, 2, 7, 500, np.int64(5923)])
def test_limit_keeps_the_first_of_each_digit_in_order(whole: mnist.Split, limit: int) -> None:
    limited = mnist.load_zero_one(limit_per_class=limit)
    seen, kept = [0, 0], []
    for index, label in enumerate(whole.train[1]):
        seen[label] += 1
        if seen[label] <= limit:
            kept.append(index)
    assert np.bincount(limited.train[1]).tolist() == [limit, limit]
    assert_same(limited, mnist.Split((whole.train[0][kept], whole.train[1][kept]), whole.test))


@pytest.mark.parametrize(
    ("limit", "error", "message"),
    [
        (0, ValueError, "expected an integer of at least 1; got 0"),
        (-3, ValueError, "expected an integer of at least 1; got -3"),
        (5924, ValueError, "expected at most 5923, .*; got 5924"),
        (2.0, TypeError, "expected an integer; got 2.0"),
        (True, TypeError, "expected an integer; got True"),
        ("9", TypeError, "expected an integer; got '9'"),
    ],
)
def test_bad_limit_is_named(limit: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^limit_per_class: {message}"):
        mnist.load_zero_one(limit_per_class=limit)


def test_table_of_files_fits_the_names_and_counts_of_mnist() -> None:
    assert {key: known.name for key, known in mnist.FILES.items()} == mirror.NAMES
    assert {key: known.size for key, known in mnist.FILES.items()} == {
        "train_images": 16 + 60_000 * 28 * 28,
        "train_labels": 8 + 60_000,
        "test_images": 16 + 10_000 * 28 * 28,
        "test_labels": 8 + 10_000,
    }
    hashes = {known.sha256 for known in mnist.FILES.values()}
    assert sorted(len(bytes.fromhex(sha256)) for sha256 in hashes) == [32] * 4


def test_mirrors_are_several_and_the_default() -> None:
    check_mirrors(mnist.MIRRORS)
    assert len({urlsplit(address).hostname for address in mnist.MIRRORS}) >= 3
    assert inspect.signature(mnist.load_mnist).parameters["mirrors"].default is mnist.MIRRORS


def test_the_other_digits_are_real_ones() -> None:
    images, labels = mnist.load_other_digits()
    assert images.dtype == np.float32
    assert images.min() == 0
    assert images.max() == 1
    assert np.bincount(labels).tolist() == [0, 0, *[mnist.OTHERS_PER_DIGIT] * 8]
    # The middle of the stroke of the first test image of MNIST, a seven.
    assert (images[0, 0, 7, 6:22] * 255).round().astype(int).tolist() == [
        84, 185, 159, 151, 60, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def digits() -> mnist.Split:
    return mnist.load_digits()


def test_all_ten_digits_are_as_many_as_mnist_has(digits: mnist.Split) -> None:
    """The counts of the test set are those that LeCun's page and many others state."""
    (images, labels), (test_images, test_labels) = digits
    for array, dtype in ((images, np.float32), (test_images, np.float32)):
        assert (array.dtype, array.shape) == (dtype, (10_000, 1, 28, 28))
        assert (array.min(), array.max()) == (0, 1)
        assert array.flags.c_contiguous
        assert array.flags.writeable
    assert labels.dtype == test_labels.dtype == np.int64
    assert labels.flags.writeable
    assert labels[:12].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5]
    assert test_labels[:12].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6]
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(test_labels).tolist() == counts


def test_all_ten_digits_are_those_of_the_other_files(
    digits: mnist.Split, whole: mnist.Split
) -> None:
    """Two files that were checked before say which zeros, ones and others there are."""
    kept = mnist.select_digits(digits, (0, 1))
    count = len(kept.train[1])
    assert count == 1001 + 1127
    assert_same((kept.train,), ((whole.train[0][:count], whole.train[1][:count]),))
    assert_same((kept.test,), (whole.test,))
    others = mnist.select_digits(digits, range(2, 10)).test
    first = mnist.first_of_each_digit(others, mnist.OTHERS_PER_DIGIT)
    assert_same((first,), (mnist.load_other_digits(),))


@pytest.mark.parametrize("limit", [1, 863])
def test_limit_keeps_the_first_of_all_ten_digits(digits: mnist.Split, limit: int) -> None:
    limited = mnist.load_digits(limit)
    assert np.bincount(limited.train[1]).tolist() == [limit] * 10
    first = mnist.first_of_each_digit(digits.train, limit)
    assert_same(limited, (first, digits.test))


def test_a_bad_limit_for_ten_digits_is_named() -> None:
    with pytest.raises(ValueError, match="^limit_per_class: expected at most 863, .*; got 864"):
        mnist.load_digits(864)
    with pytest.raises(TypeError, match="^limit_per_class: expected an integer; got 'all'"):
        mnist.load_digits("all")  # type: ignore[arg-type]


needs_mnist = pytest.mark.skipif(
    MIRROR_FOLDER is None,
    reason="CNNBOOK_MNIST_MIRROR_FOLDER does not name a folder with MNIST's four .gz files",
)


@needs_mnist
def test_zeros_and_ones_of_all_of_mnist_are_the_embedded_ones(
    tmp_path: Path, whole: mnist.Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def original(request: Request) -> None:
        request.send((Path(str(MIRROR_FOLDER)) / request.path.rpartition("/")[2]).read_bytes())

    monkeypatch.setenv("NO_PROXY", "*")
    with serving({}, original) as server:
        split = mnist.load_mnist(tmp_path, [server.url])
    assert np.bincount(split.train[1]).sum() == 60_000
    assert np.bincount(split.test[1]).sum() == 10_000
    assert_same(mnist.select_digits(split, (0, 1)), whole)
    first = (split.train[0][:10_000], split.train[1][:10_000])
    assert_same(mnist.load_digits(), mnist.Split(first, split.test))
    last = (split.train[0][-10_000:], split.train[1][-10_000:])
    assert_same((load_held_out(),), (last,))
    assert_same(mnist.load_mnist(tmp_path, ["http://127.0.0.1:1/"]), split)


def test_an_idx_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(
        mnist,
        "FILES",
        {"train_images": KnownFile("some-file", 3, hashlib.sha256(b"abc").hexdigest())},
    )
    (tmp_path / "some-file").write_bytes(b"abc")
    with pytest.raises(ValueError, match="^some-file: expected the magic"):
        mnist.load_mnist(tmp_path)
