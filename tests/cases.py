"""Inputs and comparisons that tests share: random inputs that can tell right from wrong.

Hypothesis draws them. Images and kernels are not square, channels and kernels several, strides
and paddings differ between the axes, upstream gradients are random, and arrays may be views in
odd memory order.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from cnnbook.layers import Layer, output_size
from cnnbook.samples import Split

Array = NDArray[Any]
Pair = tuple[int, int]


@dataclass(frozen=True)
class ConvCase:
    """One convolutional layer's worth of numbers."""

    x: Array
    kernels: Array
    bias: Array
    grad_output: Array
    stride: Pair
    padding: Pair

    @property
    def geometry(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding}

    @property
    def kernel_size(self) -> Pair:
        return self.kernels.shape[2], self.kernels.shape[3]

    @property
    def input_size(self) -> Pair:
        return self.x.shape[2], self.x.shape[3]


def in_memory_order(array: Array, order: str) -> Array:
    """Return the same numbers laid out differently."""
    if order == "C":
        return array
    if order == "reversed axes":
        return np.ascontiguousarray(array.T).T
    if order == "every other":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    assert order == "backwards"
    return np.ascontiguousarray(array[..., ::-1])[..., ::-1]


ORDERS = st.sampled_from(["C", "reversed axes", "every other", "backwards"])


@st.composite
def conv_cases(draw: st.DrawFn, dtype: type = np.float64) -> ConvCase:
    """Draw a layer: N, C up to 3, F up to 4, strides 1 to 3, paddings 0 to 2."""
    samples, channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    count = draw(st.integers(1, 4))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    height, width = (
        draw(st.integers(max(1, k - 2 * p), k - 2 * p + 6 if k > 2 * p else 6))
        for k, p in zip(kernel, padding, strict=True)
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = output_size((height, width), kernel, stride=stride, padding=padding)
    shapes = (samples, channels, height, width), (count, channels, *kernel), (samples, count, *size)
    x, kernels, grad_output = (
        in_memory_order(rng.standard_normal(shape).astype(dtype), draw(ORDERS)) for shape in shapes
    )
    bias = rng.standard_normal(count).astype(dtype)
    return ConvCase(x, kernels, bias, grad_output, stride, padding)


@dataclass(frozen=True)
class PoolCase:
    """One pooling layer's worth of numbers."""

    x: Array
    grad_output: Array
    pool_size: Pair
    stride: Pair
    padding: Pair

    @property
    def geometry(self) -> tuple[Pair, Pair, Pair]:
        return self.pool_size, self.stride, self.padding

    @property
    def options(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding}


@st.composite
def pool_cases(draw: st.DrawFn, *, padded: bool = True) -> PoolCase:
    """Draw a layer: N, C up to 3, windows up to 4, overlapping or with gaps, padding below them."""
    pool_size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    most = [k - 1 if padded else 0 for k in pool_size]
    padding = draw(st.integers(0, most[0])), draw(st.integers(0, most[1]))
    height, width = (
        draw(st.integers(max(1, k - 2 * p), k - 2 * p + 7 if k > 2 * p else 7))
        for k, p in zip(pool_size, padding, strict=True)
    )
    batch = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = output_size((height, width), pool_size, stride=stride, padding=padding)
    x, grad_output = (
        in_memory_order(rng.standard_normal(shape), draw(ORDERS))
        for shape in ((*batch, height, width), (*batch, *size))
    )
    return PoolCase(x, grad_output, pool_size, stride, padding)


def error(found: Array, expected: Array) -> float:
    """Measure the largest difference, relative to the largest number expected."""
    assert found.shape == expected.shape, (found.shape, expected.shape)
    scale = float(np.max(np.abs(expected))) or 1.0
    return float(np.max(np.abs(found - expected))) / scale


def padded(case: ConvCase) -> Array:
    """Return the images in their frame of zeros."""
    (p, q) = case.padding
    return np.pad(case.x, ((0, 0), (0, 0), (p, p), (q, q)))


def dilated(case: ConvCase) -> Array:
    """Put stride - 1 zeros between the entries of the upstream gradient."""
    samples, count, height, width = case.grad_output.shape
    down, across = case.stride
    shape = samples, count, (height - 1) * down + 1, (width - 1) * across + 1
    result = np.zeros(shape)
    result[:, :, ::down, ::across] = case.grad_output
    return result


def forwarded(layer: Layer, x: Array) -> Layer:
    """Return the layer after its forward."""
    layer.forward(x)
    return layer


def assert_same(one: Split, other: Split) -> None:
    """Compare two splits byte for byte."""
    pairs: list[tuple[Array, Array]] = []
    for mine, yours in zip(one, other, strict=True):
        pairs += [(mine[0], yours[0]), (mine[1], yours[1])]
    for array, expected in pairs:
        assert array.dtype == expected.dtype
        assert array.shape == expected.shape
        assert array.tobytes() == expected.tobytes()
