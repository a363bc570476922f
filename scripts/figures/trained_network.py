"""What the fully trained network has learned, in the numbers of chapter 12.

All figures of one call of ``python -m scripts.figures`` share the training that this module does.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from cnnbook.mnist import Split, load_zero_one
from cnnbook.model import Sequential
from scripts.figures.training import train

SEED, EPOCHS, BATCH_SIZE, LEARNING_RATE = 0, 5, 32, 0.1
Array = np.ndarray[Any, Any]


class Trained(NamedTuple):
    """A network, the images it was trained and tested with, and its answers."""

    model: Sequential
    split: Split
    answers: Array


@cache
def trained(seed: int = SEED) -> Trained:
    """Train as ``python -m cnnbook train`` does by default."""
    split = load_zero_one()
    options: dict[str, Any] = {"epochs": EPOCHS, "batch_size": BATCH_SIZE}
    model = train(split, seed=seed, learning_rate=LEARNING_RATE, **options).model
    return Trained(model, split, model.predict(split.test[0]))


def logits(model: Sequential, images: Array) -> Array:
    """Return what goes into the last sigmoid."""
    return Sequential(*model.layers[:-1]).forward(images)
