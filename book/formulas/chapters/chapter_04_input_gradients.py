"""Chapter 4: the gradient of the input, by indices, by a transposed matrix, by counting."""

import numpy as np

from book.formulas.binding import (
    ABOUT_SHAPE,
    BEYOND,
    SIGNS,
    Draw,
    beyond,
    binds,
    jacobian,
    layer_sizes,
)
from book.formulas.evaluate import Case
from cnnbook.correlation import convolve2d, cross_correlate2d
from cnnbook.layers import conv2d, conv2d_input_gradient
from cnnbook.layers.conv_gradients import column_gradient
from cnnbook.layers.geometry import Geometry, collect


@binds("eq-row-input-chain", conv2d_input_gradient)
@binds("eq-row-input-local", conv2d)
@binds(
    "eq-row-input-gradient",
    conv2d_input_gradient,
)
def row(rng: Draw) -> Case:
    """A row of pixels, a kernel, an upstream gradient, and the gradient by the code."""
    kernel_width, width = (int(size) for size in rng.integers([2, 3], [5, 6]))
    x, k = rng.standard_normal(width + kernel_width - 1), rng.standard_normal(kernel_width)
    g = rng.standard_normal(width)

    def layer(pixels: np.ndarray) -> np.ndarray:
        kernel = k[np.newaxis, np.newaxis, np.newaxis] + 0 * pixels[0]
        return conv2d(pixels[np.newaxis, np.newaxis, np.newaxis], kernel, np.zeros(1))[0, 0, 0]

    shapes = (g.reshape(1, 1, 1, -1), k.reshape(1, 1, 1, -1))
    gradient = conv2d_input_gradient(*shapes, (1, len(x)))
    return Case(
        {
            "x": x,
            "k": k,
            "y/x": jacobian(layer, x),
            "L/y": g,
            "L/x": gradient[0, 0, 0],
            "W": len(x),
            "K_W": kernel_width,
            "W'": width,
        },
        {"i": range(width)},
    )


@binds("eq-input-gradient", conv2d_input_gradient)
@binds("eq-input-gradient-maps", conv2d_input_gradient)
def layer(rng: Draw, *, small: bool = False) -> Case:
    """A batch, kernels, a random upstream gradient, and the input gradient by the code."""
    s = layer_sizes(rng, small=small)
    x = rng.standard_normal((s["N"], s["C"], s["H"], s["W"]))
    kernels = rng.standard_normal((s["F"], s["C"], s["K_H"], s["K_W"]))
    g = rng.standard_normal((s["N"], s["F"], s["H'"], s["W'"]))
    values = {
        "X": x,
        "K": kernels,
        "L/Y": g,
        "L/X": conv2d_input_gradient(g, kernels, x.shape[2:]),
    }
    return Case({**values, **SIGNS, **s})


@binds("eq-input-chain", conv2d_input_gradient)
@binds(
    "eq-input-local",
    conv2d,
    harmless={
        **beyond("side 2", "c'", "C"),
        "side 2: C -> H": BEYOND,
    },
)
def local(rng: Draw) -> Case:
    """The same on a smaller scale, with the derivative of every output by every pixel."""
    case = layer(rng, small=True)
    kernels = case.values["K"] + 0j
    case.values["Y/X"] = jacobian(
        lambda x: conv2d(x, kernels, np.zeros(len(kernels)) + 0j), case.values["X"]
    )
    return case


@binds("eq-input-gradient-size", conv2d_input_gradient, blind=ABOUT_SHAPE)
def input_gradient_size(rng: Draw) -> Case:
    height, kernel_height = int(rng.integers(6, 9)), int(rng.integers(2, 5))
    kernels = np.ones((1, 1, kernel_height, 2))
    y = conv2d(np.ones((1, 1, height, 3)), kernels, np.zeros(1))
    gradient = conv2d_input_gradient(y, kernels, (height, 3))
    return Case({"H": gradient.shape[2], "H'": y.shape[2], "K_H": kernel_height})


