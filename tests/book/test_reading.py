"""A build reads each file once, however many pages draw on it, and sees what has changed."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from book.reading import read, read_json, version, versions

# What Python opens for reading, one path a line, after the build has ended.
LISTEN = """
import os, runpy, sys
opened = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and "r" in (arguments[1] or "r"):
        opened.append(os.path.realpath(arguments[0]))
sys.addaudithook(hook)
sys.argv = ["mkdocs", "build", "--strict"]
try:
    runpy.run_module("mkdocs", run_name="__main__")
except SystemExit as end:
    print(*opened, sep="\\n")
    sys.exit(end.code)
"""
CONFIGURATION = """\
site_name: Small
strict: true
theme: {{name: material, font: false}}
plugins: [autorefs]
markdown_extensions:
  - attr_list
  - book.site.extension: {{docs: docs, sources: package, configuration: mkdocs.yml}}
nav: [{nav}]
"""
PAGE = """\
# {0}. Page

By @eq-one and @eq-{1}: {{{{ fig.count }}}}, {{{{ fig.count:word }}}}.

$$
x = {0}
$$ {{#eq-{1}}}

![A drawing.](figures/fig.svg)
"""
NUMBERS = ["one", "two", "three", "four", "five"]


@pytest.fixture
def small_site(tmp_path):
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    (tmp_path / "docs" / "equations").mkdir()
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text('"""By @eq-one."""\n')
    pages = [f"{name}.md" for name in NUMBERS]
    for place, name in enumerate(NUMBERS, 1):
        (tmp_path / "docs" / pages[place - 1]).write_text(PAGE.format(place, name))
    figures = tmp_path / "docs" / "figures"
    (figures / "fig.json").write_text('{"data": {"count": 3}}')
    for scheme in ("light", "dark"):
        (figures / f"fig-{scheme}.svg").write_text('<svg width="9pt" height="9pt"></svg>')
    checks = "".join(f"[](){{#check-eq-{name}}}\n" for name in NUMBERS)
    (tmp_path / "docs" / "equations" / "index.md").write_text(f"# Checks\n\n{checks}")
    report = [{"id": f"eq-{name}", "source": None} for name in NUMBERS]
    path = tmp_path / "docs" / "equations" / "report.json"
    path.write_text(json.dumps({"equations": report}))
    nav = ", ".join([*pages, "equations/index.md"])
    (tmp_path / "mkdocs.yml").write_text(CONFIGURATION.format(nav=nav))
    return tmp_path.resolve()


def test_a_build_reads_each_file_once(small_site):
    pytest.importorskip("mkdocs", reason="the site's extra is not installed: pip install '.[docs]'")
    pytest.importorskip("math_core")
    done = subprocess.run(
        [sys.executable, "-c", LISTEN],
        cwd=small_site,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    opened = Counter(done.stdout.splitlines())
    files = [p for p in small_site.rglob("*") if p.is_file() and "site" not in p.parts]
    times = {path.relative_to(small_site).as_posix(): opened[str(path)] for path in files}
    once = {"package/module.py": 1}
    # MkDocs reads its configuration and pages itself, and copies all other files.
    assert {name: n for name, n in times.items() if n != once.get(name, 2)} == {}


def test_a_file_is_read_again_when_it_has_changed(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("one", encoding="utf-8")
    before = version(path)
    assert read(path) == "one"
    path.write_text("three", encoding="utf-8")
    os.utime(path, ns=(before.changed, before.changed))
    assert read(path) == "three", "as old as before, and longer"
    path.write_text("seven", encoding="utf-8")
    os.utime(path, ns=(before.changed, before.changed + 1))
    assert read(path) == "seven", "as long as before, and newer"


def test_json_is_parsed_once_for_every_version(tmp_path):
    path = tmp_path / "data.json"
    path.write_text("[1]", encoding="utf-8")
    assert read_json(path) is read_json(path)
    path.write_text("[1, 2]", encoding="utf-8")
    assert read_json(path) == [1, 2]


def test_files_are_looked_at_in_order(tmp_path):
    paths = [tmp_path / name for name in ("b", "a")]
    for path in paths:
        path.write_text("")
    assert [file.path.name for file in versions(paths)] == ["a", "b"]
