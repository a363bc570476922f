"""Two marbles on two losses: their numbers are those of cnnbook, by mouse, keyboard and address."""

from itertools import product

import numpy as np
import pytest

pytest.importorskip("playwright", reason="pip install '.[browser]'")

from cnnbook.functions import sigmoid
from cnnbook.layers import Sigmoid
from cnnbook.layers.activations import sigmoid_gradient
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.losses.binary_cross_entropy import (
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
)
from tests.browser.touching import swiped, texts, unsound

CHAPTER, NAME = "06-binary-cross-entropy", "two-marbles"
EPSILON, WAYS, LOSSES = 1e-7, ("logits", "floored", "clipped", "typed"), ("cross", "squared")
FIGURE = f"figure[data-touch={NAME}]"
OPENED = f"{FIGURE}[data-open] .touch-said"
CALL = """
async ([name, ...given]) => {
  const module = await import("../javascripts/touch/two-marbles.mjs");
  const plain = (one) => typeof one === "number" ? String(one) : one && typeof one === "object"
    ? Object.fromEntries(Object.entries(one).map(([key, value]) => [key, plain(value)])) : one;
  return given[0].map((one) => plain(module[name](...one)));
}
"""  # as strings, since JSON has no nan


def call(page, name, states):
    """Call a function of the module with each list of arguments."""
    return page.evaluate(CALL, [name, states])


def expected(name, z, t, dtype, way):
    """Return probability, loss and gradient as the book computes them."""
    z, t = np.array([z], dtype), np.array([t], dtype)
    layer, loss = Sigmoid(), BinaryCrossEntropy()
    p = layer.forward(z)
    if name == "squared":
        return p, (p - t) ** 2 / 2, sigmoid_gradient(p, p - t)
    if way == "logits":
        gradient = binary_cross_entropy_from_logits_gradient(z, t)
        return p, binary_cross_entropy_from_logits(z, t), gradient
    if way == "floored":
        loss.forward(p, t)
        return p, binary_cross_entropy(p, t), layer.backward(loss.backward())
    if way == "clipped":
        low, high = dtype(EPSILON), dtype(1 - EPSILON)
        loss.forward(np.clip(p, low, high), t)
        inside = (p >= low) & (p <= high)
        losses = binary_cross_entropy(np.clip(p, low, high), t)
        return p, losses, layer.backward(loss.backward() * inside)
    with np.errstate(divide="ignore", invalid="ignore"):  # as typed
        losses = -t * np.log(p) - (1 - t) * np.log(1 - p)
        return p, losses, layer.backward((1 - t) / (1 - p) - t / p)


def test_losses_and_gradients_are_those_of_the_book(visit):
    page = visit(CHAPTER)
    rng = np.random.default_rng(6)
    for way, dtype in product(WAYS, (np.float64, np.float32)):
        z = np.concatenate([rng.uniform(-7, 7, 25), rng.uniform(-110, 110, 25)])
        z = z.astype(dtype).astype(float)
        t = rng.integers(0, 2, 50).astype(float)
        settings = [{"t": float(one), "format": dtype.__name__, "way": way} for one in t]
        for name in LOSSES:
            states = [[name, float(one), chosen] for one, chosen in zip(z, settings, strict=True)]
            for k, found in enumerate(call(page, "valued", states)):
                numbers = [float(found[key]) for key in ("p", "loss", "gradient")]
                compare(numbers, expected(name, z[k], t[k], dtype, way), dtype, way)


def compare(numbers, arrays, dtype, way):
    """Hold probability, loss and gradient to what exp allows.

    NumPy's exp may be off by two units of the last place in float32 and by one in float64; the
    browser's is rounded from float64. So p may be a neighbour, and 1 - p and its logarithm feel
    that the more the nearer p is to 1. From logits nothing of the kind can happen to the loss.
    """
    p, losses, gradient = (float(one[0]) for one in arrays)
    unit = float(np.finfo(dtype).eps)
    near = {"rtol": 1e-12 if dtype is np.float64 else 8 * unit, "equal_nan": True}
    slack = 2 * unit / (1 - p) if way != "logits" and p < 1 else 0
    np.testing.assert_allclose(numbers[0], p, **near)
    np.testing.assert_allclose(numbers[1], losses, atol=slack, **near)
    np.testing.assert_allclose(numbers[2], gradient, atol=2 * unit, **near)


def test_far_out_a_gradient_is_right_or_zero_or_nan(visit):
    page = visit(CHAPTER)
    found = {}
    for way in WAYS:
        settings = {"format": "float32", "way": way}
        states = [["cross", -20, settings | {"t": 1}], ["cross", 20, settings | {"t": 0}]]
        found[way] = [round(float(one["gradient"]), 6) + 0 for one in call(page, "valued", states)]
    assert found["logits"] == [-1, 1]
    assert found["floored"] == [-1, 0]
    assert found["clipped"] == [0, 0]
    assert str(found["typed"]) == "[-1.0, nan]"


def test_a_run_takes_as_many_steps_as_in_numpy(visit):
    page = visit(CHAPTER)
    rng = np.random.default_rng(7)
    starts, rates = rng.uniform(-8, 8, 50), rng.uniform(0.3, 2, 50)
    starts[0], rates[0] = -8, 1
    targets = [1, *rng.integers(0, 2, 49).tolist()]
    for name in LOSSES:
        states = [
            [name, z, {"t": t, "rate": rate, "format": "float64", "way": "logits"}]
            for z, rate, t in zip(starts.tolist(), rates.tolist(), targets, strict=True)
        ]
        for (_, start, chosen), found in zip(states, call(page, "run", states), strict=True):
            z, t, count = np.array([start]), np.array([float(chosen["t"])]), 0
            while abs(t - sigmoid(z)) >= 0.1:
                error = sigmoid(z) - t
                slope = error if name == "cross" else sigmoid_gradient(sigmoid(z), error)
                z, count = z - chosen["rate"] * slope, count + 1
            assert (int(found["count"]), found["end"]) == (count, "arrived")
            np.testing.assert_allclose(float(found["z"]), z[0], rtol=1e-9)


