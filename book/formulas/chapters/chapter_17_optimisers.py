"""Chapter 17: first weights, momentum and its roots, noise, curvature along a direction, Adam."""

import itertools
from typing import Any

import numpy as np

from book.formulas.binding import Draw, binds, root
from book.formulas.evaluate import Case
from cnnbook.curvature import times_curvature
from cnnbook.layers import Dense, Parameter, Tanh
from cnnbook.losses import Loss
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD, Adam

SUM = r"\sum_{d=0}^{D - 1} w_{s,d} x_{d}"


@binds("eq-drawn-weights", None)
@binds(
    "eq-fan-in",
    None,
    harmless={f"side 1: {SUM} -> -{SUM}": "a square"},
)
@binds("eq-half", None)
def draws(rng: Draw) -> Case:
    """All draws of weights of plus or minus the root of a variance, in pairs, and inputs."""
    inputs, variance = 3 + rng.number, float(rng.uniform(0.3, 2))
    signs = np.array(list(itertools.product((1, -1), repeat=inputs)))
    weights, x = signs * variance**0.5, rng.standard_normal(inputs)
    values = {"S": len(weights), "D": inputs, "V": variance, "w": weights, "x": x}
    free = {"d": range(inputs), "d'": range(inputs)}
    return Case(values | {"z": weights @ x, r"\max": max}, free)


@binds("eq-depth", None)
def depth(rng: Draw) -> Case:
    """Layer after layer, the mean over all draws of weights times a half."""
    case, m = draws(rng), 2 + rng.number
    d, v = case.values["D"], case.values["V"]
    q = [float(rng.uniform(1, 2))]
    for _ in range(m):
        q.append(sum(v * q[-1] for _ in range(d)) / 2)
    return Case({"D": d, "V": v, "m": m, "q": np.array(q)})


@binds("eq-hidden-gradient", Dense.backward)
def hidden(rng: Draw) -> Case:
    """Two layers with a hyperbolic tangent between, and the gradient of the first weights."""
    n, d, o, k = 2 + rng.number, 6, 7, 5
    first, gate = Dense(d, o, rng=rng, dtype=np.float64), Tanh()
    second = Dense(o, k, rng=rng, dtype=np.float64)
    x, upstream = rng.standard_normal((n, d)), rng.standard_normal((n, k))
    hidden = gate.forward(first.forward(x))
    second.forward(hidden)
    first.backward(gate.backward(second.backward(upstream)))
    values = {
        "x": x,
        "h": 1 - hidden**2,
        "U": second.weights.value,
        "N": n,
        "D": d,
        "O": o,
        "K": k,
        "L/W": first.weights.gradient,
        "L/z": upstream,
    }
    return Case(values, {"d": range(d), "o": range(o)})


@binds("eq-momentum", SGD.step)
def momentum(rng: Draw) -> Case:
    """Parameters and velocities before and after a step."""
    theta, v, g = rng.standard_normal((3, 3 + rng.number))
    mu, eta = rng.uniform(0.2, 0.9, 2)
    parameter = Parameter("theta", theta.copy())
    parameter.gradient += g
    optimizer = SGD([parameter], eta, momentum=mu)
    optimizer.velocities[0][:] = v
    optimizer.step()
    values = {r"\theta": theta, r"\theta'": parameter.value, "v": v, "v'": optimizer.velocities[0]}
    return Case(values | {"g": g, r"\mu": mu, r"\eta": eta, "P": len(g)}, {"k": range(len(g))})


@binds("eq-velocity-sum", SGD.step)
def velocities(rng: Draw) -> Case:
    """The velocity of one parameter after several gradients."""
    t = 2 + rng.number
    g, mu = rng.standard_normal(t + 1), rng.uniform(0.2, 0.9)
    parameter, places = Parameter("theta", np.zeros(1)), [0.0]
    optimizer = SGD([parameter], 1.0, momentum=mu)
    for gradient in g:
        parameter.gradient = np.array([gradient])
        optimizer.step()
        places.append(parameter.value.item())
    v = -np.diff(places)  # the rate is 1
    return Case({"v": v, "g": g, r"\mu": mu, "t": t})


