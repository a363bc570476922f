"""Chapter 16: other ways of one layer, what they move, and what the time of a step consists of."""

import numpy as np

from book.formulas.binding import ABOUT_SHAPE, Draw, binds
from book.formulas.evaluate import Case
from cnnbook.correlation import cross_correlate2d
from cnnbook.layers import conv2d
from cnnbook.layers.geometry import Geometry, im2col, layer_windows
from cnnbook.ways import (
    KERNELS,
    OUTPUTS,
    PIXELS,
    conv2d_by_shifts,
    conv2d_by_winograd,
    product_in_blocks,
    roofline,
    times_of_pass,
)

# N, C, H, W, F, K_H and K_W of each draw.
LAYERS = ((2, 5, 7, 6, 4, 2, 3), (3, 4, 5, 8, 6, 3, 2), (1, 6, 8, 7, 5, 3, 4))


def layer(rng: Draw) -> Case:
    """A batch, kernels and a bias, and all sizes."""
    n, c, h, w, f, kh, kw = LAYERS[rng.number]
    x, k = rng.standard_normal((n, c, h, w)), rng.standard_normal((f, c, kh, kw))
    names = dict(zip(["N", "C", "H", "W", "F", "K_H", "K_W"], LAYERS[rng.number], strict=True))
    names |= {"H'": h - kh + 1, "W'": w - kw + 1}
    return Case({"X": x, "K": k, "b": rng.standard_normal(f), **names})


@binds("eq-shifts", conv2d_by_shifts)
def shifts(rng: Draw) -> Case:
    case = layer(rng)
    x, kernels, bias = (case.values[name] for name in "XKb")
    case.values["Y"] = conv2d_by_shifts(x, kernels, bias)
    return case


@binds("eq-two-outputs", cross_correlate2d)
@binds("eq-winograd", cross_correlate2d)
def two_outputs(rng: Draw) -> Case:
    """Four pixels under a kernel of three, and the two answers of the code."""
    x, k = rng.standard_normal(4), rng.standard_normal(3)
    y = cross_correlate2d(x[np.newaxis], k[np.newaxis])[0]
    return Case({"x": x, r"\kappa": k, "y": y})


FOUR = {"i": range(2), "j": range(2)}


@binds("eq-winograd-tile", conv2d_by_winograd)
def tile(rng: Draw) -> Case:
    """One tile of one channel, and the matrices of the code."""
    x, k = rng.standard_normal((4, 4)), rng.standard_normal((3, 3))
    y = conv2d_by_winograd(x[np.newaxis, np.newaxis], k[np.newaxis, np.newaxis], np.zeros(1))
    return Case({"X": x, "K": k, "A": OUTPUTS, "B": PIXELS, "G": KERNELS, "Y": y[0, 0]}, FOUR)


@binds("eq-intensity", conv2d)
def intensity(rng: Draw) -> Case:
    """Multiplications counted with ones, bytes by the arrays themselves, in float32."""
    case = layer(rng)
    x, kernels = (np.ones(case.values[name].shape, np.float32) for name in "XK")
    y = conv2d(x, kernels, np.zeros(case.values["F"], np.float32))
    moved = x.nbytes + kernels.nbytes + y.nbytes
    case.values["I"] = 2 * float(y.sum()) / moved
    return case


@binds("eq-roofline", roofline)
def least(rng: Draw) -> Case:
    """A pass that the memory holds up, one that the processor does, and one of both."""
    m, b, rate, bandwidth = ((3, 40, 5, 7), (40, 3, 7, 5), (5, 30, 2, 6))[rng.number]
    time = roofline(m, b, rate, bandwidth)
    return Case({"M": m, "b": b, "R": rate, "Q": bandwidth, "T": time, r"\max": max})


@binds("eq-columns-size", im2col, blind=ABOUT_SHAPE)
def columns(rng: Draw) -> Case:
    case = layer(rng)
    geometry = Geometry((case.values["K_H"], case.values["K_W"]))
    size = im2col(layer_windows(case.values["X"], geometry)).size
    case.values["V"] = size
    return case


@binds("eq-passes", times_of_pass)
def passes(rng: Draw) -> Case:
    """Some passes, and the sum of all their times by the code."""
    m = 3 + rng.number
    products, moved = rng.uniform(1, 50, (2, m))
    rate, bandwidth = rng.uniform(1, 3, 2)
    pairs = zip(products, moved, strict=True)
    time = sum(sum(times_of_pass(*each, rate, bandwidth)) for each in pairs)
    return Case({"M": products, "b": moved, "R": rate, "Q": bandwidth, "m": m, "T": time})


@binds("eq-fetched", product_in_blocks)
def fetched(rng: Draw) -> Case:
    n, size = ((6, 2), (12, 3), (8, 4))[rng.number]
    a, b = rng.standard_normal((2, n, n))
    return Case({"n": n, "s": size, "Z": product_in_blocks(a, b, size)[1]})


@binds("eq-batch-rate", None)
@binds("eq-half-rate", None)
def rates(rng: Draw) -> Case:
    """A step whose time is a fixed cost and a slope; images are counted in one second of it."""
    fixed, slope = rng.uniform(0.5, 3, 2)

    def rate(images: float) -> float:
        return images / (fixed + sum(slope for _ in range(int(images))) + slope * (images % 1))

    return Case({r"\alpha": fixed, r"\beta": slope, "r": rate}, {"B": (1.0, 2.0, 7.0)})


@binds("eq-amdahl", None)
def amdahl(rng: Draw) -> Case:
    """A time of which a share is divided."""
    a, k = float(rng.uniform(0.2, 0.8)), 2 + rng.number
    whole = rng.uniform(1, 5)
    faster = whole * (1 - a) + whole * a / k
    return Case({"a": a, "k": k, "S_k": whole / faster})
