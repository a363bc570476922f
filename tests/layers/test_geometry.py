"""Sizes, windows as columns, and the way back."""

import re

import numpy as np
import pytest
from hypothesis import given

from cnnbook.layers import col2im, conv2d, im2col, output_size
from cnnbook.layers.geometry import pad
from tests.cases import conv_cases
from tests.wrong import assert_refused, wrong_calls


@given(conv_cases())
def test_im2col_and_col2im_are_transposes(case):
    rng = np.random.default_rng(0)
    columns = im2col(case.x, case.kernel_size, **case.geometry)
    other = rng.standard_normal(columns.shape)
    back = col2im(other, case.input_size, case.kernel_size, **case.geometry)
    # <A x, y> = <x, A^T y>
    assert np.sum(columns * other) == pytest.approx(np.sum(case.x * back), rel=1e-11, abs=1e-11)


def test_stride_and_padding_are_height_then_width():
    assert output_size((10, 20), (3, 5), stride=(2, 3), padding=(1, 0)) == (5, 6)
    x, kernels, bias = np.zeros((1, 1, 10, 20)), np.zeros((1, 1, 3, 5)), np.zeros(1)
    assert conv2d(x, kernels, bias, stride=(2, 3), padding=(1, 0)).shape == (1, 1, 5, 6)


def test_columns_of_the_wrong_number_are_counted():
    expected = "columns: expected shape (N, C times 6, 6), one column for each of 2 x 3 windows; "
    with pytest.raises(ValueError, match=re.escape(expected + "got (1, 7, 4)")):
        col2im(np.ones((1, 7, 4)), (3, 5), (2, 3))


X = np.ones((2, 3, 5, 6))

WRONG = [
    (lambda: output_size(3, 5, padding=0), ValueError, "kernel_size: *(3, 3); got (5, 5)"),
    (lambda: output_size((5, 3), (2, 4)), ValueError, "kernel_size: *got (2, 4)"),
    (lambda: output_size((3, 5), (4, 2)), ValueError, "kernel_size: *got (4, 2)"),
    (lambda: output_size("3", 5), TypeError, "input_size: *'3'"),
    (lambda: output_size(3, 0), ValueError, "kernel_size: expected"),
    (lambda: pad(np.ones((1, 1, 3, 3)), -1), ValueError, "padding: expected"),
    (lambda: im2col(X, 9), ValueError, "window_size: *(5, 6); got (9, 9)"),
    (lambda: im2col(np.ones((3, 4, 5)), 2), ValueError, "x: *N, C, H, W*(3, 4, 5)"),
    (lambda: im2col([1], 2), TypeError, "x: expected a NumPy array of shape (N, C, H, W); got"),
    (lambda: col2im(np.ones((1, 4, 4)), 3, 4), ValueError, "kernel_size: "),
    (lambda: col2im(np.ones((1, 4, 5)), 3, 2), ValueError, "columns: *(1, 4, 5)"),
    (lambda: col2im(np.ones((1, 1, 4, 4)), 3, 2), ValueError, "columns: *(1, 1, 4, 4)"),
    (lambda: col2im(np.ones((1, 5, 4)), 3, 2), ValueError, "columns: *(1, 5, 4)"),
    (lambda: col2im([[1.0]], 3, 2), TypeError, "columns: *list"),
    (lambda: col2im(np.ones((1, 4, 4)), 0, 2), ValueError, "input_size: expected"),
    (lambda: col2im(np.ones((1, 4, 4)), 3, 0), ValueError, "kernel_size: expected"),
    (lambda: col2im(np.ones((1, 4, 4)), 3, 2, stride=0), ValueError, "stride: expected"),
    (lambda: col2im(np.ones((1, 4, 4)), 3, 2, padding=-1), ValueError, "padding: expected"),
    (
        lambda: col2im([1], 3, 2),
        TypeError,
        "columns: expected a NumPy array of shape (N, CKHKW, H'W'); got",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
