"""The windows of a layer with stride and padding: all its numbers are those of the package."""

import itertools
import re

import numpy as np
import pytest

from cnnbook.layers import conv2d, conv2d_input_gradient, conv2d_kernel_gradient
from cnnbook.layers.geometry import Geometry, collect, output_size
from tests.browser.touching import misled, opened, turn, unsound

PAGE, NAME = "13-stride-and-padding", "strided-windows"
FIGURE = f"figure[data-touch={NAME}]"
MINUS = "\N{MINUS SIGN}"
SUMS = """async (states) => {
  const sums = await import("../javascripts/touch/strided-windows-sums.mjs");
  return states.map((state) => ({
    y: sums.forward(state),
    k: sums.kernelGradient(state),
    x: sums.inputGradient(state),
    dilated: sums.byDilation(state),
    counts: sums.coverage(state),
    surrounded: sums.surrounded(state),
    untouched: [[state.x.length, state.k.length], [state.x[0].length, state.k[0].length]].map(
      ([size, K]) => sums.untouched(size, { K, S: state.S, P: state.P })),
    left: [[state.x.length, state.k.length], [state.x[0].length, state.k[0].length]].map(
      ([size, K]) => sums.leftOver(size, { K, S: state.S, P: state.P })),
  }));
}"""
NUMBERS = """async ({ seed, sizes }) => {
  const { numbers } = await import("../javascripts/touch/strided-windows-words.mjs");
  return numbers(seed, sizes);
}"""


def expected(x, k, g, S, P):  # noqa: N803 - the letters of the chapter
    """Compute everything with the package."""
    x, k, g = (np.asarray(array, float)[np.newaxis, np.newaxis] for array in (x, k, g))
    options = {"stride": S, "padding": P}
    geometry = Geometry(k.shape[2:], (S, S), (P, P))
    ones = np.ones((1, k[0, 0].size, g[0, 0].size))
    return {
        "y": conv2d(x, k, np.zeros(1), **options)[0, 0],
        "k": conv2d_kernel_gradient(x, g, k.shape[2:], **options)[0, 0],
        "x": conv2d_input_gradient(g, k, x.shape[2:], **options)[0, 0],
        "counts": collect(ones, x.shape, geometry)[0, 0],
    }


def states(rng, count):
    """Return random states, neither image nor kernel square."""
    while count:
        size, kernel = rng.integers(1, 10, 2), rng.integers(1, 6, 2)
        stride, padding = int(rng.integers(1, 5)), int(rng.integers(3))
        if np.any(kernel > size + 2 * padding):
            continue
        count -= 1
        outputs = output_size(
            tuple(map(int, size)), tuple(map(int, kernel)), stride=stride, padding=padding
        )
        arrays = {"x": size, "k": kernel, "g": outputs}
        lists = {name: rng.standard_normal(shape).tolist() for name, shape in arrays.items()}
        yield lists | {"S": stride, "P": padding}


@pytest.fixture(scope="module")
def computed(browser, site):
    """Return random states, each with what the figure and what the package make of it."""
    all_states = list(states(np.random.default_rng(13), 60))
    page = browser.new_page()
    page.goto(f"{site}{PAGE}/")
    found = page.evaluate(SUMS, all_states)
    page.close()
    return [(one, sums, expected(**one)) for one, sums in zip(all_states, found, strict=True)]


def test_the_sums_are_the_packages_over_random_states(computed):
    for _, found, right in computed:
        for name, numbers in (right | {"dilated": right["x"]}).items():
            np.testing.assert_allclose(found[name], numbers, rtol=1e-12, atol=1e-13)


