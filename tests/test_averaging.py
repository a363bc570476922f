"""A running mean of the parameters, and a vote."""

import numpy as np
import pytest

from cnnbook.averaging import RunningMean, vote
from cnnbook.layers import Parameter
from tests.wrong import assert_refused, wrong_calls


def parameters(dtype=np.float64):
    return [
        Parameter("weights", np.array([[8.0, 0.0]], dtype)),
        Parameter("bias", np.array([-4.0], dtype)),
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mean_by_hand(dtype):
    weights, bias = parameters(dtype)
    mean = RunningMean(iter([weights, bias]), keep=0.75)
    assert [m.tolist() for m in mean.values] == [[[8.0, 0.0]], [-4.0]]
    weights.value[...] = [[4.0, 16.0]]
    mean.update()
    assert [m.tolist() for m in mean.values] == [[[7.0, 4.0]], [-4.0]]
    bias.value[...] = 4.0
    mean.update()
    assert [m.tolist() for m in mean.values] == [[[6.25, 7.0]], [-2.0]]
    assert {m.dtype for m in mean.values} == {np.dtype(dtype)}
    assert (weights.value.tolist(), bias.value.tolist()) == ([[4.0, 16.0]], [4.0])


def test_the_weights_of_the_past_are_those_of_the_book():
    rng = np.random.default_rng(0)
    w = Parameter("weights", rng.standard_normal(3))
    past, mean = [w.value.copy()], RunningMean([w], keep=0.9)
    for _ in range(20):
        w.value[...] = rng.standard_normal(3)
        past.append(w.value.copy())
        mean.update()
    expected = 0.9**20 * past[0] + sum(0.1 * 0.9 ** (20 - t) * past[t] for t in range(1, 21))
    np.testing.assert_allclose(mean.values[0], expected, rtol=1e-12)


def test_nothing_kept_is_the_newest():
    weights, bias = parameters()
    mean = RunningMean([weights, bias], keep=0)
    assert mean.keep == 0.0
    weights.value += 1
    mean.update()
    np.testing.assert_array_equal(mean.values[0], weights.value)
    assert not np.shares_memory(mean.values[0], weights.value)


def test_in_use_and_back_whatever_happens():
    weights, bias = parameters()
    arrays = weights.value, bias.value
    mean = RunningMean([weights, bias], keep=0.5)
    weights.value[...], bias.value[...] = [[1.0, 2.0]], 3.0
    with mean.in_use():
        assert (weights.value.tolist(), bias.value.tolist()) == ([[8.0, 0.0]], [-4.0])
    with pytest.raises(KeyError), mean.in_use():
        raise KeyError
    assert (weights.value.tolist(), bias.value.tolist()) == ([[1.0, 2.0]], [3.0])
    assert (weights.value is arrays[0], bias.value is arrays[1]) == (True, True)
    assert [m.tolist() for m in mean.values] == [[[8.0, 0.0]], [-4.0]]


def test_the_vote_by_hand():
    logits = np.log([[[1.0, 3.0], [1.0, 1.0]], [[1.0, 1.0], [3.0, 1.0]], [[7.0, 1.0], [1.0, 7.0]]])
    expected = [[(0.25 + 0.5 + 0.875) / 3, (0.75 + 0.5 + 0.125) / 3]]
    expected += [[(0.5 + 0.75 + 0.125) / 3, (0.5 + 0.25 + 0.875) / 3]]
    np.testing.assert_allclose(vote(logits), expected, rtol=1e-12)
    assert vote(logits.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(vote(logits + 900), expected, rtol=1e-12)


WRONG = [
    (lambda: RunningMean([], 1), ValueError, "keep: expected a number in [0, 1); got 1"),
    (lambda: RunningMean([], -0.5), ValueError, "keep: expected a number in [0, 1); got -0.5"),
    (lambda: RunningMean([], "x"), TypeError, "keep: expected a number; got 'x'"),
    (
        lambda: vote(np.zeros((2, 3))),
        ValueError,
        "logits: expected *(M, N, K)*got shape (2, 3)",
    ),
    (
        lambda: vote(np.zeros((2, 0, 3))),
        ValueError,
        "logits: expected no empty axis in (M, N, K); got shape (2, 0, 3)",
    ),
    (lambda: vote([[[1.0]]]), TypeError, "logits: expected *"),
]


@wrong_calls(WRONG)
def test_wrong_calls(call, error, sentence):
    assert_refused(call, error, sentence)
