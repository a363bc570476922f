"""Chapter 7: the same numbers, counted in several ways."""

import numpy as np

from book.formulas.binding import Draw, binds, jacobian
from book.formulas.evaluate import Case
from cnnbook.layers import Reshape

# N, C, H, W, A, B for each draw; no two are equal in all of the draws.
SIZES = ((2, 2, 3, 2, 3, 4), (1, 2, 2, 3, 2, 6), (2, 3, 1, 2, 3, 2))


def flat(x: np.ndarray) -> np.ndarray:
    """Send a batch through the book's layer, to a row for each sample."""
    return Reshape((-1,)).forward(x)


@binds("eq-row-major", Reshape.forward)
@binds("eq-row-major-back", Reshape.forward)
@binds("eq-reshape-local", Reshape.forward)
@binds("eq-one-each", Reshape.forward)
@binds(
    "eq-transposed-row",
    Reshape.forward,
    blind={"distorted": "the rows of both images are distorted, and in the same way"},
)
@binds("eq-vec-permutation", Reshape.forward)
@binds("eq-commutation", Reshape.forward)
def image(rng: Draw) -> Case:
    """One image, not square, its row, and the row of its transpose."""
    height, width = [(2, 3), (4, 2), (3, 4)][rng.number]
    x = rng.standard_normal((height, width))

    def row(x: np.ndarray) -> np.ndarray:
        return flat(x[np.newaxis])[0]

    columns = [row(row(unit).reshape(x.shape).T) for unit in np.eye(x.size)]
    values = {
        "H": height,
        "W": width,
        "X": x,
        "Y": row(x),
        "Y/X": jacobian(row, x),
        "y": row(x),
        "y'": row(x.T),
        "P": np.stack(columns, axis=1),
    }
    return Case(values, dict.fromkeys(("k", "l", "m"), range(x.size)))


@binds("eq-flatten", Reshape.forward)
@binds("eq-fold", Reshape.forward)
@binds("eq-last-position", None)
@binds("eq-unflatten", Reshape.backward)
@binds("eq-reshape-gradient", Reshape.backward)
def batch(rng: Draw) -> Case:
    """A batch of maps, its rows, another folding, and a random upstream gradient sent back."""
    n, c, h, w, a, b = SIZES[rng.number]
    rows = rng.standard_normal((n, c * h * w))
    x = Reshape((c, h, w)).forward(rows)
    layer = Reshape((-1,))
    layer.forward(x)
    upstream = rng.standard_normal(rows.shape)
    values = {
        **dict(zip("NCHWAB", SIZES[rng.number], strict=True)),
        "X": layer.backward(rows),
        "Y": flat(x),
        "Z": Reshape((a, b)).forward(x),
        "Y/X": jacobian(flat, x),
        "L/Y": upstream,
        "L/X": layer.backward(upstream),
    }
    free = {"k": range(c * h * w), "a": range(a), "b": range(b)}
    return Case(values, free)


@binds("eq-strides", Reshape.forward)
def strides(rng: Draw) -> Case:
    """How far apart neighbours along each axis are, where entries say their place before."""
    sizes = rng.permutation([2, 3, 4, 5])
    places = np.arange(sizes.prod()).reshape(sizes[0], -1)
    x = Reshape(tuple(sizes[1:].tolist())).forward(places.astype(float))
    steps = [x[tuple(neighbour)] - x[0, 0, 0, 0] for neighbour in np.eye(4, dtype=int)]
    return Case({"D": sizes, "S": np.array(steps)}, {"r": range(4)})


@binds("eq-permuted-weights", None)
def permuted(rng: Draw) -> Case:
    """A row and weights, and both in another order."""
    size, outputs = [(5, 2), (4, 3), (6, 5)][rng.number]
    y, weights = rng.standard_normal(size), rng.standard_normal((size, outputs))
    order = np.roll(np.arange(size), 1)
    values = {"M": size, "O": outputs, "y": y, "U": weights, "P": np.eye(size)[order]}
    free = {"k": range(size), "o": range(outputs)}
    return Case({**values, "y'": y[order], "V": weights[order]}, free)
