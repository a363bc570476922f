"""A network as a table."""

import re

import numpy as np

from cnnbook.layers import Conv2D, Dense, Reshape, Sigmoid
from cnnbook.model import Sequential


def rng(seed=0):
    return np.random.default_rng(seed)


def small(seed=0, dtype=np.float64):
    r = rng(seed)
    return Sequential(
        Conv2D(2, 3, 2, rng=r, dtype=dtype),
        Sigmoid(),
        Reshape((-1,)),
        Dense(18, 2, rng=r, dtype=dtype),
    )


def test_summary_without_an_input_shape():
    text = small().summary()
    assert "total" in text
    assert re.search(r"Dense\(18, 2\)\s+38\n", text)
    assert re.search(r"total\s+65$", text)
    assert repr(small()).startswith("Sequential(Conv2D(2, 3, ")
    assert "(3, 2, 3)" in small().summary((2, 3, 4))
    assert "total" in Sequential(Sigmoid()).summary((3,))


def test_summary_is_a_table():
    rng = np.random.default_rng(0)
    model = Sequential(Reshape((4,)), Dense(4, 2, rng=rng))
    assert model.summary() == (
        "layer            parameters\n"
        "Reshape((4,))             0\n"
        "Dense(4, 2)              10\n"
        "total                    10"
    )
    assert model.summary((2, 2)).splitlines()[:2] == [
        "layer          output shape  parameters",
        "Reshape((4,))          (4,)           0",
    ]


def test_summary_runs_in_the_dtype_of_the_network():
    seen = []

    class Spy(Sigmoid):
        def forward(self, x):
            seen.append((x.dtype, x.shape))
            return super().forward(x)

    Sequential(Spy()).summary((3,))
    Sequential(Spy(), Dense(3, 2, rng=np.random.default_rng(0), dtype=np.float64)).summary((3,))
    assert seen == [(np.float32, (1, 3)), (np.float64, (1, 3))]


def test_summary_lists_the_layers_of_a_stack_within():
    conv, *others = small().layers
    assert Sequential(Sequential(conv), *others).summary() == small().summary()
