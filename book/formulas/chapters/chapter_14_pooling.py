"""Chapter 14: the largest of every window, its gradient, ties, shifts, and the mean."""

import numpy as np

from book.formulas.binding import Draw, binds, jacobian
from book.formulas.evaluate import Case, Lattice
from cnnbook.layers import (
    max_pool2d,
    max_pool2d_input_gradient,
    mean_pool2d,
    mean_pool2d_input_gradient,
)
from cnnbook.layers.geometry import Geometry, collect
from cnnbook.layers.pooling import pool_windows

# Sizes for each draw: windows that overlap, side by side, with gaps between them.
LAYERS = (
    {"N": 1, "C": 3, "H": 8, "W": 7, "K_H": 3, "K_W": 3, "S_H": 2, "S_W": 1},
    {"N": 2, "C": 1, "H": 6, "W": 9, "K_H": 2, "K_W": 4, "S_H": 2, "S_W": 3},
    {"N": 3, "C": 2, "H": 10, "W": 5, "K_H": 4, "K_W": 2, "S_H": 3, "S_W": 2},
)
PADDINGS = ((0, 1), (1, 2), (2, 0))


def switches(
    x: np.ndarray,
    shape: tuple[int, ...],
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
) -> list[np.ndarray]:
    """Find the row and the column to which each output's gradient goes, by the code."""
    found = [np.zeros(shape, int), np.zeros(shape, int)]
    for i, j in np.ndindex(shape[2:]):
        upstream = np.zeros(shape)
        upstream[:, :, i, j] = 1
        gradient = max_pool2d_input_gradient(x, upstream, size, stride=stride, padding=padding)
        places = np.argmax(gradient.reshape(*shape[:2], -1), axis=2)
        for numbers, at in zip(found, np.unravel_index(places, x.shape[2:]), strict=True):
            numbers[:, :, i, j] = at
    return found


@binds("eq-max-frame", pool_windows)
@binds("eq-max-pool", max_pool2d)
@binds("eq-switch", max_pool2d_input_gradient)
@binds("eq-max-gradient", max_pool2d_input_gradient)
@binds("eq-max-gradient-sum", max_pool2d_input_gradient)
def largest(rng: Draw) -> Case:
    """A batch of maps, the maxima, their places, and a random upstream gradient."""
    s = dict(LAYERS[rng.number])
    s["P_H"], s["P_W"] = padding = PADDINGS[rng.number]
    x = rng.standard_normal((s["N"], s["C"], s["H"], s["W"])) - 3
    size, stride = (s["K_H"], s["K_W"]), (s["S_H"], s["S_W"])
    y = max_pool2d(x, size, stride=stride, padding=padding)
    g = rng.standard_normal(y.shape)
    s["H'"], s["W'"] = y.shape[2:]
    rows, columns = switches(x, y.shape, size, stride, padding)
    framed = pool_windows(x, Geometry((1, 1), (1, 1), padding), border=-np.inf)[..., 0, 0]
    return Case(
        {
            "X": x,
            r"\tilde{X}": framed,
            "Y": y,
            "A": rows,
            "B": columns,
            "L/Y": g,
            "L/X": max_pool2d_input_gradient(x, g, size, stride=stride, padding=padding),
            **s,
        }
    )


@binds("eq-max-jacobian", max_pool2d)
def derivatives(rng: Draw) -> Case:
    """One map, the place of every maximum, and all derivatives, by complex steps."""
    s = LAYERS[rng.number]
    x = rng.standard_normal((1, 1, s["H"], s["W"]))
    size, stride = (s["K_H"], s["K_W"]), (s["S_H"], s["S_W"])
    y = max_pool2d(x, size, stride=stride)
    rows, columns = switches(x, y.shape, size, stride)
    values = {name: s[name] for name in ("H", "W")}
    values["H'"], values["W'"] = y.shape[2:]
    slopes = jacobian(lambda x: max_pool2d(x, size, stride=stride), x)[0, 0, :, :, 0, 0]
    return Case({"Y/X": slopes, "A": rows[0, 0], "B": columns[0, 0], **values})


def tied(rng: Draw) -> tuple[np.ndarray, int]:
    """Return a window whose first few numbers share the maximum, and how many they are."""
    m, size = 2 + rng.number, 6
    x = rng.uniform(1, 4, size)
    x[:m] = 5.0
    return x, m


def largest_of(window: np.ndarray) -> float:
    """Return the maximum of one window, by the code."""
    return max_pool2d(window.reshape(1, 1, 1, -1), (1, len(window))).item()


@binds("eq-along", max_pool2d)
def walk(rng: Draw) -> Case:
    """A window and a direction, in which at last the last number leads."""
    x, d = rng.standard_normal((2, 4 + rng.number))
    d[-1], d[0] = 3.0, -3.0
    values = {"x": x, "d": d, "M": len(x), "y": lambda h: largest_of(x + h * d)}
    return Case(values, {"h": (-9.0, 0.0, 0.3, 9.0)})


