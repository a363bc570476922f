"""Files that are either whole or not there."""

import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

from cnnbook import files
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
        (other,) = set(tmp_path.iterdir()) - {path}
        assert other.name.startswith(".file.")
        assert other.name.endswith(".incomplete")
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


def test_whoever_reads_the_old_file_goes_on_reading_it(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        with replacing(path) as file:
            file.write(b"new")
        assert reader.read() == b"old"


def test_a_disk_that_fails_at_the_last_moment_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def failing(handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)

    def written():
        with replacing(path) as file:
            file.write(b"new")

    with pytest.raises(OSError, match="Input/output error"):
        written()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_a_usual_file(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
    umask = os.umask(0o077)
    try:
        with replacing(tmp_path / "private") as file:
            file.write(b"new")
        assert os.umask(0o077) == 0o077, "left as it was"
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
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
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / ".other.npz.x2.incomplete").write_bytes(b"kept: another folder's")
    remove_incomplete(tmp_path)
    assert len(list((tmp_path / "deeper").iterdir())) == 1
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["deeper", "notes.incomplete", "weights.npz"]


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
    write_arrays(tmp_path / "a.npz", {"x": np.zeros(50), "y": np.ones(50)})
    with np.load(tmp_path / "a.npz") as archive:
        arrays = dict(archive)
    for changes in (
        {"x": arrays["y"], "y": arrays["x"]},
        {"x": arrays["x"].astype(np.float32)},
        {"x": arrays["x"].reshape(1, 50)},
        {"x": arrays["x"].view(np.int64)},
        {"x": np.where(np.arange(50) == 49, 1.0, 0.0)},
        {"z": arrays["x"]},
        {"x": None, "w": arrays["x"]},
    ):
        changed = {k: v for k, v in {**arrays, **changes}.items() if v is not None}
        np.savez(tmp_path / "b.npz", **changed)
        with pytest.raises(DamagedFileError, match=r"b\.npz: damaged: .* checksum"):
            read_arrays(tmp_path / "b.npz")


class Trap:
    """An object whose unpickling leaves a trace."""

    sprung = False

    def __reduce__(self):
        return (setattr, (Trap, "sprung", True))


def test_pickled_objects_are_never_run(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([Trap()], object), sha256=np.array("0"))
    with pytest.raises(DamagedFileError, match=r"a\.npz: damaged"):
        read_arrays(tmp_path / "a.npz")
    assert not Trap.sprung


def test_object_arrays_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="pickle|Object"):
        write_arrays(tmp_path / "a.npz", {"a": np.array([None])})


def test_a_temporary_file_that_is_gone_already_keeps_no_other_from_being_removed(
    monkeypatch, tmp_path
):
    gone, left = tmp_path / ".gone.incomplete", tmp_path / ".left.incomplete"
    left.touch()
    monkeypatch.setattr(Path, "glob", lambda *_: [gone, left])
    files.remove_incomplete(tmp_path)
    assert not left.exists()
