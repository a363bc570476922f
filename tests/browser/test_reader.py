"""What a reader gets who listens, who uses the keyboard or a finger, who copies, who prints."""

import re

import pytest

PAGE = "03-kernel-gradients"

# Selects what the first argument says and copies it; returns what would lie on the clipboard.
COPY = """([first, last]) => {
  const range = document.createRange();
  range.setStartBefore(document.querySelector(first));
  range.setEndAfter(document.querySelector(last));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  const clipboardData = new DataTransfer();
  const copy = new ClipboardEvent("copy", { bubbles: true, cancelable: true, clipboardData });
  document.body.dispatchEvent(copy);
  const texts = ["plain", "html"].map((kind) => clipboardData.getData("text/" + kind));
  return [copy.defaultPrevented, ...texts];
}"""


def test_a_copied_passage_is_sentences_with_latex(visit):
    page = visit(PAGE)
    page.evaluate(
        """() => {
          const equation = document.querySelector("#eq-row-layer").closest(".equation");
          equation.previousElementSibling.id = "copied-first";
          equation.nextElementSibling.id = "copied-last";
        }"""
    )
    _, plain, rich = page.evaluate(COPY, ["#copied-first", "#copied-last"])
    paragraphs = plain.split("\n\n")
    assert len(paragraphs) == 3, "no empty lines besides those between paragraphs"
    assert paragraphs[0].startswith("One row $x$ of $W$ pixels, one kernel $k$ of $K_W$")
    assert "\n" not in "".join(paragraphs), "the lines of the source file are not the reader's"
    display = paragraphs[1]
    assert re.fullmatch(r"\$\$[^$]+\\sum_\{u=0\}\^\{K_W-1\}[^$]+\\qquad[^$]+\$\$", display), display
    assert r"\tag{3.1}" in display
    assert not re.search(r"\\(grad|igrad|conv|corr|rot)\b", plain), "the book's own commands"
    assert "<math" not in rich
    assert not re.search(r'href="(?!https?:)', rich), "a link that leads nowhere once pasted"


def test_what_has_no_formula_is_copied_by_the_browser(visit):
    page = visit(PAGE)
    prevented, *_ = page.evaluate(COPY, ["article pre", "article pre"])
    assert not prevented


def tree(page):
    """Return role and name of everything that a screen reader meets, in order."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and "role" in node
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screen_reader_hears_words(visit, scheme):
    page = visit(PAGE, scheme=scheme)
    heard = tree(page)
    formulas = [name for role, name in heard if role == "MathMLMath"]
    assert len(formulas) > 100
    assert [name for name in formulas if not name.isascii() or "\\" in name or ". ." in name] == []
    assert [name for name in formulas if not name] == []
    assert [name for role, name in heard if role == "heading" and "\N{PILCROW SIGN}" in name] == []
    assert ("link", "Equation 3.1") in heard
    assert ("link", "code of equation 3.1") in heard
    pictures = [name for role, name in heard if role == "image" and len(name) > 30]
    shown = page.locator("article figure img:visible").count()
    assert len(pictures) == len(set(pictures)) == shown, "each figure once"


def test_the_links_of_an_equation_appear_when_the_keyboard_reaches_them(visit):
    page = visit(PAGE, width=1440)
    links = page.locator(".equation-links").first
    opacity = "links => +getComputedStyle(links).opacity"
    assert links.evaluate(opacity) == 0
    link = links.locator("a").first
    link.evaluate("link => link.focus({ focusVisible: true })")
    assert links.evaluate(opacity) == 1
    assert link.evaluate("link => getComputedStyle(link).outlineStyle") != "none"


def test_the_keyboard_stops_only_at_what_can_be_seen(visit):
    page = visit("reference/convolution", width=390)
    hidden = []
    stops = "a[href], button, input, summary, label, pre, [tabindex]"
    most = page.evaluate("stops => document.querySelectorAll(stops).length", stops)
    for _ in range(most + 1):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const at = document.activeElement;
              if (at === document.body) return null;
              const unheard = at.closest("[aria-hidden='true']") !== null;
              return [unheard || at.matches(".headerlink"), at.className];
            }"""
        )
        if stop is None:
            break
        if stop[0]:
            hidden.append(stop[1])
    else:
        pytest.fail("the Tab key never leaves the page")
    assert hidden == []


