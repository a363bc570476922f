"""Every page in a real browser: light and dark, wide and narrow, with and without JavaScript."""

import re

import pytest

from tests.browser.conftest import WHY
from tests.browser.serving import ROOT

EVERY = sorted(
    path.relative_to(ROOT / "docs").with_suffix("").as_posix().removesuffix("index")
    for path in (ROOT / "docs").rglob("*.md")
)
# The pages of whole files are alike: one stands for all of them.
PAGES = [name for name in EVERY if not name.startswith("source/") or name.endswith("/conv")]
# A reader's taste in colours, and the widths of the windows in which the page must fit.
SHAPES = [("light", [1280]), ("dark", [390, 360, 320])]


@pytest.fixture(scope="module")
def axe():
    """Return a function that tells what axe finds on a page.

    It judges nothing inside a formula and takes twice as long when it is asked to, and three times
    when it also lists what is in order.
    """
    runner = pytest.importorskip("axe_playwright_python.sync_playwright", reason=WHY).Axe()

    def call(page):
        context, options = {"exclude": [["math"]]}, {"resultTypes": ["violations"]}
        response = runner.run(page, context=context, options=options).response
        assert len(response["passes"]) > 20, "axe has looked"
        return [
            (violation["id"], node["html"][:100], node["failureSummary"][:200])
            for violation in response["violations"]
            for node in violation["nodes"][:2]
        ]

    return call


CONTENT = ("p", "math", "pre code", "table", "h2", "img")


def content(page):
    """Return how much of everything is on a page."""
    return {what: page.locator(f"article {what}").count() for what in CONTENT}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape[0])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_no_third_party_fits_and_is_accessible(visit, site, axe, name, shape):
    scheme, widths = shape
    page = visit(name, scheme=scheme, width=widths[0])
    assert axe(page) == []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    if scheme == "light":
        without = visit(name, javascript=False)
        assert content(without) == content(page), "everything is there without JavaScript"
        assert without.locator("h1").is_visible()
        dead = without.locator(".predict, .run, .check-here, .touch").all()
        assert not any(button.is_visible() for button in dead), "they would do nothing"
        for toggle in page.locator(".predict button").all():
            toggle.click()
            assert page.locator(".guess").count() > 0, "it has outputs to hide"
            toggle.click()  # it is remembered
    assert [url for url in page.requests if not url.startswith((site, "data:"))] == []
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_figure_is_shown_and_it_is_the_one_for_the_scheme(visit, scheme):
    page = visit("", scheme=scheme)
    shown = [image for image in page.locator("article figure img").all() if image.is_visible()]
    schemes = [re.search(r"light|dark", image.get_attribute("src"))[0] for image in shown]
    assert schemes == [scheme, scheme], "two figures"
    loaded = "image => image.decode().then(() => image.naturalWidth)"
    assert shown[0].evaluate(loaded) > 100
    assert len(shown[0].get_attribute("alt")) > 30


SCHEME = "document.body.dataset.mdColorScheme"


def test_colours_are_the_systems_before_the_themes_script_has_come(browser, site):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.route("**/bundle.*.js", lambda route: route.abort())
    page.goto(site)
    assert page.evaluate(SCHEME) == "slate"
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{SCHEME} === 'default'")
    context.close()


def test_the_readers_choice_of_colours_is_kept(visit):
    page = visit("")
    page.get_by_role("button", name="Switch to dark mode").press("Enter")
    assert page.evaluate(SCHEME) == "slate"
    assert page.evaluate("document.body.dataset.mdColorPrimary") == "black"
    assert page.evaluate("document.activeElement.title") == "Switch to light mode"
    page.reload()
    assert page.evaluate(SCHEME) == "slate", "the system says light, the reader said dark"
    page.get_by_role("button", name="Switch to light mode").click()
    assert page.evaluate(SCHEME) == "default"
    page.reload()
    assert page.evaluate(SCHEME) == "default"


def test_mathematics_is_set_in_the_font_that_comes_with_the_site(visit):
    page = visit("notation")
    assert any(url.endswith("stix-two-math.woff2") for url in page.requests)
    assert page.evaluate("document.fonts.check('16px \"STIX Two Math\"')")
    assert page.locator("math").count() > 30


def test_search_finds_a_name_from_the_keyboard_alone(visit):
    page = visit("")
    page.keyboard.press("/")
    page.keyboard.type("conv2d_kernel_gradient")
    page.locator(".md-search-result__item").first.wait_for()
    first = page.locator(".md-search-result__link").first
    assert "/03-kernel-gradients/" in first.get_attribute("href")


def test_the_site_reads_from_a_folder_on_disk(browser, folder):
    page = browser.new_page()
    page.goto((folder / "book" / "index.html").as_uri())
    assert "Convolutional networks" in page.locator("h1").inner_text()
    assert page.locator("article figure img").first.evaluate("image => image.naturalWidth") > 100
    page.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_reference_shows_its_equation_when_looked_at(visit, width):
    page = visit("04-input-gradients", width=width)
    references = page.locator("article p .equation-reference")
    here = references.filter(has=page.locator("a[href='#eq-input-chain']")).first
    elsewhere = references.filter(has=page.locator("a[href$='/#eq-transposed']")).first
    for reference in (here, elsewhere):
        assert not reference.locator(".equation-preview").is_visible()
        reference.locator("a").focus()
        box = reference.locator(".equation-preview")
        assert box.is_visible()
        place = box.bounding_box()
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= width
        assert place["height"] > 30
        shown = box.locator("math").all_text_contents()
        name = reference.locator("a").get_attribute("href").split("#")[1]
        if reference is here:
            formula = page.locator(f".equation:has(#{name}) .equation-formula math")
            assert shown == formula.all_text_contents()
        assert "=" in "".join(shown)
