"""The embedded zeros and ones, the IDX format, and the helpers for digits and labels."""

import gzip
import hashlib
import importlib.util
import inspect
import io
import os
import pickle
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnbook import data, mnist
from cnnbook.download import check_mirrors
from cnnbook.files import DamagedFileError
from tests import mirror
from tests.mirror import Request, serving

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "build_zero_one.py"
MIRROR_FOLDER = os.environ.get("CNNBOOK_MNIST_MIRROR_FOLDER")


@pytest.fixture(scope="module")
def whole() -> mnist.Split:
    return mnist.load_zero_one()


def assert_same(one: mnist.Split, other: mnist.Split) -> None:
    """Compare two splits byte for byte."""
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = []
    for mine, yours in zip(one, other, strict=True):
        pairs += [(mine[0], yours[0]), (mine[1], yours[1])]
    for array, expected in pairs:
        assert array.dtype == expected.dtype
        assert array.shape == expected.shape
        assert array.tobytes() == expected.tobytes()


def test_embedded_set_has_every_zero_and_one(whole: mnist.Split) -> None:
    assert whole._fields == ("train", "test")
    assert np.bincount(whole.train[1]).tolist() == [5923, 6742]
    assert np.bincount(whole.test[1]).tolist() == [980, 1135]
    assert sum(len(labels) for _, labels in whole) == 14_780


def test_embedded_images_are_scaled_and_have_an_axis_of_channels(whole: mnist.Split) -> None:
    stored = data.read_zero_one()
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


