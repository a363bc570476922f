"""Formulas, numbered equations and references, from Markdown to HTML."""

import doctest
import json
import re
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("math_core", reason="the site's extra is not installed: pip install '.[docs]'")

import markdown
from fontTools.ttLib import TTFont
from markdown.treeprocessors import Treeprocessor

from book.equations import (
    EquationError,
    check_references,
    find_equations,
    find_references,
)
from book.site.glyphs import formulas, sentences, visible
from book.site.notes import SideNotes
from book.site.place import PageError, Turn, current_place
from book.site.typeset import MACROS, MathError, lines, standard, typeset

ROOT = Path(__file__).parents[2]


@pytest.fixture
def convert(tmp_path):
    """Convert a text as mkdocs would, with pages beside it that it may refer to."""

    def call(text, **pages):
        for name, content in pages.items():
            (tmp_path / f"{name}.md").write_text(content, encoding="utf-8")
        return markdown.markdown(
            text,
            extensions=["tables", "pymdownx.superfences", "book.site.extension"],
            extension_configs={"book.site.extension": {"docs": str(tmp_path)}},
        )

    return call


MODULES = [
    "equations",
    *(f"site.{name}" for name in ("extension", "glyphs", "measured", "spoken", "typeset")),
]
KERNEL = (
    "# 3. Kernel gradients\n\n$$\nK_{u,v} = a * b * c\n$$ {#eq-kernel}\n\n$$\nx\n$$ {#eq-second}\n"
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    result = doctest.testmod(import_module(f"book.{name}"))
    assert result.failed == 0


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


def test_a_prime_stands_beside_its_letter():
    mathml = typeset("H' < K'' < F'''", display=False)
    assert mathml.count('<mo lspace="0" rspace="0">') == 3
    assert "<msup>" not in mathml


def test_a_prime_of_a_letter_with_a_subscript_is_no_smaller():
    mathml = typeset(r"\theta'_k + A'_{f,i_j} - Y_n''", display=False)
    assert mathml.count('<mo lspace="0" rspace="0">') == 3
    assert "<msubsup>" not in mathml
    assert mathml.count("<msub>") == 4
    assert "<msubsup>" in typeset("m_k^2", display=False)


def test_a_root_is_drawn_with_a_sign_that_no_character_of_the_formula_names():
    assert "\N{SQUARE ROOT}" in visible(typeset(r"\sqrt{x}", display=False))
    assert "\N{SQUARE ROOT}" in visible(typeset(r"\sqrt[3]{x}", display=False))
    assert "\N{SQUARE ROOT}" not in visible(typeset("x", display=False))


def test_an_unknown_command_fails_and_is_shown(convert):
    for text in (r"$\nonsense$", "$$\n\\nonsense\n$$"):
        with pytest.raises(PageError, match=r"nonsense.*In the formula: .nonsense"):
            convert(text)
    with pytest.raises(MathError, match="an empty formula"):
        typeset(" ", display=True)


def test_an_unknown_id_fails_and_is_named(convert):
    with pytest.raises(PageError, match="^eq-nowhere: no equation on any page has this id"):
        convert("By @eq-nowhere.", kernel=KERNEL)


def test_an_id_given_twice_fails_and_both_places_are_named(convert):
    with pytest.raises(
        PageError, match=r"/other\.md:5: eq-kernel: given twice, first in kernel\.md"
    ):
        convert("@eq-kernel", kernel=KERNEL, other=KERNEL)


def test_a_numbered_equation_needs_a_chapter(convert):
    with pytest.raises(PageError, match=r"/page\.md:5: eq-x: the page has no heading"):
        convert("@eq-x", page="# Notation\n\n$$\nx\n$$ {#eq-x}\n")


def test_equations_in_code_do_not_count(tmp_path):
    (tmp_path / "a.md").write_text("# 1. A\n\n```\n$$\nx\n$$ {#eq-x}\n```\n")
    assert find_equations(tmp_path) == {}
    assert find_references("```\n@eq-x\n```") == set()


def test_every_equation_of_the_book_is_referred_to_and_every_reference_resolves():
    check_references(find_equations(ROOT / "docs"), [ROOT / "docs", ROOT / "cnnbook"])


def test_an_equation_that_nothing_refers_to_fails_and_is_named(tmp_path):
    (tmp_path / "kernel.md").write_text(KERNEL)
    equations = find_equations(tmp_path)
    with pytest.raises(EquationError, match=r"/kernel\.md:5: eq-kernel: nothing refers to this"):
        check_references(equations, [tmp_path])
    (tmp_path / "equations").mkdir()
    (tmp_path / "equations" / "index.md").write_text("@eq-kernel and @eq-second")
    with pytest.raises(EquationError, match="eq-kernel: nothing refers"):
        check_references(equations, [tmp_path])
    (tmp_path / "code.py").write_text('"""By @eq-kernel."""\n# @eq-second\n')
    check_references(equations, [tmp_path])
    (tmp_path / "code.py").write_text("# @eq-nowhere")
    with pytest.raises(EquationError, match=r"code\.py:1: eq-nowhere: no equation on any page"):
        check_references(equations, [tmp_path])


def test_the_build_refuses_an_equation_that_nothing_refers_to(tmp_path):
    (tmp_path / "kernel.md").write_text(KERNEL)
    options = {"docs": str(tmp_path), "sources": str(tmp_path)}
    with pytest.raises(PageError, match="nothing refers"):
        markdown.markdown(
            KERNEL,
            extensions=["book.site.extension"],
            extension_configs={"book.site.extension": options},
        )


def test_no_line_ends_between_a_formula_and_its_punctuation(convert):
    page = convert("Among zeros, $b$. Or $p$ (or $q$), and $r$, $s$ too.")
    for kept in ("b</mi></math>.", "q</mi></math>),", "r</mi></math>,"):
        assert f"{kept}</span>" in page
    assert page.count('<span class="no-break"><math ') == 3


def test_a_prime_on_a_name_of_several_letters_stands_high_and_large(convert):
    assert '<mo lspace="0" rspace="0">\N{PRIME}</mo>' in convert(r"$\tanh'(z)$")
    aligned = "$$\n\\begin{aligned} \\tanh'(z) &= 1 \\end{aligned}\n$$"
    assert '<mo lspace="0" rspace="0">\N{PRIME}</mo>' in convert(aligned)


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
        ("First.\n\n![Alt.](figures/fig.svg)", 3, "fig-light.svg: expected a drawing"),
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


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"x \conv k \ne x \corr k", "x convolved with k is not equal to x correlated with k"),
        (r"Y \fconv K", "Y fully convolved with K"),
        (r"\rot K", "the rotation by 180 degrees of K"),
        (r"Y \odot G", "Y times, entry by entry, G"),
        (r"H' < \hat{x}_m", "H prime is less than x hat sub m"),
        (r"\begin{aligned} a &= b, \\ &= c . \end{aligned}", "a equals b; equals c"),
        (r"X^{\top} Y \leftarrow Z", "X transposed Y becomes Z"),
        (r"x_{i+u} k_u", "x sub i plus u, end index, k sub u"),
        (r"x_i + u k_u", "x sub i plus u k sub u"),
        (r"K_{K_W-1} - 1", "K sub K sub W minus 1, end index, minus 1"),
        (r"k_{-u}", "k sub negative u"),
        (r"\frac{1}{2} (x + 1)", "1 over 2, end fraction, open paren x plus 1 close paren"),
        (r"\frac{1}{2} + x", "1 over 2 plus x"),
        (r"e^z p", "e to the z, end exponent, p"),
        (r"[f' = f] x", "1 if f prime equals f, else 0, x"),
        (r"[u < v]_i x", "open bracket u is less than v close bracket sub i x"),
        (r"[0, 1]", "open bracket 0 comma 1 close bracket"),
        (r"\lfloor k / W \rfloor", "the floor of k divided by W, end floor"),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", "matrix 1 by 2: row 1: 1, 2, end matrix"),
    ],
)
def test_a_formula_can_be_heard(latex, words):
    assert f'aria-label="{words}"' in typeset(latex, display=True)


