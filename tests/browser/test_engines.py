"""What one engine does otherwise than the next: how mathematics is set, and what is too wide.

Chromium says how a page behaves; Firefox and WebKit say whether it looks as it should, too. Where a
glyph stands is read off a picture: a mark (a prime, an accent, a sign) is drawn in red, the letter
that it belongs to in blue, and all else in nothing.
"""

import io
import time

import numpy as np
import pytest
from PIL import Image

from tests.browser.serving import ROOT, Quiet, served

CHAPTERS = sorted(path.stem for path in (ROOT / "docs").glob("[0-9][0-9]-*.md"))
SOME = [CHAPTERS[0], CHAPTERS[2], CHAPTERS[8]]  # those of them that WebKit has to show
WIDTH, HEIGHT, SCALE = 800, 1400, 2

# Rows of the bench: each formula of every chapter in which a pair occurs, kinds of pairs apart,
# equal ones once. A formula stands in what it stands in on its page, so that the same rules hold.
BENCH = """
async (addresses) => {
  const leaf = (one) => {
    while (one && one.firstElementChild) one = one.firstElementChild;
    return one;
  };
  const previous = (one) => {
    do one = one.previousElementSibling; while (one?.matches("mspace"));
    return one;
  };
  const kinds = {
    prime: ["mo, mi", (one) => /^[\u2032-\u2034]$/.test(one.textContent)
      && previous(one) && [one, leaf(previous(one))]],
    accent: ["mover", (one) => /^[\u02c6^\u00af\u203e\u0304\u0302\u0303~\u02dc\u223c\u2015_]$/
      .test(one.lastElementChild.textContent) && [one.lastElementChild, leaf(one)]],
    sum: ["munderover, munder", (one) => previous(one)?.matches("munderover, munder")
      && [one, previous(one)]],
    fraction: ["mfrac", (one) => previous(one)?.matches("mfrac") && [one, previous(one)]],
    odot: ["mo", (one) => one.textContent === "\u2299" && [one, leaf(previous(one))]],
    parenthesis: ["mo", (one) => one.textContent === "("
      && one.nextElementSibling?.matches("mtable") && [one, one.nextElementSibling]],
  };
  const rows = new Map();
  for (const address of addresses) {
    const text = await (await fetch(address)).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const preview of page.querySelectorAll(".equation-preview")) preview.remove();
    for (const [kind, [selector, pair]] of Object.entries(kinds)) {
      for (const one of page.querySelectorAll(`article math :is(${selector})`)) {
        const found = pair(one);
        if (!found) continue;
        const math = one.closest("math");
        let key = `${kind} ${math.getAttribute("display")}`;
        for (const { outerHTML } of found) key += outerHTML;
        for (let up = one; up !== math; up = up.parentElement) key += ` ${up.localName}`;
        if (rows.has(key)) continue;
        found[0].dataset.ink = "mark", found[1].dataset.ink = "letter";
        const around = math.closest(".equation-formula, .equation") ?? page.createElement("p");
        const copy = around.cloneNode(false);
        copy.append(document.importNode(math, true));
        const row = document.createElement("div");
        row.dataset.kind = kind;
        row.append(copy);
        rows.set(key, row);
        delete found[0].dataset.ink, delete found[1].dataset.ink;
      }
    }
  }
  const bench = document.createElement("article");
  bench.className = "md-content__inner md-typeset bench";
  bench.append(...rows.values());
  document.head.append(Object.assign(document.createElement("style"), { textContent: `
    body { background: white !important; display: block; overflow: visible }
    .bench { margin: 0; max-width: none !important }
    .bench > div { overflow: hidden; width: 780px; max-width: none !important; padding: 12px 0;
      white-space: nowrap }
    .bench > div > * { width: max-content; overflow: visible !important; max-width: none !important;
      margin: 0 !important; padding: 0 !important; display: block !important }
    .bench > div, .bench > div * { color: transparent !important; border-color: transparent }
    .bench [data-ink=mark], .bench [data-ink=mark] * { color: #f00 !important }
    .bench [data-ink=letter], .bench [data-ink=letter] * { color: #00f !important }
  ` }));
  document.body.replaceChildren(bench);
  await document.fonts.ready;
  const lefts = [...bench.children].map((row) =>
    row.querySelector("[data-ink=mark]").getBoundingClientRect().left);
  lefts.forEach((left, index) => { // bring what is far to the right into the picture
    const { style } = bench.children[index].firstElementChild;
    style.setProperty("margin-left", `${200 - left}px`, "important");
  });
  return [...bench.children].map((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    const [mark, letter] = ["mark", "letter"].map((ink) => row.querySelector(`[data-ink=${ink}]`));
    return {
      top: top + scrollY, bottom: bottom + scrollY, kind: row.dataset.kind,
      em: parseFloat(getComputedStyle(mark).fontSize),
      text: `${letter.textContent} in ${row.textContent}`.slice(0, 80),
    };
  });
}
"""