# A target that is smaller than 24 px either way, unless it stands in a sentence or in code, or has
# nothing else within 12 px of its middle (WCAG 2.5.8).
SMALL = """() => {
  const visible = { opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true };
  const inline = (one) => {
    const block = one.closest("p, li, td, figcaption, summary, pre");
    return block && getComputedStyle(one).display.startsWith("inline")
      && block.innerText.trim().length > one.innerText.trim().length + 3;
  };
  const targets = "a[href]:not(.headerlink, .md-skip), button, summary, input:not(.md-toggle), "
    + "label[for]:not(.md-overlay, .md-search__overlay)";
  const all = [...document.querySelectorAll(targets)]
    .filter((one) => one.checkVisibility(visible))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && box.right > 0 && box.left < innerWidth);
  const crowded = ([one, box]) => {
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    return all.some(([other, near]) => {
      if (other.contains(one) || one.contains(other)) return false;
      const across = Math.max(near.left - x, 0, x - near.right);
      return Math.hypot(across, Math.max(near.top - y, 0, y - near.bottom)) < 12;
    });
  };
  return all
    .filter(([one, box]) => Math.min(box.width, box.height) < 23.9 && !inline(one))
    .filter((pair) => pair[0].matches("button, label, .equation-links a") || crowded(pair))
    .map(([one, box]) => [one.outerHTML.slice(0, 80), box.width, box.height]);
}"""


@pytest.mark.parametrize("name", ["", PAGE, "reference/convolution", "equations"])
def test_a_finger_hits_what_it_aims_at(visit, name):
    page = visit(name, width=390)
    assert page.evaluate(SMALL) == []
    page.locator(".md-header label[for='__drawer']").click()
    page.wait_for_timeout(500)  # the drawer slides
    assert page.evaluate(SMALL) == []


SHOWN = "document.querySelector('h1') && getComputedStyle(document.body).visibility === 'visible'"


@pytest.mark.parametrize("fault", ["refused", "unanswered", "no interface", "no script"])
def test_a_page_is_shown_when_its_faces_do_not_come(browser, site, fault):
    context = browser.new_context(java_script_enabled=fault != "no script")
    page = context.new_page()
    if fault == "no interface":
        page.add_init_script("Object.defineProperty(document, 'fonts', { value: undefined })")
    else:
        page.route("**/*.woff2", lambda route: route.abort() if fault == "refused" else None)
    page.goto(f"{site}{PAGE}/", wait_until="commit")
    if fault == "unanswered":
        page.wait_for_selector("h1", state="attached")
        shown, age = page.evaluate(f"[{SHOWN}, performance.now()]")
        # A machine so busy that it asks later than the page waits cannot tell.
        assert not shown or age >= 3000, "nothing is seen before its faces have come"
    page.locator("h1").wait_for(state="visible", timeout=8000)
    context.close()


LIGHT = """(selector) => {
  const probe = document.createElement("canvas").getContext("2d");
  const luminance = (colour) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = "white";
    probe.fillRect(0, 0, 1, 1);
    probe.fillStyle = colour;
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  };
  const style = getComputedStyle(document.querySelector(selector));
  return [luminance(style.backgroundColor), luminance(style.color)];
}"""


def test_dark_pages_are_printed_light(visit):
    page = visit(PAGE, scheme="dark")
    assert page.evaluate(LIGHT, "body")[0] < 0.2
    page.emulate_media(media="print", color_scheme="dark")
    # The theme lets some colours pass over into others; how long that takes is the machine's.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    for selector in ("body", "article p", "article pre > code", "figcaption", "article math"):
        paper, ink = page.evaluate(LIGHT, selector)
        assert paper > 0.9, selector
        assert ink < 0.6, selector
    shown = [image for image in page.locator("article figure img").all() if image.is_visible()]
    assert shown
    assert [
        image.get_attribute("src") for image in shown if "light" not in image.get_attribute("src")
    ] == []
