"""No number in a sentence, a formula or a description of a figure stands there unchecked."""

import json
import re

import pytest

from book.equations import DISPLAY, FENCE, INLINE
from book.site.measured import NUMBER, WORDS, NumberError, measured
from tests.book.pages import DOCS, FIGURE, PAGES, prose_of, text_of

CROSS_REFERENCE = re.compile(
    r"[Cc]hapters? \d+(?:,? (?:(?:and|or|to) )?\d+)*|^#+ \d+\.|^\*\*\d+\.|\[\d+\. ", re.MULTILINE
)


def typed(prose):
    """Numbers that look measured or counted: all of two digits or more, and every percentage."""
    prose = CROSS_REFERENCE.sub(" ", prose)
    return re.findall(
        r"(?<![\w.,-])\d{1,3}(?:,\d{3})+(?!\d|,\d)|(?<![\w.])\d+\.\d+|\d+(?= ?%)"
        r"|(?<![\w.,-])\d{2,}(?![\w,.-]*\d)",
        prose,
    )


KNOWN = {
    "338,352": "the parameters of the book's network, counted on the start page",
    "2,115": "test images, counted in the tests of the data",
    "3.11": "the least version of Python, in pyproject.toml",
    "12,665": "training images, counted in the tests of the data",
    "28": "rows and columns of an image, in the tests of the data",
    "26": "rows and columns of its maps, in the tests of the network",
    "180": "degrees of half a turn",
}
KNOWN_ON = {
    ("index", "0.7"): "megabytes of weights, in the tests of the script that writes them",
    ("12-what-it-learned", "0.7"): "the same",
    ("10-the-data", "500"): "writers, by LeCun et al. (1998), section III A",
    ("10-the-data", "20"): "rows and columns of the box of a digit, by the same",
    ("11-learning", "32"): "images in a batch of the full run, in the tests of runs",
    ("19-floating-point", "754"): "the number of a standard",
    ("wrong-on-purpose", "93"): "percent, measured by others; the source is named beside it",
}


def numerals(text):
    """Numbers of at least two digits, of which few stand on a page by chance; no powers of ten."""
    text = re.sub(r"10\^\{[^}]*\}", " ", text)
    found = re.findall(r"(?<![\w.^{])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?", text)
    return [n.rstrip(",") for n in found if len(re.sub(r"\D", "", n)) > 1]


def evidence(text):
    """The numbers in the code of a page, in what it prints, and in its equations."""
    formulas = [m["latex"] for m in (*DISPLAY.finditer(text), *INLINE.finditer(text))]
    computed = [latex.replace("{,}", "") for latex in formulas if "=" in latex]
    code = [match[0] for match in FENCE.finditer(text)]
    number = re.compile(r"\d+(?:\.\d*)?(?:e[+-]?\d+)?")
    found = [n for part in (*code, *computed) for n in number.findall(part.replace(",", ""))]
    return [float(n) for n in found]


def stands_in(numeral, there):
    """Whether a number was typed, or printed and rounded."""
    typed = numeral.replace(",", "")
    decimals = len(typed.partition(".")[2])
    return numeral in KNOWN or any(
        float(typed) == n or round(n, decimals) == float(typed) for n in there
    )


EXERCISE = re.compile(r"\(\d+ minutes, \w+\)")  # how long it takes, and how hard it is


def unprinted(path):
    """The typed numbers of the sentences that no example of the page prints, and nothing else."""
    text = text_of(path)
    sentences, _, references = text.partition("\n## References")
    there = evidence(text)
    there += map(float, re.findall(r"\b(?:1[89]|20)\d\d\b", references))  # years of what is cited
    there += map(float, re.findall(r"^### (\d+)\.", sentences, re.MULTILINE))  # its sections
    return [
        number
        for number in typed(EXERCISE.sub("", prose_of(path)))
        if not stands_in(number, there) and (path.stem, number) not in KNOWN_ON
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_typed_number_is_printed_by_an_example_of_the_page(path):
    assert unprinted(path) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It takes 30,421 rounds, or 12.5 %.", ["30,421", "12.5"]),
        ("It makes 17 errors.", ["17"]),
        ("Of 2,117, or 1,000, it makes 12.", ["2,117", "1,000"]),
        ("The batch has 32 images, as in chapter 11 and 12.", ["32"]),
        ("It was found in 1934 (chapter 14).", ["1934"]),
        ("Numbers 1 and 18 are hidden.", ["18"]),
        ("In 1933 chapters 13, 14 and 15 made 12 errors, as number 11 does, or 39.", []),
        ("**10. By hand.** It is 30,420, or 38.6 %.", []),
        ("**3. Proof (15 minutes, hard).** It takes 17, in 20 minutes.", ["17", "20"]),
    ],
)
def test_unprinted(tmp_path, sentence, found):
    page = tmp_path / "page.md"
    page.write_text(
        f"# 9. X\n\n{sentence}\n\n### 11. X\n\n```pycon\n>>> 12, 38.6, 30420\n(12, 38.6, 30420)\n\n"
        "```\n\n## References\n\n- A. B, *C* (1933), 17.\n"
    )
    assert unprinted(page) == found


