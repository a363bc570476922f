"""The ladder on all of MNIST: one ingredient more on each rung, and the last asked in earnest."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.averaging import RunningMean
from cnnbook.checks import Array
from cnnbook.counting import wilson_interval
from cnnbook.download import cache_folder
from cnnbook.functions import softmax
from cnnbook.initialization import he_normal
from cnnbook.layers import Conv2D, Dense, ReLU, Reshape
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import EMBEDDED, FILES, Samples, load_digits, load_mnist
from cnnbook.model import Sequential, digit_network
from cnnbook.optimizers import SGD
from cnnbook.train import count_errors, fit
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.spread import draw_row
from scripts.held_out import load_held_out
from scripts.trials.store import Result, Setting, results

ALL, TRAINED = 60_000, 50_000  # images for training; without those that are held out
LOOKS = 2_000  # held-out images that runs on few images are judged by, epoch by epoch
BATCH_SIZE = 32
EPOCHS = 3
SEEDS = 5
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
# A rate that stays as it is, and a longer mean in the place of its fall.
STEADY: Setting = {"falling": False, "rate": 0.02, "keep": 0.998}


def recipe(rung: str) -> Setting:
    """Put together what stands on a rung: all that was added up to it."""
    whole = dict(NOTHING)
    for name, added in RUNGS.items():
        whole |= added
        if name == rung:
            break
    return whole


# What is run again where all of MNIST is not there: an epoch on the images of the package.
SHORT: Setting = {"seed": 0, **recipe("turns"), "images": EMBEDDED, "epochs": 1}
TOP = recipe("turns") | STEADY
RECIPES = [*map(recipe, RUNGS), TOP]
TRIALS = [{"seed": seed, **each} for seed in range(SEEDS) for each in RECIPES]
TRIALS += [SHORT]


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


def lacks(setting: Setting) -> str:
    """Say that a trial needs all of MNIST, where the cache does not hold it."""
    folder = cache_folder(None)
    there = all((folder / known.name).exists() for known in FILES.values())
    needed = setting["images"] > EMBEDDED
    return "all of MNIST is not in the cache" if needed and not there else ""


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    tolerances = within(0.5, "training", "validation")
    tolerances |= within(10_000, "errors", "newest_errors", "validation_errors")
    if setting["unsure"]:
        tolerances |= within(10_000, "unsure") | within(1, "probabilities", "surest_of_them")
        tolerances |= within(0.05, "log_loss")
    return tolerances


TITLES = {
    "strided": "strides",
    "pooled": "pooling",
    "he": "He's start",
    "momentum": "momentum",
    "falling": "a falling rate",
    "shifts": "shifts",
    "turns": "rotations",
    "averaged": "averaged weights",
    "vote": "a vote",
}


def found(setting: Setting) -> list[Result]:
    """Return what the runs of a recipe have found, seed by seed."""
    return results("ladder", [{"seed": seed, **setting} for seed in range(SEEDS)])


def on_the_ladder(rung: str) -> list[int]:
    """Return the errors of the runs of a rung, seed by seed; a vote has but one count."""
    if rung == "vote":
        return [int(np.count_nonzero(voted(found(TOP))))]
    if rung == "averaged":
        return [run["errors"] for run in found(TOP)]
    return [run["newest_errors"] for run in found(recipe(rung))]


def answers(run: Result, labels: Array) -> Array:
    """Return the probabilities of a run: 1 for the digit itself where they were not kept."""
    p = np.eye(10)[labels]
    p[run["unsure"]] = run["probabilities"]
    return p


def voted(runs: list[Result]) -> Array:
    """Say which of the held-out images the mean of the probabilities misreads."""
    labels = load_held_out()[1]
    p = np.mean([answers(run, labels) for run in runs], axis=0)
    wrong: Array = p.argmax(axis=1) != labels
    return wrong


def together(runs: list[Result]) -> Data:
    """Say how far the errors of the runs are the same ones."""
    labels = load_held_out()[1]
    wrong = np.stack([answers(run, labels).argmax(axis=1) != labels for run in runs])
    of_each = wrong.sum(axis=0)
    correlations = np.corrcoef(wrong)[np.triu_indices(len(runs), 1)]
    return {
        "voters": len(runs),
        "by_any": int(np.count_nonzero(of_each)),
        "by_most": int(np.count_nonzero(2 * of_each > len(runs))),
        "by_all": int(np.count_nonzero(of_each == len(runs))),
        "correlation": float(correlations.mean()),
        "surest": min(run["surest_of_them"] for run in runs),
    }


def compute() -> Data:
    """Put together what the trials have found."""
    labels = load_held_out()[1]
    data: Data = {
        "seeds": SEEDS,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "train_images": TRAINED,
        "held_out": len(labels),
        "unsure": RUNGS["turns"]["unsure"],
    }
    before: list[int] = []
    for rung in TITLES:
        errors = on_the_ladder(rung)
        data |= {f"{rung}_{name}": value for name, value in counted(errors, before).items()}
        before = errors
    for rung in RUNGS:
        data[f"{rung}_rate"] = recipe(rung)["rate"]
    low, high = wilson_interval(data["vote_errors"][0], len(labels))
    data["vote_low"], data["vote_high"] = len(labels) * low, len(labels) * high
    data["averaged_rate"], data["keep"] = TOP["rate"], TOP["keep"]
    data["newest_errors"] = [run["newest_errors"] for run in found(TOP)]
    data["newest_mean"] = float(np.mean(data["newest_errors"]))
    fallen = found(recipe("turns"))
    data["fallen_keep"] = recipe("turns")["keep"]
    data["fallen_errors"] = [run["errors"] for run in fallen]
    data["fallen_mean"] = float(np.mean(data["fallen_errors"]))
    return data | together(found(TOP))


def counted(errors: list[int], before: list[int]) -> Data:
    """Describe the errors of a rung, and how many fewer they are than on the one below."""
    result: Data = {
        "errors": errors,
        "median": float(np.median(errors)),
        "mean": float(np.mean(errors)),
        "least": min(errors),
        "most": max(errors),
    }
    if before:
        result["fewer"] = float(np.mean(before) - np.mean(errors))
    if len(before) == len(errors) > 1:
        squares = np.var(before, ddof=1) + np.var(errors, ddof=1)
        result["uncertain"] = float(np.sqrt(squares / len(errors)))
    return result


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a row for each rung, the first at the top: its runs, and their median."""
    figure, axes = prepare(colours, width=6.6, height=3.4, rows=1)
    row_of: dict[str, Any] = {rung: len(TITLES) - 1 - at for at, rung in enumerate(TITLES)}
    for rung, row in row_of.items():
        draw_row(axes, row, data[f"{rung}_errors"], data[f"{rung}_median"], colours)
    axes.set_yticks(list(row_of.values()), [TITLES[rung] for rung in row_of])
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, None), ylim=(-0.6, len(TITLES) - 0.4))
    axes.set_xlabel(f"misread images of {data['held_out']:,d}")
    axes.spines["left"].set_visible(False)
    return figure


TOLERANCES = within(0, "seeds epochs batch_size train_images held_out unsure voters")
TOLERANCES |= within(0, "keep", "fallen_keep", *(f"{rung}_rate" for rung in (*RUNGS, "averaged")))
TOLERANCES |= within(10_000, "vote_low", "vote_high", "by_any", "by_most", "by_all")
TOLERANCES |= within(1, "correlation", "surest")
TOLERANCES |= within(10_000, "newest_errors", "newest_mean", "fallen_errors", "fallen_mean")
for _rung in TITLES:
    TOLERANCES |= within(40, f"{_rung}_median", f"{_rung}_mean", f"{_rung}_least")
    TOLERANCES |= within(10_000, f"{_rung}_errors", f"{_rung}_most")
    TOLERANCES |= within(10_000, f"{_rung}_fewer") if _rung != "strided" else {}
    TOLERANCES |= within(10_000, f"{_rung}_uncertain") if _rung not in {"strided", "vote"} else {}
