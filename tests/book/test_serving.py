"""What `mkdocs serve` shows after a change is what `mkdocs build` makes."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="the site's extra is not installed: pip install '.[docs]'")
pytest.importorskip("math_core")

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from book.site import serving

ROOT = Path(__file__).parents[2]
CHAPTER, LINKED = "03-kernel-gradients.md", "02-the-convolutional-layer.md"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the project that may be changed, where no page is known yet."""
    for name in ("cnnbook", "book", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.npz"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    monkeypatch.setattr(serving, "kept", serving.KeptPages())
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(project, name):
    """Every page, and what the search knows."""
    folder = project / name
    config = load_config(str(project / "mkdocs.yml"), strict=True, site_dir=str(folder))
    build(config)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".html", ".json"}
    }


def converted_in(project, name):
    """Build, and list the pages that were converted, none of them left as it was known."""
    before = dict(serving.kept.converted)
    pages = made(project, name)
    after = serving.kept.converted
    return pages, [page for page in after if after[page] is not before.get(page)]


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_rebuild_makes_what_a_build_makes(project, monkeypatch):
    made(project, "first")
    edit(project / "docs" / CHAPTER, "A kernel is learned", "A kernel is taught")
    again, converted = converted_in(project, "again")
    assert converted == [CHAPTER], "only the changed page is converted"
    # The glossary, which is kept, links to a section: its name must still be there.
    section, renamed = "## One output, many channels\n", "## One output\n"
    edit(project / "docs" / LINKED, section, renamed)
    with pytest.raises(Abort, match="warnings in strict mode"):
        made(project, "renamed")
    edit(project / "docs" / LINKED, renamed, section)
    monkeypatch.setattr(serving, "kept", None)
    fresh = made(project, "fresh")
    assert again.keys() == fresh.keys()
    assert [name for name in fresh if again[name] != fresh[name]] == []
    assert b"A kernel is taught" in fresh["03-kernel-gradients/index.html"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("cnnbook/correlation.py", "", "\n"),
        ("book/site/templates/python/material/listing.html.jinja", "", "\n"),
        ("mkdocs.yml", "site_name: cnnbook", "site_name: another"),
        ("docs/figures/loss_curve.json", "", "\n"),
        ("docs/equations/report.json", "", "\n"),
        (f"docs/{CHAPTER}", "# 3. Kernel", "# 3. Colonel"),
        (f"docs/{CHAPTER}", "\ndescription: ", "\ndescription: New. "),
        (f"docs/{CHAPTER}", "\n$$\n", "\n$$\n1 "),
    ],
)
def test_what_is_not_on_a_page_may_change_it(project, name, old, new):
    before = serving.surroundings(project, project / "docs")
    assert serving.surroundings(project, project / "docs") == before
    edit(project / name, old, new)
    assert serving.surroundings(project, project / "docs") != before


def test_a_word_changes_its_own_page_only(project):
    before = serving.surroundings(project, project / "docs")
    edit(project / "docs" / CHAPTER, "A kernel is learned", "A kernel is taught")
    cache = project / "cnnbook" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "module.pyc").write_text("")
    assert serving.surroundings(project, project / "docs") == before


@pytest.mark.filterwarnings("ignore")
def test_only_serving_keeps_pages(project):
    def plugins(command):
        config = load_config(str(project / "mkdocs.yml"))
        config.plugins.on_startup(command=command, dirty=False)
        watched = len(config.watch)
        config.plugins.on_config(config)
        return "kept-pages" in config.plugins, len(config.watch) > watched

    assert plugins("serve") == (True, True)
    assert plugins("build") == (False, False)
