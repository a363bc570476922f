"""Chapter 3: the gradients of the kernels and of the bias."""

import numpy as np

from book.formulas.binding import (
    ABOUT_SHAPE,
    BEYOND,
    ROW_SIGNS,
    SIGNS,
    Draw,
    beyond,
    binds,
    jacobian,
    layer_sizes,
)
from book.formulas.evaluate import Case
from cnnbook.correlation import convolve2d
from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import (
    Parameter,
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
)
from cnnbook.layers.conv_gradients import kernel_gradient_by_columns
from cnnbook.layers.geometry import Geometry, im2col, layer_windows
from cnnbook.optimizers import SGD


@binds("eq-row-layer", conv2d)
@binds("eq-one-sum", conv2d)
@binds("eq-sum-row", conv2d)
@binds("eq-sum-column", conv2d_kernel_gradient)
@binds("eq-sum-anti-diagonal", conv2d_input_gradient)
@binds("eq-row-chain", conv2d_kernel_gradient)
@binds("eq-row-local", conv2d)
@binds("eq-row-kernel-gradient", conv2d_kernel_gradient)
def row(rng: Draw) -> Case:
    """A row of pixels, a kernel, weights of the outputs; the gradients by the code of the layer."""
    kernel_width, width = (int(size) for size in rng.integers([2, 3], [5, 6]))
    x, k = rng.standard_normal(width + kernel_width - 1), rng.standard_normal(kernel_width)
    g = rng.standard_normal(width)

    def layer(kernel: np.ndarray) -> np.ndarray:
        return conv2d(
            x[np.newaxis, np.newaxis, np.newaxis] + 0 * kernel[0],
            kernel[np.newaxis, np.newaxis, np.newaxis],
            np.zeros(1),
        )[0, 0, 0]

    def weighted(weights: np.ndarray) -> np.ndarray:
        return np.sum(weights * layer(k), keepdims=True)

    pixels, entries, upstream = (numbers.reshape(1, 1, 1, -1) for numbers in (x, k, g))
    kernel_gradient = conv2d_kernel_gradient(pixels, upstream, (1, kernel_width))[0, 0, 0]
    return Case(
        {
            "x": x,
            "k": k,
            "g": g,
            "y": layer(k),
            "S": weighted(g)[0],
            "S/g": jacobian(weighted, g)[0],
            "S/k": kernel_gradient,
            "S/x": conv2d_input_gradient(upstream, entries, (1, len(x)))[0, 0, 0],
            "y/k": jacobian(layer, k),
            "L/y": g,
            "L/k": kernel_gradient,
            **ROW_SIGNS,
            "W": len(x),
            "K_W": kernel_width,
            "W'": width,
        },
        {"i": range(width), "u": range(kernel_width)},
    )


@binds("eq-kernel-gradient", conv2d_kernel_gradient)
@binds("eq-kernel-gradient-maps", conv2d_kernel_gradient)
@binds(
    "eq-kernel-gradient-pixels",
    conv2d_kernel_gradient,
    harmless={
        **beyond("side 3", "p", "H"),
        **beyond("side 3", "q", "W"),
    },
)
@binds(
    "eq-bias-gradient",
    conv2d_bias_gradient,
    harmless={
        **beyond("side 2", "f'", "F"),
        **{f"side 2: F -> {size}": BEYOND for size in ("K_W", "H'", "W'", "H", "W")},
    },
)
def layer(rng: Draw, *, small: bool = False) -> Case:
    """A batch, kernels, biases, a random upstream gradient, and the gradients by the code."""
    s = layer_sizes(rng, small=small)
    x = rng.standard_normal((s["N"], s["C"], s["H"], s["W"]))
    kernels = rng.standard_normal((s["F"], s["C"], s["K_H"], s["K_W"]))
    bias = rng.standard_normal(s["F"])
    y = conv2d(x, kernels, bias)
    g = rng.standard_normal(y.shape)
    size = kernels.shape[2:]
    return Case(
        {
            "X": x,
            "K": kernels,
            "b": bias,
            "Y": y,
            "L/Y": g,
            "L/K": conv2d_kernel_gradient(x, g, size),
            "L/b": conv2d_bias_gradient(g),
            **SIGNS,
            **s,
        }
    )


