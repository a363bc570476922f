"""Chapter 19: spacing, one rounding, sums, steps that are lost, and rounding at random."""

import math
from typing import Any

import numpy as np

from book.formulas.binding import Draw, binds
from book.formulas.evaluate import Case
from cnnbook.layers import Parameter
from cnnbook.layers.dense import dense_weight_gradient
from cnnbook.optimizers import SGD
from cnnbook.rounding import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    Format,
    round_stochastically,
    round_to_nearest,
    spacing,
    sum_in_order,
    sum_in_pairs,
)

Array = np.ndarray[Any, Any]
GREATER = "a greater bound holds as well"
LESS = "what is less is below the bound as well"


def nearest(x: float, form: Format) -> float:
    """Round one number."""
    return round_to_nearest(np.array([x]), form).item()


@binds("eq-spacing", spacing)
def ulp(rng: Draw) -> Case:
    """A number somewhere between two powers of 2."""
    form, e = ((FLOAT16, 5), (BFLOAT16, 3), (FLOAT16, 2))[rng.number]
    x = 2.0**e * rng.uniform(1, 2)
    h = spacing(np.array([x]), form).item()
    # Compared in units that are not small.
    return Case({"e": e + 12, "p": form.digits, "h": h * 2.0**12})


@binds("eq-unit", spacing)
def unit(rng: Draw) -> Case:
    """Half the spacing at 1."""
    form = Format(2 + rng.number, -5, 5)
    half = spacing(np.ones(1), form).item() / 2
    return Case({"p": form.digits, r"\varepsilon": half})


@binds(
    "eq-rounding-error",
    round_to_nearest,
    harmless={
        r"side 1: \lvert \rho(x) - x \rvert -> \rho(x) - x": LESS,
        r"side 1: \rho(x) -> x": LESS,
        r"side 4: \lvert x \rvert \varepsilon -> \lvert x \rvert": GREATER,
        r"side 4: \lvert x \rvert -> x": "the number is positive",
    },
)
def one_rounding(rng: Draw) -> Case:
    """A number halfway between two, just above a power of 2, where all four sides are near."""
    form, e = FLOAT32, 30 + rng.number
    h = 2.0 ** (e - 23)
    x = 2.0**e + h / 2
    return Case(
        {"x": x, "e": e, "h": h, r"\varepsilon": form.unit, r"\rho": lambda one: nearest(one, form)}
    )


@binds("eq-standard-model", round_to_nearest)
def model(rng: Draw) -> Case:
    """Two numbers of a small format, and their sum, rounded by hand."""
    form = Format(3, -4, 6)
    x, y, right = ((5.0, 0.875, 6.0), (1.25, 0.375, 1.5), (3.5, 0.75, 4.0))[rng.number]
    delta = right / (x + y) - 1
    return Case({"x": x, "y": y, r"\delta": delta, r"\rho": lambda one: nearest(one, form)})


@binds(
    "eq-sterbenz",
    round_to_nearest,
    harmless={r"side 1: \rho(x - y) -> x - y": "that it is the same is what the lemma says"},
)
def sterbenz(rng: Draw) -> Case:
    """Numbers of a format around one of them: the near ones, and others beyond."""
    form = Format(4, -3, 8)
    y = (13.0, 11.0, 15.0)[rng.number]
    line = np.unique(round_to_nearest(np.arange(0.5, 80, 0.125), form))
    near = tuple(float(x) for x in line if y / 2 <= x <= 2 * y)
    values = {"y": y, r"\rho": lambda one: nearest(one, form)}
    return Case(values, {"x": tuple(line.tolist())}, domain={"x": near})


@binds("eq-sum-errors", sum_in_order)
def running(rng: Draw) -> Case:
    """Running totals of the code, the exact ones, and what each addition was off by."""
    x = (100 * rng.random(6)).astype(np.float16)
    total = [float(sum_in_order(x[: s + 1])) for s in range(len(x))]
    exact = np.cumsum(x.astype(np.float64))
    due = [0.0, *(before + float(term) for before, term in zip(total, x[1:], strict=False))]
    delta = [0.0, *(found / right - 1 for found, right in zip(total[1:], due[1:], strict=True))]
    return Case(
        {
            r"\hat{S}": np.array(total),
            "S": exact,
            "x": x.astype(np.float64),
            r"\delta": np.array(delta),
            "m": len(x),
        }
    )


BRACKET = r"(1 + \varepsilon)^{l} - 1"


