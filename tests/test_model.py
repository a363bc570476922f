"""The stack of layers, its files, and the book's network."""

import re

import numpy as np
import pytest

from cnnbook.gradient_check import check_layer, numerical_gradient, relative_error
from cnnbook.layers import Conv2D, Dense, Layer, Reshape, Sigmoid
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.model import Sequential, digit_network, zero_one_network
from tests.wrong import assert_refused, wrong_calls


def rng(seed=0):
    return np.random.default_rng(seed)


def small(seed=0, dtype=np.float64):
    r = rng(seed)
    return Sequential(
        Conv2D(2, 3, 2, rng=r, dtype=dtype),
        Sigmoid(),
        Reshape((-1,)),
        Dense(18, 2, rng=r, dtype=dtype),
    )


def images(samples=3, dtype=np.float64):
    return rng(9).standard_normal((samples, 2, 3, 4)).astype(dtype)


def test_the_book_network_is_exactly_this():
    model = zero_one_network(rng())
    assert sum(p.value.size for p in model.parameters()) == 338_352
    assert [p.value.shape for p in model.parameters()] == [
        (5, 1, 3, 3),
        (5,),
        (3380, 100),
        (100,),
        (100, 2),
        (2,),
    ]
    assert [type(layer).__name__ for layer in model.layers] == (
        ["Conv2D", "Sigmoid", "Reshape", "Dense", "Sigmoid", "Dense", "Sigmoid"]
    )
    conv = model.layers[0]
    assert conv.geometry == ((3, 3), (1, 1), (0, 0))


def test_the_network_for_ten_digits_is_exactly_this():
    model = digit_network(rng())
    assert sum(p.value.size for p in model.parameters()) == 206_922
    shapes = [p.value.shape for p in model.parameters() if p.name != "bias"]
    assert shapes == [(16, 1, 3, 3), (32, 16, 3, 3), (1568, 128), (128, 10)]
    names = [type(layer).__name__ for layer in model.layers]
    maps = ["Conv2D", "ReLU", "MaxPool2D"]
    assert names == [*maps, *maps, "Reshape", "Dense", "ReLU", "Dense"]
    for k in (0, 3):
        assert model.layers[k].geometry == ((3, 3), (1, 1), (1, 1))
        assert model.layers[k + 2].geometry == ((2, 2), (2, 2), (0, 0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("make", "outputs"), [(zero_one_network, 2), (digit_network, 10)])
def test_dtype_is_kept_through_the_network(make, outputs, dtype):
    model = make(rng(), dtype)
    x = rng().random((2, 1, 28, 28)).astype(dtype)
    y = model.forward(x)
    assert y.dtype == dtype
    assert y.shape == (2, outputs)
    assert model.backward(np.ones_like(y)).dtype == dtype
    assert {p.gradient.dtype for p in model.parameters()} == {np.dtype(dtype)}


def test_one_seed_one_network():
    one, same, other = (zero_one_network(rng(seed)) for seed in (3, 3, 4))
    for p, q, r in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)
        assert (p.value != r.value).all()


def test_the_network_gradient_equals_central_differences():
    assert check_layer(small(), images(), rng()) < 1e-7


def test_the_book_network_gradient_on_a_sample_of_entries():
    model, loss = zero_one_network(rng(), np.float64), BinaryCrossEntropy()
    x, t = rng().random((2, 1, 28, 28)), np.eye(2)

    def mean_loss():
        return np.array(loss.forward(model.forward(x), t))

    mean_loss()
    grad_x = model.backward(loss.backward())
    for array, gradient in [(p.value, p.gradient) for p in model.parameters()] + [(x, grad_x)]:
        entries = tuple(rng().integers(0, size, 8) for size in array.shape)
        numerical = []
        for entry in zip(*entries, strict=True):
            view = array[tuple(slice(i, i + 1) for i in entry)]
            numerical.append(numerical_gradient(mean_loss, view, np.ones(()), 1e-4).item())
        assert relative_error(gradient[entries], np.array(numerical)) < 1e-5


def test_without_the_input_gradient_the_others_are_the_same():
    one, other = small(), small()
    upstream = rng().standard_normal((3, 2))
    for model in (one, other):
        model.forward(images())
    assert one.backward(upstream).shape == images().shape
    other.accumulate_gradients(upstream)
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.gradient, q.gradient)


def test_without_the_input_gradient_the_first_layer_is_spared(monkeypatch):
    model = small()
    model.forward(images())
    monkeypatch.setattr(model.layers[0], "backward", None)
    model.accumulate_gradients(np.ones((3, 2)))
    assert model.layers[0].kernels.gradient.any()


def nested(seed=0, dtype=np.float64):
    """Stack the layers of `small` in another way."""
    conv, sigmoid, reshape, dense = small(seed, dtype).layers
    return Sequential(Sequential(conv, sigmoid), Sequential(reshape, Sequential(dense)))


