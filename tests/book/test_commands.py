"""The one command: what it runs, what it leaves, what it says."""

import importlib
import importlib.util
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from book import contract
from book.__main__ import app
from book.commands import checks, dependents, generators, repository, review, update
from book.commands.generators import Generator
from tests import guard
from tests.book.pages import DOCS, FIGURE, ROOT

FAKE = """
import pathlib, sys
folder = pathlib.Path(__file__).parent
names = [name for name in sys.argv[1:] if not name.startswith("-")]
if "--stale" in sys.argv:
    print((folder / "stale").read_text(), end="")
elif "--update" in sys.argv:
    (folder / "made").write_text(" ".join(names) or "all")
    sys.exit((folder / "broken").exists())
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A generator in a folder of its own, the only one there is."""
    (tmp_path / "fake_generator.py").write_text(FAKE, encoding="utf-8")
    (tmp_path / "stale").write_text("", encoding="utf-8")
    monkeypatch.setitem(generators.ENVIRONMENT, "PYTHONPATH", str(tmp_path))
    generator = Generator("things", "fake_generator", "things", 1, ("--update",))
    monkeypatch.setattr(update, "GENERATORS", (generator,))
    monkeypatch.setattr(update, "changed", lambda since: [])
    return tmp_path


# --- update ---------------------------------------------------------------------------------------


def test_nothing_is_made_where_nothing_is_stale(fake, capsys):
    assert update.update(quick=False) == 0
    assert not (fake / "made").exists()
    assert capsys.readouterr().out == ""


def test_what_is_stale_is_named_with_its_reason_and_made(fake, capsys):
    (fake / "stale").write_text("one: its data changed: twice\ntwo: new\n", encoding="utf-8")
    (generator,) = update.GENERATORS
    assert generators.stale(generator) == {"one": "its data changed: twice", "two": "new"}
    assert update.out_of_date() == ["things: one: its data changed: twice", "things: two: new"]
    assert update.update(quick=False) == 0
    assert (fake / "made").read_text(encoding="utf-8") == "all"
    said = capsys.readouterr().out
    assert "things: one: its data changed: twice\nthings: two: new\n" in said
    assert "making things, about 2 s" in said


def test_what_takes_long_is_left_and_named(fake, capsys, monkeypatch):
    (fake / "stale").write_text("one: new\ntwo: new\n", encoding="utf-8")
    monkeypatch.setattr(update, "seconds", lambda generator, name: 60 if name == "one" else 1)
    assert update.update(quick=True) == 0
    assert (fake / "made").read_text(encoding="utf-8") == "two"
    said = capsys.readouterr().out
    assert said.endswith("because it takes long:\n  things: one: new\n")
    assert update.update(quick=False) == 0
    assert (fake / "made").read_text(encoding="utf-8") == "all"


def test_what_needs_a_library_that_is_not_there_is_left_and_named(fake, capsys, monkeypatch):
    (fake / "stale").write_text("one: new\ntwo: new\n", encoding="utf-8")
    (generator,) = update.GENERATORS
    monkeypatch.setattr(update, "GENERATORS", (generator._replace(needs="no_such_library"),))
    assert update.update(quick=False) == 0
    assert not (fake / "made").exists()
    said = capsys.readouterr().out
    assert said.endswith("  things: 2 of them, with no_such_library installed\n")
    monkeypatch.setattr(update, "GENERATORS", (generator._replace(needs="json"),))
    assert update.update(quick=False) == 0
    assert (fake / "made").read_text(encoding="utf-8") == "all"


def test_a_generator_that_fails_is_named_and_counted(fake, capsys):
    (fake / "stale").write_text("one: new\n", encoding="utf-8")
    (fake / "broken").touch()
    assert update.update(quick=False) == 1
    assert capsys.readouterr().out.endswith("Failed:\n  things\n")


def test_a_generator_that_does_not_answer_is_named(fake, capsys):
    (fake / "stale").unlink()
    (line,) = update.out_of_date()
    assert line.startswith("things: python -m fake_generator --stale failed: FileNotFoundError")
    assert update.update(quick=False) == 1
    assert capsys.readouterr().out == f"\nFailed:\n  {line}\n"


def test_stale_fails_where_something_is(fake):
    assert CliRunner().invoke(app, ["stale"]).exit_code == 0
    (fake / "stale").write_text("one: new\n", encoding="utf-8")
    found = CliRunner().invoke(app, ["stale"])
    assert found.exit_code == 1
    assert found.output.startswith("things: one: new\n")