@binds("eq-kernel-chain", conv2d_kernel_gradient)
@binds("eq-kernel-delta", complex_step_gradient)
@binds("eq-kernel-local", conv2d)
@binds("eq-bias-local", conv2d)
def local(rng: Draw) -> Case:
    """The same on a smaller scale, with the derivative of every output by every kernel entry."""
    case = layer(rng, small=True)
    x, kernels, bias = (case.values[name] for name in "XKb")
    case.values["Y/K"] = jacobian(lambda k: conv2d(x + 0j, k, bias + 0j), kernels)
    case.values["Y/b"] = jacobian(lambda b: conv2d(x + 0j, kernels + 0j, b), bias)
    case.values["K/K"] = jacobian(lambda k: k, kernels)
    return case


@binds("eq-kernel-gradient-size", conv2d_kernel_gradient, blind=ABOUT_SHAPE)
def kernel_gradient_size(rng: Draw) -> Case:
    height, kernel_height = int(rng.integers(6, 9)), int(rng.integers(2, 5))
    y = conv2d(np.ones((1, 1, height, 3)), np.ones((1, 1, kernel_height, 2)), np.zeros(1))
    gradient = conv2d_kernel_gradient(np.ones((1, 1, height, 3)), y, (kernel_height, 2))
    return Case({"H": height, "H'": y.shape[2], "K_H": gradient.shape[2]})


@binds("eq-kernel-gradient-product", kernel_gradient_by_columns)
def kernel_gradient_product(rng: Draw) -> Case:
    case = layer(rng)
    size = case.values["K"].shape[2:]
    columns = im2col(layer_windows(case.values["X"], Geometry(size)))
    case.values["A"] = columns
    case.values["L/R"] = kernel_gradient_by_columns(columns, case.values["L/Y"])
    return case._replace(free={"r": range(len(columns))})


@binds("eq-mean-loss", conv2d_kernel_gradient)
def mean_loss(rng: Draw) -> Case:
    """The gradient of the mean by the code, that of every sample's loss by complex steps."""
    case = layer(rng)
    x, kernels, bias, g = (case.values[name] for name in ("X", "K", "b", "L/Y"))

    def alone(n: int) -> np.ndarray:
        sample = x[[n]] + 0j
        return complex_step_gradient(lambda k: conv2d(sample, k, bias + 0j), kernels, g[[n]])

    case.values[r"\ell/K"] = np.stack([alone(n) for n in range(len(x))])
    case.values["L/K"] = conv2d_kernel_gradient(x, g / len(x), kernels.shape[2:])
    return case


@binds("eq-kernel-pairing", conv2d_kernel_gradient)
def kernel_pairing(rng: Draw) -> Case:
    case = layer(rng, small=True)
    v = rng.standard_normal(case.values["K"].shape)
    case.values["V"] = v
    case.values["Y'"] = conv2d(case.values["X"], case.values["K"] + v, case.values["b"])
    return case


@binds("eq-wrong-kernel-gradient", convolve2d)
def wrong_kernel_gradient(rng: Draw) -> Case:
    return Case({"X": rng.standard_normal((6, 7)), "G": rng.standard_normal((4, 3)), **SIGNS})


@binds("eq-edge-loss", conv2d)
@binds("eq-edge-upstream", complex_step_gradient)
@binds("eq-edge-step", conv2d_kernel_gradient)
@binds("eq-edge-change", conv2d)
def edge(rng: Draw) -> Case:
    """A kernel, an image and its answer; the loss by the layer, a step by the optimiser."""
    s = layer_sizes(rng, small=True)
    x, kernel = (rng.standard_normal((1, 1, s[a], s[b])) for a, b in (("H", "W"), ("K_H", "K_W")))
    target = rng.standard_normal((s["H'"], s["W'"]))
    eta = 0.2 + 0.1 * rng.number

    def outputs(at: np.ndarray) -> np.ndarray:
        return conv2d(x, at[np.newaxis, np.newaxis], np.zeros(1))[0, 0]

    def half_square(y: np.ndarray) -> np.ndarray:
        return np.asarray(np.sum((y - target) ** 2) / 2)

    upstream = complex_step_gradient(half_square, outputs(kernel[0, 0]), np.ones(()))
    parameter = Parameter("kernel", kernel[0, 0].copy())
    parameter.gradient += conv2d_kernel_gradient(
        x, upstream[np.newaxis, np.newaxis], parameter.value.shape
    )[0, 0]
    SGD([parameter], eta).step()
    return Case(
        {
            "X": x[0, 0],
            "K": kernel[0, 0],
            "K'": parameter.value,
            "Z": rng.standard_normal(parameter.value.shape),
            "T": target,
            "L": lambda at: half_square(outputs(at)),
            "L/Y": upstream,
            r"\eta": eta,
            **SIGNS,
            **s,
        }
    )
