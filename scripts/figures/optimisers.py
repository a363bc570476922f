"""How many steps a rule takes to a given loss on held-out images, each with a rate of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import load_digits, one_hot
from cnnbook.model import digit_network
from cnnbook.optimizers import SGD, Adam, Optimizer
from cnnbook.train import epoch_orders, errors_and_loss, in_batches
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.spread import draw_row
from scripts.held_out import load_held_out
from scripts.trials.store import Result, Setting, results

TARGET, BATCH_SIZE, EVERY, EPOCHS = 0.2, 32, 20, 3
JUDGED, MOMENTUM = 1000, 0.9
# Rates are chosen with other seeds than those that are compared.
SEEDS, SWEEP = 20, range(100, 112)
RATES = {
    "plain": (0.1, 0.2, 0.4, 0.8),
    "momentum": (0.01, 0.02, 0.04, 0.08),
    "nesterov": (0.01, 0.02, 0.04, 0.08),
    "adam": (0.001, 0.002, 0.004, 0.008),
}
CHOSEN = {"plain": 0.2, "momentum": 0.04, "nesterov": 0.04, "adam": 0.004}
TITLES = {
    "plain": "plain",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "adam": "Adam",
}


def optimizer(rule: str, parameters: Any, rate: float) -> Optimizer:
    """Make the optimiser of a rule."""
    if rule == "adam":
        return Adam(parameters, rate)
    momentum = 0.0 if rule == "plain" else MOMENTUM
    return SGD(parameters, rate, momentum=momentum, nesterov=rule == "nesterov")


def settings(rule: str) -> list[Setting]:
    """List the trials that are compared."""
    return [{"seed": seed, "rule": rule, "rate": CHOSEN[rule]} for seed in range(SEEDS)]


def swept(rule: str, rate: float) -> list[Setting]:
    """List the trials of a rate in the sweep."""
    return [{"seed": seed, "rule": rule, "rate": rate} for seed in SWEEP]


TRIALS = [t for rule in RATES for rate in RATES[rule] for t in swept(rule, rate)]
TRIALS += [t for rule in RATES for t in settings(rule)]


def trial(seed: int, rule: str, rate: float) -> Result:
    """Train until the loss on held-out images is down, and count the steps; stop at the last."""
    rng = np.random.default_rng(seed)
    model, loss = digit_network(rng), CategoricalCrossEntropy(from_logits=True)
    step = optimizer(rule, model.parameters(), rate)
    images, labels = load_digits().train
    targets = one_hot(labels, 10, np.float32)
    shown, digits = (part[:JUDGED] for part in load_held_out())
    for number, batch in enumerate(batches(rng, len(images)), 1):
        loss.forward(model.forward(images[batch]), targets[batch])
        step.zero_gradients()
        model.accumulate_gradients(loss.backward())
        step.step()
        if number % EVERY == 0:
            found = errors_and_loss(model, loss, shown, digits)[1]
            if found <= TARGET:
                return {"steps": number, "loss": found}
    return {"steps": number, "loss": found}


def batches(rng: np.random.Generator, images: int) -> Iterator[Any]:
    """Draw the batches of all epochs, one after the other."""
    for order in epoch_orders(rng, images, EPOCHS, reshuffle=True):
        yield from in_batches(order, BATCH_SIZE)


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ elsewhere: where it crosses may hang by a hair."""
    return within(500 if setting else 0, "steps") | within(10, "loss")


def compute() -> Data:
    """Put together what the trials have found."""
    data: Data = {
        "seeds": SEEDS,
        "sweep_seeds": len(SWEEP),
        "target": TARGET,
        "every": EVERY,
        "epochs": EPOCHS,
        "judged": JUDGED,
        "batch_size": BATCH_SIZE,
        "momentum": MOMENTUM,
        "images": len(load_digits().train[1]),
    }
    for rule in TITLES:
        steps = [result["steps"] for result in results("optimisers", settings(rule))]
        found = {
            "rate": CHOSEN[rule],
            "rates": list(RATES[rule]),
            "rate_steps": [mean_steps(rule, rate) for rate in RATES[rule]],
            "steps": steps,
            "median": float(np.median(steps)),
            "least": min(steps),
            "most": max(steps),
        }
        data |= {f"{rule}_{name}": value for name, value in found.items()}
    return data


def mean_steps(rule: str, rate: float) -> float:
    """Take the mean of the steps of a rate in the sweep."""
    tried = results("optimisers", swept(rule, rate))
    return float(np.mean([result["steps"] for result in tried]))


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw what each rate needed on the left, and on the right the runs with the best."""
    figure, (left, right) = prepare(colours, width=7.4, height=2.9, rows=1, columns=2)
    tones = {"plain": "faint", "momentum": "first", "nesterov": "ink", "adam": "second"}
    marks = {"plain": "o", "momentum": "s", "nesterov": "^", "adam": "D"}
    for rule, title in TITLES.items():
        rates, steps = data[f"{rule}_rates"], data[f"{rule}_rate_steps"]
        style = {"color": colours[tones[rule]], "marker": marks[rule], "markersize": 4}
        left.plot(rates, steps, linewidth=1.2, label=title, **style)
    left.set(xscale="log", xlabel="learning rate", ylim=(0, None), title="steps, each rate")
    left.legend(frameon=False, fontsize=10.5, labelcolor=colours["ink"])
    rows: dict[str, Any] = {rule: len(TITLES) - 1 - at for at, rule in enumerate(TITLES)}
    for rule, row in rows.items():
        draw_row(right, row, data[f"{rule}_steps"], data[f"{rule}_median"], colours)
    right.set_yticks(list(rows.values()), [TITLES[rule] for rule in rows])
    right.tick_params(axis="y", length=0)
    right.set(xlim=(0, None), ylim=(-0.6, len(TITLES) - 0.4), title="the best rate, every seed")
    right.set_xlabel("steps")
    right.spines["left"].set_visible(False)
    return figure


TOLERANCES = within(0, "seeds sweep_seeds target every epochs judged batch_size momentum images")
for _rule in TITLES:
    TOLERANCES |= within(0, f"{_rule}_rate", f"{_rule}_rates")
    TOLERANCES |= within(500, f"{_rule}_rate_steps", f"{_rule}_steps", f"{_rule}_most")
    TOLERANCES |= within(40, f"{_rule}_median", f"{_rule}_least")
