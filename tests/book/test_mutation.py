"""The page on mutation testing says what was measured, and what was measured is good enough."""

import json
from pathlib import Path

from book.seals import seal
from scripts.mutation import run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scripts" / "mutation"


def test_the_page_is_what_its_data_say():
    data = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "mutation.md").read_text(encoding="utf-8") == run.page(data)


def test_the_report_is_as_it_was_measured():
    data = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    assert data["sha256"] == seal(data), "the report was edited, or is not whole"
    data["counts"]["train"]["code_pages"] += 1
    assert data["sha256"] != seal(data)


def test_the_examples_notice_nine_of_ten_mutants_and_every_survivor_has_a_reason():
    data = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    counts = [data["counts"][module] for module in run.EXPLAINED]
    of_code = sum(n for count in counts for kind, n in count.items() if kind.startswith("code"))
    noticed = sum(count.get("code_pages", 0) + count.get("code_docstrings", 0) for count in counts)
    assert noticed >= 0.9 * of_code
    assert [s["mutant"] for s in data["survivors"] if not s["equivalent"]] == []
