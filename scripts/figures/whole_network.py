"""What three kinds of check see of four mistakes in the gradient of the whole network."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import Conv2D
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import Sequential
from scripts.figures.common import Data, prepare, within
from scripts.figures.training import Convolved, network_with

SEED, SAMPLES, DIRECTIONS, STEP, RATE = 0, 4, 20, 1e-6, 0.1
# How many entries of each array are looked at one by one: kernels and their bias, hidden weights
# and bias, last weights and bias.
ENTRIES = (45, 5, 400, 100, 200, 2)
Array = np.ndarray[Any, Any]
MARKS = {
    "whole": ("o", "first", "along all parameters"),
    "arrays": ("s", "second", "along one array at a time"),
    "entries": ("^", "ink", "single entries"),
}
MISTAKES = {
    "none": "none",
    "turned": "kernels: convolved",
    "mean": "hidden bias: mean for sum",
    "during": "update during, rate {rate:g}",
    "one": "one weight: wrong sign",
}


def network(first: type[Conv2D] = Conv2D) -> Sequential:
    """Build the network, always with the same numbers."""
    return network_with(first, np.random.default_rng(SEED), np.float64)


def gradients(mistake: str, x: Array, t: Array) -> list[Array]:
    """Compute the gradient of every parameter, with a mistake in it."""
    model = network(Convolved if mistake == "turned" else Conv2D)
    loss = BinaryCrossEntropy()
    loss.forward(model.forward(x), t)
    gradient = loss.backward()
    for layer in reversed(model.layers):
        if mistake == "during":
            layer.accumulate_gradients(gradient)  # fills the gradients, and again below
            for parameter in layer.parameters():
                parameter.value -= RATE * parameter.gradient
                parameter.zero_gradient()
        gradient = layer.backward(gradient)
    found = [parameter.gradient.copy() for parameter in model.parameters()]
    if mistake == "mean":
        found[3] /= len(x)
    if mistake == "one":
        worst = np.unravel_index(np.abs(found[2]).argmax(), found[2].shape)
        found[2][worst] *= -1
    return found


def quotient(f: Callable[[], float], arrays: list[Array], direction: list[Array]) -> float:
    """Differentiate the loss along a direction in some of the parameters."""
    kept = [array.copy() for array in arrays]
    values = []
    for sign in (1, -1):
        for array, was, v in zip(arrays, kept, direction, strict=True):
            array[...] = was + sign * STEP * v
        values.append(f())
    for array, was in zip(arrays, kept, strict=True):
        array[...] = was
    return (values[0] - values[1]) / (2 * STEP)


def norm(arrays: list[Array]) -> float:
    """Return the root of the sum of all squares."""
    return float(np.sqrt(sum(np.sum(array**2) for array in arrays)))


def compute() -> Data:
    """Compare the gradients, right and wrong, with difference quotients."""
    (images, labels), _ = load_zero_one(limit_per_class=SAMPLES)
    x, t = images[:SAMPLES].astype(np.float64), one_hot(labels[:SAMPLES], 2, np.float64)
    model, loss, rng = network(), BinaryCrossEntropy(), np.random.default_rng(SEED)
    values = [parameter.value for parameter in model.parameters()]

    def f() -> float:
        return loss.forward(model.forward(x), t)

    found = {mistake: gradients(mistake, x, t) for mistake in MISTAKES}
    seen = {mistake: {"whole": 0.0, "arrays": 0.0, "entries": 0.0} for mistake in MISTAKES}

    def compare(kind: str, chosen: slice, direction: list[Array]) -> None:
        """Compare one quotient with all gradients; keep the largest disagreement."""
        measured = quotient(f, values[chosen], direction)
        for mistake, gradient in found.items():
            pairs = zip(direction, gradient[chosen], strict=True)
            expected = float(sum(np.sum(v * g) for v, g in pairs))
            error = abs(measured - expected) / norm(gradient[chosen])
            seen[mistake][kind] = max(seen[mistake][kind], error)

    for _ in range(DIRECTIONS):
        compare("whole", slice(None), [rng.choice([-1.0, 1.0], v.shape) for v in values])
        for k, v in enumerate(values):
            compare("arrays", slice(k, k + 1), [rng.choice([-1.0, 1.0], v.shape)])
    for k, (count, v) in enumerate(zip(ENTRIES, values, strict=True)):
        for place in rng.choice(v.size, count, replace=False):
            unit = np.zeros(v.size)
            unit[place] = 1.0
            compare("entries", slice(k, k + 1), [unit.reshape(v.shape)])
    data: Data = {
        "seed": SEED,
        "samples": SAMPLES,
        "directions": DIRECTIONS,
        "entries": sum(ENTRIES),
        "hidden_entries": ENTRIES[2],
        "parameters": sum(v.size for v in values),
        "step": STEP,
        "rate": RATE,
    }
    for mistake, kinds in seen.items():
        for kind, error in kinds.items():
            data[f"{mistake}_{kind}"] = error
            data[f"{mistake}_{kind}_digits"] = float(np.log10(error))
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw one line for each mistake, with one mark for each kind of check."""
    figure, axes = prepare(colours, width=6.4, height=3.1, rows=1)
    names = list(reversed(MISTAKES))
    for height, mistake in enumerate(names):
        axes.axhline(height, color=colours["faint"], linewidth=0.4)
        for kind, (marker, colour, label) in MARKS.items():
            lift = {"whole": 0.0, "arrays": 0.17, "entries": -0.17}[kind]
            place = [data[f"{mistake}_{kind}"]], [height + lift]
            # One label for the legend, from the first line.
            named = label if height == 0 else None
            axes.plot(*place, marker, color=colours[colour], markersize=6, label=named)
    axes.axvline(1e-6, color=colours["faint"], linestyle="--", linewidth=1)
    axes.set(xscale="log", xlim=(1e-11, 50), ylim=(-0.5, 4.5), xlabel="largest disagreement")
    axes.set_yticks(range(len(names)), [MISTAKES[name].format(**data) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=11)
    return figure


DISAGREEMENTS = [f"{mistake}_{kind}" for mistake in MISTAKES for kind in MARKS]
TOLERANCES = (
    within(0, "seed samples directions entries hidden_entries parameters step rate")
    | within(1e-6, *DISAGREEMENTS)
    | within(0.05, *(f"{name}_digits" for name in DISAGREEMENTS))
    # What lies below a millionth is rounding, and differs between processors.
    | within(0.7, "none_whole_digits none_arrays_digits none_entries_digits one_entries_digits")
)
