"""The misread images, one at a time: which, what is said of them, by mouse and by keys."""

import json

import pytest

from tests.browser.serving import ROOT
from tests.browser.touching import misled, opened, texts, unsound

PAGE, NAME = "18-ten-digits", "misread"
FIGURE = f"figure[data-touch={NAME}]"
DATA = json.loads((ROOT / "docs" / "figures" / "misread.json").read_text(encoding="utf-8"))["data"]
CHOSEN = """async ([data, pairs]) => {
  const { chosen } = await import("../javascripts/touch/misread.mjs");
  return pairs.map(([digit, answer]) => chosen(data, digit, answer));
}"""
PIXELS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
  return [...data].filter((_, at) => at % 4 === 0);
}"""


def of(digit, answer):
    """List the places of the errors of a digit that got an answer; None is any."""
    both = enumerate(zip(DATA["labels"], DATA["answers"], strict=True))
    return [at for at, (k, said) in both if digit in {k, None} and answer in {said, None}]


def often():
    """Return the pair of digit and answer that occurs most often."""
    pairs = list(zip(DATA["labels"], DATA["answers"], strict=True))
    return max(pairs, key=pairs.count)


def said(at):
    """Write what stands below an image."""
    shared, runs = DATA["shared"][at], DATA["runs"]
    by = f"all {runs}" if shared == runs else f"{shared} of {runs}"
    return (
        f"Image {DATA['numbers'][at]}: a {DATA['labels'][at]}, read as {DATA['answers'][at]} "
        f"with {DATA['sure'][at]:.3g}; misread by {by} runs."
    )


def agrees(page, places, place):
    """Assert that the panel shows an error: its sentence, and its pixels."""
    at = places[place]
    plural = "error" if len(places) == 1 else "errors"
    facts = page.locator(f"{FIGURE} .misread-facts").text_content()
    assert facts == f"{place + 1} of {len(places)} {plural}. {said(at)}"
    canvas = page.locator(f"{FIGURE} canvas")
    assert canvas.get_attribute("aria-label") == said(at)
    pixels = [17 * value for row in DATA["images"][at] for value in row]
    assert canvas.evaluate(PIXELS) == pixels


def test_every_pair_has_the_errors_that_are_counted(visit):
    values = [None, *range(10)]
    pairs = [(digit, answer) for digit in values for answer in values]
    written = [["any" if v is None else str(v) for v in pair] for pair in pairs]
    found = visit(PAGE).evaluate(CHOSEN, [DATA, written])
    assert found == [of(*pair) for pair in pairs]


def test_the_mouse_chooses_a_pair_and_steps(visit):
    page = opened(visit, PAGE, NAME)
    agrees(page, of(None, None), 0)
    digit, answer = often()
    page.get_by_role("combobox", name="Digit").select_option(str(digit))
    agrees(page, of(digit, None), 0)
    page.get_by_role("combobox", name="read as").select_option(str(answer))
    places = of(digit, answer)
    agrees(page, places, 0)
    page.get_by_role("button", name="The next error").click()
    agrees(page, places, 1)
    page.get_by_role("button", name="The error before").click()
    page.get_by_role("button", name="The error before").click()  # there is none before the first
    agrees(page, places, 0)
    page.get_by_role("combobox", name="read as").select_option(str(digit))
    assert page.locator(f"{FIGURE} .misread-facts").text_content() == "No such error."
    assert not any(page.locator(f"{FIGURE} canvas").evaluate(PIXELS))
    # The test itself has read the canvas several times.
    assert [one for one in page.complaints if "getImageData" not in one] == []


def test_the_arrow_keys_walk_and_are_heard(visit):
    page = opened(visit, PAGE, NAME)
    slider = page.get_by_role("slider", name="Which error")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    places = of(None, None)
    agrees(page, places, 2)
    assert said(places[2]) in slider.get_attribute("aria-valuetext")
    assert said(places[2]) in page.locator(f"{FIGURE} [role=status]").text_content()
    page.keyboard.press("End")
    agrees(page, places, len(places) - 1)


def test_an_address_opens_a_state_and_a_broken_one_the_first(visit):
    digit, answer = often()
    page = opened(visit, PAGE, NAME, f"digit={digit}&answer={answer}&at=1")
    agrees(page, of(digit, answer), 1)
    page.get_by_role("button", name="The error before").click()
    page.reload()
    page.locator(f"{FIGURE}[data-open]").wait_for()
    agrees(page, of(digit, answer), 0)
    broken = ["digit=10&answer=x&at=-1", "at=0.5", f"at={DATA['errors']}", "digit=valueOf&at=1e9"]
    misled(opened(visit, PAGE, NAME), NAME, "at=3", broken)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_is_sound(visit, scheme):
    assert unsound(opened(visit, PAGE, NAME, "at=2", scheme=scheme, width=360)) == []


def test_three_engines_show_the_same(engine, site):
    with engine.open(f"{site}{PAGE}/#touch={NAME}&at=4") as page:
        [[facts]] = texts(page, ".misread-facts")
    assert facts.endswith(said(of(None, None)[4]))


def test_what_stands_there_already_is_heard_and_not_printed_twice(visit):
    page = opened(visit, PAGE, NAME)
    page.locator(f"{FIGURE} select").first.select_option("0")
    said = page.locator(f"{FIGURE} .touch-said")
    assert said.text_content() == page.locator(f"{FIGURE} .misread-facts").text_content() != ""
    assert said.evaluate("said => getComputedStyle(said).opacity") == "0"
    page = opened(visit, "20-several-processes", "ring")
    page.locator(
        "figure[data-touch=ring] .touch-panel button:not([aria-disabled=true])"
    ).last.click()
    said = page.locator("figure[data-touch=ring] .touch-said")
    assert said.text_content() != ""
    assert said.evaluate("said => getComputedStyle(said).opacity") == "1"
