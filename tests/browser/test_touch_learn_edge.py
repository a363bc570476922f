"""The kernel that learns: its steps and its checks are NumPy's, by mouse and by keyboard."""

import re

import numpy as np
import pytest

from cnnbook.correlation import convolve2d, cross_correlate2d
from scripts.figures.learn_edge import RATE, SOUGHT, STEPS
from scripts.touch_digits import first_digits
from tests.browser.touching import opened, texts, unsound

PAGE, NAME = "03-kernel-gradients", "learn-edge"
FIGURE = f"figure[data-touch={NAME}]"
DIGITS = first_digits() / 255
GRADIENTS = {
    "right": cross_correlate2d,
    "flipped": convolve2d,
    "none": lambda image, upstream: np.zeros(SOUGHT.shape),
}
RUNS = """async (runs) => {
  const sums = await import("../javascripts/touch/learn-edge-sums.mjs");
  const constants = [sums.RATE, sums.STEPS, sums.SOUGHT];
  return [constants, runs.map(({ digit, kind, steps }) => {
    const { K, losses } = sums.run(digit, kind, steps);
    return [K, losses];
  })];
}"""
CHECKS = """async (checks) => {
  const { checked } = await import("../javascripts/touch/learn-edge-sums.mjs");
  return checks.map(({ digit, kind, G }) => checked(digit, kind, G));
}"""


def learn(digit, kind, steps):
    """Take the steps with the package; return the kernel and the losses."""
    image, kernel, losses = DIGITS[digit], np.zeros(SOUGHT.shape), []
    answer = cross_correlate2d(image, SOUGHT)
    for step in range(steps + 1):
        error = cross_correlate2d(image, kernel) - answer
        losses.append(np.sum(error**2) / 2)
        if step < steps:
            kernel = kernel - RATE * GRADIENTS[kind](image, error)
    return kernel, losses


def off(digit, kind, upstream):
    """How far a gradient is off the right one, relative."""
    right = cross_correlate2d(DIGITS[digit], upstream)
    wrong = GRADIENTS[kind](DIGITS[digit], upstream)
    return np.linalg.norm(wrong - right) / np.linalg.norm(right)


def test_the_first_steps_are_numpys(visit):
    rng = np.random.default_rng(0)
    runs = [
        {"digit": int(digit), "kind": kind, "steps": int(steps)}
        for digit, steps in zip(rng.permutation(20), rng.integers(1, 25, 20), strict=True)
        for kind in GRADIENTS
    ]
    constants, found = visit(PAGE).evaluate(RUNS, runs)
    assert constants == [RATE, STEPS, SOUGHT.tolist()]
    for run, (kernel, losses) in zip(runs, found, strict=True):
        expected, expected_losses = learn(**run)
        size = np.abs(expected).max()
        np.testing.assert_allclose(kernel, expected, rtol=1e-12, atol=1e-12 * size)
        np.testing.assert_allclose(losses, expected_losses, rtol=1e-12)


def test_all_steps_end_as_the_page_says(visit):
    runs = [
        {"digit": digit, "kind": kind, "steps": STEPS}
        for kind in ("right", "flipped")
        for digit in range(20)
    ]
    _, found = visit(PAGE).evaluate(RUNS, runs)
    shares = np.array([losses[-1] / losses[0] for _, losses in found]).reshape(2, 20)
    assert shares[0].max() < 0.0021
    assert np.sum(shares[1] > 1) == 19


def test_the_checks_are_numpys(visit):
    rng = np.random.default_rng(1)
    checks = [
        {"digit": digit, "kind": kind, "G": G.tolist()}
        for digit in range(0, 20, 3)
        for kind in GRADIENTS
        for G in (np.ones((26, 26)), rng.uniform(-1, 1, (26, 26)))
    ]
    for check, found in zip(checks, visit(PAGE).evaluate(CHECKS, checks), strict=True):
        expected = off(check["digit"], check["kind"], np.array(check["G"]))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def lamps(page):
    """Return what the lamps say, without their signs."""
    return [text[2:] for text in page.locator(f"{FIGURE} .lamp").all_text_contents()]


def shown(page):
    """Return the step, the loss and the share of the first loss that are shown, and the kernel."""
    line = page.locator(f"{FIGURE} .line").text_content()
    step, loss, share = re.fullmatch(
        r"Step (\d+) of 300: loss (\S+), (\S+) times the first.", line
    ).groups()
    cells = page.locator(f"{FIGURE} .kernel").nth(1).locator("td").all_text_contents()
    kernel = [float(cell.replace("\N{MINUS SIGN}", "-")) for cell in cells]
    return int(step), float(loss), float(share), np.reshape(kernel, (3, 3))


def agrees(page, digit, kind, steps):
    """Assert that the panel shows the run that the package computes."""
    kernel, losses = learn(digit, kind, steps)
    step, loss, share, entries = shown(page)
    assert step == steps
    assert (loss, share) == pytest.approx((losses[-1], losses[-1] / losses[0]), rel=1e-3)
    np.testing.assert_allclose(entries, kernel, rtol=1e-3, atol=6e-4)


