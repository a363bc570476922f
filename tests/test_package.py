"""What happens when the package is imported."""

import numpy as np

import cnnbook


def test_the_block_that_raises_the_threshold_is_nearly_32_mib(monkeypatch):
    sizes = []
    monkeypatch.setattr(np, "empty", lambda n, dtype: sizes.append(n * np.dtype(dtype).itemsize))
    cnnbook._keep_freed_memory()
    assert len(sizes) == 1
    assert 0.99 * 2**25 < sizes[0] < 2**25
