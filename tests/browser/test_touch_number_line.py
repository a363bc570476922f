"""A line of few numbers, a weight and a step: every number is the package's, however set."""

import numpy as np
import pytest

pytest.importorskip("playwright", reason="pip install '.[browser]'")

from cnnbook.rounding import Format, round_stochastically, round_to_nearest, spacing
from tests.browser.touching import misled, opened, texts, turn, unsound

PAGE, NAME = "19-floating-point", "number-line"
FIGURE = f"figure[data-touch={NAME}]"
MINUS = "\N{MINUS SIGN}"
HIGHEST = 2  # 4, the end of the line, is a number
SUMS = """async (all) => {
  const sums = await import("../javascripts/touch/number-line-sums.mjs");
  return all.map(({ x, form, drawn }) => ({
    ...sums.around(x, form),
    nearest: sums.nearest(x, form),
    random: sums.atRandom(x, form, drawn),
    numbers: sums.numbers(form, 4),
  }));
}"""


class Known(np.random.Generator):
    """A generator that gives one number."""

    number = 0.0

    def random(self, size):
        """Give it as often as asked."""
        return np.full(size, self.number)


def one(x):
    return np.array([x], float)


@pytest.fixture(scope="module")
def scripts(browser, site):
    """Return what calls a function of JavaScript on the page."""
    page = browser.new_page()
    page.goto(f"{site}{PAGE}/")
    yield page.evaluate
    page.close()


def states(rng):
    """Return random states, and others halfway between two numbers, on one, and at 0."""
    for number in range(200):
        p, lowest = int(rng.integers(2, 7)), int(rng.integers(-4, 1))
        x = float(rng.uniform(0, 4)) if number % 4 else float(rng.integers(0, 2**6)) / 2**4
        x = 0.0 if number == 100 else x
        drawn = float(rng.random())
        yield {"x": x, "form": {"p": p, "lowest": lowest}, "drawn": drawn}


def test_the_sums_are_the_packages_over_random_states(scripts):
    given, lost, ties = list(states(np.random.default_rng(19))), 0, 0
    for state, found in zip(given, scripts(SUMS, given), strict=True):
        x, form = state["x"], Format(state["form"]["p"], state["form"]["lowest"], HIGHEST)
        h = spacing(one(x), form).item()
        assert found["h"] == h
        assert found["below"] == np.floor(x / h) * h
        assert found["above"] == found["below"] + h
        assert abs(found["up"] - (x - found["below"]) / h) < 1e-12
        assert found["nearest"] == round_to_nearest(one(x), form).item()
        rng = Known(np.random.PCG64(0))
        rng.number = state["drawn"]
        assert found["random"] == round_stochastically(one(x), form, rng).item()
        members = np.array(found["numbers"])
        np.testing.assert_array_equal(round_to_nearest(members, form), members)
        np.testing.assert_array_equal(np.diff(members), spacing(members[:-1], form))
        assert (members[0], members[-1]) == (0, 4)
        ties += found["up"] == 0.5
        lost += found["up"] == 0
    assert ties > 3
    assert lost > 3


# --- the figure ---------------------------------------------------------------------------------


def panel(page):
    return page.locator(f"{FIGURE} .touch-panel")


def words(page, part):
    return page.locator(f"{FIGURE} .line-{part}").text_content()


def said(page):
    return page.locator(f"{FIGURE} .touch-said").text_content()


def press(page, name):
    panel(page).get_by_role("button", name=name, exact=True).click()


def slider(page, name):
    return panel(page).get_by_role("slider", name=name, exact=True)


def state(page):
    """Return digits, lowest exponent, weight and step in the address."""
    names = "['p', 'e', 'w', 'd']"
    found = page.evaluate(f"{names}.map((n) => new URLSearchParams(location.hash.slice(1)).get(n))")
    return [float(text) for text in found]


def written(value):
    return f"{value:.12g}".replace("-", MINUS)


