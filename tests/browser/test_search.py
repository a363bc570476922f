"""What a student types into the search, and the page that comes first.

The table is `queries.json`: for each query the page and, where it matters, the section. After a
change of headings, run `pytest tests/browser/test_search.py`; book/README.md says how it ranks.
"""

import json
import re
from pathlib import Path

import pytest

QUERIES = json.loads(Path(__file__).with_name("queries.json").read_text(encoding="utf-8"))
CHAPTER = re.compile(r"\d\d-")
# The results are replaced as a whole: what is marked belongs to the query before.
MARK = "document.querySelectorAll('.md-search-result__list > *').forEach((e) => e.dataset.old = '')"
SHOWN = """
() => {
  const [first, ...others] = document.querySelectorAll(".md-search-result__list > *");
  if (!first || [first, ...others].some((item) => "old" in item.dataset)) return false;
  const links = first.querySelectorAll(":scope > .md-search-result__link");
  return [...links].map((link) => link.href);
}
"""


@pytest.fixture(scope="module")
def search(browser, site):
    """Open the search once; return a function that types a query into it."""
    page = browser.new_page()
    page.goto(f"{site}preface/")
    field = page.locator(".md-search__input")
    field.click()

    def call(query):
        page.evaluate(MARK)
        field.fill(query)
        field.press("End")  # the theme listens to keys
        links = page.wait_for_function(SHOWN, timeout=10_000).json_value()
        return [re.sub(r"\?h=[^#]*", "", link).removeprefix(site) for link in links]

    yield call
    page.close()


@pytest.mark.parametrize("query", QUERIES)
def test_what_comes_first_answers(search, query):
    page, mark, section = QUERIES[query].partition("#")
    found = search(query)
    assert found[0] == page, found
    if mark:
        assert found[1:2] == [f"{page}#{section}"], found


@pytest.fixture(scope="module")
def index(folder):
    """Return the entries of the index by their addresses."""
    path = folder / "book" / "search" / "search_index.json"
    return {entry["location"]: entry for entry in json.loads(path.read_text())["docs"]}


def test_the_table_names_sections_that_exist(index):
    assert set(QUERIES.values()) <= index.keys()
    assert len(QUERIES) >= 60


def test_printed_sources_and_single_checks_are_left_out(index):
    generated = re.compile(r"source/|equations/.+")
    assert [location for location in index if generated.match(location)] == []
    assert "equations/" in index


def test_chapters_weigh_more_than_anything_else_and_all_the_same(index):
    weights = {location: entry.get("boost", 1) for location, entry in index.items()}
    chapters = {weight for location, weight in weights.items() if CHAPTER.match(location)}
    others = {weight for location, weight in weights.items() if not CHAPTER.match(location)}
    assert len(chapters) == 1
    assert max(others) < min(chapters)
