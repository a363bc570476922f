"""The passes of two layers on any machine: counted and timed as the package does, by every hand."""

import json

import numpy as np
import pytest

pytest.importorskip("playwright", reason="pip install '.[browser]'")

from cnnbook.layers.geometry import Geometry, im2col, layer_windows
from cnnbook.ways import roofline
from tests.browser.serving import ROOT
from tests.browser.touching import brought_back, opened, texts, unsound

PAGE, NAME = "16-vectorisation", "roofline"
FIGURE = f"figure[data-touch={NAME}]"
DATA = json.loads((ROOT / "docs" / "figures" / "roofline.json").read_text(encoding="utf-8"))["data"]
SUMS = """async ([kernels, machine]) => {
  const { passes, lasts } = await import("../javascripts/touch/roofline-sums.mjs");
  return kernels.map((K) => passes(K).map((pass) => ({
    ...pass, sum: lasts(pass, machine, false), most: lasts(pass, machine, true),
  })));
}"""

WIDTHS = """all => all.map((one) =>
  [...one.children].reduce((sum, bar) => sum + parseFloat(bar.style.width), 0))"""


def passes(size):
    """Count multiplications and bytes of every pass, of arrays that are made, for one image."""
    found = []
    for layer, (channels, count, side) in enumerate(((1, 16, 28), (16, 32, 14)), 1):
        x = np.zeros((1, channels, side, side), np.float32)
        geometry = Geometry((size, size), (1, 1), (size // 2, size // 2))
        columns = im2col(layer_windows(x, geometry))
        rows = np.zeros((count, channels * size**2), np.float32)
        y = rows @ columns
        assert y.shape == (count, side**2)
        product = y.size * rows.shape[1], columns.nbytes + y.nbytes
        found += [(layer, 0, 2 * x.nbytes), (layer, 0, 2 * columns.nbytes), (layer, *product)]
        found += [(layer, 0, 2 * y.nbytes), (layer, *product)]
        if layer == 2:
            found += [(layer, *product), (layer, 0, 3 * columns.nbytes)]
    return found


def seconds(size, rate, bandwidth, at_once):
    """Return the microseconds of every pass, by the roofline of the package."""
    result = []
    for _, products, moved in passes(size):
        both = roofline(products, moved, rate=rate * 1e9, bandwidth=bandwidth * 1e9)
        parts = 2 * products / (rate * 1e9) + moved / (bandwidth * 1e9)
        result.append(1e6 * (both if at_once else parts))
    return np.array(result)


def test_counts_and_times_are_the_packages(visit):
    page, kernels = visit(PAGE), [1, 3, 5, 7]
    found = page.evaluate(SUMS, [kernels, {"rate": 37, "bandwidth": 5.5}])
    for size, every in zip(kernels, found, strict=True):
        counted = [(one["layer"], one["multiplications"], one["bytes"]) for one in every]
        assert counted == passes(size)
        for kind, at_once in (("sum", False), ("most", True)):
            times = [one[kind] for one in every]
            np.testing.assert_allclose(times, seconds(size, 37, 5.5, at_once), rtol=1e-12)
    names = [(one["layer"], one["name"]) for one in found[1]]
    from scripts.figures.roofline import NAMES

    assert names == NAMES
    counts = [[one["multiplications"] for one in found[1]], [one["bytes"] for one in found[1]]]
    assert counts == [DATA["multiplications"], DATA["bytes"]]


# --- the figure ---------------------------------------------------------------------------------


def panel(page):
    return page.locator(f"{FIGURE} .touch-panel")


def words(page):
    return page.locator(f"{FIGURE} .roofline-words").text_content()


def said(size, rate, bandwidth, at_once):
    """Write what stands below the table."""
    total = seconds(size, rate, bandwidth, at_once).sum()
    counts = passes(size)
    by = sum(2 * products / rate > moved / bandwidth for _, products, moved in counts)
    saved = [
        total - seconds(size, *machine, at_once).sum()
        for machine in ((2 * rate, bandwidth), (rate, 2 * bandwidth))
    ]
    return (
        f"The {len(counts)} passes take {total:.3g} microseconds an image. The corner is at "
        f"{rate / bandwidth:.3g} operations a byte: in {by or 'none'} of the passes "
        f"the operations take longer, in {len(counts) - by} the bytes. Twice the operations a "
        f"second would save {saved[0]:.3g}, twice the bytes a second {saved[1]:.3g}."
    )


def agrees(page, rate=0, bandwidth=0, size=3, at_once=False):
    """Compare what is written and drawn with the package; speeds in quarters of a doubling."""
    machine = DATA["rate"] * 2 ** (rate / 4), DATA["bandwidth"] * 2 ** (bandwidth / 4)
    assert words(page) == said(size, *machine, at_once)
    times = seconds(size, *machine, at_once)
    cells = page.locator(f"{FIGURE} .roofline-table td:last-child").all_text_contents()
    np.testing.assert_allclose([float(one) for one in cells], times, rtol=6e-3)
    first = seconds(3, DATA["rate"], DATA["bandwidth"], False)
    longest = max(*seconds(size, *machine, False), *first)
    drawn = page.locator(f"{FIGURE} .roofline-track").evaluate_all(WIDTHS)
    np.testing.assert_allclose(drawn, 100 * times / longest, rtol=2e-3, atol=0.03)


def slider(page, name):
    return panel(page).get_by_role("slider", name=f"Speed of the {name}")


def test_by_keyboard_alone_a_machine_is_built(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").focus()
    page.keyboard.press("Enter")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    agrees(page)
    slider(page, "processor").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    agrees(page, rate=2)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    agrees(page, rate=2, bandwidth=-1)
    assert slider(page, "memory").get_attribute("aria-valuetext").endswith("bytes a second")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    agrees(page, rate=2, bandwidth=-1, size=5)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    agrees(page, rate=2, bandwidth=-1, size=5, at_once=True)
    assert page.locator(f"{FIGURE} .touch-said").text_content() == words(page)
    state = f"#touch={NAME}&rate=2&bandwidth=-1&kernel=5&way=once"
    assert page.evaluate("location.hash") == state
    assert page.complaints == []


def test_by_mouse_processor_and_memory_become_twice_as_fast(visit):
    page = opened(visit, PAGE, NAME)
    press = panel(page).get_by_role
    press("button", name="Processor twice as fast").click()
    agrees(page, rate=4)
    press("button", name="Memory twice as fast").click()
    agrees(page, rate=4, bandwidth=4)
    for _ in range(4):
        press("button", name="Memory twice as fast").click()
    agrees(page, rate=4, bandwidth=16)
    press("radio", name="7 by 7").check()
    press("radio", name="both at once").check()
    agrees(page, rate=4, bandwidth=16, size=7, at_once=True)
    press("button", name="Start again").click()
    agrees(page)
    assert press("radio", name="3 by 3").is_checked()
    assert press("radio", name="one after the other").is_checked()
    assert page.complaints == []


def test_an_address_brings_the_state_back_and_a_broken_one_the_first(visit):
    state = {"rate": -3, "bandwidth": 8, "size": 1, "at_once": True}
    broken = ["rate=x", "rate=17&kernel=2", "bandwidth=1.5&way=toString", "kernel=&way=&rate=NaN"]
    fragment = "rate=-3&bandwidth=8&kernel=1&way=once"
    brought_back(visit, PAGE, NAME, fragment, lambda page: agrees(page, **state), broken)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_too_wide(visit, scheme):
    page = opened(visit, PAGE, NAME, "rate=-16&kernel=7", scheme=scheme, width=360)
    assert unsound(page) == []


def test_each_engine_opens_it_and_shows_the_same(engine, site):
    with engine.open(f"{site}{PAGE}/#touch={NAME}&rate=4&bandwidth=-4&kernel=5") as page:
        cells, found = texts(page, ".roofline-table td:last-child", ".roofline-words")
    machine = 2 * DATA["rate"], DATA["bandwidth"] / 2
    assert found == [said(5, *machine, at_once=False)]
    wanted = seconds(5, *machine, at_once=False)
    np.testing.assert_allclose([float(one) for one in cells], wanted, rtol=6e-3)
