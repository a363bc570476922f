"""What stands beside each other belongs together: figures, captions, listings, links, titles."""

import ast
import io
import json
import re
import tokenize
from itertools import takewhile
from operator import attrgetter
from pathlib import Path

import pytest

from book.equations import FENCE, REFERENCE, find_equations
from tests.book.pages import CHAPTERS, DOCS, ROOT, text_of

PAGES = sorted(DOCS.glob("*.md"))
NAMES = {path.stem for path in (DOCS / "figures").glob("*.json")}


def paged(paths):
    return pytest.mark.parametrize("path", paths, ids=attrgetter("stem"))


# --- figures --------------------------------------------------------------------------------------

FIGURE = re.compile(r"<figure.*?</figure>", re.DOTALL)
IMAGE = re.compile(r"!\[[^\]]*\]\((?:[\w./]*/)?figures/(\w+)\.svg\)")
MEASURED = re.compile(r"\{\{ *(\w+)\.")
NAMED = re.compile(r"scripts\.figures (\w+)|figures/(\w+)\.(?:json|py)|\[(\w+)\.json\]")


def misplaced_figures(text):
    """Say which figures of a page stand with the numbers, data or name of another."""
    for match in FIGURE.finditer(text):
        shown = set(IMAGE.findall(match[0]))
        named = {name for groups in NAMED.findall(match[0]) for name in groups if name}
        if len(shown) != 1:
            yield f"a figure shows {sorted(shown)}"
        elif named - shown:
            yield f"the figure {shown} names {named - shown}"
        elif not named:
            yield f"the figure {shown} does not say what it is made by"
        elif others := set(MEASURED.findall(match[0])) - shown:
            yield f"the figure {shown} has numbers of {others}"
    if outside := IMAGE.findall(FIGURE.sub("", text)):
        yield f"without a caption: {outside}"


@paged(PAGES)
def test_a_figure_stands_with_its_own_caption_numbers_and_data(path):
    assert list(misplaced_figures(path.read_text(encoding="utf-8"))) == []


def test_exchanged_figures_are_noticed():
    text = (DOCS / "11-learning.md").read_text(encoding="utf-8")
    for old, new in [
        ("(figures/seeds.svg)", "(figures/learning_rates.svg)"),
        ("(figures/seeds.json)", "(figures/learning_rates.json)"),
        ("scripts.figures seeds", "scripts.figures batch_sizes"),
    ]:
        assert old in text
        assert list(misplaced_figures(text.replace(old, new))), old
    caption = re.search(r"\(figures/seeds\.svg\).*?(\{\{ *)seeds\.", text, re.DOTALL)
    altered = text[: caption.start(1)] + "{{ kernels." + text[caption.end() :]
    assert list(misplaced_figures(altered))


def labels(name, scheme):
    """Return the words in a drawing, in their order."""
    svg = (DOCS / "figures" / f"{name}-{scheme}.svg").read_text(encoding="utf-8")
    return re.findall(r"<!-- (.*?) -->", svg)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_light_and_the_dark_drawing_say_the_same(name):
    assert labels(name, "light") == labels(name, "dark")
    module = (ROOT / "scripts" / "figures" / f"{name}.py").read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(module))


# --- listings -------------------------------------------------------------------------------------

LISTING = re.compile(r"^::: cnnbook\.(\S+)\n +options: \{extra: \{listing: true\}\}$", re.MULTILINE)
LISTINGS = re.compile(rf"(?:{LISTING.pattern}\s*)+", re.MULTILINE)
GIVEN = re.compile(r"\{#(eq-[\w-]+)\}")


def source_of(name):
    """Return the source of a function, a class or a method of the package, by its dotted name."""
    griffe = pytest.importorskip("griffe", reason="the site's extra is not installed")
    if not hasattr(source_of, "package"):
        source_of.package = griffe.load("cnnbook", search_paths=[ROOT])
    thing = source_of.package[name]
    return "\n".join(thing.source.splitlines())


def named(name, text):
    """Say whether a text names a function, or the class of a method, as code."""
    owner, last = name.split(".")[-2:]
    words = [last, *([owner] if owner[0].isupper() else [])]
    return re.search(rf"`[^`]*\b({'|'.join(words)})\b", text) is not None


