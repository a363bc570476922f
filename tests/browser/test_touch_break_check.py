"""The gradient check that can be broken computes what cnnbook does, and shows what it computes."""

import json

import numpy as np
import pytest

pytest.importorskip("playwright", reason="pip install '.[browser]'")
pytest.importorskip("matplotlib", reason="pip install '.[docs]'")

from cnnbook.gradient_check import relative_error
from scripts.figures import break_check as book
from tests.browser.serving import ROOT
from tests.browser.touching import swiped, texts, unsound

CHAPTER, NAME = "09-backpropagation", "break-check"
FIGURE = f"figure[data-touch={NAME}]"
OPENED = f"{FIGURE}[data-open] .touch-said"
STATES = 50
DRAWN = json.loads((ROOT / "docs/figures/break_check.json").read_text())["data"]
CALL = """
async ([name, ...given]) => {
  const module = await import("../javascripts/touch/break-check.mjs");
  return given[0].map((one) => module[name](...one));
}
"""


def call(page, name, states):
    """Call a function of the module with each list of arguments."""
    return page.evaluate(CALL, [name, states])


def flat(arrays):
    """Make the arrays lists, as the page has them."""
    return {name: array.ravel().tolist() for name, array in arrays.items()}


def setting(seed):
    """Return numbers, targets and directions as the page has them."""
    along = [flat(one) for one in book.directions(seed)]
    return {"numbers": flat(book.drawn(seed)), "t": book.TARGETS.ravel().tolist(), "along": along}


