"""Draw a digit: what the pages compute is what cnnbook computes with the same rounded weights."""

import base64
import json
import re

import numpy as np
import pytest

pytest.importorskip("playwright", reason="pip install '.[browser]'")

from cnnbook.functions import sigmoid
from cnnbook.mnist import load_zero_one
from cnnbook.model import Sequential, zero_one_network
from cnnbook.pictures import _centre, _scale
from scripts.trained_weights import FOLDER, NAME, read
from tests.browser.serving import ROOT
from tests.browser.touching import swiped, unsound

FIGURE = "figure[data-touch=draw-digit]"
START, CHAPTER = "", "12-what-it-learned"
SIDE, MAPS, MIDDLE = 28, 5, slice(10, 18)
SAMPLES = json.loads((FOLDER / f"{NAME}.json").read_text("utf-8"))["samples"]

# Calls functions of the module in the page; numbers come back as the bytes of float64.
CALL = """
async ([name, text]) => {
  const given = JSON.parse(text); // Playwright takes its time with lists
  const root = new URL(document.querySelector("script[src*='touch.mjs']").src);
  const sums = await import(new URL("touch/draw-digit-sums.mjs", root));
  const bytes = await (await fetch(new URL("touch/zero-one.bin", root))).arrayBuffer();
  const numbers = sums.halves(bytes), model = sums.network(numbers);
  const does = {
    weights: () => numbers,
    half: (all) => all.map(sums.half),
    logits: (text) => {
      const x = Float64Array.from(atob(text), (letter) => letter.charCodeAt(0) / 255), found = [];
      for (let n = 0; n < x.length; n += 784) {
        found.push(...sums.forward(model, x.subarray(n, n + 784)).z);
      }
      return found;
    },
    layers: (all) => all.flatMap((x) => {
      const trace = sums.forward(model, x);
      const gradients = [0, 1].map((k) => sums.inputGradient(model, trace, k));
      return [trace.a, trace.h, trace.z, ...gradients].flatMap((part) => [...part]);
    }),
    centred: (all) => all.flatMap((x) => [...sums.centred(Float64Array.from(x))]),
    stroke: (all) => all.flatMap((one) => [...sums.stroke(...one)]),
    moved: (all) => all.flatMap((one) => [...sums.moved(...one)]),
    erased: (all) => all.flatMap(([x, ...ends]) => [...sums.erased(Float64Array.from(x), ...ends)]),
  };
  const found = new Uint8Array(Float64Array.from(does[name](given)).buffer);
  let letters = "";
  for (const byte of found) letters += String.fromCharCode(byte);
  return btoa(letters);
}
"""
TEXTS = """
async ([name, text]) => {
  const all = JSON.parse(text);
  const root = new URL(document.querySelector("script[src*='touch.mjs']").src);
  const { [name]: one } = await import(new URL("touch/draw-digit-sums.mjs", root));
  const found = all.map((given) => one(given));
  return JSON.stringify(found.map((x) => (typeof x === "string" ? x : x && [...x])));
}
"""


@pytest.fixture(scope="module")
def compute(browser, site):
    """Return a function that computes in a page; what it returns has the given shape."""
    page = browser.new_page()
    page.goto(site)

    def call(name, given, shape):
        found = np.frombuffer(base64.b64decode(page.evaluate(CALL, [name, json.dumps(given)])))
        return found.reshape(shape)

    yield call
    page.close()


@pytest.fixture(scope="module")
def model():
    """The network with the rounded weights, in float64."""
    network, numbers = zero_one_network(np.random.default_rng(0), dtype=np.float64), read()
    for parameter in network.parameters():
        part, numbers = np.split(numbers, [parameter.value.size])
        parameter.value[...] = part.reshape(parameter.value.shape)
    return network


def logits(model, images):
    return Sequential(*model.layers[:-1]).forward(np.reshape(images, (-1, 1, SIDE, SIDE)))


