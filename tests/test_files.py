"""Files that are either whole or not there."""

import stat
import threading

import numpy as np
import pytest

from cnnbook.files import (
    DamagedFileError,
    read_arrays,
    remove_incomplete,
    replacing,
    write_arrays,
)


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt("stopped by hand"), OSError(28, "No space left on device")]
)
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def interrupted():
        with replacing(path) as file:
            file.write(b"ne")
            raise error

    with pytest.raises(type(error), match=r"stopped by hand|No space left"):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_a_usual_file(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "file")]
    assert modes[0] == modes[1]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), replacing(tmp_path / "nowhere" / "f"):
        pass


def test_many_writers_one_whole_file(tmp_path):
    path = tmp_path / "file"

    def write(letter):
        for _ in range(10):
            with replacing(path) as file:
                file.write(letter * 10_000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = path.read_bytes()
    assert content in {letter * 10_000 for letter in (b"a", b"b", b"c")}
    assert list(tmp_path.iterdir()) == [path]


def test_remove_incomplete_takes_only_what_it_should(tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"kept")
    (tmp_path / "notes.incomplete").write_bytes(b"kept: not ours")
    (tmp_path / ".weights.npz.x1.incomplete").write_bytes(b"left by a killed process")
    remove_incomplete(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["notes.incomplete", "weights.npz"]


def test_arrays_come_back(tmp_path):
    arrays = {
        "x": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "text": np.array("words"),
        "scalar": np.array(2.5),
    }
    write_arrays(tmp_path / "a.npz", arrays)
    found = read_arrays(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_a_swapped_array_is_noticed(tmp_path):
    write_arrays(tmp_path / "a.npz", {"x": np.zeros(2), "y": np.ones(2)})
    with np.load(tmp_path / "a.npz") as archive:
        arrays = dict(archive)
    for changes in (
        {"x": arrays["y"], "y": arrays["x"]},
        {"x": arrays["x"].astype(np.float32)},
        {"x": arrays["x"].reshape(1, 2)},
        {"z": arrays["x"]},
    ):
        np.savez(tmp_path / "b.npz", **{**arrays, **changes})
        with pytest.raises(DamagedFileError, match=r"b\.npz: damaged: .* checksum"):
            read_arrays(tmp_path / "b.npz")