@binds(
    "eq-bound-of-sum",
    sum_in_pairs,
    harmless={
        r"side 1: \lvert \hat{S} - S \rvert -> \hat{S} - S": LESS,
        rf"side 2: ({BRACKET}) \sum_{{s=0}}^{{m - 1}} \lvert x_{{s}} \rvert "
        r"-> \sum_{s=0}^{m - 1} \lvert x_{s} \rvert": GREATER,
        rf"side 2: {BRACKET} -> (1 + \varepsilon)^{{l}} + 1": GREATER,
        rf"side 2: {BRACKET} -> (1 + \varepsilon)^{{l}}": GREATER,
        rf"side 2: {BRACKET} -> 1": GREATER,
        "side 2: 1 -> 2": GREATER,
        "side 2: l -> m": GREATER,
    },
)
def bound(rng: Draw) -> Case:
    """Numbers of which an addition loses half a spacing, 8 beside 2^14; and negative ones."""
    numbers = ([2.0**14, 8, 8, 0], [8, 2.0**14], [-8, 0, 0, -(2.0**14)])[rng.number]
    x = np.array(numbers, np.float16)
    return Case(
        {
            r"\hat{S}": float(sum_in_pairs(x)),
            "S": sum(numbers),
            "x": np.array(numbers),
            "m": len(x),
            "l": math.ceil(math.log2(len(x))),
            r"\varepsilon": FLOAT16.unit,
        }
    )


@binds(
    "eq-lost",
    round_to_nearest,
    harmless={
        r"side 1: w - \eta g -> w + \eta g": "it is lost on either side",
        r"side 1: w - \eta g -> w": "a number of the format stays",
    },
)
def lost(rng: Draw) -> Case:
    """Gradients whose step ends within half a spacing of the weight, and others."""
    form, eta = BFLOAT16, (0.5, 0.25, 2.0)[rng.number]
    w = (300.0, 420.0, 700.0)[rng.number]
    h = spacing(np.array([w]), form).item()
    shares = (-1.5, -1.1, -0.9, -0.3, 0.2, 0.95, 1.2, 1.6)
    g = tuple(share * h / (2 * eta) for share in shares)
    values = {"w": w, "h": h, r"\eta": eta, r"\rho": lambda one: nearest(one, form)}
    return Case(values, {"g": g}, domain={"g": g[2:6]})


class Evenly(np.random.Generator):
    """A generator that gives equally spaced numbers, each once."""

    def random(self, size: Any) -> Array:  # type: ignore[override]
        """Give as many numbers as there are places, from 0 up to 1."""
        return np.arange(math.prod(size)).reshape(size) / math.prod(size)


@binds("eq-up-probability", round_stochastically)
@binds("eq-mean-of-roundings", round_stochastically)
@binds("eq-rounding-variance", round_stochastically)
def at_random(rng: Draw) -> Case:
    """A number rounded with every one of 4096 draws: the share of those that go up."""
    x = 300 + (0.5, 1.25, 3.75)[rng.number]
    found = round_stochastically(np.full(4096, x), BFLOAT16, Evenly(np.random.PCG64(0)))
    h = spacing(np.array([x]), BFLOAT16).item()
    a = h * math.floor(x / h)
    return Case({"x": x, "a": a, "h": h, r"\pi": float(np.mean(found > x))})


@binds("eq-loss-scaling", dense_weight_gradient)
def scaled(rng: Draw) -> Case:
    """Weight gradients of an upstream gradient, and of the same made larger."""
    samples, inputs, outputs, scale = 3, 4 + rng.number, 3, 2.0 ** (1 + rng.number)
    x, upstream = rng.standard_normal((samples, inputs)), rng.standard_normal((samples, outputs))
    return Case(
        {
            "L/W": dense_weight_gradient(x, upstream),
            "L'/W": dense_weight_gradient(x, scale * upstream),
            r"\alpha": scale,
            "D": inputs,
            "O": outputs,
        },
        {"d": range(inputs), "o": range(outputs)},
    )


@binds("eq-bits-left", None)
def bits(rng: Draw) -> Case:
    """Two runs of the code on a parabola, and the bits of their distance."""
    a, eta, steps = rng.uniform(3, 5), rng.uniform(0.6, 0.9), 5
    runs = [Parameter("w", np.array([start])) for start in (1.0, 1.0 + 2.0**-20)]
    left = []
    for _ in range(steps):
        left.append(-math.log2(abs(runs[0].value.item() - runs[1].value.item())))
        for w in runs:
            w.gradient = a * w.value
            SGD([w], eta).step()
    return Case(
        {"b": np.array(left), "a": a, r"\eta": eta, r"\ln": math.log, "M": steps - 1},
        {"m": range(steps)},
        tolerance=1e-8,
    )


@binds("eq-two-variances", None)
def variances(rng: Draw) -> Case:
    """Some numbers and their mean."""
    x = rng.uniform(1, 3, 4 + rng.number)
    return Case({"x": x, "m": len(x), r"\bar{x}": float(x.mean())})
