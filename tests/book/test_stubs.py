"""Every module has a page that shows it whole."""

import sys

import pytest

from book.site import stubs


def test_every_module_has_its_page():
    assert stubs.stale() == [], "run python -m book.site.stubs"


@pytest.fixture
def project(tmp_path):
    package = tmp_path / "cnnbook"
    (package / "layers").mkdir(parents=True)
    for name in ("__init__", "model", "layers/conv"):
        (package / f"{name}.py").write_text("")
    return tmp_path


def test_a_new_module_a_changed_page_and_one_too_many_are_named_and_mended(project):
    names = [f"docs/source/{name}.md" for name in ("__init__", "layers/conv", "model")]
    assert stubs.stale(project) == names
    assert stubs.update(project) == [project / name for name in names]
    assert stubs.stale(project) == []
    assert '--8<-- "cnnbook/layers/conv.py"' in (project / names[1]).read_text()
    (project / names[1]).write_text("edited")
    (project / "docs" / "source" / "old.md").write_text("of a module that is no more")
    (project / "cnnbook" / "new.py").write_text("")
    wrong = ["docs/source/layers/conv.md", "docs/source/new.md", "docs/source/old.md"]
    assert stubs.stale(project) == wrong
    stubs.update(project)
    assert stubs.stale(project) == []
    assert not (project / "docs" / "source" / "old.md").exists()
    assert stubs.update(project) == []


def test_the_command_lists_checks_or_writes(project, monkeypatch, capsys):
    written = []
    monkeypatch.setattr(stubs, "stale", lambda: ["docs/source/new.md"])
    monkeypatch.setattr(stubs, "update", lambda: written.append("new"))
    monkeypatch.setattr(sys, "argv", ["stubs", "--check"])
    assert stubs.main() == 1
    assert capsys.readouterr().out.startswith("docs/source/new.md: ")
    assert written == []
    monkeypatch.setattr(sys, "argv", ["stubs"])
    assert stubs.main() == 0
    assert written == ["new"]
