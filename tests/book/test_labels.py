"""What is written in a drawing follows from the figure's data.

A numeral of a label, title or legend is a number in the data, or the size of an array in them.
Arrays of more than fifty numbers are pictures and curves, in which any small number occurs by
chance: only their sizes count. An index is one that an array has. The numbers at the ticks of an
axis are Matplotlib's, and not looked at; words at ticks are.
"""

import json
import re
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.book.pages import DOCS

FIGURES = DOCS / "figures"
NAMES = sorted(path.stem for path in FIGURES.glob("*.json"))
TICK = re.compile(r"[xy]tick_\d+")
NUMBER_ALONE = re.compile(r"[\u2212-]?\d[\d.]*|\$\\mathdefault\{[^$]*\}\$")
NUMERAL = re.compile(r"(?<![\w.])[\u2212-]?\d[\d,]*(?:\.\d+)?(?:/\d+)?")
SIZES = re.compile(r"(\d+) by (\d+)")
INDICES = re.compile(r"(?:f =|map|channel) (\d+)|a (\d)\?|\((\d+), (\d+)\)|\$K_\{(\d)(\d)\}\$")
PLACE = re.compile(r"^(\d+)\. ")
# Drawn by formulas in which these numbers stand, for every figure alike.
MATHEMATICS = re.compile(r"ln 2\b|1 minus the sigmoid of z|0 from z =")


def labels(svg):
    """What a drawing says, in the comments that Matplotlib writes, but for numbers at ticks."""
    builder = ElementTree.TreeBuilder(insert_comments=True)
    parser = ElementTree.XMLParser(target=builder)  # noqa: S314 - our own drawings
    found, todo = [], [(ElementTree.fromstring(svg, parser), False)]  # noqa: S314
    while todo:
        node, at_tick = todo.pop()
        if node.tag is ElementTree.Comment:
            text = node.text.strip()
            if not (at_tick and NUMBER_ALONE.fullmatch(text)):
                found.append(text)
        at_tick = at_tick or TICK.fullmatch(node.get("id", "")) is not None
        todo += [(child, at_tick) for child in reversed(node)]
    return found


def shape(value):
    """The sizes of an array, as long as they are the same everywhere."""
    if not isinstance(value, list) or not value:
        return ()
    inner = {shape(part) for part in value}
    return (len(value), *(inner.pop() if len(inner) == 1 else ()))


def numbers(value):
    return [n for part in value for n in numbers(part)] if isinstance(value, list) else [value]


def unfounded(label, data):
    """The numerals of a label that are neither in the data nor the size of an array in them."""
    shapes = [shape(entry) for entry in data.values()]
    few = [found for entry in data.values() if len(found := numbers(entry)) <= 50]
    known = [*(n for found in few for n in found), *(size for sizes in shapes for size in sizes)]
    pairs = {pair for sizes in shapes for pair in pairwise(sizes)}
    pairs |= {tuple(entry) for entry in data.values() if shape(entry) == (2,)}
    wrong = []

    def sized(match):
        wrong.extend([] if tuple(map(int, match.groups())) in pairs else [match[0]])
        return " "

    def indexed(match):
        index = [int(part) for part in match.groups() if part]
        room = pairs if len(index) == 2 else [(size,) for sizes in shapes for size in sizes]
        fits = any(all(i < n for i, n in zip(index, sizes, strict=True)) for sizes in room)
        wrong.extend([] if fits else [match[0]])
        return " "

    def placed(match):
        wrong.extend([] if any(int(match[1]) <= n for n in known) else [match[0]])
        return " "

    rest = MATHEMATICS.sub(" ", label)
    for pattern, replace in ((SIZES, sized), (INDICES, indexed), (PLACE, placed)):
        rest = pattern.sub(replace, rest)
    return wrong + [n for n in NUMERAL.findall(rest) if not any(is_written(n, k) for k in known)]


def is_written(numeral, number):
    """Whether a number is written as this numeral; rounded, if it has at least three digits."""
    text = numeral.replace(",", "").replace("\N{MINUS SIGN}", "-")
    decimals = len(text.partition(".")[2])
    if decimals and len(re.sub(r"\D", "", text)) > 2:
        return format(number, f".{decimals}f") == text
    return number == float(Fraction(text))


def figure(name):
    data = json.loads((FIGURES / f"{name}.json").read_text(encoding="utf-8"))["data"]
    drawn = [
        labels((FIGURES / f"{name}-{scheme}.svg").read_text(encoding="utf-8"))
        for scheme in ("light", "dark")
    ]
    return data, drawn


@pytest.mark.parametrize("name", NAMES)
def test_the_numerals_of_labels_are_in_the_data(name):
    data, (light, dark) = figure(name)
    assert light == dark
    wrong = {label: found for label in light if (found := unfounded(label, data))}
    assert not wrong, f"{name}: drawn, and not in the data of {name}.json: {wrong}"


def test_labels_are_found_and_told_from_ticks():
    said = {name: set(figure(name)[1][0]) for name in NAMES}
    assert {"loss", "target 1/4", "logit z"} <= said["cross_entropy"]
    assert not {"0.0", "0.2", "2.5", "6"} & said["cross_entropy"], "ticks"
    assert {"1. convolved", "19. never zeroed"} <= said["wrong"], "words at ticks"
    assert {"update during, rate 0.1", "single entries"} <= said["whole_network"], "a legend"
    assert sum(map(len, said.values())) > 200


DATA = {
    "image": [[0.5, 3.0] * 14] * 28,
    "kernel": [[-1.0] * 5] * 5,
    "other_kernel": [2, 3],
    "targets": [1.0, 0.0, 0.25],
    "images": 12665,
    "batch_size": 32,
    "rate": 0.1,
    "end": 36.73680056967711,
    "mistakes": 19,
    "answers": [[0.5025, 0.4972], [0.033, 0.969]],
}


@pytest.mark.parametrize(
    ("label", "false"),
    [
        ("kernel, 5 by 5", "kernel, 7 by 7"),
        ("kernel, 5 by 5", "kernel, 5 by 28"),
        ("kernel of 2 by 3", "kernel of 3 by 2"),
        ("12,665 images, 32 at a time", "12,665 images, 16 at a time"),
        ("12,665 images, 32 at a time", "12,656 images, 32 at a time"),
        ("0 from z = 36.74", "0 from z = 36.73"),
        ("5 kernels of 5 by 5", "6 kernels of 5 by 5"),
        ("one with 3 rows", "one with 4 rows"),
        ("target 1/4, \N{MINUS SIGN}1, 0", "target 1/3, \N{MINUS SIGN}1, 0"),
        ("update during, rate 0.1", "update during, rate 0.5"),
        ("0.502   0.497", "0.502   0.498"),
        ("(2, 2)", "(2, 28)"),
        ("f = 4", "f = 28"),
        ("19. never zeroed", "99999. never zeroed"),
        ("ln 2: nothing learned, in float32", "ln 7: nothing learned, in float32"),
    ],
)
def test_a_false_label_is_found(label, false):
    assert not unfounded(label, DATA)
    assert unfounded(false, DATA)


def test_a_label_that_does_not_follow_the_data_is_found():
    data, (drawn, _) = figure("sliding_kernel")
    label = next(label for label in drawn if label.startswith("kernel"))
    assert not unfounded(label, data)
    other = data | {"kernel": [[0.0] * 9] * 9, "kernel_size": [9, 9]}
    assert unfounded(label, other) == [SIZES.search(label)[0]]
