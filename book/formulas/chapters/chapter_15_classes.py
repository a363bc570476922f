"""Chapter 15: softmax, its Jacobian, categorical cross-entropy, log-sum-exp and temperature."""

from typing import Any

import numpy as np

from book.formulas.binding import Draw, binds, jacobian
from book.formulas.chapters.chapter_05_sigmoid import at
from book.formulas.evaluate import Case
from cnnbook.functions import log_softmax, sigmoid, softmax
from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers.activations import softmax_gradient
from cnnbook.layers.dense import dense
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.losses.binary_cross_entropy import binary_cross_entropy_from_logits
from cnnbook.losses.categorical_cross_entropy import (
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
    categorical_cross_entropy_from_logits_gradient,
    categorical_cross_entropy_gradient,
)

CLASSES = (4, 3, 5)
LESS = "the lesser side becomes less"
GREATER = "the greater side becomes greater"
NOTHING = "nothing is its own opposite"


def log_sum_exp(z: np.ndarray) -> Any:
    """Return what the code subtracts from the logits."""
    return (z - log_softmax(z))[0]


def logits(rng: Draw) -> dict[str, Any]:
    """Logits of one image, what the code answers, and its log-sum-exp."""
    z = rng.uniform(-2, 2, CLASSES[rng.number])
    return {
        "K": len(z),
        "z": z,
        "p": softmax(z),
        r"\psi": float(log_sum_exp(z)),
        "e": np.e,
        r"\ln": np.log,
    }


@binds("eq-class-log-odds", softmax)
@binds("eq-softmax", softmax)
@binds("eq-softmax-shift", softmax)
@binds("eq-log-softmax", log_softmax)
@binds("eq-lse-shift", log_softmax)
def one_image(rng: Draw) -> Case:
    """The logits, the answers, and a number to add."""
    return Case({**logits(rng), "a": rng.uniform(0.5, 2)})


@binds("eq-only-one", sigmoid)
def independent(rng: Draw) -> Case:
    """A sigmoid for each class, and the probability that it alone says yes."""
    values = logits(rng)
    s = sigmoid(values["z"])
    alone = [s[k] * np.prod(np.delete(1 - s, k)) for k in range(len(s))]
    return Case({**values, "s": s, "r": np.array(alone)})


@binds("eq-entropy-gap", softmax)
def others(rng: Draw) -> Case:
    """Other probabilities than those of the code."""
    values = logits(rng)
    return Case({**values, "q": rng.dirichlet(np.full(CLASSES[rng.number], 3.0))})


@binds(
    "eq-gibbs",
    softmax,
    harmless={
        r"side 1: p_{k} / q_{k} -> p_{k}": LESS,
        r"side 2: \sum_{k=0}^{K - 1} q_{k} (p_{k} / q_{k} - 1) -> "
        r"-\sum_{k=0}^{K - 1} q_{k} (p_{k} / q_{k} - 1)": NOTHING,
    },
)
def two_answers(rng: Draw) -> Case:
    """Two answers, at first the same one, then nearly the same."""
    moved = ([0.0, 0.0, 0.0, 0.0], [-0.1, 0.1, 0.0], [0.1, 0.0, 0.0, 0.0, -0.1])[rng.number]
    z = np.zeros(4) if rng.number == 0 else rng.uniform(-2, 2, len(moved))
    q = np.full(4, 0.25) if rng.number == 0 else np.exp(z) / np.exp(z).sum()
    values = {"K": len(z), "p": softmax(z + np.array(moved)), "q": q}
    return Case({**values, r"\ln": np.log})


@binds("eq-redundant-column", dense)
def columns(rng: Draw) -> Case:
    """A last layer, and a number for every row of its weights."""
    n, d, k = ((2, 4, 3), (3, 2, 4), (4, 3, 2))[rng.number]
    x, w = rng.standard_normal((n, d)), rng.standard_normal((d, k))
    b, v = rng.standard_normal(k), rng.standard_normal(d)
    return Case({"N": n, "D": d, "K": k, "X": x, "W": w, "b": b, "v": v, "Z": dense(x, w, b)})


@binds("eq-two-classes", sigmoid)
def two(rng: Draw) -> Case:
    """Two logits."""
    low, high = rng.uniform(-2, -0.5), rng.uniform(0.5, 2)
    return Case({"z_0": low, "z_1": high, "e": np.e, r"\sigma": at(sigmoid)})


@binds("eq-cce", categorical_cross_entropy)
@binds("eq-cce-gradient", categorical_cross_entropy_gradient)
@binds("eq-cce-collapse", categorical_cross_entropy_from_logits_gradient)
@binds("eq-cce-gradient-sum", categorical_cross_entropy_from_logits_gradient)
@binds("eq-cce-curvature", categorical_cross_entropy_from_logits_gradient)
def targets(rng: Draw) -> Case:
    """A target of shares; the loss and all derivatives, as the code has them."""
    values = logits(rng)
    z, p = values["z"], values["p"]
    t, v = rng.dirichlet(np.full(len(z), 3.0)), rng.uniform(1, 3, len(z))
    values[r"\ell"] = float(categorical_cross_entropy(p, t))
    values[r"\ell/p"] = categorical_cross_entropy_gradient(p, t)
    values[r"\ell/z"] = categorical_cross_entropy_from_logits_gradient(z, t)
    values["p/z"] = jacobian(softmax, z)
    values["g/z"] = jacobian(lambda z: categorical_cross_entropy_from_logits_gradient(z, t), z)
    return Case({**values, "t": t, "v": v, r"\bar{v}": float(p @ v)})