def test_what_is_said_of_rows_that_no_window_touches(computed):
    kinds = set()
    for state, found, right in computed:
        size, kernel = np.shape(state["x"]), np.shape(state["k"])
        S, P = state["S"], state["P"]  # noqa: N806 - the letters of the chapter
        touched = [~np.isin(np.arange(size[axis]), found["untouched"][axis]) for axis in (0, 1)]
        np.testing.assert_array_equal(right["counts"] > 0, np.outer(*touched))
        for axis, left in enumerate(found["left"]):
            assert left == (size[axis] + 2 * P - kernel[axis]) % S
            if kernel[axis] >= S:  # no gaps: the last rows, as far as they are not padding
                last = range(size[axis] - max(left - P, 0), size[axis])
                assert found["untouched"][axis] == list(last)
            kinds.add((bool(found["untouched"][axis]), kernel[axis] < S, left > 0))
    assert len(kinds) == 6, "lost or not, with gaps or without, something left over or nothing"


def test_the_dilated_gradient_is_the_upstream_with_zeros_between(computed):
    for state, found, _ in computed:
        numbers, (rows, columns) = np.asarray(found["surrounded"]), np.shape(state["g"])
        at = tuple(np.s_[size - 1 :: state["S"]] for size in np.shape(state["k"]))
        np.testing.assert_array_equal(numbers[at][:rows, :columns], state["g"])
        assert np.count_nonzero(numbers) == rows * columns


def panel(page):
    return page.locator(f"{FIGURE} .touch-panel")


def grid(page, label):
    """Return the numbers in a table of buttons, and what is lit and has a corner."""
    rows = page.locator(f"{FIGURE} table[aria-label^='{label}'] tr").evaluate_all(
        """rows => rows.map((row) => [...row.querySelectorAll("button")].map((one) => [
          one.lastChild.textContent, one.querySelector('.strided-corner').textContent,
          one.hasAttribute("data-lit"),
          one.getAttribute("aria-pressed"), one.hasAttribute("data-untouched")]))"""
    )
    cells = np.array([row for row in rows if row], object)
    plain = np.vectorize(lambda text: float(text.replace(MINUS, "-") or "nan"), otypes=[float])
    return {
        "numbers": plain(cells[..., 0]),
        "corners": plain(cells[..., 1]),
        "lit": cells[..., 2].astype(bool),
        "pressed": cells[..., 3] == "true",
        "untouched": cells[..., 4].astype(bool),
    }


def text(page, part):
    return page.locator(f"{FIGURE} .strided-{part}").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def terms(page):
    """Return the products that are listed, and their sum as it is written."""
    items = page.locator(f"{FIGURE} .strided-terms li:not([aria-hidden])").all_inner_texts()
    products = []
    for item in items:
        factors = item.split("\n")[1].replace(MINUS, "-").strip("()").split(" \N{MIDDLE DOT} ")
        products.append(np.prod([float(factor.strip("()")) for factor in factors]))
    total = re.search(r"= (\S+?),? ?(the sum of)?$", text(page, "sum"))[1]
    return products, float(total.replace(MINUS, "-"))


def put(page, **sizes):
    """Press the buttons of the settings until they are as wanted."""
    for name, wanted in sizes.items():
        group = page.get_by_role("group", name=f"{name}, ")
        while (now := int(group.locator(".touch-count").inner_text())) != wanted:
            which = f"{name} {'more' if wanted > now else 'less'}"
            group.get_by_role("button", name=which).click()
            assert abs(int(group.locator(".touch-count").inner_text()) - wanted) < abs(now - wanted)


def right_for(page, seed=2, **sizes):
    """Compute with the package what the figure shows for these settings."""
    state = page.evaluate(NUMBERS, {"seed": seed, "sizes": sizes})
    return state, expected(**state)


def test_it_opens_with_the_counts_of_its_drawing(visit):
    page = opened(visit, PAGE, NAME)
    sizes = {"H": 8, "W": 7, "K": 3, "S": 2, "P": 0}
    state, right = right_for(page, **sizes)
    image = grid(page, "Image")
    np.testing.assert_array_equal(image["numbers"], right["counts"])
    np.testing.assert_array_equal(image["untouched"], right["counts"] == 0)
    assert image["untouched"][7].all(), "the last row"
    assert image["untouched"].sum() == 7, "and no other"
    assert sentence(8, 3, 2, 0) in text(page, "facts")
    assert "checkerboard" in text(page, "note")
    assert image["pressed"][2, 2]
    products, total = terms(page)
    assert len(products) == right["counts"][2, 2] == 4
    assert sum(products) == total == right["x"][2, 2] != 0
    outputs, kernel = grid(page, "Outputs"), grid(page, "Kernel")
    np.testing.assert_array_equal(outputs["numbers"], state["g"])
    np.testing.assert_array_equal(kernel["numbers"], state["k"])
    flipped = np.array(state["k"])[::-2, ::-2]
    np.testing.assert_array_equal(outputs["corners"][:2, :2], flipped)
    assert outputs["lit"].sum() == kernel["lit"].sum() == 4
    assert page.complaints == []


