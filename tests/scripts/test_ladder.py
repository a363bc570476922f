"""What each rung adds, what a trial does with a recipe, and what is made of what trials found."""

import json
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.counting import wilson_interval
from cnnbook.mnist import FILES, Split, load_digits
from cnnbook.model import digit_network
from cnnbook.train import History
from scripts.figures import few_images, ladder, misread, wrong_labels
from scripts.held_out import load_held_out
from scripts.trials.store import results


def test_each_rung_adds_what_its_title_says_and_nothing_else():
    recipes = [ladder.recipe(rung) for rung in ladder.RUNGS]
    changed = [
        {key for key in before if before[key] != after[key]} for before, after in pairwise(recipes)
    ]
    assert changed == [
        {"pooled"},
        {"he"},
        {"momentum", "rate"},
        {"falling", "rate"},
        {"shift"},
        {"turn", "keep", "unsure"},
    ]
    assert {key for key in ladder.TOP if ladder.TOP[key] != recipes[-1][key]} == {*ladder.STEADY}
    assert recipes[0] == ladder.NOTHING
    assert all(setting.keys() == {"seed", *ladder.NOTHING} for setting in ladder.TRIALS)


def test_the_strided_network_has_as_many_parameters():
    one, other = (build(np.random.default_rng(0)) for build in (ladder.strided, digit_network))
    sizes = [[p.value.shape for p in model.parameters()] for model in (one, other)]
    assert sizes[0] == sizes[1]
    assert one.forward(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)


def test_he_starts_with_twice_the_variance_and_no_bias():
    model, rng = digit_network(np.random.default_rng(0)), np.random.default_rng(1)
    ladder.begin_as_he(model, rng)
    values = [parameter.value for parameter in model.parameters()]
    for weights, fan_in in zip(values[::2], (9, 16 * 9, 32 * 49, 128), strict=True):
        assert weights.var() * fan_in == pytest.approx(2, rel=0.3)
        assert weights.dtype == np.float32
    assert values[4].var() * 32 * 49 == pytest.approx(2, rel=0.02)
    assert not any(bias.any() for bias in values[1::2])


@pytest.fixture
def runs(monkeypatch):
    """What `fit` is called with, in the place of a training."""
    called, rng = [], np.random.default_rng(0)

    def samples(count):
        return rng.random((count, 1, 28, 28), np.float32), rng.integers(0, 10, count)

    def fit(model, loss, optimizer, images, labels, **options):
        seen = options.pop("validation")
        said = {"images": len(images), "looks": len(seen[0]) if seen else 0}
        said |= {"rate": optimizer.learning_rate, "momentum": optimizer.momentum}
        said |= {"decay": optimizer.weight_decay, "from_logits": loss.from_logits}
        called.append(said | options)
        model.parameters()[-1].value[3] = 50  # whoever asks now hears a 3
        judged = [0.5] * options["epochs"] if seen else []
        return History([0.5] * options["epochs"], [], [7 for _ in judged], judged)

    few, held, test = samples(40), samples(30), samples(20)
    everything = Split(samples(60), test)
    monkeypatch.setattr(ladder, "fit", fit)
    monkeypatch.setattr(ladder, "load_digits", lambda: SimpleNamespace(train=few))
    monkeypatch.setattr(ladder, "load_held_out", lambda: held)
    monkeypatch.setattr(ladder, "load_mnist", lambda: everything)
    return SimpleNamespace(called=called, held=held, test=test, everything=everything)


def test_a_trial_does_what_its_setting_says(runs):
    setting = {"seed": 3, **ladder.recipe("turns"), "unsure": 10}
    result = ladder.trial(**setting)
    assert result.keys() == ladder.allowed(setting).keys()
    assert json.loads(json.dumps(result)) == result
    [run] = runs.called
    assert (run["images"], run["looks"], run["epochs"], run["batch_size"]) == (60, 30, 3, 32)
    assert (run["rate"], run["momentum"], run["decay"]) == (0.05, 0.9, 0)
    assert (run["shift"], run["turn"], run["reshuffle"], run["from_logits"]) == (2, 10, True, True)
    assert [run["rates"](t) for t in (0, 1.5, 3)] == pytest.approx([0.05, 0.025, 0])
    average = run["average"]
    assert average.keep == 0.99
    labels = runs.held[1]
    assert result["newest_errors"] == np.count_nonzero(labels != 3), "with what is newest"
    assert result["errors"] != result["newest_errors"], "with the mean, which has not moved"
    assert len(result["unsure"]) == len(result["probabilities"]) == 10


def test_what_is_trained_on_and_judged_by(runs):
    pixels = runs.everything.train[0]
    (images, labels), judged = ladder.parts(10_000)
    assert len(images) == len(labels) == 40
    assert judged is runs.held
    (images, _), judged = ladder.parts(50_000)
    assert np.array_equal(images, pixels)
    assert judged is runs.held
    assert ladder.parts(60_000)[1] is runs.test
    recipe = ladder.NOTHING | {"images": 60_000, "epochs": 1}
    result = ladder.trial(seed=0, **recipe)
    assert (result["validation"], result["validation_errors"]) == ([], [])
    assert runs.called[-1]["rates"] is None
    assert len(ladder.parts(5)[0][0]) == 5


