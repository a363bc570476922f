"""Chapter 5: the sigmoid, the hyperbolic tangent, the rectifier: at points, through layers."""

from collections.abc import Callable

import numpy as np

from book.formulas.binding import Draw, binds, jacobian
from book.formulas.evaluate import Case
from cnnbook.functions import sigmoid
from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import ReLU, Tanh
from cnnbook.layers.activations import (
    Sigmoid,
    relu,
    relu_gradient,
    sigmoid_gradient,
    tanh_gradient,
)

Function = Callable[[np.ndarray], np.ndarray]


def at(function: Function) -> Callable[[float], float]:
    """Let a function of arrays take a number."""
    return lambda z: float(function(np.array([z], float))[0])


def slope(function: Function) -> Callable[[float], float]:
    """Differentiate by a complex step."""
    return at(lambda z: complex_step_gradient(function, z, np.ones(1)))


@binds("eq-sigmoid", sigmoid)
@binds("eq-log-odds", sigmoid)
@binds("eq-sigmoid-symmetry", sigmoid)
@binds("eq-sigmoid-derivative", sigmoid)
@binds("eq-sigmoid-slope", sigmoid)
def points(rng: Draw) -> Case:
    """Numbers of either sign, zero among them; probabilities, and numbers that are none."""
    inside = (1e-3, *rng.uniform(0.05, 0.95, 4), 0.999)
    return Case(
        {
            r"\sigma": at(sigmoid),
            r"\sigma'": slope(sigmoid),
            "e": np.e,
            r"\ln": np.log,
            r"\max": max,
        },
        {
            "z": (0.0, *rng.uniform(-5, -0.2, 3), *rng.uniform(0.2, 5, 3)),
            "p": (-0.3, 0.0, *inside, 1.0, 1.3),
        },
        domain={"p": inside},
    )


@binds("eq-sigmoid-stable", sigmoid)
def held(rng: Draw) -> Case:
    """The same points, and bounds on either side of them."""
    case = points(rng)
    bounds = (*rng.uniform(0.2, 4, 2), -rng.uniform(0.2, 4))
    return case._replace(free={"z": case.free["z"], "m": bounds}, domain={})


@binds("eq-tanh", Tanh.forward)
@binds("eq-tanh-derivative", tanh_gradient)
def tangents(rng: Draw) -> Case:
    """The same points; the hyperbolic tangent of the layer, its slope by the layer's gradient."""
    case = points(rng)
    tanh = at(Tanh().forward)
    case.values[r"\tanh"] = tanh
    case.values[r"\tanh'"] = at(lambda z: tanh_gradient(np.tanh(z), np.ones(1)))
    return case


@binds(
    "eq-relu", relu, harmless={r"side 3: z > 0: > -> >=": "where the two differ, the factor z is 0"}
)
@binds(
    "eq-relu-derivative", relu, harmless={r"side 2: z > 0: > -> >=": "z = 0 is not in the domain"}
)
@binds("eq-subgradient", relu, harmless={"side 1: g x -> x": "1 is a subgradient as well"})
def rectified(rng: Draw) -> Case:
    """The same points; slopes from 0 to 1, and some beyond."""
    case = points(rng)
    case.values.update({"r": at(relu), "r'": slope(relu)})
    z, slopes = case.free["z"], (0.0, float(rng.uniform()), 1.0)
    return case._replace(
        free={"z": z, "x": z, "g": (-0.01, *slopes, 1.01)},
        domain={"g": slopes, "z": tuple(point for point in z if point != 0)},
    )


@binds("eq-bayes", None)
@binds("eq-evidence", sigmoid)
def observation(rng: Draw) -> Case:
    """A table of joint probabilities, and the share of ones among the bright pictures in it."""
    p, a, b = rng.uniform(0.1, 0.9, 3)
    of_one, of_zero = np.array([a, 1 - a]) * p, np.array([b, 1 - b]) * (1 - p)
    after = of_one[0] / (of_one[0] + of_zero[0])
    values = {"p": p, r"\alpha": a, r"\beta": b, "p'": after}
    return Case({**values, r"\sigma": at(sigmoid), r"\ln": np.log})


@binds("eq-sigmoid-local", sigmoid)
@binds("eq-sigmoid-gradient", sigmoid_gradient)
@binds("eq-sigmoid-gradient-array", Sigmoid.backward)
def through_a_layer(rng: Draw) -> Case:
    """A row of inputs, a random upstream gradient, and what the layer sends back."""
    size = 4 + rng.number
    z, upstream = rng.standard_normal((2, size))
    layer = Sigmoid()
    y = layer.forward(z)
    local = jacobian(sigmoid, z)
    values = {"M": size, "Y": y, "Y/Z": local, "L/Y": upstream}
    values["L/Z"] = layer.backward(upstream)
    return Case(values, {"m": range(size), "m'": range(size)})


@binds("eq-relu-gradient", relu_gradient)
def through_a_rectifier(rng: Draw) -> Case:
    """The same with ReLU, and an input that is exactly 0."""
    size = 4 + rng.number
    z, upstream = rng.standard_normal((2, size))
    z[1] = 0.0
    layer = ReLU()
    values = {"M": size, "Z": z, "L/Y": upstream, "Y": layer.forward(z)}
    values["L/Z"] = layer.backward(upstream)
    return Case(values, {"m": range(size)})


@binds("eq-sigmoid-stack", sigmoid)
def stack(rng: Draw) -> Case:
    """A chain of units: the derivative of its end by its beginning, by a complex step.

    The slope of a unit is that of the layer's gradient: two derivatives of one function, both by
    complex steps, would obey the chain rule whatever the function.
    """
    depth = 2 + rng.number
    w, b = rng.uniform(1, 3, depth + 1), rng.standard_normal(depth + 1)

    def states(y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return z and y of every unit; z of unit 0 does not exist."""
        pairs = [(np.full(1, np.nan), y)]
        for weight, bias in zip(w[1:], b[1:], strict=True):
            z = weight * pairs[-1][1] + bias
            pairs.append((z, sigmoid(z)))
        return pairs

    start = rng.uniform(size=1)
    total = complex_step_gradient(lambda y: states(y)[-1][1], start, np.ones(1))
    z = np.array([float(z[0]) for z, _ in states(start)])
    values = {"D": depth, "w": w, "z": z, "y_D": 0.0, "y_0": 0.0, "y_D/y_0": float(total[0])}
    return Case({**values, r"\sigma'": at(lambda z: sigmoid_gradient(sigmoid(z), np.ones(1)))})