def near(found, expected, **tolerance):
    """Compare the arrays of two gradients, name by name."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        size = max(np.abs(array).max(), 1e-30)
        options = {"rtol": 0, "atol": 1e-12 * size} | tolerance
        np.testing.assert_allclose(found[name], array.ravel(), **options, err_msg=name)


def test_numbers_loss_and_every_wrong_gradient_are_those_of_the_book(visit):
    page = visit(CHAPTER)
    seeds = range(1, STATES + 1)
    states, t = [book.drawn(seed) for seed in seeds], book.TARGETS.ravel().tolist()
    for numbers, found in zip(states, call(page, "drawn", [[seed] for seed in seeds]), strict=True):
        near(found["numbers"], numbers)
    for v, found in zip(book.directions(3), call(page, "directions", [[3]])[0], strict=True):
        near(found, v)
    losses = call(page, "forward", [[flat(one), t] for one in states])
    expected = [float(book.loss(one)) for one in states]
    np.testing.assert_allclose([one["loss"] for one in losses], expected, rtol=1e-12)
    seen = set()
    for mistake in book.MISTAKES:
        gradients = call(page, "gradient", [[flat(one), t, mistake] for one in states])
        for numbers, found in zip(states, gradients, strict=True):
            near(found, book.gradient(numbers, mistake))
        seen.add(str(gradients[0]))
    assert len(seen) == len(book.MISTAKES), "each mistake makes another gradient"


def test_quotients_agree_with_those_of_the_book_up_to_rounding(visit):
    page = visit(CHAPTER)
    for seed in (1, 2, 3):
        numbers, given = book.drawn(seed), setting(seed)
        for h, unit in ((1e-3, 2e-16), (1e-6, 2e-16)):
            (found,) = call(page, "measured", [["all", given, h]])[0]
            quotients = {name: [one["quotient"] for one in all_] for name, all_ in found.items()}
            near(quotients, book.entries(numbers, h), atol=8 * unit / h)
        (found,) = call(page, "measured", [["float32", given, 0.1]])[0]
        quotients = {name: [one["quotient"] for one in all_] for name, all_ in found.items()}
        single = {name: array.astype(np.float32) for name, array in numbers.items()}
        near(quotients, book.entries(single, 0.1), atol=16 * 1.2e-7 / 0.1)
        (found,) = call(page, "measured", [["complex", given, 1e-8]])[0]
        quotients = {name: [one["quotient"] for one in all_] for name, all_ in found.items()}
        near(quotients, book.complex_entries(numbers))
        found = call(page, "measured", [["twenty", given, 1e-4]])[0]
        slopes = [book.along(numbers, v, 1e-4) for v in book.directions(seed)]
        np.testing.assert_allclose([one["quotient"] for one in found], slopes, atol=2e-11)


def test_an_error_is_the_one_of_the_book(visit):
    page = visit(CHAPTER)
    numbers, given = book.drawn(1), setting(1)
    for mistake in book.MISTAKES:
        found = call(page, "measured", [["all", given, 1e-2]])[0]
        judged = call(page, "judged", [["all", found, given, mistake]])[0]
        whole, quotients = book.gradient(numbers, mistake), book.entries(numbers, 1e-2)
        expected = max(relative_error(whole[name], quotients[name]) for name in whole)
        assert judged["error"] == pytest.approx(expected, rel=1e-6)
        found = call(page, "measured", [["twenty", given, 1e-2]])[0]
        judged = call(page, "judged", [["twenty", found, given, mistake]])[0]
        lines = [book.direction_error(numbers, whole, v, 1e-2) for v in book.directions(1)]
        assert judged["error"] == pytest.approx(max(lines), rel=1e-6)


def test_the_verdicts_at_one_press_are_those_of_the_drawing(visit):
    page = opened(visit)
    page.locator(".check-row button", has_text="Try every pair").click()
    for check in book.LIMITS:
        for k, mistake in enumerate(book.MISTAKES):
            text = page.locator(f"[data-cell={mistake}-{check}]").text_content()
            seen = text in ("seen", "alarm")
            assert seen == DRAWN[f"{check}_seen"][k], (mistake, check)
    said = page.locator(".touch-said").text_content()
    assert said == "Every check at its best step: 3 of 54 pairs are blind."
    assert page.complaints == []


def opened(visit, fragment="", **options):
    """Open the page, and the figure at a state."""
    page = visit(CHAPTER, **options)
    if fragment:
        page.evaluate(f"location.hash = 'touch={NAME}{fragment}'")
    else:
        page.locator(f"{FIGURE} .touch > button").click()
    page.wait_for_selector(OPENED, state="attached")
    return page


def shown(page):
    """Return the numbers that are displayed, read as numbers."""
    keys = ("side-0", "side-1", "slope-0", "slope-1", "error")
    texts = [page.locator(f"[data-number={key}]").text_content() for key in keys]
    return [float(text.replace("\u2212", "-")) for text in texts]


def test_by_keyboard_alone_a_pair_is_chosen_and_the_step_is_moved(visit):
    page = visit(CHAPTER)
    page.locator(f"{FIGURE} .touch > button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(OPENED, state="attached")
    page.locator("[data-cell=none-ones]").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.cell") == "convolved-all"
    assert page.locator("[data-cell=convolved-all]").text_content() == "seen"
    for _ in range(5):
        page.keyboard.press("Tab")  # past the four buttons
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    h, numbers = 1e-2, book.drawn(1)
    whole, quotients = book.gradient(numbers, "convolved"), book.entries(numbers, h)
    above, below, quotient, value, error = shown(page)
    assert (above - below) / (2 * h) == pytest.approx(quotient, abs=1e-13)
    expected = max(relative_error(whole[name], quotients[name]) for name in whole)
    assert error == pytest.approx(expected, rel=1e-2)
    place = np.abs(whole["kernels"] - value).argmin()
    assert whole["kernels"].flat[place] == pytest.approx(value, rel=1e-12)
    assert quotients["kernels"].flat[place] == pytest.approx(quotient, abs=1e-12)
    assert "kernel gradient by convolution" in page.locator(".touch-said").text_content()
    assert page.complaints == []


def test_by_mouse_a_step_is_chosen_on_the_plot_and_common_digits_are_grey(visit):
    page = opened(visit, "&mistake=none&check=all&h=-3")
    grey = page.locator("[data-number=side-0] .check-same").text_content()
    plot = page.locator(".check-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (44 + 304 * 6 / 14) / 360, box["y"] + 40, steps=3)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40, steps=3)  # moves nothing
    assert "h=-9" in page.evaluate("location.hash")
    above, below, quotient, _, error = shown(page)
    assert (above - below) / 2e-9 == pytest.approx(quotient, rel=1e-6)
    assert error > 1e-6
    assert page.locator("[data-cell=none-all]").text_content() == "alarm"
    texts = [page.locator(f"[data-number=side-{k}]").text_content() for k in (0, 1)]
    common = page.locator("[data-number=side-0] .check-same").text_content()
    assert texts[0].startswith(common)
    assert texts[1].startswith(common)
    assert texts[0][len(common)] != texts[1][len(common)]
    assert len(common) > len(grey)


def test_a_finger_moves_the_page_past_the_plot(visit):
    page = opened(visit, "&mistake=none&check=all&h=-3", width=390)
    plot = page.locator(".check-plot").first
    plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")
    box = plot.bounding_box()
    bottom = box["y"] + box["height"] * 0.9
    assert swiped(page, box["x"] + box["width"] / 2, bottom, bottom - 130) > 50


def test_an_address_brings_the_state_back_and_a_broken_one_the_first(visit):
    page = opened(visit, "&mistake=axes&check=one&h=-4.5&numbers=3&directions=2")
    before, cell = shown(page), page.locator("[data-cell=axes-one]")
    word = cell.text_content()
    slope = book.along(book.drawn(3), book.directions(2)[0], 3.16e-5)
    assert before[2] == pytest.approx(slope, abs=1e-10)
    page.locator("[data-cell=axes-one]").click()
    page.reload()
    page.wait_for_selector(OPENED, state="attached")
    assert (shown(page), cell.text_content()) == (before, word)
    fresh = opened(visit)
    for nonsense in ("numbers=0&directions=x", "numbers=2.5", "numbers=1e7"):
        broken = opened(visit, f"&mistake=toString&check=&h=2&{nonsense}")
        assert shown(broken) == shown(fresh) != before
    first = shown(opened(visit, "&check=one&directions=1"))
    for turn in ("2.5", "0", "1e7"):
        assert shown(opened(visit, f"&check=one&directions={turn}")) == first
    assert shown(opened(visit, "&check=one&directions=2")) != first
    assert fresh.locator("[data-cell=convolved-ones]").text_content() == "blind"
    assert broken.complaints == fresh.complaints == []


def test_one_direction_misses_the_wrong_axes_about_every_second_time(visit):
    page = opened(visit, "&mistake=axes&check=one&h=-5")
    words = []
    for _ in range(16):
        page.locator(".check-row button", has_text="Other directions").click()
        words.append(page.locator("[data-cell=axes-one]").text_content())
    signs = [book.directions(turn, 1)[0]["bias"] for turn in range(2, 18)]
    assert words == ["seen" if v[0] != v[1] else "blind" for v in signs]
    assert {"seen", "blind"} == set(words)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_too_wide(visit, scheme):
    page = opened(visit, scheme=scheme, width=360)
    page.locator(".check-row button", has_text="Try every pair").click()
    assert unsound(page) == []


def test_each_engine_opens_it_and_shows_the_same(engine, site):
    address = f"{site}{CHAPTER}/#touch={NAME}&mistake=sign&check=all&h=-2"
    with engine.open(address) as page:
        [sentence], verdict = texts(page, ".check-sentence", "[data-cell=sign-all]")
    assert sentence.startswith("one weight with the wrong sign, all entries: error 2 (weights[")
    assert verdict == ["seen"]
