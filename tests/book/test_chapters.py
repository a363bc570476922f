"""What every chapter has, and what holds of the pages together."""

import json
import re

import pytest

from book.equations import FENCE, find_equations
from tests.book.pages import (
    CHAPTERS,
    DOCS,
    DOI,
    FIGURE,
    ISBN,
    PAGES,
    ROOT,
    navigation,
    prose_of,
    text_of,
)


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return request.param


def test_there_are_chapters():
    assert [path.stem[:2] for path in CHAPTERS] == [f"{n:02}" for n in range(1, len(CHAPTERS) + 1)]
    assert len(CHAPTERS) >= 4


def test_standard_parts(chapter):
    text = text_of(chapter)
    headings = re.findall(r"^## (.+)$", FENCE.sub("", text), re.MULTILINE)
    assert headings[-3:] == ["Where people go wrong", "Exercises", "References"]
    opening = text.split("\n## ")[0]
    assert "?" in opening, "a chapter begins with a question"
    assert FIGURE.search(opening), "and a picture"
    assert "by hand" in text.lower(), "a case worked by hand"
    assert "::: cnnbook." in text, "source"
    wrong = text.split("## Where people go wrong")[1].split("\n## ")[0]
    mistakes = re.findall(r"^\*\*.+?\*\*", wrong, re.MULTILINE)
    assert len(mistakes) >= 3
    assert wrong.count("```pycon") >= len(mistakes) - 1, "mistakes are shown, not told"


def test_exercises_have_executed_solutions(chapter):
    exercises = text_of(chapter).split("\n## Exercises")[1].split("\n## References")[0]
    parts = re.split(r"^\*\*\d+\. ", exercises, flags=re.MULTILINE)[1:]
    assert 4 <= len(parts) <= 6
    for part in parts:
        assert '??? example "Solution"' in part
        assert "    ```pycon" in part


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_is_numbered_is_numbered_in_order(path):
    text = FENCE.sub("", text_of(path))
    assert path not in CHAPTERS or f"# {int(path.stem[:2])}. " in text
    for kind in (r"^### (\d+)\. ", r"^\*\*(\d+)\. "):
        numbers = [int(n) for n in re.findall(kind, text, re.MULTILINE)]
        goes_on = path.stem == "wrong-on-ten-digits"  # from what page, test_agree.py says
        first = numbers[0] if numbers and goes_on else 1
        assert numbers == list(range(first, first + len(numbers)))


def test_a_chapter_asks_two_questions_and_ends_with_five_lines(chapter):
    text = FENCE.sub("", text_of(chapter))
    start = text[: text.index("\n## ")]
    asked = re.findall(r"^Two questions to carry along\. (.+)$", start, re.MULTILINE)
    assert len(asked) == 1, "before the first section"
    assert asked[0].count("?") >= 2
    lines = re.search(
        r"^## Five lines to take along\n\n((?:\d\. .+\n)+)\n## Where", text, re.MULTILINE
    )
    assert lines, "five lines, before what goes wrong"
    assert len(lines[1].splitlines()) == 5


def test_every_exercise_says_how_long_and_how_hard(chapter):
    text = FENCE.sub("", text_of(chapter))
    titles = re.findall(r"^\*\*\d+\. (.+?)\*\*", text[text.index("## Exercises") :], re.MULTILINE)
    assert 4 <= len(titles) <= 6
    for title in titles:
        assert re.search(r" \(\d+ minutes, (?:easy|medium|hard|open)\)\.$", title), title


def test_length_and_number_of_equations(chapter):
    words = len(prose_of(chapter).split())
    assert 2200 <= words <= 5800, f"{words} words"
    equations = [e for e in find_equations(DOCS).values() if e.page == chapter.name]
    assert 10 <= len(equations) <= 25


def test_references_have_doi_or_isbn_and_stand_in_the_bibliography(chapter):
    entries = text_of(chapter).split("\n## References")[1].strip().split("\n- ")
    bibliography = (DOCS / "bibliography.md").read_text(encoding="utf-8")
    for entry in entries:
        found = DOI.findall(entry) + ISBN.findall(entry) + re.findall(r"inria-\d+", entry)
        assert found, entry
        number = int(chapter.stem[:2])
        for name in found:
            work = next(w for w in bibliography.split("\n- ") if name in w)
            assert re.search(rf"\[[\d, ]*\b{number}\b[\d, ]*\]\s*$", work), f"{name}: {number}"


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_figures_come_in_both_schemes_with_data_and_say_what_to_see(path):
    for alt, name in FIGURE.findall(path.read_text(encoding="utf-8")):
        assert len(alt) > 80, "an alternative text says what to see"
        data = json.loads((DOCS / "figures" / f"{name}.json").read_text(encoding="utf-8"))
        script = ROOT / data["provenance"]["script"]
        assert script.exists()
        assert {"data", "tolerances", "provenance"} <= data.keys()
        for scheme in ("light", "dark"):
            assert (DOCS / "figures" / f"{name}-{scheme}.svg").exists()


def test_every_figure_is_shown():
    pages = "".join(p.read_text(encoding="utf-8") for p in DOCS.rglob("*.md"))
    shown = {name for _, name in FIGURE.findall(pages)}
    assert shown == {path.stem for path in (DOCS / "figures").glob("*.json")}


# --- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index", "preface"])
def test_the_two_commands_are_those_of_the_readme(name):
    command = re.compile(r"^\S+ -m venv .*$", re.MULTILINE)
    readme = command.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(readme) == 2
    assert command.findall(text_of(DOCS / f"{name}.md")) == readme


def test_the_navigation_calls_a_page_by_its_heading():
    order = navigation()
    assert len(order) > 40
    for name, title in order.items():
        heading = re.search(r"^# (.+)$", text_of(DOCS / name), re.MULTILINE)[1]
        # A page without a title in the navigation is called by its heading.
        called = {"Start page": "Convolutional networks from scratch"}.get(title, title)
        called = re.sub(r"^Chapter (\d+)$", r"Checks of chapter \1", called)
        assert heading.startswith(called), f"{name}: {heading}"
