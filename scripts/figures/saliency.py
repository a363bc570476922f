"""How the answer of the trained network depends on every pixel, for four images."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.mnist import load_other_digits
from cnnbook.model import Sequential
from scripts.figures.common import Data, prepare, show_array, within
from scripts.figures.trained_network import logits, trained

NAMES = ("a zero", "a one", "a seven", "a blank page")


def limits() -> Data:
    """Bound the logits by the last layer's weights, and find the largest of all images."""
    model, split, _ = trained()
    last = model.layers[-2]
    weights, bias = (parameter.value for parameter in last.parameters())
    used = [np.abs(logits(model, images)).max() for images, _ in split]
    return {
        "highest": (bias + np.maximum(weights, 0).sum(axis=0)).tolist(),
        "lowest": (bias + np.minimum(weights, 0).sum(axis=0)).tolist(),
        "largest": float(max(used)),
    }


def compute() -> Data:
    """Send a gradient of one for "it is a 1" back to the image."""
    model, (_, (images, labels)), _ = trained()
    others, digits = load_other_digits()
    shown = [images[labels == digit][0] for digit in (0, 1)] + [others[digits == 7][0]]
    x = np.stack([*shown, np.zeros_like(images[0])])
    z = logits(model, x)
    upstream = np.zeros_like(z)
    upstream[:, 1] = 1
    gradient = Sequential(*model.layers[:-1]).backward(upstream)
    for parameter in model.parameters():
        parameter.zero_gradient()
    maps = gradient.reshape(len(x), -1).astype(np.float64)
    train_images, train_labels = trained().split.train
    means = [train_images[train_labels == digit].mean(axis=0) for digit in (0, 1)]
    between = np.array(np.corrcoef(maps))[np.triu_indices(len(x), 1)]
    template = (means[1] - means[0]).ravel()
    rule = [float(np.array(np.corrcoef(row, template))[0, 1]) for row in maps]
    return {
        "least_correlation": float(between.min()),
        "largest_correlation": float(between.max()),
        "least_rule": min(rule),
        "largest_rule": max(rule),
        "sums": np.sum(maps * x.reshape(len(x), -1), axis=1).tolist(),
        "rises": (z[:, 1] - z[-1, 1]).tolist(),
        "images": x[:, 0].round(4).tolist(),
        "gradients": gradient[:, 0].round(5).tolist(),
        "logits": z.round(3).tolist(),
        "answers": model.predict(x).round(4).tolist(),
        "hundredfold": logits(model, 100 * x[:2]).round(3).tolist(),
    } | limits()


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the images above their gradients."""
    figure, panels = prepare(colours, width=6.2, height=3.5, rows=2, columns=len(NAMES))
    for place, name in enumerate(NAMES):
        panels[0, place].imshow(data["images"][place], cmap="gray", vmin=0, vmax=1)
        panels[0, place].set_title(name, fontsize=11.5, loc="center")
        panels[0, place].axis("off")
        show_array(panels[1, place], data["gradients"][place], colours)
    return figure


TOLERANCES = (
    within(0, "images")
    | within(1e-3, "gradients logits sums rises hundredfold highest lowest largest")
    | within(3e-4, "answers")
    | within(1e-4, "least_correlation largest_correlation least_rule largest_rule")
)
