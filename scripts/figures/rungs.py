"""What each of the first ingredients brings: one thing more on each rung, and errors counted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import Conv2D, Dense, Reshape, Sigmoid
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import load_digits
from cnnbook.model import Sequential, digit_network
from cnnbook.optimizers import SGD
from cnnbook.train import count_errors, fit
from scripts.figures import ten_classes
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.figures.spread import draw_row
from scripts.held_out import load_held_out
from scripts.trials.store import Result, Setting, results

EPOCHS, BATCH_SIZE, MOMENTUM = 4, 32, 0.9
# Learning rates are chosen with other seeds than those that are compared.
SEEDS, SWEEP = 10, range(100, 104)
RATES = {
    "line": (0.1, 0.2, 0.5, 1.0),
    "part_two": (0.2, 0.5, 1.0, 2.0),
    "pooled": (0.05, 0.1, 0.2, 0.5),
    "momentum": (0.005, 0.01, 0.02, 0.05),
    "shifts": (0.01, 0.02, 0.05, 0.1),
}
CHOSEN = {"line": 0.2, "part_two": 0.5, "pooled": 0.1, "momentum": 0.01, "shifts": 0.05}
SHIFT = 1
# The last but one has been measured already: it is the softmax of `ten_classes`.
TITLES = {
    "line": "one layer",
    "part_two": "part II's network",
    "pooled": "digit network",
    "momentum": "with momentum",
    "falling": "with a falling rate",
    "shifts": "with shifts",
}


def line(rng: np.random.Generator) -> Sequential:
    """Build one dense layer on all pixels."""
    return Sequential(Reshape((28 * 28,)), Dense(28 * 28, 10, rng=rng))


def part_two(rng: np.random.Generator) -> Sequential:
    """Build the network of part II, with ten logits in the place of two sigmoids."""
    return Sequential(
        Conv2D(1, 5, 3, rng=rng),
        Sigmoid(),
        Reshape((5 * 26 * 26,)),
        Dense(5 * 26 * 26, 100, rng=rng),
        Sigmoid(),
        Dense(100, 10, rng=rng),
    )


def network(rung: str, rng: np.random.Generator) -> Sequential:
    """Build what is trained on a rung."""
    return {"line": line, "part_two": part_two}.get(rung, digit_network)(rng)


def settings(rung: str) -> list[Setting]:
    """List the trials that are compared."""
    return [{"seed": seed, "rung": rung, "rate": CHOSEN[rung]} for seed in range(SEEDS)]


def swept(rung: str, rate: float) -> list[Setting]:
    """List the trials of a rate in the sweep."""
    return [{"seed": seed, "rung": rung, "rate": rate} for seed in SWEEP]


TRIALS = [t for rung in RATES for rate in RATES[rung] for t in swept(rung, rate)]
TRIALS += [t for rung in RATES for t in settings(rung)]


def trial(seed: int, rung: str, rate: float) -> Result:
    """Train what stands on a rung, and count the errors among the held-out images."""
    rng = np.random.default_rng(seed)
    model = network(rung, rng)
    momentum = MOMENTUM if rung in {"momentum", "shifts"} else 0.0

    def falling(epochs: float) -> float:
        """Take a quarter of the first rate off after each of four epochs."""
        return rate * (1 - int(epochs) / EPOCHS)

    higher: Any = {"rates": falling, "shift": SHIFT} if rung == "shifts" else {}
    history = fit(
        model,
        CategoricalCrossEntropy(from_logits=True),
        SGD(model.parameters(), rate, momentum=momentum),
        *load_digits().train,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        rng=rng,
        reshuffle=True,
        **higher,
    )
    return {"training": history.losses, "errors": count_errors(model, *load_held_out())}


# From here on a last bit can decide whether a run is lost, and answers every image alike.
EDGE = {"line": 2.0, "part_two": 2.0, "pooled": 0.5, "momentum": 0.1, "shifts": 0.2}


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    steady = setting["rate"] < EDGE[setting["rung"]]
    return within(0.3 if steady else 5, "training") | within(80 if steady else 10_000, "errors")


def compute() -> Data:
    """Put together what the trials have found."""
    labels = load_held_out()[1]
    data: Data = {
        "seeds": SEEDS,
        "sweep_seeds": len(SWEEP),
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "momentum": MOMENTUM,
        "shift": SHIFT,
        "train_images": len(load_digits().train[1]),
        "held_out": len(labels),
    }
    alike = set((len(labels) - np.bincount(labels)).tolist())  # the errors of a constant answer
    largest = results("rungs", swept("pooled", RATES["pooled"][-1]))
    data["lost_at_the_largest"] = sum(result["errors"] in alike for result in largest)
    for rung in TITLES:
        errors, weights = runs(rung), network(rung, np.random.default_rng(0)).parameters()
        found = {
            "errors": errors,
            "median": float(np.median(errors)),
            "least": min(errors),
            "most": max(errors),
            "lost": sum(count in alike for count in errors),
            "parameters": sum(weight.value.size for weight in weights),
        }
        data |= {f"{rung}_{name}": value for name, value in (found | sweep(rung)).items()}
    return data


def runs(rung: str) -> list[int]:
    """Return the errors of a rung, seed by seed."""
    if rung == "falling":
        softmax = ten_classes.settings("softmax")[:SEEDS]
        return [ten_classes.errors(result) for result in results("ten_classes", softmax)]
    return [result["errors"] for result in results("rungs", settings(rung))]


def sweep(rung: str) -> Data:
    """Say how many errors each rate has made, and which was chosen."""
    if rung == "falling":
        found = ten_classes.sweep("softmax")
        return {name: found[name] for name in ("rate", "rates", "rate_errors")}
    tried = [[r["errors"] for r in results("rungs", swept(rung, rate))] for rate in RATES[rung]]
    return {
        "rate": CHOSEN[rung],
        "rates": list(RATES[rung]),
        "rate_errors": np.mean(tried, axis=1).tolist(),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw a row for each rung, the first at the top: its runs, and their median."""
    figure, axes = prepare(colours, width=6.6, height=2.8, rows=1)
    row_of: dict[str, Any] = {rung: len(TITLES) - 1 - at for at, rung in enumerate(TITLES)}
    for rung, row in row_of.items():
        draw_row(axes, row, data[f"{rung}_errors"], data[f"{rung}_median"], colours)
    axes.set_yticks(list(row_of.values()), [TITLES[rung] for rung in row_of])
    axes.tick_params(axis="y", length=0)
    axes.set(xscale="log", xlim=(100, 12_000), ylim=(-0.6, len(TITLES) - 0.4))
    axes.set_xlabel("misread images")
    axes.spines["left"].set_visible(False)
    return figure


TOLERANCES = within(0, "seeds sweep_seeds epochs batch_size momentum shift train_images held_out")
TOLERANCES |= within(2, "lost_at_the_largest")
for _rung in TITLES:
    TOLERANCES |= within(0, f"{_rung}_rate", f"{_rung}_rates", f"{_rung}_parameters")
    TOLERANCES |= within(40, f"{_rung}_median", f"{_rung}_least") | within(2, f"{_rung}_lost")
    TOLERANCES |= within(10_000, f"{_rung}_errors", f"{_rung}_rate_errors", f"{_rung}_most")
