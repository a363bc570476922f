"""One writer at a time."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnbook import locks
from cnnbook.locks import LOCK, holding

HOLDER = """
import sys
from cnnbook.locks import holding
with holding(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def assert_held(folder):
    with (
        pytest.raises(BlockingIOError, match=f"^{folder}: expected a folder that nobody writes"),
        holding(folder),
    ):
        pass


def holder(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_is_held_once(tmp_path):
    with holding(tmp_path):
        assert_held(tmp_path)
        assert_held(tmp_path)
    with holding(tmp_path), holding_other(tmp_path):
        pass
    assert not (tmp_path / LOCK).exists()


def holding_other(folder):
    (folder / "other").mkdir()
    return holding(folder / "other")


def test_an_error_lets_it_go(tmp_path):
    with pytest.raises(KeyboardInterrupt), holding(tmp_path):
        raise KeyboardInterrupt
    with holding(tmp_path):
        pass


def test_a_thread_is_somebody_else(tmp_path):
    found = []

    def ask():
        try:
            with holding(tmp_path):
                found.append("held")
        except BlockingIOError:
            found.append("refused")

    with holding(tmp_path):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert found == ["refused"]


def test_another_process_is_refused_until_this_one_ends(tmp_path):
    with holder(tmp_path) as process:
        assert_held(tmp_path)
        process.communicate("")
    assert process.returncode == 0
    with holding(tmp_path):
        pass


def test_a_killed_process_holds_nothing(tmp_path):
    with holder(tmp_path) as process:
        process.kill()
        process.communicate()
    assert (tmp_path / LOCK).exists()
    with holding(tmp_path):
        pass
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_lock_that_was_removed_in_between_is_no_lock(tmp_path, monkeypatch, replaced):
    """Whoever opened the file before its holder removed it locks what nobody else will find."""
    lock, times = locks._lock, []

    def late(handle):
        times.append(handle)
        if len(times) == 1:
            (tmp_path / LOCK).unlink()
            if replaced:
                (tmp_path / LOCK).touch()
        lock(handle)

    monkeypatch.setattr(locks, "_lock", late)
    with holding(tmp_path):
        monkeypatch.setattr(locks, "_lock", lock)
        assert len(times) == 2
        assert_held(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), holding(tmp_path / "nowhere"):
        pass


def test_a_system_without_locks_says_so(tmp_path, monkeypatch):
    def unable(handle):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(locks, "_lock", unable)
    with pytest.raises(OSError, match="Operation not supported"), holding(tmp_path):
        pass


def test_the_calls_of_windows(tmp_path, monkeypatch):
    """As its documentation has them: no blocking, one byte, and an open file is not removed."""
    calls = []
    module = SimpleNamespace(LK_NBLCK=2, locking=lambda *arguments: calls.append(arguments))
    monkeypatch.setitem(sys.modules, "msvcrt", module)
    unlink = Path.unlink

    class File:
        closed = False

        def close(self):
            self.closed = True

    def removing(path, **options):
        if not file.closed:
            raise PermissionError(13, "The process cannot access the file")
        unlink(path, **options)

    file = File()
    path = tmp_path / LOCK
    path.touch()
    monkeypatch.setattr(Path, "unlink", removing)
    monkeypatch.setattr(os, "name", "nt")
    locks._lock(7)
    locks._remove(path, file)
    monkeypatch.undo()
    assert calls == [(7, 2, 1)]
    assert not path.exists()


def test_a_lock_that_somebody_has_removed_is_let_go(tmp_path):
    file = (tmp_path / LOCK).open("wb")
    (tmp_path / LOCK).unlink()
    locks._remove(tmp_path / LOCK, file)
    assert file.closed


def test_where_an_open_file_stays_it_is_removed_after_it_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "os", SimpleNamespace(name="nt"))
    file = (tmp_path / LOCK).open("wb")
    locks._remove(tmp_path / LOCK, file)
    assert not (tmp_path / LOCK).exists()
