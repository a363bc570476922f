"""A page runs its examples and checks its equations in the reader's browser."""

import base64
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from book.site.packing import MANIFEST, RUNTIME
from tests.browser.serving import Quiet, served

QUICK = "07-reshape"
CHAPTERS = (
    "01-cross-correlation-and-convolution",
    "02-the-convolutional-layer",
    "03-kernel-gradients",
    "04-input-gradients",
    "05-the-sigmoid",
    "06-binary-cross-entropy",
    QUICK,
    "08-dense-layers",
    "09-backpropagation",
    "10-the-data",
    "11-learning",
    "12-what-it-learned",
    "13-stride-and-padding",
    "14-pooling",
    "15-ten-classes",
    "16-vectorisation",
    "17-initialisation-and-optimisers",
    "18-ten-digits",
    "19-floating-point",
    "20-several-processes",
)
# Examples that print something else in a browser, by page: the line, and why. None is known.
DIFFERENT: dict[str, dict[str, str]] = {}
PATIENCE = 1_200_000  # milliseconds; a browser's NumPy is slow, and the machine may be busy
INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def runtime():
    """Skip without the runtime, or fail where everything has to be there."""
    if not (RUNTIME / MANIFEST).exists():
        give_up = pytest.fail if os.environ.get("CNNBOOK_REQUIRE_ENGINES") else pytest.skip
        give_up("the runtime is not there: python -m scripts.runtime")


asked: list[str] = []


class Strict(Quiet):
    """Serve pages under the policy that they have to work under; note what is asked for."""

    def end_headers(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        content = path.read_bytes() if path.suffix == ".html" and path.exists() else b""
        hashes = {hashlib.sha256(text).digest() for text in INLINE.findall(content)}
        inline = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {inline}; "
            "worker-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
        )
        asked.append(self.path)
        super().end_headers()


@pytest.fixture(scope="module")
def address(folder):
    with served(Strict, folder) as found:
        yield f"{found}book/"


@pytest.fixture
def visit(browser, address):
    """Open a page under the policy; return it with everything it complained of."""
    contexts = []

    def call(name, *, place=address, **options):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "console", lambda message: page.complaints.append(f"{message.type}: {message.text}")
        )
        page.goto(f"{place}{name}/")
        return page

    yield call
    for context in contexts:
        context.close()


def run(page, number):
    """Press a block's button and wait; return what its row says in the end."""
    row = page.locator(".run").nth(number)
    button = row.locator("[data-do=run]")
    button.click()
    page.wait_for_function("button => button.textContent === 'Run'", arg=button.element_handle())
    return row.locator("output").text_content()


def check(page):
    """Press "Check this page here" and wait; return what stands on its element."""
    page.locator("[data-do=check]").click()
    page.wait_for_function(
        """() => {
          const { dataset, children } = document.querySelector(".check-here");
          return !("running" in dataset) && "checked" in dataset;
        }"""
    )
    return page.evaluate(
        """() => {
          const place = document.querySelector(".check-here");
          const { checked, passed, failed } = place.dataset;
          const wrong = [...place.querySelectorAll("li")].map((item) => item.textContent);
          const line = place.querySelector("output").textContent;
          return [Number(checked), Number(passed), Number(failed), line, wrong];
        }"""
    )


def test_nothing_is_loaded_before_it_is_asked_for_and_then_only_what_is_needed(visit):
    asked.clear()
    page = visit(QUICK)
    page.wait_for_timeout(300)
    assert not [path for path in asked if "/runtime/" in path or "python.mjs" in path]
    said = run(page, 1)
    assert re.fullmatch(r"\d+ examples, all as printed \(\d+\.\d s\)", said)
    loaded = [path for path in asked if "/runtime/" in path]
    assert any("numpy" in path for path in loaded)
    assert not any("scipy" in path or "book-data" in path for path in loaded)
    states = page.eval_on_selector_all(".run", "rows => rows.map((row) => row.dataset.state)")
    assert states[:3] == ["same", "same", None], "the block above, this one, not the next"
    assert page.complaints == []


def test_marks_stand_before_the_examples_and_a_changed_block_goes_on_from_there(visit):
    page = visit(QUICK)
    run(page, 0)
    block = page.locator(".language-pycon:has(.run)").first
    prompts = block.locator(".gp", has_text=">>>").count()
    assert block.locator(".gp[data-mark=same]").count() == prompts > 0
    row = block.locator(".run")
    row.locator("[data-do=edit]").click()
    area = block.locator("textarea")
    assert page.evaluate("document.activeElement.matches('.run-edit')")
    assert ">>>" not in area.input_value()
    area.fill("seen = 6 * 7\nseen\nprint('twice', 2 * seen)\n1 / 0\nprint('never')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.do") == "run", "Tab leaves the text"
    page.keyboard.press("Enter")
    got = block.locator(".run-got")
    got.wait_for()
    assert got.text_content() == "42\ntwice 84\nZeroDivisionError: division by zero\n"
    row.locator("[data-do=edit]").click()
    assert block.locator("pre > code").is_visible()
    assert not area.is_visible()
    assert run(page, 0).endswith("s)"), "it runs as printed again"


