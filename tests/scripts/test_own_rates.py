"""Each network of chapters 13 and 14 has the rate of least loss on images that were kept out."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.mnist import load_zero_one
from scripts.figures import own_rates, pooling, strides
from scripts.trials.store import results


def test_the_rate_of_each_kind_has_the_least_loss_and_others_on_both_sides():
    for kind in own_rates.KINDS:
        losses = own_rates.swept(kind)
        best = int(np.argmin(losses))
        assert own_rates.RATES[kind][best] == own_rates.CHOSEN[kind], kind
        assert 0 < best < len(losses) - 1, kind


def test_rates_are_chosen_with_other_seeds_and_other_images():
    assert not {each["seed"] for each in own_rates.SWEPT} & set(range(own_rates.SEEDS))
    images, labels = load_zero_one().train
    (first, _), (last, given) = own_rates.parts(images, labels)
    assert len(first) + len(last) == len(images)
    assert len(last) == own_rates.HELD_OUT
    np.testing.assert_array_equal(last, images[-own_rates.HELD_OUT :])
    np.testing.assert_array_equal(given, labels[-own_rates.HELD_OUT :])


@pytest.mark.parametrize("kind", own_rates.KINDS)
def test_a_kind_is_the_network_of_its_chapter(kind):
    mine = own_rates.network(kind, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    other = (
        strides.network(strides.KINDS[kind], rng)
        if kind in strides.KINDS
        else pooling.network(**pooling.KINDS[kind], rng=rng)
    )
    pairs = zip(mine.parameters(), other.parameters(), strict=True)
    assert all(np.array_equal(one.value, two.value) for one, two in pairs)
    assert [type(layer) for layer in mine.layers] == [type(layer) for layer in other.layers]


def test_a_trial_reads_held_out_images_before_a_rate_is_chosen_and_test_images_after(monkeypatch):
    seen, whole = [], load_zero_one()
    few = whole._replace(train=tuple(part[:2064] for part in whole.train))

    def train(split, **options):
        seen.append((len(split.train[0]), len(split.test[0]), options["learning_rate"]))
        return real(split, **options | {"epochs": 1})

    real = own_rates.train
    monkeypatch.setattr(own_rates, "train", train)
    monkeypatch.setattr(own_rates, "load_zero_one", lambda: few)
    before, after = (
        own_rates.trial(seed=0, kind="max26", rate=0.3, chosen=chosen) for chosen in (False, True)
    )
    assert seen == [(64, own_rates.HELD_OUT, 0.3), (2064, len(whole.test[0]), 0.3)]
    assert before.keys() == after.keys() == own_rates.allowed({}).keys()
    assert len(after["errors"]) == 2


def test_errors_are_those_of_the_runs():
    data = own_rates.compute()
    for kind in own_rates.KINDS:
        found = results("own_rates", [t for t in own_rates.COMPARED if t["kind"] == kind])
        assert data[f"{kind}_errors"] == [run["errors"][0] for run in found]
        near = sum(run["errors"][1] for run in found) / len(found)
        assert data[f"{kind}_near"] == pytest.approx(near / data["test_images"])


def test_what_its_own_rate_has_changed_is_what_the_page_says():
    fewer = {}
    for kind in strides.KINDS:
        seeds = range(own_rates.SEEDS)
        usual = results("strides", [{"seed": seed, "kind": kind} for seed in seeds])
        rate = {"kind": kind, "rate": own_rates.CHOSEN[kind], "chosen": True}
        own = results("own_rates", [{"seed": seed, **rate} for seed in seeds])
        before = strides.errors_at_rest(usual)
        after = np.array([run["errors"][0] for run in own])
        gained = before - after
        fewer[kind] = gained.mean(), gained.std(ddof=1) / own_rates.SEEDS**0.5
    assert [kind for kind, (mean, error) in fewer.items() if mean > 2 * error] == ["three"]
    assert fewer["plain"][0] < 0