class Ink:
    """Where there is ink of a colour, in pixels of the page."""

    def __init__(self, covered):
        rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
        if rows.size == 0:
            self.top = self.bottom = self.left = self.right = self.height = self.middle = np.nan
            return
        self.top, self.bottom = rows[0] / SCALE, (rows[-1] + 1) / SCALE
        self.left, self.right = columns[0] / SCALE, (columns[-1] + 1) / SCALE
        self.height = self.bottom - self.top
        self.middle = (self.top + self.bottom) / 2


class Pair:
    """A mark and its letter as an engine has drawn them; lengths in em are the mark's."""

    def __init__(self, row, picture):
        self.text, self.em = row["text"], row["em"]
        red, green, blue = np.moveaxis(picture[..., :3].astype(int), -1, 0)
        self.mark = Ink((red - blue > 90) & (red - green > 90))
        self.letter = Ink((blue - red > 90) & (blue - green > 90))


@pytest.fixture(scope="module")
def pairs(engine, site):
    """Return the pairs of all chapters, by their kinds, as the engine draws them."""
    addresses = [f"{site}{name}/" for name in CHAPTERS]
    result, top, picture = {}, 0, None
    with engine.open(f"{site}notation/", width=WIDTH, height=HEIGHT, scale=SCALE) as page:
        for row in page.evaluate(BENCH, addresses):
            if picture is None or row["bottom"] > top + HEIGHT:
                top = page.evaluate(
                    "(y) => { scrollTo(0, y); return scrollY; }", int(row["top"]) - 1
                )
                page.settle()
                picture = np.array(Image.open(io.BytesIO(page.picture())).convert("RGB"))
            first, last = (round((row[edge] - top) * SCALE) for edge in ("top", "bottom"))
            result.setdefault(row["kind"], []).append(Pair(row, picture[first:last]))
    return result


def worst(pairs, measure, limit):
    """Return, as sentences, the pairs whose measure is over the limit, the worst first."""
    measured = [(measure(pair) / pair.em, pair.text) for pair in pairs]
    over = sorted((one for one in measured if not one[0] <= limit), reverse=True)
    return [f"{size:.2f} em: {text}" for size, text in over]


def test_a_prime_stands_above_the_middle_of_its_letter(pairs):
    assert len(pairs["prime"]) > 50
    assert worst(pairs["prime"], lambda one: one.mark.bottom - one.letter.middle, 0.02) == []


def test_an_accent_lies_on_its_letter(pairs):
    assert len(pairs["accent"]) > 10
    # Firefox leaves 0.38 em of a small bar over a capital; adrift were 0.43 and more.
    assert worst(pairs["accent"], lambda one: one.letter.top - one.mark.bottom, 0.4) == []
    assert worst(pairs["accent"], lambda one: one.mark.bottom - one.letter.top, 0.1) == []


def test_the_limits_of_neighbouring_sums_stand_apart(pairs):
    assert len(pairs["sum"]) > 20
    assert worst(pairs["sum"], lambda one: one.letter.right - one.mark.left, -0.12) == []


def test_two_fractions_are_two(pairs):
    # TeX leaves 0.41 em: a thin space, and 0.12 em for each; a slanted letter takes some of it.
    assert len(pairs["fraction"]) > 5
    assert worst(pairs["fraction"], lambda one: one.letter.right - one.mark.left, -0.33) == []


def test_an_entrywise_product_is_no_big_operator(pairs):
    assert len(pairs["odot"]) > 1
    assert worst(pairs["odot"], lambda one: one.mark.height, 0.85) == []


def test_parentheses_grow_with_their_matrix(pairs):
    assert len(pairs["parenthesis"]) > 10
    assert worst(pairs["parenthesis"], lambda one: one.letter.height - one.mark.height, 0) == []


