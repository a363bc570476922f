"""How many windows have several largest numbers, and what it matters which gets the gradient."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.correlation import view_windows
from cnnbook.layers import (
    Conv2D,
    Dense,
    MaxPool2D,
    ReLU,
    Reshape,
    Sigmoid,
    max_pool2d,
)
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import Split, load_zero_one
from cnnbook.model import Sequential
from cnnbook.samples import one_hot
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.spread import mean_and_deviation
from scripts.figures.training import train
from scripts.trials.store import Result, Setting, results

SEEDS = 10
EPOCHS, BATCH_SIZE, LEARNING_RATE = 2, 32, 0.1
KERNELS, KERNEL, POOLED, HIDDEN, ANSWERS = 5, 3, 13, 100, 2
SIZE = 2, 2
STARTED_WITH = 1000  # of the training images, for the gradient at the start
WINDOWS = {"two": 2, "three": 3}  # rows and columns; two steps from one to the next
Array = np.ndarray[Any, Any]


class Tied(MaxPool2D):
    """Pool 2x2 windows; all pixels that are as large as the maximum get its upstream number."""

    split = False

    def forward(self, x: Array) -> Array:
        """Remember where the maxima are; windows do not overlap."""
        y = super().forward(x)
        self.shape = x.shape
        self.largest = view_windows(x, SIZE, SIZE) == y[..., np.newaxis, np.newaxis]
        return y

    def backward(self, grad_output: Array) -> Array:
        """Give each of the maxima the whole of it, or an equal share."""
        share = self.largest * grad_output[..., np.newaxis, np.newaxis]
        if self.split:
            share /= self.largest.sum(axis=(-2, -1), keepdims=True)
        grad_x = np.zeros(self.shape, grad_output.dtype)
        view_windows(grad_x, SIZE, SIZE, writeable=True)[...] = share
        return grad_x


class Shared(Tied):
    """Pool 2x2 windows; the maxima of a window get equal shares of its upstream number."""

    split = True


def network(activation: str, convention: str, rng: np.random.Generator) -> Sequential:
    """Build the zero-or-one network with its maps pooled, ties broken in one of three ways."""
    numbers = KERNELS * POOLED**2
    return Sequential(
        Conv2D(1, KERNELS, KERNEL, rng=rng),
        ReLU() if activation == "relu" else Sigmoid(),
        {"first": MaxPool2D, "all": Tied, "split": Shared}[convention](SIZE),
        Reshape((numbers,)),
        Dense(numbers, HIDDEN, rng=rng),
        Sigmoid(),
        Dense(HIDDEN, ANSWERS, rng=rng),
        Sigmoid(),
    )


def split_for(shades: int) -> Split:
    """Return the images as they are, with 256 shades of grey, or with black and white alone."""
    parts = []
    for images, labels in load_zero_one():
        if shades == 2:
            images = (images >= 0.5).astype(images.dtype)
        parts.append((images, labels))
    return Split(*parts)


def trial(seed: int, shades: int, activation: str, convention: str) -> Result:
    """Train a network, and look at its gradient before and at the ties before and after."""
    split = split_for(shades)
    model = network(activation, convention, np.random.default_rng(seed))
    found: Data = dict(zip(("kernels", "bias"), first_gradient(model, split), strict=True))
    found["untrained"] = maps_ties(model, split.test[0])
    model = train(
        split,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        seed=seed,
        learning_rate=LEARNING_RATE,
        network=lambda rng: network(activation, convention, rng),
    ).model
    found["trained"] = maps_ties(model, split.test[0])
    p = model.predict(split.test[0])
    labels = split.test[1]
    found["errors"] = int((p.argmax(axis=1) != labels).sum())
    found["loss"] = BinaryCrossEntropy().forward(p, one_hot(labels, ANSWERS, p.dtype))
    return found


def first_gradient(model: Sequential, split: Split) -> list[list[float]]:
    """Return the gradients of the first layer's kernels and biases before any step."""
    images, labels = (part[:STARTED_WITH] for part in split.train)
    loss = BinaryCrossEntropy()
    p = model.forward(images)
    loss.forward(p, one_hot(labels, ANSWERS, p.dtype))
    model.backward(loss.backward())
    return [p.gradient.ravel().astype(float).tolist() for p in model.layers[0].parameters()]


