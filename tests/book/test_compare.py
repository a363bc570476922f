"""Two sites are the same book, or it is said in what they differ."""

import subprocess
import sys

import pytest

from book.site import compare
from book.site.compare import dead_links, differences, read_site
from tests.book.pages import ROOT

PAGE = """\
<!doctype html><html><head><title>Page</title><meta name="description" content="About.">
<link rel="stylesheet" href="../style.css"></head><body>
<a href="..">Home</a> <a href="https://example.org/nowhere">Elsewhere</a>
<main><article><a id="__skip"></a>
<h1 id="page">Page</h1>
<p>It is <math alttext="x"><mi>x</mi></math>, see <a href="#eq-x">(1)</a> of
<a href="../other/#there">Other</a>.<br></p>
<a id="eq-x" href="#eq-x">(1)</a><math alttext="x = 1"><mi>x</mi></math>
<pre><code>print(<span>1</span>)
</code></pre>
<p><img src="../fig.svg" alt="What to see"></p>
<script>skipped()</script>
</article></main><footer>Made by the first</footer></body></html>
"""
HOME = '<html><head><title>Home</title></head><body><a href="page/index.html">In</a></body></html>'
OTHER = '<html><head><title>Other</title></head><body><h2 id="there">There</h2></body></html>'


def write(folder, page=PAGE):
    for name, text in {
        "index.html": HOME,
        "page/index.html": page,
        "other/index.html": OTHER,
        "fig.svg": "<svg/>",
        "style.css": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def sites(tmp_path):
    return write(tmp_path / "a"), write(tmp_path / "b")


def compared(sites):
    return list(differences(*(read_site(folder) for folder in sites)))


def test_the_same_book_has_no_differences(sites):
    spelled = PAGE.replace('href="#eq-x"', 'href="../page/#eq-x"').replace("</p>\n<a", "</p> <a")
    theme = spelled.replace('<a id="__skip"></a>', "").replace("by the first", "by the second")
    write(sites[1], theme)
    assert compared(sites) == []
    for folder in sites:
        assert list(dead_links(read_site(folder), folder)) == []


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("<title>Page", "<title>Another", ["head"]),
        ('content="About."', 'content="Of."', ["head"]),
        ('alttext="x = 1"', 'alttext="x = 2"', ["formulas"]),
        ("see <a", 'see <math alttext=""></math><a', ["formulas"]),
        ('id="page"', 'id="page_1"', ["ids"]),
        ("print(", "print( ", ["blocks"]),
        ("<pre>", "<pre></pre><pre>", ["blocks"]),
        ('src="../fig.svg"', 'src="../figure.svg"', ["pictures"]),
        ('<img src="../fig.svg" alt="What to see">', "", ["pictures"]),
        ('alt="What to see"', 'alt="A figure"', ["pictures"]),
        ("../other/#there", "../other/", ["links"]),
        ("It is", "It was", ["words"]),
    ],
)
def test_each_difference_is_one_line(sites, old, new, kinds):
    assert old in PAGE
    write(sites[1], PAGE.replace(old, new))
    found = compared(sites)
    assert [line.split()[1].strip(",") for line in found] == kinds
    assert found[0].startswith("page/index.html: ")


def test_a_line_says_where_and_what(sites):
    write(sites[1], PAGE.replace('<math alttext="x = 1"><mi>x</mi></math>', "<i>x</i>"))
    line = "page/index.html: formulas, 2 and 1: number 2 is 'x = 1'; missing"
    assert compared(sites) == [line]


def test_a_page_that_one_site_lacks(sites):
    (sites[1] / "other" / "index.html").unlink()
    assert compared(sites) == ["other/index.html: only in the first site"]
    assert compared(sites[::-1]) == ["other/index.html: only in the second site"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("../other/#there", "../other/#nowhere", "no id nowhere in other/index.html"),
        ("../other/#there", "../others/", "no file others/index.html"),
        ('href=".."', 'href="../../a/"', "no file ../a/index.html"),
        ("../style.css", "/style.sheet", "no file style.sheet"),
        ("../fig.svg", "fig.svg", "no file page/fig.svg"),
        ('href="#eq-x"', 'href="#eq-y"', "no id eq-y in page/index.html"),
    ],
)
def test_a_link_leads_somewhere(sites, old, new, message):
    folder = write(sites[0], PAGE.replace(old, new))
    assert list(dead_links(read_site(folder), folder)) == [f"a/page/index.html: there is {message}"]


def run(*arguments):
    command = [sys.executable, "-m", "book.site.compare", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_prints_and_fails(sites):
    done = run(*sites)
    assert (done.returncode, done.stdout) == (0, "3 pages, 0 differences\n"), done.stderr
    write(sites[1], PAGE.replace("It is", "It was").replace("../fig.svg", "fig.svg"))
    done = run(*sites)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 4, "words, pictures, a dead link, and the sum"
    assert run(sites[0]).returncode == 2, "one folder"
    (sites[0] / "empty").mkdir()
    assert run(sites[0] / "empty", sites[0] / "empty").returncode == 1, "no pages at all"


def test_a_builder_that_fails_is_named(monkeypatch):
    monkeypatch.setitem(compare.BUILDERS, "mkdocs", ["mkdocs", "--no-such-option"])
    with pytest.raises(SystemExit, match="^mkdocs did not make the book; what is printed above"):
        compare.build("mkdocs")
