"""A training whose weights are kept in few digits: three formats, and one of them at random."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.rounding import Rounded, bfloat16_nearest, bfloat16_stochastic
from cnnbook.train import count_errors, train_on_batch
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.trials.store import Result, Setting, results

PER_CLASS, EPOCHS, SEEDS = 100, 20, 5
RATES = (0.003, 0.03)
POINTS, WATCHED = 100, 10  # steps of a point of the curve; steps of an epoch that are looked at
TITLES = {
    "float32": "float32",
    "float16": "float16",
    "bfloat16": "bfloat16",
    "stochastic": "bfloat16, at random",
}
Array = np.ndarray[Any, Any]


def rounding(form: str, rng: np.random.Generator) -> Callable[[Array], Array]:
    """Return how the weights are rounded."""
    ways: dict[str, Callable[[Array], Array]] = {
        "float32": lambda w: w,
        "float16": lambda w: w.astype(np.float16).astype(np.float32),
        "bfloat16": bfloat16_nearest,
        "stochastic": lambda w: bfloat16_stochastic(w, rng),
    }
    return ways[form]


def settings(form: str, rate: float) -> list[Setting]:
    """List the trials of a format with a rate."""
    return [{"seed": seed, "form": form, "rate": rate} for seed in range(SEEDS)]


TRIALS = [t for rate in RATES for form in TITLES for t in settings(form, rate)]


def trial(seed: int, form: str, rate: float) -> Result:
    """Train the network of part II one image at a time, and look how many steps are lost."""
    rng, noise = np.random.default_rng(seed), np.random.default_rng(1000 + seed)
    split = load_zero_one(limit_per_class=PER_CLASS)
    (images, labels), model = split.train, zero_one_network(rng)
    targets, loss = one_hot(labels, 2, np.float32), BinaryCrossEntropy()
    optimizer = Rounded(SGD(model.parameters(), rate), rounding(form, noise))
    losses, lost = [], []
    for _ in range(EPOCHS):
        order = rng.permutation(len(images))
        for number, n in enumerate(order):
            watched = number >= len(order) - WATCHED
            before = [p.value.copy() for p in model.parameters()] if watched else []
            one = images[[n]], targets[[n]]
            losses.append(train_on_batch(model, loss, optimizer, *one))
            if watched:
                lost.append(share_of_lost(model.parameters(), before))
    return {
        "losses": np.reshape(losses, (-1, POINTS)).mean(axis=1).round(6).tolist(),
        "lost": np.reshape(lost, (-1, WATCHED)).mean(axis=1).round(4).tolist(),
        "errors": count_errors(model, *split.test),
    }


def share_of_lost(parameters: Any, before: list[Array]) -> float:
    """Say which share of the numbers with a gradient has stayed as it was."""
    pairs = list(zip(parameters, before, strict=True))
    stayed = sum(np.sum((p.gradient != 0) & (p.value == old)) for p, old in pairs)
    return float(stayed / sum(np.sum(p.gradient != 0) for p, _ in pairs))


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    # Where numbers are rounded to few digits, a last bit decides some of them.
    near = 1e-3 if setting["form"] == "float32" else 0.05
    return within(near, "losses") | within(0.1, "lost") | within(10, "errors")


def compute() -> Data:
    """Put together what the trials have found."""
    data: Data = {
        "seeds": SEEDS,
        "epochs": EPOCHS,
        "images": 2 * PER_CLASS,
        "steps": 2 * PER_CLASS * EPOCHS,
        "rates": list(RATES),
        "points": POINTS,
        "watched": WATCHED,
        "chance": round(float(np.log(2)), 4),
        "test_images": len(load_zero_one().test[1]),
    }
    for form in TITLES:
        for name, rate in zip(("slow", "fast"), RATES, strict=True):
            found = results("few_digits", settings(form, rate))
            losses = np.array([each["losses"] for each in found])
            lost = np.array([each["lost"] for each in found])
            last = losses[:, -2:].mean(axis=1)  # of the last epoch
            data |= {
                f"{form}_{name}_median": np.median(losses, axis=0).round(6).tolist(),
                f"{form}_{name}_least": losses.min(axis=0).tolist(),
                f"{form}_{name}_most": losses.max(axis=0).tolist(),
                f"{form}_{name}_last": float(np.median(last).round(5)),
                f"{form}_{name}_last_least": float(last.min().round(5)),
                f"{form}_{name}_last_most": float(last.max().round(5)),
                f"{form}_{name}_lost": np.median(lost, axis=0).round(4).tolist(),
                f"{form}_{name}_errors": [each["errors"] for each in found],
            }
    return data


STYLES = {"float32": "-", "float16": "--", "bfloat16": "-", "stochastic": (0, (1, 1))}
COLOURS = {"float32": "ink", "float16": "faint", "bfloat16": "second", "stochastic": "first"}


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the losses at the left, the shares of lost steps at the right."""
    figure, (left, right) = prepare(colours, width=7.2, height=3.3, rows=1, columns=2)
    steps = data["points"] * np.arange(1, len(data["float32_slow_median"]) + 1)
    epochs = np.arange(1, data["epochs"] + 1)
    for form, title in TITLES.items():
        style = {"color": colours[COLOURS[form]], "linestyle": STYLES[form], "label": title}
        left.plot(steps, data[f"{form}_slow_median"], **style)
        band = data[f"{form}_slow_least"], data[f"{form}_slow_most"]
        left.fill_between(steps, *band, color=colours[COLOURS[form]], alpha=0.12, linewidth=0)
        lost = 100 * np.array(data[f"{form}_slow_lost"])
        right.plot(epochs * data["images"], lost, **style)
    left.legend(frameon=False, fontsize=11, loc="lower left")
    left.set(xlabel="step", title="loss, mean of 100 steps", ylim=(0, 0.8))
    right.set(xlabel="step", ylim=(-3, 103), title="steps lost, percent")
    return figure


TOLERANCES = within(0, "seeds epochs images steps rates points watched chance test_images")
for _form in TITLES:
    for _name in ("slow", "fast"):
        _of = f"{_form}_{_name}_"
        TOLERANCES |= within(0.05, f"{_of}median", f"{_of}least", f"{_of}most", f"{_of}last")
        TOLERANCES |= within(0.05, f"{_of}last_least", f"{_of}last_most")
        TOLERANCES |= within(0.1, f"{_of}lost") | within(10, f"{_of}errors")