# Rates of the tied numbers, and of the first that is not: the fastest is the first or the last of
# the tied, and so is the slowest; what is not tied is faster or slower than all of them.
RATES = ((0.7, -0.4, 1.5), (-0.8, 0.1, 0.9, -1.5), (0.6, 0.2, -0.3, -0.5, 1.5))


@binds("eq-max-directional", max_pool2d)
@binds("eq-tied-quotient", max_pool2d)
def along(rng: Draw) -> Case:
    """A window with a tie, a direction, and the maximum along it."""
    x, m = tied(rng)
    d = np.zeros(len(x))
    d[: m + 1] = RATES[rng.number]
    steps = (0.01, 0.125, 0.25)
    values = {"d": d, "m": m, "h_0": steps[-1], "y": lambda h: largest_of(x + h * d)}
    return Case(values, {"h": (-0.5, 0.0, *steps, 50.0)}, domain={"h": steps})


GREATER = "the greater side becomes greater"
LESS = "the lesser side becomes less"
OUTPUTS = r"\sum_{i=0}^{W' - 1} (y_{i} - y'_{i})^{2}"
PIXELS = r"\sum_{q=0}^{W - 1} (x_{q} - x'_{q})^{2}"
UNTIED = "the numbers that are not tied have no weight"


@binds(
    "eq-max-subgradient",
    max_pool2d,
    harmless={
        r"side 1: 1 -> 2": UNTIED,
        r"side 1: \sum_{s=0}^{M - 1} -> \sum_{s=0}^{M - 1 - 1}": UNTIED,
    },
)
def below(rng: Draw) -> Case:
    """The same window, a weighted mean of the tied places, and the window moved."""
    x, m = tied(rng)
    x -= (0, 10, 0)[rng.number]
    g = np.zeros(len(x))
    g[:m] = rng.dirichlet(np.ones(m))
    z = x + (-0.25, 0.25, -0.5)[rng.number]
    return Case({"x": x, "z": z, "g": g, "y": x.max(), "y'": largest_of(z), "M": len(x)})


@binds(
    "eq-max-lipschitz",
    max_pool2d,
    harmless={
        r"side 1: \lvert y - y' \rvert -> y - y'": LESS,
    },
)
def two_windows(rng: Draw) -> Case:
    """A window, and the same with its largest number changed, or with all of them changed."""
    x, z = np.full((2, 5), 0.1)
    z[:] = -0.1
    if rng.number < 2:
        at = (0, -1)[rng.number]
        x[:] = z[:] = rng.uniform(1, 5, 5)
        x[at], z[at] = ((9.0, 8.5), (8.5, 9.0))[rng.number]
    return Case({"x": x, "z": z, "y": largest_of(x), "y'": z.max(), "M": len(x)})


def two_rows(x: np.ndarray, other: np.ndarray, kernel: int, stride: int) -> Case:
    """Two rows, the windows of the second, and the greatest number of windows over a pixel."""
    width, geometry = len(x), Geometry((1, kernel), (1, stride), (0, 0))
    windows = [other[at : at + kernel] for at in range(0, width - kernel + 1, stride)]
    columns = np.ones((1, kernel, len(windows)))
    m = int(collect(columns, (1, 1, 1, width), geometry).max())
    values = {"x": x, "x'": other, r"\mu": m, "K_W": kernel, "W": width, "W'": len(windows)}
    return Case({**values, "windows": windows})


@binds(
    "eq-max-norm",
    max_pool2d,
    harmless={
        r"side 1: 0 -> 1": LESS,
        r"side 1: 1 -> 2": LESS,
        r"side 1: W' - 1 -> 1": LESS,
        r"side 1: W' -> K_W": LESS,
        r"side 1: W' -> \mu": LESS,
        f"side 1: {OUTPUTS} -> -{OUTPUTS}": LESS,
        r"side 1: \sum_{i=0}^{W' - 1} -> \sum_{i=0 + 1}^{W' - 1}": LESS,
        r"side 1: \sum_{i=0}^{W' - 1} -> \sum_{i=0}^{W' - 1 - 1}": LESS,
        r"side 2: \mu -> K_W": GREATER,
        r"side 2: \mu -> W": GREATER,
        r"side 2: \mu -> W'": GREATER,
        r"side 2: x_{q} - x'_{q} -> x'_{q}": GREATER,
        r"side 2: x_{q} - x'_{q} -> x_{q}": GREATER,
        r"side 2: x_{q} - x'_{q} -> x_{q} + x'_{q}": GREATER,
    },
)
def tower(rng: Draw) -> Case:
    """A row with one large number, and the same with that number changed: all windows follow."""
    width, kernel, stride, at, change = (
        (9, 3, 2, 2, 0.5),
        (12, 3, 3, 0, 2.0),
        (12, 3, 3, 11, 0.5),
    )[rng.number]
    x = rng.uniform(1, 5, width)
    x[at] = 20.0
    other = x.copy()
    other[at] -= change
    case = two_rows(x, other, kernel, stride)
    y = max_pool2d(x.reshape(1, 1, 1, -1), (1, kernel), stride=(1, stride))[0, 0, 0]
    case.values.update({"y": y, "y'": np.array([w.max() for w in case.values.pop("windows")])})
    return case