def drawings(count, seed=12):
    """Rings and strokes of random sizes at random places, with soft edges, in levels of a byte."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((SIDE, SIDE))
    for number in range(count):
        y, x = rng.uniform(9, 18, 2)
        height, width, soft = rng.uniform(3, 9), rng.uniform(2, 7), rng.uniform(1, 3)
        across = (columns - x - rng.uniform(-0.4, 0.4) * (rows - y)) / width
        away = np.hypot((rows - y) / height, across) if number % 2 else abs(across) + 1
        ink = 1 - abs(away - 1) * width / soft
        ink = np.where(abs(rows - y) < height + 1, np.clip(ink, 0, 1), 0)
        yield (255 * ink).round() / 255


# --- the arithmetic -------------------------------------------------------------------------------


def test_every_weight_is_decoded_and_every_kind_of_float16(compute):
    assert np.array_equal(compute("weights", None, -1), read().astype(float))
    bits = np.concatenate([np.arange(0, 0x7C00, 7), np.arange(0x8000, 0xFC00, 7)])
    expected = bits.astype("<u2").view("<f2").astype(float)
    assert np.array_equal(compute("half", bits.tolist(), -1), expected)


def test_the_logits_of_all_test_images_are_those_of_numpy(compute, model):
    images = load_zero_one().test[0]
    levels = (255 * images).round().astype(np.uint8)
    assert np.array_equal(levels / np.float32(255), images)
    found = compute("logits", base64.b64encode(levels.tobytes()).decode(), (2115, 2))
    np.testing.assert_allclose(found, logits(model, images.astype(float)), atol=1e-6, rtol=0)


def test_layers_and_input_gradient_are_those_of_the_book(compute, model):
    noise = np.random.default_rng(0).random((25, SIDE, SIDE))
    images = np.concatenate([list(drawings(25)), noise])
    found = compute("layers", images.reshape(50, -1).tolist(), (50, -1))
    before, x = Sequential(*model.layers[:-1]), images[:, np.newaxis]
    z = before.forward(x)
    maps, hidden = (Sequential(*model.layers[:n]).forward(x).reshape(50, -1) for n in (2, 5))
    gradients = [before.backward(np.eye(2)[[k] * 50]).reshape(50, -1) for k in (0, 1)]
    parts = np.split(found, np.cumsum([3380, 100, 2, 784]), axis=1)
    for part, expected in zip(parts, [maps, hidden, z, *gradients], strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-12, atol=1e-12 * abs(expected).max())


def test_a_page_is_centred_as_pictures_are(compute):
    images = [image for image in drawings(50) if image.max() >= 0.5]
    found = compute("centred", [image.ravel().tolist() for image in images], (-1, SIDE, SIDE))
    # Four pixels for one, as the module has them; Pillow computes in float32.
    expected = [_centre(_scale(np.kron(image, np.ones((4, 4))))) for image in images]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert sum(abs(a - b).max() > 0.1 for a, b in zip(expected, images, strict=True)) > 40
    unseen = np.repeat([[0.49], [0.0]], 784, axis=1)
    assert np.array_equal(compute("centred", unseen.tolist(), (2, 784)), unseen)


def test_a_page_is_moved_and_erased_as_slices_are(compute):
    rng = np.random.default_rng(3)
    images = rng.random((50, SIDE, SIDE))
    ways = rng.integers(-6, 7, (50, 2)).tolist()
    given = [[x.ravel().tolist(), *way] for x, way in zip(images, ways, strict=True)]
    found = compute("moved", given, images.shape)
    for x, (down, right), moved in zip(images, ways, found, strict=True):
        assert np.array_equal(moved, np.pad(x, 6)[6 - down :, 6 - right :][:SIDE, :SIDE])
    given = [[x.ravel().tolist(), MIDDLE.start, MIDDLE.stop - 1] for x in images]
    erased = compute("erased", given, images.shape)
    images[..., MIDDLE] = 0
    assert np.array_equal(erased, images)


def test_a_stroke_is_full_within_the_pen_and_none_a_pixel_farther(compute):
    rng = np.random.default_rng(4)
    ends = rng.uniform(-2, 30, (50, 2, 2))
    under = (255 * rng.random((50, 784))).round() / 255
    given = [[under[n].tolist(), *ends[n].tolist(), n % 2 == 1] for n in range(50)]
    places = np.stack(np.indices((SIDE, SIDE)), axis=-1).reshape(-1, 2)
    for n, found in enumerate(compute("stroke", given, (50, 784))):
        start, way = ends[n, 0], ends[n, 1] - ends[n, 0]
        along = np.clip((places - start) @ way / (way @ way), 0, 1)
        away = np.linalg.norm(places - start - along[:, np.newaxis] * way, axis=1)
        ink = np.clip(2 - away, 0, 1)
        expected = np.minimum(under[n], 1 - ink) if n % 2 else np.maximum(under[n], ink)
        np.testing.assert_allclose(found, expected, atol=0.5001 / 255)


def test_pages_in_addresses_come_back_and_nothing_else_is_one(visit):
    page = visit(START)

    def call(name, given):
        return json.loads(page.evaluate(TEXTS, [name, json.dumps(given)]))

    images = [image.ravel().tolist() for image in drawings(10)]
    images += [[0] * 784, [1] * 784, [0] * 783 + [1], [1] + [0] * 783]
    texts = call("written", images)
    assert all(re.fullmatch(r"[\w-]+", text) for text in texts)
    assert call("read", texts) == images
    wrong = ["", "A", "AAAA", texts[0][:-4], texts[0] + "_____w", texts[0] + "!", "x" * 4000]
    assert call("read", wrong) == [None] * len(wrong)


# --- by hand --------------------------------------------------------------------------------------


def opened(page):
    """Press the button with the keyboard, and wait for the answer."""
    page.locator(f"{FIGURE} .touch > button").focus()
    page.keyboard.press("Enter")
    answered(page)


def answered(page):
    page.wait_for_function(
        "figure => /\\d/.test(document.querySelector(figure + ' .draw-p')?.textContent ?? '')",
        arg=FIGURE,
    )


SEEN = """
async (figure) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const panel = document.querySelector(figure + " .touch-panel");
  const texts = (name) => [...panel.querySelectorAll(name)].map((one) => one.textContent);
  const pixels = (canvas) => [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data]
    .filter((_, n) => n % 4 === 0);
  return {
    p: texts(".draw-p"), z: texts(".draw-z"), values: texts(".draw-value"),
    said: texts(".touch-said")[0],
    pad: pixels(panel.querySelector(".draw-pad")),
    image: pixels(panel.querySelector(".draw-shown canvas")),
  };
}
"""


def check(page, model):
    """Compare each text with cnnbook's numbers for the image that is seen; return pad and all."""
    seen = page.evaluate(SEEN, FIGURE)
    x = np.array(seen["image"]).reshape(1, 1, SIDE, SIDE) / 255
    before = Sequential(*model.layers[:-1])
    z = before.forward(x)[0]
    found = [float(text.removeprefix("logit ").replace("\u2212", "-")) for text in seen["z"]]
    # What is seen has 256 levels; what was centred has more.
    np.testing.assert_allclose(found, z, atol=2e-2)
    np.testing.assert_allclose([float(p) for p in seen["p"]], sigmoid(z), atol=5e-3)
    maps = Sequential(*model.layers[:2]).forward(x)[0].mean(axis=(1, 2))
    gradient = before.backward(np.array([[0.0, 1.0]]))
    ends = [float(one.replace("\u2212", "-")) for one in seen["values"][1].split(" to ")]
    np.testing.assert_allclose(ends, [gradient.max(), gradient.min()], atol=5e-3)
    means = [float(text.removeprefix("mean ")) for text in seen["values"][2:]]
    np.testing.assert_allclose(means, maps, atol=1e-3)
    return np.array(seen["pad"]).reshape(SIDE, SIDE) / 255, seen


