"""What `mkdocs serve` shows after a change is what `mkdocs build` makes."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="the site's extra is not installed: pip install '.[docs]'")
pytest.importorskip("math_core")

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.pages import Page

from book.site import serving

ROOT = Path(__file__).parents[2]
CHAPTER = "03-kernel-gradients.md"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the project that may be changed."""
    for name in ("cnnbook", "book", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.npz"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    monkeypatch.setattr(Page, "render", Page.render)
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(project, name, *, serving_now):
    Page.render = serving.render if serving_now else serving._convert
    folder = project / name
    config = load_config(str(project / "mkdocs.yml"), strict=True, site_dir=str(folder))
    build(config)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".html", ".json"}
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_rebuild_makes_what_a_build_makes(project, monkeypatch):
    made(project, "first", serving_now=True)
    page = project / "docs" / CHAPTER
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("A kernel is learned", "A kernel is taught"), encoding="utf-8")
    converted = []

    def count(self, *arguments):
        converted.append(self.file.src_uri)
        return convert(self, *arguments)

    convert = serving._convert
    monkeypatch.setattr(serving, "_convert", count)
    again = made(project, "again", serving_now=True)
    assert converted == [CHAPTER], "only the changed page is converted"
    monkeypatch.setattr(serving, "_convert", convert)
    fresh = made(project, "fresh", serving_now=False)
    assert again.keys() == fresh.keys()
    assert [name for name in fresh if again[name] != fresh[name]] == []
    assert b"A kernel is taught" in fresh["03-kernel-gradients/index.html"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_change_of_source_converts_every_page(project, monkeypatch):
    made(project, "first", serving_now=True)
    with (project / "cnnbook" / "correlation.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    converted = []
    monkeypatch.setattr(serving, "_convert", lambda self, *_: converted.append(self) or stop())

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(project, "again", serving_now=True)
    assert converted
