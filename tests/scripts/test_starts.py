"""Five starts: what the layers begin with, what a trial reports, and how rates were chosen."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.layers import Dense, ReLU
from cnnbook.mnist import load_digits
from scripts.figures import depth_histograms, starts
from tests.scripts.sweeps import assert_chosen_well


@pytest.mark.parametrize("at", range(1, len(starts.STARTS)))
def test_the_rate_is_the_one_with_fewest_errors_and_not_at_its_end(at):
    data = starts.compute()
    found = {"rate": data["chosen"][at], "rates": data["rates"]}
    assert_chosen_well(found | {"rate_errors": data["rate_errors"][at]})


def test_the_smallest_start_learns_at_no_rate():
    data = starts.compute()
    errors = np.array(data["rate_errors"][0])
    assert (errors > 0.99 * data["constant"]).all()
    assert data["chosen"][0] == data["rates"][0]
    assert not set(starts.SWEEP) & set(range(starts.SEEDS))


@pytest.mark.parametrize("start", starts.STARTS)
def test_a_start_is_the_variance_of_a_weight_times_its_inputs(start):
    layers = starts.stack(np.random.default_rng(0), start).layers[1:]
    assert [type(layer) for layer in layers] == [Dense, ReLU] * starts.DEPTH + [Dense]
    dense = layers[::2]
    shapes = [layer.weights.value.shape for layer in dense]
    assert shapes == [(784, 100), *[(100, 100)] * 19, (100, 10)]
    for number, layer in enumerate(dense):
        weights = layer.weights.value
        wanted = start if number < starts.DEPTH else 1
        assert weights.var() * len(weights) == pytest.approx(wanted, rel=0.12)
        assert not layer.bias.value.any()


def test_a_run_that_diverges_misses_all(monkeypatch):
    samples = np.ones((32, 1, 28, 28), np.float32), np.arange(32) % 10
    monkeypatch.setattr(starts, "load_digits", lambda: SimpleNamespace(train=samples))
    monkeypatch.setattr(starts, "load_held_out", lambda: samples)
    assert starts.trial(0, 4.0, 1e6) == {"errors": 32}
    assert starts.trial(0, 2.0, 1e-6)["errors"] < 32


def test_what_is_traced_is_what_comes_out_and_what_comes_back():
    outputs, forward, back = starts.traced(2.0)
    assert len(outputs) == len(forward) == len(back) == starts.DEPTH
    assert forward[4] == pytest.approx(np.sqrt(np.mean(outputs[4] ** 2)))
    assert back[-1] == pytest.approx(0.3, rel=0.5), "the last layer has passed ten sums on"
    # On average a layer of weights of half the variance lets half of the mean square pass.
    half = starts.traced(1.0)
    np.testing.assert_allclose(np.array(half[1]) / forward, 2 ** -(np.arange(1, 21) / 2), rtol=1e-4)


def test_a_histogram_has_the_shares_of_powers_of_ten():
    shares = depth_histograms.histogram(np.array([0.0, 1.5, 1.5, 150.0, 0.015]))
    places = -8 + 0.2 * np.arange(60)
    found = {round(float(places[k]), 1): shares[k] for k in np.flatnonzero(shares)}
    assert found == {-2.0: 0.25, 0.0: 0.5, 2.0: 0.25}


def test_with_biases_that_are_drawn_the_image_vanishes_and_not_the_number():
    rng = np.random.default_rng(0)
    x = load_digits().train[0][:200].reshape(200, -1)
    for depth in range(starts.DEPTH):
        x = ReLU().forward(Dense(x.shape[1], starts.WIDTH, rng=rng).forward(x))
        if depth == 0:
            first = x
    assert np.sqrt(np.mean(x**2)) > 0.1 * np.sqrt(np.mean(first**2))
    assert x.std(axis=0).max() < 0.01 * first.std(axis=0).max()
