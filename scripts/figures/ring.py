"""Chapter 20: the ring, drawn after every step, from what its processes send."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.parallel import ring_all_reduce, ring_seconds
from scripts.figures.common import Data, prepare, within

SIZE = 4


def compute() -> Data:
    """Let four processes take their steps, and note what each has after every one."""
    rows = [np.array([(j + 1) * 10**q for j in range(SIZE)]) for q in range(SIZE)]
    ring = [ring_all_reduce(row, rank, SIZE) for rank, row in enumerate(rows)]
    has = [row.tolist() for row in rows]
    sent = [next(process) for process in ring]
    states, messages = [[list(row) for row in has]], []
    for step in range(2 * (SIZE - 1)):
        messages.append([int(piece[0]) for piece in sent])
        came = [sent[rank - 1].copy() for rank in range(SIZE)]
        for rank, process in enumerate(ring):
            piece = (rank - 1 - step if step < SIZE - 1 else rank - (step - (SIZE - 1))) % SIZE
            adds = step < SIZE - 1
            has[rank][piece] = int(came[rank][0]) + (has[rank][piece] if adds else 0)
            if step < 2 * SIZE - 3:
                sent[rank] = process.send(came[rank])
        states.append([list(row) for row in has])
    return {
        "processes": SIZE,
        "start": states[0],
        "cells": np.ravel(states).tolist(),
        "messages": np.ravel(messages).tolist(),
        "sums": states[-1][0],
        "after": list(range(1, len(states))),
        "half": SIZE - 1,
        "steps": len(messages),
        "cost_steps": ring_seconds(SIZE, 0, 1, 0),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a table for each state: processes below each other, pieces side by side."""
    figure, axes = prepare(colours, width=7.2, height=3.7, rows=2, columns=SIZE)
    states = np.reshape(data["cells"], (-1, SIZE, SIZE)).tolist()
    for number, (axis, state) in enumerate(zip(axes.flat, states, strict=False)):
        table(axis, state, data["sums"], colours)
        axis.set_title("at the start" if number == 0 else f"after step {number}", fontsize=12)
    axes.flat[-1].set_axis_off()
    return figure


def table(axes: Any, state: list[list[int]], sums: list[int], colours: Mapping[str, str]) -> None:
    """Write the pieces of each process; what is complete has a frame and bold figures."""
    for rank, row in enumerate(state):
        for piece, value in enumerate(row):
            whole = value == sums[piece]
            ink = colours["first"] if whole else colours["ink"]
            weight = "bold" if whole else "normal"
            style = {"ha": "center", "va": "center", "fontsize": 9.5, "weight": weight}
            axes.text(piece, rank, value, color=ink, **style)
            if whole:
                square = [piece - 0.47, piece + 0.47, piece + 0.47, piece - 0.47, piece - 0.47]
                edge = [rank - 0.4, rank - 0.4, rank + 0.4, rank + 0.4, rank - 0.4]
                axes.plot(square, edge, color=colours["first"], linewidth=0.9)
    axes.set(xlim=(-0.6, SIZE - 0.4), ylim=(SIZE - 0.5, -0.5), xticks=[])
    axes.set_yticks(range(SIZE), [f"{rank}" for rank in range(SIZE)])
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


TOLERANCES = within(0, "processes start cells messages sums after half steps cost_steps")
