"""A web server on this computer that offers MNIST-like files well or badly, and counts requests."""

import gzip
import hashlib
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from numpy.typing import NDArray

from cnnbook.known_files import KnownFile

Answer = Callable[["Request"], None]

NAMES = {
    "test_labels": "t10k-labels-idx1-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "train_images": "train-images-idx3-ubyte",
}
LABELS = {
    "train": np.array([5, 0, 1, 1, 0, 9, 1, 0, 7, 0, 1], np.uint8),
    "test": np.array([7, 1, 0, 0, 9, 5], np.uint8),
}


def tiny_idx_files() -> dict[str, bytes]:
    """Make the four files of a data set of seventeen images of noise, decompressed."""
    rng = np.random.default_rng(10)
    content = {}
    for part, labels in LABELS.items():
        images = rng.integers(0, 256, (len(labels), 28, 28)).astype(np.uint8)
        content[f"{part}_images"] = idx(images)
        content[f"{part}_labels"] = idx(labels)
    return content


def idx(array: NDArray[np.uint8]) -> bytes:
    """Write an array as IDX."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def known_files(content: dict[str, bytes]) -> dict[str, KnownFile]:
    """Return what `cnnbook.mnist.FILES` would be if these were the files of MNIST."""
    return {
        key: KnownFile(name, len(content[key]), hashlib.sha256(content[key]).hexdigest())
        for key, name in NAMES.items()
    }


class Request(BaseHTTPRequestHandler):
    """One request: the server's answers decide what becomes of it."""

    server: "Mirror"

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2].removesuffix(".gz")
        self.server.requests.append(self.path)
        self.server.answers.get(name, self.server.answer)(self)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def send(self, body: bytes, length: int | None = None, **headers: str) -> None:
        """Send status 200 and a body; a wrong length is a promise not kept."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    @property
    def body(self) -> bytes:
        """The right file, compressed."""
        return gzip.compress(self.content, mtime=0)

    @property
    def content(self) -> bytes:
        """The right file, decompressed."""
        return self.server.files[self.path.rpartition("/")[2].removesuffix(".gz")]


class Mirror(ThreadingHTTPServer):
    """A server; ``answers`` may replace the usual ``answer`` for single files."""

    daemon_threads = False  # wait for them, so that no socket outlives the server
    block_on_close = True

    def __init__(self, files: dict[str, bytes], answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.files = {NAMES[key]: content for key, content in files.items()}
        self.answer = answer
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.closing = threading.Event()
        self.stalled = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/mnist/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client hangs up, which the tests make it do; note all else."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.errors.append(repr(error))


@contextmanager
def serving(files: dict[str, bytes], answer: Answer) -> Iterator[Mirror]:
    """Run a server until the end of the block."""
    with Mirror(files, answer) as mirror:
        thread = threading.Thread(target=mirror.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield mirror
        finally:
            mirror.closing.set()
            mirror.shutdown()
            thread.join()
    assert not mirror.errors, mirror.errors


def closed_port() -> str:
    """Return the address of a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def well(request: Request) -> None:
    """Send the right file."""
    request.send(request.body, Content_Type="application/x-gzip")


def forbidden(request: Request) -> None:
    request.send_error(403)


def missing(request: Request) -> None:
    request.send_error(404)


def unavailable(request: Request) -> None:
    request.send_error(503)


def html_page(request: Request) -> None:
    request.send(b"\n<!DOCTYPE html><html><body>Log in first</body></html>")


def no_gzip(request: Request) -> None:
    request.send(b'{"error": "quota exceeded"}')


def empty(request: Request) -> None:
    request.send(b"")


def hangs_up_early(request: Request) -> None:
    """Promise the whole file, send half of it and close the connection."""
    request.send(request.body[: len(request.body) // 2], length=len(request.body))


def cut_short(request: Request) -> None:
    """Send half of the file as if that were all."""
    request.send(request.body[: len(request.body) // 2])


def flipped_bit(request: Request) -> None:
    """Damage one byte in the middle of the compressed data."""
    body = bytearray(request.body)
    body[len(body) // 2] ^= 4
    request.send(bytes(body))


def stalls(request: Request) -> None:
    """Send half of the file, then nothing, and keep the connection open."""
    request.send(request.body[: len(request.body) // 2], length=len(request.body))
    request.server.stalled.set()
    request.server.closing.wait()


def never_answers(request: Request) -> None:
    request.server.closing.wait()


def other_bytes(request: Request) -> None:
    """Send sound gzip of the right length with one other byte."""
    request.send(gzip.compress(request.content[:-1] + bytes([request.content[-1] ^ 1])))


def shorter_bytes(request: Request) -> None:
    """Send sound gzip of a file that lacks its last byte."""
    request.send(gzip.compress(request.content[:-1]))


def bomb(request: Request) -> None:
    """Send less than a kilobyte that stands for nine hundred."""
    request.send(gzip.compress(bytes(900_000)))


def flood(request: Request) -> None:
    """Send four megabytes, and do not say beforehand that it will be so much."""
    request.send_response(200)
    request.end_headers()
    for _ in range(64):
        request.wfile.write(bytes(2**16))


def endless_redirect(request: Request) -> None:
    request.send_response(302)
    request.send_header("Location", request.path)
    request.send_header("Content-Length", "0")
    request.end_headers()


def declared_as_encoding(request: Request) -> None:
    """Send the right file, but call its compression an encoding of the transfer."""
    request.send(request.body, Content_Encoding="gzip")


def redirect_to(url: str) -> Answer:
    """Refer the client to another server."""

    def answer(request: Request) -> None:
        request.send_response(301)
        request.send_header("Location", url + request.path.rpartition("/")[2])
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer
