"""Chapter 20: shards and their weights, the ring and its cost, late gradients, local steps."""

import math

import numpy as np

from book.formulas.binding import Draw, binds
from book.formulas.evaluate import Case
from cnnbook.checks import Array
from cnnbook.parallel import ring_all_reduce, ring_seconds, run_ring, weighted_mean


@binds("eq-shard-mean", weighted_mean)
@binds("eq-plain-mean", weighted_mean)
def shards(rng: Draw) -> Case:
    """The gradients of unequal shards, one number each, and their mean by the code."""
    m = 3 + rng.number
    sizes = rng.permutation(np.arange(2, 2 + m))
    g = rng.standard_normal(m)
    mean = weighted_mean([np.array([each]) for each in g], sizes.tolist())[0]
    return Case({"m": m, "B": sizes, "g": g, r"\hat{g}": float(mean), "N": int(sizes.sum())})


@binds("eq-ring-first", None)  # what is compared is sent, not returned
def ring(rng: Draw) -> Case:
    """What the processes of a ring send, by piece and step."""
    k = 3 + rng.number
    x = rng.standard_normal((k, k))  # a piece is one number
    processes = [ring_all_reduce(values, rank, k) for rank, values in enumerate(x)]
    sent: list[Array] = [next(process) for process in processes]
    y = np.zeros((k, k))
    for t in range(k):
        for j in range(k):
            y[j, t] = sent[(j + t) % k][0]
        came = [sent[rank - 1].copy() for rank in range(k)]
        sent = [process.send(piece) for process, piece in zip(processes, came, strict=True)]
    return Case({"k": k, "x": np.concatenate([x, x]), "y": y}, {"j": range(k), "t": range(k)})


@binds("eq-ring-second", run_ring)
def ends(rng: Draw) -> Case:
    """What each process of a ring has at the end."""
    k = 3 + rng.number
    x = rng.standard_normal((k, k))
    z = run_ring([ring_all_reduce(values, rank, k) for rank, values in enumerate(x)])
    return Case({"k": k, "x": x, "z": np.array(z)}, {"j": range(k), "r": range(k)})


@binds("eq-ring-cost", ring_seconds)
def cost(rng: Draw) -> Case:
    k, m = 3 + rng.number, 40 + 7 * rng.number
    alpha, beta = rng.uniform(1, 3, 2)
    seconds = ring_seconds(k, m, alpha, beta)
    return Case({"k": k, "M": m, r"\alpha": alpha, r"\beta": beta, "T": seconds})


@binds("eq-star-cost", None)
def star(rng: Draw) -> Case:
    """One message after the other, to the first process and back."""
    k, m = 3 + rng.number, 40 + 7 * rng.number
    alpha, beta = rng.uniform(1, 3, 2)
    seconds = sum(alpha + m * beta for _ in range(1, k)) * 2
    return Case({"k": k, "M": m, r"\alpha": alpha, r"\beta": beta, "T": seconds})


@binds("eq-parallel-time", ring_seconds)
@binds("eq-crossing", ring_seconds)
def step(rng: Draw) -> Case:
    """The time of a step on k processes, and the batch with which it takes as long as on one."""
    k, m, batch = 3 + rng.number, 40 + 7 * rng.number, 24 * (1 + rng.number)
    alpha, beta, c, d = rng.uniform(1, 3, 4)

    def seconds(images: float) -> float:
        return c + d * images / k + ring_seconds(k, m, alpha, beta)

    # What is gained grows in a straight line with the batch.
    lost, gained = -seconds(0) + c, (c + d) - seconds(1) - (c - seconds(0))
    values = {"k": k, "M": m, "N": batch, r"\alpha": alpha, r"\beta": beta, "c": c, "d": d}
    return Case(values | {"T": seconds(batch), "N'": -lost / gained})


@binds("eq-late", None)
def late(rng: Draw) -> Case:
    """Steps along a parabola by gradients of older weights, from a list of them."""
    tau, a, rate = 1 + rng.number, float(rng.uniform(0.5, 2)), float(rng.uniform(0.1, 0.4))
    w = rng.standard_normal(tau + 1).tolist()
    for _ in range(5):
        w.append(w[-1] - rate * a * w[-1 - tau])
    values = {"w": np.array(w), r"\kappa": tau, "a": a, r"\eta": rate, "J": len(w) - 1}
    return Case(values, {"t": range(tau, len(w) - 1)})


@binds("eq-chord", None)
def chord(_rng: Draw) -> Case:
    """The distance of two points of the unit circle."""
    phi = (0.7, 1.9, 3.1)
    values = {
        r"\cos": np.cos,
        r"\sin": np.sin,
        r"\pi": math.pi,
        "h": lambda p: abs(1 - np.exp(1j * p)),
    }
    return Case(values, {r"\phi": phi})


def largest(tau: int, step: float) -> float:
    """Find how the errors grow: the largest root of the steps that come late."""
    roots = np.roots([1.0, -1.0, *[0.0] * (tau - 1), step] if tau else [1.0, step - 1])
    return float(np.abs(roots).max())


@binds("eq-late-limit", None)
def limit(rng: Draw) -> Case:
    """Halve an interval until the errors neither grow nor shrink."""
    tau, low, high = rng.number + 1, 0.01, 2.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if largest(tau, middle) < 1 else (low, middle)
    return Case({r"\kappa": tau, "l": low, r"\pi": math.pi, r"\sin": np.sin})


@binds("eq-local-steps", None)
def local(rng: Draw) -> Case:
    """Two steps of each process alone, then the mean; and two with the mean of the gradients."""
    k = 3 + rng.number
    a, minimum = rng.uniform(0.5, 2, k), rng.standard_normal(k)
    start, rate = float(rng.standard_normal()), float(rng.uniform(0.2, 0.4))
    apart, together = np.full(k, start), start
    for _ in range(2):
        apart = apart - rate * a * (apart - minimum)
        together -= rate * float(np.mean(a * (together - minimum)))
    g = a * (start - minimum)
    values = {"k": k, "a": a, "g": g, r"\bar{a}": float(a.mean()), r"\eta": rate}
    values |= {r"\bar{w}": float(apart.mean()), "w'": together}
    return Case(values, {"r": range(k)})
