"""The ladder on all of MNIST: one ingredient more on each rung, and the last asked in earnest."""

from typing import Any

import numpy as np

from cnnbook.averaging import RunningMean
from cnnbook.checks import Array
from cnnbook.functions import softmax
from cnnbook.initialization import he_normal
from cnnbook.layers import Conv2D, Dense, ReLU, Reshape
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import Samples, load_digits, load_mnist
from cnnbook.model import Sequential, digit_network
from cnnbook.optimizers import SGD
from cnnbook.train import count_errors, fit
from scripts.figures.common import Tolerances, within
from scripts.held_out import load_held_out
from scripts.trials.store import Result, Setting

ALL, TRAINED = 60_000, 50_000  # images for training; without those that are held out
LOOKS = 2_000  # held-out images that runs on few images are judged by, epoch by epoch
BATCH_SIZE = 32
SEEDS, EPOCHS = 3, 3
NOTHING: Setting = {
    "images": TRAINED,
    "epochs": EPOCHS,
    "rate": 0.1,
    "pooled": False,
    "he": False,
    "momentum": 0.0,
    "falling": False,
    "decay": 0.0,
    "shift": 0,
    "turn": 0,
    "keep": 0.0,
    "unsure": 0,
}
# What each rung has besides those below it. Rates are those that `rungs` has chosen.
RUNGS: dict[str, Setting] = {
    "strided": {},
    "pooled": {"pooled": True},
    "he": {"he": True},
    "momentum": {"momentum": 0.9, "rate": 0.01},
    "falling": {"falling": True, "rate": 0.05},
    "shifts": {"shift": 2},
    "turns": {"turn": 10, "keep": 0.99, "unsure": 500},  # counted without the mean, and with it
}
# The last with a rate that stays as it is, so that a mean has something to do.
STEADY = {"falling": False, "rate": 0.02, "keep": 0.998}


def recipe(rung: str) -> Setting:
    """Put together what stands on a rung: all that was added up to it."""
    whole = dict(NOTHING)
    for name, added in RUNGS.items():
        whole |= added
        if name == rung:
            break
    return whole


RECIPES = [*map(recipe, RUNGS), recipe("turns") | STEADY]
TRIALS = [{"seed": seed, **each} for seed in range(SEEDS) for each in RECIPES]


def strided(rng: np.random.Generator) -> Sequential:
    """Build the digit network with strides in the place of pooling, and as many parameters."""
    return Sequential(
        Conv2D(1, 16, 3, stride=2, padding=1, rng=rng),
        ReLU(),
        Conv2D(16, 32, 3, stride=2, padding=1, rng=rng),
        ReLU(),
        Reshape((32 * 7 * 7,)),
        Dense(32 * 7 * 7, 128, rng=rng),
        ReLU(),
        Dense(128, 10, rng=rng),
    )


def begin_as_he(model: Sequential, rng: np.random.Generator) -> None:
    """Draw all weights anew, of variance 2 / fan-in, and set the biases to zero."""
    for parameter in model.parameters():
        value = parameter.value
        if value.ndim == 1:
            value[...] = 0
        else:
            # Kernels are (F, C, KH, KW), dense weights (in, out).
            fan_in = value[0].size if value.ndim == 4 else len(value)
            value[...] = he_normal(rng, value.shape, fan_in, value.dtype)


def parts(images: int) -> tuple[Samples, Samples]:
    """Give what is trained on and what is judged by: the test set where no image is held out."""
    if images <= 10_000:
        pixels, labels = load_digits().train
        return (pixels[:images], labels[:images]), load_held_out()
    (pixels, labels), test = load_mnist()
    train = pixels[:images], labels[:images]
    return train, test if images == ALL else load_held_out()


def trial(seed: int, images: int, epochs: int, rate: float, **recipe: Any) -> Result:
    """Train by a recipe, and count the errors among images that were not trained on.

    The recipe says whether the network is ``pooled``, its start ``he``, what the ``momentum`` is
    and the ``decay``, whether the rate is ``falling``, how far images are moved, ``shift`` and
    ``turn``, how much a running mean keeps, ``keep``, and of how many images, those that it is
    least sure of, the probabilities are returned, ``unsure``.
    """
    rng = np.random.default_rng(seed)
    model = digit_network(rng) if recipe["pooled"] else strided(rng)
    if recipe["he"]:
        begin_as_he(model, rng)
    train, (judged, labels) = parts(images)

    def falling(behind: float) -> float:
        """Let the rate fall in a straight line that would be at 0 after the last step."""
        return rate * (1 - behind / epochs)

    average = RunningMean(model.parameters(), recipe["keep"])
    seen = {ALL: 0, TRAINED: len(labels)}.get(images, LOOKS)
    history = fit(
        model,
        CategoricalCrossEntropy(from_logits=True),
        SGD(
            model.parameters(),
            rate,
            momentum=recipe["momentum"],
            weight_decay=recipe["decay"],
        ),
        *train,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        rng=rng,
        validation=(judged[:seen], labels[:seen]) if seen else None,
        reshuffle=True,
        rates=falling if recipe["falling"] else None,
        shift=recipe["shift"],
        turn=recipe["turn"],
        average=average,
    )
    newest = count_errors(model, judged, labels)
    with average.in_use():
        logits = model.predict(judged)
    return {
        "training": history.losses,
        "validation": history.validation_losses,
        "validation_errors": history.validation_errors,
        "newest_errors": newest,
        "errors": int(np.count_nonzero(logits.argmax(axis=1) != labels)),
        **beliefs(logits, labels, recipe["unsure"]),
    }


def beliefs(logits: Array, labels: Array, count: int) -> Result:
    """Return the probabilities of the images whose own digit has the least, to three decimals."""
    if not count:
        return {}
    p = softmax(logits.astype(np.float64))
    right = p[np.arange(len(labels)), labels]
    least = np.sort(np.argsort(right, kind="stable")[:count])
    others = np.delete(right, least)
    return {
        "unsure": least.tolist(),
        "probabilities": p[least].round(3).tolist(),
        "surest_of_them": float(others.min().round(4)),
        "log_loss": float(-np.log(right).mean()),
    }


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    tolerances = within(0.5, "training", "validation")
    tolerances |= within(10_000, "errors", "newest_errors", "validation_errors")
    if setting["unsure"]:
        tolerances |= within(10_000, "unsure") | within(1, "probabilities", "surest_of_them")
        tolerances |= within(0.05, "log_loss")
    return tolerances


def compute():
    return {}


def draw(data, colours):
    return None


TOLERANCES = {}