TWICE = (
    "(button) => { button.click(); const said = button.textContent; button.click(); return said; }"
)


def test_a_run_can_be_stopped_and_everything_is_replayed(visit):
    page = visit(QUICK)
    row = page.locator(".run").nth(2)
    # Both at once: between two clicks of a mouse a slow machine may have run all of it.
    assert row.locator("[data-do=run]").evaluate(TWICE) == "Stop"
    page.wait_for_function("() => document.querySelectorAll('.run')[2].textContent.includes('Run')")
    assert row.locator("output").text_content() == "Stopped."
    assert "all as printed" in run(page, 2)
    again = row.locator("[data-do=again]")
    again.click()
    assert row.locator("output").text_content() == ""
    assert page.locator(".gp[data-mark]").count() == 0
    assert "all as printed" in run(page, 1)


def test_what_computes_for_ever_can_be_stopped(visit):
    page = visit(QUICK)
    block = page.locator(".language-pycon:has(.run)").first
    row = block.locator(".run")
    row.locator("[data-do=edit]").click()
    block.locator("textarea").fill("while True: pass")
    row.locator("[data-do=run]").click()
    page.wait_for_function("() => document.querySelector('.run output').textContent[0] === 'C'")
    assert row.locator("output").text_content() == "Computing \N{HORIZONTAL ELLIPSIS}"
    row.locator("[data-do=run]").click()
    page.wait_for_function("() => document.querySelector('.run output').textContent === 'Stopped.'")
    assert row.locator("[data-do=run]").text_content() == "Run"
    row.locator("[data-do=edit]").click()  # as printed
    assert "as printed" in run(page, 0)


def test_a_check_that_is_stopped_at_once_has_checked_nothing(visit):
    page = visit(QUICK)
    assert page.locator("[data-do=check]").evaluate(TWICE) == "Stop"
    page.wait_for_function(
        "() => document.querySelector('[data-do=check]').textContent.startsWith('Check')"
    )
    assert page.locator("[data-checked] output").text_content() == "Stopped."
    assert page.locator(".gp[data-mark]").count() == 0


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_example_and_every_equation_of_a_chapter_in_a_browser(visit, name):
    page = visit(name)
    checked, passed, failed, line, wrong = check(page)
    expected = DIFFERENT.get(name, {})
    assert wrong == [*expected], line
    assert (checked, failed) == (passed + failed, len(expected))
    numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d(?= of)", line)]
    assert sum(numbers) == passed
    assert len(numbers) == 3
    assert all(numbers)
    assert page.locator(".equation-number[data-mark=same]").count() == numbers[1]
    assert page.locator(".gp[data-mark=same]").count() == numbers[0]
    assert page.complaints == []


@pytest.fixture(scope="module")
def altered(folder, tmp_path_factory):
    """Serve a copy of the site in which one output, one formula and one id are other ones."""
    root = tmp_path_factory.mktemp("altered")
    shutil.copytree(folder / "book", root / "book", symlinks=False)
    path = root / "book" / QUICK / "index.html"
    text = path.read_text(encoding="utf-8")
    output = re.search(r'<span class="go">(\(?)(\d+)', text)
    assert output is not None
    text = f"{text[: output.start(2)]}{int(output[2]) + 1}{text[output.end(2) :]}"
    sign = re.search(r'<div class="equation-formula"><math alttext="[^"]*\+', text)
    assert sign is not None
    text = f"{text[: sign.end() - 1]}-{text[sign.end() :]}"
    path.write_text(text, encoding="utf-8")
    with served(Strict, root) as found:
        yield f"{found}book/"


def test_an_altered_output_and_an_altered_formula_fail(visit, altered):
    page = visit(QUICK, place=altered)
    checked, passed, failed, line, wrong = check(page)
    assert checked == passed + failed
    assert failed > 2, "an example, an equation, and that equation's alterations"
    assert len(wrong) == 2, line
    assert " printed " in wrong[0]
    assert wrong[1].startswith("equation 7.")
    assert page.locator(".gp[data-mark=different]").count() == 1
    assert page.locator(".equation-number[data-mark=different]").count() == 1


def test_what_a_reader_alters_fails_and_is_put_back(visit):
    page = visit("03-kernel-gradients")
    box = page.locator(".equation:has(#eq-kernel-gradient)")
    before = box.locator("math").first.text_content()
    button = box.locator(".equation-links button")
    button.focus()
    page.keyboard.press("Enter")
    plus = box.locator("math [role=button]", has_text="+").first
    plus.focus()
    page.keyboard.press("Enter")
    said = page.locator("output.altered")
    page.wait_for_function(
        "() => /fails|computed:/.test(document.querySelector('output.altered').textContent)"
    )
    assert "\u2212 for +" in said.text_content()
    assert box.locator("math").first.text_content() != before
    button.click()
    assert box.locator("math").first.text_content() == before
    assert box.locator("math [role=button]").count() == 0
    assert said.count() == 0


