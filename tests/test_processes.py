"""The processes that mpiexec starts: how they are connected, and how they end."""

import json
import os
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
import threadpoolctl

from cnnbook import processes
from cnnbook.parallel import Alone
from cnnbook.processes import LAUNCHED, WATCHED, communicator, launched, one_thread, watch


@pytest.fixture(autouse=True)
def started_by_hand(monkeypatch):
    for name in (*LAUNCHED, WATCHED):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["PMI_RANK", "OMPI_COMM_WORLD_RANK"])
def test_a_launcher_is_seen(monkeypatch, name):
    assert not launched()
    monkeypatch.setenv(name, "0")
    assert launched()


def test_a_process_that_was_started_by_hand_is_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert isinstance(communicator(), Alone)


def test_what_mpiexec_started_is_connected_by_mpi4py(monkeypatch):
    world = object()
    monkeypatch.setenv("PMI_RANK", "1")
    module = SimpleNamespace(MPI=SimpleNamespace(COMM_WORLD=world))
    monkeypatch.setitem(sys.modules, "mpi4py", module)
    assert communicator() is world


def test_without_mpi4py_what_is_needed_is_said(monkeypatch):
    monkeypatch.setenv("PMI_RANK", "1")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    sentence = (
        r"^mpiexec: expected mpi4py, which connects the processes; install cnnbook\[cluster\]$"
    )
    with pytest.raises(ValueError, match=sentence):
        communicator()


def test_one_thread_while_it_lasts():
    def threads():
        return {pool["num_threads"] for pool in threadpoolctl.threadpool_info()}

    with threadpoolctl.threadpool_limits(2):
        before = threads()
        with one_thread():
            assert threads() == {1}
        assert threads() == before


KILLED = (
    "Error: a process of the run was ended by SIGKILL; "
    "go on from its last complete epoch with --resume\n"
)


class Ended(BaseException):
    """In the place of the end of the process."""


@pytest.fixture
def watched(monkeypatch):
    """Watch a command of Python here, and return the status with which this process would end."""

    def end(status):
        raise Ended(status)

    def call(code):
        monkeypatch.setattr(sys, "orig_argv", ["python", "-c", code])
        monkeypatch.setattr(processes.os, "_exit", end)
        with pytest.raises(Ended) as ended:
            watch()
        monkeypatch.undo()
        return ended.value.args[0]

    return call


def test_a_process_ends_with_the_status_of_the_one_it_watches(watched, capfd):
    code = f"import os, sys; print(os.environ[{WATCHED!r}]); sys.exit(int(sys.argv[0] == '-c') * 5)"
    assert watched(code) == 5
    assert watched("pass") == 0
    assert capfd.readouterr() == ("1\n", "")


def test_where_mpich_is_told_it_ends_the_others_quietly(watched, monkeypatch, capfd):
    reader, writer = os.pipe()
    monkeypatch.setenv("PMI_FD", str(writer))
    assert watched("import os, signal; os.kill(os.getpid(), signal.SIGTERM)") == 2
    os.close(writer)
    assert os.read(reader, 100) == b"cmd=abort exitcode=2\n"
    os.close(reader)
    assert capfd.readouterr().err.startswith("Error: a process of the run was ended by SIGTERM; ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_of_a_process_that_is_killed_a_sentence_is_said(watched, capfd):
    assert watched("import os, signal; os.kill(os.getpid(), signal.SIGKILL)") == 2
    assert capfd.readouterr() == (
        "",
        KILLED,
    )


def test_the_input_of_a_process_that_is_watched_stays_open(watched, capfd):
    """It is what it waits for to know that nobody watches any more."""
    code = (
        "import os, threading, time\n"
        "thread = threading.Thread(target=os.read, args=(0, 1), daemon=True)\n"
        "thread.start(); time.sleep(0.2); print(thread.is_alive(), flush=True)"
    )
    assert watched(code) == 0
    assert capfd.readouterr().out == "True\n"


def test_a_process_ends_with_the_one_that_watches_it(monkeypatch):
    ended, done = [], threading.Event()

    def end(status):
        ended.append(status)
        done.set()

    reader, writer = os.pipe()
    read = os.read
    monkeypatch.setenv(WATCHED, "1")
    monkeypatch.setattr(processes.os, "read", lambda number, size: read(reader, size))
    monkeypatch.setattr(processes.os, "_exit", end)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    before = set(threading.enumerate())
    watch()
    assert sys.excepthook is processes._end_all_after
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    time.sleep(0.1)
    assert ended == []
    os.close(writer)
    assert done.wait(10)
    assert ended == [2]
    thread.join()
    os.close(reader)


ENDS = """
import os, sys
from types import SimpleNamespace
from cnnbook import processes

def abort(status):
    os.write(2, b"MPICH speaks")
    os._exit(status + 10)

world = SimpleNamespace(Abort=abort)
sys.modules["mpi4py"] = SimpleNamespace(MPI=SimpleNamespace(COMM_WORLD=world))
print("said", end="")
print("wrong", end="", file=sys.stderr)
"""


def test_all_are_ended_and_nothing_is_added():
    code = ENDS + "processes.end_all(3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (13, "said", "wrong")


def test_a_fault_of_the_program_ends_all_after_its_traceback():
    code = ENDS + "processes.watch()\nraise KeyError('fault')"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {WATCHED: "1"},
        text=True,
    ) as process:
        assert process.wait(60) == 11
        err = process.stderr.read()
    assert err.startswith("wrongTraceback")
    assert err.endswith("KeyError: 'fault'\n")


