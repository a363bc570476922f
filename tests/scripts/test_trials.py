"""Long trainings are kept one by one, and run again when their code has changed."""

import json
import multiprocessing
import platform
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import cnnbook

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from scripts.figures import __main__ as figures
from scripts.figures import making, sources
from scripts.figures.common import prepare
from scripts.trials import __main__ as command
from scripts.trials import running, scheduled, store
from scripts.trials.store import Entry

SETTINGS = [{"seed": seed, "kind": kind} for seed in range(2) for kind in ("a", "b")]


@pytest.fixture
def trials(tmp_path, monkeypatch):
    """A figure whose trials are noted when they run: what they find, and their code."""
    monkeypatch.setattr(store, "FOLDER", tmp_path / "trials")
    ran = []

    def trials(raised=0, code="1", settings=SETTINGS, stop=None):
        def trial(seed, kind):
            ran.append(f"{kind}{seed}")
            if ran[-1] == stop:
                raise KeyboardInterrupt
            return {"errors": [seed + raised, len(kind)]}

        module = SimpleNamespace(
            TRIALS=settings, trial=trial, allowed=lambda setting: {"errors": 1 - setting["seed"]}
        )
        monkeypatch.setattr(running, "load", lambda name: module)
        monkeypatch.setattr(sources, "trial_fingerprint", lambda name: code)
        ran.clear()
        return ran

    return trials


def found():
    return {"".join(map(str, e.setting.values())): e.result for e in store.read("toy").values()}


def test_trials_are_run_once(trials):
    ran = trials()
    running.run("toy")
    assert ran == ["a0", "b0", "a1", "b1"]
    assert found() == {f"{seed}{kind}": {"errors": [seed, 1]} for seed in (0, 1) for kind in "ab"}
    running.run("toy")
    assert len(ran) == 4
    assert store.results("toy", SETTINGS[2:]) == [{"errors": [1, 1]}] * 2


def test_a_stopped_run_goes_on_where_it_was(trials):
    trials(stop="a1")
    with pytest.raises(KeyboardInterrupt):
        running.run("toy")
    assert list(found()) == ["0a", "0b"]
    ran = trials()
    running.run("toy")
    assert ran == ["a1", "b1"]


def test_after_a_change_one_of_each_kind_answers_for_the_others(trials):
    trials()
    running.run("toy")
    ran = trials(code="2")
    running.run("toy")
    assert sorted(name[0] for name in ran) == ["a", "b"]
    assert running.todo("toy") == []
    entries = {f"{e.setting['kind']}{e.setting['seed']}": e for e in store.read("toy").values()}
    assert list(entries) == ["a0", "b0", "a1", "b1"]
    for name, entry in entries.items():
        assert (entry.code, entry.alike) == (("2", "") if name in ran else ("1", "2"))
    text = store.path("toy").read_text(encoding="utf-8")
    assert text.count("alike") == 2, "nothing is said where there is nothing to say"


def test_kinds_are_what_differs_in_more_than_the_seed(trials):
    settings = [{"seed": seed, "kind": kind} for seed in range(5) for kind in ("a", "b")]
    for code in "123456":
        trials(code=code, settings=settings)
        chosen = running.one_of_each_kind("toy", settings)
        assert sorted(setting["kind"] for setting in chosen) == ["a", "b"]


def test_what_was_run_again_needs_no_other_to_answer_for_it(trials):
    trials()
    for code in range(1, 12):
        ran = trials(code=str(code))
        running.run("toy")
        for entry in store.read("toy").values():
            again = f"{entry.setting['kind']}{entry.setting['seed']}" in ran
            assert (entry.code == str(code), entry.alike) == (again, "" if again else str(code))


def test_no_seed_answers_always(trials):
    trials()
    running.run("toy")
    chosen = set()
    for code in range(2, 12):
        ran = trials(code=str(code))
        running.run("toy")
        chosen |= set(ran)
    assert chosen == {"a0", "b0", "a1", "b1"}


def test_where_one_differs_all_are_run_again(trials):
    trials()
    running.run("toy")
    ran = trials(raised=2, code="2")
    running.run("toy")
    assert sorted(ran) == ["a0", "a1", "b0", "b1"], "each once"
    assert [result["errors"][0] for result in found().values()] == [2, 2, 3, 3]
    assert {(entry.code, entry.alike) for entry in store.read("toy").values()} == {("2", "")}
    assert running.todo("toy") == []


