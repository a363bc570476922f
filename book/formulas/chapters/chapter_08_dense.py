"""Chapter 8: the dense layer, its gradients, and the convolution as one of its kind."""

import numpy as np

from book.formulas.binding import ABOUT_SHAPE, Draw, binds, jacobian, layer_sizes
from book.formulas.evaluate import Case
from cnnbook.layers import Dense, conv2d, conv2d_kernel_gradient
from cnnbook.layers.dense import (
    dense,
    dense_bias_gradient,
    dense_input_gradient,
    dense_weight_gradient,
)

# N, D, O for each draw; no two are equal in all of the draws.
SIZES = ((2, 3, 4), (3, 2, 2), (2, 4, 3))


@binds("eq-dense", dense)
@binds("eq-dense-lines", dense)
@binds("eq-dense-local", dense)
@binds("eq-dense-input-local", dense)
@binds("eq-dense-weight-gradient", dense_weight_gradient)
@binds("eq-dense-weight-product", dense_weight_gradient)
@binds("eq-dense-bias-gradient", dense_bias_gradient)
@binds("eq-dense-input-gradient", dense_input_gradient)
@binds("eq-dense-input-product", dense_input_gradient)
@binds("eq-dense-parameters", Dense.parameters, blind=ABOUT_SHAPE)
def batch(rng: Draw) -> Case:
    """A batch, weights and biases, a random upstream gradient, and what the code sends back."""
    samples, inputs, outputs = SIZES[rng.number]
    x, weights = rng.standard_normal((samples, inputs)), rng.standard_normal((inputs, outputs))
    bias, upstream = rng.standard_normal(outputs), rng.standard_normal((samples, outputs))
    layer = Dense(inputs, outputs, rng=rng)
    values = {
        **dict(zip("NDO", SIZES[rng.number], strict=True)),
        "X": x,
        "W": weights,
        "b": bias,
        "B": np.tile(bias, (samples, 1)),
        "Y": dense(x, weights, bias),
        "Y/W": jacobian(lambda weights: dense(x + 0j, weights, bias + 0j), weights),
        "Y/X": jacobian(lambda x: dense(x, weights + 0j, bias + 0j), x),
        "L/Y": upstream,
        "L/W": dense_weight_gradient(x, upstream),
        "L/b": dense_bias_gradient(upstream),
        "L/X": dense_input_gradient(upstream, weights),
        "P": sum(parameter.value.size for parameter in layer.parameters()),
    }
    return Case(values, {"d": range(inputs), "o": range(outputs), "o'": range(outputs)})


@binds("eq-dense-row", dense)
@binds("eq-dense-outer", dense_weight_gradient)
def one_sample(rng: Draw) -> Case:
    """A single sample."""
    case = batch(rng)
    v = case.values
    x, g = v["X"][:1], v["L/Y"][:1]
    v.update({"x": x[0], "y": dense(x, v["W"], v["b"])[0], "g": g[0]})
    v["L/W"] = dense_weight_gradient(x, g)
    return case


@binds(
    "eq-lagrange",
    None,
    harmless={
        r"side 1: \sum_{d=0}^{D - 1} x_{d} w_{d} -> -\sum_{d=0}^{D - 1} x_{d} w_{d}": "squared"
    },
)
def pattern(rng: Draw) -> Case:
    """An input and a column of weights."""
    size = 2 + rng.number
    x, w = rng.standard_normal((2, size))
    return Case({"D": size, "x": x, "w": w})


@binds("eq-two-dense", dense)
def two_layers(rng: Draw) -> Case:
    """Two layers: the inner one by the code, the products by NumPy."""
    case = batch(rng)
    v, last = case.values, 2 + rng.number
    biases = np.tile(rng.standard_normal(last), (v["N"], 1))
    v.update({"U": rng.standard_normal((v["O"], last)), "E": biases})
    return case


@binds("eq-convolution-weights", conv2d)
@binds("eq-present-weights", conv2d)
@binds("eq-shared-gradient", conv2d_kernel_gradient)
def convolution(rng: Draw) -> Case:
    """A convolutional layer, its weights as a dense layer, and the gradients of both."""
    s = layer_sizes(rng, small=True)
    pixels = s["C"] * s["H"] * s["W"]
    kernels = rng.standard_normal((s["F"], s["C"], s["K_H"], s["K_W"]))
    units = np.eye(pixels).reshape(pixels, s["C"], s["H"], s["W"])
    weights = conv2d(units, kernels, np.zeros(s["F"])).reshape(pixels, -1)
    x = rng.standard_normal((s["N"], s["C"], s["H"], s["W"]))
    upstream = rng.standard_normal((s["N"], s["F"], s["H'"], s["W'"]))
    rows = x.reshape(s["N"], -1), upstream.reshape(s["N"], -1)
    values = {
        "K": kernels,
        "V": weights,
        "P_V": int(np.count_nonzero(weights)),
        "L/V": dense_weight_gradient(*rows),
        "L/K": conv2d_kernel_gradient(x, upstream, (s["K_H"], s["K_W"])),
    }
    return Case({**values, **s})