def test_without_mpi4py_a_fault_ends_this_process(monkeypatch, capfd):
    ended = []
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    system = SimpleNamespace(
        dup2=lambda *_: None, open=lambda *_: 77, devnull="", O_WRONLY=1, _exit=ended.append
    )
    monkeypatch.setattr(processes, "os", system)
    processes._end_all_after(KeyError, KeyError("fault"), None)
    assert ended == [1]
    assert capfd.readouterr().err == "KeyError: 'fault'\n"


def test_the_same_in_this_process(monkeypatch, capfd):
    """Which coverage sees."""
    ended = []
    module = SimpleNamespace(MPI=SimpleNamespace(COMM_WORLD=SimpleNamespace(Abort=ended.append)))
    monkeypatch.setitem(sys.modules, "mpi4py", module)
    duplicated, opened = [], []
    system = SimpleNamespace(
        dup2=lambda *pair: duplicated.append(pair),
        open=lambda *how: opened.append(how) or 77,
        devnull=os.devnull,
        O_WRONLY=os.O_WRONLY,
    )
    monkeypatch.setattr(processes, "os", system)
    error = KeyError("fault")
    processes._end_all_after(KeyError, error, None)
    assert (ended, duplicated, opened) == ([1], [(77, 2)], [(os.devnull, os.O_WRONLY)])
    assert "KeyError: 'fault'" in capfd.readouterr().err


# --- with mpiexec ---------------------------------------------------------------------------------

RUN = ["train", "--network=digits", "--limit-per-class=20", "--epochs=2", "--batch-size=32"]
MPIEXEC = Path(sys.executable).with_name("mpiexec")
real = pytest.mark.skipif(find_spec("mpi4py") is None, reason="mpi4py is not installed: .[cluster]")


def command(size, *arguments):
    start = [str(MPIEXEC), "-n", str(size)] if size else []
    return [*start, sys.executable, "-m", "cnnbook", *arguments]


def call(size, *arguments, cwd):
    done = subprocess.run(
        command(size, *arguments), cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout, done.stderr


@real
@pytest.mark.slow
def test_any_number_of_processes_ends_with_the_same_bits(tmp_path):
    """Without mpiexec, too; only the first process writes, and reports."""
    said = set()
    for size in (0, 1, 2, 4):
        status, out, err = call(size, *RUN, "--shards=4", f"--output={size}", cwd=tmp_path)
        assert (status, err) == (0, "")
        lines = out.replace(str(size) + ": 2 epochs", "RUN: 2 epochs").splitlines()
        assert lines[0] == f"Training on 200 images; the run is saved in {size}"
        assert len(lines) == 4
        said.add(tuple(lines[1:]))
    assert len(said) == 1
    folders = [tmp_path / str(size) for size in (0, 1, 2, 4)]
    for name in ("weights.npz", "history.json", "configuration.json"):
        assert len({(folder / name).read_bytes() for folder in folders}) == 1, name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "4"]
    status, _, _ = call(0, *RUN, "--shards=2", "--output=other", cwd=tmp_path)
    assert status == 0
    other = (tmp_path / "other" / "weights.npz").read_bytes()
    assert other != (folders[0] / "weights.npz").read_bytes(), "the number of shards does count"


@real
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="this system cannot kill -9")
@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_ends_the_run_which_then_goes_on(tmp_path, rank):
    arguments = [*RUN, "--shards=4", "--epochs=3"]
    status, out, err = call(0, *arguments, "--output=whole", cwd=tmp_path)
    assert status == 0
    running = subprocess.Popen(
        command(2, *arguments, "--output=killed"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "killed" / "history.json").exists():
        time.sleep(0.02)
        assert running.poll() is None
    os.kill(worker(tmp_path, rank), 9)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert err == KILLED
    assert "Traceback" not in out
    assert len(json.loads((tmp_path / "killed" / "history.json").read_text())["losses"]) < 3
    status, out, err = call(4, "train", "--resume", "--output=killed", cwd=tmp_path)
    assert (status, err) == (0, "")
    for name in ("weights.npz", "history.json"):
        folders = tmp_path / "whole", tmp_path / "killed"
        assert len({(folder / name).read_bytes() for folder in folders}) == 1


def worker(folder, rank):
    """Find the process that does the work of a rank of the run that goes on in a folder."""
    for entry in Path("/proc").iterdir():
        try:
            environment = dict(
                line.split("=", 1)
                for line in (entry / "environ").read_text().split("\0")
                if "=" in line
            )
            here = (entry / "cwd").readlink() == folder
        except OSError:
            continue
        if here and environment.get("PMI_RANK") == str(rank) and WATCHED in environment:
            return int(entry.name)
    raise AssertionError(f"no process of rank {rank}")


@real
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--shards=1"], "shards: expected at least one for each of 2 processes; got 1"),
        (["--shards=33"], "shards: expected at most batch_size, which is 32; got 33"),
        (
            ["--shards=2", "--learning-rate=1e30"],
            "epoch 1, step 2: the loss is nan; try a smaller learning_rate than *",
        ),
    ],
)
def test_what_is_wrong_is_said_once(tmp_path, arguments, sentence):
    status, _, err = call(2, *RUN, "--output=run", *arguments, cwd=tmp_path)
    start, _, _ = f"Error: {sentence}".partition("*")
    assert status == 2
    assert err.startswith(start)
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
