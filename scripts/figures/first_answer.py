"""What the trained network makes of the digit of which it is least sure, and yet right."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from scripts.figures.common import Data, prepare, show_array, within
from scripts.figures.trained_network import trained


def compute() -> Data:
    """Choose the image by what its right answer is ahead by; look at its maps and answers."""
    model, (_, (images, labels)), answers = trained()
    rows = np.arange(len(labels))
    ahead = answers[rows, labels] - answers[rows, 1 - labels]
    number = int(np.argmin(np.where(ahead > 0, ahead, np.inf)))
    convolution, sigmoid = model.layers[:2]
    maps = sigmoid.forward(convolution.forward(images[number : number + 1]))[0]
    kernels = convolution.parameters()[0].value[:, 0]
    return {
        "number": number,
        "label": int(labels[number]),
        "rows": images.shape[2],
        "columns": images.shape[3],
        "digit": images[number, 0].astype(float).round(4).tolist(),
        "kernels": kernels.astype(float).round(4).tolist(),
        "kernel_size": list(kernels.shape[1:]),
        "maps": maps.astype(float).round(4).tolist(),
        "answers": answers[number].astype(float).round(4).tolist(),
        "errors": int(np.sum(ahead < 0)),
        "test_images": len(labels),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw from top to bottom what is computed first to last."""
    figure, axes = prepare(colours, width=4.8, height=4.9, rows=1)
    axes.remove()
    kernels, maps = data["kernels"], data["maps"]
    figure.get_layout_engine().set(h_pad=0.07)
    grid = figure.add_gridspec(4, len(kernels), height_ratios=[1.9, 0.75, 1.0, 0.9])
    image, beside = figure.add_subplot(grid[0, :2]), figure.add_subplot(grid[0, 2:])
    show_array(image, data["digit"], colours, signed=False)
    beside.axis("off")
    source = (
        f"one of {data['test_images']:,}\ntest images,\n{data['rows']} by {data['columns']} pixels"
    )
    beside.text(0, 0.5, source, va="center", fontsize=13, linespacing=1.5)
    for f, kernel in enumerate(kernels):
        above, below = (figure.add_subplot(grid[row, f]) for row in (1, 2))
        show_array(above, kernel, colours)
        show_array(below, maps[f], colours, signed=False)
        below.images[0].set_clim(0, 1)
        if f == 0:
            above.set_title(f"{len(kernels)} kernels of {len(kernel)} by {len(kernel[0])}")
            below.set_title(f"{len(maps)} maps of {len(maps[f])} by {len(maps[f][0])}")
    bars = figure.add_subplot(grid[3, :])
    places = range(len(data["answers"]))
    fills = [colours["first" if digit == data["label"] else "faint"] for digit in places]
    bars.barh(places, data["answers"], color=fills, height=0.72)
    for digit, answer in enumerate(data["answers"]):
        bars.text(answer + 0.015, digit, f"{answer:.3f}", va="center")
    bars.set_title(f"{len(data['answers'])} answers")
    bars.set(xlim=(0, 1), ylim=(1.5, -0.5), xticks=[0, 1])
    bars.set_yticks(places, [f"a {digit}?" for digit in places])
    bars.tick_params(left=False)
    return figure


# Kernels, maps and answers have four decimals, of which rounding may move the last.
TOLERANCES = within(0, "number label kernel_size rows columns test_images digit errors") | within(
    3e-4, "kernels maps answers"
)