def drag(page, points):
    """Draw with the mouse through places of the pad, in pixels of the image."""
    pad = page.locator(f"{FIGURE} .draw-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    at = [
        [box["x"] + box["width"] * (x + 0.5) / SIDE, box["y"] + box["height"] * (y + 0.5) / SIDE]
        for y, x in points
    ]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place)
    page.mouse.up()


RING = [[14 + 9 * np.sin(t), 13 + 6 * np.cos(t)] for t in np.linspace(0, 6.4, 40)]


def test_the_blank_page_is_a_one_and_says_so(visit, model):
    page = visit(START)
    assert not [url for url in page.requests if "touch/" in url], "nothing before the touch"
    opened(page)
    pad, seen = check(page, model)
    assert not pad.any()
    blank = sigmoid(logits(model, np.zeros((SIDE, SIDE))))[0, 1]
    assert seen["p"][1] == f"{blank:.4f}"
    assert seen["said"] == f"The page is blank. It reads a 1, with {blank:.4f}."
    assert page.complaints == []


def test_by_mouse_a_digit_is_drawn_moved_erased_and_read(visit, model):
    page = visit(START)
    opened(page)
    drag(page, RING)
    pad, seen = check(page, model)
    assert (pad.max(), pad[14, 13]) == (1, 0)
    assert float(seen["p"][0]) > 0.99
    assert seen["said"].startswith("It reads a 0, with 0.99")
    button = page.locator(FIGURE).get_by_role("button", name="Move left")
    for _ in range(6):
        button.click()
    moved, seen_moved = check(page, model)
    assert np.array_equal(moved[:, :-6], pad[:, 6:])
    assert seen_moved["image"] == seen["image"], "centred, it stays where it is"
    page.locator(FIGURE).get_by_label("Centre as MNIST does").uncheck()
    _, seen = check(page, model)
    assert float(seen["p"][1]) > 0.9, "off its place it is a one"
    page.locator(FIGURE).get_by_role("button", name="Erase middle").click()
    erased, seen = check(page, model)
    assert not erased[:, MIDDLE].any()
    assert erased.any()
    page.locator(FIGURE).get_by_role("button", name="Eraser").click()
    drag(page, [[y, x] for y in range(0, 28, 2) for x in (0, 27)])
    rubbed, _ = check(page, model)
    assert rubbed.sum() < 0.1 * erased.sum()
    page.locator(FIGURE).get_by_role("button", name="Clear").click()
    assert not check(page, model)[0].any()
    assert page.complaints == []


