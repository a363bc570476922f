"""What happens when the package is imported."""

import subprocess
import sys

import numpy as np
import pytest

import cnnbook


def test_the_block_that_raises_the_threshold_is_nearly_32_mib(monkeypatch):
    sizes = []
    monkeypatch.setattr(np, "empty", lambda n, dtype: sizes.append(n * np.dtype(dtype).itemsize))
    cnnbook._keep_freed_memory()
    assert len(sizes) == 1
    assert 0.99 * 2**25 < sizes[0] < 2**25


@pytest.mark.parametrize("module", ["mnist", "train", "model", "runs", "gradient_check"])
def test_neither_the_download_nor_the_bar_is_loaded_before_it_is_needed(module):
    program = f"import sys, cnnbook.{module}; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert f"cnnbook.{module}" in loaded
    assert not {"pooch", "requests", "tqdm", "typer", "PIL", "matplotlib"} & set(loaded)
