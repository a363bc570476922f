"""What a wrong argument is told, whatever it was for."""

import pytest

from cnnbook.checks import check_positive, check_rng
from tests.wrong import assert_refused, wrong_calls


def test_who_gives_a_seed_is_told_how_to_make_a_generator():
    with pytest.raises(
        TypeError, match=r"got 0 \(make one with np\.random\.default_rng\(seed\)\)$"
    ):
        check_rng(0)


WRONG = [
    (lambda: check_positive("x", None), TypeError, "x: expected a number; got None"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
