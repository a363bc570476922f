"""Chapter 9: the chain rule through a stack, difference quotients, and random directions."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from book.formulas.binding import Draw, binds, jacobian, root
from book.formulas.evaluate import Case
from cnnbook.functions import sigmoid
from cnnbook.gradient_check import complex_step_gradient, numerical_gradient, relative_error
from cnnbook.layers import Dense, Layer, Sigmoid, Tanh
from cnnbook.layers.dense import dense
from cnnbook.model import Sequential

Function = Callable[[np.ndarray], np.ndarray]
STEPS = (0.01, 0.125, 0.5, 2.0)


def stack_of(rng: Draw, depth: int, size: int) -> tuple[list[Layer], list[Function]]:
    """Return layers and, for each, the same function for complex numbers."""
    layers: list[Layer] = []
    functions: list[Function] = []
    for place in range(depth):
        if place % 2 == 0:
            layers.append(made := Dense(size, size, rng=rng, dtype=np.float64))
            functions.append(complex_dense(made))
        elif place // 2 % 2 == 0:
            layers.append(Sigmoid())
            functions.append(sigmoid)
        else:
            layers.append(Tanh())
            functions.append(np.tanh)
    return layers, functions


def complex_dense(layer: Dense) -> Function:
    """Return what a dense layer computes of one sample, for complex numbers."""
    w, b = layer.weights.value + 0j, layer.bias.value + 0j
    return lambda x: dense(x[np.newaxis], w, b)[0]


@binds("eq-stack-chain", Sequential.backward)
@binds("eq-backward-step", Sequential.backward)
def stack(rng: Draw) -> Case:
    """A stack of layers, the Jacobian of each by complex steps, and the gradients on the way."""
    depth, size = ((3, 2), (4, 3), (3, 4))[rng.number]
    layers, functions = stack_of(rng, depth, size)
    y = [rng.standard_normal(size)]
    gradients = np.full((depth + 1, size), np.nan)
    local = np.full((depth + 1, size, depth + 1, size), np.nan)
    jacobians = np.full((depth + 1, size, size), np.nan)
    for layer, function in enumerate(functions, start=1):
        jacobians[layer] = local[layer, :, layer - 1] = jacobian(function, y[-1])
        y.append(function(y[-1]).real)
    gradients[depth] = rng.standard_normal(size)
    for start in range(depth):
        rest = Sequential(*layers[start:])
        rest.forward(y[start][np.newaxis])
        gradients[start] = rest.backward(gradients[depth][np.newaxis])[0]
    values = {
        "D": depth,
        "M": size,
        "L/y": gradients,
        "y/y": local,
        "J": jacobians,
        "g": gradients,
    }
    return Case(values, {"l": range(1, depth + 1), "m": range(size)})


@binds("eq-backward-product", Sequential.backward)
def three_layers(rng: Draw) -> Case:
    """Three layers with different numbers of units, and a batch of one sample."""
    sizes = ((2, 3, 4, 2), (4, 2, 3, 3), (3, 4, 2, 4))[rng.number]
    x = rng.standard_normal(sizes[0])
    layers = [
        Dense(inputs, outputs, rng=rng, dtype=np.float64)
        for inputs, outputs in itertools.pairwise(sizes)
    ]
    model = Sequential(*layers)
    model.forward(x[np.newaxis])
    upstream = rng.standard_normal(sizes[-1])
    values = {
        "g_0": model.backward(upstream[np.newaxis])[0],
        "g_3": upstream,
        **{f"J_{number}": layer.weights.value.T for number, layer in enumerate(layers, start=1)},
    }
    return Case(values)


@binds("eq-cost-backward", None)
@binds("eq-cost-forward", None)
def cost(rng: Draw) -> Case:
    """Multiplications, counted where they happen."""
    depth, size = ((3, 2), (4, 3), (5, 4))[rng.number]
    matrices = [rng.standard_normal((size, size)) for _ in range(depth)]
    counts: list[int] = []

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        counts[-1] += a.shape[0] * a.shape[1] * (b.shape[1] if b.ndim == 2 else 1)
        return a @ b

    vector = rng.standard_normal(size)
    counts.append(0)
    from_the_right = vector
    for matrix in reversed(matrices):
        from_the_right = product(matrix, from_the_right)
    counts.append(0)
    left = matrices[0]
    for matrix in matrices[1:]:
        left = product(left, matrix)
    assert np.allclose(product(left, vector), from_the_right)
    return Case({"D": depth, "M": size, "C_b": counts[0], "C_f": counts[1]})


@binds("eq-update-during", None)
def update_during(rng: Draw) -> Case:
    """What a dense layer gets, its weights, and a rate: the equation holds for all matrices."""
    samples, inputs, outputs = ((5, 2, 3), (2, 3, 4), (4, 3, 2))[rng.number]
    x, w = rng.standard_normal((samples, inputs)), rng.standard_normal((inputs, outputs))
    upstream, eta = rng.standard_normal((samples, outputs)), 0.3
    return Case({"X": x, "G": upstream, r"\eta": eta, "W": w})


def polynomial(rng: Draw, degree: int) -> dict[str, Any]:
    """A random polynomial and its derivatives, as functions."""
    p = np.polynomial.Polynomial(rng.uniform(0.5, 2, degree + 1) * rng.choice([-1, 1], degree + 1))
    return {r"\phi" + "'" * k: p.deriv(k) if k else p for k in range(4)}


CONSTANT = "the third derivative of a cubic is the same everywhere"


@binds("eq-forward-quotient", None, harmless={"side 2: 0 -> 1, place 3": CONSTANT})
@binds("eq-complex-step", None, harmless={"side 2: 0 -> 1, place 2": CONSTANT})
def cubic(rng: Draw) -> Case:
    """A polynomial of degree 3."""
    values = {**polynomial(rng, 3), r"\mathrm{i}": 1j, r"\operatorname{Im}": np.imag}
    return Case(values, {"h": STEPS})


@binds(
    "eq-central-quotient",
    numerical_gradient,
    harmless={"side 2: 0 -> 1, place 2": CONSTANT},
)
def central(rng: Draw) -> Case:
    """The odd part of a polynomial, which is h times the quotient by the code.

    The even part is not in the equation: it is the same at h and at -h, and its first and third
    derivative at 0 are 0.
    """
    case = cubic(rng)
    phi = case.values[r"\phi"]

    def odd(h: float) -> float:
        at = np.zeros(1)
        return h * numerical_gradient(lambda: phi(at), at, np.ones(1), steps=abs(h)).item()

    case.values[r"\phi"] = odd
    return case


@binds("eq-richardson", None)
def richardson(rng: Draw) -> Case:
    """Central quotients of a polynomial of degree 4."""
    values = polynomial(rng, 4)
    phi = values[r"\phi"]
    values["q"] = lambda h: (phi(h) - phi(-h)) / (2 * h)
    return Case(values, {"h": STEPS})


@binds("eq-extrapolation", None)
def table(rng: Draw) -> Case:
    """Entry l of column k: k + 1 quotients as a polynomial in the square of h, at h = 0."""
    phi = polynomial(rng, 9)[r"\phi"]
    h = 2.0 / 4.0 ** np.arange(6)
    quotients = (phi(h) - phi(-h)) / (2 * h)
    entries = np.full((5, 3), np.nan)
    for k in range(3):
        for first in range(5 - k):
            used = slice(first, first + k + 1)
            entries[first, k] = interpolated_at_zero(h[used] ** 2, quotients[used])
    return Case({"T": entries, "R": 3}, {"l": range(3), "k": range(1, 3)})


def interpolated_at_zero(x: np.ndarray, y: np.ndarray) -> float:
    """Solve for the polynomial through the points, and return its constant term."""
    return float(np.linalg.solve(np.vander(x, increasing=True), y)[0])


@binds("eq-rounding", Sequential.backward)
def rounding(rng: Draw) -> Case:
    """A stack whose inputs and outputs are off by the same share, with all combinations of signs.

    The slope of the weighted sum in that share is had by complex steps; the largest is taken.
    """
    size, epsilon = 2 + rng.number, 0.25
    layers, functions = stack_of(rng, 2, size)
    layers.append(last := Dense(size, size + 1, rng=rng, dtype=np.float64))
    functions.append(complex_dense(last))
    model, x = Sequential(*layers), rng.standard_normal(size)
    y, upstream = model.forward(x[np.newaxis])[0], rng.standard_normal(size + 1)
    gradient = model.backward(upstream[np.newaxis])[0]

    def off(signs: np.ndarray) -> float:
        def weighted(share: np.ndarray) -> np.ndarray:
            values = x * (1 + share * signs[:size])
            for function in functions:
                values = function(values)
            return values * (1 + share * signs[size:])

        return complex_step_gradient(weighted, np.zeros(1), upstream).item()

    slopes = [off(np.array(signs)) for signs in itertools.product((1, -1), repeat=2 * size + 1)]
    values = {
        "M": size + 1,
        "P": size,
        r"\varepsilon": epsilon,
        r"\delta": epsilon * max(slopes),
        "u": upstream,
        "y": y,
        r"\theta": x,
        r"\phi/\theta": gradient,
    }
    return Case(values)


@binds("eq-total-error", None)
@binds("eq-best-step", None)
@binds("eq-least-error", None)
@binds("eq-forward-total", None)
@binds("eq-forward-error", None)
def errors(rng: Draw) -> Case:
    """The two errors, and the steps at which they are least."""
    delta, third, second = rng.uniform(0.5, 2, 3)

    def total(h: float) -> float:
        return h**2 / 6 * third + delta / h

    def forward(h: float) -> float:
        return h / 2 * second + 2 * delta / h

    # Where the derivatives are zero, by search, not by the formulas.
    near = [
        root(slope, 0.01, 100)
        for slope in (
            lambda h: h / 3 * third - delta / h**2,
            lambda h: second / 2 - 2 * delta / h**2,
        )
    ]
    steps = (0.1, *(h * factor for h in near for factor in (0.99, 1.01)), 5.0)
    values = {
        "E": total,
        r"\tilde{E}": forward,
        "h_0": near[0],
        "h_1": near[1],
        r"\delta": delta,
        "B": third,
        "B'": second,
    }
    return Case(values, {"h": (-0.5, *steps)}, domain={"h": steps})


@binds("eq-direction", Sequential.backward)
@binds("eq-direction-ratio", None)
def direction(rng: Draw) -> Case:
    """A stack, its gradient by backpropagation, its slope along a direction by complex steps."""
    size = (2, 3, 4)[rng.number]
    layers, functions = stack_of(rng, 3, size)
    model, x, upstream = Sequential(*layers), *rng.standard_normal((2, size))
    model.forward(x[np.newaxis])
    # The input takes the place of the parameters.
    gradient = model.backward(upstream[np.newaxis])[0]
    v = rng.choice([-1.0, 1.0], size)

    def along(h: np.ndarray) -> np.ndarray:
        y = x + h * v
        for function in functions:
            y = function(y)
        return y

    slope = complex_step_gradient(along, np.zeros(1), upstream).item()
    q = slope + (-1) ** rng.number * rng.uniform(0.5, 1)
    values = {
        "P": size,
        "v": v,
        r"L/\theta": gradient,
        r"\phi'": lambda at: slope if at == 0 else np.nan,
        r"\gamma": gradient,
        r"\psi": q,
        "r": abs(q - v @ gradient) / np.linalg.norm(gradient),
    }
    return Case(values)


def directions(size: int) -> np.ndarray:
    """List every row of signs."""
    return np.array(list(itertools.product((1, -1), repeat=size)))


@binds("eq-signs", None)
@binds(
    "eq-direction-error",
    None,
    harmless={
        r"side 1: \sum_{k=0}^{P - 1} v_{s,k} e_{k} -> -\sum_{k=0}^{P - 1} v_{s,k} e_{k}": "squared"
    },
)
def signs(rng: Draw) -> Case:
    """All directions of signs."""
    size = 2 + rng.number
    v = directions(size)
    values = {"P": size, "S": len(v), "v": v, "e": rng.standard_normal(size)}
    return Case(values, {"k": range(size), "k'": range(size)})


@binds(
    "eq-half-miss",
    None,
    harmless={
        r"side 1: \sum_{k=0}^{P - 1} v_{s,k} e_{k} -> -\sum_{k=0}^{P - 1} v_{s,k} e_{k}": "absolute"
    },
)
def half(rng: Draw) -> Case:
    """All directions of signs, and errors of one size."""
    size = 2 + rng.number
    v = directions(size)
    e = rng.uniform(0.5, 1, size) * rng.choice([-1, 1], size)
    values = {"P": size, "S": len(v), "v": v, "e": e, r"\max": max}
    return Case(values, {"s": range(len(v)), "m": range(size)})


@binds("eq-relative-error", relative_error)
def relative(rng: Draw) -> Case:
    """Two gradients that differ in one entry at a time; the largest entry is common to both."""
    a = np.array([5.0, *rng.uniform(0.5, 1, 2), -0.9, -0.04, 0.5])
    b = np.array([5.0, *rng.uniform(-1, -0.5, 2), 0.6, 0.045, 0.25])
    # Some differences are below d, some above, and the last is equal to it.
    d = np.array([0.1, 0.2, 2.5, 1.4, 0.08, 0.25])
    at = [np.arange(6) == k for k in range(6)]
    found = [relative_error(np.where(here, a, b), b, d) for here in at]
    values = {"a": a, "b": b, "d": d, "r": np.array(found), "m": 5.0, r"\max": max, "P": 6}
    return Case(values, {"k": range(6)})