def test_what_was_found_wrong_is_not_confirmed_after_a_stop(trials):
    trials()
    running.run("toy")
    trials(code="2")
    first, second = running.one_of_each_kind("toy", SETTINGS)
    trials(raised=2, code="2", stop=f"{second['kind']}{second['seed']}")
    with pytest.raises(KeyboardInterrupt):
        running.run("toy")
    assert list(store.read("toy")) == [store.key(first)], "the rest is forgotten"
    ran = trials(raised=2, code="2")
    running.run("toy")
    assert len(ran) == 3


def test_what_agrees_within_what_is_allowed_is_kept(trials):
    settings = SETTINGS[:1]
    trials(settings=settings)
    running.run("toy")
    ran = trials(raised=1, code="2", settings=settings)
    running.run("toy")
    assert ran == ["a0"]
    assert found() == {"0a": {"errors": [0, 1]}}


def test_where_one_differs_none_is_kept_that_agreed(trials):
    trials()
    running.run("toy")
    for code in "23456789":
        trials(raised=1, code=code)  # which is allowed with seed 0, and not with seed 1
        if {s["seed"] for s in running.one_of_each_kind("toy", SETTINGS)} == {0, 1}:
            break
    running.run("toy")
    assert [result["errors"][0] for result in found().values()] == [1, 1, 2, 2]


def test_a_run_that_is_stopped_confirms_nothing(trials):
    trials()
    running.run("toy")
    first = running.one_of_each_kind("toy", SETTINGS)
    assert len(first) == 2
    ran = trials(code="2")
    chosen = running.one_of_each_kind("toy", SETTINGS)
    second = f"{chosen[1]['kind']}{chosen[1]['seed']}"
    ran = trials(code="2", stop=second)
    with pytest.raises(KeyboardInterrupt):
        running.run("toy")
    assert [entry.alike for entry in store.read("toy").values()] == [""] * 4
    assert len(running.todo("toy")) == 3
    ran = trials(code="2")
    running.run("toy")
    assert second in ran
    assert running.todo("toy") == []


def test_settings_that_are_gone_are_forgotten_and_the_order_is_theirs(trials):
    trials()
    running.run("toy")
    trials(settings=SETTINGS[2:0:-1])
    running.run("toy")
    assert list(found()) == ["1a", "0b"]


def test_a_check_runs_what_is_stale_and_the_one_of_this_week(trials, monkeypatch):
    ran = trials()
    running.run("toy")
    chosen = []
    for week in range(4):
        monkeypatch.setattr(running.time, "time", lambda week=week: running.WEEK * (week + 0.5))
        ran.clear()
        assert running.check("toy", running.some("toy"))
        chosen += ran
    assert chosen == ["a0", "b0", "a1", "b1"]
    ran = trials(code="2")
    assert running.check("toy", running.some("toy"))
    assert ran == ["a0", "b0", "a1", "b1"], "each once"


def test_what_a_trial_needs_and_is_not_there_is_said(trials, monkeypatch, capsys):
    ran = trials()
    running.run("toy")
    lacks = {0: "all the images are elsewhere", 1: ""}
    monkeypatch.setattr(running.load("toy"), "lacks", lambda s: lacks[s["seed"]], raising=False)
    chosen = []
    for week in range(2):
        monkeypatch.setattr(running.time, "time", lambda week=week: running.WEEK * (week + 0.5))
        chosen += running.some("toy")
    assert chosen == SETTINGS[2:], "the weekly one is one that can be run"
    ran.clear()
    capsys.readouterr()
    assert running.check("toy", SETTINGS[1:3])
    assert ran == ["a1"]
    assert capsys.readouterr().out.splitlines() == [
        "toy: trial 0 b: skipped, all the images are elsewhere",
        "toy: trial 1 a: ok",
    ]


def test_another_result_fails_a_check_and_nothing_is_written(trials, capsys):
    trials()
    running.run("toy")
    before = store.path("toy").read_bytes()
    trials(raised=1)
    capsys.readouterr()
    assert running.check("toy", SETTINGS[:1]), "within what is allowed"
    assert not running.check("toy", SETTINGS[2:3])
    assert capsys.readouterr().out.splitlines() == [
        "toy: trial 0 a: ok",
        "toy: trial 1 a: errors DIFFERS",
    ]
    assert store.path("toy").read_bytes() == before


