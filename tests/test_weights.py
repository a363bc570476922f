"""The parameters of a network in a file: the same bits, or refused by name."""

import os
import re

import numpy as np
import pytest

from cnnbook import weights
from cnnbook.files import DamagedFileError, write_arrays
from cnnbook.layers import Conv2D, Dense, Layer, Parameter, Reshape, Sigmoid
from cnnbook.model import Sequential, zero_one_network


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


def test_a_nested_network_is_kept_as_if_it_were_flat(tmp_path):
    conv, sigmoid, reshape, dense = small().layers
    nested = Sequential(Sequential(conv, sigmoid), Sequential(reshape, Sequential(dense)))
    nested.save(tmp_path / "weights.npz")
    assert sorted(nested.arrays()) == sorted(small().arrays())
    flat = small(1).load(tmp_path / "weights.npz")
    for p, q in zip(nested.parameters(), flat.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)


def test_two_layers_of_a_stack_within_have_a_name_each():
    stack = Sequential(Dense(2, 3, rng=rng()), Dense(3, 2, rng=rng()))
    names = ["0.bias", "0.weights", "1.bias", "1.weights", "2.bias", "2.weights", "architecture"]
    assert sorted(Sequential(stack, Dense(2, 1, rng=rng())).arrays()) == names


@pytest.mark.parametrize("wrong", ["nan", "inf", "-inf"])
def test_parameters_that_are_not_finite_are_refused(tmp_path, wrong):
    path = tmp_path / "weights.npz"
    model = small()
    model.parameters()[0].value[0, 1, 1, 0] = wrong
    model.save(path)
    message = f"0.kernels: expected finite numbers; got {wrong}$"
    assert_load_refused(small(1), path, DamagedFileError, message)


def test_a_file_much_larger_than_the_network_is_not_read(tmp_path):
    path = tmp_path / "weights.npz"
    small().save(path)
    os.truncate(path, weights.ROOM + 10_000)
    assert_load_refused(small(1), path, DamagedFileError, "expected at most 67,1.* bytes; got 67,1")


@pytest.mark.parametrize("name", ["x" * 1001, "two\nlines", "\x1b[31mred"])
def test_a_strange_description_is_shown_in_one_short_line(tmp_path, name):
    path = tmp_path / "weights.npz"
    write_arrays(path, {**small().arrays(), "architecture": np.array(name)})
    with pytest.raises(ValueError, match=re.escape(f"got those of {name[:100]!r}...")) as caught:
        small().load(path)
    assert str(caught.value).isprintable()


def test_all_that_a_file_holds_is_returned(tmp_path):
    path = tmp_path / "weights.npz"
    write_arrays(path, {**small().arrays(), "note": np.array("more")})
    arrays = weights.read_weights(path, into=small(1).arrays())
    assert arrays.keys() == {*small().arrays(), "note"}
    assert str(arrays["note"]) == "more"


def test_what_a_file_says_is_shown_whole_up_to_a_thousand_letters():
    assert weights._shortened("a" * 1000) == "a" * 1000
    assert weights._shortened("a" * 1001) == repr("a" * 100) + "..."
    assert weights._shortened("a\nb") == r"'a\nb'..."
