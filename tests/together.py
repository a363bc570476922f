"""Processes that are threads here, connected as mpi4py connects real ones."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor


class Together:
    """What several communicators share: a place for each, and a barrier."""

    def __init__(self, size):
        self.size = size
        self.places = [None] * size
        self.barrier = threading.Barrier(size, timeout=60)


class Threads:
    """The communicator of one of them."""

    def __init__(self, together, rank):
        self.together, self.rank, self.size = together, rank, together.size
        self.calls = []

    def allgather(self, sendobj):
        self.calls.append("allgather")
        self.together.places[self.rank] = pickle.dumps(sendobj)  # as between real processes
        self.together.barrier.wait()
        found = [pickle.loads(place) for place in self.together.places]  # noqa: S301
        self.together.barrier.wait()
        return found

    def alltoall(self, sendobj):
        assert len(sendobj) == self.size
        return [sent[self.rank] for sent in self.allgather(list(sendobj))]

    def bcast(self, obj):
        return self.allgather(obj)[0]


def run_together(size, function):
    """Call a function with a communicator in each of several threads; return what each returns."""
    together = Together(size)

    def one(rank):
        try:
            return function(Threads(together, rank))
        except BaseException:
            together.barrier.abort()  # nobody waits for it
            raise

    with ThreadPoolExecutor(size) as pool:
        futures = [pool.submit(one, rank) for rank in range(size)]
    errors = [f.exception() for f in futures if f.exception()]
    own = [e for e in errors if not isinstance(e, threading.BrokenBarrierError)]
    if own or errors:
        raise (own or errors)[0]
    return [f.result() for f in futures]
