"""Formulas, numbered equations and references, from Markdown to HTML."""

import json
import re

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

import markdown

from book.site.place import PageError
from book.site.typeset import MathError, lines, typeset
from tests.book.pages import KERNEL, Context


def test_a_formula_in_a_line(convert):
    page = convert("The output $Y_{n,f}$ is *not* $2 * x * y$.")
    assert page.count("<math ") == 2
    assert "<em>not</em>" in page
    assert page.count("<em>") == 1, "stars in a formula are stars"
    assert "$" not in page


@pytest.mark.parametrize(
    "text",
    ["It costs $5 and $6.", "`$x$`", "```\n$x$\n```", "$ x $", r"\$x\$", "    $x$", "a$x$b"],
)
def test_dollars_that_are_no_formula(convert, text):
    assert "<math" not in convert(text)


def test_tokens_of_code_that_look_like_any_other_need_no_element(convert):
    page = convert("```python\nfor name in (1 + name):\n    # <i>\n```")
    assert re.findall('class="([a-z0-9]+)"', page.split("<code>")[1]) == ["k", "ow", "mi", "c1"]
    assert ">for</span> name <span" in page
    assert "&lt;i&gt;" in page


def test_lines_of_a_whole_file_have_anchors_and_no_links():
    options = {"pymdownx.highlight": {"anchor_linenums": True}}
    extensions = ["pymdownx.highlight", "pymdownx.superfences", "book.site.extension"]

    def convert(text):
        return markdown.markdown(text, extensions=extensions, extension_configs=options)

    page = convert('```python linenums="1"\nx = 1\n```')
    assert 'id="__codelineno-0-1"' in page
    assert not re.search(r'<a href="#__codelineno', page)
    assert "codelineno" not in convert("```python\nx = 1\n```")


def test_a_formula_may_break_over_a_line(convert):
    assert convert("as $a +\nb$ says").count("<math ") == 1


def test_a_displayed_formula(convert):
    page = convert("before\n$$\n\\sum_{i=0}^{N-1} x_i * y_i * z_i\n$$\nafter")
    assert len(re.findall('<math [^>]*display="block">', page)) == 1
    assert "<em>" not in page
    assert re.search(r"<p>before</p>.*equation.*<p>after</p>", page, re.DOTALL)
    assert "equation-number" not in page


def test_a_formula_in_a_list_and_in_a_table(convert):
    page = convert("- first\n\n    $$\n    x\n    $$\n\n- second\n\n| a |\n|---|\n| $y$ |\n")
    assert re.search(r"<li>\s*<p>first</p>\s*<div class=.equation.", page)
    assert re.search(r"<td><math ", page)


def test_no_line_ends_between_a_formula_and_its_punctuation(convert):
    page = convert("Among zeros, $b$. Or $p$ (or $q$), and $r$, $s$ too.")
    for kept in ("b</mi></math>.", "q</mi></math>),", "r</mi></math>,"):
        assert f"{kept}</span>" in page
    assert page.count('<span class="no-break"><math ') == 3


def test_equations_are_numbered_by_chapter(convert):
    page = convert(KERNEL, kernel=KERNEL)
    assert re.findall(r">\((\d+\.\d+)\)</a>", page) == ["3.1", "3.2"]
    assert 'href="#eq-kernel" id="eq-kernel"' in page


def test_a_reference_links_and_previews(convert):
    page = convert("By @eq-second, twice: @eq-second.", kernel=KERNEL)
    assert page.count('identifier="eq-second" aria-label="Equation 3.2">(3.2)</autoref>') == 2
    assert page.count("equation-preview") == 2
    assert page.count("<math") == 2


@pytest.mark.parametrize("text", ["mail me@eq-second.org", "`@eq-second`", "```\n@eq-second\n```"])
def test_what_is_no_reference(convert, text):
    assert "autoref" not in convert(text, kernel=KERNEL)


def test_an_unknown_command_fails_and_is_shown(convert):
    for text in (r"$\nonsense$", "$$\n\\nonsense\n$$"):
        with pytest.raises(PageError, match=r"nonsense.*In the formula: .nonsense"):
            convert(text)
    with pytest.raises(MathError, match="an empty formula"):
        typeset(" ", display=True)


def test_an_unknown_id_fails_and_is_named(convert):
    with pytest.raises(PageError, match="^eq-nowhere: no equation on any page has this id"):
        convert("By @eq-nowhere.", kernel=KERNEL)


def test_the_build_refuses_an_equation_that_nothing_refers_to(tmp_path):
    (tmp_path / "kernel.md").write_text(KERNEL)
    options = {"docs": str(tmp_path), "sources": str(tmp_path)}
    with pytest.raises(PageError, match="nothing refers"):
        markdown.markdown(
            KERNEL,
            extensions=["book.site.extension"],
            extension_configs={"book.site.extension": options},
        )