def parabola(rng: Draw) -> Case:
    """Steps with momentum on a parabola, from somewhere, at some velocity."""
    a, eta, mu, steps = rng.uniform(0.5, 2), rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9), 5
    return Case(
        {"w": way(a, eta, mu, rng.uniform(1, 2, 2), steps), **named(a, eta, mu), "M": steps}
    )


def named(a: float, eta: float, mu: float) -> dict[str, float]:
    """Give curvature, rate and momentum their letters."""
    return {"a": a, r"\eta": eta, r"\mu": mu}


def way(a: float, eta: float, mu: float, begin: Any, steps: int) -> Any:
    """Follow the code on the parabola; begin with a place and a velocity."""
    w, places = Parameter("w", np.array([begin[0]])), [begin[0]]
    optimizer = SGD([w], eta, momentum=mu)
    optimizer.velocities[0][:] = begin[1]
    for _ in range(steps - 1):
        w.gradient = a * w.value
        optimizer.step()
        places.append(w.value.item())
    return np.array(places)


@binds("eq-two-back", SGD.step)
def two_back(rng: Draw) -> Case:
    case = parabola(rng)
    return Case(case.values, {"m": range(1, case.values["M"] - 1)})


def eigenvalues(a: float, eta: float, mu: float) -> Any:
    """Return the eigenvalues of a step of the code, which is linear in place and velocity."""
    columns = []
    for begin in ((1.0, 0.0), (0.0, 1.0)):
        w = Parameter("w", np.array(begin[:1]))
        optimizer = SGD([w], eta, momentum=mu)
        optimizer.velocities[0][:] = begin[1]
        w.gradient = a * w.value
        optimizer.step()
        columns.append([w.value.item(), optimizer.velocities[0].item()])
    return np.linalg.eigvals(np.array(columns).T)


@binds("eq-two-roots", SGD.step)
def two_roots(rng: Draw) -> Case:
    """The eigenvalues of a step, real ones."""
    a, mu = rng.uniform(0.5, 2), rng.uniform(0.1, 0.3)
    eta = rng.uniform(0.05, 0.15) / a
    return Case({r"\rho": eigenvalues(a, eta, mu).real, **named(a, eta, mu)})


@binds("eq-momentum-limit", SGD.step)
def limit(rng: Draw) -> Case:
    """The rate at which an eigenvalue of a step leaves the circle of size 1."""
    a, mu = rng.uniform(0.5, 2), rng.uniform(0.1, 0.9)

    def outside(eta: float) -> float:
        return float(np.abs(eigenvalues(a, eta, mu)).max() - 1)

    return Case({"a": a, r"\mu": mu, r"\eta_1": root(outside, 1.5 / a, 6 / a)})


def unlike(a: float, eta: float, mu: float) -> float:
    """Return the square of the difference of the two eigenvalues; below 0 they are complex."""
    one, other = eigenvalues(a, eta, mu)
    return float(((one - other) ** 2).real)


@binds("eq-both-ends", SGD.step)
@binds("eq-best-momentum", SGD.step)
def best(rng: Draw) -> Case:
    """A setting, and the two curvatures for which the eigenvalues of a step are equal."""
    a, mu = float(rng.uniform(0.5, 1)), float(rng.uniform(0.1, 0.4))
    # Below this rate the eigenvalues are real, and above it they are not; steeper, real again.
    eta = root(lambda eta: unlike(a, eta, mu), 0, (1 + mu) / a)
    b = root(lambda b: unlike(b, eta, mu), (1 + mu) / eta, 4 / eta)
    return Case({"a": a, "b": b, r"\mu_0": mu, r"\eta_0": eta})


@binds(
    "eq-times-curvature",
    times_curvature,
    harmless={"side 1: A_{k,m} -> A_{m,k}": "second derivatives are symmetric"},
)
def curvature(rng: Draw) -> Case:
    """A polynomial of degree 2 in the weights of one layer; its matrix, column by column."""
    size, h = 3 + rng.number, 0.3
    half = rng.standard_normal((size, size))
    matrix, linear = half + half.T, rng.standard_normal(size)
    layer, one = Dense(1, size, rng=rng, dtype=np.float64), np.ones((1, 1))
    layer.bias.value[:] = 0
    model, loss = Sequential(layer), Polynomial(matrix, linear)
    columns = []
    for unit in np.eye(size):
        direction = [unit[np.newaxis], np.zeros(size)]
        columns.append(times_curvature(model, loss, one, one, direction, step=h)[0][0])
    theta, d = layer.weights.value[0], rng.standard_normal(size)
    above, below = (matrix @ (theta + way * d) + linear for way in (h, -h))
    values = {"A": np.array(columns).T, r"\hat{g}": above, r"\bar{g}": below, "d": d, "h": h}
    return Case(values | {"P": size}, {"k": range(size)})