def test_the_settings_by_mouse_and_every_view(visit):
    page = opened(visit, PAGE, NAME)
    sizes = {"P": 1, "S": 3, "K": 4, "H": 9, "W": 6}
    put(page, **sizes)
    state, right = right_for(page, **sizes)
    y = right["y"]
    assert y.shape == output_size((9, 6), 4, stride=3, padding=1) == (3, 2)
    np.testing.assert_array_equal(grid(page, "Image")["numbers"], right["counts"])
    page.get_by_label("x \N{RIGHTWARDS ARROW} y").check()
    np.testing.assert_array_equal(grid(page, "Image")["numbers"], state["x"])
    np.testing.assert_array_equal(grid(page, "Outputs")["numbers"], y)
    page.get_by_label("g \N{RIGHTWARDS ARROW}").check()
    np.testing.assert_array_equal(grid(page, "Image")["numbers"], right["x"])
    np.testing.assert_array_equal(grid(page, "Outputs")["numbers"], state["g"])
    page.locator(f"{FIGURE} table[aria-label^='Outputs'] button").nth(3).click()
    products, total = terms(page)
    assert len(products) == 16
    assert sum(products) == total == y[1, 1]
    image = grid(page, "Image")
    np.testing.assert_array_equal(image["corners"][2:6, 2:6], state["k"])
    assert image["lit"].sum() == 16
    page.locator(f"{FIGURE} table[aria-label^='Kernel'] button").nth(1).click()
    products, total = terms(page)
    assert sum(products) == total == right["k"][0, 1]
    np.testing.assert_array_equal(grid(page, "Image")["corners"][2:6:3, 0::3], state["g"][1:])
    dilated = page.locator(f"{FIGURE} .strided-dilated tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    numbers = np.array([[float(cell.replace(MINUS, "-")) for cell in row] for row in dilated])
    np.testing.assert_array_equal(numbers[3:10:3, 3:7:3], state["g"])
    assert np.count_nonzero(numbers) == 6
    assert numbers.shape == (9 + 2 + 3, 6 + 2 + 3)
    page.get_by_role("button", name="Other numbers").click()
    state, right = right_for(page, seed=3, **sizes)
    np.testing.assert_array_equal(grid(page, "Image")["numbers"], right["x"])
    assert page.complaints == []


def test_the_keyboard_alone_sets_moves_and_picks(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").press("Enter")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    page.get_by_role("button", name="P more").press("Enter")
    page.get_by_role("button", name="K less").press("Space")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "K less"
    page.get_by_role("button", name="Other numbers").focus()
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    _, right = right_for(page, H=8, W=7, K=2, S=2, P=1)
    assert "Pixel (1, 1): under 1 window, i = 1, j = 1; u = 1 + 1" in text(page, "where")
    assert terms(page)[1] == right["x"][1, 1] != 0
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert "Output (0, 1): its window begins at pixel (\N{MINUS SIGN}1, 1)" in text(page, "where")
    products, total = terms(page)
    assert sum(products) == total == right["y"][0, 1] != 0
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    said = panel(page).locator(".touch-said").inner_text()
    assert said == f"Kernel entry (1, 0): {right['k'][1, 0]:.0f}.".replace("-", MINUS)
    assert page.complaints == []


SENTENCES = """async (all) => {
  const { direction } = await import("../javascripts/touch/strided-windows-words.mjs");
  return all.map((sizes) => direction("row", sizes.H, sizes));
}"""


def sentence(H, K, S, P):  # noqa: N803 - the letters of the chapter
    """Say by the package which rows of a column of pixels have no gradient."""
    count, _ = output_size((H, 1), (K, 1), stride=S, padding=(P, 0))
    ones = collect(np.ones((1, K, count)), (1, 1, H, 1), Geometry((K, 1), (S, 1), (P, 0)))
    lost = np.flatnonzero(ones[0, 0, :, 0] == 0)
    left = H + 2 * P - K - S * (count - 1)
    room = f"({H} + 2 \N{MIDDLE DOT} {P} {MINUS} {K})"
    outputs = f"\N{LEFT FLOOR}{room} / {S}\N{RIGHT FLOOR} + 1 = {count}"
    parts = [f"Rows: {outputs}; R = {room} mod {S} = {left}"]
    if left and P:
        parts.append(", padding" if left <= P else f", {P} of them padding")
    if K < S and count > 1:
        parts.append(f", and {S} {MINUS} {K} = {S - K} between windows")
    which = f"row {lost[0]} is" if len(lost) == 1 else f"rows {', '.join(map(str, lost))} are"
    parts.append(f": {which} never touched." if len(lost) else ": every row is touched.")
    return "".join(parts)


def test_every_sentence_about_lost_rows_is_true(visit):
    grid = itertools.product(range(1, 10), range(1, 6), range(1, 5), range(3))
    fits = [dict(zip("HKSP", one, strict=True)) for one in grid if one[1] <= one[0] + 2 * one[3]]
    said = [one.replace("\N{NO-BREAK SPACE}", " ") for one in visit(PAGE).evaluate(SENTENCES, fits)]
    assert said == [sentence(**one) for one in fits]
    assert len(said) > 400


def test_a_pixel_between_windows_has_no_gradient(visit):
    page = opened(visit, PAGE, NAME, "H=9&W=8&K=2&S=4&P=1&pick=x1,5")
    assert sentence(9, 2, 4, 1) in text(page, "facts")
    assert terms(page) == ([], 0.0)
    assert "under no window. Its gradient is 0" in text(page, "where")
    assert page.get_by_role("button", name="Pixel (1, 5): 0, under no window").count() == 1


REFUSED = [
    ("H=5&W=7&K=5&S=1&P=0", "H less", ((4, 7), 5), {}),
    ("H=4&W=3&K=3&S=2&P=0", "K more", ((4, 3), 4), {}),
    ("H=2&W=3&K=4&S=2&P=1", "P less", ((2, 3), 4), {}),
    ("H=3&W=1&K=3&S=2&P=1", "K more", ((3, 1), 4), {"padding": 1}),
]


def test_a_kernel_that_does_not_fit_is_refused_as_the_package_refuses_it(visit):
    page = opened(visit, PAGE, NAME)
    for fragment, press, sizes, options in REFUSED:
        turn(page, NAME, fragment)
        before = grid(page, "Image")["numbers"]
        page.get_by_role("button", name=press).click()
        with pytest.raises(ValueError, match="kernel_size") as refusal:
            output_size(*sizes, **options)
        assert text(page, "note") == str(refusal.value)
        np.testing.assert_array_equal(grid(page, "Image")["numbers"], before)
        page.get_by_role("button", name="S more").click()
        assert "kernel_size" not in text(page, "note")
    assert page.complaints == []


def test_the_limits_hold(visit):
    page = opened(visit, PAGE, NAME, "H=9&W=9&K=1&S=1&P=2&pick=k0,0")
    for name in ("H more", "K less", "S less", "P more"):
        button = page.get_by_role("button", name=name)
        assert button.get_attribute("aria-disabled") == "true"
        button.click(force=True)
    _, right = right_for(page, H=9, W=9, K=1, S=1, P=2)
    assert grid(page, "Outputs")["numbers"].shape == right["y"].shape == (13, 13)
    assert "and 161 more" in panel(page).inner_text()
    assert f"= {right['k'][0, 0]:.0f}, the sum of".replace("-", MINUS) in text(page, "sum")


def test_the_address_brings_the_same_state_back(visit):
    page = opened(visit, PAGE, NAME)
    put(page, H=6, K=4, P=2, S=3)
    page.get_by_label("g \N{RIGHTWARDS ARROW}").check()
    page.get_by_role("button", name="Other numbers").click()
    page.locator(f"{FIGURE} table[aria-label^='Image'] button").nth(17).click()
    before = panel(page).locator(":scope > :not(.touch-said)").all_text_contents()
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    assert panel(page).locator(":scope > :not(.touch-said)").all_text_contents() == before
    assert page.get_by_label("g \N{RIGHTWARDS ARROW}").is_checked()


BROKEN = [
    "H=99&W=-1&K=0&S=x&P=&seed=0.5&pick=z1,1&show=toString",
    "H=3&W=3&K=5&P=0&pick=x&seed=1e9",
    "H=2.5&W=1e999&K=__proto__&pick=x-1,2",
]


def test_a_broken_address_shows_the_beginning(visit):
    page = opened(visit, PAGE, NAME)
    misled(page, NAME, "H=3&W=4", BROKEN)
    turn(page, NAME, "H=3&W=4&pick=x7,9")
    assert "Pixel (2, 3)" in text(page, "where"), "outside, the nearest"
    assert page.complaints == []


@pytest.mark.parametrize(
    ("scheme", "fragment"),
    [("light", ""), ("dark", "H=6&W=7&K=5&S=4&P=2&show=backward&pick=k0,1")],
)
def test_the_panel_is_sound_and_nothing_moves(visit, scheme, fragment):
    page = opened(visit, PAGE, NAME, fragment, scheme=scheme, width=360)
    assert unsound(page) == []
    for width in (320, 360, 768, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        height = panel(page).bounding_box()["height"]
        for table, place in (("Image", 0), ("Outputs", 1), ("Kernel", 2), ("Image", 13)):
            page.locator(f"{FIGURE} table[aria-label^='{table}'] button").nth(place).click()
            assert panel(page).bounding_box()["height"] == height, (width, table)


def test_the_largest_fits_a_phone_with_room_for_a_finger(visit):
    page = opened(visit, PAGE, NAME, "H=9&W=9&K=1&S=1&P=2&show=forward", width=360)
    assert panel(page).evaluate("panel => panel.scrollWidth - panel.clientWidth") == 0
    sizes = (
        panel(page)
        .locator("button")
        .evaluate_all("all => all.map((one) => Math.min(one.offsetWidth, one.offsetHeight))")
    )
    assert len(sizes) > 250
    assert min(sizes) >= 24


def test_a_finger_picks(visit, browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"{site}{PAGE}/#touch={NAME}&")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    page.locator(f"{FIGURE} table[aria-label^='Image'] button").nth(4 * 7 + 4).tap()
    assert "Pixel (4, 4): under 4 windows" in text(page, "where")
    page.get_by_role("button", name="P more").tap()
    assert "padding 1" in panel(page).inner_text()
    context.close()


SHOWN = """async () => {
  const panel = () => document.querySelector("figure[data-open] .touch-panel");
  for (let wait = 0; !panel()?.querySelector(".touch-said") && wait < 100; wait += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
  return [panel().textContent, panel().scrollWidth - panel().clientWidth];
}"""


def test_three_engines_show_the_same(engine, site, visit):
    fragment = "H=9&W=8&K=4&S=3&P=1&show=backward&pick=x3,3"
    with engine.open(f"{site}{PAGE}/#touch={NAME}&{fragment}", width=360) as page:
        shown, hidden = page.evaluate(SHOWN)
    here = opened(visit, PAGE, NAME, fragment, width=360)
    _, right = right_for(here, H=9, W=8, K=4, S=3, P=1)
    assert f"x3,3 = {right['x'][3, 3]:.0f}".replace("-", MINUS) in shown
    assert hidden == 0, "all of it fits a phone"
    assert shown == here.evaluate(SHOWN)[0]
