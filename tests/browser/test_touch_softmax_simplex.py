"""Three logits and their point in the triangle: every number is the package's, however set."""

import numpy as np
import pytest

pytest.importorskip("playwright", reason="pip install '.[browser]'")

from cnnbook.functions import log_softmax, sigmoid, softmax
from cnnbook.layers.activations import sigmoid_gradient, softmax_gradient
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.losses.binary_cross_entropy import (
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
)
from tests.browser.touching import misled, opened, swiped, texts, turn, unsound

PAGE, NAME = "15-ten-classes", "softmax-simplex"
FIGURE = f"figure[data-touch={NAME}]"
CLASSES, START = ("3", "5", "8"), [1.4, -0.2, 0.3]
CORNERS = np.array([[0, 0], [1, 0], [0.5, 0.75**0.5]])
MINUS = "\N{MINUS SIGN}"
SUMS = """async (all) => {
  const sums = await import("../javascripts/touch/softmax-simplex-sums.mjs");
  return all.map(({ state, upstream, place }) => {
    const u = sums.heated(state);
    const p = sums.softmax(u);
    return {
      p,
      logs: sums.logSoftmax(u),
      lse: sums.logSumExp(u),
      typed: sums.shares(sums.typed(u)).map(String),
      product: sums.softmaxGradient(p, upstream),
      values: sums.valued(state),
      stepped: sums.stepped(state.z, sums.valued(state)),
      place: sums.placed(p),
      inside: sums.distribution(place, 1e-3),
      logits: sums.logits(sums.distribution(place, 1e-3)),
    };
  });
}"""


@pytest.fixture(scope="module")
def scripts(browser, site):
    """Return what calls a function of JavaScript on the page."""
    page = browser.new_page()
    page.goto(f"{site}{PAGE}/")
    yield page.evaluate
    page.close()


def states(rng, layer):
    """Return random states; of 50, ten have logits of thousands."""
    scales = np.repeat([1.0, 8.0, 30.0, 300.0, 1e4], 10)
    for scale in scales:
        z = rng.uniform(-scale, scale, 3)
        t, T = int(rng.integers(3)), float(rng.choice([1, rng.uniform(0.25, 4)]))  # noqa: N806
        yield {"z": z.tolist(), "t": t, "T": T, "layer": layer}


def expected(*, z, t, T, layer):  # noqa: N803 - the letter of the chapter
    """Compute probabilities, loss, gradient and Jacobian with the package."""
    u, target = np.array([z]) / T, np.eye(3)[[t]]
    if layer == "sigmoids":
        p = sigmoid(u)[0]
        loss = binary_cross_entropy_from_logits(u, target).sum()
        gradient = binary_cross_entropy_from_logits_gradient(u, target)[0]
        slopes = np.array([sigmoid_gradient(p, row) for row in np.eye(3)])
    else:
        p, cost = softmax(u)[0], CategoricalCrossEntropy(from_logits=True)
        loss, gradient = cost.forward(u, target), cost.backward()[0]
        slopes = np.array([softmax_gradient(p, row) for row in np.eye(3)])
    return {"p": p, "loss": loss, "gradient": gradient / T, "jacobian": slopes / T}


def near(found, wanted):
    """Hold numbers to 1e-12; next to 1 and 0 the last digit of an exponential is left."""
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("layer", ["softmax", "sigmoids"])
def test_the_sums_are_the_packages_over_random_states(scripts, layer):
    rng = np.random.default_rng(15)
    given = [
        {"state": state, "upstream": rng.standard_normal(3).tolist(), "place": [0.5, 0.3]}
        for state in states(rng, layer)
    ]
    overflowed = 0
    for one, found in zip(given, scripts(SUMS, given), strict=True):
        state = one["state"]
        u, wanted = np.array(state["z"]) / state["T"], expected(**state)
        for name, value in wanted.items():
            near(found["values"][name], value)
        np.testing.assert_allclose(found["values"]["p"], wanted["p"], rtol=1e-12)
        if layer == "sigmoids":
            costs = binary_cross_entropy_from_logits(u, np.eye(3)[state["t"]])
            np.testing.assert_allclose(found["values"]["losses"], costs, rtol=1e-12)
        near(found["values"]["sum"], wanted["p"].sum())
        near(found["stepped"], state["z"] - wanted["gradient"])
        after = expected(**state | {"z": found["stepped"]})
        assert after["loss"] <= wanted["loss"], "at any temperature"
        near(found["p"], softmax(u))
        near(found["logs"], log_softmax(u))
        near(found["lse"], u[0] - log_softmax(u)[0])
        near(found["product"], softmax_gradient(softmax(u), np.array(one["upstream"])))
        with np.errstate(over="ignore", invalid="ignore"):
            quotients = np.exp(u) / np.exp(u).sum()
        same = {"rtol": 1e-11, "atol": 1e-15, "equal_nan": True}
        np.testing.assert_allclose(np.array(found["typed"], float), quotients, **same)
        overflowed += bool(np.isnan(quotients).any())
    assert 8 <= overflowed <= 25, "with and without an overflow"


