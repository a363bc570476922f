"""Pooling in the reader's hands: maxima, switches and gradients are those of the package."""

import re

import numpy as np
import pytest

from cnnbook.layers import (
    max_pool2d,
    max_pool2d_input_gradient,
    mean_pool2d,
    mean_pool2d_input_gradient,
)
from cnnbook.layers.geometry import output_size
from cnnbook.mnist import load_zero_one
from tests.browser.touching import misled, opened, turn, unsound

PAGE, NAME = "14-pooling", "pool-switches"
FIGURE = f"figure[data-touch={NAME}]"
MINUS = "\N{MINUS SIGN}"
SUMS = """async (states) => {
  const sums = await import("../javascripts/touch/pool-switches-sums.mjs");
  const pixels = (x) => x.map((row, p) => row.map((_, q) => [p, q]));
  return states.map((state) => ({
    y: sums.forward(state),
    ties: sums.ties({ ...state, pool: "max" }),
    counts: pixels(state.x).map((row) => row.map((at) => sums.over(at, state).length)),
    gradients: Object.fromEntries(["first", "all", "split"].map(
      (tie) => [tie, sums.inputGradient({ ...state, tie })])),
    terms: pixels(state.x).map((row) => row.map((pixel) => sums.terms(pixel, state).map(
      ({ at: [i, j], parts }) => state.g[i][j] / parts))),
  }));
}"""
COMPARED = """async (all) => {
  const { compared, forward, moved } = await import("../javascripts/touch/pool-switches-sums.mjs");
  return all.map(({ steps, ...state }) => ({
    moved: moved(state.x, steps),
    ...compared(forward(state), forward({ ...state, x: moved(state.x, steps) }), steps, state.S),
  }));
}"""


def batch(rows):
    return np.asarray(rows, float)[np.newaxis, np.newaxis]


def windows(x, K, S, P, border):  # noqa: N803 - the letters of the chapter
    """Return the windows of a padded image, one after the other."""
    padded = np.pad(np.asarray(x, float), P, constant_values=border)
    rows, columns = output_size(np.shape(x), K, stride=S, padding=P)
    return {
        (i, j): padded[i * S : i * S + K, j * S : j * S + K] for i, j in np.ndindex(rows, columns)
    }


def by_convention(x, g, sizes, tie):
    """Let all of the largest have the upstream number, or let them share it."""
    K, S, P = sizes  # noqa: N806 - the letters of the chapter
    gradient = np.pad(np.zeros(np.shape(x)), P)
    for (i, j), window in windows(x, *sizes, -np.inf).items():
        mask = (window == window.max()).astype(float)
        mask /= mask.sum() if tie == "split" else 1
        gradient[i * S : i * S + K, j * S : j * S + K] += mask * g[i][j]
    return gradient[P : P + len(x), P : P + len(x[0])]


def expected(*, x, g, K, S, P, pool, tie):  # noqa: N803 - the letters of the chapter
    """Compute outputs and gradient, by the package where it has the function."""
    images, upstream, options = batch(x), batch(g), {"stride": S}
    if pool == "mean":
        gradient = mean_pool2d_input_gradient(upstream, images.shape[2:], K, **options)
        return mean_pool2d(images, K, **options)[0, 0], gradient[0, 0]
    options["padding"] = P
    y = max_pool2d(images, K, **options)[0, 0]
    if tie != "first":
        return y, by_convention(x, g, (K, S, P), tie)
    return y, max_pool2d_input_gradient(images, upstream, K, **options)[0, 0]


def states(rng, count):
    """Return random states, not square, with ties (integers) and without."""
    for which in range(count):
        K, S = int(rng.integers(2, 4)), int(rng.integers(1, 4))  # noqa: N806
        pool = ["max", "max", "mean"][which % 3]
        P = int(rng.integers(2)) if pool == "max" else 0  # noqa: N806
        shape = tuple(map(int, rng.integers(3, 8, 2)))
        x = rng.integers(-2, 3, shape) if which % 2 else rng.standard_normal(shape)
        g = rng.standard_normal(output_size(shape, K, stride=S, padding=P))
        yield {"x": x.tolist(), "g": g.tolist(), "K": K, "S": S, "P": P, "pool": pool, "tie": "all"}


@pytest.fixture(scope="module")
def scripts(browser, site):
    """Return what calls a function of JavaScript on the page."""
    page = browser.new_page()
    page.goto(f"{site}{PAGE}/")
    yield page.evaluate
    page.close()


