"""The IDX format."""

import gzip

import numpy as np
import pytest

from cnnbook.idx import parse_idx
from tests import mirror
from tests.wrong import assert_refused, wrong_calls

IMAGES = mirror.idx(np.arange(12, dtype=np.uint8).reshape(2, 2, 3))


LABELS = mirror.idx(np.array([3, 1, 4, 1], np.uint8))


def test_idx_images_and_labels_are_read() -> None:
    images = parse_idx(IMAGES, "images")
    np.testing.assert_array_equal(images, np.arange(12).reshape(2, 2, 3))
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(parse_idx(LABELS, "labels"), [3, 1, 4, 1])


def test_idx_sizes_have_their_most_significant_byte_first() -> None:
    assert parse_idx(mirror.idx(np.zeros(258, np.uint8)), "labels").shape == (258,)


NO_MAGIC = r"expected the magic number 00 00 08 03 \(images\) or 00 00 08 01 \(labels\); got "


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", NO_MAGIC + "an empty file"),
        (b"\0\0\x08", NO_MAGIC + "00 00 08"),
        (b"\0\0\x08\x02" + LABELS[4:], NO_MAGIC + "00 00 08 02"),
        (b"\0\0\x0d\x03" + IMAGES[4:], NO_MAGIC + "00 00 0d 03"),
        (b"\x03\x08\0\0" + IMAGES[4:], NO_MAGIC + "03 08 00 00"),
        (
            gzip.compress(LABELS, mtime=0),
            NO_MAGIC + r"1f 8b 08 00, as gzip begins: decompress it first \(gzip.decompress\)",
        ),
        (b"<html>404</html>", NO_MAGIC + "3c 68 74 6d, an HTML page"),
        (b"\n\n <!DOCTYPE html>", NO_MAGIC + "0a 0a 20 3c, an HTML page"),
        (b"\x08\x03", "expected a header of 16 bytes; got 2"),
        (LABELS[:4], "expected a header of 8 bytes; got 4"),
        (LABELS[:7], "expected a header of 8 bytes; got 7"),
        (IMAGES[:15], "expected a header of 16 bytes; got 15"),
        (LABELS[:8], r"expected 4 entries for shape \(4,\); got 0"),
        (LABELS[:-1], r"expected 4 entries for shape \(4,\); got 3"),
        (LABELS + b"\0", r"expected 4 entries for shape \(4,\); got 5"),
        (IMAGES[:-1], r"expected 12 entries for shape \(2, 2, 3\); got 11"),
        (IMAGES + b"\0", r"expected 12 entries for shape \(2, 2, 3\); got 13"),
        (b"\0\0\x08\x01\0\0\0\0", r"expected no empty axis; got shape \(0,\)"),
        (IMAGES[:8] + bytes(4) + IMAGES[12:16], r"expected no empty axis; got shape \(2, 0, 3\)"),
        (IMAGES[:4] + b"\xff" * 12, r"expected [0-9,]+ entries for shape \(4294967295, .*; got 0"),
    ],
)
def test_bad_idx_is_refused_by_name(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"^some-file: {message}$"):
        parse_idx(content, "some-file")


WRONG = [
    (lambda: parse_idx("train-labels", "labels"), TypeError, "content: expected bytes; got str"),
    (lambda: parse_idx(b"GIF8", "labels"), ValueError, "labels: expected the magic number"),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