def test_the_softmax_has_a_place_and_a_place_its_logits(scripts):
    rng = np.random.default_rng(16)
    given = []
    for state in states(rng, "softmax"):
        place = (rng.dirichlet([1, 1, 1]) @ CORNERS).tolist()
        given.append({"state": state, "upstream": [0, 0, 0], "place": place})
    given[0]["place"], given[1]["place"] = [-3, -1], [0.5, 2]
    for one, found in zip(given, scripts(SUMS, given), strict=True):
        near(found["place"], softmax(np.array(one["state"]["z"]) / one["state"]["T"]) @ CORNERS)
        near(sum(found["inside"]), 1)
        assert min(found["inside"]) > 0.9e-3
        if min(found["inside"]) > 1.1e-3:
            near(np.array(found["inside"]) @ CORNERS, one["place"])
        near(softmax(np.array(found["logits"])), found["inside"])
        assert abs(sum(found["logits"])) < 1e-14


# --- the figure ---------------------------------------------------------------------------------


def panel(page):
    return page.locator(f"{FIGURE} .touch-panel")


def number(text):
    text = text.replace(MINUS, "-").replace("\N{INFINITY}", "inf")
    return float(text or "nan")


def table(page):
    """Return the heads of the rows, and what stands in them."""
    rows = page.locator(f"{FIGURE} .simplex-table tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return [row[0] for row in rows], [row[1:] for row in rows]


def words(page, part):
    return page.locator(f"{FIGURE} .simplex-{part}").text_content()


def said(page):
    return page.locator(f"{FIGURE} .touch-said").text_content()


def press(page, name):
    panel(page).get_by_role("button", name=name, exact=True).click()


def slider(page, name):
    return panel(page).get_by_role("slider", name=name, exact=True)


def logits(page):
    """Return the logits in the address; nothing there is the beginning."""
    fragment = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('z')")
    return [float(one) for one in fragment.split(",")] if fragment else START


def written(value):
    """Write a number as sentences do."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def agrees(page, z, *, t=2, T=1, layer="softmax"):  # noqa: N803 - the letter of the chapter
    """Compare every cell with the package; return what it computes."""
    wanted = expected(z=z, t=t, T=T, layer=layer)
    u, p = np.array(z) / T, wanted["p"]
    with np.errstate(over="ignore", invalid="ignore"):
        naive = np.exp(u)
        ways = [naive, naive / naive.sum(), np.exp(u - u.max()), p]
        if layer == "sigmoids":
            ways = [naive, naive / (1 + naive), np.exp(-u), p]
    numbers = [u, *ways, np.eye(3)[t], wanted["gradient"], *wanted["jacobian"]]
    _, cells = table(page)
    for row, value in zip(cells, numbers, strict=True):
        close(row[:3], value)
    totals = [number(row[3]) for row in cells]
    if layer == "softmax":
        close([row[3] for row in cells[1:]], [np.sum(one) for one in numbers[1:]])
        assert [row[3] for row in cells[6:]] == ["0"] * 4, "gradient and Jacobian add up to 0"
    else:
        close([cells[4][3], cells[6][3]], [p.sum(), wanted["gradient"].sum()])
        assert np.isnan([totals[k] for k in (0, 1, 3)]).all()
    point = page.locator(f"{FIGURE} .simplex-point")
    place = [float(point.get_attribute(name)) for name in ("cx", "cy")]
    if layer == "softmax":
        x, y = p @ CORNERS
        np.testing.assert_allclose(place, [40 + 240 * x, 258 - 240 * y])
    assert point.is_visible() == (layer == "softmax")
    widths = page.locator(f"{FIGURE} .simplex-part").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('width')))"
    )
    np.testing.assert_allclose(widths, 100 * p, atol=1e-9)
    return wanted


def close(cells, values):
    """Compare cells with numbers: four decimals, two of what is large, two digits of powers."""
    for cell, value in zip(cells, values, strict=True):
        if not np.isfinite(value):
            assert str(number(cell)) == str(float(value))
            continue
        scaled = "e" in cell
        tolerance = 0.051 * 10 ** np.floor(np.log10(abs(value))) if scaled else 0.51e-4
        if abs(value) >= 100 and not scaled:
            tolerance = 0.51e-2
        assert abs(number(cell) - value) <= tolerance, (cell, value)


def test_it_opens_with_a_mistaken_answer(visit):
    page = opened(visit, PAGE, NAME)
    wanted = agrees(page, START)
    heads, _ = table(page)
    assert heads == [
        "z",
        "exp(z)",
        "over the sum",
        f"exp(z {MINUS} max)",
        "over the sum: p",
        "target t",
        f"\N{PARTIAL DIFFERENTIAL}L/\N{PARTIAL DIFFERENTIAL}z = p {MINUS} t",
        *(f"\N{PARTIAL DIFFERENTIAL}p{name}/\N{PARTIAL DIFFERENTIAL}z" for name in CLASSES),
    ]
    lse, loss = written(wanted["loss"] + 0.3), written(wanted["loss"])
    about = "\N{ALMOST EQUAL TO}"
    assert (
        words(page, "loss") == f"Loss = lse(z) {MINUS} z8 {about} {lse} {MINUS} 0.3 {about} {loss}."
    )
    assert words(page, "ways") == "No exp overflows: both ways lead to the same p."
    assert words(page, "sum") == "The three add up to 1: one answer to one question."
    assert page.complaints == []


def test_a_constant_moves_no_point_and_the_ends_hold(visit):
    page = opened(visit, PAGE, NAME)
    place = page.locator(f"{FIGURE} .simplex-point").get_attribute("cx")
    press(page, "+1 to all")
    assert said(page) == "1 added to each logit: the point stays, p is the same."
    agrees(page, [2.4, 0.8, 1.3])
    for _ in range(3):
        press(page, f"{MINUS}1 to all")
    assert said(page) == "1 taken from each logit: the point stays, p is the same."
    agrees(page, [-0.6, -2.2, -1.7])
    assert (
        abs(float(page.locator(f"{FIGURE} .simplex-point").get_attribute("cx")) - float(place))
        < 1e-9
    )
    turn(page, NAME, "z=7.5,-2,0")
    plus = panel(page).get_by_role("button", name="+1 to all")
    assert plus.get_attribute("aria-disabled") == "true"
    plus.click(force=True)
    agrees(page, [7.5, -2, 0])
    panel(page).get_by_label("three sigmoids instead").check()
    before = agrees(page, [7.5, -2, 0], layer="sigmoids")["p"].sum()
    press(page, f"{MINUS}1 to all")
    after = agrees(page, [6.5, -3, -1], layer="sigmoids")["p"].sum()
    assert said(page) == (
        f"1 taken from each logit: p changes, its sum from {written(before)} to {written(after)}."
    )


def test_a_step_lowers_the_loss_unless_it_is_too_long(visit):
    page = opened(visit, PAGE, NAME)
    z, before = np.array(START), expected(z=START, t=2, T=1, layer="softmax")
    for _ in range(3):
        press(page, "One step against the gradient")
        z = z - before["gradient"]
        after = agrees(page, z.tolist())
        fall = f"from {written(before['loss'])} to {written(after['loss'])}."
        assert said(page) == f"One step: the loss falls {fall}"
        assert after["loss"] < before["loss"]
        assert page.locator(f"{FIGURE} .simplex-before").is_visible(), "where it was"
        before = after
    panel(page).get_by_label("5", exact=True).check()
    assert not page.locator(f"{FIGURE} .simplex-before").is_visible()
    agrees(page, z.tolist(), t=1)
    assert said(page) == f"Target 5: loss {expected(z=z, t=1, T=1, layer='softmax')['loss']:.4f}."
    turn(page, NAME, "z=7.9,-8,-6&T=0.25&t=8")
    wanted = agrees(page, [7.9, -8, -6], T=0.25)
    press(page, "One step against the gradient")
    agrees(page, [3.9, -8, -2], T=0.25)
    assert abs(wanted["gradient"][1]) < 1e-12
    turn(page, NAME, "z=-8,-8,8&T=0.25")
    loss = agrees(page, [-8, -8, 8], T=0.25)["loss"]
    press(page, "One step against the gradient")
    assert said(page) == "One step: the loss stays at 0."
    assert loss == 0
    assert page.complaints == []


def test_logits_of_a_thousand_overflow_as_typed_and_not_shifted(visit):
    page = opened(visit, PAGE, NAME)
    press(page, "Logits of 1000")
    z = [1000 + one for one in START]
    agrees(page, z)
    _, cells = table(page)
    assert cells[1] == ["\N{INFINITY}"] * 4
    assert cells[2] == ["NaN"] * 4
    assert (
        words(page, "ways")
        == said(page)
        == (
            "exp overflows, and \N{INFINITY} / \N{INFINITY} is NaN. "
            "After the largest is subtracted, no exp is above 1."
        )
    )
    assert f"{MINUS} 1000.3 " in words(page, "loss")
    assert slider(page, "Logit of the 3").get_attribute("aria-valuetext") == "1001.4"
    slider(page, "Logit of the 3").press("ArrowLeft")
    agrees(page, [1001.3, 999.8, 1000.3])
    panel(page).get_by_label("three sigmoids instead").check()
    agrees(page, [1001.3, 999.8, 1000.3], layer="sigmoids")
    assert words(page, "sum") == "The three add up to 3: three answers, of which 3 say yes."
    slider(page, "Temperature").press("End")
    agrees(page, [1001.3, 999.8, 1000.3], layer="sigmoids", T=4)
    assert words(page, "ways") == "No exp overflows: both ways lead to the same p."
    press(page, "Start again")
    agrees(page, START)
    assert panel(page).get_by_label("softmax", exact=True).is_checked()


def test_three_sigmoids_do_not_add_up_to_one(visit):
    page = opened(visit, PAGE, NAME)
    panel(page).get_by_label("three sigmoids instead").check()
    wanted = agrees(page, START, layer="sigmoids")
    total = written(wanted["p"].sum())
    assert words(page, "sum") == f"The three add up to {total}: three answers, of which 2 say yes."
    assert said(page) == words(page, "sum")
    assert f"= {written(wanted['loss'])}." in words(page, "loss").replace(
        "\N{ALMOST EQUAL TO}", "="
    )
    press(page, "One step against the gradient")
    z = np.array(START) - wanted["gradient"]
    agrees(page, z.tolist(), layer="sigmoids")
    triangle = page.locator(f"{FIGURE} .simplex-triangle")
    triangle.click()
    agrees(page, z.tolist(), layer="sigmoids")
    turn(page, NAME, "z=-2,-1,-3&layer=sigmoids&T=2")
    agrees(page, [-2, -1, -3], layer="sigmoids", T=2)
    assert words(page, "sum").endswith("of which none says yes.")


def under(page, p):
    """Return where on the screen a distribution is."""
    box = page.locator(f"{FIGURE} .simplex-triangle").bounding_box()
    x, y = np.array(p) @ CORNERS
    scale = box["width"] / 320
    return box["x"] + scale * (40 + 240 * x), box["y"] + scale * (258 - 240 * y)


def test_the_point_is_dragged_and_put_by_mouse(visit):
    page = opened(visit, PAGE, NAME, "T=2")
    triangle = page.locator(f"{FIGURE} .simplex-triangle")
    triangle.scroll_into_view_if_needed()
    page.mouse.move(*under(page, [0.2, 0.5, 0.3]))
    page.mouse.down()
    page.mouse.move(*under(page, [0.1, 0.3, 0.6]), steps=4)
    page.mouse.up()
    wanted = np.array([0.1, 0.3, 0.6])
    z = logits(page)
    agrees(page, z, T=2)
    np.testing.assert_allclose(softmax(np.array(z) / 2), wanted, atol=0.006)
    assert abs(sum(z)) < 1e-12, "centred"
    assert said(page).startswith("p = 0.")
    page.mouse.move(*under(page, [0.6, 0.2, 0.2]), steps=3)
    assert logits(page) == z, "a mouse that is not pressed moves nothing"
    page.mouse.click(*under(page, [0.6, 0.3, 0.1]))
    np.testing.assert_allclose(softmax(np.array(logits(page)) / 2), [0.6, 0.3, 0.1], atol=0.006)
    page.mouse.click(*under(page, [0.52, 0.52, -0.04]))
    z = logits(page)
    agrees(page, z, T=2)
    np.testing.assert_allclose(softmax(np.array(z) / 2), [0.5, 0.5, 1e-3], atol=0.006)
    assert page.complaints == []


def test_what_is_far_out_is_held_where_the_sliders_end(visit):
    page = opened(visit, PAGE, NAME, "T=4")
    triangle = page.locator(f"{FIGURE} .simplex-triangle")
    triangle.scroll_into_view_if_needed()
    page.mouse.click(*under(page, [0, 0, 1]))
    z = logits(page)
    assert max(map(abs, z)) == 8
    agrees(page, z, T=4)


def test_the_keyboard_alone(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").press("Enter")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    slider(page, "Logit of the 3").focus()
    for key in ("ArrowRight", "ArrowUp", "Tab", "ArrowLeft", "Tab", "Home", "ArrowRight"):
        page.keyboard.press(key)
    z = [1.6, -0.3, -7.9]
    agrees(page, z)
    assert said(page).startswith("p = 0.")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    agrees(page, z, T=1.05)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    wanted = agrees(page, z, T=1.05, t=1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    z = (np.array(z) - wanted["gradient"]).clip(-8, 8).tolist()
    agrees(page, z, T=1.05, t=1)
    for key in ("Tab", "Space", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    agrees(page, [1001 + one for one in z], T=1.05, t=1)
    for key in ("Tab", "Tab", "ArrowDown"):
        page.keyboard.press(key)
    agrees(page, [1001 + one for one in z], T=1.05, t=1, layer="sigmoids")
    assert page.complaints == []


def test_the_address_brings_the_same_state_back(visit):
    page = opened(visit, PAGE, NAME)
    slider(page, "Logit of the 8").press("ArrowRight")
    slider(page, "Temperature").press("ArrowRight")
    panel(page).get_by_label("3", exact=True).check()
    press(page, "Logits of 1000")
    press(page, "One step against the gradient")
    panel(page).get_by_label("three sigmoids instead").check()
    before = panel(page).locator(":scope > :not(.touch-said)").all_text_contents()
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    assert panel(page).locator(":scope > :not(.touch-said)").all_text_contents() == before
    assert panel(page).get_by_label("three sigmoids instead").is_checked()
    assert panel(page).get_by_label("3", exact=True).is_checked()
    pressed = panel(page).get_by_role("button", name="Logits of 1000").get_attribute("aria-pressed")
    assert pressed == "true"


BROKEN = [
    "z=8.1,0,0&t=4&T=0.2&layer=toString&more=999",
    "z=1,2&t=&T=4.01&layer=&more=x",
    "z=1,2,x&t=toString&T=NaN",
    "z=1,2,1e999&T=-1",
]


def test_a_broken_address_shows_the_beginning(visit):
    page = opened(visit, PAGE, NAME)
    misled(page, NAME, "z=1,2,3&t=3&T=2", BROKEN)
    agrees(page, START)
    turn(page, NAME, "z=-8,8,0&T=0.25&t=3&more=1000")
    agrees(page, [992, 1008, 1000], T=0.25, t=0)
    assert page.complaints == []


SHOWS = {"light": "T=0.25&z=-8,8,7", "dark": "more=1000&layer=sigmoids"}


@pytest.mark.parametrize("scheme", SHOWS)
def test_the_panel_is_sound_with_room_for_a_finger(visit, scheme):
    page = opened(visit, PAGE, NAME, SHOWS[scheme], scheme=scheme, width=360)
    assert unsound(page) == []
    parts = panel(page).locator("button, input[type=range], label")
    sizes = parts.evaluate_all(
        "all => all.map((one) => Math.min(one.offsetHeight, one.offsetWidth))"
    )
    assert len(sizes) == 4 + 5 + 5
    assert min(sizes) >= 24


def test_nothing_moves_and_nothing_is_too_wide(visit):
    page = opened(visit, PAGE, NAME)
    heights = {width: set() for width in (320, 360, 768, 1920)}
    for state in ("T=0.25&more=1000", "layer=sigmoids&T=0.3&more=1000&z=-8,7.77,8", ""):
        turn(page, NAME, state)
        for width, found in heights.items():
            page.set_viewport_size({"width": width, "height": 800})
            found.add(page.locator(f"{FIGURE} .simplex-sides").bounding_box()["height"])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert panel(page).evaluate("one => one.scrollWidth - one.clientWidth") == 0
    assert [len(found) for found in heights.values()] == [1] * 4, heights


def test_a_finger_drags_the_point_and_moves_the_page_past_the_rest(visit):
    page = opened(visit, PAGE, NAME, "z=0,0,0", width=390)
    triangle = page.locator(f"{FIGURE} .simplex-triangle")
    triangle.evaluate("one => one.scrollIntoView({ block: 'center' })")
    x, y = under(page, [1 / 3, 1 / 3, 1 / 3])
    above = under(page, [0.1, 0.1, 0.8])
    assert swiped(page, x, y, above[1]) == 0, "the page stays"
    moved = softmax(np.array(logits(page)))
    np.testing.assert_allclose(moved, [0.1, 0.1, 0.8], atol=0.02)
    agrees(page, logits(page))
    x, y = under(page, [0.9, 0.05, 0.05])
    assert swiped(page, x, y, y - 150) > 50, "the page moves"
    assert softmax(np.array(logits(page))).tolist() == moved.tolist()


def test_a_finger_taps(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"{site}{PAGE}/#touch={NAME}&")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    triangle = page.locator(f"{FIGURE} .simplex-triangle")
    triangle.scroll_into_view_if_needed()
    page.touchscreen.tap(*under(page, [0.2, 0.6, 0.2]))
    np.testing.assert_allclose(softmax(np.array(logits(page))), [0.2, 0.6, 0.2], atol=0.01)
    context.close()


def test_nothing_is_asked_for_before_a_press(visit):
    page = visit(PAGE)
    assert not [url for url in page.requests if "softmax-simplex" in url and ".mjs" in url]
    assert page.locator(f"{FIGURE} .touch-panel").count() == 0


DRIVE = """() => {
  const panel = document.querySelector("figure[data-open] .touch-panel");
  [...panel.querySelectorAll("button")].find((one) => one.textContent.includes("step")).click();
  panel.querySelector("input[type=range]").focus();
}"""


def test_each_engine_opens_it_and_shows_the_same(engine, site):
    fragment = "z=0.5,-8,2.25&t=3&T=0.5&more=1000"
    with engine.open(f"{site}{PAGE}/#touch={NAME}&{fragment}") as page:
        cells, loss, outputs = texts(page, ".simplex-table td", ".simplex-loss", "output")
        page.evaluate(DRIVE)
        page.press("ArrowRight")
        (after,) = texts(page, "output")
    wanted = expected(z=[1000.5, 992, 1002.25], t=0, T=0.5, layer="softmax")
    close(cells[16 + 1 : 16 + 4], wanted["p"])
    assert outputs == ["1000.5", "992", "1002.25", "0.5"]
    assert loss[0].endswith(f" {written(wanted['loss'])}.")
    z = np.array([0.5, -8, 2.25]) - wanted["gradient"]
    assert after[0] == f"{1000.1 + round(z[0], 1):g}", "a tenth more than the nearest tenth"
    assert abs(float(after[2]) - 1000 - z[2]) < 0.51e-3
