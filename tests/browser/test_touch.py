"""A figure opens under its button and closes again; its address leads back; what fails says so."""

import pytest

from tests.browser.serving import ROOT

PAGE = "03-kernel-gradients"
FIGURE = "figure[data-touch=three-sums]"
BUTTON = f"{FIGURE} .touch > button"
PANEL = f"{FIGURE} .touch-panel"
HASH = "decodeURIComponent(location.hash)"
MODULES = ROOT / "docs" / "javascripts" / "touch"


def wait(page):
    page.locator(f"{FIGURE}[data-open] .touch-panel [role=status]").wait_for(state="attached")


def drawing(page):
    """Count the drawings that can be seen: one, if the figure is closed."""
    return page.locator(f"{FIGURE} img:visible").count()


@pytest.fixture
def figure(visit):
    """Open a page; return it with the button of its figure."""
    page = visit(PAGE)
    return page, page.locator(BUTTON)


def test_a_press_opens_and_another_closes(figure):
    page, button = figure
    assert not [url for url in page.requests if "/touch/" in url], "nothing before a press"
    assert (button.inner_text(), drawing(page)) == ("Touch the table", 1)
    button.press("Enter")
    wait(page)
    assert button.get_attribute("aria-expanded") == "true"
    assert (button.inner_text(), drawing(page)) == ("Show the drawing", 0)
    assert page.locator(PANEL).is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Show the drawing"
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "false"
    assert (button.inner_text(), drawing(page)) == ("Touch the table", 1)
    assert not page.locator(PANEL).is_visible()
    assert page.complaints == []


def test_the_address_is_kept_while_it_is_open(figure):
    page, button = figure
    page.evaluate("history.replaceState(null, '', '?edition=1')")
    button.click()
    wait(page)
    assert page.evaluate(HASH) == "", "nothing has been changed"
    page.get_by_role("button", name="k1").click()
    kept = page.evaluate(HASH)
    assert kept == "#touch=three-sums&d=1&x=1,2,3,4,5&k=1,10,100&g=1,0,2&pick=k1"
    button.click()
    assert page.evaluate(HASH) == ""
    assert page.evaluate("location.search") == "?edition=1"
    button.click()
    assert page.evaluate(HASH) == kept, "the figure is as it was left"
    assert page.locator(PANEL).count() == 1


def test_a_link_on_the_page_opens_it_where_it_leads(figure):
    page, button = figure
    page.evaluate("location.hash = '#touch=three-sums&pick=x2'")
    wait(page)
    assert page.locator(".sums-sum strong").inner_text().endswith("102")
    page.evaluate("location.hash = '#touch=three-sums&pick=k0'")
    page.wait_for_function("document.querySelector('.sums-sum strong')?.innerText.endsWith('= 7')")
    assert page.locator(PANEL).count() == 1
    page.evaluate("location.hash = '#touch=another'")
    page.evaluate("location.hash = '#exercises'")
    page.wait_for_timeout(100)
    assert button.get_attribute("aria-expanded") == "true", "other addresses concern others"
    assert page.complaints == []


def test_two_presses_at_once_build_one_panel(figure):
    page, button = figure
    button.evaluate("button => { button.click(); button.click(); }")
    wait(page)
    page.wait_for_timeout(200)
    assert page.locator(PANEL).count() == 1
    assert page.locator(PANEL).is_visible()


@pytest.mark.parametrize("missing", ["three-sums.mjs", "three-sums.css", "common.css"])
def test_what_cannot_be_loaded_says_so_and_leaves_the_drawing(figure, missing):
    page, button = figure
    page.route(f"**/{missing}", lambda route: route.abort())
    for _ in range(2):
        button.click()
        page.locator(f"{FIGURE} .touch [role=alert]").wait_for()
        assert page.locator(".touch [role=alert]").count() == 1
        said = page.locator(".touch [role=alert]").inner_text().strip()
        assert said.startswith("It could not be loaded: ")
        assert missing in said
        assert drawing(page) == 1
        assert page.locator(PANEL).count() == 0
        assert button.get_attribute("aria-expanded") == "false"
    page.unroute(f"**/{missing}")
    button.click()
    wait(page)
    assert page.locator(".touch [role=alert]").count() == 0, "a later press has got it"


def test_an_address_whose_module_fails_shows_the_drawing(figure):
    page, _ = figure
    page.locator(BUTTON).click()
    wait(page)
    page.evaluate(
        """() => {
          const create = document.createElement.bind(document);
          document.createElement = (tag) => {
            if (tag === "table") throw new Error("no more");
            return create(tag);
          };
        }"""
    )
    page.evaluate("location.hash = '#touch=three-sums&d=2'")
    page.wait_for_function("!document.querySelector('figure[data-open]')")
    assert drawing(page) == 1


def test_a_long_drag_does_not_write_more_addresses_than_safari_allows(figure):
    page, button = figure
    button.click()
    wait(page)
    page.evaluate(
        """() => {
          window.written = 0;
          const write = history.replaceState;
          history.replaceState = (...all) => { window.written += 1; write.apply(history, all); };
          const field = document.querySelector(".sums-editor input");
          for (let value = 1; value <= 150; value += 1) {
            field.value = value;
            field.dispatchEvent(new Event("input"));
          }
        }"""
    )
    assert 40 < page.evaluate("written") < 60
    page.wait_for_function("decodeURIComponent(location.hash).includes('g=150,')")
    assert page.evaluate("written") < 60


def test_without_a_script_there_is_the_drawing_and_no_button(visit):
    page = visit(PAGE, javascript=False)
    assert drawing(page) == 1
    assert not page.locator(BUTTON).is_visible()


def test_on_paper_there_is_no_button(figure):
    page, button = figure
    assert button.is_visible()
    page.emulate_media(media="print")
    assert not button.is_visible()
    assert drawing(page) == 1


@pytest.mark.parametrize("module", sorted(MODULES.glob("*.mjs")), ids=lambda path: path.stem)
def test_a_module_sets_nothing_that_a_strict_policy_forbids(module):
    text = module.read_text(encoding="utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", 'setAttribute("style"'):
        assert forbidden not in text
