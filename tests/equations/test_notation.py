"""The table of the notation page is what the evaluation of an equation goes by."""

import re

import pytest

from book.formulas import notation
from book.formulas.binding import Draw, compute, load
from book.formulas.evaluate import EvaluationError
from book.formulas.notation import NotationError, read_ranges
from tests.equations.test_equations import EQUATIONS

TEXT = notation.PAGE.read_text(encoding="utf-8")
ROW = r"| $f$ | $0 \le f < F$ | kernels, which are the output channels |"


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Let another text be the notation page for a while."""

    def write(text):
        monkeypatch.setattr(notation, "PAGE", tmp_path / "notation.md")
        notation.PAGE.write_text(text, encoding="utf-8")
        notation.sizes_of_indices.cache_clear()

    yield write
    notation.sizes_of_indices.cache_clear()


def evaluate_layer():
    return compute(EQUATIONS["eq-layer"], load()["eq-layer"].build(Draw(2)))[1]


def test_every_letter_of_the_table_has_its_size():
    assert read_ranges(TEXT)["v"] == "K_W"
    assert sorted(read_ranges(TEXT)) == sorted("ncfijklpquv")


def test_another_range_in_the_table_is_another_evaluation(page):
    right = evaluate_layer().comparisons
    page(TEXT.replace(r"$0 \le f < F$", r"$0 \le f < N$"))  # 2 where F is 3
    assert evaluate_layer().comparisons == right * 2 / 3
    page(TEXT.replace(ROW + "\n", ""))
    with pytest.raises(EvaluationError, match=r"f: neither a value nor an index with a range"):
        evaluate_layer()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"| $f$ |", r"| $g$ |"),
        (r"| $f$ |", r"| f |"),
        (r"$0 \le f < F$", r"$0 \le f \le F$"),
        (r"$0 \le f < F$", r"$1 \le f < F$"),
        (r"$0 \le f < F$", r"$0 \le f < F"),
        (r"| $0 \le f < F$ | kernels, which are the output channels |", ""),
        (r"$0 \le f < F$", r"$0 \le f < F$, $0 \le g < F$"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_page(page, old, new):
    row = ROW.replace(old, new).rstrip()
    page(TEXT.replace(ROW, row))
    with pytest.raises(NotationError, match=r"^notation\.md: .*" + re.escape(f"got the row {row}")):
        evaluate_layer()


def test_a_letter_with_two_rows_and_a_page_without_the_table_are_refused(page):
    page(TEXT.replace(ROW, f"{ROW}\n{ROW}"))
    with pytest.raises(NotationError, match=r"^notation\.md: f has a range already; in the row"):
        evaluate_layer()
    page(TEXT.replace("| index | range |", "| letter | range |"))
    with pytest.raises(NotationError, match=r"^notation\.md: expected a table with the columns"):
        evaluate_layer()
