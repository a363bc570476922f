"""The ring of processes: every number is what the package's processes send, add and copy."""

import re

import numpy as np
import pytest

from cnnbook.parallel import ring_all_reduce, ring_seconds
from tests.browser.touching import misled, opened, texts, turn, unsound

PAGE, NAME = "20-several-processes", "ring"
FIGURE = f"figure[data-touch={NAME}]"
SUMS = """async (states) => {
  const { after, messages, ringTime, starTime, stepsOf } =
    await import("../javascripts/touch/ring-sums.mjs");
  return states.map(({ rows, M, alpha, beta }) => {
    const [k, all] = [rows.length, stepsOf(rows.length)];
    const steps = Array.from({ length: all + 1 }, (_, step) => step);
    return {
      end: after(rows, all).map((row) => row.map(({ value }) => value)),
      whole: steps.map((step) => after(rows, step).flat().filter(({ of }) => of === k).length),
      sent: steps.map((step) => messages(rows, step)),
      seconds: ringTime(k, all, M, alpha, beta),
      star: starTime(k, M, alpha, beta),
    };
  });
}"""


def sent_by_package(rows):
    """Return what the processes send in each step, and what each has at the end."""
    size = len(rows)
    ring = [ring_all_reduce(np.array(row), rank, size) for rank, row in enumerate(rows)]
    sent, seen, ends = [float(next(process)[0]) for process in ring], [], []
    for _ in range(2 * (size - 1)):
        seen.append(sent)
        came = [np.array([sent[rank - 1]]) for rank in range(size)]
        sent = []
        for process, piece in zip(ring, came, strict=True):
            try:
                sent.append(float(process.send(piece)[0]))
            except StopIteration as end:
                ends.append(end.value)
    return seen, ends


def test_the_sums_are_the_packages_over_random_states(visit):
    rng, states = np.random.default_rng(20), []
    for _ in range(60):
        size = int(rng.integers(2, 6))
        costs = dict(zip(("M", "alpha", "beta"), rng.uniform(1, 9, 3).tolist(), strict=True))
        states.append({"rows": rng.standard_normal((size, size)).tolist(), **costs})
    for state, found in zip(states, visit(PAGE).evaluate(SUMS, states), strict=True):
        rows, size = state["rows"], len(state["rows"])
        sent, ends = sent_by_package(rows)
        np.testing.assert_allclose(found["end"], ends, rtol=1e-12, atol=1e-13)
        assert found["sent"][-1] == []
        for step, numbers in enumerate(sent):
            messages = found["sent"][step]
            values = [message["value"] for message in messages]
            np.testing.assert_allclose(values, numbers, rtol=1e-12, atol=1e-13)
            assert [(m["from"], m["to"]) for m in messages] == [
                (rank, (rank + 1) % size) for rank in range(size)
            ]
        half = size - 1
        assert found["whole"] == [
            0 if step < half else size * (step - half + 1) for step in range(2 * half + 1)
        ]
        cost = ring_seconds(size, state["M"], state["alpha"], state["beta"])
        assert found["seconds"] == pytest.approx(cost, rel=1e-12)
        star = 2 * (size - 1) * (state["alpha"] + state["M"] * state["beta"])
        assert found["star"] == pytest.approx(star, rel=1e-12)


def table(page):
    """Read the numbers of all processes."""
    rows = page.locator(f"{FIGURE} .ring-table tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('td')].map((td) => td.textContent))"
    )
    return [[int(re.match(r"\d+", cell)[0]) for cell in row] for row in rows]


def read(page, part):
    return texts(page, f".ring-{part}")[0][0]


