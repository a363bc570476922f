"""Twenty rectified layers from five starts: what arrives at each depth, and what is learned."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cnnbook.layers import Dense, Layer, ReLU, Reshape
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import load_digits
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD
from cnnbook.train import count_errors, fit
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.held_out import load_held_out
from scripts.trials.store import Result, Setting, results

DEPTH, WIDTH, EPOCHS, BATCH_SIZE, SHOWN = 20, 100, 3, 32, 200
# The variance of a weight, times the number of inputs of its unit.
STARTS = (0.5, 1.0, 2.0, 3.0, 4.0)
SEEDS, SWEEP = 10, range(100, 103)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
CHOSEN = {0.5: 0.0001, 1.0: 0.1, 2.0: 0.03, 3.0: 0.003, 4.0: 0.0003}


def stack(rng: np.random.Generator, start: float) -> Sequential:
    """Build the layers, with weights of variance start / fan-in and biases of zero."""
    layers: list[Layer] = [Reshape((28 * 28,))]
    for depth in range(DEPTH + 1):
        inputs, outputs = (WIDTH if depth else 28 * 28), (WIDTH if depth < DEPTH else 10)
        layer = Dense(inputs, outputs, rng=rng)
        variance = (start if depth < DEPTH else 1) / inputs  # the logits are not rectified
        layer.weights.value[:] = rng.normal(0, variance**0.5, (inputs, outputs))
        layer.bias.value[:] = 0
        layers += [layer, ReLU()]
    return Sequential(*layers[:-1])


def settings(start: float) -> list[Setting]:
    """List the trials that are compared."""
    return [{"seed": seed, "start": start, "rate": CHOSEN[start]} for seed in range(SEEDS)]


def swept(start: float, rate: float) -> list[Setting]:
    """List the trials of a rate in the sweep."""
    return [{"seed": seed, "start": start, "rate": rate} for seed in SWEEP]


TRIALS = [t for start in STARTS for rate in RATES for t in swept(start, rate)]
TRIALS += [t for start in STARTS for t in settings(start)]


def trial(seed: int, start: float, rate: float) -> Result:
    """Train the layers, and count the errors among held-out images; a diverging run misses all."""
    rng = np.random.default_rng(seed)
    model, held_out = stack(rng, start), load_held_out()
    try:
        fit(
            model,
            CategoricalCrossEntropy(from_logits=True),
            SGD(model.parameters(), rate),
            *load_digits().train,
            epochs=EPOCHS,
            batch_size=BATCH_SIZE,
            rng=rng,
            reshuffle=True,
        )
        return {"errors": count_errors(model, *held_out)}
    except FloatingPointError:
        return {"errors": len(held_out[1])}


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine; far from He's start it is chaos."""
    return within(10_000 if setting else 0, "errors")


def traced(start: float) -> tuple[list[Any], list[float], list[float]]:
    """Return outputs of the rectifiers, and the roots of the mean squares on both ways."""
    model = stack(np.random.default_rng(0), start)
    outputs, x = [], load_digits().train[0][:SHOWN].astype(np.float64)
    for layer in model.layers:
        x = layer.forward(x)
        if isinstance(layer, ReLU):
            outputs.append(x)
    upstream, back = np.random.default_rng(1).standard_normal(x.shape), list[float]()
    for layer in reversed(model.layers[1:]):
        upstream = layer.backward(upstream)
        if isinstance(layer, ReLU):
            back.append(rms(upstream))
    return outputs, [rms(y) for y in outputs], back[::-1]


def rms(x: Any) -> float:
    """Take the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))


def compute() -> Data:
    """Trace five starts through the layers, and put together what the trials have found."""
    labels, commonest = load_held_out()[1], np.bincount(load_digits().train[1]).argmax()
    data: Data = {
        "depth": DEPTH,
        "width": WIDTH,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "shown": SHOWN,
        "seeds": SEEDS,
        "sweep_seeds": len(SWEEP),
        "starts": list(STARTS),
        "rates": list(RATES),
        "chosen": [CHOSEN[start] for start in STARTS],
        "held_out": len(labels),
        "constant": int(np.count_nonzero(labels != commonest)),
        "forward": [],
        "backward": [],
        "errors": [],
        "median": [],
        "least": [],
        "most": [],
        "rate_errors": [],
    }
    for start in STARTS:
        _, forward, back = traced(start)
        errors = [result["errors"] for result in results("starts", settings(start))]
        tried = [[r["errors"] for r in results("starts", swept(start, rate))] for rate in RATES]
        found = {
            "forward": forward,
            "backward": back,
            "errors": errors,
            "median": float(np.median(errors)),
            "least": min(errors),
            "most": max(errors),
            "rate_errors": np.mean(tried, axis=1).tolist(),
        }
        for name, value in found.items():
            data[name].append(value)
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the size of what arrives, forwards and backwards, and the errors after training."""
    figure, panels = prepare(colours, width=7.4, height=3.0, rows=1, columns=3)
    depths = range(1, data["depth"] + 1)
    for axes, way, title in zip(
        panels, ("forward", "backward"), ("outputs", "gradients"), strict=False
    ):
        for start, sizes in zip(data["starts"], data[way], strict=True):
            he = start == 2
            colour = colours["second" if he else "first"]
            axes.plot(depths, sizes, color=colour, linewidth=1.8 if he else 1.1)
            end, side = (depths[-1] + 0.4, "left") if way == "forward" else (0.6, "right")
            size = sizes[-1 if way == "forward" else 0]
            axes.text(end, size, f"{start:g}", color=colour, ha=side, va="center", fontsize=11)
        axes.set(yscale="log", title=title, xlabel="layer", xlim=(-1.6, 22.6))
        axes.set_xticks([1, 5, 10, 15, 20])
    errors = panels[2]
    for row, (start, found) in enumerate(zip(data["starts"], data["errors"], strict=True)):
        colour = colours["second" if start == 2 else "first"]
        errors.plot(found, np.full(len(found), row), "o", color=colour, markersize=3, alpha=0.7)
    errors.set_yticks(range(len(data["starts"])), [f"{start:g}" for start in data["starts"]])
    errors.set(title="errors", xlabel="misread images", xscale="log", xlim=(250, 15_000))
    errors.set_ylim(-0.5, len(data["starts"]) - 0.5)
    return figure


TOLERANCES = within(0, "depth width epochs batch_size shown seeds sweep_seeds starts rates")
TOLERANCES |= within(0, "chosen held_out constant")
TOLERANCES |= within(10, "forward backward")
TOLERANCES |= within(10_000, "errors median least most rate_errors")
