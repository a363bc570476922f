"""Networks whose first layer takes long steps: their errors, and their answers to moved digits."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnnbook.layers import Conv2D, output_size
from cnnbook.mnist import load_zero_one
from cnnbook.model import Sequential
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.shifted import moved
from scripts.figures.spread import draw_row, mean_and_deviation
from scripts.figures.trained_network import logits
from scripts.figures.training import network_after, train
from scripts.trials.store import Result, Setting, results

SEEDS = 20
EPOCHS, BATCH_SIZE, LEARNING_RATE = 5, 32, 0.1
SIDE, KERNEL, HIDDEN, ANSWERS = 28, 3, 100, 2
SHIFTS = range(-6, 7)
ALONE = range(7)  # shifts at which the first layer is looked at alone, on
WIDE, SUMMED = 12, 500  # columns more of background on both sides, of so many test images
Array = np.ndarray[Any, Any]


class Kind(NamedTuple):
    """A first layer."""

    stride: int
    kernels: int


# The same five kernels at every stride; then as many kernels as give the maps the old size.
KINDS = {
    "plain": Kind(1, 5),
    "two": Kind(2, 5),
    "three": Kind(3, 5),
    "two_wide": Kind(2, 20),
    "three_wide": Kind(3, 42),
}
TRIALS = [{"seed": seed, "kind": kind} for seed in range(SEEDS) for kind in KINDS]


def positions(kind: Kind) -> int:
    """Count the windows of a first layer."""
    rows, columns = output_size(SIDE, KERNEL, stride=kind.stride)
    return rows * columns


def network(kind: Kind, rng: np.random.Generator) -> Sequential:
    """Build the zero-or-one network with another first layer."""
    first = Conv2D(1, kind.kernels, KERNEL, stride=kind.stride, rng=rng)
    return network_after(first, kind.kernels * positions(kind), rng)


def trial(seed: int, kind: str) -> Data:
    """Train a network, and read the test images at every shift."""
    split = load_zero_one()
    model = train(
        split,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        seed=seed,
        learning_rate=LEARNING_RATE,
        network=lambda rng: network(KINDS[kind], rng),
    ).model
    images, labels = split.test
    at_rest = logits(model, images)
    found: Data = {"errors": [], "changed": [], "logits_moved": []}
    for columns in SHIFTS:
        shifted = moved(images, columns)
        z = logits(model, shifted)
        answers = z.argmax(axis=1)
        found["errors"].append(int((answers != labels).sum()))
        found["changed"].append(int((answers != at_rest.argmax(axis=1)).sum()))
        found["logits_moved"].append(relative(z, at_rest))
    wide = np.pad(images[:SUMMED], ((0, 0), (0, 0), (0, 0), (WIDE, WIDE)))
    sums = [map_sums(model, moved(wide, columns)) for columns in ALONE]
    return found | {"sums_moved": [relative(now, sums[0]) for now in sums]}


def map_sums(model: Sequential, images: Array) -> Array:
    """Add up each map of the first layer over its positions, without the bias."""
    layer = model.layers[0]
    bias = layer.parameters()[1].value[:, np.newaxis, np.newaxis]
    maps: Array = layer.forward(images) - bias
    return maps.sum(axis=(2, 3), dtype=np.float64)


def relative(now: Array, before: Array) -> float:
    """Measure a change: its root mean square over that of what has changed."""
    return float(np.sqrt(np.square(now - before).mean() / np.square(before).mean()))


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    del setting  # it is the same for all
    return within(3, "errors changed") | within(1e-3, "logits_moved sums_moved")


def multiplications(kind: Kind) -> list[int]:
    """Count what each of the three layers multiplies for one image, forward."""
    maps = kind.kernels * positions(kind)
    return [maps * KERNEL**2, maps * HIDDEN, HIDDEN * ANSWERS]


def compute() -> Data:
    """Put together what the trials have found, kind by kind."""
    (_, train_labels), (_, test_labels) = load_zero_one()
    data: Data = {
        "seeds": SEEDS,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "images": len(train_labels),
        "test_images": len(test_labels),
        "shifts": list(SHIFTS),
        "shifts_alone": list(ALONE),
        "alone_images": SUMMED,
    }
    for name, kind in KINDS.items():
        products = multiplications(kind)
        model = network(kind, np.random.default_rng(0))
        data[f"{name}_stride"], data[f"{name}_kernels"] = kind
        data[f"{name}_map_rows"] = output_size(SIDE, KERNEL, stride=kind.stride)[0]
        data[f"{name}_parameters"] = sum(p.value.size for p in model.parameters())
        data[f"{name}_multiplications"] = products
        data[f"{name}_multiplications_total"] = sum(products)
        data |= {f"{name}_{entry}": value for entry, value in measured(runs(name)).items()}
        more = errors_at_rest(runs(name)) - errors_at_rest(runs("plain"))  # seed by seed
        data[f"{name}_more"], deviation = mean_and_deviation(more)
        data[f"{name}_more_error"] = round(deviation / np.sqrt(len(more)), 6)
    return data


def runs(kind: str) -> list[Result]:
    """Return what the runs of a kind have found, seed by seed."""
    return results("strides", [t for t in TRIALS if t["kind"] == kind])


def errors_at_rest(found: list[Result]) -> Array:
    """Count the errors of each run on images that have not been moved."""
    return np.array([result["errors"][SHIFTS.index(0)] for result in found])


def measured(found: list[Result]) -> Data:
    """Summarise the runs of one kind: their errors, and what a shift does, mean and spread."""
    errors = sorted(errors_at_rest(found).tolist())
    data: Data = {
        "errors": errors,
        "errors_least": errors[0],
        "errors_most": errors[-1],
        "errors_median": float(np.median(errors)),
    }
    data["errors_mean"], data["errors_deviation"] = mean_and_deviation(errors)
    for entry, name in (("errors", "misread"), ("changed", "changed")):
        counts = np.array([result[entry] for result in found])
        shares = counts / len(load_zero_one().test[1])
        data[name], data[f"{name}_deviation"] = mean_and_deviation(shares)
    for entry in ("logits_moved", "sums_moved"):
        moves = np.array([result[entry] for result in found])
        data[entry], data[f"{entry}_deviation"] = mean_and_deviation(moves)
    return data


SHOWN = {"plain": ("first", "-o"), "two_wide": ("second", "--s"), "three_wide": ("ink", ":^")}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw errors run by run, errors by shift, and what a shift does to the layer alone."""
    figure, (dots, network, layer) = prepare(colours, width=6.8, height=3.5, rows=1, columns=3)
    names = list(reversed(KINDS))
    for row, name in enumerate(names):
        draw_row(dots, row, data[f"{name}_errors"], data[f"{name}_errors_mean"], colours)
    labels = [f"stride {data[f'{n}_stride']}\n{data[f'{n}_kernels']} kernels" for n in names]
    dots.set_yticks(range(len(names)), labels, fontsize=10.5, linespacing=0.95)
    dots.xaxis.set_major_locator(MaxNLocator(integer=True))
    dots.set(title="not moved", xlabel="misread test images")
    for name, (colour, style) in SHOWN.items():
        options: Data = {"color": colours[colour], "markersize": 3.5, "linewidth": 1.2}
        options["label"] = f"stride {data[f'{name}_stride']}"
        network.plot(data["shifts"], data[f"{name}_misread"], style, **options)
        layer.plot(data["shifts_alone"], data[f"{name}_sums_moved"], style, **options)
    network.set(title="moved", xlabel="pixels to the right", ylabel="share misread")
    layer.set(title="the first layer alone", xlabel="pixels to the right")
    layer.set(ylabel="change of the sums", ylim=(None, 0.14))
    layer.legend(frameon=False, fontsize=11, loc="upper right", ncols=1, labelspacing=0.2)
    return figure


EXACT = "stride kernels map_rows parameters multiplications multiplications_total errors "
EXACT += "errors_least errors_most errors_median"
MEANS = [
    f"{entry}{ending}"
    for entry in ("misread", "changed", "logits_moved", "sums_moved", "errors")
    for ending in ("", "_deviation")
    if entry + ending != "errors"
] + ["errors_mean", "more", "more_error"]
TOLERANCES = (
    within(0, "seeds epochs batch_size learning_rate images test_images shifts shifts_alone")
    | within(0, "alone_images", *(f"{n}_{entry}" for n in KINDS for entry in EXACT.split()))
    | within(1e-5, *(f"{name}_{entry}" for name in KINDS for entry in MEANS))
)