def test_the_table_of_the_chapter_by_mouse(visit):
    page = opened(visit, PAGE, NAME)
    assert table(page) == [[1, 2, 3], [10, 20, 30], [100, 200, 300]]
    assert "Process 1 to 2: piece 1, 20." in read(page, "sent")
    step, back = (page.get_by_role("button", name=name, exact=True) for name in ("Step", "Back"))
    step.click()
    assert table(page) == [[1, 2, 303], [11, 20, 30], [100, 220, 300]]
    step.click()
    assert table(page) == [[1, 222, 303], [11, 20, 333], [111, 220, 300]]
    assert page.locator(f"{FIGURE} .ring-whole").all_text_contents() == [
        "222 \u2193",
        "333 \u2193",
        "111 \u2193",
    ]
    assert read(page, "phase").startswith("After 2 steps of 4: all-gather")
    assert "Process 0 to 1: piece 1, 222." in read(page, "sent")
    step.click()
    step.click()
    assert table(page) == [[111, 222, 333]] * 3
    assert read(page, "phase") == "After 4 steps of 4: every process has the whole sum."
    assert step.get_attribute("aria-disabled") == "true"
    step.click(force=True)
    back.click()
    assert page.locator(f"{FIGURE} .ring-whole").count() == 6
    assert page.complaints == []


def test_the_keyboard_alone(visit):
    page = visit(PAGE)
    page.locator(f"{FIGURE} .touch > button").press("Enter")
    page.locator(f"{FIGURE}[data-open]").wait_for()
    page.get_by_role("button", name="k more").press("Enter")
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "3 of 6"
    assert page.locator(f"{FIGURE} .ring-whole").count() == 4
    page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "2 of 6"
    said = page.locator(f"{FIGURE} .touch-said").inner_text()
    assert said == "2 of 6 steps: 0 complete pieces."
    page.keyboard.press("End")
    assert table(page) == [[1111, 2222, 3333, 4444]] * 4
    assert page.complaints == []


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_the_cost_is_that_of_the_chapter(visit, k):
    page = opened(visit, PAGE, NAME, f"k={k}&step={2 * (k - 1)}")
    assert table(page) == [[(j + 1) * int("1" * k) for j in range(k)]] * k
    whole = round(1e5 * ring_seconds(k, 200_000, 50e-6, 2e-9)) / 100
    assert f"{whole:g} ms of {whole:g} ms" in read(page, "cost")
    assert f"{2 * (k - 1)}\u03b1 + {2 * (k - 1)}M\u03b2/{k}" in read(page, "cost")


def test_the_address_brings_the_same_state_back(visit):
    page = opened(visit, PAGE, NAME)
    for name in ("k more", "Step", "Step"):
        page.get_by_role("button", name=name, exact=True).click()
    before = table(page)
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    assert table(page) == before
    assert read(page, "phase").startswith("After 2 steps of 6")


def test_a_broken_address_shows_the_beginning(visit):
    page = opened(visit, PAGE, NAME)
    broken = ["k=9&step=-1", "k=3&step=99", "k=2.5&step=x", "k=__proto__&step=1e999"]
    misled(page, NAME, "k=4&step=2", broken)
    turn(page, NAME, "k=5&step=8")
    assert table(page)[0][0] == 11111
    assert page.complaints == []


@pytest.mark.parametrize(("scheme", "fragment"), [("light", ""), ("dark", "k=5&step=5")])
def test_the_panel_is_sound_and_nothing_moves(visit, scheme, fragment):
    page = opened(visit, PAGE, NAME, fragment, scheme=scheme, width=360)
    assert unsound(page) == []
    panel = page.locator(f"{FIGURE}[data-open] .touch-panel")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    for width in (320, 360, 768, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        height = panel.bounding_box()["height"]
        for key in ("ArrowRight", "ArrowRight", "End", "Home"):
            page.keyboard.press(key)
            assert panel.bounding_box()["height"] == height, (width, key)


SHOWN = """async () => {
  const panel = () => document.querySelector("figure[data-open] .touch-panel");
  for (let wait = 0; !panel()?.querySelector(".touch-said") && wait < 100; wait += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
  return [panel().textContent, panel().scrollWidth - panel().clientWidth];
}"""


def test_three_engines_show_the_same(engine, site, visit):
    fragment = "k=5&step=3"
    with engine.open(f"{site}{PAGE}/#touch={NAME}&{fragment}", width=360) as page:
        shown, hidden = page.evaluate(SHOWN)
    here = opened(visit, PAGE, NAME, fragment, width=360)
    assert hidden == 0, "all of it fits a phone"
    assert shown == here.evaluate(SHOWN)[0]
