"""Chapter 18: what a count says, places between pixels, means of parameters and of answers."""

import itertools

import numpy as np

from book.formulas.binding import Draw, binds
from book.formulas.evaluate import Case, Steps
from cnnbook.augmentation import between_pixels, turned_places
from cnnbook.averaging import RunningMean, vote
from cnnbook.counting import wilson_interval
from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD

# Errors, images and z of each draw.
COUNTS = ((1, 7, 1.5), (3, 8, 2.0), (2, 11, 0.7))


@binds("eq-wilson", wilson_interval)
def interval(rng: Draw) -> Case:
    """A count, and both ends of the code's interval."""
    errors, images, z = COUNTS[rng.number]
    low, high = wilson_interval(errors, images, z)
    return Case({"s": errors / images, r"\delta": z**2 / images, "r_0": low, "r_1": high})


@binds("eq-score", wilson_interval)
@binds("eq-score-quadratic", wilson_interval)
def ends(rng: Draw) -> Case:
    """The lower end, the upper end, and the lower end of another count."""
    errors, images, z = COUNTS[rng.number]
    r = wilson_interval(errors, images, z)[rng.number % 2]
    values = {"c": errors, "N": images, "z": z, "r": r}
    return Case({**values, "s": errors / images, r"\delta": z**2 / images})


@binds("eq-pair-spread", None)
def pairs(rng: Draw) -> Case:
    """Two networks: which images each of them misreads."""
    samples = (7, 9, 11)[rng.number]
    first, second = (np.arange(samples) % 3 == 0), np.arange(samples) % 7 == 1
    d = first.astype(int) - second
    values = {"N": samples, "d": d, r"\bar{d}": d.mean()}
    return Case({**values, "m": int(first.sum()), "m'": int(second.sum())})


@binds("eq-turned-place", turned_places)
def places(rng: Draw) -> Case:
    """One image, rotated and moved."""
    height, width = ((3, 4), (5, 2), (4, 5))[rng.number]
    degrees, moves = rng.uniform(20, 70, 1), np.array([[1 + rng.number, -2]])
    rows, columns = turned_places((height, width), degrees, moves)
    values = {
        "H": height,
        "W": width,
        "y": rows[0],
        "x": columns[0],
        "s": int(moves[0, 0]),
        "t": int(moves[0, 1]),
        r"\bar{p}": (height - 1) / 2,
        r"\bar{q}": (width - 1) / 2,
        r"\alpha": float(np.radians(degrees[0])),
        r"\cos": np.cos,
        r"\sin": np.sin,
    }
    return Case(values)


@binds("eq-bilinear", between_pixels)
def between(rng: Draw) -> Case:
    """An image, and what the code reads between its pixels."""
    height, width = ((3, 4), (4, 3), (2, 5))[rng.number]
    x = rng.uniform(1, 2, (height, width))

    def read(row: float, column: float) -> float:
        found = between_pixels(x[None, None], np.full((1, 1, 1), row), np.full((1, 1, 1), column))
        return float(found.item())

    ranges: dict[str, Steps] = {"p": range(height - 1), "q": range(width - 1)}
    ranges |= {"a": (0.0, 0.3), "b": (0.25, 0.6)}
    return Case({"X": x, r"\psi": read, "H": height, "W": width}, ranges)


@binds("eq-running-mean", RunningMean.update)
@binds("eq-mean-weights", RunningMean.update)
def followed(rng: Draw) -> Case:
    """A parameter on its way, and the code's mean of it."""
    steps, keep = 3 + rng.number, float(rng.uniform(0.4, 0.8))
    way = rng.uniform(1, 2, steps + 1)
    w = Parameter("w", way[:1].copy())
    mean, means = RunningMean([w], keep), [way[0]]
    for value in way[1:]:
        w.value[...] = value
        mean.update()
        means.append(mean.values[0].item())
    values = {"w": way, "m": np.array(means), r"\beta": keep, "M": steps}
    return Case(values, {"s": range(1, steps + 1)})


@binds("eq-mean-noise", None)
def kept_noise(rng: Draw) -> Case:
    return Case({r"\beta": float(rng.uniform(0.5, 0.7)), "M": 2 + rng.number})


@binds("eq-noisy-step", SGD.step)
@binds("eq-way-mean", SGD.step)
def noisy(rng: Draw) -> Case:
    """Steps of the code on a parabola, with a gradient that is off by some noise."""
    steps, a, eta = 3 + rng.number, rng.uniform(0.5, 2), rng.uniform(0.1, 0.4)
    noise, w = rng.uniform(0.5, 1.5, steps), Parameter("w", rng.uniform(2, 3, 1))
    way = [w.value.item()]
    for each in noise:
        w.gradient = a * w.value + each
        SGD([w], eta).step()
        way.append(w.value.item())
    values = {"w": np.array(way), r"\zeta": noise, "a": a, r"\eta": eta, "M": steps}
    return Case(values, {"s": range(steps)})


@binds("eq-vote", vote)
def voters(rng: Draw) -> Case:
    networks, samples, classes = ((3, 2, 4), (2, 3, 3), (4, 2, 5))[rng.number]
    z = rng.uniform(-1, 2, (networks, samples, classes))
    values = {"z": z, "p": vote(z), "M": networks, "N": samples, "K": classes, "e": np.e}
    return Case(values)


@binds("eq-vote-loss", None)
def right_digit(rng: Draw) -> Case:
    """What each of some networks says of the right digit, and their mean."""
    p = rng.uniform(0.1, 0.9, 2 + rng.number)
    return Case({"p": p, r"\bar{p}": float(p.mean()), "M": len(p), r"\ln": np.log})


@binds("eq-majority", None)
def majority(rng: Draw) -> Case:
    """All outcomes of five networks, each with its probability."""
    r, wrong = float(rng.uniform(0.2, 0.6)), 0.0
    for errors in itertools.product((0, 1), repeat=5):
        if sum(errors) >= 3:
            wrong += float(np.prod([r if error else 1 - r for error in errors]))
    return Case({"r": r, "v": wrong})
