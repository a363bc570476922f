"""The embedded files: whole, or refused by name."""

import gzip
import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnbook import mnist
from cnnbook.files import DamagedFileError
from tests.cases import assert_same

ROOT = Path(__file__).parent.parent
LOADERS = [*((mnist.load_zero_one, known) for known in mnist.ZERO_ONE.values())]
LOADERS += [(mnist.load_other_digits, known) for known in mnist.OTHERS.values()]
LOADERS += [(mnist.load_digits, mnist.DIGITS)]
each_file = pytest.mark.parametrize(
    ("load", "known"), LOADERS, ids=[known.name for _, known in LOADERS]
)


def quickly(content: bytes) -> bytes:
    """Compress; how small it becomes does not matter."""
    return gzip.compress(content, compresslevel=1)


def one_more(packed: bytes) -> bytes:
    """Change the last pixel or label."""
    content = gzip.decompress(packed)
    return quickly(content[:-1] + bytes([content[-1] ^ 1]))


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda packed: b"", "not gzip"),
    "a text": (lambda packed: b"version https://git-lfs.github.com/spec/v1\n", "not gzip"),
    "cut in half": (lambda packed: packed[: len(packed) // 2], "truncated: the gzip data break"),
    "last byte missing": (lambda packed: packed[:-1], "truncated: the gzip data break off"),
    "one entry": (one_more, "wrong content: expected SHA-256 "),
    "one entry less": (lambda packed: quickly(gzip.decompress(packed)[:-1]), "truncated: "),
    "one entry more": (lambda packed: quickly(gzip.decompress(packed) + b"0"), "longer than"),
}


@each_file
@pytest.mark.parametrize("broken", BROKEN)
def test_a_damaged_file_is_refused_by_name(embedded, load, known, broken):
    path = embedded / f"{known.name}.gz"
    damage, sentence = BROKEN[broken]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFileError) as caught:
        load()
    assert str(caught.value).startswith(f"{path}: damaged ({sentence}")
    assert str(caught.value).endswith("); reinstall cnnbook")


@each_file
def test_a_missing_file_is_named(embedded, load, known):
    path = embedded / f"{known.name}.gz"
    path.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        load()
    assert str(caught.value) == f"{path}: not found; reinstall cnnbook"


def test_one_file_in_the_place_of_another_is_refused(embedded):
    train, test = (embedded / f"zero-one-{part}-labels-idx1-ubyte.gz" for part in ("train", "test"))
    test.write_bytes(train.read_bytes())
    with pytest.raises(DamagedFileError, match="longer than the expected 2,123 bytes"):
        mnist.load_zero_one()


def test_a_file_with_flipped_bytes_is_refused(embedded):
    """Flip one byte in many places: the file is refused, or the byte meant nothing (a date)."""
    path, whole = embedded / "zero-one-test-images-idx3-ubyte.gz", mnist.load_zero_one()
    sound = path.read_bytes()
    places = [*range(20), *range(len(sound) - 20, len(sound), 3)]
    places += np.random.default_rng(0).integers(len(sound), size=8).tolist()
    refused = 0
    for place in places:
        damaged = bytearray(sound)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            split = mnist.load_zero_one()
        except DamagedFileError as error:
            assert str(error).startswith(f"{path}: damaged (")
            refused += 1
        else:
            assert_same(split, whole)
    assert refused > 25


def test_a_file_compressed_in_another_way_is_accepted(embedded):
    whole = mnist.load_zero_one()
    for path in embedded.glob("*.gz"):
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))
    assert_same(mnist.load_zero_one(), whole)


def test_pixels_and_labels_are_still_those_of_the_first_edition():
    """That had them in one .npz file; the sum is that of its four arrays."""
    arrays, digest = mnist.read_embedded(mnist.ZERO_ONE), hashlib.sha256()
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    expected = "25fce0680ecb400be5603a48f5e044c7608cd99f735802f88bbe8d2b4dba0034"
    assert digest.hexdigest() == expected


def test_readme_of_the_data_states_the_files_and_the_counts():
    readme = (mnist.DATA / "README.md").read_text(encoding="utf-8")
    for known in mnist.ZERO_ONE.values():
        assert f"{known.name.removeprefix('zero-one-')}.gz" in readme
    for known in mnist.OTHERS.values():
        assert f"{known.name}.gz" in readme
    assert f"{mnist.DIGITS.name}.gz" in readme
    for count in ("20,000", "10,000", "(20000, 28, 28)", "(20000,)"):
        assert count in readme
    for count in ("14,780", "5,923", "6,742", "980", "1,135", "(12665, 28, 28)", "(2115, 28, 28)"):
        assert count in readme


def test_package_contains_the_embedded_files():
    """The wheel takes the folder as a whole, and nothing excludes the data.

    Held-out images, of which the package knows nothing, are elsewhere.
    """
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "cnnbook" in settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    names = {f"{known.name}.gz" for _, known in LOADERS}
    assert {path.name for path in mnist.DATA.iterdir()} == names | {"README.md"}
    assert sum((mnist.DATA / name).stat().st_size for name in names) < 5.4e6
    assert "scripts" not in settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
