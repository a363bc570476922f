"""The script that assembles what runs in a page."""

import io
import json
import sys
import tarfile
import zipfile

import pytest

from book.site import packing
from scripts import runtime

LOCK = {
    "info": {"python": "3.14.0"},
    "packages": {
        name: {"file_name": f"{name}.whl", "sha256": packing.sha256(name.encode())}
        for name in ("numpy", "scipy", "pandas")
    },
}
CORE = {"pyodide.mjs": b"module", "pyodide-lock.json": json.dumps(LOCK).encode()}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Let an empty folder be that of the runtime, and small files be what belongs there."""
    place = tmp_path / "docs" / "runtime"
    for module in (runtime, packing):
        monkeypatch.setattr(module, "RUNTIME", place)
    hashes = {name: packing.sha256(content) for name, content in CORE.items()}
    monkeypatch.setattr(runtime, "CORE", hashes)
    monkeypatch.setattr(runtime, "fetch_core", lambda _: dict(CORE))
    monkeypatch.setattr(runtime, "fetch_wheels", lambda _, names: wheels(*names))
    return place


def wheels(*names):
    return {name: name.removesuffix(".whl").encode() for name in names}


def test_everything_is_there_and_the_manifest_names_it(folder):
    runtime.assemble()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    core = folder / manifest["core"]
    assert {path.name for path in core.iterdir()} == {
        "pyodide.mjs",
        "pyodide-lock.json",
        "lock.json",
        "numpy.whl",
        "scipy.whl",
    }
    assert json.loads((core / "lock.json").read_bytes())["packages"].keys() == {"numpy", "scipy"}
    for part in packing.PARTS:
        assert (folder / manifest[part]).exists()
        assert manifest["sizes"][manifest[part]] > 1000
    assert "pyodide-lock.json" not in manifest["sizes"], "no page loads it"


def test_what_is_there_is_not_fetched_again_and_what_is_damaged_is(folder, monkeypatch):
    runtime.assemble()
    (core,) = folder.glob("pyodide-*")
    fetched = []
    monkeypatch.setattr(runtime, "fetch_core", lambda _: fetched.append("core") or dict(CORE))
    monkeypatch.setattr(
        runtime, "fetch_wheels", lambda _, names: fetched.append("wheels") or wheels(*names)
    )
    runtime.assemble()
    assert fetched == []
    (core / "numpy.whl").write_bytes(b"damaged")
    runtime.assemble()
    assert fetched == ["wheels"]
    assert (core / "numpy.whl").read_bytes() == b"numpy"


def test_a_file_with_another_hash_is_refused_and_what_was_there_stays(folder, monkeypatch, capsys):
    runtime.assemble()
    before = (folder / "manifest.json").read_bytes()
    (core,) = folder.glob("pyodide-*")
    (core / "scipy.whl").unlink()
    monkeypatch.setattr(runtime, "fetch_wheels", lambda _, names: dict.fromkeys(names, b"other"))
    monkeypatch.setattr(sys, "argv", ["runtime"])
    assert runtime.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("scipy.whl: expected SHA-256 ")
    assert "Traceback" not in said
    assert not (core / "scipy.whl").exists()
    assert (core / "numpy.whl").read_bytes() == b"numpy"
    assert (folder / "manifest.json").read_bytes() == before


def test_wheels_may_come_from_a_folder_since_the_hash_decides(folder, tmp_path):
    place = tmp_path / "wheels"
    place.mkdir()
    with pytest.raises(runtime.RuntimeFileError, match=r"numpy\.whl: not in what was fetched"):
        runtime.assemble(place)
    for name, content in wheels("numpy.whl", "scipy.whl").items():
        (place / name).write_bytes(content)
    runtime.assemble(place)
    assert packing.stale() == {}


def test_what_the_clients_bring_is_unpacked(tmp_path, monkeypatch):
    def call(*command, folder):
        if command[0] == "npm":
            with tarfile.open(folder / "pyodide-1.tgz", "w:gz") as archive:
                for name in runtime.CORE:
                    member = tarfile.TarInfo(f"package/{name}")
                    member.size = len(name)
                    archive.addfile(member, io.BytesIO(name.encode()))
        else:
            with zipfile.ZipFile(folder / "open_webui-1-any.whl", "w") as archive:
                archive.writestr("open_webui/frontend/pyodide/numpy.whl", b"numpy")

    monkeypatch.setattr(runtime, "call", call)
    assert runtime.fetch_core(tmp_path) == {name: name.encode() for name in runtime.CORE}
    assert runtime.fetch_wheels(tmp_path, ["numpy.whl", "scipy.whl"]) == {"numpy.whl": b"numpy"}


def test_a_client_that_fails_or_is_not_there_says_so_in_one_line(tmp_path):
    with pytest.raises(runtime.RuntimeFileError, match=r"^no-such-client: not installed"):
        runtime.call("no-such-client", "pack", folder=tmp_path)
    with pytest.raises(runtime.RuntimeFileError, match=r": it broke$"):
        runtime.call(sys.executable, "-c", "raise SystemExit('it broke')", folder=tmp_path)


def test_the_book_s_part_is_packed_again_when_the_sources_change(folder, monkeypatch):
    assert packing.stale() == {}, "there is no runtime at all"
    packing.refresh()
    assert not folder.exists()
    runtime.assemble()
    assert packing.packed("code") == packing.packed("code")
    assert packing.stale() == {}
    (old,) = folder.glob("book-code-*.zip")
    monkeypatch.setitem(packing.PARTS, "code", ("cnnbook/*.py",))
    assert packing.stale() == {old.name: "is not packed of the sources as they stand"}
    packing.refresh()
    assert packing.stale() == {}
    assert not old.exists()
    assert len(list(folder.glob("book-*.zip"))) == 2
