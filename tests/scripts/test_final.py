"""Recipes are chosen on held-out images; votes and errors are those of the runs."""

from itertools import combinations

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.mnist import FILES, load_digits
from scripts.figures import final, ladder
from scripts.trials.store import results


def test_what_is_asked_of_the_test_set_was_chosen_on_held_out_images():
    judged = [each for runs in final.COMPARED.values() for each in runs]
    assert {each["images"] for each in judged} == {ladder.TRAINED}
    assert {each["images"] for each in final.ASKED} == {ladder.ALL}
    assert [each["seed"] for each in final.ASKED] == list(range(final.SEEDS))
    for setting in final.ASKED:
        chosen = {**setting, "images": ladder.TRAINED, "seed": 0}
        assert chosen in judged, "what is asked differs in the images alone"


def test_the_chosen_recipe_has_the_fewest_errors_on_average():
    found = final.compared()
    means = {name: found[f"{name}_mean"] for name in final.RECIPES}
    assert min(means, key=means.get) == final.CHOSEN
    for name, settings in final.COMPARED.items():
        errors = [run["errors"] for run in results("final", settings)]
        assert found[f"{name}_errors"] == errors
        assert means[name] == np.mean(errors)


def test_votes_and_errors_are_those_of_the_runs():
    data, labels = final.compute(), load_digits().test[1]
    runs = results("final", final.ASKED)
    p = [ladder.answers(run, labels) for run in runs]
    for one, count in zip(p, data["errors"], strict=True):
        # Probabilities are kept to three decimals, so that a tie may fall to the other side.
        assert abs(np.count_nonzero(one.argmax(axis=1) != labels) - count) <= 1
    first = (p[0] + p[1] + p[2] + p[3] + p[4]) / 5
    assert data["vote_errors"] == np.count_nonzero(first.argmax(axis=1) != labels)
    groups = list(combinations(range(final.SEEDS), final.VOTERS))
    assert len(data["votes"]) == len(groups) == 252
    last = np.mean(p[5:], axis=0)
    assert data["votes"][-1] == np.count_nonzero(last.argmax(axis=1) != labels)
    assert data["vote_low"] < data["vote_errors"] < data["vote_high"]
    assert data["accuracy"] == pytest.approx(1 - np.mean(data["errors"]) / 10_000)


def test_without_all_of_mnist_only_what_is_short_is_run(monkeypatch, tmp_path):
    monkeypatch.setattr(ladder, "cache_folder", lambda folder: tmp_path)
    lacking = [setting for setting in final.TRIALS if final.lacks(setting)]
    assert [s for s in final.TRIALS if s not in lacking] == [ladder.SHORT]
    for known in FILES.values():
        (tmp_path / known.name).touch()
    assert not any(map(final.lacks, final.TRIALS))