def agrees(page, p, lowest, w, d):
    """Compare sentences, outputs and places with the package."""
    form, target = Format(p, lowest, HIGHEST), min(max(w + d, 0), 4)
    h, near = spacing(one(target), form).item(), round_to_nearest(one(target), form).item()
    below = np.floor(target / h) * h
    up = (target - below) / h
    outputs = page.locator(f"{FIGURE} output").all_text_contents()
    assert outputs == [written(w), written(d)]
    at = written(spacing(one(w), form).item())
    assert words(page, "place").startswith(f"w = {written(w)}, where the spacing is {at}. ")
    if near == w and target != w:
        assert words(page, "near") == f"To the nearest: {written(near)}, and the step is lost."
    if up:
        assert words(page, "place").endswith(
            f"at {written(target)}, between {written(below)} and {written(below + h)}."
        )
        assert words(page, "any") == (
            f"At random: {written(below + h)} with probability {written(up)}, {written(below)} "
            f"with probability {written(1 - up)}; on average {written(target)}."
        )
    dot = page.locator(f"{FIGURE} .line-weight")
    assert float(dot.get_attribute("cx")) == pytest.approx(20 + 150 * w)
    marks = page.locator(f"{FIGURE} .line-marks path").count()
    assert marks == 1 + 2 ** (p - 1) * (HIGHEST - lowest + 1)


def test_it_opens_with_a_step_that_is_lost(visit):
    page = opened(visit, PAGE, NAME)
    agrees(page, 3, -2, 2.5, 0.203125)
    assert words(page, "near") == "To the nearest: 2.5, and the step is lost."
    assert words(page, "count") == "No step has been taken."
    assert page.complaints == []


def test_twenty_steps_to_the_nearest_go_nowhere_and_at_random_they_arrive(visit):
    page = opened(visit, PAGE, NAME, "p=3&e=-2&w=0.5&d=0.046875")
    press(page, "20 to the nearest")
    assert words(page, "count") == (
        "20 steps from 0.5: w = 0.5; without rounding it would be 1.4375."
    )
    press(page, "Start again")
    turn(page, NAME, "p=3&e=-2&w=0.5&d=0.046875")
    press(page, "20 at random")
    _, _, w, d = state(page)
    assert 1 <= w <= 2
    agrees(page, 3, -2, w, d)
    assert said(page) == words(page, "count")
    press(page, "Step, at random")
    assert words(page, "count").startswith("21 steps from 0.5")
    press(page, "Start again")
    agrees(page, 3, -2, 2.5, 0.203125)


def test_one_step_to_the_nearest_that_is_long_enough(visit):
    page = opened(visit, PAGE, NAME, "w=2.5&d=0.3125")
    assert words(page, "near") == "To the nearest: 3, a step of 0.5 for one of 0.3125."
    press(page, "Step, to the nearest")
    agrees(page, 3, -2, 3, 0.3125)
    assert words(page, "count").startswith("1 step from 2.5: w = 3;")
    turn(page, NAME, "w=4&d=0.5")
    press(page, "20 to the nearest")
    agrees(page, 3, -2, 4, 0.5)
    assert words(page, "near") == "To the nearest: there is no step."


def test_digits_and_exponents_by_their_buttons_and_the_ends_hold(visit):
    page = opened(visit, PAGE, NAME)
    press(page, "p more")
    agrees(page, 4, -2, 2.5, 0.203125)
    for _ in range(2):
        press(page, "p less")
    held(page, "p less")
    agrees(page, 2, -2, 2, 0.203125)
    for _ in range(2):
        press(page, "e more")
    held(page, "e more")
    agrees(page, 2, 0, 2, 0.203125)
    for _ in range(4):
        press(page, "e less")
    held(page, "e less")
    agrees(page, 2, -4, 2, 0.203125)
    assert page.complaints == []


