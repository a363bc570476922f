"""One table, three sums: the numbers are cnnbook's, and every hand can get at them."""

import re

import numpy as np
import pytest

from cnnbook.layers import conv2d, conv2d_input_gradient, conv2d_kernel_gradient
from tests.browser.touching import unsound

PAGE = "03-kernel-gradients"
FIGURE = "figure[data-touch=three-sums]"
SIZES = {1: {"x": (1, 5), "k": (1, 3), "g": (1, 3)}, 2: {"x": (5, 5), "k": (3, 3), "g": (3, 3)}}


def expected(x, k, g):
    """Return the three derivatives, and the wrong kernel gradient, by the code of the layer."""
    x, k, g = (np.asarray(array, float)[np.newaxis, np.newaxis] for array in (x, k, g))
    return {
        "g": conv2d(x, k, np.zeros(1))[0, 0],
        "k": conv2d_kernel_gradient(x, g, k.shape[2:])[0, 0],
        "x": conv2d_input_gradient(g, k, x.shape[2:])[0, 0],
        "wrong": conv2d_kernel_gradient(x, g[..., ::-1, ::-1], k.shape[2:])[0, 0],
    }


COMPUTED = """async (states) => {
  const terms = await import("../javascripts/touch/three-sums-terms.mjs");
  const all = (state, name) => state[name].map((row, p) =>
    row.map((_, q) => terms.quotient(state, [name, p, q], 0.5)));
  return states.map((state) => ({
    g: terms.gradient(state, "g"),
    k: terms.gradient(state, "k"),
    x: terms.gradient(state, "x"),
    wrong: terms.wrongKernelGradient(state),
    total: terms.total(state),
    quotients: Object.fromEntries(["g", "k", "x"].map((name) => [name, all(state, name)])),
  }));
}"""


def test_the_sums_are_those_of_the_layer_over_random_states(visit):
    rng = np.random.default_rng(15)
    sizes = [SIZES[1 + number % 2] for number in range(50)]
    states = [{name: rng.standard_normal(size) for name, size in each.items()} for each in sizes]
    page = visit(PAGE)
    lists = [{name: array.tolist() for name, array in state.items()} for state in states]
    for state, found in zip(states, page.evaluate(COMPUTED, lists), strict=True):
        right = expected(**state)
        for name, numbers in right.items():
            np.testing.assert_allclose(found[name], numbers, rtol=1e-12, atol=1e-13)
        total = np.sum(state["g"] * right["g"])
        np.testing.assert_allclose(found["total"], total, rtol=1e-12, atol=1e-13)
        for name, numbers in found["quotients"].items():
            np.testing.assert_allclose(numbers, right[name], rtol=1e-9, atol=1e-12)


def opened(visit, fragment="", page=PAGE, **options):
    """Open a page whose address opens the figure."""
    page = visit(f"{page}/#touch=three-sums{fragment}&", **options)
    page.locator(f"{FIGURE}[data-open] .touch-panel [role=status]").wait_for(state="attached")
    return page


def numbers(texts):
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in texts]


def results(page):
    """Return the computed numbers of the figure, table by table."""
    tables = page.locator(f"{FIGURE} table").evaluate_all(
        """tables => tables.map((table) =>
          [...table.querySelectorAll(".sums-result > span")].map((one) => one.textContent))"""
    )
    return [numbers(table) for table in tables if table]


def shown(page):
    """Say what is picked and lit, and what is written of it."""
    return page.evaluate(
        """() => {
          const figure = document.querySelector("figure[data-open]");
          const text = (selector) => figure.querySelector(selector).innerText;
          const texts = (selector) => [...figure.querySelectorAll(selector)]
            .map((one) => one.textContent.replaceAll("\\u2212", "-"));
          return {
            picked: texts("[aria-pressed=true].sums-cell"),
            lit: texts("[data-lit]"),
            terms: texts(".sums-terms li"),
            sum: text(".sums-sum strong"),
            said: text("[role=status]"),
          };
        }"""
    )


def field(page):
    return page.locator(f"{FIGURE} .sums-editor input").first


