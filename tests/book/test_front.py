"""What meets a reader first: start page, README, how to cite, how to report a mistake."""

import json
import os
import re
import shutil
import subprocess
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

import cnnbook
from book.site.measured import measured
from tests.book.pages import CHAPTERS, DOCS, ROOT, navigation, text_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
START = text_of(DOCS / "index.md")
LINK = re.compile(r"(?<!!)\[(?P<text>[^]]+)\]\((?P<to>[^)\s]+)\)")


def titles():
    """What the navigation calls each chapter, in its order."""
    found = [
        (number, title, name)
        for name, called in navigation().items()
        for number, dot, title in [called.partition(". ")]
        if dot and number.isdecimal()
    ]
    assert [name for _, _, name in found] == [path.name for path in CHAPTERS]
    return found


def test_the_start_page_lists_every_chapter_in_order_with_its_title():
    contents = START[START.index('<div class="contents"') :]
    links = [(m["text"], m["to"]) for m in LINK.finditer(contents)]
    expected = [(f"{number}. {title}", name) for number, title, name in titles()]
    assert links[: len(expected)] == expected


def test_the_readme_lists_every_chapter_in_order_with_its_title():
    items = re.findall(r"^(\d+)\. \[(.+)\]\(docs/(\S+)\)$", README, re.MULTILINE)
    assert items == titles()


@pytest.mark.parametrize(
    ("text", "folder"), [(START, DOCS), (README, ROOT)], ids=["start", "readme"]
)
def test_the_way_into_the_book_leads_to_chapter_1(text, folder):
    (target,) = [m["to"] for m in LINK.finditer(text) if m["text"] == "Start with chapter 1"]
    assert (folder / target).resolve() == CHAPTERS[0].resolve()


def test_every_file_that_the_readme_links_to_is_there():
    targets = [m["to"] for m in LINK.finditer(README)] + re.findall(
        r'src(?:set)?="([^"]+)"', README
    )
    for target in targets:
        assert target.startswith("../../") or (ROOT / target).is_file(), target
    assert len(targets) > 25


def test_what_the_readme_says_of_the_mistakes_was_measured():
    words = [measured(DOCS / "figures", "wrong", entry, "word") for entry in ("mistakes", "hidden")]
    assert "Plant one of {} classic mistakes".format(*words) in README
    assert "with {1} of them, no run is\nworse than the worst".format(*words) in README


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_of_a_page_is_small_and_described(scheme):
    assert (DOCS / "images" / f"page-{scheme}.png").stat().st_size < 150_000
    assert len(re.search(r'page-light\.png" width="\d+" alt="([^"]+)"', README)[1]) > 80


def test_the_version_to_cite_is_the_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, re.MULTILINE) == [cnnbook.__version__]
    assert f"Version {cnnbook.__version__}" in README
    assert f"\n## {cnnbook.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readmes_forms_for_mistakes_are_there_and_valid():
    yaml = pytest.importorskip("yaml", reason="the site's extra is not installed")
    names = re.findall(r"issues/new\?template=(\S+?)\)", README)
    assert len(names) == 2
    for name in names:
        form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / name).read_text("utf-8"))
        assert {"name", "description", "body"} <= form.keys()
        asked = [part for part in form["body"] if part["type"] != "markdown"]
        assert all(part["attributes"]["label"] for part in asked)
        assert len({part["id"] for part in asked}) == len(asked) >= 3


def test_the_link_to_the_source_asks_nobody_for_its_stars():
    partial = (ROOT / "book" / "site" / "overrides" / "partials" / "source.html").read_text(
        encoding="utf-8"
    )
    assert 'class="md-source"' in partial
    assert "data-md-component" not in partial


# --- for doubters ---------------------------------------------------------------------------------

