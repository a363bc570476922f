"""How rates were chosen for four rules, and how steps are counted."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD, Adam
from scripts.figures import optimisers
from scripts.trials.store import results


@pytest.mark.parametrize("rule", optimisers.RATES)
def test_the_rate_is_the_one_with_fewest_steps_in_the_sweep_and_not_at_its_end(rule):
    data = optimisers.compute()
    steps = data[f"{rule}_rate_steps"]
    best = steps.index(min(steps))
    assert data[f"{rule}_rates"][best] == data[f"{rule}_rate"]
    assert 0 < best < len(steps) - 1
    assert not set(optimisers.SWEEP) & set(range(optimisers.SEEDS))


def test_each_rule_is_what_its_title_says():
    made = [
        optimisers.optimizer(rule, [Parameter("w", np.ones(1))], 0.3) for rule in optimisers.TITLES
    ]
    assert [type(one) for one in made] == [SGD, SGD, SGD, Adam]
    assert [(one.momentum, one.nesterov) for one in made[:3]] == [
        (0, False),
        (0.9, False),
        (0.9, True),
    ]
    assert {one.learning_rate for one in made} == {0.3}
    assert made[3].betas == (0.9, 0.999)


@pytest.fixture
def few(monkeypatch):
    """Few images, and the losses that are found on held-out ones, one after the other."""
    rng = np.random.default_rng(0)
    samples = rng.random((50, 1, 28, 28), np.float32), rng.integers(0, 10, 50)
    monkeypatch.setattr(optimisers, "load_digits", lambda: SimpleNamespace(train=samples))
    monkeypatch.setattr(optimisers, "load_held_out", lambda: samples)
    monkeypatch.setattr(optimisers, "EVERY", 2)
    monkeypatch.setattr(optimisers, "JUDGED", 7)
    asked, losses = [], iter([0.5, 0.2, 0.21])

    def look(model, loss, images, labels):
        asked.append(len(images))
        return 0, next(losses)

    monkeypatch.setattr(optimisers, "errors_and_loss", look)
    return asked


def test_a_trial_ends_at_the_first_look_that_is_low_enough(few):
    assert optimisers.trial(0, "adam", 0.001) == {"steps": 4, "loss": 0.2}
    assert few == [7] * 2


def test_a_trial_that_never_gets_there_has_all_steps(few, monkeypatch):
    monkeypatch.setattr(optimisers, "TARGET", 0.05)
    assert optimisers.trial(0, "plain", 0.001) == {"steps": 6, "loss": 0.21}, "50 images, 3 epochs"


def test_the_data_are_the_runs():
    data = optimisers.compute()
    for rule in optimisers.TITLES:
        own = [r["steps"] for r in results("optimisers", optimisers.settings(rule))]
        assert data[f"{rule}_steps"] == own
        ends = data[f"{rule}_least"], data[f"{rule}_median"], data[f"{rule}_most"]
        assert ends == (min(own), np.median(own), max(own))
