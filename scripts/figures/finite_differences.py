"""The error of difference quotients of the network's loss, for steps from 1 down to 1e-15."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.functions import sigmoid
from cnnbook.layers.conv import conv2d
from cnnbook.layers.dense import dense
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import zero_one_network
from scripts.figures.common import Data, prepare, within

SEED, SAMPLES, ENTRY = 0, 32, (0, 0, 1, 1)
STEPS = np.logspace(0, -15, 61)
LONG = {"float64": 1e-3, "float32": 0.5}  # steps beyond the best one, by far
Array = np.ndarray[Any, Any]


def loss_along(
    dtype: type[np.float64 | np.float32],
) -> tuple[Callable[[float], float], float, list[Array]]:
    """Return the loss as a function of one kernel entry's change, its derivative, and more."""
    (images, labels), _ = load_zero_one()
    x: Array = images[:SAMPLES].astype(dtype)
    t = one_hot(labels[:SAMPLES], 2, dtype)
    model = zero_one_network(np.random.default_rng(SEED), dtype)
    loss = BinaryCrossEntropy()
    loss.forward(model.forward(x), t)
    model.backward(loss.backward())
    kernels = model.parameters()[0]

    def phi(h: float) -> float:
        kept = kernels.value[ENTRY]
        kernels.value[ENTRY] = kept + dtype(h)
        value = loss.forward(model.forward(x), t)
        kernels.value[ENTRY] = kept
        return value

    return phi, float(kernels.gradient[ENTRY]), [x, t, *(p.value for p in model.parameters())]


def complex_loss(arrays: list[Array], h: complex) -> complex:
    """Compute the same loss, written out, with complex numbers."""
    x, t, kernels, kernel_bias, weights_1, bias_1, weights_2, bias_2 = arrays
    changed = kernels.astype(complex)
    changed[ENTRY] += h
    y = sigmoid(conv2d(x.astype(complex), changed, kernel_bias + 0j)).reshape(len(x), -1)
    p = sigmoid(dense(sigmoid(dense(y, weights_1 + 0j, bias_1 + 0j)), weights_2 + 0j, bias_2 + 0j))
    return complex(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))


def third_derivative(phi: Callable[[float], float], h: float = 0.05) -> float:
    """Estimate it from four values far apart."""
    return (phi(2 * h) - 2 * phi(h) + 2 * phi(-h) - phi(-2 * h)) / (2 * h**3)


def compute() -> Data:
    """Measure all quotients, and predict where the central ones are best."""
    phi, derivative, arrays = loss_along(np.float64)
    exact = complex_loss(arrays, 1e-100j).imag / 1e-100
    third = third_derivative(phi)
    data: Data = {
        "seed": SEED,
        "samples": SAMPLES,
        "steps": STEPS.tolist(),
        "loss": phi(0),
        "derivative": exact,
        "third": third,
        "backpropagation": digits([derivative], exact)[0],
        "complex": digits([complex_loss(arrays, 1j * h).imag / h for h in STEPS[::4]], exact),
    }
    for name, dtype in (("float64", np.float64), ("float32", np.float32)):
        phi, *_ = loss_along(dtype)
        central = digits([(phi(h) - phi(-h)) / (2 * h) for h in STEPS], exact)
        data[f"{name}_central"] = central
        data[f"{name}_forward"] = digits([(phi(h) - phi(0)) / h for h in STEPS], exact)
        delta = float(np.finfo(dtype).eps) * phi(0)
        best = (3 * delta / abs(third)) ** (1 / 3)
        data[f"{name}_best"] = best
        data[f"{name}_least"] = 3 * delta / (2 * best) / abs(exact)
        data[f"{name}_found_best"] = float(STEPS[np.argmin(central)])
        data[f"{name}_found_least"] = 10 ** min(central)
        # The slopes on both sides, a decade away from the best step.
        for side, chosen in (("right", 10 * best < STEPS), ("left", best / 10 > STEPS)):
            chosen &= np.array(central) < -1
            if name == "float64":  # in float32 there are too few steps on either side
                slope = np.polyfit(np.log10(STEPS[chosen]), np.array(central)[chosen], 1)[0]
                data[f"{name}_slope_{side}"] = float(slope)
    return data


def digits(quotients: list[float], exact: float) -> list[float]:
    """Return the decimal logarithm of each relative error, but no less than -16."""
    errors = np.abs(np.array(quotients) / exact - 1)
    return [float(digit) for digit in np.log10(np.maximum(errors, 1e-16))]


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the measured errors as points and the predicted ones as lines."""
    figure, axes = prepare(colours, width=6.4, height=4.3, rows=1)
    steps = np.array(data["steps"])
    for name, colour, marker in (("float64", "first", "o"), ("float32", "second", "s")):
        best, least = data[f"{name}_best"], data[f"{name}_least"]
        central = 10 ** np.array(data[f"{name}_central"])
        axes.plot(steps, central, marker, color=colours[colour], markersize=3.5)
        # E(h) in terms of its minimum: one third of it is cut off there, two thirds are rounded.
        predicted = least / 3 * (steps / best) ** 2 + 2 * least / 3 * best / steps
        axes.plot(steps, predicted, color=colours[colour], linewidth=1)
        axes.plot([best], [least], "x", color=colours["ink"], markersize=9, markeredgewidth=2)
    forward = 10 ** np.array(data["float64_forward"])
    axes.plot(steps, forward, ".", color=colours["faint"], markersize=4)
    axes.plot(
        steps[::4], 10 ** np.array(data["complex"]), "^", color=colours["ink"], markersize=3.5
    )
    labels = (
        ("central, float64", 4e-12, 3e-8, "first"),
        ("central, float32", 1e-9, 3, "second"),
        ("forward, float64", 1.5e-6, 8e-5, "faint"),
        ("complex step", 3e-13, 3e-15, "ink"),
    )
    for text, x, y, colour in labels:
        axes.text(x, y, text, color=colours[colour], ha="center")
    axes.set(
        xlabel="step h",
        ylabel="relative error of the derivative",
        xscale="log",
        yscale="log",
        xlim=(5e-16, 2),
        ylim=(4e-17, 30),
    )
    return figure


# Where rounding decides, another processor makes other errors; the slopes stay.
TOLERANCES = (
    within(0, "seed samples")
    | within(1e-12, "steps")
    | within(1e-9, "loss derivative")
    | within(1e-7, "third")
    | within(2, "backpropagation complex")
    | {"float64_best": 1e-9, "float64_least": 1e-13, "float32_best": 1e-6, "float32_least": 1e-8}
    | {"float64_found_best": 9e-5, "float64_found_least": 4e-10}
    | {"float32_found_best": 0.05, "float32_found_least": 1e-3}
    | {"float64_slope_right": 0.02, "float64_slope_left": 0.3}
    | within(3, "float64_forward float32_forward")
    # Where steps are long, nothing but the curvature counts, and every machine agrees.
    | {f"{name}_central": np.where(LONG[name] < STEPS, 0.02, 3).tolist() for name in LONG}
)