def npz(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def altered(name: str, change: Callable[[NDArray[np.uint8]], NDArray[Any]]) -> bytes:
    """Return a sound .npz file in which one of the four arrays differs."""
    arrays: dict[str, NDArray[Any]] = dict(data.read_zero_one())
    arrays[name] = change(arrays[name])
    return npz(**arrays)


def with_one_more(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    copy = array.copy()
    copy.flat[-1] += 1
    return copy


class Trap:
    """An object that creates a file when it is unpickled."""

    path = ""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.mkdir, (self.path,)  # type: ignore[return-value]


BROKEN: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "cut in half": lambda: data.ZERO_ONE_FILE.read_bytes()[: 2**20],
    "last byte missing": lambda: data.ZERO_ONE_FILE.read_bytes()[:-1],
    "a text": lambda: b"version https://git-lfs.github.com/spec/v1\n",
    "a bare array": lambda: npy(np.arange(3)),
    "a pickle": lambda: pickle.dumps([1, 2]),
    "other arrays": lambda: npz(images=np.zeros(3)),
    "one array missing": lambda: npz(
        **{key: value for key, value in data.read_zero_one().items() if key != "test_labels"}
    ),
    "objects": lambda: altered("test_labels", lambda array: array.astype(object)),
    "one pixel": lambda: altered("train_images", with_one_more),
    "one label": lambda: altered("test_labels", with_one_more),
    "another dtype": lambda: altered("train_labels", lambda array: array.astype(np.int8)),
    "another shape": lambda: altered("test_images", lambda array: array.reshape(-1, 784)),
    "swapped parts": lambda: altered(
        "test_images", lambda array: data.read_zero_one()["train_images"]
    ),
}


def npy(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the embedded file that `load_zero_one` reads in its place."""
    path = tmp_path / "copy.npz"
    path.write_bytes(data.ZERO_ONE_FILE.read_bytes())
    monkeypatch.setattr(data, "ZERO_ONE_FILE", path)
    return path


@pytest.mark.parametrize("broken", BROKEN)
def test_damaged_embedded_file_is_refused_by_name(copy: Path, broken: str) -> None:
    copy.write_bytes(BROKEN[broken]())
    with pytest.raises(DamagedFileError) as caught:
        mnist.load_zero_one()
    assert str(caught.value).startswith(f"{copy}: damaged (")
    assert str(caught.value).endswith("; reinstall cnnbook")


def test_embedded_file_with_flipped_bytes_is_refused(copy: Path, whole: mnist.Split) -> None:
    """Flip one byte in many places: the file is refused, or the byte meant nothing (a date)."""
    sound = copy.read_bytes()
    rng = np.random.default_rng(0)
    ends = [*range(0, 100, 9), *range(len(sound) - 100, len(sound), 9)]
    refused = 0
    for position in [*rng.integers(len(sound), size=8), *ends]:
        damaged = bytearray(sound)
        damaged[position] ^= 0xFF
        copy.write_bytes(damaged)
        try:
            split = mnist.load_zero_one()
        except DamagedFileError as error:
            assert str(error).startswith(f"{copy}: damaged (")
            refused += 1
        else:
            assert_same(split, whole)
    assert refused > 20


def test_pickled_objects_are_never_run(copy: Path, tmp_path: Path) -> None:
    Trap.path = str(tmp_path / "sprung")
    trap = np.array([Trap()], dtype=object)
    copy.write_bytes(npz(train_images=trap, train_labels=trap, test_images=trap, test_labels=trap))
    with pytest.raises(DamagedFileError, match="allow_pickle=False"):
        mnist.load_zero_one()
    assert not Path(Trap.path).exists()


def test_missing_embedded_file_is_named(copy: Path) -> None:
    copy.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        mnist.load_zero_one()
    assert str(caught.value) == f"{copy}: not found; reinstall cnnbook"


def test_embedded_file_compressed_in_another_way_is_accepted(
    copy: Path, whole: mnist.Split
) -> None:
    arrays = data.read_zero_one()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as archive:
        for name, array in reversed(arrays.items()):
            archive.writestr(f"{name}.npy", npy(array))
    assert_same(mnist.load_zero_one(), whole)


def test_readme_of_the_data_states_the_hash_and_the_counts() -> None:
    readme = data.ZERO_ONE_FILE.with_name("README.md").read_text(encoding="utf-8")
    assert data.ZERO_ONE_SHA256 in readme
    for count in ("14,780", "5,923", "6,742", "980", "1,135", "(12665, 28, 28)", "(2115, 28, 28)"):
        assert count in readme


def test_package_contains_the_embedded_file() -> None:
    """The wheel takes the folder as a whole, and nothing excludes the data."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["cnnbook"]
    assert data.ZERO_ONE_FILE.stat().st_size < 2.5e6


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


IMAGES = mirror.idx(np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
LABELS = mirror.idx(np.array([3, 1, 4, 1], np.uint8))


def test_idx_images_and_labels_are_read() -> None:
    images = mnist.parse_idx(IMAGES, "images")
    np.testing.assert_array_equal(images, np.arange(12).reshape(2, 2, 3))
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(mnist.parse_idx(LABELS, "labels"), [3, 1, 4, 1])


def test_idx_sizes_have_their_most_significant_byte_first() -> None:
    assert mnist.parse_idx(mirror.idx(np.zeros(258, np.uint8)), "labels").shape == (258,)


NO_MAGIC = r"expected the magic number 00 00 08 03 \(images\) or 00 00 08 01 \(labels\); got "


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", NO_MAGIC + "an empty file"),
        (b"\0\0\x08", NO_MAGIC + "00 00 08"),
        (b"\0\0\x08\x02" + LABELS[4:], NO_MAGIC + "00 00 08 02"),
        (b"\0\0\x0d\x03" + IMAGES[4:], NO_MAGIC + "00 00 0d 03"),
        (b"\x03\x08\0\0" + IMAGES[4:], NO_MAGIC + "03 08 00 00"),
        (gzip.compress(LABELS), NO_MAGIC + "1f 8b 08 00"),
        (b"\x08\x03", "expected a header of 16 bytes; got 2"),
        (LABELS[:4], "expected a header of 8 bytes; got 4"),
        (LABELS[:7], "expected a header of 8 bytes; got 7"),
        (IMAGES[:15], "expected a header of 16 bytes; got 15"),
        (LABELS[:8], r"expected 4 entries for shape \(4,\); got 0"),
        (LABELS[:-1], r"expected 4 entries for shape \(4,\); got 3"),
        (LABELS + b"\0", r"expected 4 entries for shape \(4,\); got 5"),
        (IMAGES[:-1], r"expected 12 entries for shape \(2, 2, 3\); got 11"),
        (IMAGES + b"\0", r"expected 12 entries for shape \(2, 2, 3\); got 13"),
        (b"\0\0\x08\x01\0\0\0\0", r"expected no empty axis; got shape \(0,\)"),
        (IMAGES[:8] + bytes(4) + IMAGES[12:16], r"expected no empty axis; got shape \(2, 0, 3\)"),
        (IMAGES[:4] + b"\xff" * 12, r"expected [0-9,]+ entries for shape \(4294967295, .*; got 0"),
    ],
)
def test_bad_idx_is_refused_by_name(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"^some-file: {message}$"):
        mnist.parse_idx(content, "some-file")


def test_idx_must_be_bytes() -> None:
    with pytest.raises(TypeError, match=r"^content: expected bytes; got str$"):
        mnist.parse_idx("train-labels-idx1-ubyte", "labels")  # type: ignore[arg-type]


@pytest.fixture
def tiny() -> mnist.Split:
    def samples(*labels: int) -> mnist.Samples:
        images = np.arange(len(labels) * 784, dtype=np.float32).reshape(-1, 1, 28, 28)
        return images, np.array(labels)

    return mnist.Split(samples(5, 0, 4, 1, 9, 2, 1, 0), samples(7, 2, 1, 0, 4, 1))


@pytest.mark.parametrize("digits", [(0, 1), [1, 0], np.array([1, 0, 1], np.uint8), range(2)])
def test_digits_are_selected_in_their_old_order(tiny: mnist.Split, digits: Any) -> None:
    train, test = mnist.select_digits(tiny, digits)
    assert train[1].tolist() == [0, 1, 1, 0]
    assert test[1].tolist() == [1, 0, 1]
    np.testing.assert_array_equal(train[0], tiny.train[0][[1, 3, 6, 7]])
    np.testing.assert_array_equal(test[0], tiny.test[0][[2, 3, 5]])


def test_selected_labels_stay_digits(tiny: mnist.Split) -> None:
    train, test = mnist.select_digits(tiny, (4, 2))
    assert train[1].tolist() == [4, 2]
    assert test[1].tolist() == [2, 4]


@pytest.mark.parametrize(
    ("digits", "error", "message"),
    [
        (3, TypeError, "expected a sequence of integers .*; got 3"),
        ((), TypeError, r"expected a sequence of integers .*; got \(\)"),
        ((0.0, 1.0), TypeError, "expected a sequence of integers"),
        ((True, False), TypeError, "expected a sequence of integers"),
        ("01", TypeError, "expected a sequence of integers .*; got '01'"),
        ([[0, 1]], TypeError, "expected a sequence of integers"),
        ((0, 3), ValueError, r"expected digits among \[0, 1, 2, 4, 5, 9\]; got 3"),
        ((0, 9), ValueError, r"expected digits among \[0, 1, 2, 4, 7\]; got 9"),
        ((-1, 0), ValueError, "expected digits among .*; got -1"),
    ],
)
def test_bad_digits_are_named(
    tiny: mnist.Split, digits: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^digits: {message}"):
        mnist.select_digits(tiny, digits)


def test_first_of_each_of_ten_digits(tiny: mnist.Split) -> None:
    images, labels = tiny.test[0][[0, 1, 2, 3, 4, 5, 0]], np.array([7, 2, 2, 7, 2, 7, 7])
    kept, kept_labels = mnist.first_of_each_digit((images, labels), 2)
    assert kept_labels.tolist() == [7, 2, 2, 7]
    np.testing.assert_array_equal(kept, images[:4])
    with pytest.raises(ValueError, match="^limit_per_class: expected at most 3, .*; got 4"):
        mnist.first_of_each_digit((images, labels), 4)


@pytest.mark.parametrize("dtype", [np.int64, np.float16, object, None, "no such type"])
def test_one_hot_in_a_dtype_that_no_network_computes_in(dtype: Any) -> None:
    with pytest.raises(TypeError, match="^dtype: expected float32 or float64; got "):
        mnist.one_hot(np.array([0]), 1, dtype=dtype)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int32])
