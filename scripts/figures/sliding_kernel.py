"""A handwritten zero, a kernel, and what cross-correlation and convolution make of them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.correlation import convolve2d, cross_correlate2d
from cnnbook.mnist import load_zero_one
from scripts.figures.common import Data, prepare, show_array, within

SIZE = 5


def compute() -> Data:
    """Correlate and convolve the first zero of the training set."""
    images, labels = load_zero_one(limit_per_class=1).train
    image = images[labels == 0][0, 0].astype(np.float64)
    # Minus above the diagonal, plus below it: flipping this kernel changes every sign.
    steps = np.arange(SIZE)
    kernel = np.sign(np.add.outer(steps, steps) - (SIZE - 1.0))
    correlation = cross_correlate2d(image, kernel)
    return {
        "image": image.round(4).tolist(),
        "kernel": kernel.tolist(),
        "correlation": correlation.round(4).tolist(),
        "convolution": convolve2d(image, kernel).round(4).tolist(),
        "image_size": list(image.shape),
        "kernel_size": list(kernel.shape),
        "positions": correlation.size,
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the four arrays side by side."""
    figure, panels = prepare(colours, width=6.6, height=2.05, rows=1, columns=4)
    titles = {
        "image": "image, {} by {}".format(*data["image_size"]),
        "kernel": "kernel, {} by {}".format(*data["kernel_size"]),
        "correlation": "cross-correlation",
        "convolution": "convolution",
    }
    for axes, (name, title) in zip(panels, titles.items(), strict=True):
        show_array(axes, data[name], colours, signed=name != "image")
        axes.set_title(title, fontsize=11)
        if name == "kernel":
            for (u, v), value in np.ndenumerate(np.asarray(data[name])):
                sign = {-1: "\N{MINUS SIGN}", 0: "0", 1: "+"}[int(value)]
                ink = colours["faint"] if value == 0 else colours["paper"]
                axes.text(v, u, sign, ha="center", va="center", fontsize=10.5, color=ink)
    return figure


# Sums of products in another order: the last digits.
TOLERANCES = within(0, "image kernel image_size kernel_size positions") | within(
    1e-3, "correlation convolution"
)
