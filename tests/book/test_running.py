"""Blocks of examples have buttons where the runtime is there, and pages a check at their end."""

import json
import re
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

import markdown

from book.reading import read_json
from book.site import running
from book.site.place import Place
from book.site.running import Running, about, fingerprint

BLOCK = '<div class="language-pycon highlight"><pre><code>&gt;&gt;&gt; 1\n1\n</code></pre></div>'
EQUATION = '<div class="equation"><a class="equation-number" id="eq-x">(1.1)</a></div>'
TURN = '<nav aria-label="Previous and next page" class="turn"></nav>'


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return what becomes of a page, with a runtime or without."""

    def call(text, *, runtime=True, place="07-reshape.md"):
        if runtime:
            (tmp_path / "runtime").mkdir(exist_ok=True)
            (tmp_path / "runtime" / "manifest.json").write_text("{}")
        here = place and Place(place, place.removesuffix(".md"))
        monkeypatch.setattr(running, "current_place", lambda _: here)
        return Running(markdown.Markdown(), tmp_path).run(text)

    return call


def test_every_block_has_buttons_and_the_page_a_check_before_the_links_to_others(run):
    text = run(f"<h1>7</h1>\n{BLOCK}<p>{BLOCK}</p>{EQUATION}{TURN}")
    assert text.count('<div class="run"') == text.count('data-do="run"') == 2
    assert text.index("</pre><div") < text.index("</div></div>"), "within the block"
    assert text.count('class="check-here"') == 1
    assert text.index("check-here") < text.index(TURN)
    assert text.endswith(TURN)
    assert "Every example" in text
    assert "every numbered equation" in text


def test_the_check_says_what_it_will_do(run):
    assert "every numbered equation" not in run(BLOCK)
    only = run(EQUATION)
    assert "Every numbered equation" in only
    assert 'class="run"' not in only


def test_a_page_without_examples_and_equations_stays_as_it_is(run):
    for text in ("<p>No code.</p>", '<div class="language-python highlight"><pre></pre></div>'):
        assert run(text) == text


def test_a_page_whose_examples_no_browser_can_run_has_no_buttons(run):
    torch = BLOCK.replace("1\n1", '<span class="kn">import</span> <span class="nn">torch</span>')
    assert "data-do" not in run(torch + EQUATION)


def test_without_the_runtime_a_page_reads_as_before(run):
    text = f"<h1>7</h1>\n{EQUATION}"
    assert run(text, runtime=False) == text
    with_block = run(f"<h1>7</h1>\n{BLOCK}", runtime=False)
    assert "data-do" not in with_block


def test_outputs_can_be_hidden_without_a_runtime(run):
    text = run(f"<h1>7</h1>\n{BLOCK}", runtime=False)
    assert text.index("</h1>") < text.index('class="predict"') < text.index(BLOCK)
    assert 'class="predict"' not in run("<h1>7</h1>", runtime=False)
    assert 'class="predict"' not in run(f"<h1>7</h1>{BLOCK}", place="reference/layers.md")


@pytest.mark.parametrize("output", ["1\n2\n", "Traceback (most recent call last):\nOops: no\n", ""])
def test_a_page_without_an_output_of_one_line_has_none_to_hide(run, output):
    several = BLOCK.replace("1\n1\n", f"1\n{output}&gt;&gt;&gt; x = 1\n\n")
    assert 'class="predict"' not in run(f"<h1>7</h1>\n{several}")
    assert 'class="predict"' in run(f"<h1>7</h1>\n{several}{BLOCK}")


@pytest.mark.parametrize("end", ["", "\n", "&gt;&gt;&gt; 2\n", "... 2\n"])
def test_what_stands_alone_between_inputs_and_blank_lines_can_be_hidden(run, end):
    text = run(f"<h1>7</h1>\n{BLOCK.replace('</code>', f'{end}</code>')}")
    assert 'class="predict"' in text


def test_a_text_without_a_page_is_left_alone(run):
    assert run(BLOCK, place=None) == BLOCK


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Note that the block of these tests took so many seconds."""

    def call(seconds):
        path = tmp_path / "long.json"
        path.write_text(json.dumps({"07.md": {fingerprint(">>> 1\n1\n"): seconds}}))
        monkeypatch.setattr(running, "LONG_BLOCKS", path)

    return call


def test_a_block_that_was_measured_to_take_long_says_so_before_it_runs(run, measured):
    measured(42.3)
    text = run(f"<h1>7</h1>\n{BLOCK}{BLOCK.replace('1', '2')}")
    assert text.count("takes about 40 s in a browser") == 1
    assert text.count('data-seconds="42"') == 1
    assert text.index("about 40 s") < text.index("2\n</code>"), "it is the first that takes long"
    assert "take about 40 s together" in text.partition("check-here")[2]


def test_a_block_that_has_changed_says_nothing_until_it_is_measured(run, measured):
    measured(42.3)
    text = run(BLOCK.replace("1", "2"))
    assert "run-long" not in text
    assert "data-seconds" not in text
    assert "together" not in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "10 s"), (26, "30 s"), (89, "90 s"), (91, "2 minutes"), (200, "3 minutes")],
)
def test_a_time_is_said_roughly(seconds, words):
    assert about(seconds) == f"about {words}"


def test_every_block_that_was_measured_is_on_its_page():
    docs = Path(running.__file__).parents[2] / "docs"
    for page, blocks in read_json(running.LONG_BLOCKS).items():
        text = (docs / page).read_text("utf-8")
        fenced = re.findall(r"```pycon[^\n]*\n(.*?)```", text, re.DOTALL)
        there = {fingerprint(dedent(block)) for block in fenced}  # some are within exercises
        assert blocks.keys() <= there, f"{page}: python -m tests.browser.long_blocks"
        assert all(seconds >= running.LONG for seconds in blocks.values())
