"""The book's networks and PyTorch's, with the same weights: how far they are apart in float64."""

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Loss
from cnnbook.mnist import load_digits, load_zero_one, one_hot
from cnnbook.model import Sequential, digit_network, zero_one_network
from cnnbook.optimizers import SGD
from scripts.figures.common import Data, prepare, within

NEEDS = "torch"  # without which the figure is left as it is
SAMPLES = 16
NAMES = {
    "zero_one": (
        "outputs",
        "loss",
        "gradient of the input",
        *("gradient of the kernels", "gradient of their bias"),
        *("gradient of the hidden weights", "gradient of the hidden bias"),
        *("gradient of the last weights", "gradient of the last bias"),
        "parameters after a step",
    ),
    "digits": (
        "outputs",
        "loss",
        "gradient of the input",
        *("gradient of the first kernels", "gradient of their bias"),
        *("gradient of the second kernels", "gradient of their bias"),
        *("gradient of the hidden weights", "gradient of the hidden bias"),
        *("gradient of the last weights", "gradient of the last bias"),
        "parameters after a step",
    ),
}
TITLES = {"zero_one": "two classes", "digits": "ten classes"}


def difference(ours: Any, theirs: Any) -> float:
    """Return the largest difference, relative to the largest entry; not below 1e-17."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return max(float(np.abs(ours - theirs).max() / np.abs(theirs).max()), 1e-17)


def carried(name: str, array: np.ndarray) -> np.ndarray:
    """Turn the weights of a dense layer as PyTorch has them, or back."""
    return array.T if name == "weights" else array


def compared(
    ours: Sequential, theirs: Any, losses: tuple[Loss, Any], x: np.ndarray, t: np.ndarray
) -> list[float]:
    """Send images through both, back, and take one step; the losses are ours and theirs."""
    import torch  # noqa: PLC0415 - where it is installed

    loss, their_loss = losses
    pairs = list(zip(ours.parameters(), theirs.parameters(), strict=True))
    with torch.no_grad():
        for our, their in pairs:
            their.copy_(torch.from_numpy(carried(our.name, our.value).copy()))
    their_x = torch.from_numpy(x).requires_grad_()
    y, their_y = ours.forward(x), theirs(their_x)
    our_value, their_value = loss.forward(y, t), their_loss(their_y, torch.from_numpy(t))
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
    after = [difference(carried(our.name, our.value), their.detach()) for our, their in pairs]
    return [*found, max(after)]


def of_two_classes() -> list[float]:
    """Compare the zero-or-one network."""
    from torch import nn  # noqa: PLC0415

    theirs = nn.Sequential(
        nn.Conv2d(1, 5, 3),
        nn.Sigmoid(),
        nn.Flatten(),
        nn.Linear(5 * 26 * 26, 100),
        nn.Sigmoid(),
        nn.Linear(100, 2),
        nn.Sigmoid(),
    ).double()
    ours = zero_one_network(np.random.default_rng(0), np.float64)
    (images, labels), _ = load_zero_one(limit_per_class=SAMPLES // 2)
    x, t = images.astype(np.float64), one_hot(labels, 2, np.float64)
    return compared(ours, theirs, (BinaryCrossEntropy(), nn.BCELoss()), x, t)


def of_ten_classes() -> list[float]:
    """Compare the digit network."""
    from torch import nn  # noqa: PLC0415

    theirs = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    ).double()
    ours = digit_network(np.random.default_rng(0), np.float64)
    images, labels = load_digits().train
    x, t = images[:SAMPLES].astype(np.float64), one_hot(labels[:SAMPLES], 10, np.float64)
    losses = CategoricalCrossEntropy(from_logits=True), nn.CrossEntropyLoss()
    return compared(ours, theirs, losses, x, t)


def compute() -> Data:
    """Compare both networks, and note what with."""
    import torch  # noqa: PLC0415

    today = datetime.datetime.now(tz=datetime.UTC).date()
    version = [int(part) for part in torch.__version__.split("+")[0].split(".")]
    data: Data = {"zero_one": of_two_classes(), "digits": of_ten_classes(), "samples": SAMPLES}
    data["largest"] = max(data["zero_one"])
    data["largest_digits"] = max(data["digits"])
    data |= {"year": today.year, "month": today.month, "day": today.day, "torch": version}
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a dot for each array of each network."""
    figure, panels = prepare(colours, width=6.4, height=6.6, rows=2)
    for axes, (key, names) in zip(panels, NAMES.items(), strict=True):
        for place, found in enumerate(reversed(data[key])):
            axes.axhline(place, color=colours["faint"], linewidth=0.3)
            axes.plot([found], [place], "o", color=colours["first"])
        axes.axvline(2.0**-52, color=colours["second"], linestyle="--", linewidth=1)
        axes.set_yticks(range(len(names)), list(reversed(names)))
        axes.tick_params(axis="y", length=0)
        axes.set(xscale="log", xlim=(5e-18, 1e-13), title=TITLES[key])
        axes.spines["left"].set_visible(False)
    panels[-1].set_xlabel("largest relative difference")
    return figure


# The day of the record, and the version that was there, may be any.
TOLERANCES = (
    within(0, "samples")
    | within(1e-14, "zero_one digits largest largest_digits")
    | {"year": 100, "month": 12, "day": 31, "torch": 100}
)