DIFF = re.compile(
    r"```diff\n--- a/(?P<path>\S+)\n\+\+\+ b/(?P=path)\n@@ .* @@\n(?P<lines>.*?)```", re.DOTALL
)
ROW = re.compile(r"^- `(?P<path>[^`]+\.(?:py|md))`: (?P<what>.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The project with the line of the start page in it: the package copied, the rest linked."""
    folder = tmp_path_factory.mktemp("broken")
    for path in ROOT.iterdir():
        if path.name in {
            "docs",
            "tests",
            "conftest.py",
            "README.md",
            "pyproject.toml",
            "scripts",
            "book",
        }:
            (folder / path.name).symlink_to(path, target_is_directory=path.is_dir())
    shutil.copytree(
        ROOT / "cnnbook", folder / "cnnbook", ignore=shutil.ignore_patterns("__pycache__")
    )
    diff = DIFF.search(START)
    lines = diff["lines"].splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
    path = folder / diff["path"]
    source = path.read_text(encoding="utf-8")
    assert source.count(old) == 1, "the diff says which place it is about"
    path.write_text(source.replace(old, new), encoding="utf-8")
    return folder


def failures(folder, *targets):
    """What fails, file by file, without the parameters of a test that is not an equation."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *targets],
        cwd=folder,
        env={**environment, "COLUMNS": "500", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found = {}
    for path, name in re.findall(r"^FAILED (\S+?)::(\S+)", done.stdout, re.MULTILINE):
        name = re.sub(r"^test_equation\[(.+)\]$", r"\1", name)
        found.setdefault(path, set()).add(name.partition("[")[0].rpartition(".")[2])
    return found


@pytest.mark.slow
def test_the_line_for_doubters_fails_what_the_start_page_says(broken):
    rows = {m["path"]: set(re.findall(r"`([^`]+)`", m["what"])) for m in ROW.finditer(START)}
    assert len(rows) == 24
    equations = "tests/equations/test_equations.py"
    targets = [f"{equations}::test_equation[{name}]" for name in sorted(rows[equations])]
    paths = [path for path in rows if path != equations]
    halves = [p for p in paths if p.endswith(".md")], [p for p in paths if p.endswith(".py")]
    with ThreadPoolExecutor() as pool:  # the pages train networks, the rest does not
        done = pool.map(lambda some: failures(broken, *some), (halves[0], halves[1] + targets))
    found = {path: names for half in done for path, names in half.items()}
    pages = {path: {"md"} if path.endswith(".md") else names for path, names in rows.items()}
    assert found == pages


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("address", ["https://example.org/book/", ""])
def test_a_link_to_a_page_has_a_card_where_the_address_is_known(tmp_path, address):
    build = pytest.importorskip("mkdocs.commands.build", reason="the site's extra")
    config = pytest.importorskip("mkdocs.config")
    (tmp_path / "docs").mkdir()
    page = '---\ntitle: Five & six\ndescription: What "it" says.\n---\n# Five\n'
    (tmp_path / "docs" / "index.md").write_text(page, encoding="utf-8")
    overrides = ROOT / "book" / "site" / "overrides"
    settings = {
        "site_name": "a book",
        "site_url": address,
        "theme": {"name": "material", "custom_dir": str(overrides)},
        "plugins": [],
    }
    (tmp_path / "mkdocs.yml").write_text(json.dumps(settings), encoding="utf-8")
    site = config.load_config(str(tmp_path / "mkdocs.yml"))
    build.build(site)
    html = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    card = dict(re.findall(r'<meta property="og:(\S+)" content="([^"]*)">', html))
    sitemap = (tmp_path / "site" / "sitemap.xml").read_text(encoding="utf-8")
    assert sitemap.count("<loc>") == html.count('rel="canonical"') == bool(address)
    if address:
        assert card["title"] == "Five &amp; six"
        assert card["description"] == "What &#34;it&#34; says."
        assert card["url"] == address
        assert card["image"] == f"{address}images/page-light.png"
        assert (DOCS / card["image"].removeprefix(address)).is_file()
    else:
        assert card == {}


def test_the_package_knows_an_address_only_from_the_environment(monkeypatch):
    hatchling = types.ModuleType("hatchling")  # pip brings it, into an environment of its own
    hatchling.MetadataHookInterface = object
    monkeypatch.setitem(sys.modules, "hatchling.metadata.plugin.interface", hatchling)
    from hatch_build import Addresses

    for name in ("CNNBOOK_REPOSITORY", "CNNBOOK_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    metadata = {}
    Addresses().update(metadata)
    assert metadata == {"urls": {}}
    monkeypatch.setenv("CNNBOOK_REPOSITORY", "https://example.org/repo")
    Addresses().update(metadata)
    source = "https://example.org/repo"
    assert metadata == {"urls": {"Source": source, "Issues": f"{source}/issues"}}