def test_stale_can_leave_out_what_takes_minutes_to_measure(fake, monkeypatch):
    (fake / "stale").write_text("one: new\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["stale", "--quick"]).exit_code == 1
    monkeypatch.setattr(update, "GENERATORS", (update.GENERATORS[0]._replace(seconds=30),))
    assert CliRunner().invoke(app, ["stale", "--quick"]).exit_code == 0
    assert CliRunner().invoke(app, ["stale"]).exit_code == 1


def test_a_figure_takes_as_long_as_its_data_say():
    figures = Generator("figures", "scripts.figures", "docs/figures", 5)
    data = json.loads((DOCS / "figures" / "loss_curve.json").read_text(encoding="utf-8"))
    assert generators.seconds(figures, "loss_curve") == data["provenance"]["seconds"] != 5
    assert generators.seconds(figures, "of tomorrow") == 5


@pytest.mark.parametrize("generator", generators.GENERATORS, ids=lambda g: g.name)
def test_every_generator_is_there_and_what_it_makes_as_well(generator):
    assert importlib.util.find_spec(generator.module)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for path in generator.makes.split(" and "):
        assert (ROOT / path).exists() or f"/{path}/" in ignored


@pytest.mark.parametrize("module", ["scripts.digit_sheets", "scripts.subset_font"])
def test_sheets_and_faces_are_up_to_date(module):
    pytest.importorskip("fontTools", reason="the site's extra is not installed")
    assert importlib.import_module(module).stale() == {}


def test_the_contract_lists_checks_and_makes(monkeypatch, capsys):
    made = []

    def call(*arguments, stale):
        monkeypatch.setattr(sys, "argv", ["generator", *arguments])
        made.clear()
        return contract.run("About.", lambda: stale, made.extend)

    assert call("--stale", stale={"a": "new"}) == 0
    assert capsys.readouterr().out == "a: new\n"
    assert call("--check", stale={"a": "new"}) == 1
    assert call("--check", stale={}) == 0
    assert made == []
    assert call(stale={"a": "new"}) == 0
    assert made == ["a"]
    assert call("b", stale={"a": "new"}) == 0
    assert made == ["b"]
    assert call(stale={}) == 0
    assert made == []


# --- what to read ---------------------------------------------------------------------------------


def test_a_page_is_read_when_it_or_what_it_shows_has_changed():
    page = "docs/03-kernel-gradients.md"
    name = FIGURE.search((ROOT / page).read_text(encoding="utf-8"))["name"]
    for file in (f"{name}.json", f"{name}-dark.svg"):
        assert f"figure {name}" in dependents.to_read([f"docs/figures/{file}"])[page]
    assert "changed" in dependents.to_read([page])[page]
    listed = dependents.to_read(["cnnbook/correlation.py"])
    assert listed["docs/01-cross-correlation-and-convolution.md"] == {
        "source of cnnbook.correlation"
    }
    assert page not in listed
    assert (
        dependents.to_read(["docs/source/idx.md", "docs/equations/report.json", "README.md"]) == {}
    )
    assert list(dependents.to_read(["docs/digits/test-00.png"])) == ["docs/digits.md"]
    assert list(dependents.to_read(["docs/stylesheets/book.css"])) == ["some pages in a browser"]


# --- check ----------------------------------------------------------------------------------------


def test_checks_end_with_a_line_each_and_count_what_failed(monkeypatch, capfd):
    python = [sys.executable, "-c"]
    table = {"good": [*python, "print('fine')"], "bad": [*python, "raise SystemExit('broken')"]}
    table["wide"] = [*python, "print('shown as it comes')"]
    monkeypatch.setattr(checks, "commands", lambda site: table)
    monkeypatch.setattr(checks, "WIDE", ["wide"])
    assert checks.check([], quick=False, site=None) == 1
    assert checks.check(["wide", "good"], quick=False, site=None) == 0
    lines = [line.split()[:2] for line in capfd.readouterr().out.splitlines() if line[:2] != "--"]
    assert [line for line in lines if line] == [
        ["broken"],
        ["shown", "as"],
        ["ok", "good"],
        ["FAILED", "bad"],
        ["ok", "wide"],
        ["shown", "as"],
        ["ok", "good"],
        ["ok", "wide"],
    ]


def test_what_takes_two_processors_is_not_run_beside_anything():
    table = checks.commands("site")
    two = {
        name for name, command in table.items() if "-n" in command or "scripts.figures" in command
    }
    assert two == set(checks.WIDE)


def test_every_test_is_run_by_one_check():
    table = checks.commands("site")
    named = [
        (name, ROOT / word)
        for name in ("package", "tests", "browser")
        for word in table[name][2:]
        if (ROOT / word).exists()
    ]
    for path in (ROOT / name for name in json.loads(guard.NOTED.read_text(encoding="utf-8"))):
        assert len([name for name, place in named if place in (path, *path.parents)]) == 1, path
    assert ("package", ROOT / "cnnbook") in named
    assert "--cov-fail-under=100" in table["package"]


def test_an_unknown_check_is_named(monkeypatch):
    monkeypatch.setattr(checks, "commands", lambda site: dict.fromkeys(["good", "bad"]))
    with pytest.raises(SystemExit, match="unknown: best; there are good, bad"):
        checks.check(["best"], quick=False, site=None)


def test_the_quick_checks_show_only_what_failed(capfd):
    python = [sys.executable, "-c"]
    table = {"good": [*python, "print('fine')"], "bad": [*python, "raise SystemExit('broken')"]}
    verdicts = checks.together(table, generators.ENVIRONMENT)
    assert [(name, passed) for name, passed, _ in verdicts] == [("good", True), ("bad", False)]
    said = capfd.readouterr().out
    assert "broken" in said
    assert "fine" not in said


def test_the_quick_checks_are_among_all():
    assert set(checks.QUICK) < set(checks.commands("site"))


def test_a_change_brings_its_own_tests():
    always = ["-m", "not slow", "tests/book"]
    assert checks.touched([]) == always
    page = checks.touched(["docs/03-kernel-gradients.md"])
    assert "docs/03-kernel-gradients.md" in page
    assert f"{checks.EQUATIONS}::test_equation[eq-kernel-gradient]" in page
    assert f"{checks.EQUATIONS}::test_equation[eq-valid]" not in page
    module = checks.touched(["cnnbook/layers/conv.py"])
    assert {"cnnbook/layers/conv.py", "tests/layers/test_conv.py"} <= set(module)
    assert {"tests/layers/test_contract.py", "tests/test_twins.py"} <= set(module)
    assert checks.touched(["tests/test_gone.py", "tests/browser/test_pages.py"]) == always
    (bound,) = (ROOT / "book" / "formulas" / "chapters").glob("chapter_03_*.py")
    assert page[4:] == checks.touched([bound.relative_to(ROOT).as_posix()])[3:]


# --- review ---------------------------------------------------------------------------------------


def test_a_changed_sentence_is_shown_word_by_word_with_its_claims():
    was = "One.\n\nThe figure shows\nthis for two entries of `k`, $(i, j)$.\n"
    now = "One.\n\nThe figure shows this for a pair of entries of `k`, $(u, v)$.\n"
    (shown,) = review.differences(was, now)
    assert shown.splitlines() == [
        "The figure shows this for [-two-] {+a pair of+} entries of `k`, [-$(i, j)$-]{+$(u, v)$+}.",
        "  - two",
        "  - $(i, j)$",
        "  + $(u, v)$",
    ]


def test_a_line_broken_elsewhere_and_an_example_are_no_change_of_words():
    was = "A sentence\nof two lines.\n\n```pycon\n>>> 1\n1\n```\n\n$$\na = b\n$$ {#eq-a}\n"
    now = "A sentence of\ntwo lines.\n\n```pycon\n>>> 2\n2\n```\n\n$$\na = c\n$$ {#eq-a}\n"
    assert list(review.differences(was, now)) == []


def test_a_paragraph_that_came_or_went_is_shown():
    assert list(review.differences("One.\n", "One.\n\nTwo of `k`.\n")) == [
        "{+Two of `k`.+}\n  + Two\n  + `k`"
    ]
    assert list(review.differences("One.\n\nGone.\n", "One.\n")) == ["[-Gone.-]"]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A small project of its own, with a page that is committed."""

    def git(*arguments):
        identity = ["-c", "user.name=reader", "-c", "user.email=reader@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    git("init", "--quiet", "--initial-branch=main")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("Five kernels.\n", encoding="utf-8")
    git("add", ".")
    git("commit", "--quiet", "--message", "page")
    for module in (repository, review):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def test_git_knows_what_has_changed(clone):
    assert repository.changed(repository.fork_point()) == []
    (clone / "docs" / "page.md").write_text("Six kernels.\n", encoding="utf-8")
    (clone / "docs" / "déjà.md").write_text("New.\n", encoding="utf-8")
    assert repository.changed("HEAD") == ["docs/déjà.md", "docs/page.md"]
    assert review.review() == (
        "=== docs/déjà.md\n\n{+New.+}\n\n"
        "=== docs/page.md\n\n[-Five-] {+Six+} kernels.\n  - Five\n  + Six"
    )
    assert repository.text_at("HEAD", "docs/page.md") == "Five kernels.\n"
    with pytest.raises(SystemExit, match="git diff .*: .*nothing"):
        repository.changed("nothing")