@binds("eq-input-gradient-by-correlation", conv2d_input_gradient)
def input_gradient_by_correlation(rng: Draw) -> Case:
    case = layer(rng)
    margins = [(0, 0), (0, 0), *((case.values[size] - 1,) * 2 for size in ("K_H", "K_W"))]
    case.values[r"\tilde{G}"] = np.pad(case.values["L/Y"], margins)
    return case


@binds("eq-transposed-chain", conv2d_input_gradient)
@binds("eq-transposed-gradient", conv2d_input_gradient)
def matrix(rng: Draw) -> Case:
    """One channel, one kernel, as a matrix built from unit images."""
    s = layer_sizes(rng)
    k, g = rng.standard_normal((s["K_H"], s["K_W"])), rng.standard_normal((s["H'"], s["W'"]))
    units = np.eye(s["H"] * s["W"]).reshape(-1, s["H"], s["W"])
    t = np.stack([cross_correlate2d(unit, k).ravel() for unit in units], axis=1)
    size = (s["H"], s["W"])
    gradient = conv2d_input_gradient(g[np.newaxis, np.newaxis], k[np.newaxis, np.newaxis], size)
    sizes = {name: s[name] for name in ("H", "W", "H'", "W'", "K_H", "K_W")}
    return Case(
        {"T": t, "L/y": g.ravel(), "L/x": gradient.ravel(), **sizes},
        {"s": range(t.shape[1])},
    )


@binds("eq-adjoint", convolve2d)
def images(rng: Draw) -> Case:
    """One image, one kernel, one array of the output's shape."""
    s = layer_sizes(rng)
    names = {"X": ("H", "W"), "K": ("K_H", "K_W"), "G": ("H'", "W'")}
    arrays = {
        name: rng.standard_normal((s[height], s[width])) for name, (height, width) in names.items()
    }
    sizes = {size: s[size] for pair in names.values() for size in pair}
    return Case({**arrays, **SIGNS, **sizes})


@binds("eq-touched", conv2d_input_gradient)
@binds(
    "eq-touched-gradient",
    convolve2d,
    harmless={
        r"side 1: E \fconv J -> E \fcorr J": "arrays of ones cannot tell; chapter 3 says why"
    },
)
@binds("eq-all-touches", conv2d_input_gradient)
def touches(rng: Draw) -> Case:
    """How many outputs each row and each column touches, counted with the code."""
    height, kernel_height, width, kernel_width = [(7, 3, 8, 2), (6, 4, 7, 3), (9, 2, 6, 4)][
        rng.number
    ]
    rows, columns = (
        conv2d_input_gradient(
            np.ones((1, 1, size - kernel + 1, 1)), np.ones((1, 1, kernel, 1)), (size, 1)
        ).ravel()
        for size, kernel in ((height, kernel_height), (width, kernel_width))
    )
    sizes = {"H": height, "W": width, "K_H": kernel_height, "K_W": kernel_width}
    outputs = (height - kernel_height + 1, width - kernel_width + 1)
    return Case(
        {
            "m": rows,
            "m'": columns,
            "E": np.ones(outputs),
            "J": np.ones((kernel_height, kernel_width)),
            r"\min": min,
            r"\max": max,
            **SIGNS,
            **sizes,
            "H'": outputs[0],
            "W'": outputs[1],
        }
    )


@binds("eq-shares", column_gradient)
@binds("eq-collected-shares", collect)
def handed_back(rng: Draw) -> Case:
    """The layer, what each output hands back to each entry of its window, and the sums of that."""
    case = layer(rng)
    x, kernels = case.values["X"], case.values["K"]
    shares = column_gradient(case.values["L/Y"], kernels)
    case.values["S"] = shares
    case.values["L/X"] = collect(shares, x.shape, Geometry(kernels.shape[2:]))
    return case


@binds(
    "eq-two-layers-back",
    convolve2d,
    blind={"random": "holds as well for what returns the same whatever it is given"},
)
def two_layers_back(rng: Draw) -> Case:
    case = images(rng)
    case.values["Q"] = rng.standard_normal((2, 4))
    return case
