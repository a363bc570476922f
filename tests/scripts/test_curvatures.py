"""Runs beside the limit of their steps: what is measured, and what a parabola says of it."""

import json

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from cnnbook.layers import Conv2D, Dense, Tanh
from scripts.figures import curvatures
from tests.book.pages import DOCS

FIGURES = DOCS / "figures"


def test_the_parabola_is_that_of_the_chapter():
    """By the two roots, in the place of the recursion."""
    pairs = [(mu, side) for mu in curvatures.MOMENTA for side in curvatures.SIDES]
    for (mu, side), way in zip(pairs, curvatures.expected(), strict=True):
        step = side * 2 * (1 + mu)
        one, other = np.roots([1, -(1 + mu - step), mu]).astype(complex)
        # The place before the first is 1 as well, since it begins at rest.
        first, second = np.linalg.solve(
            [[1, 1], [1 / one if mu else 1, 1 / other if mu else 0]], [1, 1]
        )
        steps = np.arange(1, curvatures.AFTER + 1)
        wanted = (
            np.abs(first * one**steps + second * other**steps) if mu else np.abs(1 - step) ** steps
        )
        np.testing.assert_allclose(way, wanted, rtol=1e-9)
        assert (max(way[-3:]) > way[0]) == (side > 1)


def test_the_limits_are_those_of_the_runs():
    data = json.loads((FIGURES / "curvatures.json").read_text(encoding="utf-8"))["data"]
    assert data["limits"] == [2 * (1 + mu) / rate for rate, mu in curvatures.RUNS]
    looks = curvatures.STEPS // curvatures.EVERY + 1
    assert {len(run) for run in data["curvatures"] + data["losses"]} == {looks}
    for name, of in (("most", max), ("later", lambda run: np.median(run[15:]))):
        assert data[name] == pytest.approx([of(run) for run in data["curvatures"]])
    found, wanted = (np.log(data[name]) for name in ("apart", "expected"))
    assert np.abs(found - wanted)[:, :10].max() < 0.05, "the network does what a parabola does"


def test_the_network_of_the_second_panel_has_no_kinks():
    kinds = [type(layer) for layer in curvatures.smooth(np.random.default_rng(0)).layers]
    assert {Conv2D, Dense, Tanh} < set(kinds)
    assert "ReLU" not in str(kinds)
    assert "Pool" not in str(kinds)


def test_targets_that_can_be_reached_are_probabilities():
    _, targets = curvatures.reachable()
    np.testing.assert_allclose(targets.sum(axis=1), 1)
    assert targets.min() == pytest.approx(0.01)
    assert targets.max() == pytest.approx(0.91)
