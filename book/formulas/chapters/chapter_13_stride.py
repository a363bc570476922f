"""Chapter 13: stride and padding, forwards and backwards, windows per pixel, fields, shifts."""

from collections.abc import Sequence

import numpy as np

from book.formulas.binding import SIGNS, Draw, binds
from book.formulas.chapters.chapter_01_correlation import convolve, correlate
from book.formulas.evaluate import Case, Lattice
from cnnbook.correlation import cross_correlate2d
from cnnbook.layers import (
    Conv2D,
    conv2d,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
    output_size,
)
from cnnbook.layers.geometry import Geometry, collect, count_windows, layer_windows
from cnnbook.model import Sequential

# For each draw, the width of a row and of a kernel, stride and padding. In the first a pixel is
# left over, in the second a zero of the padding, in the third nothing; there windows have gaps.
ROWS = ((9, 4, 2, 0), (8, 3, 2, 1), (12, 4, 5, 1))
# The same, with two kinds of pixels away from the ends, or one.
WIDE_KERNELS = ((9, 4, 2, 0), (8, 3, 2, 1), (14, 7, 3, 2))


def left_over(width: int, kernel: int, stride: int) -> int:
    """Count the numbers at the end of a row that no window touches, by the code's gradient."""
    outputs = np.ones((1, 1, *output_size((1, width), (1, kernel), stride=(1, stride))))
    ones = np.ones((1, 1, 1, kernel))
    touched = conv2d_input_gradient(outputs, ones, (1, width), stride=(1, stride))[0, 0, 0]
    return int(np.argmax(touched[::-1] != 0))


def row_of(numbers: np.ndarray) -> np.ndarray:
    """Return a row as a batch of one image."""
    return numbers.reshape(1, 1, 1, -1)


@binds("eq-padded-row", layer_windows)
@binds("eq-strided-row", conv2d)
@binds("eq-strided-matrix", conv2d)
@binds("eq-three-transposes", conv2d_input_gradient)
def row(rng: Draw) -> Case:
    """A row, a kernel, the matrices of the padded row and of the layer, an upstream gradient."""
    width, kernel, stride, padding = ROWS[rng.number]
    x, k = rng.standard_normal(width), rng.standard_normal(kernel)
    options = {"stride": (1, stride), "padding": (0, padding)}
    none, wide = np.zeros(1), width + 2 * padding
    y = conv2d(row_of(x), row_of(k), none, **options)[0, 0, 0]
    framed = layer_windows(row_of(x), Geometry((1, 1), (1, 1), (0, padding)))[0, 0, 0, :, 0, 0]
    g = rng.standard_normal(len(y))
    units = np.eye(width).reshape(width, 1, 1, width)
    plain = [cross_correlate2d(unit[np.newaxis], k[np.newaxis])[0] for unit in np.eye(wide)]
    back = conv2d_input_gradient(row_of(g), row_of(k), (1, width), **options)[0, 0, 0]
    return Case(
        {
            "x": x,
            "k": k,
            r"\tilde{x}": framed,
            "y": y,
            "L/y": g,
            "L/x": back,
            "T": np.stack(plain, axis=1),
            r"\hat{T}": conv2d(units, row_of(k), none, **options)[:, 0, 0].T,
            "E": np.eye(wide - kernel + 1)[::stride],
            "B": np.eye(wide)[:, padding : padding + width],
            "W": width,
            "W'": len(y),
            "K_W": kernel,
            "S": stride,
            "P": padding,
        },
        {"i": range(len(y)), "a": range(wide)},
    )


@binds("eq-strided-size", count_windows)
def sizes(rng: Draw) -> Case:
    """How many windows there are."""
    width, kernel, stride, padding = ROWS[rng.number]
    geometry = Geometry((1, kernel), (1, stride), (0, padding))
    found = count_windows((1, width), geometry)[1]
    return Case({"W": width, "W'": found, "K_W": kernel, "S": stride, "P": padding})


@binds("eq-left-over", conv2d_input_gradient)
@binds("eq-dilated-size", conv2d_input_gradient)
def what_is_left_over(rng: Draw) -> Case:
    """The same, and how many numbers there are after the last window."""
    case = sizes(rng)
    width, kernel, stride, padding = ROWS[rng.number]
    case.values["R"] = left_over(width + 2 * padding, kernel, stride)
    return case


# Sizes for each draw, no two of which are equal in all of them.
LAYERS = (
    {"N": 1, "C": 3, "F": 2, "H": 8, "W": 8, "K_H": 3, "K_W": 2, "S_H": 2, "S_W": 4},
    {"N": 2, "C": 1, "F": 3, "H": 8, "W": 7, "K_H": 2, "K_W": 3, "S_H": 3, "S_W": 2},
    {"N": 4, "C": 2, "F": 2, "H": 5, "W": 10, "K_H": 3, "K_W": 4, "S_H": 3, "S_W": 5},
)
PADDINGS = ((0, 1), (1, 0), (2, 1))


