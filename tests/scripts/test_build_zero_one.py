"""The script that builds the embedded files from MNIST's own."""

import gzip
import hashlib
import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnbook import data, mnist
from cnnbook.files import DamagedFileError
from scripts import build_zero_one
from tests import mirror
from tests.cases import assert_same

MIRROR_FOLDER = os.environ.get("CNNBOOK_MNIST_MIRROR_FOLDER")


@pytest.fixture
def originals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with four tiny files in the place of MNIST's."""
    content = mirror.tiny_idx_files()
    monkeypatch.setattr(mnist, "FILES", mirror.known_files(content))
    arrays = {key: mnist.parse_idx(content[key], key) for key in content}
    others = build_zero_one.other_digits(arrays)
    monkeypatch.setattr(mnist, "OTHERS_FOLDER", tmp_path)
    monkeypatch.setattr(
        mnist,
        "OTHERS",
        {
            key: mnist.OTHERS[key]._replace(
                size=len(others[key]),
                sha256=hashlib.sha256(others[key]).hexdigest(),
            )
            for key in others
        },
    )
    folder = tmp_path / "originals"
    folder.mkdir()
    for key, known in mnist.FILES.items():
        (folder / f"{known.name}.gz").write_bytes(gzip.compress(content[key]))
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["build_zero_one.py", *map(str, arguments)])
    status: int = build_zero_one.main()
    return status


def test_script_builds_the_same_file_each_time_and_checks_it(
    originals: Path,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, originals) == 0
    first = copy.read_bytes()
    assert run(monkeypatch, originals) == 0
    assert copy.read_bytes() == first
    with np.load(io.BytesIO(first), allow_pickle=False) as arrays:
        built = dict(arrays)
    assert built["train_labels"].tolist() == [0, 1, 1, 0, 1, 0, 0, 1]
    assert built["test_labels"].tolist() == [1, 0, 0]
    assert data.content_sha256(built) in capsys.readouterr().out
    monkeypatch.setattr(data, "ZERO_ONE_SHA256", data.content_sha256(built))
    assert run(monkeypatch, "--check", originals) == 0
    images, labels = mnist.load_other_digits()
    assert labels.tolist() == [7, 9, 5]
    assert images.shape == (3, 1, 28, 28)
    path = mnist.OTHERS_FOLDER / "other-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1] + b"\x06"))
    assert run(monkeypatch, "--check", originals) == 1
    with pytest.raises(DamagedFileError, match=r"other-labels.*damaged \(wrong content"):
        mnist.load_other_digits()
    path.unlink()
    with pytest.raises(FileNotFoundError, match="other-labels"):
        mnist.load_other_digits()
    assert_same(
        mnist.load_zero_one(),
        mnist.select_digits(mnist.load_mnist(decompressed(originals)), (0, 1)),
    )


def decompressed(folder: Path) -> Path:
    """Fill a cache by hand, as the message of a failed download says."""
    for path in folder.glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    return folder


def test_script_notices_another_file(
    originals: Path,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = copy.read_bytes()
    assert run(monkeypatch, "--check", originals) == 1  # sound, but not from these
    assert "DIFFERENT content" in capsys.readouterr().out
    copy.write_bytes(before[:-1])
    assert run(monkeypatch, "--check", originals) == 1
    assert str(copy) in capsys.readouterr().err
    copy.unlink()
    assert run(monkeypatch, "--check", originals) == 1
    assert not copy.exists()


def test_script_refuses_other_originals(
    originals: Path,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = copy.read_bytes()
    path = originals / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1] + b"\0"))
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, originals)
    assert f"{path}: wrong content" in capsys.readouterr().err
    path.unlink()
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, originals)
    assert str(path) in capsys.readouterr().err
    assert copy.read_bytes() == before


needs_mnist = pytest.mark.skipif(
    MIRROR_FOLDER is None,
    reason="CNNBOOK_MNIST_MIRROR_FOLDER does not name a folder with MNIST's four .gz files",
)


@needs_mnist
def test_script_confirms_the_embedded_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--check", MIRROR_FOLDER) == 0
