"""Downloads from a real server on this computer that does all that servers have done to MNIST."""

import errno
import gc
import hashlib
import http.client
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pooch import HTTPDownloader

from cnnbook import download, files, mnist
from cnnbook.download import DownloadError
from cnnbook.known_files import KnownFile
from tests import mirror
from tests.mirror import Answer, Mirror, Request, closed_port, serving, well
from tests.terminal import Terminal

Content = dict[str, bytes]

FAULTS: list[tuple[Answer, str]] = [
    (mirror.forbidden, "status 403 Forbidden"),
    (mirror.missing, "status 404 Not Found"),
    (mirror.unavailable, "status 503 Service Unavailable"),
    (mirror.html_page, "an HTML page, not gzip"),
    (mirror.no_gzip, "not gzip"),
    (mirror.empty, "not gzip"),
    (mirror.hangs_up_early, "truncated: the connection was closed too early"),
    (mirror.cut_short, "truncated: the gzip data break off"),
    (mirror.flipped_bit, "damaged gzip ("),
    (mirror.stalls, "stalled for 0.5 s"),
    (mirror.never_answers, "stalled for 0.5 s"),
    (mirror.other_bytes, "wrong content: expected SHA-256 {known}..., got "),
    (mirror.shorter_bytes, "truncated: 13 of 14 bytes"),
    (mirror.bomb, "longer than the expected 14 bytes"),
    (mirror.flood, "more than 1,038 bytes, too long for this file"),
    (mirror.endless_redirect, "Exceeded 30 redirects."),
]


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing leave this computer, and let leaked sockets show at the test that leaks them."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", f"a test tried to reach {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 3600)
    gc.freeze()  # so that collecting what the test leaves behind is quick
    yield
    gc.collect()
    gc.unfreeze()


@pytest.fixture
def content(monkeypatch: pytest.MonkeyPatch) -> Content:
    """Return four tiny files, and make `load_mnist` believe that they are MNIST."""
    tiny = mirror.tiny_idx_files()
    monkeypatch.setattr(mnist, "FILES", mirror.known_files(tiny))
    return tiny


