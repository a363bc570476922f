"""The digit network on all of MNIST: recipes compared, and the best one asked on the test set."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.checks import Array
from cnnbook.counting import wilson_interval
from cnnbook.mnist import load_digits
from scripts.figures import ladder, wrong_labels
from scripts.figures.common import ANY, Data, Tolerances, prepare, within
from scripts.figures.spread import draw_row
from scripts.trials import store
from scripts.trials.store import Result, Setting, results

SEEDS, VOTERS = 10, 5
TRIED = 2  # seeds of each recipe that is compared
MOST = 80  # errors, at the end of the axis
LONG: Setting = {"epochs": 15, "unsure": 500}
# Compared on the held-out images: two ways to be rid of the noise of the steps, and rotations.
RECIPES: dict[str, Setting] = {
    "fallen": ladder.recipe("shifts") | LONG,
    "turned": ladder.recipe("turns") | LONG,
    "slower": ladder.recipe("turns") | LONG | {"rate": 0.03},
    "averaged": ladder.TOP | LONG,
    "longer": ladder.TOP | LONG | {"keep": 0.9995},
}
CHOSEN = "turned"  # with the fewest errors among the held-out images
COMPARED = {
    name: [{"seed": seed, **recipe} for seed in range(TRIED)] for name, recipe in RECIPES.items()
}
ASKED: list[Setting] = [
    {"seed": seed, **RECIPES[CHOSEN], "images": ladder.ALL} for seed in range(SEEDS)
]
TRIALS: list[Setting] = [setting for runs in COMPARED.values() for setting in runs]
TRIALS += [*ASKED, ladder.SHORT]


def trial(**chosen: Any) -> Result:
    """Train by a recipe, and count the errors among images that were not trained on."""
    return ladder.trial(**chosen)


def lacks(setting: Setting) -> str:
    """Say that a trial needs all of MNIST, where the cache does not hold it."""
    return ladder.lacks(setting)


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    return ladder.allowed(setting)


def errors_of(votes: Array, labels: Array) -> int:
    """Count the images whose label the mean of the probabilities (M, N, 10) does not prefer."""
    return int(np.count_nonzero(votes.mean(axis=0).argmax(axis=1) != labels))


def compared() -> Data:
    """Return the held-out errors of each recipe, seed by seed, and their mean."""
    data: Data = {}
    for name, settings in COMPARED.items():
        runs = results("final", settings)
        errors = [run["errors"] for run in runs]
        data |= {f"{name}_errors": errors, f"{name}_mean": float(np.mean(errors))}
        for part in ("training", "validation"):  # losses of the last epoch
            data[f"{name}_{part}"] = float(np.mean([run[part][-1] for run in runs]))
        data |= {f"{name}_{part}": RECIPES[name][part] for part in ("rate", "keep")}
    return data


def asked(name: str, settings: list[Setting], vote: int, images: int) -> Data:
    """Sum up runs that were asked, with the errors of their vote and its interval."""
    errors = [run["errors"] for run in results(name, settings)]
    low, high = wilson_interval(vote, images)
    there = store.read(name)
    return {
        "images": images,
        "errors": errors,
        "mean": float(np.mean(errors)),
        "deviation": float(np.std(errors, ddof=1)),
        "least": min(errors),
        "most": max(errors),
        "accuracy": 1 - float(np.mean(errors)) / images,
        "vote_errors": vote,
        "vote_low": images * low,
        "vote_high": images * high,
        "vote_accuracy": 1 - vote / images,
        "minutes": float(np.median([there[store.key(each)].seconds for each in settings])) / 60,
    }


def compute() -> Data:
    """Put together the errors of the runs, of every vote of five, and of the wrong labels."""
    labels = load_digits().test[1]
    p = np.stack([ladder.answers(run, labels) for run in results("final", ASKED)])
    groups = combinations(range(SEEDS), VOTERS)
    votes = [errors_of(p[list(group)], labels) for group in groups]
    doubtful = [number for number, *_ in wrong_labels.VOTES]
    wrong = p.argmax(axis=2) != labels
    data = compared() | asked("final", ASKED, votes[0], len(labels))  # of the first five seeds
    return data | {
        "seeds": SEEDS,
        "tried": TRIED,
        "voters": VOTERS,
        "epochs": LONG["epochs"],
        "train_images": ladder.ALL,
        "votes": votes,
        "votes_mean": float(np.mean(votes)),
        "votes_least": min(votes),
        "votes_most": max(votes),
        "doubtful": float(wrong[:, doubtful].sum(axis=1).mean()),
        "by_all": int(np.count_nonzero(wrong.all(axis=0))),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a row for the runs, and one for all votes of five of them."""
    names = "one network", "a vote of five"
    return draw_asked(data, names, (data["votes"], data["votes_mean"]), colours)


def draw_asked(
    data: Data, names: tuple[str, str], votes: tuple[list[int], float], colours: Mapping[str, str]
) -> Figure:
    """Draw the errors of runs and, in a row below, of votes, each with a bar at the mean."""
    figure, axes = prepare(colours, width=6.6, height=1.7, rows=1)
    draw_row(axes, 1, data["errors"], data["mean"], colours)
    draw_row(axes, 0, *votes, colours)
    axes.set_yticks([1, 0], names)
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, MOST), ylim=(-0.6, 1.6))
    axes.set_xlabel(f"misread test images of {data['images']:,d}")
    axes.spines["left"].set_visible(False)
    return figure


TOLERANCES = within(0, "seeds tried voters epochs train_images images")
TOLERANCES |= within(10_000, "errors", "mean", "deviation", "least", "most", "by_all", "doubtful")
TOLERANCES |= within(10_000, "vote_errors", "vote_low", "vote_high", "votes", "votes_mean")
TOLERANCES |= within(10_000, "votes_least", "votes_most") | within(ANY, "minutes")
TOLERANCES |= within(1, "accuracy", "vote_accuracy")
for _name in RECIPES:
    TOLERANCES |= within(10_000, f"{_name}_errors", f"{_name}_mean")
    TOLERANCES |= within(0, f"{_name}_rate", f"{_name}_keep")
    TOLERANCES |= within(0.5, f"{_name}_training", f"{_name}_validation")