def test_every_formula_has_words_and_no_sign_is_left_in_them():
    found = {re.search(r'alttext="([^"]*)" aria-label="([^"]*)"', f)[2] for f in formulas(ROOT)}
    assert len(found) > 900
    assert [words for words in found if not re.fullmatch(r"[\w .,;:'·]+", words)] == []


def test_a_formula_carries_latex_that_can_be_used_elsewhere(convert):
    page = convert(r"$\grad{L}{K_{u}} = X \corr \rot K$ and $a < b$")
    assert r'alttext="\frac{\partial L}{\partial K_{u}} = X \mathbin{\star} \operator' in page
    assert 'alttext="a &lt; b"' in page
    own = "|".join(MACROS)
    for formula in formulas(ROOT):
        assert not re.search(
            rf"\\(?:{own})(?![A-Za-z])", re.search('alttext="([^"]*)"', formula)[1]
        )
    with pytest.raises(MathError, match="a brace is not closed"):
        standard(r"\grad{L}{K")


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


def test_what_browsers_draw_differently_is_written_so_that_they_do_not():
    assert 'largeop="false">⊙' in typeset(r"a \odot b", display=True)
    for accent in ("hat", "bar", "tilde"):
        assert "stretchy" not in typeset(rf"\{accent}{{x}}", display=False)
    assert "stretchy" in typeset(r"\bar{K}", display=False)
    assert "</mfrac><mspace" in typeset(r"\grad{L}{y}\grad{y}{x}", display=True)
    aligned = typeset(r"\begin{aligned} a &= b \\ &\le c \end{aligned}", display=True)
    assert aligned.count('form="infix"') == 2
    around_a_sum = typeset(r"\left( \sum_{k=0}^{P} x_k \right)^2", display=True)
    assert around_a_sum.count('minsize="2.4em"') == 2
    assert "minsize" not in typeset(r"\left( x_k \right)^2", display=True)
    assert "<mspace/>" not in typeset(r"\rot K", display=True)


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


