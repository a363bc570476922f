"""The embedded zeros and ones: whole, or refused by name."""

import io
import os
import pickle
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnbook import data, mnist
from cnnbook.files import DamagedFileError
from tests.cases import assert_same

ROOT = Path(__file__).parent.parent


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


@pytest.mark.parametrize("broken", BROKEN)
def test_damaged_embedded_file_is_refused_by_name(copy: Path, broken: str) -> None:
    copy.write_bytes(BROKEN[broken]())
    with pytest.raises(DamagedFileError) as caught:
        mnist.load_zero_one()
    assert str(caught.value).startswith(f"{copy}: damaged (")
    assert str(caught.value).endswith("; reinstall cnnbook")


def test_embedded_file_with_flipped_bytes_is_refused(copy: Path) -> None:
    """Flip one byte in many places: the file is refused, or the byte meant nothing (a date)."""
    sound, whole = copy.read_bytes(), mnist.load_zero_one()
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


def test_embedded_file_compressed_in_another_way_is_accepted(copy: Path) -> None:
    arrays, whole = data.read_zero_one(), mnist.load_zero_one()
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


def test_digits_of_a_refused_embedded_file(monkeypatch):
    monkeypatch.setattr(data, "ZERO_ONE_SHA256", "0123456789abcdef" * 4)
    with pytest.raises(
        ValueError, match=r"SHA-256 0123456789ab\.\.\., got 25fce0680ecb\.\.\.\); reinstall"
    ):
        data.read_zero_one()
