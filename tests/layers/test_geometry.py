"""Sizes, windows as columns, and the way back."""

import numpy as np
import pytest
from hypothesis import given

from cnnbook.correlation import windows
from cnnbook.layers import conv2d, output_size
from cnnbook.layers.geometry import (
    Geometry,
    as_maps,
    as_rows,
    check_geometry,
    collect,
    count_windows,
    filled,
    frame,
    im2col,
    layer_windows,
)
from tests.cases import conv_cases, padded
from tests.wrong import assert_refused, wrong_calls


@given(conv_cases())
def test_the_windows_of_a_layer_are_those_of_the_padded_images_at_its_steps(case):
    view = layer_windows(case.x, Geometry(case.kernel_size, case.stride, case.padding))
    expected = windows(padded(case), case.kernel_size, stride=case.stride)
    np.testing.assert_array_equal(view, expected)
    assert view.shape[2:4] == output_size(case.input_size, case.kernel_size, **case.geometry)


@given(conv_cases())
def test_collect_is_the_transpose_of_windows_as_columns(case):
    rng = np.random.default_rng(0)
    geometry = Geometry(case.kernel_size, case.stride, case.padding)
    columns = im2col(layer_windows(case.x, geometry))
    other = rng.standard_normal(columns.shape)
    back = collect(other, case.x.shape, geometry)
    # <A x, y> = <x, A^T y>
    assert np.sum(columns * other) == pytest.approx(np.sum(case.x * back), rel=1e-11, abs=1e-11)


def images_run_fastest(x):
    return x.transpose(1, 2, 3, 0).flags.c_contiguous


def test_rows_hold_the_maps_in_the_order_of_the_columns():
    maps = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    rows = as_rows(maps)
    assert rows.shape == (3, 4 * 5 * 2)
    for n, f, i, j in np.ndindex(maps.shape):
        assert rows[f, (i * 5 + j) * 2 + n] == maps[n, f, i, j]
    back = as_maps(rows, maps.shape)
    np.testing.assert_array_equal(back, maps)
    # There and back again, nothing moves.
    assert images_run_fastest(back)
    assert np.shares_memory(as_rows(back), rows)


def test_what_is_filled_or_framed_has_its_images_fastest():
    made = filled((2, 3, 4, 5), np.float32, 7)
    assert made.shape == (2, 3, 4, 5)
    assert made.dtype == np.float32
    assert (made == 7).all()
    assert images_run_fastest(made)
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    for padding in ((0, 0), (1, 0), (0, 2), (2, 1)):
        framed = frame(x, padding, -3.0)
        above, left = padding
        edges = (0, 0), (0, 0), (above, above), (left, left)
        np.testing.assert_array_equal(framed, np.pad(x, edges, constant_values=-3.0))
        assert framed.dtype == np.float32
        assert images_run_fastest(framed)
        assert not np.shares_memory(framed, x)
        if any(padding):
            assert not np.shares_memory(frame(framed, padding), framed)
    assert np.shares_memory(frame(framed, (0, 0)), framed)


def test_columns_keep_their_dtype_on_the_way_back():
    columns = np.ones((4, 4), np.float32)
    assert collect(columns, (1, 1, 3, 3), Geometry((2, 2))).dtype == np.float32


def test_stride_and_padding_are_height_then_width():
    assert output_size((10, 20), (3, 5), stride=(2, 3), padding=(1, 0)) == (5, 6)
    assert output_size((7, 9), 3, stride=(2, 1), padding=(0, 2)) == (3, 11)
    x, kernels, bias = np.zeros((1, 1, 10, 20)), np.zeros((1, 1, 3, 5)), np.zeros(1)
    assert conv2d(x, kernels, bias, stride=(2, 3), padding=(1, 0)).shape == (1, 1, 5, 6)


WRONG = [
    (lambda: output_size(3, 5, padding=0), ValueError, "kernel_size: *(3, 3); got (5, 5)"),
    (
        lambda: output_size((2, 9), 3),
        ValueError,
        "kernel_size: expected at most the padded image's (H, W) = (2, 9); got (3, 3)",
    ),
    (lambda: output_size((5, 3), (2, 4)), ValueError, "kernel_size: *got (2, 4)"),
    (lambda: output_size((3, 5), (4, 2)), ValueError, "kernel_size: *got (4, 2)"),
    (lambda: output_size("3", 5), TypeError, "input_size: *'3'"),
    (lambda: output_size(0, 2), ValueError, "input_size: expected"),
    (lambda: output_size(3, 0), ValueError, "kernel_size: expected"),
    (lambda: output_size(3, 2, stride=0), ValueError, "stride: expected"),
    (lambda: output_size(3, 2, padding=-1), ValueError, "padding: expected"),
    (
        lambda: layer_windows(np.ones((1, 1, 3, 4)), Geometry((4, 3))),
        ValueError,
        "kernel_size: expected at most the padded image's (H, W) = (3, 4); got (4, 3)",
    ),
    (lambda: count_windows((3, 4), Geometry((4, 3))), ValueError, "kernel_size: *got (4, 3)"),
    (lambda: check_geometry(2.0, 1, 0), TypeError, "kernel_size: expected an integer; got 2.0"),
    (lambda: check_geometry(2, 1, -1), ValueError, "padding: *at least 0; got -1"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
