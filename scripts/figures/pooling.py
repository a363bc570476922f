"""Networks that pool their maps: errors, and answers to moved digits, by kind and by window."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import (
    Conv2D,
    Dense,
    Layer,
    MaxPool2D,
    MeanPool2D,
    Reshape,
    Sigmoid,
    conv2d,
    conv2d_input_gradient,
    output_size,
)
from cnnbook.mnist import load_zero_one
from cnnbook.model import Sequential
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.shifted import FAR, moved
from scripts.figures.spread import draw_row, mean_and_deviation
from scripts.figures.strides import TRIALS as STRIDES
from scripts.figures.strides import relative
from scripts.figures.trained_network import logits
from scripts.figures.training import train
from scripts.trials.store import Result, Setting, results

EPOCHS, BATCH_SIZE, LEARNING_RATE = 5, 32, 0.1  # as in `strides`
SIDE, KERNEL, HIDDEN, ANSWERS = 28, 3, 100, 2
MAP = SIDE - KERNEL + 1
SHIFTS = range(-6, 7)
NEAR = 4  # columns to the left, where chapter 12 looks at a one
Array = np.ndarray[Any, Any]


class Blur(Layer):
    """Blur every map with (1, 2, 1)/4 down and across, and keep every second number."""

    kernel = np.outer([1, 2, 1], [1, 2, 1]).reshape(1, 1, 3, 3).astype(np.float32) / 16
    bias = np.zeros(1, np.float32)

    def forward(self, x: Array) -> Array:
        """Treat every map as an image of one channel."""
        self.shape = x.shape
        maps = x.reshape(-1, 1, *x.shape[2:])
        y: Array = conv2d(maps, self.kernel, self.bias, stride=2, padding=1)
        return y.reshape(*x.shape[:2], *y.shape[2:])

    def backward(self, grad_output: Array) -> Array:
        """Give each number of a map its shares of the upstream gradient."""
        maps = grad_output.reshape(-1, 1, *grad_output.shape[2:])
        size = self.shape[2:]
        grad_x: Array = conv2d_input_gradient(maps, self.kernel, size, stride=2, padding=1)
        return grad_x.reshape(self.shape)


def pooling_layers(pool: str, size: int) -> list[Layer]:
    """Build what stands between the first sigmoid and the dense layers.

    The largest of the maxima of parts is the largest of all, and so with means of equal parts: a
    window of the whole map is pooled in two steps, which is the same and faster.
    """
    if pool == "none":
        return []
    if pool == "blur":
        return [Blur()]
    steps = [2, size // 2] if size == MAP else [size]
    return [MaxPool2D(step) if pool == "max" else MeanPool2D(step) for step in steps]


def rows_left(pool: str, size: int) -> int:
    """Count the rows of a map after pooling."""
    return output_size(MAP, 3, stride=2, padding=1)[0] if pool == "blur" else MAP // size


def network(pool: str, size: int, kernels: int, rng: np.random.Generator) -> Sequential:
    """Build the zero-or-one network with its maps pooled."""
    numbers = kernels * rows_left(pool, size) ** 2
    return Sequential(
        Conv2D(1, kernels, KERNEL, rng=rng),
        Sigmoid(),
        *pooling_layers(pool, size),
        Reshape((numbers,)),
        Dense(numbers, HIDDEN, rng=rng),
        Sigmoid(),
        Dense(HIDDEN, ANSWERS, rng=rng),
        Sigmoid(),
    )


def trial(seed: int, pool: str, size: int, kernels: int) -> Result:
    """Train a network, read the test images at every shift, and the two images of chapter 12."""
    split = load_zero_one()
    model = train(
        split,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        seed=seed,
        learning_rate=LEARNING_RATE,
        network=lambda rng: network(pool, size, kernels, rng),
    ).model
    images, labels = split.test
    at_rest = logits(model, images)
    found: Data = {"zeros": [], "ones": [], "changed": [], "logits_moved": []}
    for columns in SHIFTS:
        z = logits(model, moved(images, columns))
        answers = z.argmax(axis=1)
        found["zeros"].append(int((answers != labels)[labels == 0].sum()))
        found["ones"].append(int((answers != labels)[labels == 1].sum()))
        found["changed"].append(int((answers != at_rest.argmax(axis=1)).sum()))
        found["logits_moved"].append(relative(z, at_rest))
    zero, one = (images[labels == digit][:1] for digit in (0, 1))
    found["zero_moved"] = model.predict(moved(zero, -FAR))[0].astype(float).tolist()
    found["one_moved"] = model.predict(moved(one, -NEAR))[0].astype(float).tolist()
    return found


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    del setting  # it is the same for all
    return within(3, "zeros ones changed") | within(1e-3, "logits_moved zero_moved one_moved")


# Nothing, then windows of more and more pixels, with the five kernels of the book's network; then
# twenty kernels, so that maps of 13 rows have as many numbers as five of 26 rows.
KINDS: dict[str, Setting] = {
    "none": {"pool": "none", "size": 1, "kernels": 5},
    "max2": {"pool": "max", "size": 2, "kernels": 5},
    "max4": {"pool": "max", "size": 4, "kernels": 5},
    "max13": {"pool": "max", "size": 13, "kernels": 5},
    "max26": {"pool": "max", "size": 26, "kernels": 5},
    "mean2": {"pool": "mean", "size": 2, "kernels": 5},
    "mean4": {"pool": "mean", "size": 4, "kernels": 5},
    "mean13": {"pool": "mean", "size": 13, "kernels": 5},
    "mean26": {"pool": "mean", "size": 26, "kernels": 5},
    "max2_wide": {"pool": "max", "size": 2, "kernels": 20},
    "mean2_wide": {"pool": "mean", "size": 2, "kernels": 20},
    "blur_wide": {"pool": "blur", "size": 3, "kernels": 20},
}
SEEDS, SEEDS_WIDE = 12, 12  # twenty kernels take three times as long as five


def settings(name: str) -> list[Setting]:
    """List the trials of a kind."""
    seeds = SEEDS_WIDE if name.endswith("wide") else SEEDS
    return [{"seed": seed} | KINDS[name] for seed in range(seeds)]


TRIALS = [setting for name in KINDS for setting in settings(name)]


def multiplications(pool: str, size: int, kernels: int) -> list[int]:
    """Count what convolution, blur and dense layers multiply for one image, forward."""
    numbers = kernels * rows_left(pool, size) ** 2
    blur = 9 * numbers if pool == "blur" else 0
    return [kernels * MAP**2 * KERNEL**2, blur, numbers * HIDDEN, HIDDEN * ANSWERS]


def compute() -> Data:
    """Put together what the trials have found, kind by kind."""
    (_, train_labels), (_, test_labels) = load_zero_one()
    data: Data = {
        "seeds": SEEDS,
        "seeds_wide": SEEDS_WIDE,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "images": len(train_labels),
        "test_images": len(test_labels),
        "shifts": list(SHIFTS),
    }
    data |= {f"window_{size}": [size, size] for size in (2, 4, 13)}
    for name, kind in KINDS.items():
        entries = counted(**kind) | measured(results("pooling", settings(name)))
        data |= {f"{name}_{entry}": value for entry, value in entries.items()}
    for name in STRIDED:  # the trials of chapter 13
        found = results("strides", [t for t in STRIDES if t["kind"] == name])
        shares = [[count / len(test_labels) for count in run["errors"]] for run in found]
        mean, deviation = mean_and_deviation(shares)
        data[f"stride_{name}_misread"], data[f"stride_{name}_misread_deviation"] = mean, deviation
    return data


def counted(pool: str, size: int, kernels: int) -> Data:
    """Count what a kind of network has, and what it multiplies."""
    model = network(pool, size, kernels, np.random.default_rng(0))
    products, rows = multiplications(pool, size, kernels), rows_left(pool, size)
    return {
        "kernels": kernels,
        "map_rows": rows,
        "inputs": kernels * rows**2,
        "parameters": sum(p.value.size for p in model.parameters()),
        "multiplications": products,
        "multiplications_total": sum(products),
    }


def measured(found: list[Result]) -> Data:
    """Summarise the runs of one kind: errors, what a shift does, and two images of chapter 12."""
    labels, still = load_zero_one().test[1], SHIFTS.index(0)
    wrong = [np.array([run[entry] for run in found]) for entry in ("zeros", "ones")]
    errors = sorted((wrong[0] + wrong[1])[:, still].tolist())
    data: Data = {
        "errors": errors,
        "errors_least": errors[0],
        "errors_most": errors[-1],
        "errors_median": float(np.median(errors)),
    }
    data["errors_mean"], data["errors_deviation"] = mean_and_deviation(errors)
    counts = {"misread": wrong[0] + wrong[1], "changed": [run["changed"] for run in found]}
    for entry, runs in counts.items():
        data[entry], data[f"{entry}_deviation"] = mean_and_deviation(np.divide(runs, len(labels)))
    for digit, entry in enumerate(("zeros", "ones")):
        data[entry], _ = mean_and_deviation(wrong[digit] / (labels == digit).sum())
    moves = [run["logits_moved"] for run in found]
    data["logits_moved"], data["logits_moved_deviation"] = mean_and_deviation(moves)
    for entry, name in (("zero_moved", "zero6"), ("one_moved", "one4")):
        answers = np.array([run[entry] for run in found])
        misread = answers.argmax(axis=1) == (1 if entry == "zero_moved" else 0)
        data[f"{name}_misread"] = int(misread.sum())  # from so many of the seeds
        data[f"{name}_answer"] = answers[:, 1].mean().round(6).tolist()
    return data


STRIDED = ("two", "two_wide")
LOOKS = (("ink", "-o"), ("first", "--s"), ("second", ":^"), ("faint", "-.x"), ("second", "-v"))
PANELS = {
    "maximum, 5 kernels": ("none", "max2", "max4", "max13", "max26"),
    "mean, 5 kernels": ("none", "mean2", "mean4", "mean13", "mean26"),
    "as many weights": ("none", "max2_wide", "mean2_wide", "blur_wide", "stride_two_wide"),
}
WIDE = {
    "max2_wide": "max",
    "mean2_wide": "mean",
    "blur_wide": "blur",
    "stride_two_wide": "stride 2",
}


def window(name: str) -> str:
    """Say how large the windows of a kind with five kernels are."""
    size = KINDS[name]["size"]
    return "none" if size == 1 else "the map" if size == MAP else f"{size} by {size}"


def draw_runs(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw the errors of every kind, run by run."""
    names = list(reversed(KINDS))
    for row, name in enumerate(names):
        draw_row(axes, row, data[f"{name}_errors"], data[f"{name}_errors_mean"], colours)
    labels = [
        f"{WIDE[n]}, wide" if n in WIDE else f"{KINDS[n]['pool']}, {window(n)}" for n in names
    ]
    labels[-1] = "none"
    axes.set_yticks(range(len(names)), labels, fontsize=10)
    axes.set_xscale("symlog", linthresh=10)
    axes.set(title="not moved", xlabel="misread test images", xlim=(-0.8, 1100))
    axes.set_xticks((0, 10, 100, 1000), ("0", "10", "100", "1000"))
    axes.set_xticks((), minor=True)


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw errors run by run, and errors by shift: by size of the window, by kind of pooling."""
    figure, panels = prepare(colours, width=6.8, height=6.2, rows=2, columns=2)
    draw_runs(panels[0, 0], data, colours)
    for axes, (title, shown) in zip(panels.flat[1:], PANELS.items(), strict=True):
        for name, (colour, style) in zip(shown, LOOKS, strict=True):
            options: Data = {"color": colours[colour], "markersize": 3.5, "linewidth": 1.2}
            options["label"] = WIDE.get(name) or window(name)
            axes.plot(data["shifts"], data[f"{name}_misread"], style, **options)
        axes.set(title=title, xlabel="pixels to the right", ylabel="share misread")
        axes.set(ylim=(-0.03, 1.05), yticks=(0, 0.5, 1))
        axes.legend(frameon=False, fontsize=10.5, loc="upper center", labelspacing=0.2)
    return figure


EXACT = "kernels map_rows inputs parameters multiplications multiplications_total errors "
EXACT += "errors_least errors_most errors_median zero6_misread one4_misread"
MEANS = "errors_mean errors_deviation misread misread_deviation changed changed_deviation zeros "
MEANS += "ones logits_moved logits_moved_deviation zero6_answer one4_answer"
TOLERANCES = (
    within(0, "seeds seeds_wide epochs batch_size learning_rate images test_images shifts")
    | within(0, "window_2 window_4 window_13")
    | within(0, *(f"{name}_{entry}" for name in KINDS for entry in EXACT.split()))
    | within(1e-5, *(f"{name}_{entry}" for name in KINDS for entry in MEANS.split()))
    | within(1e-5, *(f"stride_{n}_misread{end}" for n in STRIDED for end in ("", "_deviation")))
)
