"""The five kernels of the trained network, the windows they like best, and their maps."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.correlation import windows
from cnnbook.model import zero_one_network
from scripts.figures.common import Data, prepare, show_array, within
from scripts.figures.trained_network import SEED, trained

BEST = 500


def compute() -> Data:
    """Collect kernels, mean windows and feature maps."""
    model, (_, (images, labels)), _ = trained()
    convolution, sigmoid = model.layers[:2]
    kernels, bias = (p.value for p in convolution.parameters())
    pieces = windows(images[:, 0], (3, 3)).reshape(-1, 9)
    best = []
    for kernel in kernels.reshape(-1, 9):
        answers = pieces @ kernel
        chosen = np.argpartition(-answers, BEST)[:BEST]
        best.append(pieces[chosen].mean(axis=0).reshape(3, 3).round(4).tolist())
    digits = np.stack([images[labels == digit][0] for digit in (0, 1)])
    maps = sigmoid.forward(convolution.forward(digits))
    # Where a map is brighter under ink than elsewhere, on both digits.
    inside = digits[:, :, 1:-1, 1:-1] > 0.5
    sides = [[maps[:, f : f + 1][part].mean() for part in (inside, ~inside)] for f in range(5)]
    bright = np.flatnonzero(np.diff(sides)[:, 0] < 0)
    contrast = kernels - kernels.mean(axis=(2, 3), keepdims=True)
    first = zero_one_network(np.random.default_rng(SEED)).parameters()[0].value
    first_contrast = first - first.mean(axis=(2, 3), keepdims=True)
    learned = kernels - first
    learned_means = learned.mean(axis=(2, 3), keepdims=True)
    # The main direction of the rest, with the sign that leans to the lower right corner.
    ramp = np.add.outer([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]).ravel()
    rest = (learned - learned_means).reshape(len(kernels), 9)
    return {
        "mean_share": float(9 * np.sum(learned_means**2) / np.sum(learned**2)),
        "slopes": [float(np.corrcoef(row, ramp)[0, 1]) for row in rest],
        "best": BEST,
        "kernels": kernels[:, 0].round(4).tolist(),
        "kernel_size": list(kernels.shape[2:]),
        "bright": bright.tolist(),
        "dark": np.setdiff1d(np.arange(len(kernels)), bright).tolist(),
        "bias": bias.round(4).tolist(),
        "windows": best,
        "digits": digits[:, 0].round(4).tolist(),
        "maps": maps.round(4).tolist(),
        "kept": float(np.array(np.corrcoef(contrast.ravel(), first_contrast.ravel()))[0, 1]),
        "first_means": first.mean(axis=(1, 2, 3)).tolist(),
        "means": kernels.mean(axis=(1, 2, 3)).tolist(),
        "contrasts": np.sqrt(np.mean(contrast**2, axis=(1, 2, 3))).tolist(),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a column for each kernel."""
    figure, panels = prepare(colours, width=6.6, height=4.8, rows=4, columns=6)
    for row in range(2):
        panels[row, 0].axis("off")
        text = ("kernel", "best\nwindows")[row]
        panels[row, 0].text(1, 0.5, text, ha="right", va="center")
    for f, kernel in enumerate(data["kernels"]):
        show_array(panels[0, f + 1], kernel, colours)
        panels[0, f + 1].set_title(f"f = {f}", fontsize=11)
        show_array(panels[1, f + 1], data["windows"][f], colours, signed=False)
        panels[1, f + 1].images[0].set_clim(0, 1)
    for row, digit in enumerate(data["digits"], start=2):
        show_array(panels[row, 0], digit, colours, signed=False)
        for f, answers in enumerate(data["maps"][row - 2]):
            show_array(panels[row, f + 1], answers, colours, signed=False)
            panels[row, f + 1].images[0].set_clim(0, 1)
    return figure


# Arrays are written with four decimals, of which rounding may move the last.
TOLERANCES = (
    within(0, "best digits kernel_size bright dark")
    | within(3e-4, "kernels bias windows maps")
    | within(1e-4, "means contrasts kept mean_share slopes")
    | within(1e-6, "first_means")
)