@pytest.fixture
def good(content: Content) -> Iterator[Mirror]:
    with serving(content, well) as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def be_impatient_with(server: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the wait where a server stalls, and nowhere else, lest a busy computer fail."""
    stalling = {mirror.stalls, mirror.never_answers}
    if stalling.isdisjoint({server.answer, *server.answers.values()}):
        return

    class Impatient(HTTPDownloader):
        def __call__(self, url: str, *arguments: Any, **options: Any) -> None:
            name = url.rpartition("/")[2].removesuffix(".gz")
            answer = server.answers.get(name, server.answer)
            if not (url.startswith(server.url) and answer in stalling):
                self.kwargs["timeout"] = 3600
            super().__call__(url, *arguments, **options)

    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(download, "HTTPDownloader", Impatient)


def by_name(content: Content) -> Content:
    """Return the content under the names that the files have in the cache."""
    return {known.name: content[key] for key, known in mnist.FILES.items()}


def found_in(cache: Path) -> Content:
    """Return all that the cache holds, hidden files too."""
    return {path.name: path.read_bytes() for path in cache.glob("*")}


def assert_is_tiny(split: mnist.Split, content: Content) -> None:
    for part, (images, labels) in split._asdict().items():
        pixels = np.frombuffer(content[f"{part}_images"][16:], np.uint8)
        expected = (pixels.astype(np.float64) / 255).reshape(-1, 1, 28, 28)
        np.testing.assert_allclose(images, expected, rtol=0, atol=1e-7)
        assert images.dtype == np.float32
        np.testing.assert_array_equal(labels, mirror.LABELS[part])
        assert labels.dtype == np.int64


def test_downloads_verifies_and_keeps_the_decompressed_files(
    content: Content, good: Mirror, cache: Path
) -> None:
    assert_is_tiny(mnist.load_mnist(cache, [good.url]), content)
    assert found_in(cache) == by_name(content)
    assert len(good.requests) == 4


def test_second_load_touches_no_network(content: Content, good: Mirror, cache: Path) -> None:
    mnist.load_mnist(cache, [good.url])
    good.requests.clear()
    assert_is_tiny(mnist.load_mnist(str(cache), [good.url]), content)
    assert_is_tiny(mnist.load_mnist(cache), content)  # the real mirrors: see _only_loopback
    assert good.requests == []


def test_default_cache_is_the_operating_systems(
    content: Content, good: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def os_cache(project: str) -> Path:
        asked.append(project)
        return cache

    monkeypatch.setattr(download, "os_cache", os_cache)
    mnist.load_mnist(mirrors=(good.url,))
    assert asked == ["cnnbook"]
    assert found_in(cache) == by_name(content)


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_every_fault_is_named_and_leaves_nothing_behind(
    content: Content,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Answer,
    reason: str,
) -> None:
    known = mnist.FILES["test_labels"]
    with serving(content, fault) as bad:
        be_impatient_with(bad, monkeypatch)
        with pytest.raises(DownloadError) as caught:
            mnist.load_mnist(cache, (bad.url,))
    message = str(caught.value)
    reason = reason.format(known=known.sha256[:12])
    assert f"{bad.url}{known.name}.gz: {reason}" in message
    assert message.startswith(known.name)
    assert "Check the network" in message
    assert f"save it as {cache / known.name}" in message
    assert found_in(cache) == {}


@pytest.mark.parametrize("fault", [fault for fault, _ in FAULTS])
def test_next_mirror_helps_whatever_the_first_did(
    content: Content,
    good: Mirror,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Answer,
) -> None:
    with serving(content, well) as first:
        first.answers["train-images-idx3-ubyte"] = fault
        be_impatient_with(first, monkeypatch)
        split = mnist.load_mnist(cache, [first.url, good.url])
    assert_is_tiny(split, content)
    assert found_in(cache) == by_name(content)
    assert good.requests == ["/mnist/train-images-idx3-ubyte.gz"]


def test_mirrors_are_tried_in_their_order(content: Content, good: Mirror, cache: Path) -> None:
    with serving(content, well) as second:
        mnist.load_mnist(cache, (good.url, second.url))
    assert len(good.requests) == 4
    assert second.requests == []


def test_all_mirrors_and_reasons_are_listed_in_order(content: Content, cache: Path) -> None:
    down = closed_port()
    with (
        serving(content, mirror.forbidden) as first,
        serving(content, mirror.html_page) as second,
        pytest.raises(DownloadError) as caught,
    ):
        mnist.load_mnist(cache, [down, first.url, second.url])
    lines = str(caught.value).splitlines()
    name = "t10k-labels-idx1-ubyte.gz"
    assert lines[1:4] == [
        f"  {down}{name}: {os.strerror(errno.ECONNREFUSED)}",
        f"  {first.url}{name}: status 403 Forbidden",
        f"  {second.url}{name}: an HTML page, not gzip",
    ]
    assert len(lines) == 5


def test_address_without_a_host_is_reported(content: Content, cache: Path) -> None:
    with pytest.raises(DownloadError, match=r"http:.*: Invalid URL"):
        mnist.load_mnist(cache, ["http://"])


def test_slash_at_the_end_of_an_address_does_not_matter(
    content: Content, good: Mirror, cache: Path
) -> None:
    mnist.load_mnist(cache, [good.url.rstrip("/")])
    assert good.requests[0] == "/mnist/t10k-labels-idx1-ubyte.gz"


def test_redirect_is_followed(content: Content, good: Mirror, cache: Path) -> None:
    with serving(content, mirror.redirect_to(good.url)) as moved:
        assert_is_tiny(mnist.load_mnist(cache, [moved.url]), content)
    assert len(moved.requests) == len(good.requests) == 4


def test_gzip_declared_as_encoding_of_the_transfer(content: Content, cache: Path) -> None:
    with serving(content, mirror.declared_as_encoding) as server:
        assert_is_tiny(mnist.load_mnist(cache, [server.url]), content)
    assert found_in(cache) == by_name(content)


def test_bad_bytes_of_the_right_length_without_gzip(content: Content, cache: Path) -> None:
    def plain(request: Request) -> None:
        request.send(bytes(len(request.content)))

    with (
        serving(content, plain) as server,
        pytest.raises(DownloadError, match=r"wrong content: expected SHA-256 .{12}..., got "),
    ):
        mnist.load_mnist(cache, [server.url])
    assert found_in(cache) == {}


def test_what_arrived_before_a_failure_is_kept_and_not_fetched_again(
    content: Content, good: Mirror, cache: Path
) -> None:
    with serving(content, well) as server:
        server.answers["train-images-idx3-ubyte"] = mirror.cut_short
        with pytest.raises(DownloadError, match=r"^train-images-idx3-ubyte: "):
            mnist.load_mnist(cache, [server.url])
    whole = by_name(content)
    del whole["train-images-idx3-ubyte"]
    assert found_in(cache) == whole
    mnist.load_mnist(cache, [good.url])
    assert good.requests == ["/mnist/train-images-idx3-ubyte.gz"]


def test_the_reason_is_what_lies_deepest_is_the_downloads_even_while_another_exception_is_handled(
    content: Content, cache: Path
) -> None:
    with serving(content, mirror.hangs_up_early) as server:
        try:
            Path("no such file").read_bytes()
        except FileNotFoundError:
            with pytest.raises(DownloadError) as caught:
                mnist.load_mnist(cache, [server.url])
    assert "truncated: the connection was closed too early" in str(caught.value)
    assert os.strerror(errno.ENOENT) not in str(caught.value)


def flip(whole: bytes) -> bytes:
    return whole[:9] + bytes([whole[9] ^ 1]) + whole[10:]


DAMAGE = {
    "flipped": (flip, "wrong content: expected SHA-256"),
    "truncated": (lambda whole: whole[:-1], "truncated: "),
    "empty": (lambda whole: b"", "truncated: 0 of "),
    "longer": (lambda whole: whole + b"\0", "longer than the expected "),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("key", ["test_labels", "train_images"])
def test_damaged_cache_is_downloaded_again(
    content: Content, good: Mirror, cache: Path, damage: str, key: str
) -> None:
    mnist.load_mnist(cache, [good.url])
    good.requests.clear()
    path = cache / mnist.FILES[key].name
    path.write_bytes(DAMAGE[damage][0](content[key]))
    assert_is_tiny(mnist.load_mnist(cache, [good.url]), content)
    assert good.requests == [f"/mnist/{path.name}.gz"]
    assert found_in(cache) == by_name(content)


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_cache_without_network_names_the_file_and_the_mirrors(
    content: Content, good: Mirror, cache: Path, damage: str
) -> None:
    mnist.load_mnist(cache, [good.url])
    path = cache / "train-labels-idx1-ubyte"
    damaged, reason = DAMAGE[damage][0](path.read_bytes()), DAMAGE[damage][1]
    path.write_bytes(damaged)
    down = closed_port()
    with pytest.raises(DownloadError) as caught:
        mnist.load_mnist(cache, [down])
    assert f"{path}: {reason}" in str(caught.value)
    assert f"{down}train-labels-idx1-ubyte.gz: " in str(caught.value)
    assert found_in(cache) == by_name(content) | {path.name: damaged}


def test_empty_cache_without_network_names_every_mirror(content: Content, cache: Path) -> None:
    mirrors = closed_port(), closed_port(), closed_port()
    with pytest.raises(DownloadError) as caught:
        mnist.load_mnist(cache, mirrors)
    refused = os.strerror(errno.ECONNREFUSED)
    for address in mirrors:
        assert f"{address}t10k-labels-idx1-ubyte.gz: {refused}" in str(caught.value)
    assert not cache.exists()


def assert_blames_the_disk(error: OSError, path: Path, first: Mirror, second: Mirror) -> None:
    assert not isinstance(error, DownloadError)
    assert error.filename == str(path)
    assert "cannot save a downloaded file: " in str(error)
    assert first.url not in str(error)
    assert first.requests[-1] == f"/mnist/{path.name}.gz"
    assert second.requests == []


@pytest.mark.parametrize("place", [(os, "fsync"), (Path, "replace")])
def test_full_disk_is_an_error_at_once(
    content: Content,
    good: Mirror,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[Any, str],
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    cache.mkdir()
    with serving(content, well) as second, monkeypatch.context() as patch:
        patch.setattr(*place, full)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
            mnist.load_mnist(cache, [good.url, second.url])
    assert_blames_the_disk(caught.value, cache / "t10k-labels-idx1-ubyte", good, second)
    assert caught.value.errno == errno.ENOSPC
    assert found_in(cache) == {}


def test_error_of_the_disk_without_a_number(
    content: Content, good: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*arguments: object) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(os, "fsync", odd)
    with pytest.raises(OSError, match="cannot save a downloaded file: the disk is on fire"):
        mnist.load_mnist(cache, [good.url])


CHILD = """
import sys
from tests import mirror
from cnnbook import download, mnist
from tests import mirror

content = mirror.tiny_idx_files()
mnist.FILES = mirror.known_files(content)
download.TIMEOUT_SECONDS = 3600
cache, *mirrors = sys.argv[1:]
"""


def child(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start another Python that runs CHILD and then ``code``."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", CHILD + code, *map(str, arguments)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_file_that_outgrows_a_real_limit(content: Content, good: Mirror, cache: Path) -> None:
    pytest.importorskip("resource", reason="no limit to the size of files on this system")
    code = """
import resource
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, unlimited[1]))
try:
    mnist.load_mnist(cache, mirrors)
