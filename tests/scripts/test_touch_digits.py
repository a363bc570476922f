"""The digits that can be touched are those of the package."""

import numpy as np

from cnnbook.mnist import load_zero_one
from scripts import touch_digits


def test_the_module_is_the_one_that_the_script_writes():
    assert touch_digits.PLACE.read_text(encoding="utf-8") == touch_digits.module()


def test_the_digits_are_the_first_zeros_and_then_the_first_ones():
    digits = touch_digits.first_digits()
    images, labels = load_zero_one().train
    for digit in (0, 1):
        chosen = images[labels == digit][: touch_digits.EACH, 0]
        ours = digits[digit * touch_digits.EACH :][: touch_digits.EACH]
        assert np.array_equal((ours / np.float32(255)).astype(np.float32), chosen)
