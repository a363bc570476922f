"""What a first view costs and moves, and what a reader reaches with the keyboard alone."""

import gzip
import re
import time
from pathlib import Path

import pytest

from tests.browser.conftest import PATIENCE
from tests.browser.serving import Quiet, served
from tests.browser.test_pages import PAGES

BUDGET = 220_000  # bytes, compressed, the faces included
ELEMENTS = 5_500  # each is styled before the page answers; a formula has a dozen
SHIFT = 0.02
PACKED = {".css", ".html", ".js", ".json", ".mjs", ".svg"}
moved: dict[str, int] = {}


class Packing(Quiet):
    """Compress as a host of pages does, note what was sent, and be slow with fonts."""

    def do_GET(self):  # noqa: N802 - the name that the server calls
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        if path.suffix in PACKED:
            content = gzip.compress(content, 6)
            self.send_header("Content-Encoding", "gzip")
        if path.suffix == ".woff2":
            time.sleep(0.3)  # so that the page is drawn before, and shows what the font moves
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        moved[path.name] = moved.get(path.name, 0) + len(content)
        self.wfile.write(content)


@pytest.fixture(scope="module")
def packed(folder):
    with served(Packing, folder) as address:
        yield f"{address}book/"


OBSERVE = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def first_view(browser, packed):
    """Open a page with nothing in the cache; return it with every request that it made."""
    contexts = []

    def call(name, *, width=1440):
        context = browser.new_context(viewport={"width": width, "height": 800})
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(OBSERVE)
        page = context.new_page()
        page.requests = []
        context.on("request", lambda request: page.requests.append(request.url))
        moved.clear()
        page.goto(f"{packed}{name}{'' if name.endswith('/') or not name else '/'}")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(200)
        return page

    yield call
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_a_first_view_moves_little_and_nothing_shifts(first_view, packed, name, width):
    page = first_view(name, width=width)
    assert "index.html" in moved, "the server saw the page"
    assert sum(moved.values()) <= BUDGET, moved
    assert len(page.requests) > 5
    assert [url for url in page.requests if not url.startswith((packed, "data:"))] == []
    assert page.evaluate("window.shifts") < SHIFT
    if not name.startswith(("reference/", "source/", "equations/")):
        assert page.evaluate("document.getElementsByTagName('*').length") <= ELEMENTS


def test_what_only_scripts_need_has_its_place_before_they_come(browser, packed):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*.{js,mjs}", lambda route: route.abort())
    page.goto(f"{packed}07-reshape/")
    displays = "places => places.map((place) => getComputedStyle(place).display)"
    shown = page.locator(".predict, .run, .check-here").evaluate_all(displays)
    assert len(shown) > 10
    assert "none" not in shown
    context.close()


def test_a_page_asks_for_its_faces_at_once_and_for_each_of_them_once(first_view, packed):
    page = first_view("notation")
    text = [f"text-{cut}" for cut in ("400-normal", "400-italic", "600-normal")]
    faces = [f"{packed}fonts/stix-two-{name}.woff2" for name in (*text, "math")]
    preloads = "links => links.map((link) => link.href)"
    assert page.locator("link[rel=preload]").evaluate_all(preloads) == faces
    assert [page.requests.count(face) for face in faces] == [1, 1, 1, 1]
    assert moved["stix-two-math.woff2"] > 10_000
    without = first_view("digits").locator("link[rel=preload]")
    assert without.evaluate_all(preloads) == faces[:3], "a page without formulas"


def test_the_search_index_waits_for_the_reader(first_view):
    page = first_view("")
    assert "search_index.json" not in moved
    assert "[native code]" in page.evaluate("String(XMLHttpRequest)"), "held back no longer"
    with page.expect_request("**/search_index.json"):
        page.keyboard.press("Tab")


def test_who_comes_from_a_search_has_the_index_at_once(first_view):
    page = first_view("?h=kernel")  # and touches nothing
    loaded = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    page.wait_for_function(f"{loaded}.some((name) => name.endsWith('search_index.json'))")
    assert moved["search_index.json"] > 10_000


def test_one_drawing_of_a_figure_is_loaded(first_view):
    page = first_view("")
    page.locator("article figure").first.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    drawings = [name for name in moved if name.endswith(".svg") and name != "kernel.svg"]
    assert drawings == ["first_answer-light.svg"], "and the book's mark"


