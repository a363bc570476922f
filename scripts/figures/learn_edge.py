"""A kernel alone learns to find edges, with the right gradient and with the flipped one."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.checks import Array
from cnnbook.correlation import convolve2d, cross_correlate2d
from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, show_array, within

EACH, RATE, STEPS, EVERY = 10, 0.0005, 300, 10
SOUGHT = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])  # Sobel's
Gradient = Callable[[Array, Array], Array]
GRADIENTS: dict[str, Gradient] = {"right": cross_correlate2d, "flipped": convolve2d}
DECIMALS = {"right": 2, "flipped": 0}  # of the kernels, as they are drawn


def learn(image: Array, gradient: Gradient) -> tuple[Array, list[float]]:
    """Descend from a kernel of zeros; return the last kernel and the loss before every step."""
    answer, kernel = cross_correlate2d(image, SOUGHT), np.zeros(SOUGHT.shape)
    losses = []
    for step in range(STEPS + 1):
        difference = cross_correlate2d(image, kernel) - answer
        losses.append(float(np.sum(difference**2) / 2))
        if step < STEPS:
            kernel = kernel - RATE * gradient(image, difference)
    return kernel, losses


def compute() -> Data:
    """Learn from each of twenty digits."""
    images, labels = load_zero_one(limit_per_class=EACH).train
    digits = images[np.argsort(labels, kind="stable"), 0].astype(np.float64)
    data: Data = {"rate": RATE, "steps": STEPS, "digits": len(digits), "sought": SOUGHT.tolist()}
    data["drawn_steps"] = list(range(0, STEPS + 1, EVERY))
    for name, gradient in GRADIENTS.items():
        kernels, losses = zip(*(learn(digit, gradient) for digit in digits), strict=True)
        logs = np.log10(losses)
        data[f"{name}_kernel"] = kernels[0].round(DECIMALS[name]).tolist()
        data[f"{name}_losses"] = logs[:, ::EVERY].round(4).tolist()
        shares = np.divide([one[-1] for one in losses], [one[0] for one in losses])
        data[f"{name}_share"] = shares[0].item()
        data[f"{name}_rising"] = int(np.sum(shares > 1))
        if name == "right":
            data["right_worst"] = shares.max().item()
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the losses of all runs, and the kernels of the first."""
    figure, panels = prepare(colours, width=6.6, height=2.4, rows=1, columns=4)
    panels[0].get_gridspec().set_width_ratios([2.3, 1, 1, 1])
    for name, colour, style, height in (
        ("right", "first", "-", 0.05),
        ("flipped", "second", "--", 0.72),
    ):
        for m, losses in enumerate(data[f"{name}_losses"]):
            strong: Data = {"linewidth": 2.4} if m == 0 else {"linewidth": 0.7, "alpha": 0.7}
            powers = np.power(10.0, losses)
            panels[0].plot(data["drawn_steps"], powers, style, color=colours[colour], **strong)
        where: Data = {"transform": panels[0].transAxes, "color": colours[colour]}
        panels[0].text(0.05, height, name, **where)
    panels[0].set(xlabel="step", title="loss", yscale="log", xlim=(0, data["steps"]))
    titles = {"sought": "sought", "right_kernel": "right", "flipped_kernel": "flipped"}
    for axes, (name, title) in zip(panels[1:], titles.items(), strict=True):
        show_array(axes, data[name], colours)
        axes.set_title(title, fontsize=12)
        write_entries(axes, np.asarray(data[name]), colours)
    return figure


def write_entries(axes: Any, kernel: Array, colours: Mapping[str, str]) -> None:
    """Write each entry of a kernel on its square, in letters that can be read there."""
    most, decimals = np.abs(kernel).max(), 0 if np.all(kernel == kernel.round()) else 2
    for (u, v), value in np.ndenumerate(kernel):
        ink = colours["paper" if abs(value) > most / 2 else "ink"]
        text = f"{value:z.{decimals}f}".replace("-", "\N{MINUS SIGN}")
        axes.text(v, u, text, ha="center", va="center", fontsize=8.5, color=ink)


TOLERANCES = (
    within(0, "rate steps digits sought drawn_steps right_rising flipped_rising")
    | within(0.01, "right_kernel")
    | within(1e-4, "right_losses right_share right_worst flipped_losses")
    | within(1, "flipped_kernel flipped_share")
)
