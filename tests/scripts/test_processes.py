"""What chapter 20 measures: the least of what the slowest takes, and a prediction made of it."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.parallel import Alone, in_shards
from scripts import processes
from scripts.figures import processes as figure


class World(Alone):
    """One process with what mpi4py has beside a communicator."""

    def __init__(self, slower=0.0):
        self.slower = slower  # what the other one takes longer

    def allgather(self, sendobj):
        return [sendobj, sendobj + self.slower] if self.slower else [sendobj]

    def barrier(self):
        pass

    def Ibarrier(self):  # noqa: N802 - MPI's names
        return SimpleNamespace(Test=lambda: True)

    def Allreduce(self, values, total):  # noqa: N802
        total[...] = values


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when it is told."""
    now = [0.0]
    monkeypatch.setattr(processes.time, "perf_counter", lambda: now[0])

    def takes(*times):
        left = list(times)

        def call():
            now[0] += left.pop(0)

        return call

    return takes


def test_the_least_of_the_slowest_after_two_rounds(clock):
    call = clock(1, 1, 7, 5, 6)
    assert processes.timed(World(slower=2), call, rounds=3) == 7


def test_turns_are_taken_and_only_the_first_process_works_alone(clock, monkeypatch):
    monkeypatch.setattr(processes, "ROUNDS", 2)
    done = []
    calls = {
        name: (alone, lambda name=name: done.append(name))
        for name, alone in (("one", True), ("all", False))
    }
    processes.in_turns(World(), calls)
    assert done == ["one", "all"] * 4
    other = World()
    other.rank, done[:] = 1, []
    processes.in_turns(other, calls)
    assert done == ["all"] * 4
    found = processes.in_turns(World(), {"a": (True, clock(9, 1, 5, 4))})
    assert found == {"a": 4}


def test_the_ordinary_step_is_the_gradient_of_the_batch():
    ends = [
        processes.bits(step) for step in (processes.all_reduced(World()), in_shards(1, Alone()))
    ]
    assert ends[0] == ends[1]
    assert 0 <= ends[0] < 2**32
    assert processes.bits(in_shards(4, Alone())) != ends[0]


def found_by(count):
    """What so many processes might have found, in seconds."""
    if count == 1:
        return {"fixed": 5, "ordinary": 6}
    times = [1e-5 + 2e-9 * size for size in processes.MESSAGES]
    one = [1e-3 + 1e-4 * batch for batch in processes.BATCHES]
    lists = {
        "one": one,
        "part": [1e-3 + 1e-4 * batch / 2 for batch in processes.BATCHES],
        "one_in_four": [seconds / 0.8 for seconds in one],
        "all": [seconds / 0.5 for seconds in one],
        "all_in_four": [seconds / 0.25 for seconds in one],
    }
    sums = {"ring": 0.001, "in_order": 0.002, "library": 0.0005}
    return {"messages": times, **sums, **lists, "fixed": 5, "ordinary": 6 + count}


def test_the_figure_predicts_from_one_process_and_from_messages(monkeypatch):
    monkeypatch.setattr(processes, "measured", found_by)
    data = figure.compute()
    assert data.keys() == figure.TOLERANCES.keys()
    assert (data["alpha"], data["beta"]) == (10.0, 2.0)
    assert (data["c"], data["d"]) == (1.0, 0.1)
    ring = 2 * 0.01 + 0.206922 * 2
    assert data["ring_predicted"] == float(f"{ring:.4g}")
    batches = processes.BATCHES
    assert data["two_predicted"] == [float(f"{1 + 0.05 * n + ring:.4g}") for n in batches]
    faster = [(1 + 0.1 * n) / (1 + 0.05 * n + ring) for n in batches]
    np.testing.assert_allclose(data["quicker_predicted"], faster, atol=0.006)
    assert data["quicker_two"] == [0.5] * 5
    assert data["quicker_four"] == [0.5] * 5
    assert data["quicker_fixed_two_128"] == 0.25
    assert data["in_shards"] == [0.8] * 5
    assert data["largest_miss"] == pytest.approx(1 - 0.5 / max(faster), abs=0.006)
    exact = np.interp(0, [0.1 * n / 2 - ring for n in (0, 100)], [0, 100])
    assert data["crossing"] == pytest.approx(exact, abs=0.05)
    assert (data["fixed_ends"], data["ordinary_ends"]) == (1, 3)
    assert data["ordinary"] == [6, 8, 10]


def test_a_fixed_cost_is_not_negative(monkeypatch):
    bent = {"one": [n**2 for n in processes.BATCHES], "part": [n**2 / 4 for n in processes.BATCHES]}
    found = {1: found_by(1), 2: found_by(2) | bent, 4: found_by(4)}
    monkeypatch.setattr(processes, "measured", found.get)
    assert processes.everything()["fixed_cost"] == 0