def held(page, name):
    """Press a button that has come to its end."""
    button = panel(page).get_by_role("button", name=name, exact=True)
    assert button.get_attribute("aria-disabled") == "true"
    button.click(force=True)


def test_the_keyboard_alone(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").press("Enter")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    slider(page, "Weight w").focus()
    page.keyboard.press("ArrowLeft")
    agrees(page, 3, -2, 2, 0.203125)
    assert said(page).startswith("w = 2, where the spacing is 0.5.")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    agrees(page, 3, -2, 2, 0.21875)
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    _, _, w, d = state(page)
    assert w in {2, 2.5}
    assert d == 0.21875
    assert words(page, "count").startswith("1 step from 2:")
    assert page.complaints == []


def test_a_mouse_puts_the_weight_on_the_nearest_number(visit):
    page = opened(visit, PAGE, NAME)
    drawing = page.locator(f"{FIGURE} .line-drawing")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    page.mouse.click(box["x"] + box["width"] * (20 + 150 * 1.3) / 640, box["y"] + box["height"] / 2)
    agrees(page, 3, -2, 1.25, 0.203125)


def test_the_address_brings_the_same_state_back(visit):
    page = opened(visit, PAGE, NAME)
    press(page, "p more")
    slider(page, "Weight w").press("ArrowRight")
    slider(page, "Step").press("ArrowLeft")
    before = panel(page).locator(":scope > :not(.touch-said)").all_text_contents()
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    assert panel(page).locator(":scope > :not(.touch-said)").all_text_contents() == before


BROKEN = ["p=7&e=1&w=5&d=2", "p=2.5&e=x&w=-1&d=", "p=&e=-5&w=NaN&d=1e999"]


def test_a_broken_address_shows_the_beginning(visit):
    page = opened(visit, PAGE, NAME)
    misled(page, NAME, "p=4&e=-1&w=1&d=0.5", BROKEN)
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_is_sound_with_room_for_a_finger(visit, scheme):
    page = opened(visit, PAGE, NAME, "p=6&e=-4", scheme=scheme, width=360)
    assert unsound(page) == []
    parts = panel(page).locator("button, input[type=range]")
    sizes = parts.evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert len(sizes) == 4 + 2 + 5
    assert min(sizes) >= 24


def test_nothing_moves_and_nothing_is_too_wide(visit):
    page = opened(visit, PAGE, NAME)
    heights = {width: set() for width in (320, 360, 768, 1920)}
    for fragment in ("p=6&e=-4&w=3.875&d=-0.984375", "p=2&e=0&w=0&d=0", ""):
        turn(page, NAME, fragment)
        press(page, "20 at random")
        for width, found in heights.items():
            page.set_viewport_size({"width": width, "height": 800})
            found.add(panel(page).bounding_box()["height"])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [len(found) for found in heights.values()] == [1] * 4, heights


def test_nothing_is_asked_for_before_a_press(visit):
    page = visit(PAGE)
    assert not [url for url in page.requests if "number-line" in url and ".mjs" in url]
    assert page.locator(f"{FIGURE} .touch-panel").count() == 0


DRIVE = """() => {
  const panel = document.querySelector("figure[data-open] .touch-panel");
  [...panel.querySelectorAll("button")].find((one) => one.textContent === "20 at random").click();
}"""


def test_each_engine_opens_it_and_shows_the_same(engine, site):
    with engine.open(f"{site}{PAGE}/#touch={NAME}&p=4&e=-2&w=1&d=0.03125") as page:
        near, any_ = texts(page, ".line-near", ".line-any")
        page.evaluate(DRIVE)
        (count,) = texts(page, ".line-count")
    assert near == ["To the nearest: 1, and the step is lost."]
    assert any_ == [
        "At random: 1.125 with probability 0.25, 1 with probability 0.75; on average 1.03125."
    ]
    assert count[0].startswith("20 steps from 1: w = 1.")