class Late(Quiet):
    """A connection on which fonts come after everything else."""

    def do_GET(self):  # noqa: N802 - the name that the server calls
        if self.path.endswith(".woff2"):
            time.sleep(2)
        super().do_GET()


# How many formulas are as wide as in the site's font, which is loaded once more for comparison.
IN_THE_FONT = """
async () => {
  const sizes = () => [...document.querySelectorAll("article math")]
    .map((math) => math.getBoundingClientRect().width);
  while ([...document.fonts].some((face) => face.status === "loading")) {
    await new Promise((done) => setTimeout(done, 100));
  }
  const shown = sizes();
  const { href } = document.querySelector("link[rel=preload][as=font][href*=math]");
  document.fonts.add(await new FontFace("Proof", `url(${href})`).load());
  const style = document.createElement("style");
  style.textContent = "article math { font-family: Proof !important }";
  document.head.append(style);
  const wanted = sizes();
  const right = shown.filter((size, index) => Math.abs(size - wanted[index]) < 0.5);
  return [right.length, wanted.length];
}
"""


def test_a_late_font_is_used_all_the_same(engine, folder):
    with served(Late, folder) as late, engine.open(f"{late}book/{CHAPTERS[1]}/") as page:
        right, count = page.evaluate(IN_THE_FONT)
    assert count > 50
    assert right == count, "formulas are still in another font"


# What does not fit into a window of this width: the page, or a formula that was broken over lines.
MISFITS = """
() => {
  const complaints = [];
  for (const one of document.querySelectorAll("article details")) one.open = true;
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) complaints.push(`the page is ${scrollWidth} wide`);
  const all = [...document.querySelectorAll("article math[display=block]")]
    .filter((math) => !math.closest(".equation-preview"));
  const free = all.map((math) => {
    const copy = math.cloneNode(true), room = document.createElement("div");
    room.style.cssText = "position: absolute; width: 20000px; visibility: hidden";
    room.append(copy);
    math.parentElement.append(room);
    return copy;
  });
  const height = (math) => math.getBoundingClientRect().height;
  const [heights, wanted] = [all.map(height), free.map(height)];
  for (const copy of free) copy.parentElement.remove();
  all.forEach((math, index) => {
    if (heights[index] > wanted[index] + 1) {
      complaints.push(`broken over lines: ${math.textContent.slice(0, 60)}`);
    }
  });
  return [complaints, all.length];
}
"""


@pytest.mark.parametrize(
    ("engine", "name"),
    [("chromium", name) for name in SOME]
    + [("firefox", name) for name in CHAPTERS]
    + [("webkit", name) for name in SOME],
    indirect=["engine"],
)
def test_no_page_is_too_wide_and_no_formula_is_broken(engine, site, name):
    complaints = {}
    with engine.open(f"{site}{name}/", width=1440) as page:
        for width in (1440, 390, 360, 320):
            page.resize(width, 800)
            complaints[width], count = page.evaluate(MISFITS)
            assert count > 3
    assert {width: some for width, some in complaints.items() if some} == {}


FIGURES = """
async () => [...document.querySelectorAll("article figure")].map((figure) => {
  const images = [...figure.querySelectorAll("img")];
  return {
    shown: images.filter((image) => image.getClientRects().length).map((image) => image.src),
    alternatives: [...new Set(images.map((image) => image.alt))],
  };
})
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_is_shown_once_and_described_in_both_schemes(engine, site, scheme):
    with engine.open(f"{site}{CHAPTERS[8]}/", scheme=scheme) as page:
        figures = page.evaluate(FIGURES)
    assert len(figures) > 1
    for figure in figures:
        assert len(figure["shown"]) == 1
        assert figure["shown"][0].endswith(f"-{scheme}.svg")
        assert len(figure["alternatives"]) == 1
        assert len(figure["alternatives"][0]) > 50


CUT = """
() => [...document.querySelectorAll(".beside pre > code")]
  .filter((code) => code.scrollWidth > code.clientWidth)
  .map((code) => code.textContent.slice(0, 60))
"""


@pytest.mark.parametrize("name", [CHAPTERS[1], CHAPTERS[2], CHAPTERS[10]])
def test_source_beside_its_derivation_is_not_cut(engine, site, name):
    with engine.open(f"{site}{name}/", width=1440) as page:
        beside = "() => getComputedStyle(document.querySelector('.beside')).display"
        assert page.evaluate(beside) == "grid"
        assert page.evaluate(CUT) == []