# One step of the walk: what has the focus, how it looks, whether the reader sees it; and how what
# had the focus before looks without it. A radio button of the theme is drawn as the label after it.
STEP = """
async () => {
  const look = (element) => [element, element.nextElementSibling].map((one) => {
    if (!one) return "";
    const style = getComputedStyle(one);
    const outline = style.outlineStyle === "none" ? "" : style.outline;
    return [outline, style.boxShadow, style.backgroundColor].join(" ");
  }).join(" | ");
  const element = document.activeElement, before = window.before;
  if ([element, before?.element].some((one) => one?.closest(".md-search"))) {
    // On a narrow page a dialog opens over it, closes, and scrolls back to where it was.
    await new Promise((done) => setTimeout(done, innerWidth < 960 ? 600 : 300));
  }
  const invisible = before && before.look === look(before.element) ? before.name : null;
  if (element === document.body) return { end: true, invisible };
  const drawn = element.getClientRects()[0]?.width ? element : element.nextElementSibling;
  const box = drawn?.getClientRects()[0] ?? new DOMRect(-9, -9, 0, 0);
  const middle = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2;
  const under = () => document.elementFromPoint(
    middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight),
  );
  for (let wait = 0; wait < 20 && under()?.matches(".md-search__overlay"); wait += 1) {
    await new Promise((done) => setTimeout(done, 100)); // the search is still closing
  }
  const hit = under();
  const name = element.outerHTML.slice(0, 120);
  const inside = box.height > innerHeight / 2 || (box.left > -2 && box.top > -2
    && box.right < innerWidth + 2 && box.bottom < innerHeight + 2);
  const seen = inside && hit !== null && (drawn?.contains(hit) || hit.contains(drawn));
  window.before = { element, look: look(element), name };
  window.reached = (window.reached || []).concat(element);
  return { end: false, invisible, unseen: seen ? null : `${name} ${JSON.stringify(box)}` };
}
"""
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"


def walk(page, most=1000):
    """Press Tab until the focus leaves the page; return each complaint."""
    page.add_style_tag(content=STILL)
    complaints = []
    for _ in range(most):
        page.keyboard.press("Tab")
        step = page.evaluate(STEP)
        if step["invisible"]:
            complaints.append(f"no focus to see: {step['invisible']}")
        if step["end"]:
            return complaints
        if step["unseen"]:
            complaints.append(f"out of sight: {step['unseen']}")
    raise AssertionError(f"after {most} steps the focus is still on the page: a trap")


# The pages of checks are alike to the keyboard, too.
WALKS = [name for name in PAGES if not re.search("equations/[a-z]+-(?!05)", name)]
REACHED = "(selector) => window.reached.filter((one) => one.matches(selector)).length"


@pytest.mark.parametrize(
    ("name", "width"), [(name, 1440) for name in WALKS] + [("", 390), ("notation", 390)]
)
def test_the_keyboard_alone_reaches_everything_and_shows_where_it_is(first_view, name, width):
    page = first_view(name, width=width)
    assert walk(page) == []
    assert page.evaluate("window.reached[0].matches('.md-skip')")
    logo = ".md-logo" if width == 1440 else "label[for=__drawer]"
    for selector in (".md-skip", f".md-header {logo}", "#palette button"):
        assert page.evaluate(REACHED, selector) == 1, selector
    assert page.evaluate(REACHED, ".md-search__input") == 1
    # Not those in folded solutions, nor what leads to where it stands.
    links = page.locator('article a[href]:not([tabindex="-1"]):visible').count()
    assert page.evaluate(REACHED, "article a[href]") == links
    assert links > 0 or name.startswith("equations/letters-"), "a whole file has none"


def test_the_drawer_of_a_narrow_page_opens_and_closes_from_the_keyboard(first_view):
    page = first_view("notation", width=390)
    link = page.locator(".md-sidebar--primary a[href='../reference/']")
    assert not link.is_visible()
    opener = page.locator(".md-header label[for=__drawer]")
    opener.focus()
    page.keyboard.press("Enter")
    link.wait_for(state="visible")
    opener.focus()
    page.keyboard.press("Enter")
    link.wait_for(state="hidden")
