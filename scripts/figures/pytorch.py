"""The book's network and PyTorch's, with the same weights: how far they are apart in float64."""

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import zero_one_network
from cnnbook.optimizers import SGD
from scripts.figures.common import Data, prepare, within

NEEDS = "torch"  # without which the figure is left as it is
PER_CLASS = 8
NAMES = (
    "outputs",
    "loss",
    "gradient of the input",
    "gradient of the kernels",
    "gradient of their bias",
    "gradient of the hidden weights",
    "gradient of the hidden bias",
    "gradient of the last weights",
    "gradient of the last bias",
    "parameters after a step",
)


def difference(ours: Any, theirs: Any) -> float:
    """Return the largest difference, relative to the largest entry; not below 1e-17."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return max(float(np.abs(ours - theirs).max() / np.abs(theirs).max()), 1e-17)


def carried(name: str, array: np.ndarray) -> np.ndarray:
    """Turn the weights of a dense layer as PyTorch has them, or back."""
    return array.T if name == "weights" else array


def compute() -> Data:
    """Send the same images through both, back, and take one step."""
    import torch  # noqa: PLC0415 - where it is installed

    nn = torch.nn
    ours = zero_one_network(np.random.default_rng(0), np.float64)
    theirs = nn.Sequential(
        nn.Conv2d(1, 5, 3),
        nn.Sigmoid(),
        nn.Flatten(),
        nn.Linear(5 * 26 * 26, 100),
        nn.Sigmoid(),
        nn.Linear(100, 2),
        nn.Sigmoid(),
    ).double()
    pairs = list(zip(ours.parameters(), theirs.parameters(), strict=True))
    with torch.no_grad():
        for our, their in pairs:
            their.copy_(torch.from_numpy(carried(our.name, our.value).copy()))
    (images, labels), _ = load_zero_one(limit_per_class=PER_CLASS)
    x, t = images.astype(np.float64), one_hot(labels, 2, np.float64)
    their_x, loss = torch.from_numpy(x).requires_grad_(), BinaryCrossEntropy()
    y, their_y = ours.forward(x), theirs(their_x)
    our_value, their_value = loss.forward(y, t), nn.BCELoss()(their_y, torch.from_numpy(t))
    grad_x = ours.backward(loss.backward())
    their_value.backward()
    found = [
        difference(y, their_y.detach()),
        difference(our_value, their_value.detach()),
        difference(grad_x, their_x.grad),
    ]
    for our, their in pairs:
        found.append(difference(carried(our.name, our.gradient), their.grad))
    SGD(ours.parameters(), 0.1).step()
    torch.optim.SGD(theirs.parameters(), lr=0.1).step()
    found.append(
        max(difference(carried(our.name, our.value), their.detach()) for our, their in pairs)
    )
    today = datetime.datetime.now(tz=datetime.UTC).date()
    version = [int(part) for part in torch.__version__.split("+")[0].split(".")]
    data: Data = {"differences": found, "largest": max(found), "samples": len(x)}
    data |= {"year": today.year, "month": today.month, "day": today.day, "torch": version}
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a dot for each array."""
    figure, axes = prepare(colours, width=6.4, height=3.3, rows=1)
    for place, found in enumerate(reversed(data["differences"])):
        axes.axhline(place, color=colours["faint"], linewidth=0.3)
        axes.plot([found], [place], "o", color=colours["first"])
    axes.axvline(2.0**-52, color=colours["second"], linestyle="--", linewidth=1)
    axes.set_yticks(range(len(NAMES)), list(reversed(NAMES)))
    axes.tick_params(axis="y", length=0)
    axes.set(xscale="log", xlim=(5e-18, 1e-13), xlabel="largest relative difference")
    axes.spines["left"].set_visible(False)
    return figure


# The day of the record, and the version that was there, may be any.
TOLERANCES = (
    within(0, "samples")
    | within(1e-14, "differences largest")
    | {"year": 100, "month": 12, "day": 31, "torch": 100}
)