def test_a_figure_is_written_once_and_drawn_for_both_schemes(convert, tmp_path):
    (tmp_path / "figures").mkdir()
    for scheme, width in (("light", 360), ("dark", 372)):
        svg = f'<svg xmlns="x" width="{width}pt" height="144.3pt" version="1.1"></svg>'
        (tmp_path / "figures" / f"fig-{scheme}.svg").write_text(svg)
    page = convert("![What to see.](figures/fig.svg) ![Other.](digits/x.svg)")
    images = re.findall("<img[^>]*>", page)
    assert [re.search('src="([^"]*)"', image)[1] for image in images] == [
        "figures/fig-light.svg",
        "figures/fig-dark.svg",
        "digits/x.svg",
    ]
    assert [re.search('alt="([^"]*)"', image)[1] for image in images[:2]] == ["What to see."] * 2
    assert 'class="figure-light"' in images[0]
    assert 'width="480"' in images[0]
    assert 'height="192"' in images[0]
    assert 'width="496"' in images[1]
    assert "wide" not in page
    svg = '<svg xmlns="x" width="518.4pt" height="144.3pt" version="1.1"></svg>'
    (tmp_path / "figures" / "fig-light.svg").write_text(svg)
    assert 'class="figure-light wide"' in convert("![What to see.](figures/fig.svg)")
    (tmp_path / "figures" / "fig-dark.svg").unlink()
    with pytest.raises(PageError, match=r"fig-dark\.svg: expected what python"):
        convert("![What to see.](figures/fig.svg)")


def test_a_page_ends_with_what_comes_before_and_after_it(tmp_path):
    head = "---\ndescription: About {0}.\n---\n# {0}. Title {0}\n"
    for number in (1, 2, 3):
        (tmp_path / f"{number}.md").write_text(head.format(number))
    (tmp_path / "mkdocs.yml").write_text(
        "nav:\n    - 1.md\n    - Two: 2.md\n    - In:\n        - 3.md\n"
    )

    def ends(page, *, docstring=False):
        md = markdown.Markdown()
        if docstring:
            md.treeprocessors.register(Treeprocessor(md), "mkdocstrings_ids", 4)
        md.preprocessors.register(Context(page), "rendering_context", 1)
        md.treeprocessors.register(Turn(md, tmp_path, tmp_path / "mkdocs.yml"), "turn", 1)
        return re.sub(r"\s+", " ", md.convert("Text.").replace("<span", " <span"))

    assert re.search(
        r'href="1.md".*Previous.*1\. Title 1.*About 1\..*href="3.md".*Next.*3\. T', ends("2.md")
    )
    assert 'class="previous"' not in ends("1.md")
    assert re.search(r'href="2.md".*>Two<', ends("1.md"))
    assert 'class="next"' not in ends("3.md")
    assert "<nav" not in ends("4.md")
    assert "<nav" not in ends("2.md", docstring=True), "a docstring is no page"


