"""The digits that are kept, and labels as rows of zeros and a one."""

from typing import Any

import numpy as np
import pytest

from cnnbook.samples import (
    Samples,
    Split,
    check_labels,
    first_of_each_digit,
    one_hot,
    select_digits,
)
from tests.wrong import assert_refused, wrong_calls


@pytest.fixture
def tiny() -> Split:
    def samples(*labels: int) -> Samples:
        images = np.arange(len(labels) * 784, dtype=np.float32).reshape(-1, 1, 28, 28)
        return images, np.array(labels)

    return Split(samples(5, 0, 4, 1, 9, 2, 1, 0), samples(7, 2, 1, 0, 4, 1))


@pytest.mark.parametrize("digits", [(0, 1), [1, 0], np.array([1, 0, 1], np.uint8), range(2)])
def test_digits_are_selected_in_their_old_order(tiny: Split, digits: Any) -> None:
    train, test = select_digits(tiny, digits)
    assert train[1].tolist() == [0, 1, 1, 0]
    assert test[1].tolist() == [1, 0, 1]
    np.testing.assert_array_equal(train[0], tiny.train[0][[1, 3, 6, 7]])
    np.testing.assert_array_equal(test[0], tiny.test[0][[2, 3, 5]])


def test_selected_labels_stay_digits(tiny: Split) -> None:
    train, test = select_digits(tiny, (4, 2))
    assert train[1].tolist() == [4, 2]
    assert test[1].tolist() == [2, 4]


@pytest.mark.parametrize(
    ("digits", "error", "message"),
    [
        (3, TypeError, "expected a sequence of integers .*; got 3"),
        ((), TypeError, r"expected a sequence of integers .*; got \(\)"),
        ((0.0, 1.0), TypeError, "expected a sequence of integers"),
        ((True, False), TypeError, "expected a sequence of integers"),
        ("01", TypeError, "expected a sequence of integers .*; got '01'"),
        ([[0, 1]], TypeError, "expected a sequence of integers"),
        ((0, 3), ValueError, r"expected digits among \[0, 1, 2, 4, 5, 9\]; got 3"),
        ((0, 9), ValueError, r"expected digits among \[0, 1, 2, 4, 7\]; got 9"),
        ((-1, 0), ValueError, "expected digits among .*; got -1"),
    ],
)
def test_bad_digits_are_named(
    tiny: Split, digits: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^digits: {message}"):
        select_digits(tiny, digits)


def test_first_of_each_of_ten_digits(tiny: Split) -> None:
    images, labels = tiny.test[0][[0, 1, 2, 3, 4, 5, 0]], np.array([7, 2, 2, 7, 2, 7, 7])
    kept, kept_labels = first_of_each_digit((images, labels), 2)
    assert kept_labels.tolist() == [7, 2, 2, 7]
    np.testing.assert_array_equal(kept, images[:4])
    with pytest.raises(ValueError, match="^limit_per_class: expected at most 3, .*; got 4"):
        first_of_each_digit((images, labels), 4)


@pytest.mark.parametrize("dtype", [np.int64, np.float16, object, None, "no such type"])
def test_one_hot_in_a_dtype_that_no_network_computes_in(dtype: Any) -> None:
    with pytest.raises(TypeError, match="^dtype: expected float32 or float64; got "):
        one_hot(np.array([0]), 1, dtype=dtype)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int32])
def test_one_hot_rows_hold_a_one_at_the_label(kind: type[np.integer[Any]]) -> None:
    rows = one_hot(np.array([2, 0, 3], kind), 4)
    assert rows.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert rows.dtype == np.float32


def test_one_hot_in_another_dtype_and_without_labels() -> None:
    assert one_hot(np.array([0]), 1, dtype=np.float64).dtype == np.float64
    assert one_hot(np.array([], np.int64), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "classes", "error", "message"),
    [
        (np.array([0, 1, 2, 5]), 2, ValueError, "labels: .* from 0 to 1; got 2 at index 2"),
        (np.array([0, -1]), 2, ValueError, "labels: .* from 0 to 1; got -1 at index 1"),
        (np.array([0.0, 1.0]), 2, TypeError, "labels: .* integers; got float64"),
        (np.array([True, False]), 2, TypeError, "labels: .* integers; got bool"),
        (np.array(["1"]), 2, TypeError, "labels: .* integers; got <U1"),
        ([0, 1], 2, TypeError, "labels: expected a NumPy array of integers; got list"),
        (np.array([[0], [1]]), 2, ValueError, r"labels: .* got shape \(2, 1\)"),
        (np.array(1), 2, ValueError, r"labels: .* got shape \(\)"),
        (np.array([0]), 0, ValueError, "classes: expected an integer of at least 1; got 0"),
        (np.array([0]), 2.0, TypeError, "classes: expected an integer; got 2.0"),
    ],
)
def test_bad_labels_are_named(
    labels: Any, classes: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}$"):
        one_hot(labels, classes)


@pytest.mark.parametrize(("images", "labels"), [(2, 3), (0, 0)])
def test_samples_need_as_many_labels_as_images(images: int, labels: int) -> None:
    samples = np.zeros((images, 1, 28, 28), np.float32), np.zeros(labels, np.int64)
    with pytest.raises(ValueError, match="^samples: expected as many labels as images"):
        first_of_each_digit(samples, 1)


def test_first_of_each_of_three_digits():
    labels = np.array([2, 0, 1, 0, 2, 1, 0, 2])
    images, kept = first_of_each_digit((np.arange(8.0), labels), 1)
    assert images.tolist() == [0, 1, 2]
    assert kept.tolist() == [2, 0, 1]


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint8, np.uint64])
def test_labels_are_a_series_of_integers(kind: type[np.integer[Any]]) -> None:
    check_labels(np.array([3, 0], kind))
    check_labels(np.array([], kind))
    with pytest.raises(ValueError, match=r"^labels: expected 1 axis \(N\); got shape \(1, 2\)$"):
        check_labels(np.array([[3, 0]], kind))


PAIR = np.zeros((2, 1, 28, 28), np.float32), np.array([0, 1])
WRONG = [
    (lambda: select_digits(Split(PAIR, PAIR), "01"), TypeError, "digits: expected a sequence"),
    (lambda: select_digits(Split(PAIR, PAIR), (2,)), ValueError, "digits: *got 2"),
    (lambda: first_of_each_digit(PAIR, 1.0), TypeError, "limit_per_class: *got 1.0"),
    (lambda: first_of_each_digit(PAIR, 2), ValueError, "limit_per_class: expected at most 1"),
    (lambda: one_hot([0, 1], 2), TypeError, "labels: expected a NumPy array of integers; got list"),
    (lambda: one_hot(np.array([2]), 2), ValueError, "labels: expected classes from 0 to 1; got 2"),
    (lambda: check_labels(np.ones(2)), TypeError, "labels: expected a NumPy array of integers"),
    (lambda: check_labels(np.ones((1, 2), int)), ValueError, "labels: expected 1 axis (N)"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
