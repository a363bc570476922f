"""The larger network is built as its layout says; what is asked was chosen; votes are votes."""

import json

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.layers import Conv2D, MaxPool2D
from cnnbook.mnist import load_digits
from cnnbook.model import digit_network
from scripts.figures import FOLDER, final, ladder, larger
from scripts.trials.store import results

FIGURES = [FOLDER / "final.json", FOLDER / "larger.json"]


def test_a_layout_is_built_as_it_is_written():
    model = larger.larger_network(larger.LAYOUT, np.random.default_rng(0))
    built = []
    for layer in model.layers:
        if isinstance(layer, Conv2D):
            built.append(str(layer.kernels.value.shape[0]))
        elif isinstance(layer, MaxPool2D):
            built.append("p")
    assert " ".join(built) == larger.LAYOUT
    assert model.forward(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)


def test_the_layout_of_the_digit_network_makes_the_digit_network():
    one = larger.larger_network("16 p 32 p", np.random.default_rng(1))
    other = digit_network(np.random.default_rng(1))
    assert repr(one) == repr(other)
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)


def test_what_is_asked_of_the_test_set_was_chosen_on_held_out_images():
    assert {each["images"] for each in larger.COMPARED.values()} == {ladder.TRAINED}
    assert [each["seed"] for each in larger.ASKED] == list(range(larger.SEEDS))
    for setting in larger.ASKED:
        chosen = {**setting, "images": ladder.TRAINED, "seed": 0}
        assert setting["images"] == ladder.ALL
        assert chosen == larger.COMPARED[larger.CHOSEN]
    found = {
        name: results("larger", [setting])[0]["errors"] for name, setting in larger.COMPARED.items()
    }
    assert min(found, key=found.get) == larger.CHOSEN


def test_vote_and_errors_are_those_of_the_runs():
    data, labels = larger.compute(), load_digits().test[1]
    p = [ladder.answers(run, labels) for run in results("larger", larger.ASKED)]
    for one, count in zip(p, data["errors"], strict=True):
        # Probabilities are kept to three decimals, so that a tie may fall to the other side.
        assert abs(np.count_nonzero(one.argmax(axis=1) != labels) - count) <= 1
    vote = sum(p) / larger.SEEDS
    assert data["vote_errors"] == np.count_nonzero(vote.argmax(axis=1) != labels)
    assert data["vote_low"] < data["vote_errors"] < data["vote_high"]
    assert data["accuracy"] == pytest.approx(1 - np.mean(data["errors"]) / 10_000)
    assert max(data["errors"]) < final.MOST


def test_what_the_page_says_of_the_two_networks():
    digits, data = (json.loads(path.read_text())["data"] for path in FIGURES)
    assert data["minutes"] < 3 * digits["minutes"]
    assert abs(data["mean"] - digits["vote_errors"]) < 3
    assert data["most"] < digits["least"], "the worst is better than the best of the other"
    assert data["vote_high"] > digits["vote_low"], "the intervals overlap"
    apart = data["digits_alone"] - data["vote_alone"]
    assert apart == digits["vote_errors"] - data["vote_errors"]
    assert 2.5 < apart / data["pair_error"] < 3


def test_pairs_are_counted_where_one_alone_is_wrong():
    vote = np.array([True, True, False, False, True, False])
    other = np.array([False, True, True, True, False, True])
    assert larger.pairs(vote, other) == {
        "vote_alone": 2,
        "digits_alone": 3,
        "pair_error": pytest.approx(5**0.5),
    }
