"""The images that choices are made by."""

import gzip

import numpy as np
import pytest

from cnnbook import mnist
from cnnbook.files import DamagedFileError
from scripts import held_out
from tests.cases import assert_same


def test_the_last_ten_thousand_are_real_ones_and_none_of_the_embedded() -> None:
    images, labels = held_out.load_held_out()
    assert images.shape == (10_000, 1, 28, 28)
    assert images.dtype == np.float32
    assert labels.dtype == np.int64
    assert (images.min(), images.max()) == (0, 1)
    assert np.bincount(labels).tolist() == [991, 1064, 990, 1030, 983, 915, 967, 1090, 1009, 961]
    zeros_and_ones = np.isin(labels, (0, 1))
    stored = mnist.load_zero_one().train
    count = np.count_nonzero(zeros_and_ones)
    kept = (images[zeros_and_ones], labels[zeros_and_ones])
    assert_same((kept,), ((stored[0][-count:], stored[1][-count:]),))
    seen = {image.tobytes() for part in mnist.load_digits() for image in part[0]}
    assert not any(image.tobytes() in seen for image in images)


def test_a_damaged_file_or_none_is_named(tmp_path, monkeypatch) -> None:
    path = tmp_path / f"{held_out.HELD_OUT.name}.gz"
    sound = (held_out.DATA / path.name).read_bytes()
    monkeypatch.setattr(held_out, "DATA", tmp_path)
    remedy = "python -m scripts.build_data makes it again"
    with pytest.raises(FileNotFoundError) as missing:
        held_out.load_held_out()
    assert str(missing.value) == f"{path}: not found; {remedy}"
    content = gzip.decompress(sound)
    path.write_bytes(gzip.compress(content[:-1] + bytes([content[-1] ^ 1]), 1))
    with pytest.raises(DamagedFileError) as damaged:
        held_out.load_held_out()
    assert str(damaged.value).startswith(f"{path}: damaged (wrong content: ")
    assert str(damaged.value).endswith(f"); {remedy}")
