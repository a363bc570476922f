"""The stack of layers, its files, and the book's network."""

import re

import numpy as np
import pytest

from cnnbook.files import DamagedFileError, write_arrays
from cnnbook.gradient_check import check_layer, numerical_gradient, relative_error
from cnnbook.layers import Conv2D, Dense, Layer, Parameter, Reshape, Sigmoid
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.model import Sequential, zero_one_network
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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_through_the_network(dtype):
    model = zero_one_network(rng(), dtype)
    x = rng().random((2, 1, 28, 28)).astype(dtype)
    y = model.forward(x)
    assert y.dtype == dtype
    assert y.shape == (2, 2)
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
    assert other.backward(upstream, input_gradient=False) is None
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.gradient, q.gradient)


def test_without_the_input_gradient_the_first_layer_is_spared(monkeypatch):
    model = small()
    model.forward(images())
    monkeypatch.setattr(model.layers[0], "backward", None)
    model.backward(np.ones((3, 2)), input_gradient=False)
    assert model.layers[0].kernels.gradient.any()


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
    with pytest.raises(ValueError, match="^layers: expected every layer once"):
        Sequential(layer, layer)


def test_an_error_says_in_which_layer_it_happened():
    model = small()
    with pytest.raises(ValueError, match=r"^x: expected shape \(N, 18\)") as caught:
        model.forward(np.zeros((1, 2, 4, 4)))
    assert caught.value.__notes__ == ["in layer 3 of the network, Dense(18, 2)"]


def test_summary_without_an_input_shape():
    text = small().summary()
    assert "total" in text
    assert re.search(r"Dense\(18, 2\)\s+38\n", text)
    assert re.search(r"total\s+65$", text)
    assert repr(small()).startswith("Sequential(Conv2D(2, 3, ")
    assert "(3, 2, 3)" in small().summary((2, 3, 4))
    assert "total" in Sequential(Sigmoid()).summary((3,))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load(tmp_path, dtype):
    one, other = small(0, dtype), small(1, dtype)
    one.save(tmp_path / "weights.npz")
    held = [p.value for p in other.parameters()]
    assert other.load(str(tmp_path / "weights.npz")) is other
    assert all(p.value is value for p, value in zip(other.parameters(), held, strict=True))
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)
        assert q.value.dtype == dtype
    first = (tmp_path / "weights.npz").read_bytes()
    other.save(tmp_path / "weights.npz")
    assert (tmp_path / "weights.npz").read_bytes() == first, "the same network, the same bytes"
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


def assert_load_refused(model, path, error, message):
    before = [p.value.copy() for p in model.parameters()]
    with pytest.raises(error, match=re.escape(str(path))) as caught:
        model.load(path)
    assert re.search(message, str(caught.value))
    for p, value in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.value, value)


def test_another_network_is_refused(tmp_path):
    path = tmp_path / "weights.npz"
    small().save(path)
    message = r"expected parameters of the network .*Conv2D\(1, 5.*; got those of .*Conv2D\(2, 3"
    assert_load_refused(zero_one_network(rng()), path, ValueError, message)
    assert_load_refused(
        small(dtype=np.float32), path, ValueError, "expected float32 of shape .*; got float64"
    )


def test_a_parameter_of_another_shape_is_refused(tmp_path):
    class Scale(Layer):
        def __init__(self, size):
            self.factor = Parameter("factor", np.ones(size))

        def parameters(self):
            return [self.factor]

    Sequential(Scale(1)).save(tmp_path / "weights.npz")
    message = r"0.factor: expected float64 of shape \(3,\); got float64 of shape \(1,\)"
    assert_load_refused(Sequential(Scale(3)), tmp_path / "weights.npz", ValueError, message)


def test_a_missing_file_is_named(tmp_path):
    assert_load_refused(small(), tmp_path / "none.npz", FileNotFoundError, "No such file")


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    arrays = small().arrays()
    path.write_text("<html>not found</html>")
    assert_load_refused(small(), path, DamagedFileError, "damaged, or not a file of cnnbook")
    path.write_bytes(b"")
    assert_load_refused(small(), path, DamagedFileError, "damaged, or not a file of cnnbook")
    np.savez(path, **arrays)
    assert_load_refused(small(), path, DamagedFileError, "damaged, or not a file of cnnbook")
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    assert_load_refused(small(), path, DamagedFileError, "damaged, or not a file of cnnbook")
    with path.open("wb") as file:
        np.savez(file, allow_pickle=True, architecture=np.array([print], dtype=object))
    assert_load_refused(small(), path, DamagedFileError, "damaged, or not a file of cnnbook")
    write_arrays(path, {"something": np.zeros(2)})
    assert_load_refused(small(), path, DamagedFileError, "not the parameters of a network")
    del arrays["3.bias"]
    write_arrays(path, arrays)
    assert_load_refused(small(), path, ValueError, "3.bias: expected float64 .*; got nothing")


def test_damage_anywhere_is_refused_or_harmless(tmp_path):
    path = tmp_path / "weights.npz"
    one = small(0)
    one.save(path)
    whole = path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        other = small(1)
        try:
            other.load(path)
        except DamagedFileError as error:
            refused += 1
            assert str(path) in str(error)
            continue
        # Bytes that carry nothing, a time stamp for instance: what was read is what was saved.
        for p, q in zip(one.parameters(), other.parameters(), strict=True):
            np.testing.assert_array_equal(p.value, q.value)
    assert refused > len(whole) / 7 / 2
    for length in range(0, len(whole), 53):
        path.write_bytes(whole[:length])
        assert_load_refused(small(1), path, DamagedFileError, "damaged")


def test_summary_is_a_table():
    rng = np.random.default_rng(0)
    model = Sequential(Reshape((4,)), Dense(4, 2, rng=rng))
    assert model.summary() == (
        "layer            parameters\n"
        "Reshape((4,))             0\n"
        "Dense(4, 2)              10\n"
        "total                    10"
    )
    assert model.summary((2, 2)).splitlines()[:2] == [
        "layer          output shape  parameters",
        "Reshape((4,))          (4,)           0",
    ]


def test_summary_runs_in_the_dtype_of_the_network():
    seen = []

    class Spy(Sigmoid):
        def forward(self, x):
            seen.append((x.dtype, x.shape))
            return super().forward(x)

    Sequential(Spy()).summary((3,))
    Sequential(Spy(), Dense(3, 2, rng=np.random.default_rng(0), dtype=np.float64)).summary((3,))
    assert seen == [(np.float32, (1, 3)), (np.float64, (1, 3))]


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
    (lambda: zero_one_network(RNG, "int8"), TypeError, "dtype: *'int8'"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
