"""Beside chapter 20: the processes that ``mpiexec`` starts, what connects them, how they end."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType

from cnnbook.parallel import Alone, Communicator

# Names of which one is set where a program that starts processes of
# MPI has started this one: MPICH and its kin, Open MPI.
LAUNCHED = ("PMI_RANK", "OMPI_COMM_WORLD_RANK")
WATCHED = "CNNBOOK_WATCHED"


def launched() -> bool:
    """Say whether ``mpiexec`` has started this process.

    Returns
    -------
    bool
        Whether the environment says so.
    """
    return any(name in os.environ for name in LAUNCHED)


def watch() -> None:
    """Do in a process of its own what this one was started for, and say so if it is killed.

    Returns in the new process alone; this one ends with it, and with its status. Of a process that
    is killed nobody else could say anything: it cannot itself, and ``mpiexec`` ends the others.
    The new process in its turn ends if this one does.
    """
    if os.environ.get(WATCHED):
        threading.Thread(target=_end_with_watcher, daemon=True).start()
        sys.excepthook = _end_all_after
        return
    # What keeps the new process going is that its input stays open.
    with subprocess.Popen(
        [sys.executable, *sys.orig_argv[1:]],
        stdin=subprocess.PIPE,
        env=os.environ | {WATCHED: "1"},
        close_fds=False,
    ) as process:
        status = process.wait()
    if status < 0:
        name = signal.Signals(-status).name
        sys.stderr.write(
            f"Error: a process of the run was ended by {name}; "
            "go on from its last complete epoch with --resume\n"
        )
        sys.stderr.flush()
        status = 2
        if "PMI_FD" in os.environ:
            # Else mpiexec may be gone before it has passed the sentence on.
            time.sleep(0.5)
            # What `MPI_Abort` tells mpiexec, which then ends all quietly.
            os.write(
                int(os.environ["PMI_FD"]), b"cmd=abort exitcode=2\n"
            )
    os._exit(status)


def end_all(status: int) -> None:
    """End all processes that ``mpiexec`` has started.

    Parameters
    ----------
    status : int
        With which.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # MPICH would say that the program has done this.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        from mpi4py import MPI  # noqa: PLC0415
    except ImportError:
        os._exit(status)  # nothing connects it to the others
    else:
        MPI.COMM_WORLD.Abort(status)


def _end_all_after(
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Print a traceback and end all; else this one would wait for the others, and they for it."""
    sys.__excepthook__(kind, error, trace)
    end_all(1)


def _end_with_watcher() -> None:
    """Wait until the input is closed, which nobody does, and end."""
    os.read(0, 1)
    os._exit(2)


def communicator() -> Communicator:
    """Return what connects this process to the others that ``mpiexec`` has started.

    Returns
    -------
    Communicator
        mpi4py's, or that of a process alone.

    Raises
    ------
    ValueError
        If ``mpiexec`` has started it, and mpi4py is not installed.
    """
    if not launched():
        return Alone()
    try:
        from mpi4py import MPI  # noqa: PLC0415
    except ImportError as error:
        raise ValueError(
            "mpiexec: expected mpi4py, which connects the processes; "
            "install cnnbook[cluster]"
        ) from error
    return MPI.COMM_WORLD


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let linear algebra use one thread, however many processors there are.

    Several processes share the processors among them, and threads of each would fight for them.
    And how many threads there are may change the last bits of a product.

    Yields
    ------
    None
        While it is so.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    with threadpool_limits(1):
        yield