def test_a_stack_within_a_stack_is_a_layer():
    flat, stack = small(), nested()
    assert isinstance(flat, Layer)
    np.testing.assert_array_equal(stack.forward(images()), flat.forward(images()))
    assert check_layer(nested(), images(), rng()) < 1e-7


def test_a_first_stack_spares_its_first_layer(monkeypatch):
    model = nested()
    model.forward(images())
    monkeypatch.setattr(model.layers[0].layers[0], "backward", None)
    model.accumulate_gradients(np.ones((3, 2)))
    assert model.leaves()[0].kernels.gradient.any()


def test_leaves_are_the_layers_in_their_order():
    assert list(map(repr, nested().leaves())) == list(map(repr, small().layers))
    assert [p.name for p in nested().parameters()] == [p.name for p in small().parameters()]


def test_an_error_says_in_which_layer_of_which_stack_it_happened():
    with pytest.raises(ValueError, match=r"^x: expected shape \(N, 18\)") as caught:
        nested().forward(np.zeros((1, 2, 4, 4)))
    assert [note.partition(",")[0] for note in caught.value.__notes__] == [
        "in layer 0 of the network",
        "in layer 1 of the network",
        "in layer 1 of the network",
    ]


def test_dtype_is_that_of_the_parameters():
    assert small(dtype=np.float32).dtype == np.float32
    assert small().dtype == np.float64
    assert Sequential(Sigmoid()).dtype is None


def test_predict_never_holds_more_than_a_batch(monkeypatch):
    model, sizes = Sequential(Sigmoid()), []
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda x: sizes.append(len(x)) or forward(x))
    model.predict(np.zeros((600, 1)))
    model.predict(np.zeros((7, 1)), batch_size=3)
    assert sizes == [256, 256, 88, 3, 3, 1]


def test_predict_in_batches():
    model, x = small(), images(7)
    expected = model.forward(x)
    for batch_size in (1, 2, 7, 100):
        np.testing.assert_allclose(model.predict(x, batch_size=batch_size), expected, rtol=1e-13)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-13)


def test_layers_are_checked():
    with pytest.raises(ValueError, match="^layers: expected at least one"):
        Sequential()
    with pytest.raises(TypeError, match="^layers: expected layers; got <built-in"):
        Sequential(abs)
    layer = Sigmoid()
    said = "^layers: expected every layer once; got one of them twice$"
    with pytest.raises(ValueError, match=said):
        Sequential(layer, layer)
    with pytest.raises(ValueError, match=said):
        Sequential(Sequential(layer), layer)


def test_an_error_says_in_which_layer_it_happened():
    model = small()
    with pytest.raises(ValueError, match=r"^x: expected shape \(N, 18\)") as caught:
        model.forward(np.zeros((1, 2, 4, 4)))
    assert caught.value.__notes__ == ["in layer 3 of the network, Dense(18, 2)"]


def test_it_says_what_it_is():
    assert repr(Sequential(Sigmoid(), Reshape((4,)))) == "Sequential(Sigmoid(), Reshape((4,)))"


def test_predict_of_a_list():
    expected = "x: expected a NumPy array of shape (N, ...); got list"
    with pytest.raises(TypeError, match=re.escape(expected)):
        Sequential(Sigmoid()).predict([1.0])


IMAGE = np.ones((5, 6))
RNG = np.random.default_rng(0)

WRONG = [
    (Sequential, ValueError, "layers: *none"),
    (lambda: Sequential("conv"), TypeError, "layers: *'conv'"),
    (lambda: Sequential(Sigmoid), TypeError, "layers: *Sigmoid"),
    (lambda: Sequential(Sigmoid()).predict(IMAGE, batch_size=0), ValueError, "batch_size: *got 0"),
    (lambda: Sequential(Sigmoid()).predict(IMAGE[:0]), ValueError, "x: *(0, 6)"),
    (lambda: Sequential(Sigmoid()).predict([1.0]), TypeError, "x: *got list"),
    (
        lambda: Sequential(Sigmoid()).predict(np.ones((0, 2, 3))),
        ValueError,
        "x: expected no empty axis in (N, ...); got",
    ),
    (
        lambda: Sequential(Sigmoid()).predict(np.ones((2, 3)), batch_size=0),
        ValueError,
        "batch_size: expected",
    ),
    (lambda: zero_one_network(3), TypeError, "rng: *got 3"),
    (lambda: digit_network(3), TypeError, "rng: *got 3"),
    (lambda: digit_network(RNG, "int8"), TypeError, "dtype: *'int8'"),
    (lambda: zero_one_network(RNG, "int8"), TypeError, "dtype: *'int8'"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