def test_beliefs_are_those_of_the_least_certain():
    logits, labels = np.log([[0.5, 0.5], [0.9, 0.1], [0.25, 0.75], [0.1, 0.9]]), [0, 1, 1, 1]
    found = ladder.beliefs(logits, np.array(labels), 2)
    assert (found["unsure"], found["surest_of_them"]) == ([0, 1], 0.75)
    assert found["probabilities"] == [[0.5, 0.5], [0.9, 0.1]]
    assert found["log_loss"] == pytest.approx(-np.log([0.5, 0.1, 0.75, 0.9]).mean())
    assert ladder.beliefs(logits, np.array(labels), 0) == {}


def test_what_was_not_kept_counts_as_certain():
    labels = np.array([2, 0, 1])
    run = {"unsure": [1], "probabilities": [[0.25, 0.5, 0.25, *[0] * 7]]}
    p = ladder.answers(run, labels)
    assert p.argmax(axis=1).tolist() == [2, 1, 1]
    assert p.sum(axis=1).tolist() == [1, 1, 1]
    assert p[1, 2] == 0.25


def test_without_all_of_mnist_only_what_is_short_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(ladder, "cache_folder", lambda folder: tmp_path)
    lacking = [setting for setting in ladder.TRIALS if ladder.lacks(setting)]
    assert [s for s in ladder.TRIALS if s not in lacking] == [ladder.SHORT]
    assert ladder.lacks(lacking[0]) == "all of MNIST is not in the cache"
    for known in FILES.values():
        (tmp_path / known.name).touch()
    assert not any(map(ladder.lacks, ladder.TRIALS))
    assert ladder.SHORT["images"] == len(load_digits().train[1])


def test_the_errors_of_a_rung_are_those_of_its_runs():
    data, labels = ladder.compute(), load_held_out()[1]
    for rung in ladder.RUNGS:
        settings = [{"seed": seed, **ladder.recipe(rung)} for seed in range(ladder.SEEDS)]
        found = results("ladder", settings)
        assert data[f"{rung}_errors"] == [run["newest_errors"] for run in found]
        ends = (min(data[f"{rung}_errors"]), max(data[f"{rung}_errors"]))
        assert (data[f"{rung}_least"], data[f"{rung}_most"]) == ends
    assert data["fallen_errors"] == [run["errors"] for run in found]
    found = results("ladder", [{"seed": seed, **ladder.TOP} for seed in range(ladder.SEEDS)])
    assert data["averaged_errors"] == [run["errors"] for run in found]
    assert data["newest_errors"] == [run["newest_errors"] for run in found]
    for run in found:
        wrong = ladder.answers(run, labels).argmax(axis=1) != labels
        assert np.count_nonzero(wrong) == run["errors"], "what is stored is enough to know it"
    p = np.mean([ladder.answers(run, labels) for run in found], axis=0)
    [errors] = data["vote_errors"]
    assert errors == np.count_nonzero(p.argmax(axis=1) != labels)
    ends = [10_000 * end for end in wilson_interval(errors, 10_000)]
    assert [data["vote_low"], data["vote_high"]] == ends


def test_what_is_fewer_and_how_sure_that_is():
    found = ladder.counted([3, 5], [10, 14])
    assert (found["mean"], found["fewer"]) == (4, 8)
    assert found["uncertain"] == pytest.approx(np.sqrt((2 + 8) / 2))
    assert "uncertain" not in ladder.counted([3], [10, 14])
    assert "fewer" not in ladder.counted([3, 5], [])


def test_few_images_are_trained_on_by_the_recipe_of_the_falling_rate():
    for setting in few_images.TRIALS:
        plain = ladder.recipe("falling") | {"seed": setting["seed"]}
        changed = {key for key in plain if plain[key] != setting[key]}
        assert changed - {"decay", "shift", "turn"} == {"images", "epochs"}
    assert len({json.dumps(setting) for setting in few_images.TRIALS}) == few_images.SEEDS * 9


def test_what_is_shown_is_what_the_first_run_misreads():
    data, (_, labels) = misread.compute(), load_held_out()
    numbers = np.array(data["numbers"]) - misread.FIRST
    run = ladder.found(ladder.TOP)[0]
    assert len(set(data["numbers"])) == data["errors"] == run["errors"]
    assert labels[numbers].tolist() == data["labels"]
    assert all(label != answer for label, answer in zip(data["labels"], data["answers"]))  # noqa: B905
    assert data["shared"] == sorted(data["shared"], reverse=True)
    assert data["shared"].count(data["runs"]) == data["by_all"]


def test_the_labels_that_were_voted_on_are_those_of_the_test_set(monkeypatch):
    labels = load_digits().test[1]
    assert len(wrong_labels.VOTES) == 15
    for number, label, other, *votes in wrong_labels.VOTES:
        assert labels[number] == label != other
        assert votes[0] < 3
        assert sum(votes) == 5
    moved = tuple((number + 1, *vote) for number, *vote in wrong_labels.VOTES)
    monkeypatch.setattr(wrong_labels, "VOTES", moved)
    with pytest.raises(ValueError, match="not those of these images"):
        wrong_labels.compute()
