"""Chapter 2: the forward pass of the layer, its counts, and how it behaves."""

import numpy as np

from book.formulas.binding import (
    ABOUT_SHAPE,
    SIGNS,
    Draw,
    binds,
    layer_sizes,
)
from book.formulas.evaluate import Case
from cnnbook.correlation import cross_correlate2d
from cnnbook.layers import Conv2D, Dense, conv2d
from cnnbook.layers.conv import correlate_columns
from cnnbook.layers.geometry import Geometry, as_maps, im2col, layer_windows, output_size
from cnnbook.model import Sequential


@binds("eq-layer", conv2d)
@binds("eq-layer-maps", conv2d)
def layer(rng: Draw) -> Case:
    """A batch, kernels, biases, and the output of the layer."""
    s = layer_sizes(rng)
    x = rng.standard_normal((s["N"], s["C"], s["H"], s["W"]))
    kernels = rng.standard_normal((s["F"], s["C"], s["K_H"], s["K_W"]))
    bias = rng.standard_normal(s["F"])
    y = conv2d(x, kernels, bias)
    return Case(
        {
            "X": x,
            "K": kernels,
            "b": bias,
            "Y": y,
            **SIGNS,
            **s,
        }
    )


@binds("eq-output-size", output_size)
def size(rng: Draw) -> Case:
    height, width = (int(s) for s in rng.integers(5, 9, 2))
    kernel_height, kernel_width = (int(s) for s in rng.integers(2, 5, 2))
    found = output_size((height, width), (kernel_height, kernel_width))
    sizes = {"H": height, "W": width, "K_H": kernel_height, "K_W": kernel_width}
    return Case({**sizes, "H'": found[0], "W'": found[1]})


@binds("eq-columns", im2col)
@binds("eq-as-product", correlate_columns)
def columns(rng: Draw) -> Case:
    """The windows as columns, the kernels as rows, and the output by the two."""
    case = layer(rng)
    x, kernels, bias, y = (case.values[name] for name in "XKbY")
    windows = im2col(layer_windows(x, Geometry(kernels.shape[2:])))
    case.values["A"] = windows
    case.values["R"] = kernels.reshape(len(kernels), -1)
    case.values["Y"] = as_maps(correlate_columns(windows, kernels, bias), y.shape)
    return case


def counted(rng: Draw) -> tuple[dict[str, int], Conv2D]:
    """A layer, and sizes of images that differ from draw to draw."""
    sizes = layer_sizes(rng)
    made = Conv2D(sizes["C"], sizes["F"], (sizes["K_H"], sizes["K_W"]), rng=rng)
    return sizes, made


@binds("eq-parameter-count", Conv2D.parameters, blind=ABOUT_SHAPE)
def parameters(rng: Draw) -> Case:
    """What the layer learns."""
    sizes, made = counted(rng)
    return Case({**sizes, "P": sum(parameter.value.size for parameter in made.parameters())})


@binds("eq-untied-count", Conv2D.forward, blind=ABOUT_SHAPE)
def untied_parameters(rng: Draw) -> Case:
    """What it would learn with a bias for every number of its output."""
    sizes, made = counted(rng)
    y = made.forward(np.zeros((1, sizes["C"], sizes["H"], sizes["W"]), np.float32))
    return Case({**sizes, r"P_\mathrm{untied}": made.kernels.value.size + y.size})


@binds("eq-dense-count", Dense.parameters, blind=ABOUT_SHAPE)
def dense_parameters(rng: Draw) -> Case:
    """What a dense layer learns that has an input for every pixel and every output of the layer."""
    sizes, made = counted(rng)
    y = made.forward(np.zeros((1, sizes["C"], sizes["H"], sizes["W"]), np.float32))
    dense = Dense(sizes["C"] * sizes["H"] * sizes["W"], y.size, rng=rng)
    learned = sum(parameter.value.size for parameter in dense.parameters())
    return Case({**sizes, r"P_\mathrm{dense}": learned})


@binds("eq-multiplications", conv2d)
def multiplications(rng: Draw) -> Case:
    """Where all numbers are 1, every product is, and the sum of all outputs counts them."""
    sizes, made = counted(rng)
    x = np.ones([sizes[name] for name in ("N", "C", "H", "W")])
    y = conv2d(x, np.ones(made.kernels.value.shape), np.zeros(sizes["F"]))
    return Case({**sizes, "M": int(y.sum())})


@binds("eq-shift", None)
def moved(rng: Draw) -> Case:
    """A batch, the same moved down by a and right by a', and what the layer makes of both."""
    case = layer(rng)
    down, right = [(2, 1), (1, 2), (2, 2)][rng.number]
    x = case.values["X"]
    shifted = np.zeros_like(x)
    shifted[:, :, down:, right:] = x[:, :, :-down, :-right]
    y = conv2d(shifted, case.values["K"], case.values["b"])
    case.values.update({"X'": shifted, "Y'": y, "a": down, "a'": right})
    return case


@binds("eq-equivariance", conv2d)
def equivariance(rng: Draw) -> Case:
    case = moved(rng)
    v = case.values
    return case._replace(free={"i": range(v["a"], v["H'"]), "j": range(v["a'"], v["W'"])})


@binds("eq-linear", conv2d)
def linear(rng: Draw) -> Case:
    case = layer(rng)
    x, alpha, beta = case.values["X"], 1.7, -0.6
    other = rng.standard_normal(x.shape)
    both = alpha * x + beta * other
    case.values.update({r"\alpha": alpha, r"\beta": beta})
    case.values["Y'"] = conv2d(other, case.values["K"], case.values["b"])
    case.values["Y''"] = conv2d(both, case.values["K"], case.values["b"])
    return case


@binds(
    "eq-two-layers",
    cross_correlate2d,
    blind={"random": "holds as well for what returns the same whatever it is given"},
)
def two_layers(rng: Draw) -> Case:
    shapes = {"X": (8, 9), "K": (2, 3), "Q": (4, 2)}
    arrays = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    return Case({**arrays, **SIGNS})


@binds(
    "eq-receptive-field",
    Sequential.forward,
    blind={"distorted": "counts what changes the output, not by how much"},
)
def receptive_field(rng: Draw) -> Case:
    sizes = [0, *(int(size) for size in rng.integers(2, 5, 3))]  # k_0 is not used
    layers = [Conv2D(1, 1, (size, 1), rng=rng, dtype=np.float64) for size in sizes[1:]]
    fields = [1]
    for depth in range(1, 4):
        model, x = Sequential(*layers[:depth]), rng.standard_normal((1, 1, 14, 1))
        before = model.forward(x)[0, 0, 0, 0]
        changed = []
        for row in range(14):
            other = x.copy()
            other[0, 0, row] += 1.0
            changed.append(model.forward(other)[0, 0, 0, 0] != before)
        fields.append(sum(changed))
    values = {"k": np.array(sizes), "r": np.array(fields)}
    return Case({**values, "D": 3}, {"l": range(1, 4)})
