"""What a frame around the image is worth: none, zeros, or the image reflected."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnnbook.layers import Conv2D, output_size
from cnnbook.mnist import Split, load_zero_one
from cnnbook.model import Sequential
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.spread import draw_row, mean_and_deviation
from scripts.figures.strides import relative
from scripts.figures.training import network_after, train
from scripts.trials.store import Setting, results

SEEDS = 10
EPOCHS, BATCH_SIZE, LEARNING_RATE = 3, 32, 0.1
KERNELS, KERNEL, HIDDEN = 5, 3, 100
MARGIN = 4  # rows and columns of background around the box of 20 by 20 that holds a digit
# Padding makes larger maps, and so more weights; "wider" has as many of them without padding.
BORDERS = ("none", "wider", "zeros", "reflected")
PADDED = ("zeros", "reflected")
# What is read: digits as they are, at random places, and cut out ever closer.
PLACES = {"in_place": 28, "anywhere": 28, "box": 20, "centre": 8}
TRIALS = [
    {"seed": seed, "place": place, "border": border}
    for seed in range(SEEDS)
    for place in PLACES
    for border in BORDERS
]
# What a layer alone is watched with: rows around the image, and what is in them.
FRAMES: dict[str, tuple[int, dict[str, Any]]] = {
    "none": (0, {}),
    "zeros": (1, {}),
    "reflected": (1, {"mode": "reflect"}),
    "full": (2, {}),
}
SUMMED = 500  # test images
Array = np.ndarray[Any, Any]


def map_size(place: str, border: str) -> int:
    """Count the positions of a kernel."""
    rows, columns = output_size(PLACES[place], KERNEL, padding=int(border in PADDED))
    return rows * columns


def hidden_units(place: str, border: str) -> int:
    """Give the wider network as many weights as padding brings, as nearly as possible."""
    if border != "wider":
        return HIDDEN
    return round(HIDDEN * map_size(place, "zeros") / map_size(place, border))


def network(place: str, border: str, rng: np.random.Generator) -> Sequential:
    """Build the zero-or-one network for images of any size, with a frame or without."""
    first = Conv2D(1, KERNELS, KERNEL, padding=int(border == "zeros"), rng=rng)
    numbers = KERNELS * map_size(place, border)
    return network_after(first, numbers, rng, hidden_units(place, border))


def placed(images: Array, place: str, rng: np.random.Generator) -> Array:
    """Leave images as they are, move each to a random place, or cut the middle out of all."""
    if place == "anywhere":
        steps = rng.integers(-MARGIN, MARGIN + 1, (len(images), 2))
        pairs = zip(images, steps, strict=True)
        return np.stack([np.roll(image, step, axis=(1, 2)) for image, step in pairs])
    cut = (images.shape[-1] - PLACES[place]) // 2
    inside = slice(cut, images.shape[-1] - cut)
    return images[..., inside, inside]


def touching(images: Array) -> Array:
    """Say of each image whether there is ink in its outermost rows and columns."""
    inside = images.copy()
    inside[..., 1:-1, 1:-1] = 0
    return np.any(inside, axis=(1, 2, 3))


def split_for(place: str, border: str) -> Split:
    """Return the images to train with and to test with; what is reflected is so already."""
    rng = np.random.default_rng(0)  # the places are the same in every run
    parts = []
    for images, labels in load_zero_one():
        images = placed(images, place, rng)
        if border == "reflected":
            images = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
        parts.append((images, labels))
    return Split(*parts)


def trial(seed: int, place: str, border: str) -> Data:
    """Train a network, and count its errors: all, and those with ink at the border."""
    split = split_for(place, border)
    model = train(
        split,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        seed=seed,
        learning_rate=LEARNING_RATE,
        network=lambda rng: network(place, border, rng),
    ).model
    images, labels = split.test
    wrong = model.predict(images).argmax(axis=1) != labels
    at_border = touching(split_for(place, "none").test[0])
    return {"errors": int(wrong.sum()), "errors_at_border": int(wrong[at_border].sum())}


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    del setting  # it is the same for all
    return within(2, "errors errors_at_border")


def compute() -> Data:
    """Put together what the trials have found, by the place of the digits and the border."""
    data: Data = {
        "seeds": SEEDS,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "kernels": KERNELS,
        "margin": MARGIN,
    }
    for place, side in PLACES.items():
        (_, train_labels), (images, _) = split_for(place, "none")
        data |= {"images": len(train_labels), "test_images": len(images)}
        data[f"{place}_side"] = side
        data[f"{place}_at_border"] = int(touching(images).sum())
        data |= {f"{place}_{entry}": value for entry, value in measured(place).items()}
    return data | towards_the_border()


def measured(place: str) -> Data:
    """Summarise the runs at one place: errors, and how many fewer than without a border."""
    data: Data = {}
    errors, at_border = {}, {}
    for border in BORDERS:
        settings = [t for t in TRIALS if (t["place"], t["border"]) == (place, border)]
        found = results("border", settings)
        errors[border] = [result["errors"] for result in found]
        at_border[border] = [result["errors_at_border"] for result in found]
        model = network(place, border, np.random.default_rng(0))
        data[f"{border}_hidden"] = hidden_units(place, border)
        data[f"{border}_parameters"] = sum(p.value.size for p in model.parameters())
        data[f"{border}_errors"] = sorted(errors[border])
        data[f"{border}_least"], data[f"{border}_most"] = min(errors[border]), max(errors[border])
        for entry, counts in (("", errors), ("at_border_", at_border)):
            mean, deviation = mean_and_deviation(counts[border])
            data[f"{border}_{entry}mean"], data[f"{border}_{entry}deviation"] = mean, deviation
    for border in BORDERS[1:]:
        fewer = np.subtract(errors["none"], errors[border])  # seed by seed
        mean, deviation = mean_and_deviation(fewer)
        data[f"{border}_fewer"] = mean
        data[f"{border}_fewer_error"] = round(deviation / np.sqrt(len(fewer)), 6)
    return data


def towards_the_border() -> Data:
    """Move the box down until it touches the border; watch the sums of the maps.

    The layers are untrained, from the seeds of the runs, and without their bias. What moves is the
    box alone, so that all of its ink stays in the image.
    """
    box = placed(load_zero_one().test[0][:SUMMED], "box", np.random.default_rng(0))
    data: Data = {"rows_down": list(range(MARGIN + 1)), "summed_images": SUMMED}
    for border, (frame, options) in FRAMES.items():
        moves = []
        for seed in range(SEEDS):
            layer = Conv2D(1, KERNELS, KERNEL, rng=np.random.default_rng(seed))
            layer.bias.value[:] = 0
            sums = []
            for rows in data["rows_down"]:
                edges = (MARGIN + rows, MARGIN - rows), (MARGIN, MARGIN)
                image = np.pad(box, ((0, 0), (0, 0), *edges))
                framed = np.pad(image, ((0, 0), (0, 0), *[(frame, frame)] * 2), **options)
                sums.append(layer.forward(framed).sum(axis=(2, 3), dtype=np.float64))
            moves.append([relative(now, sums[0]) for now in sums])
        data[f"sums_{border}"], data[f"sums_{border}_deviation"] = mean_and_deviation(moves)
    return data


NAMES = ("no padding", "no padding, wider", "zeros", "reflection")
TITLES = ("in place", "anywhere", "box of 20 by 20", "centre of 8 by 8")
LINES = {
    "none": ("first", "-o", "no padding"),
    "zeros": ("second", "--s", "one row of zeros"),
    "reflected": ("ink", ":^", "one row reflected"),
    "full": ("faint", "-.x", "two rows of zeros"),
}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a panel for each place, a dot for each run; then a layer alone."""
    figure, panels = prepare(colours, width=6.8, height=5.2, rows=2, columns=3)
    for axes, place, title in zip(panels.flat, PLACES, TITLES, strict=False):
        for row, border in enumerate(reversed(BORDERS)):
            errors, mean = (data[f"{place}_{border}_{entry}"] for entry in ("errors", "mean"))
            draw_row(axes, row, errors, mean, colours)
        axes.set(title=title, xlabel="misread test images")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.set_yticks(range(len(BORDERS)), [""] * len(BORDERS))
    for axes in panels[:, 0]:
        axes.set_yticklabels(reversed(NAMES), fontsize=11)
    layer, legend = panels[1, 1:]
    for border, (colour, style, name) in LINES.items():
        options: Data = {"color": colours[colour], "markersize": 4, "linewidth": 1.2}
        layer.plot(data["rows_down"], data[f"sums_{border}"], style, label=name, **options)
    layer.set(title="the layer alone", xlabel="rows down", ylabel="change of the sums")
    layer.set_xticks(data["rows_down"])
    legend.axis("off")
    legend.legend(*layer.get_legend_handles_labels(), frameon=False, fontsize=11, loc="center left")
    return figure


EXACT = "hidden parameters errors least most"
MEANS = "mean deviation at_border_mean at_border_deviation"
PAIRS = [f"{place}_{border}" for place in PLACES for border in BORDERS]
DIFFERENCES = [pair for pair in PAIRS if not pair.endswith("_none")]
TOLERANCES = (
    within(0, "seeds epochs batch_size learning_rate kernels margin images test_images")
    | within(0, *(f"{place}_{entry}" for place in PLACES for entry in ("side", "at_border")))
    | within(0, *(f"{pair}_{entry}" for pair in PAIRS for entry in EXACT.split()))
    | within(1e-5, *(f"{pair}_{entry}" for pair in PAIRS for entry in MEANS.split()))
    | within(0, "rows_down summed_images")
    | within(1e-4, *(f"sums_{frame}{end}" for frame in FRAMES for end in ("", "_deviation")))
    | within(1e-5, *(f"{pair}_{e}" for pair in DIFFERENCES for e in ("fewer", "fewer_error")))
)
