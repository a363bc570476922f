"""Chapter 1: sequences without end, images with borders, matrices, spectra."""

import math

import numpy as np

from book.formulas.binding import (
    ABOUT_SHAPE,
    ROW_SIGNS,
    SIGNS,
    Draw,
    binds,
    layer_sizes,
)
from book.formulas.evaluate import Case, Lattice
from cnnbook.correlation import convolve2d, cross_correlate2d, rotate180


def convolve(x: Lattice, k: Lattice) -> Lattice:
    """Convolve two sequences; where the result begins, the two beginnings are added."""
    values = convolve2d(x.values[np.newaxis], k.values[np.newaxis], "full")[0]
    return Lattice(values, (x.origin[0] + k.origin[0],))


def correlate(x: Lattice, k: Lattice) -> Lattice:
    """Cross-correlate; the result begins where the end of the kernel meets the beginning."""
    values = cross_correlate2d(x.values[np.newaxis], k.values[np.newaxis], "full")[0]
    return Lattice(values, (x.origin[0] - k.origin[0] - (len(k.values) - 1),))


@binds("eq-correlation", cross_correlate2d)
@binds("eq-convolution", convolve2d)
@binds("eq-flip", convolve2d)
@binds("eq-commutative", convolve2d)
@binds("eq-correlation-swapped", cross_correlate2d)
@binds("eq-associative", convolve2d)
@binds("eq-correlation-twice", cross_correlate2d)
def endless(rng: Draw) -> Case:
    """Three sequences of different lengths that begin at different places, and a reversed one."""
    x, k, h = (
        Lattice(rng.standard_normal(size), (origin,)) for size, origin in ((4, -1), (3, 1), (2, -2))
    )
    reversed_k = Lattice(k.values[::-1], (-(k.origin[0] + len(k.values) - 1),))
    return Case(
        {
            "x": x,
            "k": k,
            "h": h,
            r"\bar{k}": reversed_k,
            r"\conv": convolve,
            r"\corr": correlate,
        },
        # Far enough for the longest of the results, near enough for the sums to reach.
        {"i": range(-5, 6), "u": range(-5, 6)},
    )


@binds("eq-reversal", rotate180)
def reversal(rng: Draw) -> Case:
    case = endless(rng)
    k = case.values["k"]
    flipped = rotate180(k.values[np.newaxis])[0]
    case.values[r"\bar{k}"] = Lattice(flipped, (-(k.origin[0] + len(k.values) - 1),))
    return case


def sizes(rng: Draw) -> tuple[np.ndarray, np.ndarray]:
    """Draw a row and a shorter kernel of random widths."""
    width = int(rng.integers(5, 9))
    return rng.standard_normal((1, width)), rng.standard_normal((1, int(rng.integers(2, 5))))


@binds("eq-size-valid", cross_correlate2d, blind=ABOUT_SHAPE)
def size_valid(rng: Draw) -> Case:
    x, k = sizes(rng)
    found = cross_correlate2d(x, k).shape[1]
    return Case({"W": x.shape[1], "K_W": k.shape[1], r"W_\mathrm{valid}": found})


@binds("eq-size-full", cross_correlate2d, blind=ABOUT_SHAPE)
def size_full(rng: Draw) -> Case:
    x, k = sizes(rng)
    found = cross_correlate2d(x, k, "full").shape[1]
    return Case({"W": x.shape[1], "K_W": k.shape[1], r"W_\mathrm{full}": found})


@binds("eq-valid", cross_correlate2d)
@binds("eq-rotation", rotate180)
@binds("eq-valid-convolution", convolve2d)
@binds("eq-doubly-blocked", cross_correlate2d)
@binds("eq-toeplitz-product", cross_correlate2d)
@binds("eq-transposed", convolve2d)
def images(rng: Draw) -> Case:
    """An image and a kernel, neither square, and an array of the output's shape."""
    s = layer_sizes(rng)
    s = {name: s[name] for name in ("H", "W", "K_H", "K_W", "H'", "W'")}
    x, k = rng.standard_normal((s["H"], s["W"])), rng.standard_normal((s["K_H"], s["K_W"]))
    g = rng.standard_normal((s["H'"], s["W'"]))
    units = np.eye(x.size).reshape(-1, *x.shape)
    columns = [cross_correlate2d(unit, k).ravel() for unit in units]
    return Case(
        {
            "X": x,
            "K": k,
            "G": g,
            "T": np.stack(columns, axis=1),
            r"\tilde{X}": np.pad(x, [(s["K_H"] - 1,) * 2, (s["K_W"] - 1,) * 2]),
            **SIGNS,
            **s,
        }
    )


@binds("eq-full-convolution", convolve2d)
@binds("eq-full-by-padding", convolve2d)
def everywhere(rng: Draw) -> Case:
    """The same, with an output at every position where kernel and image overlap."""
    case = images(rng)
    v = case.values
    free = {"i": range(v["H"] + v["K_H"] - 1), "j": range(v["W"] + v["K_W"] - 1)}
    return case._replace(free=free)


@binds("eq-toeplitz", cross_correlate2d)
def toeplitz(rng: Draw) -> Case:
    width, kernel_width = (int(size) for size in rng.integers([5, 2], [8, 5]))
    x, k = rng.standard_normal(width), rng.standard_normal(kernel_width)
    columns = [cross_correlate2d(unit[np.newaxis], k[np.newaxis])[0] for unit in np.eye(width)]
    return Case(
        {
            "x": x,
            "k": k,
            "T": np.stack(columns, axis=1),
            "W": width,
            "K_W": kernel_width,
            **ROW_SIGNS,
        },
        {"i": range(width - kernel_width + 1)},
    )


@binds("eq-fourier", None)
def fourier(rng: Draw) -> Case:
    case = spectra(rng)
    x = rng.standard_normal(case.values["M"])
    case.values.update({"x": x, r"\hat{x}": np.fft.fft(x)})
    return case._replace(free={**case.free, "i": range(case.values["M"])})


ZERO = "adds terms in which x is zero"


@binds(
    "eq-convolution-theorem",
    convolve2d,
    harmless={
        f"side {side}: {longer}": ZERO
        for side in (2, 3)
        for longer in (
            r"\sum_{i=0}^{M - 1} -> \sum_{i=0}^{M - 1 + 1}",
            "M - 1 -> M",
            "M - 1 -> M + 1",
        )
    },
)
def spectra(rng: Draw) -> Case:
    """Two sequences, their full convolution, and the transforms of all three by NumPy's FFT."""
    width, kernel_width = [(4, 3), (3, 4), (5, 2)][rng.number]
    x, k = rng.standard_normal(width), rng.standard_normal(kernel_width)
    size = width + kernel_width - 1
    y = convolve2d(x[np.newaxis], k[np.newaxis], "full")[0]
    return Case(
        {
            "x": Lattice(x, (0,)),
            "k": k,
            r"\hat{x}": np.fft.fft(x, size),
            r"\hat{k}": np.fft.fft(k, size),
            r"\hat{y}": np.fft.fft(y, size),
            r"\omega": np.exp(-2j * np.pi / size),
            r"\pi": math.pi,
            r"\mathrm{i}": 1j,
            "e": math.e,
            "M": size,
            "K_W": kernel_width,
            "W": width,
        },
        {"m": range(size)},
    )
