"""Chapter 2: the forward pass of the layer, its counts, and how it behaves."""

import numpy as np

from cnnbook.correlation import convolve2d, cross_correlate2d
from cnnbook.layers import Conv2D, conv2d
from cnnbook.layers.conv import correlate_columns
from cnnbook.layers.geometry import im2col, output_size
from cnnbook.model import Sequential
from tests.equations.binding import Case, Draw, binds, layer_sizes


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
            r"\corr": cross_correlate2d,
            r"\conv": convolve2d,
            r"\fconv": lambda a, b: convolve2d(a, b, "full"),
            r"\fcorr": lambda a, b: cross_correlate2d(a, b, "full"),
            **s,
        }
    )


@binds("eq-layer", conv2d)
def the_layer(rng):
    return layer(rng)


@binds("eq-layer-maps", conv2d)
def layer_maps(rng):
    return layer(rng)


@binds("eq-output-size", output_size)
def size(rng):
    height, width = (int(s) for s in rng.integers(5, 9, 2))
    kernel_height, kernel_width = (int(s) for s in rng.integers(2, 5, 2))
    found = output_size((height, width), (kernel_height, kernel_width))
    sizes = {"H": height, "W": width, "K_H": kernel_height, "K_W": kernel_width}
    return Case({**sizes, "H'": found[0], "W'": found[1]})


@binds("eq-columns", im2col)
def columns(rng):
    case = layer(rng)
    x, kernels = case.values["X"], case.values["K"]
    case.values["A"] = im2col(x, kernels.shape[2:])
    case.values["R"] = kernels.reshape(len(kernels), -1)
    return case


@binds("eq-as-product", correlate_columns)
def as_product(rng):
    case = layer(rng)
    x, kernels, bias, y = (case.values[name] for name in "XKbY")
    columns = im2col(x, kernels.shape[2:])
    case.values["A"] = columns
    case.values["R"] = kernels.reshape(len(kernels), -1)
    case.values["Y"] = correlate_columns(columns, kernels, bias).reshape(y.shape)
    return case


def counts(rng: Draw) -> Case:
    """Sizes, and what the code counts for them."""
    c, f, h, w, kh, kw = (
        int(size) for size in rng.integers([2, 4, 7, 8, 2, 3], [4, 7, 9, 11, 4, 6])
    )
    made = Conv2D(c, f, (kh, kw), rng=rng)
    y = made.forward(rng.standard_normal((3, c, h, w), np.float32))
    learned = sum(parameter.value.size for parameter in made.parameters())
    sizes = {"N": 3, "C": c, "F": f, "H": h, "W": w, "K_H": kh, "K_W": kw}
    return Case(
        {
            **sizes,
            "H'": y.shape[2],
            "W'": y.shape[3],
            "P": learned,
            # One bias per output pixel in place of one per kernel.
            r"P_\mathrm{untied}": learned - f + y[0].size,
            # One weight from every pixel and one bias to every output.
            r"P_\mathrm{dense}": np.zeros((c * h * w + 1, y[0].size)).size,
            "M": y.size * made.kernels.value[0].size,
        }
    )


@binds("eq-parameter-count", Conv2D.forward)
def parameter_count(rng):
    return counts(rng)


@binds("eq-untied-count", Conv2D.forward)
def untied_count(rng):
    return counts(rng)


@binds("eq-dense-count", Conv2D.forward)
def dense_count(rng):
    return counts(rng)


@binds("eq-multiplications", Conv2D.forward)
def multiplications(rng):
    return counts(rng)


def moved(rng: Draw) -> Case:
    """A batch, the same moved down by a and right by a', and what the layer makes of both."""
    case = layer(rng)
    x, (down, right) = (
        case.values["X"],
        (int(step) for step in [(2, 1), (1, 2), (2, 2)][rng.number]),
    )
    shifted = np.zeros_like(x)
    shifted[:, :, down:, right:] = x[:, :, :-down, :-right]
    y = conv2d(shifted, case.values["K"], case.values["b"])
    case.values.update({"X'": shifted, "Y'": y, "a": down, "a'": right})
    return case


@binds("eq-shift", conv2d)
def shift(rng):
    return moved(rng)


@binds("eq-equivariance", conv2d)
def equivariance(rng):
    case = moved(rng)
    v = case.values
    return case._replace(free={"i": range(v["a"], v["H'"]), "j": range(v["a'"], v["W'"])})


@binds("eq-linear", conv2d)
def linear(rng):
    case = layer(rng)
    x, alpha, beta = case.values["X"], 1.7, -0.6
    other = rng.standard_normal(x.shape)
    both = alpha * x + beta * other
    case.values.update({r"\alpha": alpha, r"\beta": beta})
    case.values["Y'"] = conv2d(other, case.values["K"], case.values["b"])
    case.values["Y''"] = conv2d(both, case.values["K"], case.values["b"])
    return case


@binds("eq-two-layers", cross_correlate2d)
def two_layers(rng):
    case = layer(rng)
    shapes = {"X": (8, 9), "K": (2, 3), "Q": (4, 2)}
    arrays = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    sizes = {name: value for name, value in case.values.items() if callable(value)}
    return Case({**sizes, **arrays})


@binds("eq-receptive-field", Sequential.forward)
def receptive_field(rng):
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
