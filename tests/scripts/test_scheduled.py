"""Trials on Dask: two workers on loopback, one of them killed."""

import os
import signal
import sys
from importlib.util import find_spec

import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from scripts.figures import sources
from scripts.trials import running, scheduled, store

dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="distributed is not installed: .[sweeps]"
)
SETTINGS = [{"seed": seed, "rung": "line", "rate": 0.2} for seed in range(100, 108)]


@pytest.fixture
def cluster():
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(n_workers=2, **options) as cluster:
        yield cluster


@dask
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.filterwarnings("default")  # a library says what it closes when a process is killed
def test_where_a_worker_is_killed_every_trial_is_there_once(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    code, pids = sources.trial_fingerprint("rungs"), []
    entries = []
    for entry in scheduled.run_all("rungs", SETTINGS, code, cluster.scheduler_address):
        entries.append(entry)
        store.add("rungs", entry)
        if len(entries) == 1:
            pids = [worker.pid for worker in cluster.workers.values()]
            os.kill(pids[0], signal.SIGKILL)
    assert len(pids) == 2
    assert sorted(entry.setting["seed"] for entry in entries) == list(range(100, 108))
    kept = store.read("rungs")
    assert kept.keys() == {store.key(setting) for setting in SETTINGS}
    assert {entry.code for entry in kept.values()} == {code}
    assert [entry.versions for entry in kept.values()] == [running.versions()] * 8
    here = running.run_one("rungs", SETTINGS[0], code)
    there = kept[store.key(SETTINGS[0])]
    assert running.differences("rungs", SETTINGS[0], here.result, there.result) == []


def test_a_worker_with_other_code_is_refused(monkeypatch):
    monkeypatch.setattr(scheduled, "its_code", lambda name: "other")
    with pytest.raises(
        RuntimeError, match="^rungs: expected a worker with the code this; got one with other$"
    ):
        scheduled.run_there("rungs", SETTINGS[0], "this")
    monkeypatch.setattr(running, "run_one", lambda *asked: asked)
    assert scheduled.run_there("rungs", SETTINGS[0], "other") == ("rungs", SETTINGS[0], "other")


def test_the_code_of_a_worker_is_that_of_the_trial():
    assert scheduled.its_code("rungs") == sources.trial_fingerprint("rungs")