def test_a_missing_trial_fails_a_check(trials, capsys):
    trials()
    assert not running.check("toy", SETTINGS[:1])
    assert "not there" in capsys.readouterr().out


@pytest.mark.parametrize(
    "other", [{}, {"errors": [1]}, {"errors": [1, 1], "more": 0}, {"errors": [1, float("nan")]}]
)
def test_results_of_another_form_differ(trials, other):
    trials()
    assert running.differences("toy", SETTINGS[2], {"errors": [1, 1]}, {"errors": [1, 1]}) == []
    assert running.differences("toy", SETTINGS[2], {"errors": [1, 1]}, other)


def test_a_trial_says_with_what_it_was_computed_and_older_lines_may_not(trials):
    trials()
    running.run("toy")
    lines = store.path("toy").read_text(encoding="utf-8").splitlines()
    now = {
        "cnnbook": cnnbook.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    assert [json.loads(line)["versions"] for line in lines] == [now] * 4
    older = {k: v for k, v in json.loads(lines[0]).items() if k != "versions"}
    store.path("toy").write_text("\n".join([json.dumps(older), *lines[1:]]), encoding="utf-8")
    assert [e.versions for e in store.read("toy").values()] == [None, now, now, now]
    store.keep_only("toy", SETTINGS)
    assert json.loads(store.path("toy").read_text(encoding="utf-8").splitlines()[0]) == older
    assert running.todo("toy") == []


def test_a_scheduler_is_asked_where_one_is_named(trials, monkeypatch):
    trials()
    asked = []

    def run_all(name, settings, code, address):
        asked.append((name, code, address))
        return (running.run_one(name, setting, code) for setting in settings)

    monkeypatch.setattr(scheduled, "run_all", run_all)
    running.run("toy", 1, "tcp://there")
    assert asked == [("toy", "1", "tcp://there")]
    assert len(found()) == 4


def add_many(folder, both_are_there, seeds):
    store.FOLDER = folder
    both_are_there.wait()
    for seed in seeds:
        store.add("toy", Entry({"seed": seed}, {"errors": seed}, 0.1, "1"))


def test_two_processes_share_a_file(tmp_path):
    context = multiprocessing.get_context("spawn")
    both_are_there = context.Barrier(2)
    both = [
        context.Process(target=add_many, args=(tmp_path, both_are_there, range(n, 100, 2)))
        for n in (0, 1)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
    lines = (tmp_path / "toy.jsonl").read_text(encoding="utf-8").splitlines()
    assert sorted(json.loads(line)["setting"]["seed"] for line in lines) == list(range(100))
    assert [path.name for path in tmp_path.iterdir()] == ["toy.jsonl"]


WORKING = """
import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
from scripts.trials.running import end_with_parent

context = multiprocessing.get_context("spawn")
with ProcessPoolExecutor(1, context, initializer=end_with_parent) as pool:
    first = pool.submit(os.getpid)
    pool.submit(exec, "import os, time; time.sleep(30); print(1, flush=True); os._exit(1)")
    print(first.result(), flush=True)
"""


def test_workers_end_with_the_process_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", WORKING], stdout=subprocess.PIPE) as parent:
        assert int(parent.stdout.readline())
        parent.kill()
        # The worker has the same pipe, which is at its end when both are.
        assert parent.stdout.read() == b""


def test_the_seal_is_of_every_result(trials):
    trials()
    running.run("toy")
    before = store.seal("toy")
    text = store.path("toy").read_text(encoding="utf-8")
    store.path("toy").write_text(text.replace("[1, 1]", "[1, 2]", 1), encoding="utf-8")
    assert store.seal("toy") != before


def test_a_figure_notes_its_trials(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    before = sources.fingerprints("strides")
    store.add("strides", Entry({"seed": 0}, {"errors": 1}, 0.1, "1"))
    after = sources.fingerprints("strides")
    assert [key for key in before if before[key] != after[key]] == ["trials"]
    assert "trials" not in sources.fingerprints("seeds")


def test_every_stored_trial_is_of_the_code_of_its_figure():
    for name in sources.with_trials():
        there = store.read(name)
        assert list(there) == [store.key(setting) for setting in running.load(name).TRIALS], name
        assert len({entry.alike or entry.code for entry in there.values()}) == 1, name


def test_the_command_names_the_figures_that_have_trials(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(running, "run", lambda *asked: ran.append(asked))
    assert command.main(["strides", "--workers", "2"]) == 0
    assert command.main(["strides", "--scheduler", "tcp://127.0.0.1:8786"]) == 0
    assert ran == [("strides", 2, ""), ("strides", 1, "tcp://127.0.0.1:8786")]
    with pytest.raises(SystemExit):
        command.main(["seeds_of_doubt"])
    assert "unknown: seeds_of_doubt" in capsys.readouterr().err


def test_check_all_runs_every_trial(monkeypatch):
    ran = []

    def checked(_name, settings):
        ran.append(len(settings))
        return True

    monkeypatch.setattr(running, "check", checked)
    monkeypatch.setattr(making, "check", lambda name: True)
    assert making.check_all("strides")
    assert ran == [len(running.load("strides").TRIALS)]
    assert making.check_all("toeplitz")


@pytest.fixture
def figure(trials, tmp_path, monkeypatch):
    """A figure made of these trials, and what its sources are."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(making, "FOLDER", tmp_path)
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    monkeypatch.setattr(sources, "has_trials", lambda name: True)
    module = SimpleNamespace(
        compute=lambda: {"sum": sum(r["errors"][0] for r in store.results("toy", SETTINGS))},
        draw=lambda data, colours: prepare(colours, width=1, height=1, rows=1)[0],
        TOLERANCES={"sum": 0},
    )
    monkeypatch.setattr(making, "load", lambda name: module)

    def figure(raised=0, code="1"):
        def fingerprints(name, found=None):
            return {"compute": "1", "draw": "1", "cnnbook": code, "trials": store.seal("toy")}

        monkeypatch.setattr(sources, "fingerprints", fingerprints)
        return trials(raised, code)

    return figure


def test_a_figure_is_made_of_what_its_trials_found(figure):
    ran = figure()
    making.make("toy")
    assert sources.changes(["toy"]) == {}
    assert making.stored("toy")["data"] == {"sum": 2}
    ran.clear()
    assert making.check("toy")
    assert len(ran) == 1
    assert making.check_all("toy")
    assert len(ran) == 1 + len(SETTINGS) + 1


def test_after_a_change_of_the_book_trials_that_agree_are_renewed(figure):
    figure()
    making.make("toy")
    ran = figure(code="2")
    assert making.update(["toy"]) == []
    assert len(ran) == 2 + 1, "one of each kind, and the one of this week"
    assert running.todo("toy") == []


def test_after_a_change_of_the_book_trials_that_differ_make_another_figure(figure):
    figure()
    making.make("toy")
    figure(raised=2, code="2")
    assert making.update(["toy"]) == ["toy"]
    assert making.stored("toy")["data"] == {"sum": 10}


def test_after_a_change_of_the_trials_the_figure_is_made_again(figure):
    figure()
    making.make("toy")
    store.add("toy", Entry(SETTINGS[0], {"errors": [5, 1]}, 0.1, "1"))
    assert sources.changes(["toy"]) == {"toy": ["trials"]}
    assert making.update(["toy"]) == ["toy"]
    assert making.stored("toy")["data"] == {"sum": 7}
    assert sources.changes(["toy"]) == {}


def test_all_trials_are_run_when_a_check_is_asked_for_all(monkeypatch, capsys):
    looked_at = []

    def checked(name):
        looked_at.append(name)
        return True

    monkeypatch.setattr(making, "check_all", checked)
    assert figures.main(["--check", "--all", "strides"]) == 0
    assert looked_at == ["strides"]
    with pytest.raises(SystemExit):
        figures.main(["--all", "strides"])
    assert "expected together with --check" in capsys.readouterr().err


def test_what_a_killed_process_left_is_removed(trials, tmp_path):
    trials()
    folder = tmp_path / "trials"
    folder.mkdir()
    for name in (".toy.jsonl.0123.incomplete", ".lock"):
        (folder / name).write_text("half", encoding="utf-8")
    running.run("toy")
    assert [path.name for path in folder.iterdir()] == ["toy.jsonl"]
