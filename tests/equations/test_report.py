"""The pages of the report are what its data say; an update writes what is new and no more."""

import json
import sys

import pytest

pytest.importorskip("jinja2", reason="the site's extra is not installed: pip install '.[docs]'")

from book.formulas import record, report


def test_the_pages_of_the_report_are_what_its_data_say():
    found = report.outdated()
    if found:
        pytest.fail("\n".join(f"{name} {why}" for name, why in found.items()), pytrace=False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A report on two equations, which may be written to, and is up to date."""
    equations = record.find_equations(record.DOCS)
    equations = {name: equations[name] for name in ("eq-bernoulli", "eq-ln-two")}
    for module in (record, report):
        monkeypatch.setattr(module, "find_equations", lambda _: equations)
        monkeypatch.setattr(module, "DATA", tmp_path / "report.json")
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    (tmp_path / "report.json").write_text('{"equations": []}')
    written = [path.name for path in report.update()]
    assert written == ["report.json", "index.md", "letters-06.md", "chapter-06.md"]
    return tmp_path


def alter(folder, name, **values):
    """Let the record say something else of an equation."""
    data = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    record.entries(data)[name].update(values)
    (folder / "report.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def test_what_is_up_to_date_is_not_written(folder):
    assert report.update() == []


def test_an_equation_that_has_changed_is_measured_again_and_no_other(folder):
    alter(folder, "eq-ln-two", altered=3)  # known by nothing but a new measurement
    alter(folder, "eq-bernoulli", latex="p = t", altered=3)
    assert [path.name for path in report.update()] == ["report.json", "index.md", "chapter-06.md"]
    measured = record.entries(record.read_record())
    assert measured["eq-bernoulli"]["altered"] > 3
    assert measured["eq-bernoulli"]["latex"] != "p = t"
    assert measured["eq-ln-two"]["altered"] == 3
    report.update(["eq-ln-two"])
    assert record.entries(record.read_record())["eq-ln-two"]["altered"] > 3
    assert report.outdated() == {}


def test_an_error_is_written_only_if_it_leaves_its_band(folder):
    alter(folder, "eq-bernoulli", error=7e-15)
    report.update(["eq-bernoulli"])
    assert record.entries(record.read_record())["eq-bernoulli"]["error"] == 7e-15
    alter(folder, "eq-bernoulli", error=7e-13)
    report.update(["eq-bernoulli"])
    assert record.entries(record.read_record())["eq-bernoulli"]["error"] < 1e-14


def test_a_page_that_was_edited_is_named(folder):
    (folder / "letters-06.md").unlink()
    (folder / "index.md").write_text("The book has 200 equations.", encoding="utf-8")
    why = "is not what report.json says"
    assert report.outdated() == {"index.md": why, "letters-06.md": why}


def test_the_command_lists_what_is_stale(folder, monkeypatch, capsys):
    alter(folder, "eq-bernoulli", latex="p = t")
    (folder / "index.md").unlink()
    monkeypatch.setattr(sys, "argv", ["report", "--stale"])
    assert report.main() == 0
    listed = capsys.readouterr().out.splitlines()
    assert "eq-bernoulli: its formula has changed since it was measured" in listed
    assert "index.md: is not what report.json says" in listed
    assert len([line for line in listed if line.startswith("eq-")]) == 1


def test_an_unknown_equation_is_named(folder):
    with pytest.raises(ValueError, match="^eq-nowhere: no equation on any page has this id"):
        report.update(["eq-nowhere"])


def test_a_wrong_equation_ends_the_command_with_one_line(folder, monkeypatch, capsys):
    equation = report.find_equations(None)["eq-bernoulli"]._replace(latex="p = 2p")
    monkeypatch.setattr(report, "find_equations", lambda _: {"eq-bernoulli": equation})
    monkeypatch.setattr(report.sys, "argv", ["report", "eq-bernoulli"])
    assert report.main() == 1
    assert capsys.readouterr().err.startswith("equation 6.1 of 06-binary-cross-entropy.md (eq-be")
