"""What no program computes is as it was when somebody read it last."""

from pathlib import Path

import pytest

from tests.scripts import load_script

ROOT = Path(__file__).parents[2]
SCRIPT = load_script("claims")


def test_every_claim_is_as_it_was_when_it_was_last_read():
    changed = SCRIPT.differences(SCRIPT.collect())
    assert changed == [], "read what has changed, then run python scripts/claims.py"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("docs/01-cross-correlation-and-convolution.md", "H' + K_H - 1 = H", "H' + K_H + 1 = H"),
        ("docs/02-the-convolutional-layer.md", "five kernels", "six kernels"),
        ("docs/04-input-gradients.md", "= T_{r,s}", "= T_{s,r}"),
        ("docs/05-the-sigmoid.md", r"z = 1075 \ln 2", r"z = 1057 \ln 2"),
        ("docs/08-dense-layers.md", "= (1, -1)", "= (1, -3)"),
        ("docs/10-the-data.md", "`1c` is 28", "`1d` is 28"),
        ("docs/10-the-data.md", "The 500 writers", "The 600 writers"),
        ("docs/11-learning.md", "seeds.full_median", "seeds.few_median"),
        ("docs/12-what-it-learned.md", "from seed 3 instead of 0", "from seed 7 instead of 0"),
        ("docs/12-what-it-learned.md", "calibration.brier", "calibration.error"),
        ("docs/notation.md", "H' = H - K_H + 1", "H' = H + K_H - 1"),
        ("docs/notation.md", "X_{n,c,p,q}", "X_{n,c,q,p}"),
        ("docs/index.md", "seven layers", "nine layers"),
        ("README.md", "batches of 32", "batches of 23"),
    ],
)
def test_an_altered_claim_is_noticed(tmp_path, name, old, new):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "page.md"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert list(SCRIPT.claims(SCRIPT.page(file))) != list(SCRIPT.claims(SCRIPT.page(ROOT / name)))


def test_an_altered_docstring_is_noticed(tmp_path):
    path = ROOT / "cnnbook" / "correlation.py"
    text = path.read_text(encoding="utf-8")
    file = tmp_path / path.name
    file.write_text(text.replace("X[i - u, j - v]", "X[i + u, j + v]"), encoding="utf-8")
    of = [list(SCRIPT.claims(SCRIPT.docstrings(p))) for p in (path, file)]
    assert of[0] != of[1]


def test_words_without_a_number_may_be_changed():
    before = "The *loss* falls in [chapter](06-x.md), and so it should.\n\nIt falls."
    assert list(SCRIPT.claims(before)) == []


def test_a_paragraph_with_claims_is_a_line():
    text = "With $h$ and `x[0]` the\nloss of two runs is {{ seeds.seeds }}, by @eq-x.\n\nThree."
    assert list(SCRIPT.claims(text)) == [
        "$h$ | `x[0]` | two | {{ seeds.seeds }} 20 | @eq-x",
        "Three",
    ]
