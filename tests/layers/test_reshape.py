"""Reshape: row-major order, views, and shapes that do not fit."""

import numpy as np
import pytest

from cnnbook.layers import Reshape
from tests.cases import forwarded
from tests.wrong import assert_refused, wrong_calls


def test_the_index_map_is_row_major():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    y = Reshape((60,)).forward(x)
    for n, c, i, j in np.ndindex(x.shape):
        assert y[n, (c * 4 + i) * 5 + j] == x[n, c, i, j]


def test_backward_is_the_inverse_permutation():
    layer = Reshape((-1,))
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    np.testing.assert_array_equal(layer.backward(layer.forward(x)), x)


def test_a_view_where_memory_allows_one_and_a_copy_elsewhere():
    x, upstream, layer = np.zeros((2, 3, 4)), np.zeros((2, 12)), Reshape((12,))
    assert np.shares_memory(layer.forward(x), x)
    assert np.shares_memory(layer.backward(upstream), upstream)
    turned = np.zeros((2, 4, 3)).transpose(0, 2, 1)
    assert not np.shares_memory(Reshape((12,)).forward(turned), turned)


@pytest.mark.parametrize("shape", [(5, 26, 26), (-1, 26, 26), (5, -1)])
def test_shapes_of_one_sample(shape):
    y = Reshape(shape).forward(np.zeros((7, 3380)))
    assert y.shape[0] == 7
    assert y[0].size == 3380


@pytest.mark.parametrize("shape", [(4,), (-1, 4), (2, 2, 2)])
def test_samples_that_do_not_fit(shape):
    with pytest.raises(ValueError, match=r"^x: expected samples that fit .* got shape \(2, 6\)"):
        Reshape(shape).forward(np.zeros((2, 6)))


@pytest.mark.parametrize("shape", [(0,), (-2, 3), (-1, -1)])
def test_impossible_shapes(shape):
    with pytest.raises(ValueError, match="^shape: expected"):
        Reshape(shape)


@pytest.mark.parametrize("shape", [5, "ab", (2.0,), None])
def test_shapes_of_the_wrong_type(shape):
    with pytest.raises(TypeError, match="^shape: expected"):
        Reshape(shape)


@pytest.mark.parametrize("shape", [(0, 4), ()])
def test_empty_batches(shape):
    with pytest.raises(ValueError, match=r"^x: expected .*\(N, \.\.\.\)"):
        Reshape((4,)).forward(np.zeros(shape))


def test_two_layers_do_not_mix_up_their_shapes():
    one, other = Reshape((-1,)), Reshape((-1,))
    one.forward(np.zeros((2, 3, 4)))
    other.forward(np.zeros((1, 5)))
    assert one.backward(np.zeros((2, 12))).shape == (2, 3, 4)


WRONG = [
    (lambda: Reshape((0, 2)), ValueError, "shape: *(0, 2)"),
    (
        lambda: Reshape((4,)).backward(np.ones(1)),
        RuntimeError,
        "Reshape((4,)): backward was called",
    ),
    (
        lambda: forwarded(Reshape((4,)), np.ones((1, 2, 2))).backward(np.ones((1, 2))),
        ValueError,
        "grad_output: expected shape (1, 4), the shape of forward's output; got (1, 2)",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