def foreign_listings(text):
    """Name the listings of a page whose surroundings neither give nor name what they compute.

    The surroundings are the section, from the listings before to those after.
    """
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        groups = list(LISTINGS.finditer(section))
        ends = [0, *(group.end() for group in groups)]
        starts = [*(group.start() for group in groups), len(section)]
        for at, group in enumerate(groups):
            around = section[ends[at] : group.start()] + section[group.end() : starts[at + 1]]
            given = set(GIVEN.findall(around)) | set(REFERENCE.findall(around))
            for name in LISTING.findall(group[0]):
                wanted = set(REFERENCE.findall(source_of(name)))
                if not (wanted & given if wanted else named(name, around)):
                    yield name


# Listings that stand together at the end of a section; what they compute is given further on.
APART = {
    ("01-cross-correlation-and-convolution", "correlation.cross_correlate2d_loops"),
    ("04-input-gradients", "layers.conv.Conv2D.backward"),
    ("04-input-gradients", "layers.conv_gradients.column_gradient"),
    ("04-input-gradients", "layers.geometry.col2im"),
    ("06-binary-cross-entropy", "losses.binary_cross_entropy.binary_cross_entropy"),
    ("08-dense-layers", "layers.dense.dense"),
    ("11-learning", "train.train_on_batch"),
    ("16-vectorisation", "ways.conv2d_by_fourier"),
    ("20-several-processes", "parallel.Alone"),
    ("20-several-processes", "parallel.shards_of"),
    ("20-several-processes", "parallel.sum_of_shards"),
}


@paged(CHAPTERS)
def test_a_listing_implements_what_stands_beside_it(path):
    found = {(path.stem, name) for name in foreign_listings(text_of(path))}
    assert found - APART == set()


@pytest.mark.parametrize(
    ("page", "first", "second"),
    [
        (
            "08-dense-layers",
            "layers.dense.dense_weight_gradient",
            "layers.dense.dense_input_gradient",
        ),
        ("05-the-sigmoid", "functions.sigmoid", "layers.activations.relu_gradient"),
        ("10-the-data", "idx.parse_idx", "samples.one_hot"),
        ("03-kernel-gradients", "layers.conv_gradients.conv2d_bias_gradient", "functions.sigmoid"),
    ],
)
def test_exchanged_listings_are_noticed(page, first, second):
    text = text_of(DOCS / f"{page}.md")
    assert f"::: cnnbook.{first}\n" in text
    names = {
        f"cnnbook.{first}\n": f"cnnbook.{second}\n",
        f"cnnbook.{second}\n": f"cnnbook.{first}\n",
    }
    swapped = re.sub("|".join(map(re.escape, names)), lambda m: names[m[0]], text)
    assert {(page, name) for name in foreign_listings(swapped)} - APART


# --- comments of the source -----------------------------------------------------------------------

# The function that a comment stands in computes the equation, but another one is measured.
PARTS = {
    ("check_loss", "eq-richardson"),
    ("extrapolated_gradient", "eq-extrapolation"),
    ("_largest_error", "eq-rounding"),
    ("binary_cross_entropy_from_logits_gradient", "eq-collapse"),
}


def commented(source):
    """Yield each equation that a comment names, and the functions around it."""
    tree = ast.parse(source)
    spans = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            around = [n for n in spans if n.lineno <= token.start[0] <= n.end_lineno]
            for name in REFERENCE.findall(token.string):
                yield name, around


def calls(tree):
    """Name the functions that a piece of code calls."""
    parts = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(part).rpartition(".")[2] for part in parts}