def test_the_keyboard_alone_steps_chooses_and_runs(visit):
    page = opened(visit, PAGE, NAME)
    assert lamps(page) == ["check with ones: passes", "check with random numbers: passes"]
    for _ in range(2):
        page.get_by_role("button", name="step", exact=True).press("Enter")
    agrees(page, 0, "right", 2)
    page.get_by_label("the right one").focus()
    page.keyboard.press("ArrowDown")
    agrees(page, 0, "flipped", 0)
    ones, numbers = lamps(page)
    assert ones == "check with ones: passes", "a check with ones sees nothing"
    assert re.fullmatch(r"check with random numbers: \d\d+\s% off", numbers)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="run", exact=True).press("Enter")
    agrees(page, 0, "flipped", STEPS)  # at once
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # start again
    agrees(page, 0, "flipped", 0)
    page.get_by_label("none", exact=True).check()
    assert lamps(page) == [
        "check with ones: 100\N{NO-BREAK SPACE}% off",
        "check with random numbers: 100\N{NO-BREAK SPACE}% off",
    ]
    assert page.complaints == []


PLOT = """plot => {
  const all = (tag) => [...plot.querySelectorAll(tag)];
  const number = (one, name) => Number(one.getAttribute(name));
  const ticks = all("line").filter((one) => number(one, "x2") - number(one, "x1") === 3);
  const labels = Object.fromEntries(all("text").map((one) => [one.textContent, number(one, "x")]));
  const curves = all("polyline").map((one) => {
    const kind = one.getAttribute("class"), point = plot.querySelector(`circle.${kind}`);
    const corners = one.getAttribute("points").split(" ").map((at) => at.split(",").map(Number));
    return [kind, [corners, [number(point, "cx"), number(point, "cy")]]];
  });
  return {
    ticks: ticks.map((one) => number(one, "y1")),
    steps: [labels[0], labels[300]],
    curves: Object.fromEntries(curves),
  };
}"""


def test_curves_go_through_the_losses_by_the_axes_and_end_in_a_point(visit):
    taken = {"right": 0, "flipped": 12, "none": 50}
    fragment = "&".join(f"{kind}={steps}" for kind, steps in taken.items())
    page = opened(visit, PAGE, NAME, f"digit=2&gradient=flipped&{fragment}")
    plot = page.locator(f"{FIGURE} .plot").evaluate(PLOT)
    first, last = plot["steps"]
    powers = np.arange(-2, 15, 4)
    for kind, steps in taken.items():
        corners, point = plot["curves"][kind]
        across = first + (last - first) * np.arange(steps + 1) / STEPS
        up = np.interp(np.log10(learn(2, kind, steps)[1]), powers, plot["ticks"])
        np.testing.assert_allclose(corners, np.transpose([across, up]), atol=1e-9)
        np.testing.assert_allclose(point, [across[-1], up[-1]], atol=1e-9)


def test_a_run_goes_on_until_it_is_stopped_or_over(visit):
    page = opened(visit, PAGE, NAME)
    page.get_by_role("button", name="another digit").click()
    page.get_by_role("button", name="run", exact=True).click()
    page.get_by_role("button", name="stop", exact=True).click()
    step = shown(page)[0]
    assert 0 < step < STEPS
    agrees(page, 1, "right", step)
    page.get_by_role("button", name="run", exact=True).click()
    page.wait_for_function(
        "() => document.querySelector('.line').textContent.startsWith('Step 300')"
    )
    agrees(page, 1, "right", STEPS)
    assert "Step 300" in page.locator(f"{FIGURE} [role=status]").text_content()


def test_an_address_opens_a_state_and_a_broken_one_the_first(visit):
    page = opened(visit, PAGE, NAME, "digit=13&gradient=flipped&right=5&flipped=40&none=0")
    agrees(page, 13, "flipped", 40)
    page.get_by_role("button", name="step", exact=True).click()
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    agrees(page, 13, "flipped", 41)
    page.get_by_label("the right one").check()
    agrees(page, 13, "right", 5)
    broken = opened(visit, PAGE, NAME, "digit=20&gradient=valueOf&right=301&flipped=-1&none=x")
    agrees(broken, 0, "right", 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_is_sound(visit, scheme):
    fragment = "gradient=flipped&right=300&flipped=300&none=50"
    assert unsound(opened(visit, PAGE, NAME, fragment, scheme=scheme, width=360)) == []


def test_three_engines_show_the_same(engine, site):
    fragment = f"#touch={NAME}&digit=2&gradient=right&right=20"
    with engine.open(f"{site}{PAGE}/{fragment}") as page:
        [[line]] = texts(page, ".line")
    losses = learn(2, "right", 20)[1]
    assert (
        line
        == f"Step 20 of 300: loss {losses[-1]:.4g}, {losses[-1] / losses[0]:.4g} times the first."
    )
