"""What is said in several places is the same there: works, chapters, sizes, colours, commands."""

import ast
import json
import re
import tomllib
from colorsys import rgb_to_hsv
from itertools import pairwise, zip_longest
from urllib.parse import unquote

import numpy as np
import pytest

from book.equations import find_equations
from book.site.measured import WORDS
from cnnbook.layers import Conv2D, Dense
from tests.book.pages import CHAPTERS, DOCS, PAGES, ROOT, text_of

# --- works ----------------------------------------------------------------------------------------

MARK = re.compile(
    r"doi\.org/(\S+?)(?=\)(?:[\s.,:;]|$)|[.,]?(?:\s|$))|(ISBN [\d-]+)|hal\.science/(inria-\d+)"
)
TITLE = re.compile(r'"(?P<article>[^"]+)"|\*(?P<book>[^*]+)\*')


def works(text):
    """The works of a list by their numbers: first author, title, year and pages."""
    for entry in re.split(r"^(?:- | *\.\. \[\d+\] )", text, flags=re.MULTILINE)[1:]:
        entry = " ".join(entry.partition("\n\n")[0].split())
        mark, title = MARK.search(entry), TITLE.search(entry)
        if mark and title:
            number = unquote(next(filter(None, mark.groups())))
            said = re.sub(r"\]\S*|\[doi:\S*", " ", entry[: mark.start()])
            yield (
                number,
                {
                    "author": re.split(r",? (?:and|et al\.)|,", entry[: title.start()])[0].strip(),
                    "title": (title["article"] or title["book"]).strip(" ,"),
                    "year": set(re.findall(r"\b(?:18|19|20)\d\d\b", said)),
                    "pages": set(re.findall(r"\b\d+\u2013\d+\b", said)),
                },
            )


def differences(text, bibliography):
    """Say where a list of works gives another author, title, year or page than the bibliography."""
    known = dict(works(bibliography))
    for mark, work in works(text):
        if mark not in known:
            yield f"{mark}: not in the bibliography"
            continue
        for part, said in work.items():
            if said and said != known[mark][part]:
                yield f"{mark}: {part}: {said}, in the bibliography {known[mark][part]}"


BIBLIOGRAPHY = text_of(DOCS / "bibliography.md")
SOURCES = [p for p in sorted((ROOT / "cnnbook").rglob("*.py")) if ".. [1]" in p.read_text("utf-8")]


@pytest.mark.parametrize("path", [*CHAPTERS, *SOURCES], ids=lambda path: path.stem)
def test_a_work_is_cited_as_in_the_bibliography(path):
    text = path.read_text(encoding="utf-8").partition("\n## References\n")
    assert list(differences(text[2] or text[0], BIBLIOGRAPHY)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Cybernetics* 36 (1980)", "Cybernetics* 36 (1981)"),
        ("36 (1980), 193", "36 (1980), 183"),
        ("- K. Fukushima", "- L. Fukushima"),
        ("Neocognitron: a", "Neocognition: a"),
        ("10.1007/BF00344251)", "10.1007/BF00344252)"),
    ],
)
def test_another_author_title_year_page_or_number_is_noticed(old, new):
    references = text_of(DOCS / "02-the-convolutional-layer.md").partition("\n## References\n")[2]
    assert old in references
    assert list(differences(references.replace(old, new), BIBLIOGRAPHY))


def test_a_commit_is_named_in_full():
    named = re.compile(r"\bcommits? `([^`]*)`")
    found = [name for path in DOCS.glob("*.md") for name in named.findall(text_of(path))]
    assert len(found) >= 4
    assert [name for name in found if not re.fullmatch(r"[0-9a-f]{40}", name)] == []


# --- chapters -------------------------------------------------------------------------------------


def test_a_module_names_the_chapter_that_prints_it():
    printed = re.compile(r"^::: cnnbook\.(\S+)$", re.MULTILINE)
    shown = {int(p.stem[:2]): printed.findall(text_of(p)) for p in CHAPTERS}
    seen = 0
    for path in sorted((ROOT / "cnnbook").rglob("*.py")):
        said = re.match(r'"""Chapters? (\d+)(?: and (\d+))?:', path.read_text(encoding="utf-8"))
        dotted = ".".join(path.relative_to(ROOT / "cnnbook").with_suffix("").parts)
        by = {n for n, names in shown.items() for name in names if name.startswith(f"{dotted}.")}
        if said and by:
            assert by & {int(n) for n in said.groups() if n}, f"{dotted}: printed in {by}"
            seen += 1
    assert seen > 10


# --- figures --------------------------------------------------------------------------------------

