"""What the button over a block of code copies: input that compiles, and nothing else."""

import re

import pytest

from tests.browser.serving import ROOT

EVERY = sorted(
    path.relative_to(ROOT / "docs").with_suffix("").as_posix().removesuffix("index")
    for path in (ROOT / "docs").rglob("*.md")
)

# Presses every button as the theme would, without a clipboard: it marks the block, reads its
# text, and takes the mark away. Returns the language, what is shown, and what is copied.
PRESS = """() => [
  ...document.querySelectorAll("article .highlight:not(.no-copy) pre > code")
].map((code) => {
  for (let at = code; at; at = at.parentElement) if (at.matches("details")) at.open = true;
  const shown = code.innerText;
  code.setAttribute("data-md-copying", "");
  const given = code.closest("[data-copy]");
  const copied = (given ? given.getAttribute("data-copy") : code.innerText).trimEnd();
  code.removeAttribute("data-md-copying");
  const language = /language-(\\w+)/.exec(code.closest(".highlight").className);
  return [language ? language[1] : "python", shown, copied];
})"""
PROMPT = re.compile(r"^(?:>>> |\.\.\. ?)", re.MULTILINE)


def typed(language, shown):
    """Return the lines that a reader would type."""
    lines = shown.rstrip().splitlines()
    if language == "pycon":
        return [PROMPT.sub("", line) for line in lines if re.match(r">>>|\.\.\.( |$)", line)]
    if language == "console":
        prompted = [line[2:] for line in lines if line.startswith("$ ")]
        return prompted or lines
    return lines


@pytest.fixture(scope="module")
def page(browser):
    """Open one page for all; a folded solution is opened before it is read."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("name", EVERY)
def test_a_copied_block_is_input_alone_and_compiles(page, site, name):
    page.goto(f"{site}{name}")
    for language, shown, copied in page.evaluate(PRESS):
        lines = [line.rstrip() for line in typed(language, shown)]
        assert lines, shown
        assert [line.rstrip() for line in copied.splitlines()] == lines
        if language in ("pycon", "python"):
            compile(copied, name, "exec")


def test_chapters_have_blocks_to_copy(page, site):
    for name in EVERY:
        if re.match(r"\d\d-", name):
            page.goto(f"{site}{name}")
            assert len(page.evaluate(PRESS)) > 10, name


@pytest.mark.parametrize(
    ("name", "part", "ends"),
    [
        ("", "zero_one_network(np", ("import numpy as np", "(input_shape=(1, 28, 28)))")),
        ("01-cross-correlation-and-convolution", "Traceback", ("small, large", "(small, large)")),
        ("preface", "cnnbook train", (".venv/bin/python -m cnnbook train", "picture.png")),
    ],
)
def test_the_button_puts_just_that_on_the_clipboard(visit, site, name, part, ends):
    page = visit(name)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site[:-6])
    block = page.locator(f".highlight:has-text('{part}')").first
    block.hover()
    block.locator(".md-code__button").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(ends[0]), copied
    assert copied.endswith(ends[1]), copied


def test_a_signature_is_no_input_and_has_no_button(visit):
    page = visit("reference/model")
    page.locator(".highlight:not(.doc-signature)").first.hover()
    page.locator(".md-code__button").first.wait_for()
    page.locator(".doc-signature").first.hover()
    assert page.locator(".doc-signature .md-code__button").count() == 0