@binds("eq-cce-logits", categorical_cross_entropy_from_logits)
def from_logits(rng: Draw) -> Case:
    """The same, with the loss as the code computes it from the logits."""
    case = targets(rng)
    v = case.values
    v[r"\ell"] = float(categorical_cross_entropy_from_logits(v["z"], v["t"]))
    return case


@binds("eq-cce-mean", CategoricalCrossEntropy.forward)
@binds("eq-cce-mean-gradient", CategoricalCrossEntropy.backward)
def batch(rng: Draw) -> Case:
    """Several images."""
    n, k = ((2, 4), (4, 3), (3, 5))[rng.number]
    z, t = rng.uniform(-2, 2, (n, k)), rng.dirichlet(np.full(k, 3.0), n)
    loss = CategoricalCrossEntropy(from_logits=True)
    values = {"N": n, "K": k, "L": loss.forward(z, t), "L/z": loss.backward()}
    values[r"\ell"] = categorical_cross_entropy_from_logits(z, t)
    return Case({**values, "p": softmax(z), "t": t})


@binds("eq-sigmoids-split", binary_cross_entropy_from_logits)
def ten_sigmoids(rng: Draw) -> Case:
    """A class, what softmax loses, what sigmoids lose, and how likely one yes is."""
    case = independent(rng)
    v = case.values
    t = np.eye(v["K"])[rng.number]
    v[r"\ell"] = float(categorical_cross_entropy_from_logits(v["z"], t))
    v[r"\ell'"] = binary_cross_entropy_from_logits(v["z"], t)
    v["R"] = float(v["r"].sum())
    return case


@binds("eq-softmax-jacobian", softmax)
@binds(
    "eq-jacobian-null",
    softmax,
    harmless={
        r"side 1: \sum_{l=0}^{K - 1} \grad{p_{k}}{z_{l}} -> "
        r"-\sum_{l=0}^{K - 1} \grad{p_{k}}{z_{l}}": NOTHING,
        r"side 2: p_{k} \sum_{l=0}^{K - 1} p_{l} -> p_{k}": "the answers add up to 1",
    },
)
@binds("eq-softmax-gradient", softmax_gradient)
def slopes(rng: Draw) -> Case:
    """All derivatives of the answers, by complex steps, and an upstream gradient."""
    values = logits(rng)
    values["p/z"] = jacobian(softmax, values["z"])
    values["L/p"] = g = rng.uniform(1, 3, values["K"])
    return Case({**values, "L/z": softmax_gradient(values["p"], g)})


@binds(
    "eq-lse-bounds",
    log_softmax,
    harmless={
        r"side 1: \max_{k=0}^{K - 1} -> \max_{k=0 + 1}^{K - 1}": LESS,
        r"side 1: \max_{k=0}^{K - 1} -> \max_{k=0}^{K - 1 - 1}": LESS,
        r"side 1: 0 -> 1": LESS,
        r"side 1: 1 -> 2": LESS,
        r"side 1: K - 1 -> 1": LESS,
        r"side 3: \ln(K) -> K": GREATER,
    },
)
def bounded(rng: Draw) -> Case:
    """A logit far above another; logits that are nearly the same, the first or the last larger."""
    z = np.array(([900.0, 0.0], [-4.0, -4.01, -4.01], [-4.01, -4.01, -4.01, -4.0])[rng.number])
    values = {"z": z, "K": len(z), r"\ln": np.log}
    return Case({**values, r"\psi": float(log_sum_exp(z))})


@binds("eq-start", log_softmax)
def untrained(rng: Draw) -> Case:
    """The logits of an image, and their mean."""
    values = logits(rng)
    return Case({**values, r"\bar{z}": float(values["z"].mean())})


@binds("eq-temperature-slope", categorical_cross_entropy_from_logits)
def warmer(rng: Draw) -> Case:
    """Several images, and the slope of their loss in what multiplies the logits."""
    n, k = ((2, 4), (4, 3), (3, 5))[rng.number]
    z, t, beta = rng.uniform(-2, 2, (n, k)), rng.dirichlet(np.full(k, 3.0), n), np.array([0.7])

    def mean_loss(beta: np.ndarray) -> np.ndarray:
        return categorical_cross_entropy_from_logits(beta * z, t).mean()[np.newaxis]

    slope = complex_step_gradient(mean_loss, beta, np.ones(1)).item()
    values = {"N": n, "K": k, "z": z, "t": t, "p": softmax(beta * z)}
    return Case({**values, r"L/\beta": slope})
