"""The gradient of a minibatch, how far it is from that of all images, and what that does."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import Split, load_zero_one, one_hot
from cnnbook.model import zero_one_network
from scripts.figures.common import Data, prepare, within
from scripts.figures.training import train

SEED, IMAGES, DRAWS, EPOCHS = 0, 256, 400, 3
SIZES = (1, 4, 16, 64, 256)
TRAINED = (1, 8, 32, 128, 512)


def gradients(split: Split) -> Callable[[Any], np.ndarray]:
    """Return a function that computes the gradient of the mean loss of some images.

    It is the gradient with respect to all parameters of the untrained network, one after the
    other.
    """
    images, labels = split.train[0][:IMAGES].astype(np.float64), split.train[1][:IMAGES]
    targets = one_hot(labels, 2, np.float64)
    model, loss = zero_one_network(np.random.default_rng(SEED), np.float64), BinaryCrossEntropy()

    def gradient(chosen: Any) -> np.ndarray:
        for parameter in model.parameters():
            parameter.zero_gradient()
        loss.forward(model.forward(images[chosen]), targets[chosen])
        model.accumulate_gradients(loss.backward())
        return np.concatenate([p.gradient.ravel() for p in model.parameters()])

    return gradient


def compute() -> Data:
    """Measure the spread of minibatch gradients, then train with several sizes."""
    split = load_zero_one()
    gradient, rng = gradients(split), np.random.default_rng(SEED)
    mean = gradient(np.arange(IMAGES))
    variance = float(np.mean([np.sum((gradient([n]) - mean) ** 2) for n in range(IMAGES)]))
    data: Data = {"seed": SEED, "images": IMAGES, "draws": DRAWS, "sizes": list(SIZES)}
    data |= {"trained": list(TRAINED), "epochs": EPOCHS, "measured": [], "predicted": []}
    for size in SIZES:
        drawn = (gradient(rng.choice(IMAGES, size, replace=False)) for _ in range(DRAWS))
        data["measured"].append(float(np.mean([np.sum((each - mean) ** 2) for each in drawn])))
        data["predicted"].append(variance / size * (IMAGES - size) / (IMAGES - 1))
    data["gradient"] = float(np.sum(mean**2))
    data["steps"] = [-(-len(split.train[0]) // size) for size in TRAINED]
    data |= {"losses": [], "errors": []}
    for size in TRAINED:
        run = train(split, seed=SEED, epochs=EPOCHS, batch_size=size, test=True)
        data["losses"].append(run.history.losses)
        data["errors"].append(run.history.test_errors[-1])
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the spread at the left, the trainings at the right."""
    figure, (left, right) = prepare(colours, width=6.8, height=3.3, rows=1, columns=2)
    sizes, last = data["sizes"], len(data["sizes"]) - 1
    line = {"color": colours["faint"], "linewidth": 1}
    left.plot(sizes[:last], data["predicted"][:last], **line)
    left.plot(sizes[:last], data["measured"][:last], "o", color=colours["first"])
    left.axhline(data["gradient"], color=colours["second"], linestyle="--", linewidth=1)
    where, colour = (64, data["gradient"] * 1.15), colours["second"]
    left.text(*where, "the gradient itself", color=colour, ha="right")
    left.set(title="squared distance from the mean", xlabel="batch size")
    left.set(xscale="log", yscale="log")
    left.set_xticks(sizes[:last], [str(size) for size in sizes[:last]])
    left.minorticks_off()
    epochs = np.arange(1, data["epochs"] + 1)
    for size, losses in zip(data["trained"], data["losses"], strict=True):
        right.plot(epochs, losses, marker="o", markersize=3.5, color=colours["first"])
        right.annotate(
            str(size),
            (epochs[-1], losses[-1]),
            xytext=(6, -4),
            textcoords="offset points",
            color=colours["ink"],
        )
    right.set(title="mean loss, by batch size", xlabel="epoch", yscale="log", xticks=epochs)
    right.set_xlim(0.8, 3.5)
    return figure


TOLERANCES = (
    within(0, "seed images draws sizes trained steps epochs")
    | within(1e-9, "measured predicted gradient")
    | within(1e-4, "losses")
    | within(1, "errors")
)
