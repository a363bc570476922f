"""Chapter 6: the loss of probabilities and of logits, entry by entry and as a mean."""

import numpy as np

from book.formulas.binding import Draw, binds, jacobian
from book.formulas.chapters.chapter_05_sigmoid import at, slope
from book.formulas.evaluate import Case
from cnnbook.functions import sigmoid, softplus
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.losses.binary_cross_entropy import (
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
    binary_cross_entropy_gradient,
)


@binds("eq-bernoulli", None)
def bernoulli(rng: Draw) -> Case:
    """Probabilities, and the two targets."""
    return Case({}, {"p": tuple(rng.uniform(0.05, 0.95, 4)), "t": (0.0, 1.0)})


@binds("eq-likelihood", binary_cross_entropy)
@binds("eq-bce", binary_cross_entropy)
@binds("eq-cross-entropy-gap", binary_cross_entropy)
@binds("eq-bce-mean", BinaryCrossEntropy.forward)
@binds("eq-bce-mean-gradient", BinaryCrossEntropy.backward)
@binds("eq-collapse", binary_cross_entropy_from_logits)
@binds("eq-squared-error", sigmoid)
@binds("eq-bce-curvature", binary_cross_entropy_from_logits_gradient)
def answers(rng: Draw) -> Case:
    """Answers and targets between 0 and 1; the losses and all derivatives, by complex steps."""
    size = 4 + rng.number
    z, t = rng.uniform(-2, 2, size), rng.uniform(0.1, 0.9, size)
    p, loss = sigmoid(z), BinaryCrossEntropy()
    values = {"M": size, "z": z, "p": p, "t": t, "s": at(softplus), r"\ln": np.log}
    values["L"] = loss.forward(p, t)
    values["L/p"] = loss.backward()
    values[r"\ell"] = binary_cross_entropy(p, t)
    values["h"] = binary_cross_entropy(t, t)
    values[r"\ell/p"] = jacobian(lambda p: binary_cross_entropy(p, t), p)
    values[r"\ell/z"] = jacobian(lambda z: binary_cross_entropy_from_logits(z, t), z)
    values["p/z"] = jacobian(sigmoid, z)
    values["q/z"] = jacobian(lambda z: (sigmoid(z) - t) ** 2 / 2, z)
    values["g/z"] = jacobian(lambda z: binary_cross_entropy_from_logits_gradient(z, t), z)
    return Case(values, {"m": range(size)})


@binds("eq-bce-logits", binary_cross_entropy_from_logits)
def from_logits(rng: Draw) -> Case:
    """The same, with the losses as the code computes them from the logits."""
    case = answers(rng)
    v = case.values
    v[r"\ell"] = binary_cross_entropy_from_logits(v["z"], v["t"])
    return case


@binds("eq-bce-gradient", binary_cross_entropy_gradient)
def slopes(rng: Draw) -> Case:
    """The same, with the derivative by p as the code has it."""
    case = answers(rng)
    v = case.values
    v[r"\ell/p"] = np.diag(binary_cross_entropy_gradient(v["p"], v["t"]))
    return case


@binds("eq-which-mean", BinaryCrossEntropy.forward)
def batch(rng: Draw) -> Case:
    """Several outputs for each of several samples."""
    samples, outputs = [(4, 2), (2, 3), (3, 5)][rng.number]
    p, t = rng.uniform(0.1, 0.9, (2, samples, outputs))
    values = {"N": samples, "O": outputs, r"\ell": binary_cross_entropy(p, t)}
    return Case({**values, "L": BinaryCrossEntropy().forward(p, t)})


@binds("eq-softplus", softplus)
@binds("eq-softplus-sigmoid", softplus)
@binds("eq-softplus-derivative", softplus)
@binds(
    "eq-near-zero",
    softplus,
    harmless={
        "side 2: z^{4} / 192 -> z^{4}": "a weaker bound is true as well",
        r"side 1: \lvert s(z) - \ln(2) - z / 2 - z^{2} / 8 \rvert -> "
        r"s(z) - \ln(2) - z / 2 - z^{2} / 8": "the parabola lies above the softplus",
    },
)
def logits(rng: Draw) -> Case:
    """Numbers of either sign, small ones and zero among them."""
    z = (0.0, -0.1, 0.1, *rng.uniform(-5, -0.5, 3), *rng.uniform(0.5, 5, 3))
    values = {"s": at(softplus), "s'": slope(softplus), r"\sigma": at(sigmoid)}
    return Case({**values, "e": np.e, r"\ln": np.log, r"\max": max}, {"z": z})


@binds(
    "eq-ln-two",
    binary_cross_entropy,
    harmless={"side 2: 1 - 1 / 2 -> 1 / 2": "one half is as far from 1 as from 0"},
)
def one_half(rng: Draw) -> Case:
    """Targets of every kind, and what the code says of the answer one half."""
    half = np.array([0.5])
    loss = at(lambda t: binary_cross_entropy(half, t))
    return Case({r"\ell": loss, r"\ln": np.log}, {"t": (0.0, *rng.uniform(size=3), 1.0)})
