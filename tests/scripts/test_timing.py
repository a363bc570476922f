"""What chapter 16 measures is what it says: the same results, the passes of a step, the fit."""

import json

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from scripts import timing
from scripts.figures import FOLDER, roofline
from tests.cases import error


def test_every_way_computes_the_same_layer():
    x, kernels, bias = timing.layer_arguments(2)
    right = timing.WAYS["loops"](x, kernels, bias)
    assert right.shape == (2, timing.KERNELS, 14, 14)
    for way in timing.WAYS.values():
        assert error(way(x, kernels, bias), right) < 1e-4
    assert error(timing.by_windows(x, kernels, bias, optimize=True), right) < 1e-4


def test_medians_are_taken_in_turns_and_the_first_round_is_left_out():
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    found = timing.in_turns(calls, rounds=3)
    assert order == ["a", "b"] * 4
    assert list(found) == ["a", "b"]
    assert all(seconds >= 0 for seconds in found.values())


def test_the_first_round_warms_and_does_not_count(monkeypatch):
    now, costs = [0.0], iter([100.0, 1.0, 5.0, 2.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])

    def call():
        now[0] += next(costs)

    assert timing.in_turns({"call": call}, rounds=3) == {"call": 2.0}
    costs = iter([100.0])
    assert timing.in_turns({"call": call}, rounds=1, warm=0) == {"call": 100.0}


def test_the_passes_count_the_products_of_both_layers_forwards_and_backwards():
    every = timing.passes(2)
    products = {(each.layer, each.name): each.multiplications for each in every}
    assert products[1, "product"] == products[1, "kernels"] == 2 * 16 * 28 * 28 * 9
    assert products[2, "product"] == products[2, "shares"] == 2 * 32 * 14 * 14 * 16 * 9
    assert [(each.layer, each.name) for each in every] == roofline.NAMES
    assert sum(each.multiplications == 0 for each in every) == 7
    for each in every:
        each.call()
        assert each.moved > 0


@pytest.mark.parametrize("layer", [1, 2])
def test_bytes_are_those_of_the_arrays(layer):
    channels, count, side = {1: (1, 16, 28), 2: (16, 32, 14)}[layer]
    moved = {each.name: each.moved for each in timing.passes(3) if each.layer == layer}
    pixels = 4 * 3 * side * side
    assert moved["frame"] == 2 * pixels * channels
    assert moved["windows"] == 2 * 9 * pixels * channels
    assert moved["bias"] == 2 * pixels * count
    assert moved["product"] == pixels * (9 * channels + count)


def test_a_straight_line_is_found():
    sizes = (1, 2, 4, 8)
    fixed, slope = timing.straight_line(sizes, [3 + 0.5 * size for size in sizes])
    np.testing.assert_allclose([fixed, slope], [3, 0.5])


def test_every_size_has_the_same_relative_weight():
    sizes, times = (1, 2, 64), [1.5, 1.4, 20.0]
    fixed, slope = timing.straight_line(sizes, times)
    off = [(fixed + slope * size) / time - 1 for size, time in zip(sizes, times, strict=True)]
    # At the least squares the relative errors are orthogonal to what either number adds.
    for added in ([1 / time for time in times], [s / t for s, t in zip(sizes, times, strict=True)]):
        assert abs(np.dot(off, added)) < 1e-12


def test_a_layer_is_compared_by_the_sums_of_its_passes():
    found = {"layer": [1, 2, 1], "measured": [3.0, 5.0, 1.0], "predicted": [1.0, 4.0, 3.0]}
    assert timing.by_layer(found) == [1.0, 1.25]


def test_what_the_page_says_of_the_measured_passes_and_of_two_threads():
    found = json.loads((FOLDER / "roofline.json").read_text(encoding="utf-8"))["data"]
    measured, moved = np.array(found["measured"]), np.array(found["bytes"])
    off = measured / found["predicted"]
    assert (off.argmax(), moved.argmin(), off.max() > 3) == (0, 0, True)
    ways = json.loads((FOLDER / "ways.json").read_text(encoding="utf-8"))["data"]
    step = 1000 * ways["one_thread"] / found["batch"]
    products = measured[np.array(found["multiplications"]) > 0].sum()
    assert products / step == pytest.approx(1 / 4, abs=0.03)
    assert ways["quicker"] < 8 / 7