except OSError as error:
    print(isinstance(error, download.DownloadError), error)
resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
"""
    with serving(content, well) as second, child(code, cache, good.url, second.url) as process:
        output, errors = process.communicate()
    path = cache / "train-images-idx3-ubyte"
    because = f"cannot save a downloaded file: {os.strerror(errno.EFBIG)}: '{path}'"
    assert output == f"False [Errno {errno.EFBIG}] {because}\n", errors
    assert len(good.requests) == 4
    assert second.requests == []
    whole = by_name(content)
    del whole[path.name]
    assert found_in(cache) == whole


def test_two_processes_fill_one_cache_at_the_same_time(content: Content, cache: Path) -> None:
    together = threading.Barrier(2)

    def both_at_once(request: Request) -> None:
        together.wait()
        well(request)

    code = """
split = mnist.load_mnist(cache, mirrors)
print(split.train[0].sum() + split.test[0].sum() + split.train[1].sum() + split.test[1].sum())
"""
    with (
        serving(content, both_at_once) as server,
        child(code, cache, server.url) as one,
        child(code, cache, server.url) as other,
    ):
        results = [process.communicate() for process in (one, other)]
    assert results[0] == results[1]
    assert results[0][1] == ""
    assert len(server.requests) == 8
    assert found_in(cache) == by_name(content)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_process_killed_while_it_downloads(content: Content, good: Mirror, cache: Path) -> None:
    with serving(content, well) as server:
        server.answers["train-images-idx3-ubyte"] = mirror.stalls
        with child("mnist.load_mnist(cache, mirrors)", cache, server.url) as process:
            assert server.stalled.wait()
            process.kill()
            process.communicate()
    assert process.returncode == -signal.SIGKILL
    whole = by_name(content)
    del whole["train-images-idx3-ubyte"]
    assert found_in(cache) == whole
    assert_is_tiny(mnist.load_mnist(cache, [good.url]), content)
    assert good.requests == ["/mnist/train-images-idx3-ubyte.gz"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_process_killed_while_it_saves(content: Content, good: Mirror, cache: Path) -> None:
    code = """