def test_the_sums_are_the_packages_over_random_states(scripts):
    all_states = list(states(np.random.default_rng(14), 60))
    for state, found in zip(all_states, scripts(SUMS, all_states), strict=True):
        for tie in ("first", "all", "split"):
            y, gradient = expected(**{**state, "tie": tie})
            np.testing.assert_allclose(found["y"], y, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(found["gradients"][tie], gradient, rtol=1e-12, atol=1e-13)
            if tie == state["tie"]:
                summed = [[sum(all_terms) for all_terms in row] for row in found["terms"]]
                np.testing.assert_allclose(summed, gradient, rtol=1e-12, atol=1e-13)


def test_windows_and_ties_are_counted(scripts):
    all_states = list(states(np.random.default_rng(15), 60))
    counted = []
    for state, found in zip(all_states, scripts(SUMS, all_states), strict=True):
        x, sizes = state["x"], [state[name] for name in "KSP"]
        every = windows(x, *sizes, -np.inf).values()
        assert found["ties"] == sum(int((one == one.max()).sum() > 1) for one in every)
        ones = {**state, "x": np.ones(np.shape(x)), "g": np.ones(np.shape(state["g"]))}
        counts = by_convention(ones["x"], ones["g"], sizes, "all")
        np.testing.assert_array_equal(found["counts"], counts)
        counted.append(found["ties"])
    assert 20 < np.count_nonzero(counted) < 40, "with ties and without"


def test_what_stays_and_what_moves_along_is_counted(scripts):
    rng = np.random.default_rng(16)
    all_states = [one | {"steps": rng.integers(-3, 4, 2).tolist()} for one in states(rng, 60)]
    kinds = set()
    for state, found in zip(all_states, scripts(COMPARED, all_states), strict=True):
        x, (down, right), S = np.array(state["x"]), state["steps"], state["S"]  # noqa: N806
        there = np.pad(x, 3)[3 - down :, 3 - right :][: len(x), : len(x[0])]
        np.testing.assert_array_equal(found["moved"], there)
        before, _ = expected(**{name: state[name] for name in state if name != "steps"})
        after, _ = expected(
            **{**{name: state[name] for name in state if name != "steps"}, "x": there}
        )
        assert found["count"] == after.size
        assert found["stay"] == (after == before).sum()
        whole = down % S == right % S == 0
        assert ("partners" in found) == whole
        if whole:
            a, b = down // S, right // S
            partners = [
                (after[i, j], before[i - a, j - b])
                for i, j in np.ndindex(after.shape)
                if 0 <= i - a < len(before) and 0 <= j - b < len(before[0])
            ]
            assert found["partners"] == len(partners)
            assert found["follow"] == sum(one == other for one, other in partners)
            if state["P"] == 0 and state["pool"] == "max":
                assert found["follow"] == found["partners"], "equivariant, where nothing is padding"
        kinds.add((whole, state["P"], state["pool"]))
    assert len(kinds) == 6


def test_a_mean_of_the_same_numbers_in_another_order_has_not_changed(scripts):
    x = [[0.2, 0.3, 0, 0], [0, 0.1, 0.2, 0]]
    state = {"x": x, "K": 2, "S": 1, "P": 0, "pool": "mean", "steps": [0, 1]}
    means = mean_pool2d(batch(x), 2, stride=1)[0, 0, 0]
    assert 0 < abs(means[1] - means[0]) < 1e-15
    (found,) = scripts(COMPARED, [state])
    assert (found["stay"], found["follow"], found["partners"]) == (1, 2, 2)


def test_the_patch_is_one_of_mnist(scripts):
    patch = scripts(
        """async () => (await import("../javascripts/touch/pool-switches-words.mjs")).PATCH"""
    )
    image = load_zero_one().train[0][0].reshape(28, 28)
    np.testing.assert_array_equal(patch, np.rint(255 * image[10:16, 18:24]))


# --- the figure ---------------------------------------------------------------------------------


def panel(page):
    return page.locator(f"{FIGURE} .touch-panel")


def number(text):
    return float(text.replace(MINUS, "-") or "nan")


def grid(page, part):
    """Return what the cells of a table show: numbers, what is below, marks."""
    rows = page.locator(f"{FIGURE} .pool-{part} tr").evaluate_all(
        """rows => rows.map((row) => [...row.querySelectorAll(".pool-cell")].map((one) => [
          one.children[0].textContent, one.lastChild.textContent, one.hasAttribute("data-lit"),
          one.hasAttribute("data-strong"), one.hasAttribute("data-won"),
          one.children[1].textContent, one.getAttribute("aria-pressed") === "true"]))"""
    )
    cells = np.array([row for row in rows if row], object)
    names = ("numbers", "below", "lit", "strong", "won", "sign", "pressed")
    plain = {
        name: np.vectorize(number, otypes=[float])(cells[..., place])
        for place, name in enumerate(("numbers", "below"))
    }
    marks = {name: cells[..., place].astype(bool) for place, name in enumerate(names)}
    return marks | plain


def arrived(page):
    rows = page.locator(f"{FIGURE} .pool-gradient tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return np.vectorize(number, otypes=[float])(np.array(rows, object))


def text(page, part):
    return page.locator(f"{FIGURE} .pool-{part}").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def press(page, name, **options):
    panel(page).get_by_role("button", name=name, **options).click()


def output(page, i, j):
    return page.locator(f"{FIGURE} .pool-y tr").nth(i).locator("button").nth(j)


def pixel(page, p, q):
    return page.locator(f"{FIGURE} .pool-x tr:has(button)").nth(p).locator("button").nth(q)


def agrees(page, K, S, P, *, pool="max", tie="first"):  # noqa: N803 - the letters of the chapter
    """Compare all cells with the package; return image, upstream numbers and gradient."""
    image, outputs = grid(page, "x"), grid(page, "y")
    x, g = image["numbers"], outputs["below"]
    settings = {"K": K, "S": S, "P": P, "pool": pool, "tie": tie}
    y, gradient = expected(x=x, g=g, **settings)
    np.testing.assert_allclose(outputs["numbers"], y, atol=0.00501)
    np.testing.assert_allclose(arrived(page), gradient, atol=0.00501)
    ones = np.ones(y.shape)
    if pool == "max":
        won = by_convention(x, ones, (K, S, P), "all")
        if tie == "first":
            _, won = expected(x=x, g=ones, **settings)
        np.testing.assert_array_equal(np.nan_to_num(image["below"]), won)
        np.testing.assert_array_equal(image["won"], won > 0)
    return x, g, gradient


def test_it_opens_with_a_switch_and_a_tie(visit):
    page = opened(visit, PAGE, NAME)
    x, g, _ = agrees(page, 2, 2, 0)
    image = grid(page, "x")
    assert image["lit"][:2, :2].all()
    assert image["lit"].sum() == 4
    assert np.argwhere(image["strong"]).tolist() == [[1, 1]]
    told = f"Window (0, 0): 4 pixels. The largest is {x[1, 1]:.0f}, at (1, 1): the switch."
    assert text(page, "told") == f"{told} It gets g = {g[0, 0]:.0f}."
    assert text(page, "sums").startswith("1 of 9 windows ties.")
    assert text(page, "sum").endswith(f"x1,1 = g0,0 = {g[0, 0]:.0f}")
    assert page.complaints == []


def test_settings_and_pixels_by_mouse(visit):
    page = opened(visit, PAGE, NAME)
    press(page, "S less")
    press(page, "K more")
    press(page, "P more")
    x, g, gradient = agrees(page, 3, 1, 1)
    assert g.shape == (6, 6)
    pixel(page, 2, 2).click()
    outputs = grid(page, "y")
    assert outputs["lit"].sum() == 9
    won = outputs["strong"]
    tied = (outputs["numbers"][outputs["lit"]] == x[2, 2]).sum() - won.sum()
    assert min(won.sum(), tied) > 1
    assert text(page, "told") == (
        f"Pixel (2, 2) lies in 9 windows and is the switch of {won.sum()}. "
        f"In {tied} more it ties for the largest, but another is the first."
    )
    values = " + ".join(f"{one:.0f}" for one in g[won])
    names = " + ".join(f"g{i},{j}" for i, j in np.argwhere(won))
    assert text(page, "sum").endswith(f"x2,2 = {names} = {values} = {gradient[2, 2]:.0f}")
    press(page, "S more")
    press(page, "S more")
    assert agrees(page, 3, 3, 1)[1].shape == (2, 2)
    assert page.complaints == []


def test_three_conventions_for_ties(visit):
    page = opened(visit, PAGE, NAME)
    press(page, "All equal")
    output(page, 1, 2).click()
    g = grid(page, "y")["below"]
    upstream, all_sum = g.sum(), 4 * g.sum()
    sums = f"first {upstream:.0f}, all {all_sum:.0f}, split {upstream:.0f}."
    assert f"9 of 9 windows tie. Sum of g: {upstream:.0f}. Sum of the gradient: {sums}" in text(
        page, "sums"
    )
    tied = "(2, 4), (2, 5), (3, 4), (3, 5)"
    own, quarter = f"{g[1, 2]:.0f}", f"{g[1, 2] / 4:g}"
    said = {
        "first": f"The first of them, row by row, gets all of g = {own}: (2, 4).",
        "all": f"Each of them gets g = {own}, together {4 * g[1, 2]:.0f}.",
        "split": f"Each of them gets {own} / 4 = {quarter}, together {own}.",
    }
    for tie, words in said.items():
        panel(page).get_by_label(tie).check()
        _, _, gradient = agrees(page, 2, 2, 0, tie=tie)
        assert text(page, "told") == (
            f"Window (1, 2): 4 pixels. The largest is 1, a tie of 4: {tied}. {words}"
        )
        status = panel(page).get_by_role("status")
        if tie != "first":
            assert status.inner_text() == f"Sum of the gradient: {gradient.sum():.0f}."
    pixel(page, 3, 5).click()
    assert text(page, "sum").endswith(f"x3,5 = g1,2 / 4 = {own} / 4 = {quarter}")
    panel(page).get_by_label("first").check()
    assert text(page, "told") == (
        "Pixel (3, 5) lies in 1 window and is the switch of none. "
        "In 1 of them it ties for the largest, but another is the first."
    )
    assert text(page, "sum").endswith("x3,5 = 0")


def test_the_mean_has_neither_switches_nor_padding(visit):
    page = opened(visit, PAGE, NAME, "K=3&S=2&P=1&pick=y0,0")
    panel(page).get_by_label("mean").check()
    x, g, gradient = agrees(page, 3, 2, 0, pool="mean")
    for name in ("P less", "P more"):
        button = panel(page).get_by_role("button", name=name)
        assert button.get_attribute("aria-disabled") == "true"
        button.click(force=True)
    assert panel(page).get_by_label("split").is_disabled()
    assert not grid(page, "x")["won"].any()
    first = x[:3, :3].ravel()
    inner = " + ".join(f"{one:.0f}" for one in first)
    assert f"The mean is ({inner}) / 9 " in text(page, "told")
    assert f"Sum of the gradient: {g.sum():.0f}." in text(page, "sums")
    pixel(page, 2, 2).click()
    values = " + ".join(f"{one:.0f}" for one in g.ravel())
    assert f"({values}) / 9" in text(page, "sum")
    shown = number(re.split("[=\N{ALMOST EQUAL TO}] ", text(page, "sum"))[-1])
    np.testing.assert_allclose(shown, gradient[2, 2], rtol=1e-3)
    panel(page).get_by_label("max").check()
    agrees(page, 3, 2, 1)


def test_numbers_are_edited(visit):
    page = opened(visit, PAGE, NAME)
    pixel(page, 0, 1).click()
    field = panel(page).get_by_role("textbox")
    field.fill("9,04")
    assert grid(page, "x")["numbers"][0, 1] == 9
    assert "a tie" not in text(page, "told")
    output(page, 0, 0).click()
    assert "The largest is 9, a tie of 2: (0, 1), (1, 1)." in text(page, "told")
    field.fill("-2.5")
    _, g, gradient = agrees(page, 2, 2, 0)
    assert g[0, 0] == gradient[0, 1] == -2.5
    field.fill("nothing")
    assert field.get_attribute("aria-invalid") == "true"
    agrees(page, 2, 2, 0)
    field.fill("1e9")
    assert grid(page, "y")["below"][0, 0] == 999
    press(page, "Move the image down")
    x = grid(page, "x")["numbers"]
    pixel(page, 3, 3).click()
    field.fill("7.5")
    x[3, 3] = 7.5
    np.testing.assert_array_equal(grid(page, "x")["numbers"], x)
    assert not text(page, "motion").startswith("Moved")
    press(page, "Other numbers")
    other = agrees(page, 2, 2, 0)
    press(page, "Other numbers")
    assert (agrees(page, 2, 2, 0)[0] != other[0]).any()
    press(page, "MNIST patch")
    assert agrees(page, 2, 2, 0)[0].max() == 255
    assert page.complaints == []


def test_large_numbers_are_written_out(visit):
    page = opened(visit, PAGE, NAME, f"S=1&pool=mean&K=3&g={','.join(['998.9'] * 49)}&pick=x2,2")
    assert f"Sum of g: {16 * 998.9:.1f}. Sum of the gradient: {16 * 998.9:.1f}." in text(
        page, "sums"
    )
    assert text(page, "sum").endswith("= 998.9")
    assert page.complaints == []


def moves(page, S, P):  # noqa: N803 - the letters of the chapter
    """Move the image two pixels to the right, and compare what is said of the outputs."""
    before, x = grid(page, "y")["numbers"], grid(page, "x")["numbers"]
    press(page, "Move the image right")
    press(page, "Move the image right")
    np.testing.assert_array_equal(grid(page, "x")["numbers"], np.pad(x, ((0, 0), (2, 0)))[:, :-2])
    agrees(page, 2, S, P)
    outputs, said = grid(page, "y"), text(page, "motion")
    after = outputs["numbers"]
    np.testing.assert_array_equal(outputs["sign"], after != before)
    stay = int((after == before).sum())
    begin = f"Moved 2 right. In place: {stay} of {after.size} outputs stay, {after.size - stay}"
    assert said.startswith(f"{begin} change (\N{NOT EQUAL TO}).")
    if 2 % S:
        assert f"no multiple of S = {S}" in said
        return
    by = 2 // S
    equal = after[:, by:] == before[:, :-by]
    assert said.endswith(f"moved by {by} right: {equal.sum()} of {equal.size} are equal.")
    assert equal.all() == (P == 0)


def test_the_image_moves_and_outputs_are_counted(visit):
    page = opened(visit, PAGE, NAME)
    for S, P in ((1, 0), (2, 1), (3, 0), (2, 0)):  # noqa: N806 - the letters of the chapter
        turn(page, NAME, f"S={S}&P={P}")
        moves(page, S, P)
    for way in ("left", "left", "left", "right"):
        press(page, f"Move the image {way}")
    assert text(page, "motion").startswith("Move the image")
    assert "Moved" not in text(page, "motion")
    agrees(page, 2, 2, 0)
    for _ in range(4):
        panel(page).get_by_role("button", name="Move the image up").click(force=True)
    assert text(page, "motion").startswith("Moved 3 up.")


def test_the_keyboard_alone(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").press("Enter")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    panel(page).get_by_role("button", name="K more").press("Enter")
    panel(page).get_by_role("button", name="S less").press("Space")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "S less"
    panel(page).get_by_role("button", name="Other numbers").focus()
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight", "8"):
        page.keyboard.press(key)
    x, _, _ = agrees(page, 3, 1, 0)
    assert x[1, 1] == 8
    assert text(page, "told").startswith("Pixel (1, 1) lies in 4 windows")
    said = panel(page).get_by_role("status").inner_text()
    assert said == "Pixel (1, 1): 8."
    page.keyboard.press("Tab")
    for key in ("4", "ArrowRight", "5"):
        page.keyboard.press(key)
    x, g, _ = agrees(page, 3, 1, 0)
    assert (x[1, 1], g[0, 0], g[0, 1]) == (8, 4, 5), "what has the focus is changed, picked or not"
    assert text(page, "told").startswith("Window (0, 1): 9 pixels.")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    assert grid(page, "y")["below"][0, 1] == 6
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert text(page, "motion").startswith("Moved 1 left.")
    assert page.complaints == []


def test_the_address_brings_the_same_state_back(visit):
    page = opened(visit, PAGE, NAME)
    press(page, "S less")
    press(page, "P more")
    press(page, "MNIST patch")
    panel(page).get_by_label("split").check()
    press(page, "Move the image down")
    pixel(page, 3, 2).click()
    output(page, 6, 6).click()
    panel(page).get_by_role("textbox").fill("-1.5")
    before = panel(page).locator(":scope > :not(.touch-said)").all_text_contents()
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    assert panel(page).locator(":scope > :not(.touch-said)").all_text_contents() == before
    assert panel(page).get_by_label("split").is_checked()
    assert "g = \N{MINUS SIGN}1.5" in text(page, "told")


BROKEN = [
    "K=9&S=0&P=x&pool=min&tie=toString&down=7&right=0.5&pick=z1,1&x=1,2,3&g=",
    f"x={','.join(['1e9'] * 36)}&g={','.join(['0.123'] * 49)}&pick=y0",
]


def test_a_broken_address_shows_the_beginning(visit):
    page = opened(visit, PAGE, NAME)
    misled(page, NAME, "K=3&pick=x1,1", BROKEN)
    assert page.complaints == []


def test_a_pick_outside_is_the_nearest(visit):
    page = opened(visit, PAGE, NAME, "S=3&pick=y6,9")
    assert text(page, "told").startswith("Window (1, 1)")
    panel(page).get_by_role("button", name="S less").click()
    agrees(page, 2, 2, 0)


def test_a_corner_of_the_padding_leaves_one_pixel(visit):
    page = opened(visit, PAGE, NAME, "K=2&S=2&P=1&pick=y0,0")
    x, g, _ = agrees(page, 2, 2, 1)
    assert grid(page, "x")["lit"].sum() == 1
    assert page.locator(f"{FIGURE} .pool-padding[data-lit]").count() == 3
    told = f"Window (0, 0): 1 pixel. The largest is {x[0, 0]:.0f}, at (0, 0): the switch."
    assert text(page, "told") == f"{told} It gets g = {g[0, 0]:.0f}."


SHOWS = {
    "light": ("down=1", "pool=mean&K=3"),
    "dark": ("K=3&S=1&P=1&tie=split&pick=x2,3&right=1",),
}


@pytest.mark.parametrize("scheme", SHOWS)
def test_the_panel_is_sound_and_nothing_moves(visit, scheme):
    page = opened(visit, PAGE, NAME, scheme=scheme, width=360)
    for fragment in SHOWS[scheme]:
        turn(page, NAME, fragment)
        assert unsound(page) == []
        for width in (320, 360, 768, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            height = panel(page).bounding_box()["height"]
            for part, place in (("x", 0), ("y", 0), ("x", 14), ("y", 3)):
                page.locator(f"{FIGURE} .pool-{part} button").nth(place).click()
                assert panel(page).bounding_box()["height"] == height, (fragment, width, part)


def test_the_largest_fits_a_phone_with_room_for_a_finger(visit):
    page = opened(visit, PAGE, NAME, "K=2&S=1&P=1", width=360)
    assert unsound(page) == []
    buttons = panel(page).locator("button, input[type=text]")
    sizes = buttons.evaluate_all(
        "all => all.map((one) => Math.min(one.offsetWidth, one.offsetHeight))"
    )
    assert len(sizes) == 36 + 49 + 6 + 3 + 1 + 4
    assert min(sizes) >= 24


def test_a_finger_picks(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"{site}{PAGE}/#touch={NAME}&")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    pixel(page, 4, 4).tap()
    assert text(page, "told").startswith("Pixel (4, 4) lies in 1 window and is the switch of 1.")
    panel(page).get_by_role("button", name="Move the image down").tap()
    assert text(page, "motion").startswith("Moved 1 down.")
    context.close()


def test_nothing_is_asked_for_before_a_press(visit):
    page = visit(PAGE)
    assert not [url for url in page.requests if "pool-switches" in url and ".mjs" in url]
    assert page.locator(f"{FIGURE} .touch-panel").count() == 0


SHOWN = """async () => {
  const panel = () => document.querySelector("figure[data-open] .touch-panel");
  for (let wait = 0; !panel()?.querySelector(".touch-said") && wait < 100; wait += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
  return [panel().textContent, panel().scrollWidth - panel().clientWidth];
}"""


def test_three_engines_show_the_same(engine, site, visit):
    fragment = "K=3&S=1&P=1&tie=split&pick=x2,3&down=1"
    with engine.open(f"{site}{PAGE}/#touch={NAME}&{fragment}", width=360) as page:
        shown, hidden = page.evaluate(SHOWN)
    here = opened(visit, PAGE, NAME, fragment, width=360)
    agrees(here, 3, 1, 1, tie="split")
    assert "Pixel (2, 3) lies in 9 windows" in shown
    assert hidden == 0, "all of it fits a phone"
    assert shown == here.evaluate(SHOWN)[0]
