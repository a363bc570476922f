"""The layers that the figures of chapter 14 build for themselves."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.layers import MaxPool2D, MeanPool2D
from cnnbook.model import Sequential
from scripts.figures import pooling
from scripts.figures import ties as tied


@pytest.fixture
def rng():
    """Random numbers, the same in every run."""
    return np.random.default_rng(0)


def test_blur_is_a_mean_of_nine_shifted_maps_and_then_every_second(rng):
    x = rng.standard_normal((2, 3, 6, 8))
    framed = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    expected = sum(
        (2 - abs(u - 1)) * (2 - abs(v - 1)) / 16 * framed[..., u : u + 6 : 2, v : v + 8 : 2]
        for u in range(3)
        for v in range(3)
    )
    np.testing.assert_allclose(pooling.Blur().forward(x), expected, atol=1e-12)


def test_the_gradient_of_blur_is_its_transpose(rng):
    layer, x = pooling.Blur(), rng.standard_normal((2, 3, 26, 26))
    y = layer.forward(x)
    upstream = rng.standard_normal(y.shape)
    grad_x = layer.backward(upstream)
    assert grad_x.shape == x.shape
    np.testing.assert_allclose((grad_x * x).sum(), (upstream * y).sum())


@pytest.mark.parametrize(("pool", "layer"), [("max", MaxPool2D), ("mean", MeanPool2D)])
def test_the_whole_map_is_pooled_in_two_steps(rng, pool, layer):
    x = rng.standard_normal((2, 3, pooling.MAP, pooling.MAP))
    steps, at_once = Sequential(*pooling.pooling_layers(pool, pooling.MAP)), layer(pooling.MAP)
    y = steps.forward(x)
    np.testing.assert_allclose(y, at_once.forward(x))
    upstream = rng.standard_normal(y.shape)
    np.testing.assert_allclose(steps.backward(upstream), at_once.backward(upstream))


@pytest.mark.parametrize("name", pooling.KINDS)
def test_the_dense_layer_takes_what_pooling_leaves(name, rng):
    model = pooling.network(**pooling.KINDS[name], rng=rng)
    assert model.predict(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 2)
    products = pooling.multiplications(**pooling.KINDS[name])
    weights = sum(p.value.size for p in model.parameters() if p.name == "weights")
    assert sum(products[2:]) == weights


X = np.array([[[[7.0, 7.0, 3.0, 1.0], [5.0, 7.0, 2.0, 4.0]]]])
UPSTREAM = np.array([[[[6.0, 10.0]]]])
GRADIENTS = {
    "first": [[6, 0, 0, 0], [0, 0, 0, 10]],
    "all": [[6, 6, 0, 0], [0, 6, 0, 10]],
    "split": [[2, 2, 0, 0], [0, 2, 0, 10]],
}


@pytest.mark.parametrize("convention", tied.CONVENTIONS)
def test_tied_pixels_get_what_the_convention_says(convention, rng):
    layer = tied.network("relu", convention, rng).layers[2]
    np.testing.assert_array_equal(layer.forward(X), [[[[7, 4]]]])
    np.testing.assert_array_equal(layer.backward(UPSTREAM)[0, 0], GRADIENTS[convention])


def test_ties_are_counted_among_all_windows_and_where_there_is_ink():
    image = np.zeros((1, 1, 4, 4))
    image[0, 0, :2] = [[1, 1, 0.5, 0], [0, 0, 0, 0]]  # a tie with ink, a single largest, two blank
    found = dict(zip(("all", "ink", "zero"), tied.ties(image, image)[:3], strict=True))
    assert found == {"all": 0.75, "ink": 0.5, "zero": 0}


def test_a_tie_at_zero_is_told_from_others():
    image = np.zeros((1, 1, 6, 6))
    image[0, 0, 0, 0] = 1
    maps = np.zeros((1, 1, 4, 4))
    maps[0, 0, 0, :2] = 1  # both at 1; the other windows at 0, and have seen no ink
    assert tied.ties(maps, image)[:3] == [1, 1, 0]
    maps[0, 0, 0, :2] = 0
    assert tied.ties(maps, image)[:3] == [1, 1, 1]
