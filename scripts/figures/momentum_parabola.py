"""Momentum on a parabola: three ways, and how much a step shrinks the distance in the long run."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD
from scripts.figures.common import Data, prepare, within

STEPS = 30
# The rate times the curvature, and the momentum.
WAYS = ((0.1, 0.0), (0.1, 0.5), (3.05, 0.5))
MOMENTA = (0.0, 0.25, 0.81)
GRID = 201


def step_once(w: float, v: float, rate: float, momentum: float) -> tuple[float, float]:
    """Take one step of the code on the parabola w^2 / 2; return place and velocity."""
    parameter = Parameter("w", np.array([w]))
    optimizer = SGD([parameter], rate, momentum=momentum)
    if momentum:
        optimizer.velocities[0][:] = v
    parameter.gradient += w
    optimizer.step()
    return parameter.value.item(), optimizer.velocities[0].item() if momentum else w


def descend(rate: float, momentum: float) -> list[float]:
    """Take several steps from 1, at rest."""
    way, v = [1.0], 0.0
    for _ in range(STEPS):
        w, v = step_once(way[-1], v, rate, momentum)
        way.append(w)
    return way


def shrinking(rate: float, momentum: float) -> float:
    """Return the size of the larger eigenvalue of a step, which is linear in place and velocity."""
    columns = [step_once(*unit, rate, momentum) for unit in ((1.0, 0.0), (0.0, 1.0))]
    return float(np.abs(np.linalg.eigvals(np.array(columns).T)).max())


def compute() -> Data:
    """Follow the ways, and find the larger root for a row of steps and three momenta."""
    grid = np.linspace(0, 4, GRID)[1:]
    return {
        "steps": STEPS,
        "ways": [list(way) for way in WAYS],
        "places": [descend(*way) for way in WAYS],
        "momenta": list(MOMENTA),
        "limits": [2 * (1 + mu) for mu in MOMENTA],
        "grid": grid.round(6).tolist(),
        "shrinking": [[shrinking(rate, mu) for rate in grid] for mu in MOMENTA],
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the ways against the step on the left, and the larger root on the right."""
    figure, (left, right) = prepare(colours, width=7.2, height=2.9, rows=1, columns=2)
    tones = [colours["faint"], colours["first"], colours["second"]]
    for (rate, mu), places, colour in zip(data["ways"], data["places"], tones, strict=True):
        shown = np.array(places)
        shown[np.abs(shown) > 3] = np.nan
        label = f"$\\eta a = {rate:g}$, $\\mu = {mu:g}$"
        left.plot(shown, "o-", color=colour, markersize=2.6, linewidth=1, label=label)
    left.axhline(0, color=colours["faint"], linewidth=0.8)
    left.set(ylim=(-2.6, 2.6), xlabel="step", title="$w$ on a parabola")
    left.legend(frameon=False, fontsize=10.5, labelcolor=colours["ink"], loc="lower right")
    places = dict(zip(data["momenta"], [(0.08, 0.1), (1.3, 0.38), (2.55, 0.78)], strict=True))
    for mu, sizes, colour in zip(data["momenta"], data["shrinking"], tones, strict=True):
        right.plot(data["grid"], sizes, color=colour, linewidth=1.5)
        place = 2 * (1 + mu)
        right.plot([place, place], [0, 1], color=colour, linewidth=0.9, linestyle="--")
        right.text(*places[mu], f"$\\mu = {mu:g}$", color=colour, fontsize=11)
    right.axhline(1, color=colours["ink"], linewidth=0.8)
    right.set(ylim=(0, 1.35), xlim=(0, 4), xlabel="$\\eta a$", title="what is left after a step")
    return figure


TOLERANCES = within(0, "steps ways momenta grid") | within(1e-12, "limits")
TOLERANCES |= within(1e-9, "places") | within(1e-6, "shrinking")
