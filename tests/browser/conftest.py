"""The site, built strictly, served on loopback, and Debian's Chromium to open it with."""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHY = "the browser tests need pip install '.[browser,docs]' and a Chromium on the PATH"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing."""


@contextlib.contextmanager
def served(handler, folder):
    """Serve a folder on loopback; return the address."""
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=folder)
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Build the site strictly; return the folder in which it lies under a sub-path."""
    pytest.importorskip("mkdocs", reason=WHY)
    root = tmp_path_factory.mktemp("served")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", root / "book"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return root


@pytest.fixture(scope="session")
def site(folder):
    """Serve the built site; return its address."""
    with served(Quiet, folder) as address:
        yield f"{address}book/"


@pytest.fixture(scope="session")
def browser():
    """Start headless Chromium without its calls home."""
    playwright = pytest.importorskip("playwright.sync_api", reason=WHY)
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip(WHY)
    quiet = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    with playwright.sync_playwright() as driver:
        arguments = [f"--{option}" for option in quiet.split()]
        browser = driver.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()
