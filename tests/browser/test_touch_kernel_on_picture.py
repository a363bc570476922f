"""The kernel on a picture: its numbers are those of the package, by mouse and by keyboard."""

import re

import numpy as np
import pytest

from cnnbook.correlation import convolve2d, cross_correlate2d, rotate180
from scripts.touch_digits import first_digits
from tests.browser.touching import opened, swiped, texts, unsound

PAGE, NAME = "01-cross-correlation-and-convolution", "kernel-on-picture"
FIGURE = f"figure[data-touch={NAME}]"
OPERATIONS = {"correlation": cross_correlate2d, "convolution": convolve2d}
MODES = ("valid", "same", "full")
DIGITS = first_digits().astype(np.float64)
SUMS = """async (states) => {
  const { flipOf, outputOf, productsOf } =
    await import("../javascripts/touch/kernel-on-picture-sums.mjs");
  return states.map((state) => [outputOf(state), productsOf(state).products, flipOf(state)]);
}"""
EDGES = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
BLUR = np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0]) / 16


def number(text):
    """Read the last number of a text, as the page writes it."""
    return float(
        re.findall(r"[\u2212-]?\d[\d.]*(?:e[+\u2212-]?\d+)?", text)[-1].replace("\u2212", "-")
    )


def states(rng, count):
    """Return random states: digits and drawings, each operation, each mode."""
    for m in range(count):
        operation, mode = list(OPERATIONS)[m % 2], MODES[m % 3]
        kernel = rng.standard_normal((3, 3))
        if m % 5 == 1:
            kernel = kernel + rotate180(kernel)
        if m % 5 == 2:
            kernel = kernel - rotate180(kernel)
        ink = 255.0 * rng.integers(0, 2, (28, 28))
        picture = "own" if m % 4 == 3 else int(rng.integers(len(DIGITS)))
        last = {"valid": 26, "same": 28, "full": 30}[mode]
        yield {
            "k": kernel.ravel().tolist(),
            "picture": picture,
            "ink": ink.tolist(),
            "operation": operation,
            "mode": mode,
            "at": rng.integers(0, last, 2).tolist(),
        }


def output(state):
    """Compute the output of a state with the package."""
    kernel = np.reshape(state["k"], (3, 3))
    picture = np.array(state["ink"]) if state["picture"] == "own" else DIGITS[state["picture"]]
    return picture, kernel, OPERATIONS[state["operation"]](picture, kernel, state["mode"])


def test_the_sums_are_the_packages(visit):
    all_states = list(states(np.random.default_rng(0), 50))
    kinds = set()
    for state, (y, products, flip) in zip(
        all_states, visit(PAGE).evaluate(SUMS, all_states), strict=True
    ):
        picture, kernel, expected = output(state)
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
        assert np.sum(products) == pytest.approx(expected[tuple(state["at"])], rel=1e-12, abs=1e-9)
        other = OPERATIONS[state["operation"]](picture, rotate180(kernel), state["mode"])
        near = 1e-9 * np.abs(expected).max()
        assert flip["all"] == expected.size
        assert flip["changed"] == np.sum(np.abs(expected - other) > near)
        assert flip["notOpposite"] == np.sum(np.abs(expected + other) > near)
        kinds.add((flip["changed"] == 0, flip["notOpposite"] == 0))
    assert kinds == {(True, False), (False, True), (False, False)}


def test_what_the_caption_says_of_a_flip(visit):
    flips = visit(PAGE).evaluate(
        """async () => {
          const { flipOf, PRESETS } =
            await import("../javascripts/touch/kernel-on-picture-sums.mjs");
          const state = { picture: 0, operation: "correlation", mode: "valid" };
          return Object.entries(PRESETS).map(([name, k]) => [name, flipOf({ ...state, k })]);
        }"""
    )
    assert {name for name, flip in flips if flip["changed"] == 0} == {"blur", "sharpen"}
    odd = {name for name, flip in flips if flip["notOpposite"] == 0}
    assert odd == {"diagonal", "edges across", "edges down"}
    assert len(flips) == 6


def shown(page):
    """Return what the panel says: the nine products, their sum, the line of facts."""
    cells = page.locator(f"{FIGURE} .products b").all_text_contents()
    total = page.locator(f"{FIGURE} .sum").text_content()
    facts = page.locator(f"{FIGURE} .facts").text_content()
    return [number(cell) for cell in cells], number(total), facts


def test_the_keyboard_alone_moves_flips_and_edits(visit):
    page = opened(visit, PAGE, NAME)
    page.get_by_role("button", name="edges across").press("Enter")
    page.get_by_label("same", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("application", name="The picture. Arrow keys move the window").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expected = cross_correlate2d(DIGITS[0], EDGES, "same")
    products, total, facts = shown(page)
    assert sum(products) == total == expected[6, 15] != 0
    assert f"28 by 28 (the picture\u2019s size), from \u2212{-expected.min():.0f}" in facts
    assert "changes every sign" in facts
    assert "Output (6, 15) is" in page.locator(f"{FIGURE} [role=status]").text_content()
    page.get_by_role("button", name="flip", exact=True).press("Enter")
    assert shown(page)[1] == -total
    page.get_by_label("Kernel entry (0, 0)").focus()
    page.keyboard.press("ArrowUp")
    edited = rotate180(EDGES) + np.outer([1, 0, 0], [1, 0, 0])
    assert shown(page)[1] == cross_correlate2d(DIGITS[0], edited, "same")[6, 15]
    assert re.search(r"changes \d+ of 784 outputs", shown(page)[2])
    page.get_by_role("button", name="blur").press("Enter")
    assert shown(page)[1] == cross_correlate2d(DIGITS[0], BLUR, "same")[6, 15]
    assert "changes nothing" in shown(page)[2]
    assert page.complaints == []


def test_a_pointer_drags_the_window_and_picks_an_output(visit):
    page = opened(visit, PAGE, NAME)
    page.get_by_label("convolution", exact=True).check()
    page.get_by_role("button", name="corner").click()
    expected = convolve2d(DIGITS[0], np.array([[-4.0, -4, -4], [-4, 5, 5], [-4, 5, 5]]))

    def middle(surface, row, column):
        box = page.locator(f"{FIGURE} .touch-surface canvas").nth(surface).bounding_box()
        return (
            box["x"] + (column + 2.5) * box["width"] / 32,
            box["y"] + (row + 2.5) * box["height"] / 32,
        )

    page.locator(f"{FIGURE} .views").scroll_into_view_if_needed()
    page.mouse.move(*middle(0, 5, 5))
    page.mouse.down()
    page.mouse.move(*middle(0, 11, 14), steps=3)
    page.mouse.up()
    assert shown(page)[1] == expected[10, 13] != 0  # the window's corner; its middle is held
    page.mouse.click(*middle(1, 12, 12))  # outputs begin one cell in
    assert shown(page)[1] == expected[11, 11] != 0


def test_a_finger_moves_the_window_and_not_the_page(visit):
    page = opened(visit, PAGE, NAME, width=390)
    page.locator(f"{FIGURE} .views").scroll_into_view_if_needed()
    box = page.locator(f"{FIGURE} [role=application] canvas").bounding_box()
    middle, row = box["x"] + box["width"] * 16.5 / 32, box["height"] / 32
    assert swiped(page, middle, box["y"] + 25.5 * row, box["y"] + 9.5 * row) == 0
    assert "Output (6, 13):" in page.locator(f"{FIGURE} .where").text_content()


def test_what_a_pointer_draws_is_what_is_correlated(visit):
    page = opened(visit, PAGE, NAME)
    page.get_by_role("button", name="draw", exact=True).click()
    page.get_by_role("button", name="clear", exact=True).click()
    assert "from 0 to 0" in shown(page)[2]
    canvas = page.locator(f"{FIGURE} [role=application] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 7.5 / 32, box["y"] + box["height"] * 9.5 / 32)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 19.5 / 32, box["y"] + box["height"] * 15.5 / 32)
    page.mouse.up()
    ink = page.evaluate("() => new URLSearchParams(location.hash.slice(1)).get('ink')")
    rows = [[int(bit) for bit in f"{int(ink[m : m + 7], 16):028b}"] for m in range(0, 196, 7)]
    picture = 255.0 * np.array(rows)
    assert picture[7, 5] == picture[13, 17] == picture[10, 11] == 255
    assert np.all(picture[7:14].any(axis=1)), "no gap where the hand was fast"
    expected = cross_correlate2d(picture, np.sign(np.add.outer(range(3), range(3)) - 2.0))
    facts = f"from \u2212{-expected.min():.0f} to {expected.max():.0f}."
    assert facts in shown(page)[2]
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    assert facts in shown(page)[2]
    page.locator(f"{FIGURE} [role=application]").focus()
    page.keyboard.press("Space")  # a pixel by the keyboard
    assert "Pixel (5, 13) is 255" in page.locator(f"{FIGURE} [role=status]").text_content()


def test_an_address_opens_a_state_and_a_broken_one_the_first(visit):
    fragment = "k=1,0,-1,2,0,-2,1,0,-1&picture=12&operation=convolution&mode=full&at=9,14"
    page = opened(visit, PAGE, NAME, fragment)
    expected = convolve2d(DIGITS[12], EDGES, "full")[9, 14]
    assert shown(page)[1] == expected != 0
    page.locator(f"{FIGURE} [role=application]").focus()
    page.keyboard.press("ArrowLeft")
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    assert shown(page)[1] == convolve2d(DIGITS[12], EDGES, "full")[9, 13]
    broken = opened(visit, PAGE, NAME, "k=1,2&picture=99&operation=no&mode=toString&at=99,-1&ink=z")
    plain = opened(visit, PAGE, NAME)
    assert shown(broken) == shown(plain)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_is_sound(visit, scheme):
    assert (
        unsound(opened(visit, PAGE, NAME, "picture=own&ink=" + "0" * 196, scheme=scheme, width=360))
        == []
    )


def test_three_engines_show_the_same(engine, site):
    fragment = f"#touch={NAME}&picture=3&mode=same&at=9,14"
    with engine.open(f"{site}{PAGE}/{fragment}") as page:
        [sum_], [facts] = texts(page, ".sum", ".facts")
    expected = cross_correlate2d(DIGITS[3], np.sign(np.add.outer(range(3), range(3)) - 2.0), "same")
    assert number(sum_) == expected[9, 14] != 0
    assert f"to {expected.max():.0f}." in facts