def test_by_keyboard_alone_a_one_is_drawn_and_an_image_loaded(visit, model):
    page = visit(START)
    opened(page)
    page.locator(f"{FIGURE} .draw-pad").focus()
    for key in ["ArrowUp"] * 8 + ["Shift+ArrowDown"] * 16 + ["ArrowRight", "ArrowRight"]:
        page.keyboard.press(key)
    said = page.locator(f"{FIGURE} .touch-said").text_content()
    assert said == "Row 21, column 15: ink 0.00."
    pad, seen = check(page, model)
    assert np.flatnonzero(pad[12]).tolist() == [12, 13, 14] or pad[12, 13] == 1
    assert pad[5:22, 13].all()
    assert not pad[:4].any()
    assert float(seen["p"][1]) > 0.99
    page.keyboard.press("Space")
    assert check(page, model)[0][21, 15] == 1
    page.keyboard.press("e")
    assert check(page, model)[0][21, 15] == 0
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.ariaLabel") == "Load a 0":
            break
    page.keyboard.press("Enter")
    pad, seen = check(page, model)
    levels = np.frombuffer(base64.b64decode(SAMPLES[0]["pixels"]), np.uint8)
    assert np.array_equal((255 * pad).round().ravel(), levels)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert float(check(page, model)[1]["p"][1]) > 0.99
    assert page.complaints == []


def test_a_finger_draws_on_the_pad_and_scrolls_beside_it(browser, site):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    page.goto(site)
    page.locator(f"{FIGURE} .touch > button").tap()
    pad = page.locator(f"{FIGURE} .draw-pad")
    pad.evaluate("pad => pad.scrollIntoView({ block: 'center' })")
    box = pad.bounding_box()
    bottom = box["y"] + box["height"] * 0.8
    up = bottom, bottom - 132
    assert swiped(page, box["x"] + box["width"] / 2, *up) == 0
    ink = np.array(page.evaluate(SEEN, FIGURE)["pad"]).reshape(SIDE, SIDE)
    assert ink.any(axis=1).sum() > 8, "a stroke"
    assert box["x"] + box["width"] < 320, "a hand's breadth to scroll"
    assert swiped(page, box["x"] + box["width"] + 12, *up) > 50
    context.close()


def test_ink_is_taken_before_the_weights_are_there_and_a_failure_is_said(visit):
    page = visit(START)
    held = []
    page.route("**/zero-one.bin", lambda route: held.append(route))  # noqa: PLW0108 - Playwright writes on it
    page.locator(f"{FIGURE} .touch > button").click()
    page.locator(f"{FIGURE} .draw-pad").wait_for()
    said = page.locator(f"{FIGURE} .touch-said")
    assert said.text_content().startswith("Loading the 338,352 weights, 0.7 MB.")
    drag(page, RING)
    assert sum(page.evaluate(SEEN, FIGURE)["pad"]) > 0
    held.pop().abort()
    again = page.locator(FIGURE).get_by_role("button", name="Load the weights again")
    again.wait_for()
    assert "could not be loaded" in said.text_content()
    page.unroute("**/zero-one.bin")
    again.click()
    answered(page)
    assert float(page.evaluate(SEEN, FIGURE)["p"][0]) > 0.99


# --- addresses, accessibility, engines ------------------------------------------------------------


