"""What six gradient checks of a small network see of nine mistakes, and of none."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.functions import sigmoid
from cnnbook.gradient_check import complex_step_gradient, numerical_gradient, relative_error
from cnnbook.layers import (
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
)
from cnnbook.layers.activations import sigmoid_gradient
from cnnbook.layers.dense import (
    dense,
    dense_bias_gradient,
    dense_input_gradient,
    dense_weight_gradient,
)
from cnnbook.losses.binary_cross_entropy import binary_cross_entropy, binary_cross_entropy_gradient
from scripts.figures.common import Data, prepare, within

SEED = 1
SHAPES = {
    "x": (2, 1, 6, 5),
    "kernels": (2, 1, 3, 3),
    "bias": (2,),
    "weights": (24, 2),
    "last": (2,),
}
WIDTHS = {"x": 1.0, "kernels": 1.0, "bias": 0.5, "weights": 0.5, "last": 0.5}
TARGETS = np.array([[1.0, 0.0], [0.0, 1.0]])
MISTAKES = {
    "none": "no mistake",
    "convolved": "kernel gradient by convolution",
    "unflipped": "input gradient, kernels not flipped",
    "axes": "bias gradient over the wrong axes",
    "factor": "the sigmoid's factor forgotten",
    "mean": "the sum for the mean",
    "reshaped": "dense weights reshaped, not transposed",
    "sample": "kernel gradient of the last image only",
    "sign": "one weight with the wrong sign",
    "decay": "a little weight decay in the gradient",
}
# Each check with a step that suits it, and the error beyond which it complains.
STEPS = {
    "ones": 1e-5,
    "one": 1e-5,
    "twenty": 1e-5,
    "all": 1e-5,
    "complex": 1e-100,
    "float32": 0.0316,
}
LIMITS = {"ones": 1e-6, "one": 1e-6, "twenty": 1e-6, "all": 1e-6, "complex": 1e-8, "float32": 1e-2}
Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]
# A piece: a function of some arrays, these arrays, and its gradients with ones upstream.
Piece = tuple[Callable[..., Array], Arrays, Arrays]


def xorshift(seed: int) -> Iterator[float]:
    """Yield Marsaglia's random numbers (2003), the same ones as in the reader's browser."""
    state = seed
    while True:
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state / 2**32


def draws(seed: int) -> Iterator[float]:
    """Skip the first twenty, since a small seed begins with small numbers."""
    numbers = xorshift(seed)
    for _ in range(20):
        next(numbers)
    return numbers


def drawn(seed: int) -> Arrays:
    """Draw the input and all parameters."""
    numbers = draws(seed)
    return {
        name: np.array(
            [WIDTHS[name] * (2 * next(numbers) - 1) for _ in range(int(np.prod(shape)))]
        ).reshape(shape)
        for name, shape in SHAPES.items()
    }


def directions(seed: int, count: int = 20) -> list[Arrays]:
    """Draw directions of signs through all numbers."""
    numbers = draws(seed + 1000)
    return [
        {
            name: np.array(
                [-1.0 if next(numbers) < 0.5 else 1.0 for _ in range(int(np.prod(shape)))]
            ).reshape(shape)
            for name, shape in SHAPES.items()
        }
        for _ in range(count)
    ]


def hidden(x: Array, kernels: Array, bias: Array) -> Array:
    """Compute the convolution and its sigmoid, one row an image."""
    return sigmoid(conv2d(x, kernels, bias)).reshape(len(x), -1)


def answers(numbers: Arrays) -> Array:
    """Compute the two probabilities of each image."""
    y = hidden(numbers["x"], numbers["kernels"], numbers["bias"])
    return sigmoid(dense(y, numbers["weights"], numbers["last"]))


def loss(numbers: Arrays) -> Array:
    """Compute the mean cross-entropy; of complex numbers as well, hence written out."""
    p = answers(numbers)
    if np.iscomplexobj(p):
        return np.asarray(-np.mean(TARGETS * np.log(p) + (1 - TARGETS) * np.log(1 - p)))
    return np.asarray(np.mean(binary_cross_entropy(p, TARGETS.astype(p.dtype))))


def conv_backward(numbers: Arrays, g: Array, mistake: str) -> Arrays:
    """Compute the gradients of the convolution, with a mistake."""
    x, kernels = numbers["x"], numbers["kernels"]
    upstream = g[..., ::-1, ::-1] if mistake == "convolved" else g
    used = slice(-1, None) if mistake == "sample" else slice(None)
    there = kernels[..., ::-1, ::-1] if mistake == "unflipped" else kernels
    return {
        "x": conv2d_input_gradient(g, there, (6, 5)),
        "kernels": conv2d_kernel_gradient(x[used], upstream[used], 3),
        "bias": g.sum(axis=(1, 2, 3)) if mistake == "axes" else conv2d_bias_gradient(g),
    }


def dense_backward(y: Array, numbers: Arrays, g: Array, mistake: str) -> Arrays:
    """Compute the gradients of the dense layer, with a mistake."""
    weights = numbers["weights"]
    back = {"y": dense_input_gradient(g, weights), "weights": dense_weight_gradient(y, g)}
    back["last"] = dense_bias_gradient(g)
    if mistake == "reshaped":
        back["y"] = g @ weights.reshape(weights.shape[::-1])
    if mistake == "decay":
        back["weights"] = back["weights"] + 1e-5 * weights
    if mistake == "sign":
        back["weights"].flat[abs(back["weights"]).argmax()] *= -1
    return back


def loss_backward(p: Array, mistake: str) -> Array:
    """Compute the gradient of the mean loss in the probabilities, with a mistake."""
    return binary_cross_entropy_gradient(p, TARGETS) / (1 if mistake == "mean" else p.size)


def gradient(numbers: Arrays, mistake: str = "none") -> Arrays:
    """Compute the gradient in all numbers by backpropagation, with a mistake."""
    y = hidden(numbers["x"], numbers["kernels"], numbers["bias"])
    p = answers(numbers)
    back = dense_backward(y, numbers, sigmoid_gradient(p, loss_backward(p, mistake)), mistake)
    g = back.pop("y")
    g = (g if mistake == "factor" else sigmoid_gradient(y, g)).reshape(2, 2, 4, 3)
    return conv_backward(numbers, g, mistake) | back


def pieces(numbers: Arrays, mistake: str = "none") -> list[Piece]:
    """Return each piece with what it is given and its gradients, ones upstream."""
    z = conv2d(numbers["x"], numbers["kernels"], numbers["bias"])
    y, p = hidden(numbers["x"], numbers["kernels"], numbers["bias"]), answers(numbers)
    slope = (
        np.ones_like(z) if mistake == "factor" else sigmoid_gradient(sigmoid(z), np.ones_like(z))
    )
    given = {name: numbers[name] for name in ("x", "kernels", "bias")}
    into = {"y": y, "weights": numbers["weights"], "last": numbers["last"]}
    ones = np.ones_like(p)
    return [
        (conv2d, given, conv_backward(numbers, np.ones_like(z), mistake)),
        (sigmoid, {"z": z}, {"z": slope}),
        (dense, into, dense_backward(y, numbers, ones, mistake)),
        (
            lambda p: binary_cross_entropy(p, TARGETS) / p.size,
            {"p": p},
            {"p": loss_backward(p, mistake)},
        ),
    ]


def along(numbers: Arrays, direction: Arrays, h: float) -> float:
    """Measure the slope of the loss along a direction."""
    above, below = (
        loss({name: numbers[name] + h * v * sign for name, v in direction.items()})
        for sign in (1, -1)
    )
    return float((above - below) / (2 * h))


def direction_error(numbers: Arrays, whole: Arrays, direction: Arrays, h: float) -> float:
    """Compute the disagreement along a direction: @eq-direction-ratio."""
    expected = sum(np.sum(v * whole[name]) for name, v in direction.items())
    size = np.sqrt(sum(np.sum(g**2) for g in whole.values()))
    return float(abs(along(numbers, direction, h) - expected) / size)


def entries(numbers: Arrays, h: float) -> Arrays:
    """Measure the central quotient of the loss for every entry."""
    one = np.ones((), numbers["x"].dtype)
    return {
        name: numerical_gradient(lambda: loss(numbers), array, one, h)
        for name, array in numbers.items()
    }


def complex_entries(numbers: Arrays) -> Arrays:
    """Measure the derivative for every entry by complex steps."""
    as_complex = {name: array + 0j for name, array in numbers.items()}

    def moved(name: str) -> Callable[[Array], Array]:
        return lambda array: loss(as_complex | {name: array})

    ones = np.ones(())
    return {name: complex_step_gradient(moved(name), numbers[name], ones) for name in numbers}


def piece_error(piece: Piece, h: float) -> float:
    """Return the largest error over all entries that a piece is given."""
    f, given, back = piece
    values, one = list(given.values()), np.ones(1)
    found = {
        name: numerical_gradient(lambda: f(*values), array, one, h) for name, array in given.items()
    }
    return max(relative_error(back[name], found[name]) for name in given)


def error(check: str, numbers: Arrays, mistake: str, signs: list[Arrays]) -> float:
    """Return the largest disagreement that a check finds."""
    h, whole = STEPS[check], gradient(numbers, mistake)
    if check in ("one", "twenty"):
        chosen = signs[: 1 if check == "one" else None]
        return max(direction_error(numbers, whole, v, h) for v in chosen)
    if check == "ones":
        return max(piece_error(piece, h) for piece in pieces(numbers, mistake))
    if check == "complex":
        found = complex_entries(numbers)
    else:
        dtype = np.float32 if check == "float32" else np.float64
        found = entries({name: array.astype(dtype) for name, array in numbers.items()}, h)
    return max(relative_error(whole[name], found[name].astype(float)) for name in whole)


def compute() -> Data:
    """Let every check look at every mistake."""
    numbers, signs = drawn(SEED), directions(SEED)
    data: Data = {"seed": SEED, "loss": float(loss(numbers)), "mistakes": len(MISTAKES) - 1}
    for check in STEPS:
        found = {mistake: error(check, numbers, mistake, signs) for mistake in MISTAKES}
        written = [f"{max(e, 1e-16):.0e}".split("e") for e in found.values()]
        data[f"{check}_digits"] = [int(digit) for digit, _ in written]
        data[f"{check}_places"] = [-int(exponent) for _, exponent in written]
        data[f"{check}_seen"] = [bool(e > LIMITS[check]) for e in found.values()]
        data[f"{check}_blind"] = int(sum(e <= LIMITS[check] for e in found.values())) - 1
    return data


def short(digit: int, places: int) -> str:
    """Write the first digit of a number, and its power of ten unless that is 1."""
    return f"{digit}e\N{MINUS SIGN}{places}" if places else f"{digit}"


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a table: the error, and in another colour what a check does not see."""
    figure, axes = prepare(colours, width=7.2, height=4.0, rows=1)
    heads = [
        "ones",
        "one\ndirection",
        "twenty\ndirections",
        "all\nentries",
        "complex\nstep",
        "float32",
    ]
    for column, (check, head) in enumerate(zip(STEPS, heads, strict=True)):
        axes.text(column, -0.7, head, ha="center", va="bottom", color=colours["ink"])
        found = zip(*(data[f"{check}_{e}"] for e in ("digits", "places", "seen")), strict=True)
        for row, (digit, places, seen) in enumerate(found):
            blind = row > 0 and not seen
            colour = colours["second" if blind else "faint" if row == 0 else "first"]
            words = "blind" if blind else short(digit, places)
            axes.text(column, row, words, ha="center", va="center", color=colour)
    axes.set(xlim=(-0.6, 5.5), ylim=(9.6, -1.6), xticks=[])
    axes.set_yticks(range(10), list(MISTAKES.values()))
    axes.tick_params(axis="y", length=0)
    axes.axhline(-0.55, color=colours["faint"], linewidth=0.6)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


# Where rounding decides, another processor makes other errors.
TOLERANCES = within(0, "seed mistakes") | within(1e-12, "loss")
TOLERANCES |= within(0, *(f"{check}_{entry}" for check in STEPS for entry in ("seen", "blind")))
TOLERANCES |= within(9, *(f"{check}_digits" for check in STEPS))
TOLERANCES |= within(2, *(f"{check}_places" for check in STEPS))