FIGURE = re.compile(r"<figure.*?\(figures/(?P<name>\w+)\.svg\).*?</figure>", re.DOTALL)
BY = re.compile(r"\b(\d+) by (\d+)\b")


def sizes(value):
    """The sizes of all arrays in the data, in their order, and the pairs that are sizes."""
    if isinstance(value, dict):
        return [pair for part in value.values() for pair in sizes(part)]
    if not isinstance(value, list) or not value:
        return []
    if len(value) == 2 and all(isinstance(part, int) for part in value):
        return [tuple(value)]
    inner, shape = value, []
    while isinstance(inner, list) and inner:
        shape.append(len(inner))
        inner = inner[0]
    found = list(pairwise(shape))
    return found + [pair for part in value if not found for pair in sizes(part)]


def written(path):
    """The pairs of numbers that stand in a script."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            yield tuple(getattr(part, "value", None) for part in node.elts)


def foreign_sizes(text):
    """Name the sizes in a caption or description which no array of the figure's data has."""
    for figure in FIGURE.finditer(text):
        data = json.loads((DOCS / "figures" / f"{figure['name']}.json").read_text("utf-8"))["data"]
        there = {*sizes(data), *written(ROOT / "scripts" / "figures" / f"{figure['name']}.py")}
        said = [tuple(map(int, pair)) for pair in BY.findall(figure[0])]
        yield from (f"{figure['name']}: {a} by {b}" for a, b in said if (a, b) not in there)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_size_in_a_caption_is_that_of_an_array(path):
    assert list(foreign_sizes(text_of(path))) == []


@pytest.mark.parametrize(
    ("page", "old", "new"),
    [
        ("07-reshape", "Two maps of 3 by 4", "Two maps of 4 by 3"),
        ("08-dense-layers", "a kernel of 3 by 2", "a kernel of 2 by 3"),
        ("04-input-gradients", "of a 6 by 7 image", "of a 7 by 6 image"),
    ],
)
def test_another_size_in_a_caption_is_noticed(page, old, new):
    text = text_of(DOCS / f"{page}.md")
    assert old in text
    assert list(foreign_sizes(text.replace(old, new)))


SIGNED = re.compile(r"\b(blue|orange)\b[^.;]*?\b(positive|negative)\b", re.IGNORECASE)


def test_the_colours_of_the_signs_are_those_that_are_drawn():
    pytest.importorskip("matplotlib")
    from scripts.figures import common

    for scheme in common.SCHEMES.values():
        scale = common.diverging(scheme)
        hues = [360 * rgb_to_hsv(*scale(end)[:3])[0] for end in (0.0, 1.0)]
        assert 15 < hues[0] < 45, "below zero it is orange"
        assert 200 < hues[1] < 260, "above zero it is blue"
    said = {
        path.stem: {(m[1].lower(), m[2]) for m in SIGNED.finditer(text_of(path))} for path in PAGES
    }
    assert sum(map(bool, said.values())) >= 5
    true = {("blue", "positive"), ("orange", "negative")}
    assert {name: pairs for name, pairs in said.items() if pairs - true} == {}


# --- the catalogue of mistakes --------------------------------------------------------------------

SECTION = re.compile(r"^### (?P<title>\d+\. .+)\n(?P<text>(?:(?!^##).*\n)*)", re.MULTILINE)
ROW = re.compile(r"^\| \[(?P<title>\d+\. [^\]]+)\]\(#[^)]*\) \|(?P<cells>.*)\|$", re.MULTILINE)


def exchanged_rows(text):
    """Name the rows of the table that are not in the order of the sections, or not of theirs."""
    rows = [
        (row["title"], set(re.findall(r"wrong\.(\w+)_", row["cells"])))
        for row in ROW.finditer(text)
    ]
    sections = [
        (section["title"], set(re.findall(r'^>>> wrong\["(\w+)"\]', section["text"], re.MULTILINE)))
        for section in SECTION.finditer(text)
    ]
    assert len(sections) > 10
    return [row for row, section in zip_longest(rows, sections) if row != section]


def test_the_table_of_mistakes_has_the_numbers_of_each():
    text = text_of(DOCS / "wrong-on-purpose.md")
    assert exchanged_rows(text) == []
    assert exchanged_rows(text.replace("wrong.frozen_loss", "wrong.untied_loss"))
    assert exchanged_rows(text.replace("| [2. ", "| [3. "))


def numbers_of_others(text):
    """Name the sections that tell the numbers of another mistake than theirs, or tell none."""
    found = []
    for section in SECTION.finditer(text):
        own = set(re.findall(r'^>>> wrong\["(\w+)"\]', section["text"], re.MULTILINE))
        told = set(re.findall(r"\{\{ wrong_digits\.(\w+)_(?:least|most)", section["text"]))
        if {name for name in told if not name.startswith("right")} != own:
            found.append(section["title"])
    return found


