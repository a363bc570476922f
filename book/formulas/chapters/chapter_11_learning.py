"""Chapter 11: steps, minibatches, and how much of a count is chance."""

import itertools

import numpy as np

from book.formulas.binding import Draw, binds, root
from book.formulas.evaluate import Case
from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD


@binds("eq-step", SGD.step)
def step(rng: Draw) -> Case:
    """Some parameters before and after a step."""
    theta, gradient = rng.standard_normal((2, 3 + rng.number))
    parameter = Parameter("theta", theta.copy())
    parameter.gradient += gradient
    eta = 0.1 + 0.1 * rng.number
    SGD([parameter], eta).step()
    values = {r"\theta": theta, r"\theta'": parameter.value, "g": gradient, r"\eta": eta}
    return Case({**values, "P": len(theta)}, {"k": range(len(theta))})


@binds(
    "eq-step-loss",
    SGD.step,
    harmless={"side 2: A_{k,m} -> A_{m,k}": "second derivatives are symmetric"},
)
def step_loss(rng: Draw) -> Case:
    """A polynomial of degree 2; the gradient is what the code's step went along."""
    size = 2 + rng.number
    theta, linear = rng.standard_normal((2, size))
    half = rng.standard_normal((size, size))
    curvature = half + half.T
    gradient = linear + curvature @ theta
    parameter, eta = Parameter("theta", theta.copy()), 0.3
    parameter.gradient += gradient
    SGD([parameter], eta).step()
    values = {
        "L": lambda at: linear @ at + at @ curvature @ at / 2,
        "P": size,
        "A": curvature,
        "g": (theta - parameter.value) / eta,
        r"\theta": theta,
        r"\eta": eta,
    }
    return Case(values)


@binds("eq-geometric", SGD.step)
def parabola(rng: Draw) -> Case:
    """Several steps of the code on a parabola."""
    a, eta, steps = rng.uniform(0.5, 2), rng.uniform(0.1, 0.4), 4
    w = Parameter("w", rng.uniform(1, 2, 1))
    way = [w.value.item()]
    for _ in range(steps - 1):
        w.gradient = a * w.value
        SGD([w], eta).step()
        way.append(w.value.item())
    return Case({"w": np.array(way), "a": a, r"\eta": eta, "M": steps}, {"m": range(steps)})


@binds("eq-two-curvatures", None)
def two_curvatures(rng: Draw) -> Case:
    """Two curvatures, and the rate at which both factors have the same size."""
    a, b = rng.uniform(0.5, 1), rng.uniform(2, 4)
    best = root(lambda eta: (1 - eta * a) - (eta * b - 1), 1 / b, 1 / a)
    return Case({"a": a, "b": b, r"\eta_0": best})


@binds("eq-minibatch", None)
@binds("eq-inclusion", None)
@binds("eq-unbiased", None)
@binds("eq-pair-inclusion", None)
def batches(rng: Draw) -> Case:
    """All batches of a few samples, and gradients of several parameters."""
    samples, size, parameters = ((4, 2, 3), (5, 3, 2), (5, 2, 4))[rng.number]
    chosen = list(itertools.combinations(range(samples), size))
    inside = np.array([[int(n in batch) for n in range(samples)] for batch in chosen])
    gradients = rng.standard_normal((samples, parameters))
    values = {
        "N": samples,
        "B": size,
        "P": parameters,
        "S": len(chosen),
        "m": inside,
        "G": gradients,
        r"\hat{g}": np.stack([gradients[list(batch)].mean(axis=0) for batch in chosen]),
    }
    free = {"s": range(len(chosen)), "k": range(parameters), "n'": range(samples)}
    return Case(values, free)


@binds("eq-minibatch-variance", None)
def variance(rng: Draw) -> Case:
    """The same for one parameter."""
    case = batches(rng)
    v = case.values
    v["G"] = v["G"][:, 0]
    v[r"\bar{g}"], v["V"] = v["G"].mean(), v["G"].var()
    return case


@binds("eq-count-variance", None)
def outcomes(rng: Draw) -> Case:
    """All outcomes of a test with a few images."""
    samples, r = 2 + rng.number, rng.uniform(0.1, 0.4)
    errors = np.array(list(itertools.product((0, 1), repeat=samples)))
    probability = np.prod(np.where(errors == 1, r, 1 - r), axis=1)
    values = {"N": samples, "r": r, "S": len(errors), "P": probability, "c": errors.sum(axis=1)}
    return Case(values)