def maps_ties(model: Sequential, images: Array) -> list[float]:
    """Count ties in what the pooling layer of a network is given."""
    return ties(Sequential(*model.layers[:2]).forward(images), images)


def ties(maps: Array, images: Array) -> list[float]:
    """Count windows whose maximum is there several times, as shares, by the size of the windows.

    For each size that is the share among all windows, among those that have seen ink, and the part
    of the latter ties in which the maximum is 0, where a rectifier lets no gradient through.
    """
    found = []
    for size in WINDOWS.values():
        windows = view_windows(maps, (size, size), (2, 2))
        largest = max_pool2d(maps, size, stride=2)
        tied = (windows == largest[..., np.newaxis, np.newaxis]).sum(axis=(-2, -1)) > 1
        seen = size + images.shape[-1] - maps.shape[-1]  # pixels that a window goes back to
        ink = np.broadcast_to(max_pool2d(images, seen, stride=2) > 0, tied.shape)
        zero = (largest == 0)[tied & ink]
        found += [float(part.mean()) for part in (tied, tied[ink], zero)]
    return found


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    del setting  # it is the same for all
    return (
        within(2, "errors") | within(3e-3, "loss trained untrained") | within(1e-5, "kernels bias")
    )


CONVENTIONS = ("first", "all", "split")
SHADES = {"": 256, "2": 2}  # what is added to the name of an entry
TRIALS: list[Setting] = [
    {"seed": seed, "shades": shades, "activation": activation, "convention": convention}
    for seed in range(SEEDS)
    for shades, activation, conventions in (
        (256, "relu", CONVENTIONS),
        (2, "relu", CONVENTIONS),
        (256, "sigmoid", CONVENTIONS[:1]),
    )
    for convention in conventions
]


def runs_with(shades: int, activation: str, convention: str) -> list[Result]:
    """Return what was found from each seed."""
    wanted = shades, activation, convention
    return results("ties", [t for t in TRIALS if tuple(t.values())[1:] == wanted])


def compute() -> Data:
    """Put together where there are ties, and what came of the three conventions."""
    data: Data = {
        "seeds": SEEDS,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "kernels": KERNELS,
        "started_with": STARTED_WITH,
        "test_images": len(load_zero_one().test[1]),
        "shades": list(SHADES.values()),
    }
    data |= {f"window_{size}": [size, size] for size in (2, 3)}
    for end, shades in SHADES.items():
        images = split_for(shades).test[0]
        data |= shares(f"image{end}", [ties(images, images)])
        for convention in CONVENTIONS:
            data |= measured(f"{convention}{end}", shades, convention)
    for place, shades, activation in PLACES:
        runs = runs_with(shades, activation, "first")
        data |= shares(place, [run["untrained"] for run in runs])
        data |= shares(f"{place}_trained", [run["trained"] for run in runs])
    return data


def shares(place: str, runs: list[list[float]]) -> Data:
    """Name the shares of windows with ties; of networks, mean and spread."""
    names = [f"{place}_{window}_{part}" for window in WINDOWS for part in PARTS]
    data: Data = dict(zip(names, np.mean(runs, axis=0).round(6).tolist(), strict=True))
    if len(runs) > 1:
        _, deviations = mean_and_deviation(runs)
        data |= {f"{n}_deviation": d for n, d in zip(names, deviations, strict=True)}
    return data


