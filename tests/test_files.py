"""Files that are either whole or not there."""

import io
import os
import pickle
import stat
import threading
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cnnbook import files
from cnnbook.files import (
    DamagedFileError,
    read_arrays,
    read_regular,
    remove_incomplete,
    replacing,
    sync_folder,
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


def test_the_umask_is_never_touched(tmp_path, monkeypatch):
    """It belongs to all threads: a file that another makes meanwhile would be open to everyone."""

    def touched(mask):
        raise AssertionError("the umask is set")

    monkeypatch.setattr(os, "umask", touched)
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_the_name_is_on_the_disk_too(tmp_path, monkeypatch):
    """A rename outlasts a loss of power when the folder has been synchronised after it."""
    happened = []
    real = {"sync": os.fsync, "rename": Path.replace}

    def sync(handle):
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        happened.append("folder" if is_folder else "file")
        real["sync"](handle)

    def rename(path, target):
        happened.append("rename")
        return real["rename"](path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
    assert happened == ["file", "rename"] + ["folder"] * (os.name != "nt")


@pytest.mark.skipif(os.name == "nt", reason="Windows opens no folder")
@pytest.mark.parametrize(("number", "fails"), [(22, False), (95, False), (5, True)])
def test_a_folder_that_cannot_be_synchronised_is_no_failure_of_the_disk(
    tmp_path, monkeypatch, number, fails
):
    def failing(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    if fails:
        with pytest.raises(OSError, match=os.strerror(number)):
            sync_folder(tmp_path)
    else:
        sync_folder(tmp_path)


def test_where_folders_cannot_be_opened_nothing_is_synchronised(tmp_path, monkeypatch):
    folder = str(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        sync_folder(folder)
    monkeypatch.setattr(os, "name", "nt")
    assert sync_folder(folder) is None


def test_a_temporary_file_of_another_is_never_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(files.secrets, "token_hex", lambda size: "same")
    (tmp_path / ".file.same.incomplete").write_bytes(b"another's")
    with pytest.raises(FileExistsError), replacing(tmp_path / "file"):
        pass
    assert (tmp_path / ".file.same.incomplete").read_bytes() == b"another's"


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


def test_remove_incomplete_takes_those_of_one_file_when_it_is_named(tmp_path):
    names = [".weights.npz.x.incomplete", ".weights.npz2.x.incomplete", ".model.npz.x.incomplete"]
    for name in names:
        (tmp_path / name).touch()
    remove_incomplete(tmp_path, "weights.npz")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])


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


def test_pickled_objects_that_fill_their_array_are_never_run(tmp_path):
    pickled = pickle.dumps(np.array([Trap()], object))
    shape = -(-len(pickled) // 8)  # of pointers, eight bytes each
    header = f"{{'descr': '|O', 'fortran_order': False, 'shape': ({shape},), }}"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", with_header(header, pickled.ljust(8 * shape, b".")))
    with pytest.raises(DamagedFileError, match=r"a\.npz: damaged, .*allow_pickle=False"):
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


def with_header(header, body=b""):
    """Make a member of an archive: what an ``.npy`` file would be."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }"


@pytest.mark.parametrize(
    "member",
    [
        with_header(HUGE % 10**8),
        with_header(HUGE % 10**40),
        with_header("{'descr': '<U100000000', 'fortran_order': False, 'shape': (), }"),
        with_header(HUGE % -1, bytes(8)),
        with_header(HUGE % 1, bytes(16)),
        with_header("(" * 500),
        b"\x93NUMPY\x03\x00" + bytes(100),
        b"no header",
    ],
)
def test_an_array_is_never_larger_than_its_bytes(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member)
    tracemalloc.start()
    with pytest.raises(DamagedFileError, match=r"a\.npz: damaged, or not a file of cnnbook's"):
        read_arrays(tmp_path / "a.npz")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_it_is_said_which_array_has_another_size_than_it_says(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", with_header(HUGE % 1, bytes(16)))
    with pytest.raises(DamagedFileError, match=r"\(x\.npy: the size is not that of \(1,\)\)$"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_nothing_is_unpacked(tmp_path, method):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(10**6))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.writestr("x.npy", buffer.getvalue())
    assert (tmp_path / "a.npz").stat().st_size < 10**5
    tracemalloc.start()
    with pytest.raises(DamagedFileError, match=r"\(compressed\)"):
        read_arrays(tmp_path / "a.npz")
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_one_piece_of_a_file_is_not_read_as_many(tmp_path):
    """An archive may list the same bytes under many names."""
    write_arrays(tmp_path / "a.npz", {"x": np.zeros(1000)})
    whole = (tmp_path / "a.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        start = archive.start_dir
    entry, end = whole[start:-22], whole[-22:]
    times = 20
    end = end[:8] + 2 * (2 * times).to_bytes(2, "little") + end[12:]
    end = end[:12] + (times * len(entry)).to_bytes(4, "little") + end[16:]
    (tmp_path / "a.npz").write_bytes(whole[:start] + times * entry + end)
    with pytest.raises(DamagedFileError, match=r"\(more numbers than bytes\)$"):
        read_arrays(tmp_path / "a.npz")


def test_a_limit_is_kept(tmp_path):
    path = tmp_path / "a.npz"
    write_arrays(path, {"x": np.zeros(10)})
    size = path.stat().st_size
    assert read_arrays(path, size)["x"].shape == (10,)
    with pytest.raises(
        DamagedFileError, match=rf"a\.npz: expected at most {size - 1} bytes; got {size}$"
    ):
        read_arrays(path, size - 1)
    path.write_bytes(b"")
    os.truncate(path, files.LARGEST + 1)  # a hole: it takes no room on most disks
    with pytest.raises(DamagedFileError, match="at most 1,073,741,824 bytes; got 1,073,741,825$"):
        read_arrays(path)


def test_what_has_no_end_is_not_read(tmp_path):
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for path in tmp_path.iterdir():
        with pytest.raises(
            DamagedFileError, match=f"{path.name}: expected a file; got a folder, device or pipe$"
        ):
            read_regular(path)
