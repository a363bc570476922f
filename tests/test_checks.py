"""What a wrong argument is told, whatever it was for."""

import re

import numpy as np
import pytest

from cnnbook.checks import (
    check_axes,
    check_count,
    check_dtype,
    check_finite,
    check_fits,
    check_flag,
    check_not_negative,
    check_numbers,
    check_pair,
    check_positive,
    check_real,
    check_rng,
    check_shape,
    check_share,
    check_unit_interval,
    recall,
)
from tests.wrong import assert_refused, wrong_calls


def array(*shape, dtype=np.float64):
    return np.full(shape, 0.5, dtype)


@pytest.mark.parametrize(
    ("axes", "shapes"),
    [
        ("x: N C", [(2, 3)]),
        ("x: N in, weights: in out", [(2, 3), (3, 4)]),
        ("x: ...", [()]),
        ("x: ...", [(0, 3)]),  # the dots may stand for an empty axis, a letter may not
        ("x: ... H W", [(5, 6)]),
        ("x: ... H W", [(2, 3, 5, 6)]),
        ("x: N ...", [(2,)]),
        ("x: N ... C", [(2, 7, 8, 3)]),
        ("x: N ... C, y: ..., z: C", [(2, 7, 8, 3), (7, 8), (3,)]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_shapes_that_fit_their_letters_pass(axes, shapes, dtype):
    check_axes(axes, *(array(*shape, dtype=dtype) for shape in shapes))


def test_every_array_has_its_letters():
    with pytest.raises(ValueError, match="zip"):
        check_axes("x: N, y: N", np.ones(2))
    with pytest.raises(ValueError, match="zip"):
        check_axes("x: N", np.ones(2), np.ones(2))


def test_who_gives_a_seed_is_told_how_to_make_a_generator():
    with pytest.raises(
        TypeError, match=r"got 0 \(make one with np\.random\.default_rng\(seed\)\)$"
    ):
        check_rng(0)


@pytest.mark.parametrize("value", [2, np.int64(2), np.uint8(2), (2, 2), [2, np.int32(2)]])
def test_pairs_are_two_numbers_of_python(value):
    pair = check_pair("stride", value)
    assert pair == (2, 2)
    assert [type(number) for number in pair] == [int, int]


@pytest.mark.parametrize("value", [np.array([3, 3]), np.array([3])])
def test_an_array_is_no_pair_and_no_number(value):
    sentence = f"stride: expected an integer or a pair (height, width); got {value!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        check_pair("stride", value)


def test_the_smallest_number_passes():
    assert check_count("n", 1) == 1
    assert check_count("n", 0, minimum=0) == 0
    assert check_pair("padding", (0, 1), minimum=0) == (0, 1)
    check_fits("kernel", (5, 6), (5, 6), "image")
    check_unit_interval("p", np.array([0, 1]))


def test_positive_numbers_become_floats():
    for value in (3, 0.5, np.float32(0.5), np.int64(3)):
        assert check_positive("rate", value) == value
        assert type(check_positive("rate", value)) is float


def test_a_share_is_below_one():
    for value in (0, 0.5, np.float32(0.75)):
        assert check_share("keep", value) == value
        assert type(check_share("keep", value)) is float


def test_zero_is_not_negative():
    for value in (0, 0.0, -0.0, np.float32(0), 3, 0.5, np.int64(3)):
        assert check_not_negative("decay", value) == value
        assert type(check_not_negative("decay", value)) is float


def test_a_flag_comes_back():
    assert (check_flag("on", True), check_flag("on", False)) == (True, False)


@pytest.mark.parametrize("dtype", ["float32", np.float64, np.dtype("f4"), float])
def test_a_dtype_may_be_given_in_any_form(dtype):
    assert check_dtype(dtype) == np.dtype(dtype)


WRONG = [
    (
        lambda: check_axes("x: N C", [[1.0]]),
        TypeError,
        "x: expected a NumPy array of shape (N, C); got list",
    ),
    (
        lambda: check_axes("x: N, y: N", array(2), array(2, dtype=int)),
        TypeError,
        "y: expected float32 or float64; got int64 of shape (2,) (convert with y.astype(np.float32",
    ),
    (
        lambda: check_axes("x: N C", array(2)),
        ValueError,
        "x: expected 2 axes (N, C); got shape (2,)",
    ),
    (
        lambda: check_axes("x: ... H W", array(2)),
        ValueError,
        "x: expected 2 or more axes (..., H, W); got shape (2,)",
    ),
    (
        lambda: check_axes("x: N ...", array(0, 2)),
        ValueError,
        "x: expected no empty axis in (N, ...); got shape (0, 2)",
    ),
    (
        lambda: check_axes("x: N in, weights: in out", array(2, 3), array(4, 5)),
        ValueError,
        "weights: expected shape (3, out), to fit x of shape (2, 3); got (4, 5)",
    ),
    (
        lambda: check_axes("x: N in, y: N out, w: in out", array(2, 3), array(2, 4), array(3, 5)),
        ValueError,
        "w: expected shape (3, 4), to fit y of shape (2, 4); got (3, 5)",
    ),
    (
        lambda: check_axes("weights: in out, bias: out", array(2, 3), array(4)),
        ValueError,
        "bias: expected shape (3,), to fit weights of shape (2, 3); got (4,)",
    ),
    (
        lambda: check_axes("y: ..., grad_output: ...", array(2, 3), array(3, 2)),
        ValueError,
        "grad_output: expected shape (2, 3), to fit y of shape (2, 3); got (3, 2)",
    ),
    (
        lambda: check_axes("x: N ... C, y: ...", array(2, 7, 8, 3), array(7)),
        ValueError,
        "y: expected shape (7, 8), to fit x of shape (2, 7, 8, 3); got (7,)",
    ),
    (lambda: check_axes("x: N N", array(2, 3)), ValueError, "x: expected shape (*got (2, 3)"),
    (
        lambda: check_shape("y", [1], (2,), "because"),
        TypeError,
        "y: expected a NumPy array of shape (2,), because; got list",
    ),
    (
        lambda: check_shape("y", array(2, dtype=int), (2,), "because"),
        TypeError,
        "y: expected float32 or float64; got int64",
    ),
    (
        lambda: check_shape("y", array(3), (2,), "because"),
        ValueError,
        "y: expected shape (2,), because; got (3,)",
    ),
    (lambda: check_count("n", 2.0), TypeError, "n: expected an integer; got 2.0"),
    (lambda: check_count("n", np.True_), TypeError, "n: expected an integer; got *True"),
    (lambda: check_count("n", 0), ValueError, "n: expected an integer of at least 1; got 0"),
    (lambda: check_pair("s", "2"), TypeError, "s: expected an integer; got '2'"),
    (
        lambda: check_pair("s", (1, 2, 3)),
        ValueError,
        "s: expected an integer or a pair (height, width); got (1, 2, 3)",
    ),
    (lambda: check_pair("s", (1, 0)), ValueError, "s: expected an integer of at least 1; got 0"),
    (
        lambda: check_fits("k", (6, 1), (5, 6), "padded image"),
        ValueError,
        "k: expected at most the padded image's (H, W) = (5, 6); got (6, 1)",
    ),
    (lambda: check_fits("k", (1, 7), (5, 6), "image"), ValueError, "k: *got (1, 7)"),
    (lambda: check_positive("x", None), TypeError, "x: expected a number; got None"),
    (lambda: check_positive("x", True), TypeError, "x: expected a number; got True"),
    (lambda: check_positive("x", 0), ValueError, "x: expected a finite number above 0; got 0"),
    (
        lambda: check_positive("x", np.inf),
        ValueError,
        "x: expected a finite number above 0; got inf",
    ),
    (
        lambda: check_positive("x", 10**400),
        ValueError,
        "x: expected a finite number above 0; got 1",
    ),
    (lambda: check_flag("x", 1), TypeError, "x: expected True or False; got 1"),
    (lambda: check_flag("x", None), TypeError, "x: expected True or False; got None"),
    (lambda: check_flag("x", np.True_), TypeError, "x: expected True or False; got np.True_"),
    (lambda: check_not_negative("x", "0"), TypeError, "x: expected a number; got '0'"),
    (lambda: check_share("x", "0"), TypeError, "x: expected a number; got '0'"),
    (lambda: check_share("x", 1), ValueError, "x: expected a number in [0, 1); got 1"),
    (lambda: check_share("x", -0.25), ValueError, "x: expected a number in [0, 1); got -0.25"),
    (lambda: check_share("x", np.nan), ValueError, "x: expected a number in [0, 1); got nan"),
    (lambda: check_not_negative("x", False), TypeError, "x: expected a number; got False"),
    (
        lambda: check_not_negative("x", -0.5),
        ValueError,
        "x: expected a finite number of at least 0; got -0.5",
    ),
    (lambda: check_not_negative("x", np.nan), ValueError, "x: *of at least 0; got nan"),
    (lambda: check_not_negative("x", np.inf), ValueError, "x: *of at least 0; got inf"),
    (lambda: check_not_negative("x", 10**400), ValueError, "x: *of at least 0; got 1"),
    (
        lambda: check_finite("x", np.array([[1, np.nan], [np.inf, 1]])),
        ValueError,
        "x: expected finite numbers; got nan at index (0, 1) (2 such entries in shape (2, 2))",
    ),
    (
        lambda: check_finite("x", array(2, dtype=complex)),
        TypeError,
        "x: expected float32 or float64; got complex128",
    ),
    (lambda: check_real("x", [1.0]), TypeError, "x: expected a NumPy array"),
    (lambda: check_real("x", array(2, dtype=int)), TypeError, "x: expected float32 or float64"),
    (lambda: check_real("x", array(2, dtype=complex)), TypeError, "x: *got complex128"),
    (lambda: check_real("x", array(0)), ValueError, "x: expected no empty axis; got (0,)"),
    (lambda: check_numbers("t", [1]), TypeError, "t: expected a NumPy array; got list"),
    (lambda: check_numbers("t", np.array(["a"])), TypeError, "t: expected numbers; got <U1"),
    (
        lambda: check_unit_interval("p", np.array([[1.0, 1.5]])),
        ValueError,
        "p: expected numbers in [0, 1]; got 1.5 at index (0, 1)",
    ),
    (
        lambda: check_unit_interval("p", np.array([-1e-9])),
        ValueError,
        "p: *got -1e-09 at index (0,)",
    ),
    (lambda: check_unit_interval("p", np.array([np.nan])), ValueError, "p: *got nan at index (0,)"),
    (
        lambda: recall("Layer()", None),
        RuntimeError,
        "'Layer()': backward was called before forward",
    ),
    (
        lambda: check_rng(np.random),
        TypeError,
        "rng: expected a numpy.random.Generator; got <module",
    ),
    (lambda: check_dtype(None), TypeError, "dtype: expected float32 or float64; got None"),
    (lambda: check_dtype("so"), TypeError, "dtype: expected float32 or float64; got 'so'"),
    (lambda: check_dtype(np.float16), TypeError, "dtype: expected float32 or float64; got <class"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
