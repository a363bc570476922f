"""The page on mutation testing says what was measured, and what was measured is good enough."""

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scripts" / "mutation"


def script():
    spec = importlib.util.spec_from_file_location("mutation_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_its_data_say():
    data = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "mutation.md").read_text(encoding="utf-8") == script().page(data)


def test_the_report_is_as_it_was_measured():
    data = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    assert data["sha256"] == script().seal(data), "the report was edited, or is not whole"
    data["counts"]["train"]["code_pages"] += 1
    assert data["sha256"] != script().seal(data)


def test_the_examples_notice_nine_of_ten_mutants_and_every_survivor_has_a_reason():
    data = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    counts = [data["counts"][module] for module in script().EXPLAINED]
    of_code = sum(n for count in counts for kind, n in count.items() if kind.startswith("code"))
    noticed = sum(count.get("code_pages", 0) + count.get("code_docstrings", 0) for count in counts)
    assert noticed >= 0.9 * of_code
    assert [s["mutant"] for s in data["survivors"] if not s["equivalent"]] == []
