"""The script that assembles what runs in a page."""

import io
import json
import subprocess
import sys
import zipfile

import pytest

from book.site import packing
from cnnbook import mnist
from scripts import runtime

NUMPY, SCIPY, PILLOW = (name for name in runtime.FILES if name.endswith(".whl"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Let an empty folder be that of the runtime, and small files be what belongs there."""
    place = tmp_path / "docs" / "runtime"
    for module in (runtime, packing):
        monkeypatch.setattr(module, "RUNTIME", place)
    for name in runtime.FILES:
        monkeypatch.setitem(runtime.FILES, name, packing.sha256(name.encode()))
    return place


def source(_):
    return {name: name.encode() for name in runtime.FILES}


def test_everything_is_there_and_the_manifest_names_it(folder):
    runtime.assemble(source)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    core = folder / manifest["core"]
    assert {path.name for path in core.iterdir()} == {*runtime.FILES, "lock.json"}
    packages = json.loads((core / "lock.json").read_bytes())["packages"]
    assert {name: one["file_name"] for name, one in packages.items()} == {
        "numpy": NUMPY,
        "scipy": SCIPY,
        "pillow": PILLOW,
    }
    assert packages["pillow"]["imports"] == ["PIL"]
    assert packages["scipy"]["version"] == "1.18.0"
    assert packages["scipy"]["depends"] == ["numpy"]
    assert packages["numpy"]["sha256"] == packing.sha256((core / NUMPY).read_bytes())
    for part in packing.PARTS:
        assert (folder / manifest[part]).exists()
        assert manifest["sizes"][manifest[part]] > 1000
    assert "MPL" in (folder / "NOTICE.txt").read_text()


def test_what_is_there_is_not_fetched_again_and_what_is_damaged_is(folder):
    runtime.assemble(source)
    path = folder / runtime.CORE / NUMPY

    def never(_):
        raise AssertionError("there is nothing to fetch")

    runtime.assemble(never)
    path.write_bytes(b"damaged")
    runtime.assemble(source)
    assert path.read_bytes() == NUMPY.encode()


def test_a_file_with_another_hash_is_refused_and_what_was_there_stays(
    folder, tmp_path, monkeypatch, capsys
):
    runtime.assemble(source)
    before = (folder / "manifest.json").read_bytes()
    core = folder / runtime.CORE
    (core / SCIPY).unlink()
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(sys, "argv", ["runtime", "--from", str(other)])
    assert runtime.main() == 1
    assert capsys.readouterr().err == f"{SCIPY}: not in what was fetched\n"
    (other / SCIPY).write_bytes(b"another")
    assert runtime.main() == 1
    assert capsys.readouterr().err.startswith(f"{SCIPY}: expected SHA-256 ")
    assert not (core / SCIPY).exists()
    assert (core / NUMPY).read_bytes() == NUMPY.encode()
    assert (folder / "manifest.json").read_bytes() == before


def test_files_may_come_from_a_folder_since_the_hash_decides(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for name in runtime.FILES:
        (other / name).write_bytes(name.encode())
    runtime.assemble(lambda _: runtime.taken_from(other))
    assert packing.stale() == {}


def test_what_pip_brings_is_unpacked_and_what_it_says_is_said(tmp_path, monkeypatch):
    def call(command, *, cwd, **_):
        with zipfile.ZipFile(cwd / "open_webui-1-any.whl", "w") as archive:
            archive.writestr(f"open_webui/frontend/pyodide/{NUMPY}", b"numpy")
            archive.writestr("open_webui/other.txt", b"")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", call)
    assert runtime.fetch(tmp_path) == {NUMPY: b"numpy"}
    failed = subprocess.CompletedProcess([], 1, "", "a warning\nERROR: no such version\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(
        runtime.RuntimeFileError, match=r"^pip download .*: ERROR: no such version$"
    ):
        runtime.fetch(tmp_path)


def test_the_book_s_part_is_packed_again_when_the_sources_change(folder, monkeypatch):
    assert packing.stale() == {}, "there is no runtime at all"
    packing.refresh()
    assert not folder.exists()
    runtime.assemble(source)
    assert packing.packed("code") == packing.packed("code")
    assert packing.stale() == {}
    (old,) = folder.glob("book-code-*.zip")
    monkeypatch.setitem(packing.PARTS, "code", ("cnnbook/*.py",))
    assert packing.stale() == {old.name: "is not packed of the sources as they stand"}
    packing.refresh()
    assert packing.stale() == {}
    assert not old.exists()
    assert len(list(folder.glob("book-*.zip"))) == len(packing.PARTS)


def test_a_runtime_that_was_made_before_there_was_a_part_gets_it(folder):
    runtime.assemble(source)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / manifest.pop("digits")).unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert list(packing.stale()) == ["digits"]
    packing.refresh()
    assert packing.stale() == {}


def test_every_file_of_data_is_in_one_part_and_all_ten_digits_in_their_own():
    names = {}
    for part in packing.PARTS:
        with zipfile.ZipFile(io.BytesIO(packing.packed(part))) as archive:
            data = [name for name in archive.namelist() if name.startswith("cnnbook/data/")]
            names[part] = {name.removeprefix("cnnbook/data/") for name in data}
    assert names.pop("code") == set()
    assert names["digits"] == {f"{mnist.DIGITS.name}.gz"}
    assert names["data"] == {path.name for path in mnist.DATA.iterdir()} - names["digits"]
