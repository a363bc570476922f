"""What the first rungs of the ladder change, one thing each, and how their rates were chosen."""

import json
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.train import History
from scripts.figures import rungs, ten_classes
from scripts.trials.store import results
from tests.scripts.sweeps import assert_chosen_well


@pytest.fixture
def runs(monkeypatch):
    """What `fit` is called with, in the place of a training."""
    called, rng = [], np.random.default_rng(0)

    def fit(model, loss, optimizer, images, labels, **options):
        order = options.pop("rng").permutation(len(images)).tolist()
        shapes = [p.value.shape for p in model.parameters()]
        start = float(sum(p.value.sum() for p in model.parameters()))
        said = {"loss": (type(loss), loss.from_logits), "rate": optimizer.learning_rate}
        said |= {"shapes": shapes, "start": start, "order": order, "momentum": optimizer.momentum}
        called.append(said | options)
        return History([0.5] * options["epochs"])

    samples = rng.random((40, 1, 28, 28), np.float32), rng.integers(0, 10, 40)
    monkeypatch.setattr(rungs, "fit", fit)
    monkeypatch.setattr(rungs, "load_digits", lambda: SimpleNamespace(train=samples))
    monkeypatch.setattr(rungs, "load_held_out", lambda: samples)
    return called


def test_each_rung_changes_what_its_title_says_and_nothing_else(runs):
    found = [rungs.trial(3, rung, 0.4) for rung in rungs.RATES]
    for result in found:
        assert result.keys() == rungs.allowed({"rung": "line", "rate": 0.4}).keys()
        assert json.loads(json.dumps(result)) == result
    falls = runs[4].pop("rates")
    assert [falls(epochs) for epochs in (0, 0.9, 1, 2.5, 3)] == pytest.approx(
        [0.4, 0.4, 0.3, 0.2, 0.1]
    )
    assert [run.pop("shift", 0) for run in runs] == [0, 0, 0, 0, 1]
    changed = [
        {key for key in before if before[key] != after[key]} for before, after in pairwise(runs)
    ]
    network = {"shapes", "start", "order"}  # the order is drawn after the parameters
    assert changed == [network, network, {"momentum"}, set()]
    assert [run["momentum"] for run in runs] == [0, 0, 0, 0.9, 0.9]
    assert {run["rate"] for run in runs} == {0.4}
    assert runs[0]["loss"] == (CategoricalCrossEntropy, True)
    sizes = [sum(map(np.prod, run["shapes"])) for run in runs]
    assert sizes == [7850, 339_160, 206_922, 206_922, 206_922]
    rungs.trial(4, "momentum", 0.4)
    assert runs[5]["start"] != runs[3]["start"]


def test_the_last_rung_but_one_differs_in_its_rate_alone(runs, monkeypatch):
    """It was measured for the comparison with sigmoids, by a trial of its own."""
    rungs.trial(3, "momentum", 0.4)
    rates = []

    def fit(model, loss, optimizer, *samples, on_epoch, **options):
        for epoch in range(options["epochs"]):
            rates.append(optimizer.learning_rate)
            on_epoch(History([0.0] * (epoch + 1)))
        optimizer.learning_rate = 0.4
        return rungs.fit(model, loss, optimizer, *samples, **options)

    monkeypatch.setattr(ten_classes, "fit", fit)
    monkeypatch.setattr(ten_classes, "load_digits", rungs.load_digits)
    monkeypatch.setattr(ten_classes, "load_held_out", rungs.load_held_out)
    ten_classes.trial(3, "softmax", 0.4)
    assert runs[0] == runs[1]
    np.testing.assert_allclose(rates, [0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize("rung", rungs.TITLES)
def test_the_rate_is_the_one_with_fewest_errors_in_the_sweep_and_not_at_its_end(rung):
    assert_chosen_well(rungs.sweep(rung))
    assert not set(rungs.SWEEP) & set(range(rungs.SEEDS))


def test_the_errors_of_a_rung_are_those_of_its_runs():
    data, of = rungs.compute(), ten_classes.settings("softmax")[: rungs.SEEDS]
    assert [setting["seed"] for setting in of] == list(range(rungs.SEEDS))
    errors = [[r["errors"] for r in results("rungs", rungs.settings(rung))] for rung in rungs.RATES]
    errors.insert(4, [ten_classes.errors(r) for r in results("ten_classes", of)])
    for rung, own in zip(rungs.TITLES, errors, strict=True):
        assert data[f"{rung}_errors"] == own
        ends = data[f"{rung}_least"], data[f"{rung}_median"], data[f"{rung}_most"]
        assert ends == (min(own), np.median(own), max(own))


def test_a_run_that_answers_alike_is_lost(monkeypatch):
    samples = np.zeros((6, 1, 28, 28)), np.array([0, 0, 0, 1, 1, 2])
    monkeypatch.setattr(rungs, "load_held_out", lambda: samples)
    monkeypatch.setattr(rungs, "runs", lambda rung: [3, 4, 5, 2, 0, 6, 3])
    assert rungs.compute()["pooled_lost"] == 4
    two = [{"errors": 5}, {"errors": 6}]
    monkeypatch.setattr(rungs, "results", lambda name, settings: two[: len(settings)])
    assert rungs.compute()["lost_at_the_largest"] == 1


def test_a_trial_may_only_be_lost_where_the_rate_is_at_the_edge():
    for setting in rungs.TRIALS:
        wide = rungs.allowed(setting)["errors"] > 100
        assert wide == (setting["rate"] >= rungs.EDGE[setting["rung"]])


def errors(rung, seeds, rate):
    settings = [{"seed": seed, "rung": rung, "rate": rate} for seed in seeds]
    return np.array([run["errors"] for run in results("rungs", settings)])


def test_what_the_page_says_of_momentum_and_of_the_largest_rate():
    seeds = range(rungs.SEEDS)
    pooled, momentum = (errors(r, seeds, rungs.CHOSEN[r]) for r in ("pooled", "momentum"))
    assert np.count_nonzero(momentum > pooled) == 3
    few, many = np.split(np.sort(pooled), 2)
    assert many.min() - few.max() > 5 * np.ptp(few), "two groups, the median between them"
    low, high = (errors("pooled", rungs.SWEEP, rungs.RATES["pooled"][at]) for at in (1, 3))
    assert sorted(high / low > 2) == [False, True, True, True]
    assert np.count_nonzero(high > 5000) == 1
