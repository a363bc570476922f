"""PyTorch's bfloat16 and float16 as a second opinion on rounding."""

import numpy as np
import pytest

from cnnbook.rounding import BFLOAT16, FLOAT16, bfloat16_nearest, round_to_nearest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def numbers():
    """Return random bit patterns of float32, and what lies halfway between two bfloat16."""
    bits = np.random.default_rng(0).integers(0, 1 << 32, 100_000, dtype=np.uint32)
    halves = bits[:1000] & np.uint32(0xFFFF0000) | np.uint32(0x8000)
    x = np.concatenate([bits, halves]).view(np.float32)
    return x[np.isfinite(x)]


def test_bfloat16_is_pytorchs():
    x = numbers()
    wanted = torch.from_numpy(x).to(torch.bfloat16).to(torch.float32).numpy()
    np.testing.assert_array_equal(bfloat16_nearest(x).view(np.uint32), wanted.view(np.uint32))
    np.testing.assert_array_equal(round_to_nearest(x, BFLOAT16), wanted)


def test_float16_is_pytorchs():
    x = numbers()
    wanted = torch.from_numpy(x).to(torch.float16).to(torch.float32).numpy()
    np.testing.assert_array_equal(round_to_nearest(x, FLOAT16), wanted)
