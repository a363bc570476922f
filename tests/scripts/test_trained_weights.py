"""The weights that the pages load are those of the network of today."""

import base64
import json

import numpy as np
import pytest

from cnnbook.mnist import load_zero_one
from cnnbook.model import zero_one_network
from scripts import trained_weights
from scripts.trained_weights import FOLDER, NAME, read, same

ROOT = trained_weights.ROOT


@pytest.fixture(scope="module")
def model():
    """The network with the rounded weights, to be computed with in float64."""
    network, numbers = zero_one_network(np.random.default_rng(0), dtype=np.float64), read()
    sizes = [parameter.value.size for parameter in network.parameters()]
    parts = np.split(numbers.astype(np.float64), np.cumsum(sizes)[:-1])
    for parameter, part in zip(network.parameters(), parts, strict=True):
        parameter.value[...] = part.reshape(parameter.value.shape)
    return network


def figure(name):
    return json.loads((ROOT / "docs" / "figures" / f"{name}.json").read_text("utf-8"))["data"]


def samples():
    return json.loads((FOLDER / f"{NAME}.json").read_text("utf-8"))["samples"]


def test_there_is_a_number_of_two_bytes_for_every_parameter():
    assert len(read()) == 338_352
    size = (FOLDER / f"{NAME}.bin").stat().st_size
    assert size == 2 * 338_352
    assert round(size / 1e6, 1) == 0.7, "as the pages say"


def test_nothing_is_stale():
    assert trained_weights.stale() == {}


def test_what_is_missing_altered_or_older_than_its_code_is_named(tmp_path, monkeypatch):
    weights, beside = ((FOLDER / f"{NAME}{end}").read_bytes() for end in (".bin", ".json"))
    monkeypatch.setattr(trained_weights, "FOLDER", tmp_path)
    assert trained_weights.stale() == {NAME: "is not there"}
    (tmp_path / f"{NAME}.json").write_bytes(beside)
    (tmp_path / f"{NAME}.bin").write_bytes(weights)
    assert trained_weights.stale() == {}
    monkeypatch.setattr(trained_weights, "code", lambda: "another")
    assert trained_weights.stale() == {NAME: "the code that trains it has changed"}
    (tmp_path / f"{NAME}.bin").write_bytes(bytes([weights[0] ^ 1]) + weights[1:])
    assert "have been changed" in trained_weights.stale()[NAME]


def test_it_misreads_as_many_test_images_as_the_figures_say(model):
    images, labels = load_zero_one().test
    answers = model.predict(images.astype(np.float64))
    drawn = figure("test_errors")
    assert int((answers.argmax(axis=1) != labels).sum()) == drawn["errors"]
    for number, answer in zip(drawn["numbers"], drawn["answers"], strict=True):
        np.testing.assert_allclose(answers[number], answer, atol=2e-3)


def test_its_kernels_are_those_of_the_start_page(model):
    kernels = model.parameters()[0].value[:, 0]
    np.testing.assert_allclose(kernels, figure("first_answer")["kernels"], atol=5e-4)


def test_the_samples_are_test_images_and_read_as_their_names_say(model):
    images = {tuple((255 * image).round().astype(int).ravel()) for image in load_zero_one().test[0]}
    found = samples()
    assert [one["name"] for one in found[:2]] == ["a 0", "a 1"]
    for one in found:
        levels = np.frombuffer(base64.b64decode(one["pixels"]), np.uint8)
        digit = int(model.predict(levels.reshape(1, 1, 28, 28) / 255).argmax())
        if one["name"][-1] not in "27":
            assert tuple(levels) in images
            named = next(int(letter) for letter in one["name"] if letter.isdigit())
            assert digit == (1 - named if "misread" in one["name"] else named)
    misread = sum("misread" in one["name"] for one in found)
    assert misread == figure("test_errors")["errors"]


def test_a_last_digit_may_differ_and_no_more():
    weights = read()
    assert same(weights, weights.copy())
    assert not same(weights[1:], weights)
    nudged = np.nextafter(weights, np.float16(9), dtype=np.float16)
    assert same(nudged, weights)
    assert not same(np.nextafter(nudged, np.float16(9), dtype=np.float16)[:1000], weights[:1000])


@pytest.mark.slow
def test_a_training_of_today_gives_these_weights():
    assert same(read(), trained_weights.rounded(trained_weights.trained().model))