@binds(
    "eq-mean-norm",
    mean_pool2d,
    harmless={
        r"side 1: 0 -> 1": LESS,
        r"side 1: 1 -> 2": LESS,
        r"side 1: W' - 1 -> 1": LESS,
        r"side 1: W' -> \mu": LESS,
        f"side 1: {OUTPUTS} -> -{OUTPUTS}": LESS,
        r"side 1: \sum_{i=0}^{W' - 1} -> \sum_{i=0 + 1}^{W' - 1}": LESS,
        r"side 1: \sum_{i=0}^{W' - 1} -> \sum_{i=0}^{W' - 1 - 1}": LESS,
        r"side 2: K_W -> \mu": GREATER,
        r"side 2: \mu -> K_W": GREATER,
        r"side 2: \mu -> W": GREATER,
        r"side 2: \mu -> W'": GREATER,
        r"side 2: \mu / K_W -> K_W / \mu": GREATER,
        r"side 2: \mu / K_W -> \mu": GREATER,
        rf"side 2: \mu / K_W {PIXELS} -> {PIXELS}": GREATER,
        r"side 2: x_{q} - x'_{q} -> x'_{q}": GREATER,
        r"side 2: x_{q} - x'_{q} -> x_{q}": GREATER,
        r"side 2: x_{q} - x'_{q} -> x_{q} + x'_{q}": GREATER,
    },
)
def raised(rng: Draw) -> Case:
    """A row, and the same with every number changed alike: all means follow."""
    width, kernel, stride, change = ((12, 2, 2, 0.5), (12, 4, 4, 2.0), (10, 4, 2, 0.5))[rng.number]
    x = rng.integers(1, 9, width) + 0.0  # so that halves and quarters are exact
    case = two_rows(x, x - change, kernel, stride)
    y = mean_pool2d(x.reshape(1, 1, 1, -1), (1, kernel), stride=(1, stride))[0, 0, 0]
    case.values.update({"y": y, "y'": np.array([w.mean() for w in case.values.pop("windows")])})
    return case


@binds("eq-max-shift", max_pool2d)
def moved(rng: Draw) -> Case:
    """An endless row and the same moved by the stride, and what the layer answers to both."""
    stride, kernel = ((2, 3), (3, 2), (2, 2))[rng.number]
    x = rng.uniform(1, 2, 5)

    def answers(at: int) -> Lattice:
        wide = np.zeros(12 * stride)
        start = 4 * stride + at
        wide[start : start + len(x)] = x
        y = max_pool2d(wide.reshape(1, 1, 1, -1), (1, kernel), stride=(1, stride))[0, 0, 0]
        return Lattice(y, (-4,))

    return Case(
        {
            "x": Lattice(x, (0,)),
            "x'": Lattice(x, (stride,)),
            "y": answers(0),
            "y'": answers(stride),
            "K_W": kernel,
            "S": stride,
        },
        {"i": range(-2, 5)},
    )


@binds("eq-spot-stays", max_pool2d, blind={"distorted": "what is equal stays equal"})
def spots(rng: Draw) -> Case:
    """Whether the maxima of a row with a single bright pixel are the same after a shift."""
    stride, width = 2 + rng.number, 12
    rows = np.eye(width + stride).reshape(-1, 1, 1, width + stride)
    y = max_pool2d(rows, (1, stride))[:, 0, 0]
    stays = [[int((y[q] == y[q + t]).all()) for t in range(stride)] for q in range(width)]
    return Case({"c": np.array(stays), "W": width, "S": stride}, {"t": range(stride)})


@binds("eq-mean-pool", mean_pool2d)
@binds("eq-mean-gradient", mean_pool2d_input_gradient)
def means(rng: Draw) -> Case:
    """A batch of maps, the means, and a random upstream gradient."""
    s = dict(LAYERS[rng.number])
    x = rng.standard_normal((s["N"], s["C"], s["H"], s["W"]))
    size, stride = (s["K_H"], s["K_W"]), (s["S_H"], s["S_W"])
    y = mean_pool2d(x, size, stride=stride)
    g = rng.standard_normal(y.shape)
    s["H'"], s["W'"] = y.shape[2:]
    back = mean_pool2d_input_gradient(g, x.shape[2:], size, stride=stride)
    return Case({"X": x, "Y": y, "L/Y": g, "L/X": back, **s})


@binds(
    "eq-mean-kernel",
    mean_pool2d,
    harmless={"side 1: K_{f,c,u,v} -> K_{c,f,u,v}": "a channel gives to itself alone"},
)
def kernel_of_the_mean(rng: Draw) -> Case:
    """The weight of every pixel in the first output of every map."""
    s = LAYERS[rng.number]
    channels, size = 2 + rng.number, (s["K_H"], s["K_W"])
    units = np.eye(channels * size[0] * size[1]).reshape(-1, channels, *size)
    weights = mean_pool2d(units, size)[:, :, 0, 0].T.reshape(channels, channels, *size)
    return Case(
        {"K": weights, "F": channels, "C": channels, "K_H": size[0], "K_W": size[1]},
    )
