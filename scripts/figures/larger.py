"""A larger network from the book's own parts: two recipes compared, and the better one asked."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.averaging import RunningMean
from cnnbook.checks import Array
from cnnbook.layers import Conv2D, Dense, Layer, MaxPool2D, ReLU, Reshape
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import EMBEDDED, load_digits
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD
from cnnbook.train import fit
from scripts.figures import final, ladder
from scripts.figures.common import ANY, Data, Tolerances, within
from scripts.trials.store import Result, Setting, results

SEEDS = 5
EPOCHS = 12
HIDDEN = 128
LAYOUT = "20 p 40 40 p 80"  # kernels of each convolutional layer; p is pooling
LONG: Setting = {"images": ladder.TRAINED, "epochs": EPOCHS, "unsure": 500}
# Compared on the held-out images: a rate that falls, begun at three heights, and a rate that stays
# with a running mean.
RECIPES: dict[str, Setting] = {
    "fallen": LONG | {"rate": 0.05, "falling": True, "keep": 0.0},
    "slower": LONG | {"rate": 0.03, "falling": True, "keep": 0.0},
    "slowest": LONG | {"rate": 0.02, "falling": True, "keep": 0.0},
    "averaged": LONG | {"rate": 0.02, "falling": False, "keep": 0.9995},
}
CHOSEN = "slower"  # with the fewest errors among the held-out images
COMPARED: dict[str, Setting] = {name: {"seed": 0, **recipe} for name, recipe in RECIPES.items()}
ASKED: list[Setting] = [
    {"seed": seed, **RECIPES[CHOSEN], "images": ladder.ALL} for seed in range(SEEDS)
]
SHORT: Setting = {"seed": 0, **RECIPES["fallen"], "images": EMBEDDED, "epochs": 1}
TRIALS: list[Setting] = [*COMPARED.values(), *ASKED, SHORT]


def larger_network(layout: str, rng: np.random.Generator) -> Sequential:
    """Build a network of convolutional layers of 3 by 3, pooling, and two dense layers."""
    layers: list[Layer] = []
    maps, size = 1, 28
    for word in layout.split():
        if word == "p":
            layers.append(MaxPool2D(2))
            size //= 2
        else:
            layers += [Conv2D(maps, int(word), 3, padding=1, rng=rng), ReLU()]
            maps = int(word)
    features = maps * size * size
    dense = Dense(features, HIDDEN, rng=rng), ReLU(), Dense(HIDDEN, 10, rng=rng)
    return Sequential(*layers, Reshape((features,)), *dense)


def trial(
    *, seed: int, images: int, epochs: int, rate: float, falling: bool, keep: float, unsure: int
) -> Result:
    """Train on moved images, and count the errors of the running mean."""
    rng = np.random.default_rng(seed)
    model = larger_network(LAYOUT, rng)
    ladder.begin_as_he(model, rng)
    train, (judged, labels) = ladder.parts(images)
    average = RunningMean(model.parameters(), keep)
    seen = 0 if images == ladder.ALL else ladder.LOOKS

    def straight(behind: float) -> float:
        """Let the rate fall in a straight line that would be at 0 after the last step."""
        return rate * (1 - behind / epochs)

    history = fit(
        model,
        CategoricalCrossEntropy(from_logits=True),
        SGD(model.parameters(), rate, momentum=0.9),
        *train,
        epochs=epochs,
        batch_size=ladder.BATCH_SIZE,
        rng=rng,
        validation=(judged[:seen], labels[:seen]) if seen else None,
        reshuffle=True,
        rates=straight if falling else None,
        shift=2,
        turn=10,
        average=average,
    )
    with average.in_use():
        logits = model.predict(judged)
    return {
        "training": history.losses,
        "validation": history.validation_losses,
        "validation_errors": history.validation_errors,
        "errors": int(np.count_nonzero(logits.argmax(axis=1) != labels)),
        **ladder.beliefs(logits, labels, unsure),
    }


lacks = ladder.lacks  # without all of MNIST, where the cache does not hold it


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    there = ladder.allowed(setting)
    return {entry: there[entry] for entry in there if entry != "newest_errors"}


def misread(name: str, settings: list[Setting], labels: Array) -> Array:
    """Say of each test image whether the vote of some runs misreads it."""
    p = np.stack([ladder.answers(run, labels) for run in results(name, settings)])
    return np.asarray(p.mean(axis=0).argmax(axis=1) != labels)


def pairs(vote: Array, other: Array) -> Data:
    """Count what one of two votes alone misreads, and by how much their difference may be off."""
    alone = [int(np.count_nonzero(vote & ~other)), int(np.count_nonzero(other & ~vote))]
    return {
        "vote_alone": alone[0],
        "digits_alone": alone[1],
        "pair_error": float(sum(alone) ** 0.5),
    }


def compute() -> Data:
    """Put together the held-out errors of the recipes, and those of runs and vote on the test."""
    data: Data = {}
    for name, setting in COMPARED.items():
        (run,) = results("larger", [setting])
        data |= {f"{name}_errors": run["errors"]}
        data |= {f"{name}_{part}": setting[part] for part in ("rate", "keep")}
    labels = load_digits().test[1]
    wrong = misread("larger", ASKED, labels)
    digits = misread("final", final.ASKED[: final.VOTERS], labels)
    network = larger_network(LAYOUT, np.random.default_rng(0))
    return (
        data
        | final.asked("larger", ASKED, int(wrong.sum()), len(labels))
        | {
            "kernels": [int(word) for word in LAYOUT.split() if word != "p"],
            "parameters": sum(each.value.size for each in network.parameters()),
            "seeds": SEEDS,
            "epochs": EPOCHS,
            **pairs(wrong, digits),
        }
    )


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a row for the runs, and one for their vote."""
    votes = [data["vote_errors"]], data["vote_errors"]
    return final.draw_asked(data, ("one network", "their vote"), votes, colours)


TOLERANCES = within(0, "kernels parameters seeds epochs images")
TOLERANCES |= within(10_000, "errors", "mean", "deviation", "least", "most")
TOLERANCES |= within(10_000, "vote_errors", "vote_low", "vote_high")
TOLERANCES |= within(10_000, "vote_alone", "digits_alone", "pair_error")
TOLERANCES |= within(1, "accuracy", "vote_accuracy") | within(ANY, "minutes")
for _name in RECIPES:
    TOLERANCES |= within(10_000, f"{_name}_errors") | within(0, f"{_name}_rate", f"{_name}_keep")