def test_one_hot_rows_hold_a_one_at_the_label(kind: type[np.integer[Any]]) -> None:
    rows = mnist.one_hot(np.array([2, 0, 3], kind), 4)
    assert rows.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert rows.dtype == np.float32


def test_one_hot_in_another_dtype_and_without_labels() -> None:
    assert mnist.one_hot(np.array([0]), 1, dtype=np.float64).dtype == np.float64
    assert mnist.one_hot(np.array([], np.int64), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "classes", "error", "message"),
    [
        (np.array([0, 1, 2, 5]), 2, ValueError, "labels: .* from 0 to 1; got 2 at index 2"),
        (np.array([0, -1]), 2, ValueError, "labels: .* from 0 to 1; got -1 at index 1"),
        (np.array([0.0, 1.0]), 2, TypeError, "labels: .* integers; got float64"),
        (np.array([True, False]), 2, TypeError, "labels: .* integers; got bool"),
        (np.array(["1"]), 2, TypeError, "labels: .* integers; got <U1"),
        ([0, 1], 2, TypeError, "labels: expected a NumPy array of integers; got list"),
        (np.array([[0], [1]]), 2, ValueError, r"labels: .* got shape \(2, 1\)"),
        (np.array(1), 2, ValueError, r"labels: .* got shape \(\)"),
        (np.array([0]), 0, ValueError, "classes: expected an integer of at least 1; got 0"),
        (np.array([0]), 2.0, TypeError, "classes: expected an integer; got 2.0"),
    ],
)
def test_bad_labels_are_named(
    labels: Any, classes: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}$"):
        mnist.one_hot(labels, classes)


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_zero_one", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def originals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: ModuleType) -> Path:
    """Return a folder with four tiny files in the place of MNIST's."""
    content = mirror.tiny_idx_files()
    monkeypatch.setattr(mnist, "FILES", mirror.known_files(content))
    arrays = {key: mnist.parse_idx(content[key], key) for key in content}
    others = script.other_digits(arrays)
    monkeypatch.setattr(mnist, "OTHERS_FOLDER", tmp_path)
    monkeypatch.setattr(
        mnist,
        "OTHERS",
        {
            key: mnist.OTHERS[key]._replace(
                size=len(others[key]),
                sha256=hashlib.sha256(others[key]).hexdigest(),
            )
            for key in others
        },
    )
    folder = tmp_path / "originals"
    folder.mkdir()
    for key, known in mnist.FILES.items():
        (folder / f"{known.name}.gz").write_bytes(gzip.compress(content[key]))
    return folder


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