def test_an_address_brings_the_page_back_and_a_broken_one_a_blank_one(visit, site, model):
    page = visit(START)
    opened(page)
    drag(page, RING)
    page.locator(FIGURE).get_by_label("Centre as MNIST does").uncheck()
    page.wait_for_function("location.hash.includes('centre=off')")
    pad, seen = check(page, model)
    page.reload()
    answered(page)
    again, seen_again = check(page, model)
    assert np.array_equal(pad, again)
    assert [seen[key] for key in ("p", "z", "values")] == [
        seen_again[key] for key in ("p", "z", "values")
    ]
    assert not page.locator(FIGURE).get_by_label("Centre as MNIST does").is_checked()
    page.goto("about:blank")
    page.goto(f"{site}#touch=draw-digit&x=%00nonsense&centre=perhaps")
    answered(page)
    assert not check(page, model)[0].any()
    assert page.locator(FIGURE).get_by_label("Centre as MNIST does").is_checked()
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_too_wide(visit, scheme):
    page = visit(START, scheme=scheme, width=360)
    opened(page)
    drag(page, RING)
    assert unsound(page) == []
    for width in (320, 360, 768, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        panel = page.locator(f"{FIGURE} .touch-panel")
        assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    small = panel.locator("button, input[type=checkbox]").evaluate_all(
        "all => all.map((one) => (one.closest('label') ?? one).getBoundingClientRect())"
        ".filter(({ width, height }) => Math.min(width, height) < 24).length"
    )
    assert small == 0
    assert page.complaints == []


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_while_it_loads_and_a_digit_is_drawn(visit, width):
    page, held = visit(START, width=width), []
    page.route("**/zero-one.*", lambda route: held.append(route))  # noqa: PLW0108 - as above
    page.locator(f"{FIGURE} .touch > button").click()
    page.locator(f"{FIGURE} .draw-pad").wait_for()
    while len(held) < 2:
        page.wait_for_timeout(20)
    height = "figure => document.querySelector(figure).getBoundingClientRect().height"
    before = page.evaluate(height, FIGURE)
    for route in held:
        route.continue_()
    answered(page)
    page.locator(f"{FIGURE} .draw-samples canvas").first.wait_for()
    assert page.evaluate(height, FIGURE) == before
    drag(page, RING)
    page.locator(FIGURE).get_by_role("button", name="Move left").click()
    assert page.evaluate(height, FIGURE) == before


def test_the_chapter_begins_with_the_moved_zero_of_its_drawing(visit, model):
    page = visit(CHAPTER)
    opened(page)
    page.wait_for_function(
        "figure => document.querySelector(figure + ' .touch-said').textContent.startsWith('It')",
        arg=FIGURE,
    )
    pad, seen = check(page, model)
    drawn = json.loads((ROOT / "docs/figures/moved_zero.json").read_text("utf-8"))["data"]
    np.testing.assert_allclose(pad, drawn["images"][1], atol=1e-4)
    np.testing.assert_allclose([float(p) for p in seen["p"]], drawn["answers"][1], atol=2e-3)
    page.locator(FIGURE).get_by_role("button", name="Erase middle").click()
    np.testing.assert_allclose(check(page, model)[0], drawn["images"][2], atol=1e-4)
    panel, strip = (page.locator(f"{FIGURE} {name}") for name in (".touch-panel", ".touch"))
    box = panel.bounding_box()
    assert strip.bounding_box()["y"] >= box["y"] + box["height"] - 1
    assert page.complaints == []


OPEN = """
async (figure) => {
  const there = async (find) => {
    for (let n = 0; n < 400 && !find(); n += 1) await new Promise((done) => setTimeout(done, 50));
    return find();
  };
  const one = document.querySelector(figure);
  one.querySelector(".touch > button").click();
  await there(() => /\\d/.test(one.querySelector(".draw-p")?.textContent ?? ""));
  (await there(() => one.querySelectorAll(".draw-samples button")[2])).click();
  await there(() => /reads/.test(one.querySelector(".touch-said").textContent));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await new Promise((done) => setTimeout(done, 400));
  const texts = [...one.querySelectorAll(".draw-p, .draw-z, .draw-value, .touch-said")];
  return texts.map((part) => part.textContent);
}
"""


def test_each_engine_opens_it_and_shows_the_same(engine, site, model):
    with engine.open(site) as page:
        found = page.evaluate(OPEN, FIGURE)
    levels = np.frombuffer(base64.b64decode(SAMPLES[2]["pixels"]), np.uint8)
    image = _centre(_scale(np.kron(levels.reshape(SIDE, SIDE) / 255, np.ones((4, 4)))))
    z = logits(model, image)[0]
    p = sigmoid(z)
    said = [f"logit {value:+.3f}".replace("-", "\u2212") for value in z]
    assert found[:4] == [f"{p[0]:.4f}", said[0], f"{p[1]:.4f}", said[1]]
    assert found[-1] == f"It reads a {int(p[1] > p[0])}, with {p.max():.4f}."
