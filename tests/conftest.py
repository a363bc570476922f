"""What all tests share: the same examples on every machine, and a file that may be damaged."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from cnnbook import data

# No deadline: a busy machine is no failure. Derandomised: the same examples in every run; a
# search for new ones is `CNNBOOK_EXPLORE=1 pytest`.
settings.register_profile("cnnbook", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("explore" if os.environ.get("CNNBOOK_EXPLORE") else "cnnbook")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the embedded file that `load_zero_one` reads in its place."""
    path = tmp_path / "copy.npz"
    path.write_bytes(data.ZERO_ONE_FILE.read_bytes())
    monkeypatch.setattr(data, "ZERO_ONE_FILE", path)
    return path