class Polynomial(Loss):
    """Half of y A y and a linear part, of the one row that the network gives."""

    def __init__(self, matrix: Any, linear: Any) -> None:
        self.matrix, self.linear = matrix, linear

    def forward(self, predictions: Any, targets: Any) -> float:
        """Compute the polynomial."""
        self.y = predictions[0]
        return float(self.y @ self.matrix @ self.y / 2 + self.linear @ self.y + 0 * targets.sum())

    def backward(self) -> Any:
        """Compute its gradient."""
        return (self.matrix @ self.y + self.linear)[np.newaxis]


@binds("eq-noise-step", None)
def noise(rng: Draw) -> Case:
    """Noise of two values, equally likely, added to the gradients at several places."""
    a, eta, variance = (float(x) for x in rng.uniform((0.5, 0.1, 0.5), (2, 0.4, 2)))
    before, xi = rng.standard_normal(4), variance**0.5 * np.array([[1], [-1]])
    after = np.mean((before - eta * (a * before + xi)) ** 2)
    return Case({"q": np.mean(before**2), "q'": after, "a": a, r"\eta": eta, "V": variance})


@binds("eq-noise-floor", None)
def floor(rng: Draw) -> Case:
    """The mean square that a step leaves as it is."""
    a, eta, variance = (float(x) for x in rng.uniform((0.5, 0.1, 0.5), (2, 0.4, 2)))

    def gain(q: float) -> float:
        after = [
            (q**0.5 * (1 - eta * a) - eta * xi) ** 2 for xi in (variance**0.5, -(variance**0.5))
        ]
        return float(np.mean(after)) - q

    return Case({"q": root(gain, 0, 100), "a": a, r"\eta": eta, "V": variance})


@binds("eq-adam-mean", None)
@binds("eq-adam-weights", None)
def running(rng: Draw) -> Case:
    """The running mean of the code after several gradients, and of ones."""
    t, beta = 2 + rng.number, float(rng.uniform(0.3, 0.9))
    g = np.concatenate([[np.nan], rng.standard_normal(t)])  # the first has the index 1
    means = [0.0]
    for gradient in g[1:]:
        parameter = Parameter("theta", np.zeros(1))
        optimizer = Adam([parameter], betas=(beta, 0.5))
        optimizer.means[0][:] = means[-1]
        parameter.gradient += gradient
        optimizer.step()
        means.append(optimizer.means[0].item())
    return Case({"m": np.array(means), "g": g, r"\beta": beta, "t": t})


@binds("eq-adam-step", Adam.step)
def adam(rng: Draw) -> Case:
    """Parameters before and after the second step, and both means by hand."""
    theta, one, two = rng.standard_normal((3, 3 + rng.number))
    eta, decay, epsilon = (float(x) for x in rng.uniform((0.1, 0.3, 0.1), (0.4, 0.9, 0.5)))
    b1, b2 = (float(x) for x in rng.uniform(0.3, 0.9, 2))
    parameter = Parameter("theta", np.zeros_like(theta))
    optimizer = Adam([parameter], eta, betas=(b1, b2), epsilon=epsilon, weight_decay=decay)
    parameter.gradient += one
    optimizer.step()
    parameter.value = theta.copy()
    parameter.gradient = two
    optimizer.step()
    p, q = (
        (b * power[0] + power[1]) / (1 + b)
        for b, power in ((b1, (one, two)), (b2, (one**2, two**2)))
    )
    values = {r"\theta": theta, r"\theta'": parameter.value, "p": p, "q": q, "P": len(theta)}
    values |= {r"\eta": eta, r"\delta": decay, r"\varepsilon": epsilon}
    return Case(values, {"k": range(len(theta))})
