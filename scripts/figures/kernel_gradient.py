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
        "upstream": upstream[0, KERNEL].round(8).tolist(),
        "gradient": gradient[KERNEL, 0].round(8).tolist(),
        "image_size": list(image.shape[2:]),
        "output_size": list(upstream.shape[2:]),
        "kernel_size": list(gradient.shape[2:]),
        "entries": [[0, 0], [size - 1 for size in gradient.shape[2:]]],
        "seed": SEED,
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the image with two frames, the upstream gradient, the kernel gradient."""
    figure, panels = prepare(colours, width=6.6, height=2.45, rows=1, columns=3)
    show_array(panels[0], data["image"], colours, signed=False)
    height, width = data["output_size"]
    styles = (("-", "#9db2ff"), ("--", "#ffab7a"))
    for (u, v), (dashes, colour) in zip(data["entries"], styles, strict=True):
        style: Data = {"fill": False, "edgecolor": colour, "linestyle": dashes, "linewidth": 1.6}
        frame = Rectangle((v - 0.2, u - 0.2), width - 0.6, height - 0.6, **style)
        panels[0].add_patch(frame)
    show_array(panels[1], data["upstream"], colours)
    show_array(panels[2], data["gradient"], colours)
    label = {"boxstyle": "round,pad=0.2", "facecolor": colours["paper"], "edgecolor": "none"}
    for u, v in data["entries"]:
        text = f"({u}, {v})"
        panels[2].text(v, u, text, ha="center", va="center", fontsize=10, bbox=label)
    for axes, title in zip(
        panels, ("pixels met", "upstream gradient", "kernel gradient"), strict=True
    ):
        axes.set_title(title, fontsize=11.5)
    return figure


TOLERANCES = within(1e-7, "upstream gradient")
TOLERANCES |= within(0, "image image_size output_size kernel_size entries seed")