def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["build_zero_one.py", *map(str, arguments)])
    status: int = script.main()
    return status


def test_script_builds_the_same_file_each_time_and_checks_it(
    script: ModuleType,
    originals: Path,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(script, monkeypatch, originals) == 0
    first = copy.read_bytes()
    assert run(script, monkeypatch, originals) == 0
    assert copy.read_bytes() == first
    with np.load(io.BytesIO(first), allow_pickle=False) as arrays:
        built = dict(arrays)
    assert built["train_labels"].tolist() == [0, 1, 1, 0, 1, 0, 0, 1]
    assert built["test_labels"].tolist() == [1, 0, 0]
    assert data.content_sha256(built) in capsys.readouterr().out
    monkeypatch.setattr(data, "ZERO_ONE_SHA256", data.content_sha256(built))
    assert run(script, monkeypatch, "--check", originals) == 0
    images, labels = mnist.load_other_digits()
    assert labels.tolist() == [7, 9, 5]
    assert images.shape == (3, 1, 28, 28)
    path = mnist.OTHERS_FOLDER / "other-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1] + b"\x06"))
    assert run(script, monkeypatch, "--check", originals) == 1
    with pytest.raises(DamagedFileError, match=r"other-labels.*damaged \(wrong content"):
        mnist.load_other_digits()
    path.unlink()
    with pytest.raises(FileNotFoundError, match="other-labels"):
        mnist.load_other_digits()
    assert_same(
        mnist.load_zero_one(),
        mnist.select_digits(mnist.load_mnist(decompressed(originals)), (0, 1)),
    )


def decompressed(folder: Path) -> Path:
    """Fill a cache by hand, as the message of a failed download says."""
    for path in folder.glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    return folder


def test_script_notices_another_file(
    script: ModuleType,
    originals: Path,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = copy.read_bytes()
    assert run(script, monkeypatch, "--check", originals) == 1  # sound, but not from these
    assert "DIFFERENT content" in capsys.readouterr().out
    copy.write_bytes(before[:-1])
    assert run(script, monkeypatch, "--check", originals) == 1
    assert str(copy) in capsys.readouterr().err
    copy.unlink()
    assert run(script, monkeypatch, "--check", originals) == 1
    assert not copy.exists()


def test_script_refuses_other_originals(
    script: ModuleType,
    originals: Path,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = copy.read_bytes()
    path = originals / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1] + b"\0"))
    with pytest.raises(SystemExit, match="2"):
        run(script, monkeypatch, originals)
    assert f"{path}: wrong content" in capsys.readouterr().err
    path.unlink()
    with pytest.raises(SystemExit, match="2"):
        run(script, monkeypatch, originals)
    assert str(path) in capsys.readouterr().err
    assert copy.read_bytes() == before


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
    assert_same(mnist.load_mnist(tmp_path, ["http://127.0.0.1:1/"]), split)


@needs_mnist
def test_script_confirms_the_embedded_file(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(script, monkeypatch, "--check", MIRROR_FOLDER) == 0


@pytest.mark.parametrize(("images", "labels"), [(2, 3), (0, 0)])
def test_samples_need_as_many_labels_as_images(images: int, labels: int) -> None:
    samples = np.zeros((images, 1, 28, 28), np.float32), np.zeros(labels, np.int64)
    with pytest.raises(ValueError, match="^samples: expected as many labels as images"):
        mnist.first_of_each_digit(samples, 1)
