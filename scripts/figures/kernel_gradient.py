"""Which pixels a kernel entry has met, the upstream gradient, and the kernel gradient of both."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cnnbook.layers import conv2d_kernel_gradient
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import zero_one_network
from scripts.figures.common import Data, prepare, show_array, within

SEED, KERNEL = 0, 0


def compute() -> Data:
    """Send one zero through the untrained network and the gradient of its loss back."""
    images, labels = load_zero_one(limit_per_class=1).train
    image = images[labels == 0].astype(np.float64)
    model, loss = zero_one_network(np.random.default_rng(SEED), np.float64), BinaryCrossEntropy()
    loss.forward(model.forward(image), one_hot(np.array([0]), 2).astype(np.float64))
    upstream = loss.backward()
    for layer in reversed(model.layers[1:]):
        upstream = layer.backward(upstream)
    gradient = conv2d_kernel_gradient(image, upstream, 3)
    return {
        "image": image[0, 0].round(4).tolist(),
        "upstream": (1e4 * upstream[0, KERNEL]).round(4).tolist(),
        "gradient": (1e4 * gradient[KERNEL, 0]).round(4).tolist(),
        "seed": SEED,
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the image with two frames, the upstream gradient, the kernel gradient."""
    figure, panels = prepare(colours, width=6.6, height=2.45, rows=1, columns=3)
    show_array(panels[0], data["image"], colours, signed=False)
    for corner, style, colour in ((0, "-", "#9db2ff"), (2, "--", "#ffab7a")):
        frame = Rectangle(
            (corner - 0.2, corner - 0.2), 25.4, 25.4, fill=False, linestyle=style, linewidth=1.6
        )
        frame.set_edgecolor(colour)
        panels[0].add_patch(frame)
    show_array(panels[1], data["upstream"], colours)
    show_array(panels[2], data["gradient"], colours)
    label = {"boxstyle": "round,pad=0.2", "facecolor": colours["paper"], "edgecolor": "none"}
    for place in ((0, 0), (2, 2)):
        panels[2].text(
            place[1], place[0], str(place), ha="center", va="center", fontsize=8.5, bbox=label
        )
    for axes, title in zip(
        panels, ("pixels met", "upstream gradient", "kernel gradient"), strict=True
    ):
        axes.set_title(title, fontsize=10)
    return figure


TOLERANCES = within(0, "image seed") | within(1e-3, "upstream gradient")
