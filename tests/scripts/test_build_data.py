"""The script that builds the embedded files from MNIST's own."""

import gzip
import hashlib
import os
import sys
from pathlib import Path

import pytest

from cnnbook import mnist
from cnnbook.known_files import KnownFile
from scripts import build_data, held_out
from tests import mirror
from tests.cases import assert_same

MIRROR_FOLDER = os.environ.get("CNNBOOK_MNIST_MIRROR_FOLDER")


@pytest.fixture
def originals(tmp_path: Path, embedded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with four tiny files in the place of MNIST's."""
    monkeypatch.setattr(held_out, "DATA", tmp_path / "held-out")
    monkeypatch.setattr(held_out, "COUNT", 3)
    monkeypatch.setattr(mnist, "EMBEDDED", 7)
    content = mirror.tiny_idx_files()
    monkeypatch.setattr(mnist, "FILES", mirror.known_files(content))
    arrays = {key: mnist.parse_idx(content[key], key) for key in content}
    sums = {
        known.name: (len(built), hashlib.sha256(built).hexdigest())
        for known, built in build_data.build(arrays).items()
    }
    for table in ("ZERO_ONE", "OTHERS"):
        known_files = {
            key: KnownFile(known.name, *sums[known.name])
            for key, known in getattr(mnist, table).items()
        }
        monkeypatch.setattr(mnist, table, known_files)
    for module, name in ((mnist, "DIGITS"), (held_out, "HELD_OUT")):
        known = getattr(module, name)
        monkeypatch.setattr(module, name, KnownFile(known.name, *sums[known.name]))
    folder = tmp_path / "originals"
    folder.mkdir()
    for key, known in mnist.FILES.items():
        (folder / f"{known.name}.gz").write_bytes(gzip.compress(content[key]))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.gz")}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["build_data.py", *map(str, arguments)])
    status: int = build_data.main()
    return status


def test_script_builds_the_same_files_each_time_and_checks_them(
    originals: Path,
    embedded: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, originals) == 0
    first = contents(embedded)
    assert run(monkeypatch, originals) == 0
    assert contents(embedded) == first
    assert {packed[4:8] for packed in first.values()} == {bytes(4)}, "no date in any of them"
    built = mnist.read_embedded(mnist.ZERO_ONE)
    assert built["train_labels"].tolist() == [0, 1, 1, 0, 1, 0, 0, 1]
    assert built["test_labels"].tolist() == [1, 0, 0]
    assert run(monkeypatch, "--check", originals) == 0
    assert capsys.readouterr().out.count("the same content") == 8
    images, labels = mnist.load_other_digits()
    assert labels.tolist() == [7, 9, 5]
    assert images.shape == (3, 1, 28, 28)
    whole = mnist.load_mnist(decompressed(originals))
    (images, labels), test = mnist.load_digits()
    assert_same(((images, labels), test), ((whole.train[0][:7], whole.train[1][:7]), whole.test))
    last = (whole.train[0][-3:], whole.train[1][-3:])
    assert_same((held_out.load_held_out(),), (last,))
    assert [path.name for path in held_out.DATA.iterdir()] == ["held-out-idx3-idx1-ubyte.gz"]
    path = embedded / "other-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1] + b"\x06"))
    assert run(monkeypatch, "--check", originals) == 1
    assert f"{path}: wrong content" in capsys.readouterr().err
    assert_same(
        mnist.load_zero_one(),
        mnist.select_digits(whole, (0, 1)),
    )


def decompressed(folder: Path) -> Path:
    """Fill a cache by hand, as the message of a failed download says."""
    for path in folder.glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    return folder


def test_script_notices_other_files(
    originals: Path,
    embedded: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = contents(embedded)
    assert run(monkeypatch, "--check", originals) == 1  # sound, but not from these
    path = embedded / "zero-one-test-labels-idx1-ubyte.gz"
    assert f"{path}: longer than" in capsys.readouterr().err
    path.unlink()
    assert run(monkeypatch, "--check", originals) == 1
    assert str(path) in capsys.readouterr().err
    assert contents(embedded) == {name: before[name] for name in before if name != path.name}


def test_script_notices_another_table(
    originals: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, originals) == 0
    known = mnist.OTHERS["labels"]._replace(sha256="0" * 64)
    monkeypatch.setitem(mnist.OTHERS, "labels", known)
    assert run(monkeypatch, "--check", originals) == 1
    assert f"{known.name}.gz: DIFFERENT content (wrong content" in capsys.readouterr().out


def test_script_refuses_other_originals(
    originals: Path,
    embedded: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = contents(embedded)
    path = originals / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1] + b"\0"))
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, originals)
    assert f"{path}: wrong content" in capsys.readouterr().err
    path.unlink()
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, originals)
    assert str(path) in capsys.readouterr().err
    assert contents(embedded) == before


needs_mnist = pytest.mark.skipif(
    MIRROR_FOLDER is None,
    reason="CNNBOOK_MNIST_MIRROR_FOLDER does not name a folder with MNIST's four .gz files",
)


@needs_mnist
def test_script_confirms_the_embedded_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--check", MIRROR_FOLDER) == 0