def foreign_comments(source, measured):
    """Name the comments that refer to an equation which is another function's."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    for equation, around in commented(source):
        *owner, last = str(measured.get(equation)).split(".")
        owners = {name for name in owner if name[0].isupper()}
        inside = {re.sub(r"(_strided)?_loops$", "", node.name) for node in around}
        helped = set().union(*(calls(node) for node in functions if node.name == last))
        if not inside & {last, *owners, *helped} and not any(
            (name, equation) in PARTS for name in inside
        ):
            yield f"{equation} in {sorted(inside)}, measured of {last}"


def measured_functions():
    report = json.loads((DOCS / "equations" / "report.json").read_text(encoding="utf-8"))
    return {entry["id"]: entry["source"] for entry in report["equations"]}


@pytest.mark.parametrize("path", sorted((ROOT / "cnnbook").rglob("*.py")), ids=attrgetter("stem"))
def test_a_comment_names_an_equation_of_its_function(path):
    source = path.read_text(encoding="utf-8")
    assert list(foreign_comments(source, measured_functions())) == []


def test_exchanged_comments_are_noticed():
    source = (ROOT / "cnnbook" / "layers" / "dense.py").read_text(encoding="utf-8")
    for old, new in [
        ("# @eq-dense-lines", "# @eq-dense-bias-gradient"),
        ("# @eq-dense-input-product", "# @eq-dense-lines"),
        ("# @eq-dense-bias-gradient", "# @eq-sum-of-all"),
    ]:
        assert old in source
        assert list(foreign_comments(source.replace(old, new), measured_functions())), old


# --- titles ---------------------------------------------------------------------------------------


@paged([*PAGES, *sorted((DOCS / "reference").glob("*.md"))])
def test_the_title_in_the_front_matter_is_the_heading(path):
    text = path.read_text(encoding="utf-8")
    title = re.search(r"^title: (.+)$", text.partition("\n---\n")[0], re.MULTILINE)
    heading = re.search(r"^# (?:\d+\. )?(.+?)(?: \{.*)?$", text_of(path), re.MULTILINE)
    if title is not None:
        assert title[1].strip("\"'") == heading[1]
    else:
        assert path.parent.name == "reference", "a page has a title"


# --- links ----------------------------------------------------------------------------------------

LINK = re.compile(r"(?<!!)\[(?P<text>[^]!]+)\]\((?P<page>[\w./-]+\.md)?(?:#(?P<mark>[\w-]+))?\)")
INVITING = re.compile(r'<figure id="([\w-]+)"[^>]* data-invites="([^"]+)"')  # to be touched
NUMBERED = re.compile(r"[Cc]hapters?\s+(\d+)$|^(\d+)(?:\.|$)")
DULL = {"chapter", "with", "that", "this", "from", "what", "where", "there", "their", "which"}
# What the words of a link do not say, its sentence does.
BY_SENTENCE = {
    ("All of them", "digits.md"),
    ("second", "index.md#part-ii-the-network"),
    ("Another", "mutation.md"),
    ("start page", "index.md#for-doubters"),
    ("notation", "notation.md#gradients"),
    ("the mistakes", "wrong-on-purpose.md"),
    ("first mistake", "wrong-on-purpose.md#1-the-kernel-gradient-by-convolution"),
    ("A machine made several thousand small changes", "mutation.md"),
}


def slug(heading):
    """Return the anchor of a heading, as the builder makes it where none is given."""
    if given := re.search(r"\{ *#([\w-]+)[^}]*\}\s*$", heading):
        return given[1]
    plain = re.sub(r"\s*\{[^}]*\}\s*$|[`*$]|\]\([^)]*\)", "", heading).lower()
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", plain).strip())


def sections(path):
    """Return the heading and the text of each section of a page by its anchor; '' is the page."""
    text = FENCE.sub(lambda m: re.sub(r"^#", " #", m[0], flags=re.MULTILINE), text_of(path))
    parts = re.split(r"^(#{1,4}) (.+)$", text, flags=re.MULTILINE)
    found = {}
    rows = list(zip(parts[1::3], parts[2::3], parts[3::3], strict=True))
    for at, (depth, heading, body) in enumerate(rows):
        below = takewhile(lambda row, depth=depth: len(row[0]) > len(depth), rows[at + 1 :])
        whole = "".join([body, *(f"{title}\n{text}" for _, title, text in below)])
        found["" if depth == "#" and "" not in found else slug(heading)] = (heading, whole)
    return found


def stems(text):
    """Return the beginnings of the words of a text that say something."""
    found = re.findall(r"[a-z0-9_]{4,}", text.lower())
    return {word[:5] for word in found if word not in DULL}


def misleading_links(path, text):
    """Say which links of a page lead elsewhere than their words say."""
    for match in LINK.finditer(text):
        page, mark = match["page"] or path.name, match["mark"] or ""
        words, to = " ".join(match["text"].split()), match[0].rpartition("(")[2][:-1]
        target = (path.parent / page).resolve()
        if not target.is_relative_to(DOCS) or (words, to) in BY_SENTENCE:
            continue
        number = NUMBERED.search(words)
        if mark.startswith(("eq-", "check-eq-")):
            continue  # the builder resolves it
        invited = dict(INVITING.findall(target.read_text(encoding="utf-8"))) if mark else {}
        heading, _ = sections(target).get(mark, (invited.get(mark), None))
        if heading is None:
            yield f"{words}: {to}: no such section"
        elif heading == words:
            continue  # such as the numbered mistakes of the appendix
        elif number and not target.name.startswith(f"{int(number[1] or number[2]):02}-"):
            yield f"{words}: {to}: another chapter"
        elif not number and not says(words, heading, mark, target):
            yield f"{words}: {to}: {heading}"


def says(words, heading, mark, target):
    """Say whether the words of a link name its target: its heading, title, or code on it."""
    if code := re.findall(r"`([\w.]+)", words):
        shown = re.findall(r"^::: cnnbook\.(\w+)", target.read_text("utf-8"), re.MULTILINE)
        files = [target, *(ROOT / "cnnbook").glob("*.py"), *(ROOT / "cnnbook").glob("*/*.py")]
        texts = [
            f.read_text("utf-8") for f in files if f == target or {f.stem, f.parent.name} & {*shown}
        ]
        return all(any(name in text for text in texts) for name in code)
    title = sections(target)[""][0]
    wanted = (
        stems(heading) if mark else stems(title) | stems(target.stem) | stems(target.parent.name)
    )
    return bool(stems(words) & (wanted | stems(mark)))


@paged([*PAGES, *sorted((DOCS / "reference").glob("*.md"))])
def test_a_link_says_where_it_goes(path):
    assert list(misleading_links(path, FENCE.sub("", text_of(path)))) == []


@pytest.mark.parametrize(
    ("page", "old", "new"),
    [
        ("preface", "[glossary](glossary.md)", "[glossary](notation.md)"),
        ("index", "(#draw-a-digit)", "(#draw-digits)"),
        ("index", "[draw a digit]", "[open the network]"),
        ("preface", "[3](03-", "[4](03-"),
        ("index", "(04-input-gradients.md)", "(05-the-sigmoid.md)"),
        ("notation", "(reference/correlation.md)", "(reference/losses.md)"),
        ("glossary", "[chapter 8](08-dense-layers.md#the-layer)", "[chapter 8](07-reshape.md)"),
        ("11-learning", "#17-the-sum-instead", "#19-gradients-that-are-never-set-to-zero"),
    ],
)
def test_exchanged_links_are_noticed(page, old, new):
    path = DOCS / f"{page}.md"
    text = text_of(path)
    assert old in text
    assert list(misleading_links(path, text.replace(old, new)))


ENTRY = re.compile(r"^### (?P<term>.+)\n(?P<text>(?:(?!^##).*\n?)*)", re.MULTILINE)


def foreign_entries(text):
    """Name the words of the glossary that do not occur where their entry leads."""
    equations = find_equations(DOCS)
    for entry in ENTRY.finditer(text):
        places = [
            sections(DOCS / link["page"])[link["mark"] or ""]
            for link in LINK.finditer(entry["text"])
            if link["page"] and link["page"].startswith(("0", "1")) and link["mark"]
        ]
        for name in REFERENCE.findall(entry["text"]):
            page = DOCS / equations[name].page
            places += [part for part in sections(page).values() if f"{{#{name}}}" in part[1]]
        term = {word[:5] for word in re.findall(r"[a-z0-9-]{3,}", entry["term"].lower())} - {"and"}
        for heading, body in places:
            found = (heading + body).lower()
            if not any(word in found for word in term):
                yield f"{entry['term']}: not in {heading!r}"


ELSEWHERE = {"Window: not in 'In one dimension, without borders'"}  # the page says patch


def test_a_word_of_the_glossary_occurs_where_its_entry_leads():
    assert set(foreign_entries(text_of(DOCS / "glossary.md"))) - ELSEWHERE == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@eq-brier", "@eq-centre"),
        ("@eq-big-endian", "@eq-bce"),
        ("07-reshape.md#views-and-copies", "08-dense-layers.md#the-layer"),
    ],
)
def test_exchanged_places_of_the_glossary_are_noticed(old, new):
    text = text_of(DOCS / "glossary.md")
    assert old in text
    assert set(foreign_entries(text.replace(old, new))) - ELSEWHERE


# --- licences -------------------------------------------------------------------------------------

LICENCE = (ROOT / "LICENSE").read_text(encoding="utf-8").partition("\n---")[0]
KINDS = {  # of content, and the licence that LICENSE gives to each
    "Code": "MIT License",
    "Text and figures": "Creative Commons Attribution 4.0 International (CC BY 4.0)",
    "Data": "under the terms of MNIST",
    "Fonts": "SIL Open Font License 1.1",
}
# Where it is said in short: the code's licence, that of text and figures, that of the data.
SHORT = {
    "README.md": "Code MIT, text and figures CC BY 4.0, the embedded images as MNIST's: [LICENSE]",
    "mkdocs.yml": "copyright: Text and figures CC BY 4.0, code MIT, data as MNIST's\n",
    "CITATION.cff": "license:\n  - MIT\n  - CC-BY-4.0\n",
    "pyproject.toml": 'license = "MIT AND CC-BY-4.0"\n',
    "cnnbook/data/README.md": "passes the images on under CC BY-SA 3.0; the\nlicences of the code",
    "docs/10-the-data.md": "licence Attribution-ShareAlike, version 3. This book passes on the",
}


def test_licences_are_said_alike_everywhere():
    parts = dict(re.findall(r"^\d\. ([\w ]+): ((?:.+\n)+)", LICENCE + "\n", re.MULTILINE))
    assert parts.keys() == KINDS.keys()
    for kind, words in KINDS.items():
        assert words in one_line(parts[kind]), kind
    for name, words in SHORT.items():
        assert one_line(words) in one_line((ROOT / name).read_text("utf-8")), name


def test_every_face_is_under_its_licence():
    fonts = {path.name for path in (DOCS / "fonts").glob("*.woff2")}
    named = re.findall(r"docs/fonts/(\S+\.woff2)", LICENCE)
    assert fonts == {path.name for name in named for path in (DOCS / "fonts").glob(name)}


def one_line(text):
    return " ".join(text.split())


# --- chapters that do not exist, and what readers search for --------------------------------------

PROMISED = re.compile(r"\b[Cc]hapters?\s+(?:2[1-9]|[3-9]\d)\b")


def promised(path):
    """List where a page or a module points to a chapter that does not exist."""
    return PROMISED.findall(path.read_text(encoding="utf-8"))


MODULES = sorted((ROOT / "cnnbook").rglob("*.py"))


@paged([*PAGES, *sorted((DOCS / "reference").glob("*.md")), ROOT / "README.md", *MODULES])
def test_nothing_points_to_a_chapter_that_does_not_exist(path):
    assert len(CHAPTERS) == 20
    assert promised(path) == []


def test_a_promise_is_noticed_across_a_line(tmp_path):
    page = tmp_path / "preface.md"
    page.write_text("See chapter 20, and\nchapter\n21; Chapters 22 and 23.\n")
    assert promised(page) == ["chapter\n21", "Chapters 22"]


WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))


def lower(text):
    return " ".join(text.lower().split())


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_readers_search_for_stands_where_it_is_answered(word):
    page, _, mark = WORDS[word].partition("#")
    assert word.lower() in lower(" ".join(sections(DOCS / page)[mark]))


TURNED = re.compile(
    r"(?:kernel|gradient)s?\b[^.|]{0,20}\bturn(?:ed|s)?\b(?! into)"
    r"|\b[Tt]urn(?:ed|s|ing)?\b[^.|>]{0,12}\b(?:kernel|180|(?:half|its own) turn)",
)
# What the data of a figure calls so; whoever makes these figures anew renames it.
IN_DATA = re.compile(r"hidden_by_training\.turned\w*|\"turned\"")


@paged(
    [
        *(path for path in PAGES if path.stem != "mutation"),
        *MODULES,
        *sorted((ROOT / "book").rglob("*.py")),
        *sorted((ROOT / "scripts").rglob("*.py")),
    ]
)
def test_a_kernel_is_flipped_not_turned(path):
    text = IN_DATA.sub("", path.read_text(encoding="utf-8"))
    assert [found[0] for found in TURNED.finditer(text)] == []