def test_without_a_network_what_was_loaded_still_runs(visit):
    page = visit(QUICK)
    assert "all as printed" in run(page, 0)
    page.reload()  # from now on through the keeper
    assert "all as printed" in run(page, 0)
    page.context.set_offline(True)
    page.reload()
    assert page.locator("h1").text_content().startswith("7. ")
    assert "all as printed" in run(page, 0)


losses: dict[str, int] = {}  # by the beginning of a name, how often it is still to be lost


class Lossy(Strict):
    """Lose what is asked for on its way: the connection ends before anything has come."""

    def send_head(self):
        name = self.path.split("/")[-1]
        for part in [part for part in losses if name.startswith(part)]:
            if losses[part] > 0:
                losses[part] -= 1
                return None
        return super().send_head()


@pytest.fixture
def lossy(folder):
    losses.clear()
    with served(Lossy, folder) as found:
        yield f"{found}book/"
    losses.clear()


NEEDED = {  # and what is said when it does not come at all
    "manifest": "Python could not be loaded: the network does not answer.",
    "python.mjs": "Python could not start.",
    "pyodide.mjs": "pyodide.mjs could not be loaded",
    "pyodide.asm.wasm": "pyodide.asm.wasm could not be loaded",
    "lock": "lock.json could not be loaded",
    "numpy": "could not be loaded",
    "book-code": "could not be loaded",
}


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_lost_on_its_way_is_asked_for_again(visit, lossy, name):
    losses[name] = 1
    page = visit(QUICK, place=lossy)
    assert "all as printed" in run(page, 0)
    assert losses[name] == 0, "nothing was lost"


@pytest.mark.parametrize(("name", "said"), NEEDED.items())
def test_what_does_not_come_is_named_and_can_be_asked_for_later(visit, lossy, name, said):
    losses[name] = 1000
    page = visit(QUICK, place=lossy)
    assert said in run(page, 0)
    losses.clear()
    assert "all as printed" in run(page, 0)


@pytest.mark.parametrize(("times", "said"), [(1, "all as printed"), (1000, "could not be loaded")])
def test_scipy_is_asked_for_again_without_a_new_start_and_named(visit, lossy, times, said):
    losses["scipy"] = times
    page = visit("01-cross-correlation-and-convolution", place=lossy)
    texts = page.locator(".language-pycon:has(.run) pre > code").all_text_contents()
    number = next(number for number, text in enumerate(texts) if "scipy" in text)
    assert said in run(page, number)
    assert losses["scipy"] < times, "nothing was lost"
    losses.clear()
    assert "all as printed" in run(page, number)


def test_where_nothing_can_be_kept_it_runs_all_the_same(visit, address):
    page = visit(QUICK)
    page.context.new_cdp_session(page).send(
        "Storage.overrideQuotaForOrigin",
        {"origin": address.removesuffix("/book/"), "quotaSize": 1000},
    )
    assert "all as printed" in run(page, 0)
    page.reload()  # from now on through the keeper
    assert "all as printed" in run(page, 0)


def test_outputs_are_guessed_or_shown(visit):
    page = visit(QUICK)
    page.locator(".predict button").click()
    guesses = page.locator(".guess")
    count = guesses.count()
    assert count > 10
    first = page.locator(".go[hidden]").first
    answer = first.text_content()
    box = guesses.first.locator("input")
    box.fill("surely not")
    box.press("Enter")
    assert "No." in guesses.first.locator("[role=status]").text_content()
    box.fill(answer.replace(" ", "").replace(",", " , "))
    box.press("Enter")
    assert guesses.count() == count - 1
    assert page.locator(".go[data-guess=right]").text_content() == answer
    guesses.first.locator("button").click()
    assert page.locator(".go[data-guess=shown]").count() == 1
    page.reload()
    assert page.locator(".guess").count() == count, "it is remembered"
    page.locator(".predict button").click()
    assert page.locator(".go[hidden]").count() == page.locator(".guess").count() == 0


PRESSED = """() => document.querySelector(".check-here [data-do=check]").click()"""
FINISHED = """() => {
  const place = document.querySelector(".check-here");
  if (!("checked" in place.dataset) || "running" in place.dataset) return null;
  const { checked, passed, failed } = place.dataset;
  return [Number(checked), Number(passed), Number(failed), place.textContent];
}"""


def test_it_runs_in_three_engines(engine, address):
    with engine.open(f"{address}{QUICK}/") as page:
        page.evaluate(PRESSED)
        end = time.monotonic() + PATIENCE / 1000
        # Asked now and then: an engine answers within a minute, however long the check takes.
        while (found := page.evaluate(FINISHED)) is None:
            assert time.monotonic() < end, "the check does not end"
            time.sleep(0.5)
        checked, passed, failed, text = found
        assert (checked, failed) == (passed, 0), text
        assert passed > 100, text