def test_an_equation_links_to_its_code_and_its_check(convert, tmp_path):
    entries = [
        {"id": "eq-kernel", "source": "cnnbook.layers.conv.conv2d"},
        {"id": "eq-second", "source": None},
    ]
    (tmp_path / "equations").mkdir()
    (tmp_path / "equations" / "report.json").write_text(json.dumps({"equations": entries}))
    page = convert(KERNEL, kernel=KERNEL)
    assert page.count("equation-links") == 2
    assert page.count("code of equation") == 1, "NumPy alone computes the second"
    assert page.count("check of equation") == 2
    assert '<autoref identifier="cnnbook.layers.conv.conv2d" aria-label="code of equation' in page
    assert '<autoref identifier="check-eq-kernel" aria-label="check of equation 3.1">' in page


def test_the_range_of_a_display_may_stand_on_a_line_of_its_own(convert):
    page = convert("$$\ny_i = x_i, \\qquad 0 \\le i < N .\n$$")
    assert page.count('display="block"') == 2
    assert page.count('class="equation-formula"') == 1
    inside = [
        r"\left( a \qquad b \right)",
        r"\begin{aligned} a \qquad b \end{aligned}",
        r"x_{a \qquad b}",
    ]
    for latex in inside:
        assert lines(latex) == [latex]


def test_a_search_leaves_out_displays_and_the_links_of_equations(convert, tmp_path):
    left_out = 'data-search-exclude="true"'
    assert left_out in typeset("x = y", display=True)
    assert left_out not in typeset("x = y", display=False), "a sentence would have a hole"
    (tmp_path / "equations").mkdir()
    entries = [{"id": name, "source": None} for name in ("eq-kernel", "eq-second")]
    (tmp_path / "equations" / "report.json").write_text(json.dumps({"equations": entries}))
    links = re.search('<span [^>]*class="equation-links"[^>]*>', convert(KERNEL, kernel=KERNEL))[0]
    assert left_out in links


def test_the_keyboard_passes_what_leads_to_where_it_stands(convert):
    assert re.search('<a [^>]*id="eq-kernel" tabindex="-1"', convert(KERNEL, kernel=KERNEL))


def test_a_preview_is_neither_heard_nor_copied(convert):
    page = convert("By @eq-second.", kernel=KERNEL).split("equation-preview")[1]
    assert page.startswith('" aria-hidden="true" tabindex="-1"><math ')
    assert "alttext" not in page
    assert "aria-label" not in page


def test_printed_source_names_its_equations_and_its_lines(convert):
    code = '<pre><span class="c1"># @eq-kernel, @eq-second: why</span> "@eq-kernel"</pre>'
    place = (
        '<p><a href="source:layers/conv.py#L12">conv.py</a> '
        '<span class="source-equations">@eq-second</span></p>'
    )
    page = convert(code + "\n\n" + place, kernel=KERNEL)
    assert page.count('<autoref identifier="eq-kernel">(3.1)</autoref>') == 1
    assert page.count('<autoref identifier="eq-second">(3.2)</autoref>') == 2
    assert '"@eq-kernel"' in page, "what is no comment is left alone"
    assert 'href="#"' in page, "without mkdocs there are no pages of whole files"


def test_an_equation_that_was_not_measured_fails_and_is_named(convert, tmp_path):
    (tmp_path / "equations").mkdir()
    entries = [{"id": "eq-kernel", "source": None}]
    (tmp_path / "equations" / "report.json").write_text(json.dumps({"equations": entries}))
    message = r"^eq-second: has not been measured: python -m book\.formulas\.report$"
    with pytest.raises(PageError, match=message):
        convert(KERNEL, kernel=KERNEL)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("First.\n\nAs $\\nonsense$ says.", 3, "nonsense"),
        ("- First.\n\n    As $a +\n    \\nonsense$ says.", 3, "nonsense"),
        ("First.\n\n- x\n\n    $$\n    \\nonsense\n    $$\n", 6, "nonsense"),
        ("First.\n\nBy @eq-nowhere.", 3, "eq-nowhere: no equation on any page has this id"),
        ("First.\n\n{{ fig.share }} of all.", 3, "fig.share: there is no figure"),
        ("First.\n\n![Alt.](figures/fig.svg)", 3, "fig-light.svg: expected what python"),
        ("# 1. A\n\n$$\nx\n$$ {#eq-x}\n\n@eq-x", 4, "eq-x: has not been measured"),
    ],
)
def test_what_is_wrong_on_a_page_is_one_line_that_says_where(tmp_path, text, line, message):
    (tmp_path / "page.md").write_text(text)
    (tmp_path / "equations").mkdir()
    (tmp_path / "equations" / "report.json").write_text('{"equations": []}')
    md = markdown.Markdown(
        extensions=["book.site.extension"],
        extension_configs={"book.site.extension": {"docs": str(tmp_path)}},
    )
    md.preprocessors.register(Context("page.md"), "rendering_context", 1)
    with pytest.raises(PageError) as caught:
        md.convert(text)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path.as_posix()}/page.md:{line}: ")
    assert message in said
    assert "\n" not in said
