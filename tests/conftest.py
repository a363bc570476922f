"""What all tests share: the same examples on every machine, and files that may be damaged."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from cnnbook import mnist

# No deadline: a busy machine is no failure. Derandomised: the same examples in every run; a
# search for new ones is `CNNBOOK_EXPLORE=1 pytest`.
settings.register_profile("cnnbook", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("explore" if os.environ.get("CNNBOOK_EXPLORE") else "cnnbook")


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the folder of embedded files that the package reads in its place."""
    folder = tmp_path / "data"
    shutil.copytree(mnist.DATA, folder)
    monkeypatch.setattr(mnist, "DATA", folder)
    return folder