def measured(name: str, shades: int, convention: str) -> Data:
    """Summarise the runs with one convention, and compare the gradients with those of the first."""
    runs, firsts = runs_with(shades, "relu", convention), runs_with(shades, "relu", "first")
    data: Data = {f"{name}_errors": sorted(run["errors"] for run in runs)}
    for entry in ("errors", "loss"):
        mean, deviation = mean_and_deviation([run[entry] for run in runs])
        data[f"{name}_{entry}_mean"], data[f"{name}_{entry}_deviation"] = mean, deviation
    for part in ("kernels", "bias"):
        own, first = (np.array([run[part] for run in some]) for some in (runs, firsts))
        norms = [np.linalg.norm(g, axis=1) for g in (own, first, own - first)]
        ratio, _ = mean_and_deviation(norms[0] / norms[1])
        data[f"{name}_{part}_size"], data[f"{name}_{part}_sizes"] = ratio, norms[0].tolist()
        data[f"{name}_{part}_apart"] = float((norms[2] / norms[1]).max())
    return data


PLACES = (("sigmoid", 256, "sigmoid"), ("relu", 256, "relu"), ("relu2", 2, "relu"))
PARTS = ("all", "ink", "zero")


SHOWN = {
    "image": "images",
    "sigmoid": "sigmoid",
    "sigmoid_trained": "sigmoid, trained",
    "relu": "ReLU",
    "relu_trained": "ReLU, trained",
    "image2": "images, black and white",
    "relu2": "ReLU of these",
    "relu2_trained": "ReLU of these, trained",
}
MARKS = (
    ("two_ink", "o", "first", "2 by 2, with ink"),
    ("three_ink", "s", "second", "3 by 3, with ink"),
    ("two_all", "x", "faint", "2 by 2, all windows"),
)
GRADIENTS = (
    ("", "o", "first", "256 shades"),
    ("2", "s", "second", "black and white"),
)


def draw_windows(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw how many windows are tied."""
    rows = range(len(SHOWN))[::-1]
    for part, marker, colour, label in MARKS:
        shares = [data[f"{place}_{part}"] for place in SHOWN]
        axes.plot(shares, rows, marker, color=colours[colour], markersize=5, label=label)
    axes.set_yticks(rows, SHOWN.values(), fontsize=11)
    axes.set(title="tied windows", xlabel="share", xlim=(0, 1.02))


def draw_gradients(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw by how much a gradient is longer where all of the tied pixels get it."""
    for end, marker, colour, label in GRADIENTS:
        options: Data = {"color": colours[colour], "markersize": 5}
        for row, part in enumerate(("bias", "kernels")):
            first, every = (np.array(data[f"{n}{end}_{part}_sizes"]) for n in ("first", "all"))
            heights = np.full(len(first), row + (0.12 if end else -0.12))
            axes.plot(every / first, heights, marker, **options, label=label if row else None)
    axes.set_yticks((0, 1), ("biases", "kernels"), fontsize=11)
    axes.axvline(1, color=colours["faint"], linewidth=0.8)
    axes.set(title="gradient, all / first", xlabel="ratio of norms")
    axes.set(xlim=(0, None), ylim=(-0.5, 1.5))


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw where there are ties, and what counting all of them does to the gradient."""
    figure, (windows, gradients) = prepare(colours, width=6.8, height=3.6, rows=1, columns=2)
    draw_windows(windows, data, colours)
    draw_gradients(gradients, data, colours)
    for axes in (windows, gradients):
        axes.legend(frameon=False, fontsize=10, loc="upper center", bbox_to_anchor=(0.4, -0.22))
    return figure


NAMES = [
    f"{place}_{window}_{part}{end}"
    for place in SHOWN
    for window in WINDOWS
    for part in PARTS
    for end in (("",) if place.startswith("image") else ("", "_deviation"))
]
CASES = [f"{convention}{end}" for convention in CONVENTIONS for end in SHADES]
EXACT = "errors errors_mean errors_deviation loss_mean loss_deviation"
GRADIENT = [
    f"{part}_{entry}" for part in ("kernels", "bias") for entry in ("size", "sizes", "apart")
]
TOLERANCES = (
    within(0, "seeds epochs batch_size learning_rate kernels started_with test_images")
    | within(0, "shades window_2 window_3")
    | within(1e-5, *NAMES)
    | within(1e-5, *(f"{case}_{entry}" for case in CASES for entry in (*EXACT.split(), *GRADIENT)))
)
