"""Three logits, their softmax as a point of a triangle, and the line of logits with that point."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.functions import softmax
from cnnbook.losses import CategoricalCrossEntropy
from scripts.figures.common import Data, prepare, within

CLASSES = ["3", "5", "8"]
LOGITS, TARGET = [1.4, -0.2, 0.3], 2  # the network thinks it is a 3; it is an 8
LOSSES = [0.25, 0.5, 1.0, 2.0, 3.0]
CONSTANTS = [-2.0, -1.0, 1.0, 2.0]  # added to all logits
# A corner for each class, one apart; a distribution is their mean with its numbers as weights.
CORNERS = np.array([[0, 0], [1, 0], [0.5, 0.75**0.5]])
# Where the axes of the three logits point on paper.
AXES = np.array([[-0.46, -0.5], [1, -0.12], [0, 1]])
CENTRED = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]])  # corners of a piece of a plane
Array = np.ndarray[Any, Any]


def valued(logits: Array) -> tuple[Array, float, Array]:
    """Return the probabilities of three logits, the loss and its gradient in the logits."""
    z, t = logits[np.newaxis], np.eye(len(CLASSES))[[TARGET]]
    loss = CategoricalCrossEntropy(from_logits=True)
    return softmax(logits), loss.forward(z, t), loss.backward()[0]


def compute() -> Data:
    """Compute the point, its loss and gradient, a step against it, and the logits beside."""
    z = np.array(LOGITS)
    p, loss, gradient = valued(z)
    after, loss_after, _ = valued(z - gradient)
    moved = z + np.array(CONSTANTS)[:, np.newaxis]
    return {
        "classes": [int(name) for name in CLASSES],
        "target": int(CLASSES[TARGET]),
        "logits": LOGITS,
        "probabilities": p.tolist(),
        "loss": loss,
        "gradient": gradient.tolist(),
        "gradient_sum": float(gradient.sum()),
        "step_probabilities": after.tolist(),
        "step_loss": loss_after,
        "curves": LOSSES,
        "curve_probabilities": np.exp(-np.array(LOSSES)).tolist(),
        "constants": CONSTANTS,
        "moved_logits": moved.tolist(),
        "plane_sum": 0,  # of the logits in the plane that is drawn
        "moved_difference": float(np.abs(softmax(moved) - p).max()),
    }


def draw_bars(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw the logits as bars, and below each its probability."""
    axes.bar(CLASSES, data["logits"], color=colours["first"], width=0.55)
    axes.axhline(0, color=colours["faint"], linewidth=0.8)
    for place, (z, p) in enumerate(zip(data["logits"], data["probabilities"], strict=True)):
        side = "bottom" if z > 0 else "top"
        axes.text(place, z, f"${z:.1f}$", ha="center", va=side, color=colours["ink"])
        axes.text(place, -1.0, f"{p:.2f}", ha="center", color=colours["ink"])
    axes.text(-0.85, -1.0, "$p$", ha="right", color=colours["ink"])
    axes.set(ylim=(-1.2, 1.8), xlim=(-1.1, 2.5), yticks=[], title="three logits $z$")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)


def draw_curves(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw where the loss is the same: where the probability of the target is."""
    others = [corner for k, corner in enumerate(CORNERS) if k != TARGET]
    for loss, share in zip(data["curves"], data["curve_probabilities"], strict=True):
        ends = np.array([share * CORNERS[TARGET] + (1 - share) * other for other in others])
        axes.plot(*ends.T, color=colours["faint"], linewidth=0.8, linestyle="--")
        x, y = ends[1] + (0.03, 0)
        words = f"loss {loss:g}" if loss == data["curves"][0] else f"{loss:g}"
        axes.text(x, y, words, va="center", color=colours["faint"], fontsize=11)


def draw_triangle(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw the triangle of distributions, the point, and the gradient from the target to it."""
    axes.plot(*CORNERS[[0, 1, 2, 0]].T, color=colours["ink"], linewidth=1)
    draw_curves(axes, data, colours)
    for name, (x, y), (right, up) in zip(
        CLASSES, CORNERS, ((-0.05, -0.04), (0.05, -0.04), (0, 0.06)), strict=True
    ):
        axes.text(x + right, y + up, name, ha="center", va="center", fontsize=14)
    point, after = (
        np.array(data[name]) @ CORNERS for name in ("probabilities", "step_probabilities")
    )
    arrow = {"arrowstyle": "-|>", "color": colours["second"], "linewidth": 1.5, "shrinkB": 4}
    axes.annotate("", point, CORNERS[TARGET], arrowprops=arrow | {"shrinkA": 0})
    x, y = 0.9 * point + 0.1 * CORNERS[TARGET]
    axes.text(x + 0.03, y, "$p - t$", va="center", color=colours["second"])
    axes.plot(*point, "o", color=colours["first"], markersize=7)
    axes.plot(*after, "o", color=colours["first"], markersize=6, markerfacecolor="none")
    axes.text(after[0] + 0.04, after[1], "one step", color=colours["first"], va="center")
    axes.text(point[0] + 0.04, point[1] - 0.02, "$p$", color=colours["first"], va="top")
    axes.set(xlim=(-0.1, 1.1), ylim=(-0.08, 0.96), title=f"their softmax, target {CLASSES[TARGET]}")
    axes.set_aspect("equal")
    axes.axis("off")


def draw_line(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Draw the line of logits with the same softmax, and the plane of those whose sum is 0."""
    axes.fill(*(CENTRED @ AXES).T, color=colours["faint"], alpha=0.18, linewidth=0)
    for name, (x, y) in zip(CLASSES, AXES, strict=True):
        arrow = {"arrowstyle": "->", "color": colours["faint"], "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (2.8 * x, 2.8 * y), (0, 0), arrowprops=arrow)
        axes.text(3.1 * x, 3.1 * y, f"$z_{name}$", ha="center", va="center")
    z = np.array(data["logits"])
    for ends, style in (([z - 2.9, z - z.mean()], "--"), ([z - z.mean(), z + 2.9], "-")):
        axes.plot(*(np.array(ends) @ AXES).T, style, color=colours["first"], linewidth=1.2)
    axes.text(
        *([-0.1, 1.0, -0.9] @ AXES), f"sum {data['plane_sum']}", color=colours["ink"], fontsize=11.5
    )
    named = zip(data["constants"], data["moved_logits"], strict=True)
    for constant, moved in [(0, z), *named]:
        x, y = np.array(moved) @ AXES
        words = f"$z{constant:+.0f}$" if constant else "$z$"
        axes.plot(x, y, "o", color=colours["first"], markersize=4 if constant else 7)
        axes.text(x - 0.2, y + 0.1, words, ha="right", color=colours["first"], fontsize=11.5)
    axes.set(xlim=(-3.3, 3.4), ylim=(-2.4, 3.4), title="logits with this softmax")
    axes.set_aspect("equal")
    axes.axis("off")


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw logits, their distribution, and the logits that have the same."""
    figure, panels = prepare(colours, width=7.2, height=2.9, rows=1, columns=3)
    panels[0].get_gridspec().set_width_ratios([0.75, 1.15, 1.1])
    for axes, part in zip(panels, (draw_bars, draw_triangle, draw_line), strict=True):
        part(axes, data, colours)
    return figure


TOLERANCES = within(0, "classes target logits curves constants moved_logits plane_sum")
TOLERANCES |= within(1e-12, "probabilities loss gradient step_probabilities step_loss")
TOLERANCES |= within(1e-12, "curve_probabilities gradient_sum moved_difference")
