"""Open a figure that can be touched, read it, and say what is wrong with it."""

import pytest

TEXTS = """
async (selectors) => {
  const open = (part) => [...document.querySelectorAll(`figure[data-open] ${part}`)];
  while (!open(".touch-said").length) await new Promise((go) => setTimeout(go, 50));
  return selectors.map((part) => open(part).map((one) => one.textContent));
}
"""
FIGURE = "document.querySelector('figure[data-open]')"
USED = {"slider", "button", "textbox", "spinbutton", "radio", "checkbox", "application", "combobox"}
FOLLOW = """
(hash) => {
  document.querySelector("figure[data-open] .touch-panel").dataset.old = "";
  location.hash = hash;
}
"""
WHY = "the browser tests need pip install '.[browser,docs]'"


def opened(visit, page_name, name, fragment=None, **reader):
    """Open a page and the figure on it: by its button, or by an address with a state."""
    hash_ = "" if fragment is None else f"#touch={name}&{fragment}"
    page = visit(page_name, **reader)
    figure = page.locator(f"figure[data-touch={name}]")
    if hash_:
        page.evaluate("(hash) => { location.hash = hash; }", hash_)
    else:
        figure.locator(".touch > button").click()
    page.locator(f"figure[data-touch={name}][data-open]").wait_for()
    return page


def turn(page, name, fragment):
    """Follow a link on the page to another state of a figure that is open."""
    page.evaluate(FOLLOW, f"#touch={name}&{fragment}")
    panel = page.locator(f"figure[data-touch={name}][data-open] .touch-panel:not([data-old])")
    panel.locator(".touch-said").wait_for(state="attached", timeout=30_000)


def misled(page, name, elsewhere, broken):
    """Turn from a state of a figure to each broken address; it shows what it showed at first."""
    panel = page.locator(f"figure[data-touch={name}][data-open] .touch-panel:not([data-old])")
    first = panel.text_content()
    for address in broken:
        turn(page, name, elsewhere)
        assert panel.text_content() != first, elsewhere
        turn(page, name, address)
        assert panel.text_content() == first, address


def brought_back(visit, page_name, name, fragment, holds, broken):  # noqa: PLR0917
    """Open a state by its address and by a reload, and the first one by broken addresses."""
    page = opened(visit, page_name, name, fragment)
    holds(page)
    page.reload()
    page.locator(f"figure[data-touch={name}][data-open]").wait_for()
    holds(page)
    fresh = opened(visit, page_name, name)
    misled(fresh, name, fragment, broken)
    assert page.complaints == fresh.complaints == []


def texts(page, *selectors):
    """Wait until a figure is open, in any engine; return what stands in its elements."""
    return page.evaluate(TEXTS, list(selectors))


def swiped(page, x, bottom, top):
    """Let a finger go straight up, in Chromium; return how far the page has moved."""
    session, before = page.context.new_cdp_session(page), page.evaluate("scrollY")
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    kind = "touchStart"
    for share in range(17):
        finger = [{"x": x, "y": bottom + (top - bottom) * share / 16}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": finger})
        page.wait_for_timeout(16)
        kind = "touchMove"
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)
    return page.evaluate("scrollY") - before


def unsound(page):
    """Return what is wrong with an open figure: too wide, not to be heard, complaints."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=WHY).Axe()
    context, options = {"include": [["figure[data-open]"]]}, {"resultTypes": ["violations"]}
    response = axe.run(page, context=context, options=options).response
    assert len(response["passes"]) > 5, "axe has looked"
    wrong = [(one["id"], one["nodes"][0]["html"]) for one in response["violations"]]
    overflow = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map(String)"
    wide = page.locator("html, figure[data-open] .touch-panel").evaluate_all(overflow)
    return wrong + wide + nameless(page) + page.complaints


def nameless(page):
    """Return the roles of what can be used and has no name for a screen reader.

    A label that holds an output as well as an input names the output alone; axe does not see that.
    """
    session = page.context.new_cdp_session(page)
    figure = session.send("Runtime.evaluate", {"expression": FIGURE})["result"]["objectId"]
    tree = session.send("Accessibility.queryAXTree", {"objectId": figure})
    used = [node for node in tree["nodes"] if node.get("role", {}).get("value") in USED]
    assert used, "there is something to use"
    return [node["role"]["value"] for node in used if not node.get("name", {}).get("value")]