import os, signal
from cnnbook import files
files.os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
mnist.load_mnist(cache, mirrors)
"""
    with child(code, cache, good.url) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    (left,) = cache.iterdir()
    assert left.name.startswith(".t10k-labels-idx1-ubyte.")
    assert left.name.endswith(files.TEMPORARY_SUFFIX)
    assert_is_tiny(mnist.load_mnist(cache, [good.url]), content)
    assert {left.name} == set(found_in(cache)) - set(by_name(content))  # harmless
    files.remove_incomplete(cache)
    assert found_in(cache) == by_name(content)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """Return a folder, and be nobody in particular: to root every folder is writable."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system has other permissions")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)
            for path in [Path(folder), *Path(folder).rglob("*")]:
                path.chmod(0o755)


def test_folder_that_cannot_be_written_to(
    content: Content, good: Mirror, unprivileged: Path
) -> None:
    unprivileged_cache = unprivileged / "cache"
    if os.getuid() != 0:
        unprivileged.chmod(0o555)
    with serving(content, well) as second, pytest.raises(PermissionError) as caught:
        mnist.load_mnist(unprivileged_cache, [good.url, second.url])
    path = unprivileged_cache / "t10k-labels-idx1-ubyte"
    assert_blames_the_disk(caught.value, path, good, second)
    assert len(good.requests) == 1
    assert found_in(unprivileged) == {}


def test_file_that_cannot_be_read(content: Content, good: Mirror, unprivileged: Path) -> None:
    path = unprivileged / "t10k-labels-idx1-ubyte"
    if os.getuid() == 0:
        os.seteuid(0)
    path.write_bytes(content["test_labels"])
    path.chmod(0)
    if os.getuid() == 0:
        os.seteuid(65534)
    with pytest.raises(PermissionError) as caught:
        mnist.load_mnist(unprivileged, [good.url])
    assert caught.value.filename == str(path)
    assert good.requests == []