RELATION = re.compile(r"[=<>]|\\(?:le|ge|approx|dots|frac|cdot|times)\b")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_number_between_dollars_is_printed_by_an_example_of_the_page(path):
    text = text_of(path)
    there = evidence(text)
    for match in INLINE.finditer(FENCE.sub(" ", text)):
        latex = match["latex"].replace("{,}", ",")
        if not RELATION.search(latex):
            for number in numerals(latex):
                assert stands_in(number, there), (
                    f"{number} in {latex} is not printed by any example"
                )


# What a description may count by itself: nothing and one, which are the ends of a probability, the
# digits, targets and indices as well; and the loss of a network that has learned nothing.
PLAIN = re.compile(r"\bln 2\b|(?<![\w.,])[01](?![\w.,]*\d)")


DESCRIBED = [path for path in sorted(DOCS.rglob("*.md")) if FIGURE.search(text_of(path))]


def typed_in(description):
    """The numerals of an alternative text that are not taken from the data of a figure."""
    return re.findall(r"\d[\d.,]*\b", PLAIN.sub(" ", re.sub(r"float\d+", "", description)))


@pytest.mark.parametrize("path", DESCRIBED, ids=lambda path: path.stem)
def test_a_number_in_an_alternative_text_is_measured(path):
    for match in FIGURE.finditer(text_of(path)):
        typed = typed_in(NUMBER.sub(" ", match["alt"]))
        assert not typed, f"typed in the text of {match['name']}, and not taken from data: {typed}"


@pytest.mark.parametrize("path", DESCRIBED, ids=lambda path: path.stem)
def test_as_many_panels_are_described_as_are_drawn(path):
    """Other words for numbers, such as how many digits lean to the left, are left to readers.

    Looked for in the data and among their sizes, a third of them is not there though it is true.
    """
    for match in FIGURE.finditer(text_of(path)):
        drawn = (DOCS / "figures" / f"{match['name']}-light.svg").read_text(encoding="utf-8")
        panels = len(re.findall(r'<g id="axes_\d+">', drawn))
        for word in re.findall(r"(\w+) panels", match["alt"]):
            assert WORDS.split().index(word.lower()) == panels, f"{word} panels: {match['name']}"


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("A kernel of 5 by 5 numbers, in float32", ["5", "5"]),
        ("All 12,665 images, from 0 to 1, of which 0.5 end near ln 2", ["12,665", "0.5"]),
        ("It falls to 1. For targets 0 and 1, or (0, 0), at ln 20, 10 and 01", ["20", "10", "01"]),
        ("Map 1, 3 and 4", ["3", "4"]),
    ],
)
def test_numbers_that_were_typed_into_an_alternative_text_are_found(description, found):
    assert typed_in(description) == found


def test_numbers_that_disagree_between_dollars_and_in_alternative_texts_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# 9. X\n\nIt is 0 from $-746$ on.\n\n```pycon\n>>> 1, 745.0\n(1, 745.0)\n\n```\n"
        "\n![A line that ends at {{ x.end }}, not at 7](figures/x.svg)\n"
    )
    with pytest.raises(AssertionError, match=r"^746 in -746 is not printed"):
        test_a_number_between_dollars_is_printed_by_an_example_of_the_page(page)
    with pytest.raises(AssertionError, match=r"^typed in the text of x, and not taken .* \['7'\]"):
        test_a_number_in_an_alternative_text_is_measured(page)


def test_numbers_are_pulled_from_figures():
    pages = [p.read_text(encoding="utf-8") for p in DOCS.rglob("*.md")]
    found = [match for page in pages for match in NUMBER.finditer(page)]
    assert len(found) > 5
    for match in found:
        assert measured(DOCS / "figures", match["figure"], match["entry"], match["format"])


def test_what_looks_like_a_number_of_a_figure_is_one():
    for path in DOCS.rglob("*.md"):
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        assert text.count("{{") == len(NUMBER.findall(text)), path


def test_measured(tmp_path):
    data = {"a": 2115, "b": [0.5, -0.25], "c": {"d": 1e-7}, "e": "text", "f": True, "g": 12}
    (tmp_path / "fig.json").write_text(json.dumps({"data": data}))
    assert measured(tmp_path, "fig", "a", ",d") == "2,115"
    assert measured(tmp_path, "fig", "b.1", ".1f") == "\N{MINUS SIGN}0.2"
    assert measured(tmp_path, "fig", "b.0", ".1%") == "50.0\N{NO-BREAK SPACE}%"
    assert measured(tmp_path, "fig", "g", "word") == "twelve"
    assert measured(tmp_path, "fig", "c.d", None) == "1e\N{MINUS SIGN}07"
    for entry in ("x", "b.7", "b.x", "a.b", "e", "f", "b"):
        with pytest.raises(NumberError, match=rf"^fig\.{entry}: "):
            measured(tmp_path, "fig", entry, None)
    for entry in ("a", "b.0"):  # no word for it, not a whole number
        with pytest.raises(NumberError, match=rf"^fig\.{entry}: there is no word for "):
            measured(tmp_path, "fig", entry, "word")
    with pytest.raises(NumberError, match="there is no figure"):
        measured(tmp_path, "none", "a", None)
