"""What the figures of chapter 15 count, on numbers that can be counted by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.functions import sigmoid, softmax
from cnnbook.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from cnnbook.train import History
from scripts.figures import FOLDER, temperature, ten_classes
from scripts.figures import confusion as confused
from scripts.trials.store import results
from tests.scripts.sweeps import assert_chosen_well


@pytest.fixture
def rng():
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)


@pytest.fixture
def runs(monkeypatch, rng):
    """What `fit` is called with, in the place of a training."""
    called = []

    def fit(model, loss, optimizer, images, labels, *, on_epoch, **options):
        start = [p.value.copy() for p in model.parameters()]
        rates = []
        for epoch in range(options["epochs"]):
            rates.append(optimizer.learning_rate)
            on_epoch(History([0.0] * (epoch + 1)))
        order = options.pop("rng").permutation(len(images))
        called.append(SimpleNamespace(loss=loss, start=start, rates=rates, order=order))
        return History([0.5] * options["epochs"])

    images = rng.random((40, 1, 28, 28), np.float32)
    samples = images, rng.integers(0, 10, 40)
    monkeypatch.setattr(ten_classes, "fit", fit)
    monkeypatch.setattr(ten_classes, "load_digits", lambda: SimpleNamespace(train=samples))
    monkeypatch.setattr(ten_classes, "load_held_out", lambda: samples)
    return called


def test_a_pair_differs_in_its_loss_and_its_rate_alone(runs):
    found = [ten_classes.trial(3, loss, rate) for loss, rate in (("softmax", 0.4), ("sigmoids", 2))]
    one, other = runs
    assert isinstance(one.loss, CategoricalCrossEntropy)
    assert isinstance(other.loss, BinaryCrossEntropy)
    assert one.loss.from_logits
    assert other.loss.from_logits
    assert all(map(np.array_equal, one.start, other.start))
    np.testing.assert_array_equal(one.order, other.order)
    np.testing.assert_allclose(one.rates, [0.4, 0.3, 0.2, 0.1])
    np.testing.assert_allclose(other.rates, [2, 1.5, 1, 0.5])
    assert found[0]["confusion"] == found[1]["confusion"], "the same network, untrained"
    for result, loss in zip(found, ("softmax", "sigmoids"), strict=True):
        assert result.keys() == ten_classes.allowed({"loss": loss}).keys()
        assert json.loads(json.dumps(result)) == result
    ten_classes.trial(4, "softmax", 0.4)
    assert not np.array_equal(runs[2].start[0], one.start[0])


def test_pairs_have_one_seed_and_rates_are_chosen_with_others():
    pairs = [ten_classes.settings(loss) for loss in ("softmax", "sigmoids")]
    assert [t["seed"] for t in pairs[0]] == [t["seed"] for t in pairs[1]]
    assert not set(ten_classes.SWEEP) & set(range(ten_classes.SEEDS))
    assert len(ten_classes.TRIALS) == len({json.dumps(t) for t in ten_classes.TRIALS})


@pytest.mark.parametrize("loss", ten_classes.RATES)
def test_the_rate_is_the_one_with_fewest_errors_in_the_sweep_and_not_at_its_end(loss):
    assert_chosen_well(ten_classes.sweep(loss))


LOGITS = np.log(np.array([[3.0, 1 / 9, 1 / 3], [1 / 4, 1 / 3, 1 / 9], [4.0, 9.0, 1 / 9]]))
SIGMOIDS = np.array([[0.75, 0.1, 0.25], [0.2, 0.25, 0.1], [0.8, 0.9, 0.1]])
LABELS = np.array([0, 0, 1])


def test_three_ways_to_read_logits():
    p = temperature.probabilities("sigmoids", LOGITS)
    np.testing.assert_allclose(p, SIGMOIDS)
    np.testing.assert_allclose(temperature.probabilities("softmax", LOGITS)[0, 0], 27 / 31)
    shares = temperature.probabilities("normalised", LOGITS)
    np.testing.assert_allclose(shares[1], np.array([4, 5, 2]) / 11)
    chosen = np.array([75 / 110, 4 / 11, 0.5])
    loss = temperature.mean_loss("normalised", LOGITS, LABELS)
    np.testing.assert_allclose(loss, -np.log(chosen).mean())
    right = np.where(np.eye(3)[LABELS] == 1, SIGMOIDS, 1 - SIGMOIDS)
    loss = temperature.mean_loss("sigmoids", LOGITS, LABELS)
    np.testing.assert_allclose(loss, -np.log(right).mean())
    loss = temperature.mean_loss("softmax", LOGITS, LABELS)
    np.testing.assert_allclose(loss, -np.log(softmax(LOGITS)[range(3), LABELS]).mean())


def test_images_are_counted_by_their_sum_and_by_what_says_yes():
    found = ten_classes.sums(LOGITS, LABELS)
    assert (found["sum_high"], found["sum_low"]) == (1, 0)
    assert (found["none"], found["none_wrong"]) == (1, 1)
    assert (found["single"], found["single_wrong"]) == (1, 0)
    assert (found["several"], found["several_wrong"]) == (1, 0)
    assert ten_classes.sums(LOGITS - 9, LABELS)["sum_low"] == 3


def test_rows_are_digits_and_columns_answers():
    z, labels = np.zeros((4, 10)), np.array([7, 7, 7, 2])
    z[range(4), [7, 1, 1, 2]] = 1
    counts = ten_classes.confusion(z, labels)
    assert (counts[7, 7], counts[7, 1], counts[2, 2], counts.sum()) == (1, 2, 1, 4)
    counts[3, 3] = 5
    assert ten_classes.errors({"confusion": counts.tolist()}) == 2


@pytest.mark.parametrize("reading", ["softmax", "sigmoids", "normalised"])
def test_a_temperature_brings_back_what_logits_were_multiplied_by(reading, rng):
    z = 2 * rng.standard_normal((20_000, 5))
    if reading == "softmax":
        labels = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
        np.testing.assert_allclose(temperature.fitted(reading, z, labels), 1, atol=0.03)
    else:
        labels = (z + rng.logistic(size=z.shape)).argmax(axis=1)
    one, three = (temperature.fitted(reading, s * z, labels) for s in (1, 3))
    np.testing.assert_allclose(three, 3 * one, rtol=1e-4)
    losses = [
        temperature.mean_loss(reading, z / (one * factor), labels) for factor in (0.99, 1, 1.01)
    ]
    assert losses[1] == min(losses)


def test_the_calibration_error_of_four_images():
    p = np.array([[0.7, 0.3], [0.3, 0.7], [0.2, 0.8], [0.45, 0.55]])
    labels = np.array([0, 0, 1, 0])  # right, wrong in the same bin, right, wrong
    expected = (2 * abs(0.7 - 0.5) + (1 - 0.8) + 0.55) / 4
    np.testing.assert_allclose(temperature.calibration_error(p, labels), expected)
    bins = temperature.sorted_into(np.array([0, 0.6, 0.75, 1]), p, labels)
    np.testing.assert_allclose(bins, [[1, 2, 1], [0.55, 1.4, 0.8], [0, 1, 1]])


def test_probabilities_are_judged_on_the_images_that_fitted_nothing(rng):
    z, labels = 3 * rng.standard_normal((400, 10)), rng.integers(0, 10, 400)
    checked = np.random.default_rng(0).permutation(400)[200:]
    labels[checked] = z[checked].argmax(axis=1)
    found = ten_classes.judged("softmax", z, labels)
    assert found["temperature"] == pytest.approx(temperature.HOTTEST, abs=1e-3)  # chance alone
    assert sum(found["counts_before"]) == sum(found["right_after"]) == 200
    assert found["loss_after"] > found["loss_before"]
    assert sum(found["said_before"]) == pytest.approx(softmax(z[checked]).max(axis=1).sum())


def test_pairs_are_compared_seed_by_seed():
    found = ten_classes.paired({"softmax_errors": [3, 5, 6, 2], "sigmoids_errors": [7, 5, 8, 1]})
    assert found["more"] == [4, 0, 2, -1]
    assert (found["softmax_wins"], found["sigmoids_wins"], found["ties"]) == (2, 1, 1)
    assert found["more_mean"] == 1.25
    assert found["more_high"] - 1.25 == pytest.approx(3.182446 * found["more_error"])
    assert found["more_error"] == pytest.approx(np.std([4, 0, 2, -1], ddof=1) / 2, abs=1e-6)


def test_products_of_a_layer_are_its_weights_times_its_places():
    found = ten_classes.counts_of_layers()
    assert found["parameters"] == 206_922
    assert found["multiplications"] == [112_896, 903_168, 200_704, 1_280]


def planted(rng):
    """A table without preference: a_k b_l off the diagonal."""
    rows, columns = rng.uniform(1, 9, (2, confused.CLASSES, 1))
    return rows * columns.T * confused.OFF


def test_errors_of_runs_are_correlated_beside_the_diagonal():
    first = np.arange(100.0).reshape(10, 10) * confused.OFF
    second = 1000 * np.eye(10) + 5 - 3 * first  # what is right says nothing of the errors
    assert confused.alike(np.stack([first, second])) == pytest.approx(-1)
    assert confused.alike(np.stack([first, second, first])) == pytest.approx((-1 + 1 - 1) / 3)


def test_without_preference_is_found_again_and_has_the_sums_of_its_table(rng):
    table = planted(rng)
    np.testing.assert_allclose(confused.without_preference(table), table, rtol=1e-9)
    assert confused.distance(table) == pytest.approx(0, abs=1e-9)
    table = rng.poisson(20, (3, 10, 10)) * confused.OFF
    expected = confused.without_preference(table)
    for axis in (1, 2):
        np.testing.assert_allclose(expected.sum(axis=axis), table.sum(axis=axis), rtol=1e-9)
    for one in expected:  # of four cells off the diagonal, crosswise products agree
        np.testing.assert_allclose(one[0, 2] * one[1, 3], one[0, 3] * one[1, 2], rtol=1e-9)
    assert (np.diagonal(expected, axis1=1, axis2=2) == 0).all()


@pytest.mark.parametrize("digits", [10, 5])
def test_chance_is_as_far_from_its_fits_as_there_are_degrees_of_freedom(rng, digits):
    """Digits about which nobody errs have no cells, but for the answers that others get."""
    table = 20 * planted(rng)
    table[digits:] = 0
    drawn = confused.by_chance(table, rng)
    free = digits * 9 - (digits + 10 - 1)
    error = drawn.std() / np.sqrt(len(drawn))
    assert abs(drawn.mean() - free) < 4 * error


def test_a_digit_nobody_errs_about_is_no_division_by_zero():
    table = confused.OFF.copy()
    table[4] = table[:, 6] = 0
    assert np.isfinite(confused.without_preference(table)).all()
    assert np.isfinite(confused.distance(table))


def test_the_cells_with_most_errors_are_named(rng):
    tables = np.rint(np.stack([planted(rng)] * confused.SEEDS))
    expected = confused.without_preference(tables.sum(axis=0))
    tables[:, 4, 9] += 90
    tables[0, 4, 9] += 5
    found = confused.tops(tables, expected)
    first = {entry: found[f"often1_{entry}"] for entry in ("digit", "answer", "most", "count")}
    assert first == {
        "digit": 4,
        "answer": 9,
        "most": tables[0, 4, 9],
        "count": tables[:, 4, 9].sum(),
    }
    assert found["ratio1_digit"] == 4
    assert found["ratio1_ratio"] == pytest.approx(found["ratio1_count"] / expected[4, 9])


def test_both_figures_show_the_runs_that_are_kept():
    """The second figure has no trials of its own that would make it stale."""
    data = json.loads((FOLDER / "confusion.json").read_text(encoding="utf-8"))["data"]
    found = results("ten_classes", ten_classes.settings("softmax"))
    counts = np.sum([result["confusion"] for result in found], axis=0)
    assert [data[f"counts_{digit}"] for digit in range(10)] == counts.tolist()
    errors = json.loads((FOLDER / "ten_classes.json").read_text(encoding="utf-8"))["data"]
    assert data["total"] == sum(errors["softmax_errors"])


def test_sigmoids_of_the_largest_logit_are_the_largest(rng):
    z = rng.standard_normal((50, 10))
    for reading in ("softmax", "sigmoids", "normalised"):
        p = temperature.probabilities(reading, z)
        np.testing.assert_array_equal(p.argmax(axis=1), z.argmax(axis=1))
    np.testing.assert_allclose(temperature.probabilities("sigmoids", z), sigmoid(z))


def test_forecasts_that_are_right_have_the_calibration_error_of_chance():
    counts, said = np.array([0.0, 10_000.0]), np.array([0.0, 5_000.0])
    one = ten_classes.by_chance(counts, said)
    assert one == pytest.approx(np.sqrt(0.25 / 10_000 * 2 / np.pi), rel=0.05)
    # Within one of the fifteen bins deviations may cancel, between two they do not.
    same = ten_classes.by_chance(np.full(2, 5_000.0), np.array([2_400.0, 2_600.0]))
    apart = ten_classes.by_chance(np.full(2, 5_000.0), np.array([2_000.0, 3_000.0]))
    assert same == pytest.approx(one, rel=0.05)
    assert apart > 1.2 * one
    assert ten_classes.by_chance(counts, 2 * said) == 0