@binds("eq-strided-layer", conv2d)
@binds("eq-subsampled", conv2d)
@binds("eq-dilated", conv2d_input_gradient)
@binds("eq-strided-kernel-gradient", conv2d_kernel_gradient)
@binds("eq-strided-kernel-gradient-maps", conv2d_kernel_gradient)
@binds("eq-strided-input-gradient", conv2d_input_gradient)
@binds("eq-strided-input-gradient-maps", conv2d_input_gradient)
def layer(rng: Draw) -> Case:
    """A batch, kernels, biases, a random upstream gradient, and all that the code makes of them."""
    s = dict(LAYERS[rng.number])
    s["P_H"], s["P_W"] = padding = PADDINGS[rng.number]
    x = rng.standard_normal((s["N"], s["C"], s["H"], s["W"]))
    kernels = rng.standard_normal((s["F"], s["C"], s["K_H"], s["K_W"]))
    bias = rng.standard_normal(s["F"])
    stride, size = (s["S_H"], s["S_W"]), (s["H"], s["W"])
    options = {"stride": stride, "padding": padding}
    s["H'"], s["W'"] = output_size(size, kernels.shape[2:], **options)
    for letter, at in (("H", 0), ("W", 1)):
        wide = s[letter] + 2 * padding[at]
        s[f"R_{letter}"] = left_over(wide, s[f"K_{letter}"], stride[at])
    g = rng.standard_normal((s["N"], s["F"], s["H'"], s["W'"]))
    places = [(count - 1) * step + 1 for count, step in zip(g.shape[2:], stride, strict=True)]
    one_by_one = np.eye(s["F"])[:, :, np.newaxis, np.newaxis]
    return Case(
        {
            "X": x,
            "K": kernels,
            "b": bias,
            "Y": conv2d(x, kernels, bias, **options),
            r"\bar{Y}": conv2d(x, kernels, bias, padding=padding),
            r"\tilde{X}": layer_windows(x, Geometry((1, 1), (1, 1), padding))[..., 0, 0],
            "L/Y": g,
            r"\hat{G}": conv2d_input_gradient(g, one_by_one, tuple(places), stride=stride),
            "L/K": conv2d_kernel_gradient(x, g, kernels.shape[2:], **options),
            "L/X": conv2d_input_gradient(g, kernels, size, **options),
            **SIGNS,
            **s,
        }
    )


@binds("eq-windows-per-pixel", collect)
def counted(rng: Draw, rows: Sequence[Sequence[int]] = ROWS) -> Case:
    """Under how many windows each pixel lies, by adding a one for each."""
    width, kernel, stride, padding = rows[rng.number]
    geometry = Geometry((1, kernel), (1, stride), (0, padding))
    count = count_windows((1, width), geometry)[1]
    counts = collect(np.ones((1, kernel, count)), (1, 1, 1, width), geometry)[0, 0, 0]
    return Case(
        {
            "m": counts,
            r"\min": min,
            r"\max": max,
            "W": width,
            "W'": count,
            "K_W": kernel,
            "S": stride,
            "P": padding,
        }
    )


@binds("eq-windows-inside", collect)
def inside(rng: Draw) -> Case:
    """The same away from the ends."""
    case = counted(rng, WIDE_KERNELS)
    v = case.values
    first, last = v["K_W"] - v["S"] - v["P"], v["S"] * v["W'"] - v["P"]
    return case._replace(free={"q": range(first, last)})


@binds("eq-strided-field", Sequential.forward)
def fields(rng: Draw) -> Case:
    """Which rows change an output, and by how many the next output's lie further down."""
    k, s, p = ([0, *(int(n) for n in rng.integers(low, high, 3))] for low, high in BOUNDS)
    layers = [
        Conv2D(1, 1, (k[m], 1), stride=(s[m], 1), padding=(p[m], 0), rng=rng, dtype=np.float64)
        for m in (1, 2, 3)
    ]
    jumps, heights, starts = [1], [1], [0]
    for depth in (1, 2, 3):
        model, x = Sequential(*layers[:depth]), rng.standard_normal((1, 1, 120, 1))
        before = model.forward(x)[0, 0, :, 0]
        changed = np.zeros((len(x[0, 0]), len(before)), bool)
        for at in range(len(changed)):
            other = x.copy()
            other[0, 0, at] += 1.0
            changed[at] = model.forward(other)[0, 0, :, 0] != before
        i = len(before) // 2
        first = [int(np.argmax(changed[:, i + step])) for step in (0, 1)]
        jumps.append(first[1] - first[0])
        heights.append(int(changed[:, i].sum()))
        starts.append(first[0] - i * jumps[-1])
    names = {"k": k, "S": s, "P": p, "d": jumps, "r": heights, "a": starts}
    values = {name: np.array(numbers) for name, numbers in names.items()}
    return Case({**values, "D": 3}, {"l": range(1, 4)})


BOUNDS = ((2, 5), (2, 4), (1, 3))  # of kernels, strides and paddings


@binds("eq-only-correlation", cross_correlate2d)
def endless(rng: Draw) -> Case:
    """A row, what a map that commutes with shifts makes of it, and of a row with a single one."""
    x, k = (Lattice(rng.standard_normal(size), (at,)) for size, at in ((3, -1), (3, -2)))
    h = correlate(Lattice(np.ones(1), (0,)), k)
    flipped = Lattice(h.values[::-1], (-(h.origin[0] + len(h.values) - 1),))
    signs = {r"\conv": convolve, r"\corr": correlate}
    values = {"x": x, "y": correlate(x, k), "h": h, r"\bar{h}": flipped, **signs}
    return Case(values, {"i": range(-5, 6)})


@binds("eq-strided-shift", conv2d)
def moved(rng: Draw) -> Case:
    """An endless row and the same moved by the stride, and what the layer answers to both."""
    stride, kernel = ((2, 3), (3, 2), (2, 2))[rng.number]
    k, x = rng.standard_normal(kernel), rng.standard_normal(5)

    def answers(at: int) -> Lattice:
        wide = np.zeros(12 * stride)
        start = 4 * stride + at
        wide[start : start + len(x)] = x
        y = conv2d(row_of(wide), row_of(k), np.zeros(1), stride=(1, stride))[0, 0, 0]
        return Lattice(y, (-4,))

    return Case(
        {
            "x": Lattice(x, (0,)),
            "x'": Lattice(x, (stride,)),
            "k": k,
            "y": answers(0),
            "y'": answers(stride),
            "K_W": kernel,
            "S": stride,
        },
        {"i": range(-2, 5)},
    )