def cells(page, name):
    """Return what the column of a marble shows."""
    keys = ("steps", "z", "p", "loss", "gradient", "end")
    return [page.locator(f"[data-cell={name}-{key}]").text_content() for key in keys]


def shown(value):
    """Write a number as the page does."""
    return float(f"{value:.4e}")


def read(text):
    """Read a number of the page."""
    return float(text.replace("\u2212", "-").replace(",", ""))


def opened(visit, fragment="", **options):
    """Open the page at a state of the figure."""
    page = visit(CHAPTER, **options)
    if not fragment:
        page.locator(f"{FIGURE} .touch > button").click()
    else:
        page.evaluate(f"location.hash = 'touch={NAME}{fragment}'")
    page.wait_for_selector(OPENED, state="attached")
    return page


def test_by_keyboard_alone_the_marbles_are_put_stepped_and_run(visit):
    page = visit(CHAPTER)
    page.emulate_media(reduced_motion="reduce")
    page.locator(f"{FIGURE} .touch > button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(OPENED, state="attached")
    page.locator(".marble-start").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Step
    for name in LOSSES:
        z = np.array([-7.9])
        error = sigmoid(z) - 1
        z = z - (error if name == "cross" else sigmoid_gradient(sigmoid(z), error))
        p, losses, gradient = (
            float(one[0]) for one in expected(name, z[0], 1, np.float64, "logits")
        )
        found = cells(page, name)
        assert found[0] == "1"
        numbers = [shown(one) for one in (z[0], p, losses, gradient)]
        assert [read(one) for one in found[1:5]] == numbers
    assert page.locator(".touch-said").text_content().startswith("Step 1: z is ")
    page.locator(".marble-start").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Run
    page.wait_for_function("document.querySelector('.touch-said').textContent.includes('run')")
    assert cells(page, "cross")[::5] == ["19", "p > 0.9"]
    assert cells(page, "squared")[::5] == ["3,081", "p > 0.9"]
    assert page.complaints == []


def test_by_mouse_both_marbles_are_dragged_and_a_run_can_be_watched(visit):
    page = opened(visit)
    plot = page.locator(".marble-plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 30, steps=3)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 30, steps=3)  # moves nothing
    z = [read(cells(page, name)[1]) for name in LOSSES]
    assert z[0] == z[1]
    assert abs(z[0] + 12 * (1 - 2 * (0.4 * 320 - 34) / 278)) < 0.2
    x = page.locator(".marble").first.get_attribute("cx")
    assert abs(float(x) / 320 - 0.4) < 0.01, "under the finger"
    page.locator(".touch-panel button", has_text="Run").click()
    page.wait_for_function("document.querySelector('.touch-said').textContent.includes('run')")
    assert all(cells(page, name)[5] == "p > 0.9" for name in LOSSES)
    assert page.complaints == []


def test_a_finger_moves_the_page_past_the_plot(visit):
    page = opened(visit, width=390)
    plot = page.locator(".marble-plot").first
    plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")
    box = plot.bounding_box()
    bottom = box["y"] + box["height"] * 0.9
    assert swiped(page, box["x"] + box["width"] / 2, bottom, bottom - 130) > 50


def test_an_address_brings_the_state_back_and_a_broken_one_the_first(visit):
    wanted = "&z=-30&t=1&rate=0.5&format=float32&way=clipped&range=120&steps=4,2"
    page = opened(visit, wanted)
    before = [cells(page, name) for name in LOSSES]
    assert [before[0][k] for k in (0, 1, 4, 5)] == ["4", "\u221230", "0", "z stays"]
    page.locator(".touch-panel button", has_text="Step").click()
    stepped = page.evaluate("location.hash")
    assert stepped == f"#touch={NAME}{wanted}".replace("4,2", "5,3")
    page.reload()
    page.wait_for_selector(OPENED, state="attached")
    assert cells(page, "cross") == ["5", *before[0][1:]]
    fresh, nonsense = opened(visit), "format=toString&way=&range=5"
    for wrong in ("z=x&t=7&rate=-1&steps=1,x,-3", "z=13&rate=1001", "z=-13&rate=0.0001"):
        broken = opened(visit, f"&{wrong}&{nonsense}")
        assert cells(broken, "cross") == cells(fresh, "cross")
        rates = [one.get_by_label("learning rate").input_value() for one in (broken, fresh)]
        assert rates[0] == rates[1]
    assert cells(fresh, "cross")[:2] == ["0", "\u22128"]
    assert broken.complaints == fresh.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_too_wide(visit, scheme):
    page = opened(visit, "&range=120&z=-111.1&steps=3,3", scheme=scheme, width=360)
    assert unsound(page) == []


def test_each_engine_opens_it_and_shows_the_same(engine, site):
    address = f"{site}{CHAPTER}/#touch={NAME}&z=-8&steps=3,500"
    with engine.open(address) as page:
        [seen] = texts(page, "[data-cell]")
    assert seen[:4] == ["3", "500", "\u22125.0037", "\u22127.8167"]
    assert len(seen) == 12