def test_the_printed_numbers_by_mouse(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").click()
    page.locator(f"{FIGURE} .touch-panel [role=status]").wait_for(state="attached")
    assert results(page) == [[7, 10, 13, 1407, 5, 8, 11], [1, 10, 102, 20, 200]]
    outputs = page.locator(f"{FIGURE} .sums-table tr td:last-child .sums-value").all_inner_texts()
    assert outputs[:3] == ["321", "432", "543"]
    page.get_by_role("button", name="k1").click()
    column = shown(page)
    assert column["picked"] == ["k1 10"]
    assert column["lit"] == ["g0 1", "x1 2", "g1 0", "x2 3", "g2 2", "x3 4", "x1 2", "x2 3", "x3 4"]
    assert column["terms"] == [
        "g0x11 \N{MIDDLE DOT} 2",
        "g1x20 \N{MIDDLE DOT} 3",
        "g2x32 \N{MIDDLE DOT} 4",
    ]
    assert column["sum"].endswith("= 10")
    assert column["said"] == "Kernel entry 1: 2 + 0 + 8 = 10"
    page.get_by_role("button", name="x2").first.click()
    pixel = shown(page)
    assert pixel["picked"] == ["x2 3"] * 4, "an anti-diagonal, and the row of pixels"
    assert pixel["terms"] == [
        "g0k21 \N{MIDDLE DOT} 100",
        "g1k10 \N{MIDDLE DOT} 10",
        "g2k02 \N{MIDDLE DOT} 1",
    ]
    assert pixel["said"] == "Pixel 2: 100 + 0 + 2 = 102"
    page.get_by_label("products").click()
    products = page.locator(f"{FIGURE} .sums-table").first.locator("tr td:nth-child(3) .sums-value")
    assert numbers(products.all_inner_texts()) == [10, 20, 0, 80]
    assert page.complaints == []


def test_by_keyboard_alone_a_number_is_changed_and_nudged(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").press("Enter")
    page.locator(f"{FIGURE} .touch-panel [role=status]").wait_for(state="attached")
    page.locator(f"{FIGURE} .touch-choice input").first.focus()
    for _ in range(5):
        page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    state = {"x": [[1, 2, 3, 4, 5]], "k": [[1, 10, 100]], "g": [[1, 0, 2]]}
    assert "Pixel 2" in shown(page)["said"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Pixel 2"
    page.keyboard.press("Control+A")
    page.keyboard.type("-1,5")
    state["x"][0][2] = -1.5
    right = expected(**state)
    table, pixels = results(page)
    assert table[:3] == right["k"][0].tolist()
    assert table[4:] == right["wrong"][0].tolist()
    assert pixels == right["x"][0].tolist()
    page.keyboard.press("ArrowUp")
    assert field(page).input_value() == "\N{MINUS SIGN}0.5"
    page.keyboard.press("Control+A")
    page.keyboard.type("much")
    assert field(page).get_attribute("aria-invalid") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    nudged = page.locator(f"{FIGURE} .sums-nudged").inner_text()
    assert re.findall(r"[=:] ([\d.]+)", nudged) == ["102", "102"]
    assert page.complaints == []


def test_a_picture_shows_the_flip_in_letters(visit):
    rng = np.random.default_rng(3)
    state = {name: rng.integers(-9, 10, size) for name, size in SIZES[2].items()}
    lists = "".join(f"&{name}={','.join(map(str, array.ravel()))}" for name, array in state.items())
    page = opened(visit, f"&d=2{lists}&pick=x2,2")
    right = expected(**state)
    found = results(page)
    for name, numbers_found in zip(("x", "k", "wrong", "g"), found, strict=True):
        assert numbers_found == right[name].ravel().tolist(), name
    letters = page.locator(f"{FIGURE} .sums-grid:has(button) .sums-name").all_inner_texts()
    assert letters[:25] == [""] * 25, "no pixel stands beside a pixel"
    assert "".join(letters) == "ihgfedcba" + "abcdefghi", "first the kernel, then the upstream"
    page.locator(f"{FIGURE} .sums-grid").nth(2).locator("button").nth(4).click()
    letters = page.locator(f"{FIGURE} .sums-grid:has(button) .sums-name").all_inner_texts()
    assert "".join(letters) == "abcdefghi" * 2, "a kernel entry: both run forwards"
    assert shown(page)["sum"].endswith(f"= {right['k'][1, 1]:.0f}".replace("-", "\N{MINUS SIGN}"))


def test_ones_upstream_hide_the_wrong_gradient_and_random_numbers_do_not(visit):
    page = opened(visit, "&d=2")
    verdict = page.locator(f"{FIGURE} .sums-verdict")
    assert "off by up to" in verdict.inner_text()
    page.get_by_role("button", name="Ones upstream").click()
    assert "this upstream hides it" in verdict.inner_text()
    _, right, wrong, _ = results(page)
    assert right == wrong
    page.get_by_role("button", name="Random").click()
    assert "off by up to" in verdict.inner_text()
    page.get_by_role("button", name="As printed").click()
    assert page.get_by_role("button", name="6, Pixel 2, 2").count() == 1


@pytest.mark.parametrize("dimensions", ["one row", "a picture"])
def test_the_address_brings_the_same_state_back(visit, dimensions):
    page = opened(visit)
    page.get_by_label(dimensions).click()
    page.get_by_role("button", name="Random").click()
    page.locator(f"{FIGURE} .sums-cell").nth(2).click()
    field(page).fill("0.125")
    before = results(page), shown(page)["lit"], shown(page)["sum"]
    page.reload()
    page.locator(f"{FIGURE}[data-open] .touch-panel [role=status]").wait_for(state="attached")
    assert (results(page), shown(page)["lit"], shown(page)["sum"]) == before
    assert page.get_by_label(dimensions).is_checked()


@pytest.mark.parametrize(
    "broken",
    [
        "&d=3&x=1,2&k=a,b,c&g=&pick=z9",
        "&d=1&pick=x7",
        "&d=1&x=1,2,3,4,1e999&pick=",
        "&d=1&pick=k1,1",
    ],
)
def test_a_broken_address_shows_the_printed_numbers(visit, broken):
    page = opened(visit, broken)
    assert results(page) == [[7, 10, 13, 1407, 5, 8, 11], [1, 10, 102, 20, 200]]
    assert page.complaints == []


def test_chapter_4_opens_it_on_an_anti_diagonal(visit):
    page = visit("04-input-gradients")
    page.locator(f"{FIGURE} .touch > button").click()
    page.locator(f"{FIGURE} .touch-panel [role=status]").wait_for(state="attached")
    assert "= 102" in shown(page)["sum"]


@pytest.mark.parametrize(
    ("scheme", "fragment"), [("light", "&d=1&pick=x2"), ("dark", "&d=2&pick=x2,2")]
)
def test_it_is_accessible_and_fits(visit, scheme, fragment):
    page = opened(visit, fragment, scheme=scheme)
    assert unsound(page) == []
    for width in (320, 360, 768, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        panel = page.locator(".touch-panel")
        assert panel.evaluate("panel => panel.scrollWidth - panel.clientWidth") == 0, width
        height = panel.bounding_box()["height"]
        page.locator(f"{FIGURE} .sums-cell").nth(1).click()
        assert panel.bounding_box()["height"] == height, "nothing below it moves"
    assert page.complaints == []


READ = """async () => {
  const panel = () => document.querySelector("figure[data-open] .touch-panel");
  for (let wait = 0; !panel()?.querySelector("[role=status]") && wait < 100; wait += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
  return [panel().textContent, panel().scrollWidth - panel().clientWidth];
}"""


@pytest.mark.parametrize(
    ("fragment", "total"), [("&d=1&pick=x2", "x2 = 102"), ("&d=2&pick=k1,1", "k1,1 = 19")]
)
def test_the_engines_show_the_same(engine, site, visit, fragment, total):
    with engine.open(f"{site}{PAGE}/#touch=three-sums{fragment}", width=360) as page:
        shown_here, hidden = page.evaluate(READ)
    assert f"\N{PARTIAL DIFFERENTIAL}S/\N{PARTIAL DIFFERENTIAL}{total}" in shown_here
    assert hidden == 0, "all of it fits a phone"
    assert shown_here == opened(visit, fragment).evaluate(READ)[0]