def test_each_mistake_on_ten_digits_has_the_next_number_and_its_own_errors():
    text = text_of(DOCS / "wrong-on-ten-digits.md")
    assert numbers_of_others(text) == []
    exchanged = text.replace("wrong_digits.exchanged_most", "wrong_digits.every_tie_most")
    assert numbers_of_others(exchanged) == ["21. Rows and columns of a window exchanged"]
    before, after = (
        [int(section["title"].partition(".")[0]) for section in SECTION.finditer(page)]
        for page in (text_of(DOCS / "wrong-on-purpose.md"), text)
    )
    assert [*before, *after] == list(range(1, 1 + len(before) + len(after)))


@pytest.mark.parametrize(
    ("mistake", "right"), [("zero_frame", "right_overlapping"), ("log_of_softmax", "right")]
)
def test_two_mistakes_take_the_steps_of_the_right_network(mistake, right):
    data = json.loads((DOCS / "figures/wrong_digits.json").read_text(encoding="utf-8"))["data"]
    assert data[f"{mistake}_errors"] == data[f"{right}_errors"]


# --- notation -------------------------------------------------------------------------------------


def test_the_shapes_on_the_page_of_notation_are_those_of_the_code():
    rng = np.random.default_rng(0)
    conv, dense = Conv2D(3, 5, (2, 4), rng=rng), Dense(7, 6, rng=rng)
    names = ["N", "C", "F", "KH", "KW", "H", "W", "H'", "W'", "in", "out"]
    letters = dict(zip(names, [8, 3, 5, 2, 4, 9, 10, 8, 7, 7, 6], strict=True))
    x = np.zeros((8, 3, 9, 10), np.float32)
    shapes = {
        "x": x.shape,
        "kernels": conv.kernels.value.shape,
        "weights": dense.weights.value.shape,
        "y": conv.forward(x).shape,
    }
    row = re.compile(r"^\| \$.*?\$ \| `(\w+)` \| `\(([^)]*)\)` \|", re.MULTILINE)
    found = {
        name: tuple(letters[letter] for letter in shape.split(", "))
        for name, shape in row.findall(text_of(DOCS / "notation.md"))
    }
    assert found == shapes


# --- what is typed --------------------------------------------------------------------------------

FIRST = ("README.md", "docs/index.md", "docs/preface.md")


@pytest.mark.parametrize("name", FIRST)
def test_the_first_command_opens_the_book_and_the_second_runs_the_tests(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*$", text, re.MULTILINE)
    assert ["mkdocs serve" in line for line in commands] == [True, False]
    assert ["pytest" in line for line in commands] == [False, True]
    said = re.search(r"The first([^.;]*?)at `http[^`]*`[.;,] (?:[Tt]he )?second([^.]*)\.", text)
    assert "book" in said[1]
    assert "tests" in said[2]


def test_the_least_version_of_python_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    least = project["project"]["requires-python"].removeprefix(">=")
    said = {
        name: re.findall(r"Python (3\.\d+) or newer", (ROOT / name).read_text("utf-8"))
        for name in FIRST
    }
    assert said == {name: [least] for name in FIRST}


def test_the_equation_to_be_altered_is_on_the_page_that_is_named():
    said = re.search(
        r"Open `docs/(?P<page>[^`]+)`, find the equation with the id `(?P<name>[^`]+)`, "
        r"change `(?P<old>[^`]+)` into `(?P<new>[^`]+)`, and run\n\n```console\n"
        r'\S+ tests/equations -k "\[(?P<chosen>[^\]]+)\]"',
        text_of(DOCS / "preface.md"),
    )
    equation = find_equations(DOCS)[said["name"]]
    assert equation.page == said["page"]
    assert said["old"] in equation.latex
    assert said["chosen"] == said["name"]


def test_contributing_counts_the_canaries():
    canaries = pytest.importorskip("scripts.canaries")
    said = re.search(
        r"`canaries` spoils (\w+) functions", (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    )
    assert WORDS.split().index(said[1]) == len({canary.function for canary in canaries.CANARIES})


def test_an_exercise_that_is_referred_to_is_there():
    seen = 0
    for path in CHAPTERS:
        for number, chapter in re.findall(
            r"[Ee]xercise (\d+)(?: of chapter (\d+))?\b", text_of(path)
        ):
            page = CHAPTERS[int(chapter) - 1] if chapter else path
            assert f"\n**{number}. " in text_of(page), f"{path.stem}: exercise {number}"
            seen += 1
    assert seen > 10