@pytest.fixture
def convert_on():
    """Convert a text as Zensical would on a page."""

    def call(page, text):
        md = markdown.Markdown(extensions=["book.site.extension"])
        md.preprocessors.register(Context(page), "rendering_context", 1)
        return md.convert(text)

    return call


class Context:
    """What Zensical registers: it knows the page that is converted."""

    def __init__(self, path):
        self.page = SimpleNamespace(path=path, url="")

    def run(self, lines):
        return lines


def test_the_page_is_known_to_both_builders(tmp_path):
    md = markdown.Markdown()
    assert current_place(md) is None
    file = SimpleNamespace(src_uri="a/b.md", url="a/b/")
    md.treeprocessors.register(SimpleNamespace(file=file), "relpath", 0)
    assert current_place(md) == ("a/b.md", "a/b/")
    md.preprocessors.register(Context("c/d.md"), "rendering_context", 1)
    assert current_place(md) == ("c/d.md", "c"), "Zensical reads addresses as from the file"


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("index.md", "source/layers/conv/#__codelineno-0-12"),
        ("reference/layers.md", "../source/layers/conv/#__codelineno-0-12"),
    ],
)
def test_a_line_of_a_file_is_found_from_every_page(convert_on, page, address):
    """Zensical puts the way from the page to its file before it."""
    place = '<p><a href="source:layers/conv.py#L12">conv.py</a></p>'
    assert f'href="{address}"' in convert_on(page, place)


def test_a_number_of_a_figure_in_a_sentence(convert, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "fig.json").write_text('{"data": {"count": 12665, "loss": 0.25}}')
    page = convert("Of {{ fig.count:,d }}, `{{ fig.count }}` and {{fig.loss}}.")
    assert "Of 12,665, <code>{{ fig.count }}</code> and 0.25." in page
    with pytest.raises(PageError, match="no such entry"):
        convert("{{ fig.nothing }}")


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


def test_the_font_has_every_character_of_every_formula():
    font = TTFont(ROOT / "docs" / "fonts" / "stix-two-math.woff2")
    assert "MATH" in font
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert {"ssty", "dtls", "flac"} <= features
    there = set(font.getBestCmap())
    used = {character for formula in formulas(ROOT) for character in visible(formula)}
    missing = sorted(c for c in used if ord(c) not in there and not c.isspace() and c.isprintable())
    assert not missing, f"run python -m scripts.subset_font: the font lacks {missing}"
    assert len(used) > 30


@pytest.mark.parametrize("name", ["400-normal", "400-italic", "600-normal"])
def test_the_text_face_has_every_character_of_every_sentence(name):
    font = TTFont(ROOT / "docs" / "fonts" / f"stix-two-text-{name}.woff2")
    there = set(font.getBestCmap())
    used = set().union(*sentences(ROOT))
    missing = sorted(c for c in used if ord(c) not in there and c.isprintable())
    assert not missing, f"run python -m scripts.subset_font: the face lacks {missing}"
    assert len(used) > 60


def test_a_side_note_is_bound_to_the_paragraph_before_it():
    note = '!!! side ""\n    A *note*.\n\n'
    text = f"First.\n\nSecond.\n\n{note}Third.\n\n- a list\n\n{note}"
    md = markdown.Markdown(extensions=["admonition"])
    md.treeprocessors.register(SideNotes(md), "side-notes", 16)
    page = re.sub(r"\s+", " ", md.convert(text))
    note = '<div aria-label="Side note" class="admonition side" role="note">'
    bound = f'<p>First.</p> <div class="noted">{note} <p>A <em>note</em>.</p> </div> <p>Second.</p>'
    assert bound.replace(" ", "") in page.replace(" ", "")
    assert page.count('class="noted"') == 1, "a list has no margin of its own"
    assert page.count(note) == 2