def test_folder_in_the_place_of_a_file(content: Content, good: Mirror, cache: Path) -> None:
    path = cache / "t10k-labels-idx1-ubyte"
    path.mkdir(parents=True)
    with pytest.raises(OSError, match="t10k-labels-idx1-ubyte"):
        mnist.load_mnist(cache, [good.url])
    assert good.requests == []
    assert list(cache.iterdir()) == [path]


def test_cache_below_a_file(content: Content, good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cache"):
        mnist.load_mnist(tmp_path / "file" / "cache", [good.url])
    assert (tmp_path / "file").read_bytes() == b""


def test_cache_dir_that_is_a_file(content: Content, good: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="cache_dir: expected a folder; got the file"):
        mnist.load_mnist(tmp_path / "file", [good.url])
    assert good.requests == []


@pytest.mark.parametrize(
    ("cache_dir", "mirrors", "error", "message"),
    [
        (7, ("http://127.0.0.1/",), TypeError, "cache_dir: .* got 7"),
        (b"here", ("http://127.0.0.1/",), TypeError, "cache_dir: .* got b'here'"),
        ("", "http://127.0.0.1/", TypeError, "mirrors: expected a tuple of addresses; got 'http"),
        ("", None, TypeError, "mirrors: .* got None"),
        ("", {"http://127.0.0.1/"}, TypeError, "mirrors: "),
        ("", (), ValueError, "mirrors: expected at least one address; got none"),
        ("", ("http://127.0.0.1/", 7), ValueError, "mirrors: .* got 7"),
        ("", ("ftp://127.0.0.1/",), ValueError, "mirrors: .* got 'ftp://127.0.0.1/'"),
    ],
)
def test_bad_arguments_are_named(
    cache_dir: Any, mirrors: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}"):
        mnist.load_mnist(cache_dir, mirrors)


@pytest.mark.parametrize("fault", [None, mirror.hangs_up_early, mirror.stalls, mirror.flood])
def test_progress_is_shown_on_a_terminal_and_nowhere_else(
    content: Content,
    good: Mirror,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Answer | None,
) -> None:
    terminal, pipe = Terminal(), io.StringIO()
    with serving(content, well) as first:
        first.answers["train-images-idx3-ubyte"] = fault or well
        be_impatient_with(first, monkeypatch)
        for stream in terminal, pipe:
            monkeypatch.setattr(sys, "stderr", stream)
            mnist.load_mnist(cache / type(stream).__name__, [first.url, good.url])
    for known in mnist.FILES.values():
        assert f"{known.name}: 100%" in terminal.getvalue()
    assert pipe.getvalue() == ""


def test_memory_keeps_every_chunk_up_to_its_limit():
    memory = download._Memory(10)
    memory.write(b"12345")
    memory.write(b"67890")
    assert memory.content == b"1234567890"
    with pytest.raises(ValueError, match="^more than 10 bytes"):
        memory.write(b"1")


def test_the_address_ends_in_one_slash_and_the_name(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(download, "_download", lambda url, known: asked.append(url) or b"abc")
    known = KnownFile("n", 3, hashlib.sha256(b"abc").hexdigest())
    download.fetch(known, tmp_path, ["http://h/dataX//"])
    assert asked == ["http://h/dataX/n.gz"]


def test_the_bar_counts_bytes(monkeypatch):
    class Fake:
        def __init__(self, progressbar, **_):
            self.bar = progressbar

        def __call__(self, url, memory, pooch):
            self.bar.update(1_000_000)
            self.bar.refresh()

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(download, "HTTPDownloader", Fake)
    download._download("http://h/", KnownFile("n", 1_000_000, ""))
    assert "1.00M/1.00M" in terminal.getvalue()
    assert "B/s]" in terminal.getvalue().replace("MB/s", "B/s").replace("kB/s", "B/s").replace(
        "GB/s", "B/s"
    )


def test_the_reason_is_what_lies_deepest():
    assert download._reason(OSError("words"), None) == "words"
    assert download._reason(OSError(), None) == "OSError"
    error = OSError("outer")
    error.__cause__ = http.client.HTTPException("inner")
    assert download._reason(error, None) == "inner"
    error = OSError("outer")
    error.response = SimpleNamespace(status_code=400, reason="Bad Request")
    assert download._reason(error, None) == "status 400 Bad Request"
