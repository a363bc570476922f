"""Chapter 12: kernels split, calibration, saliency, opposite outputs and shifted images."""

import numpy as np

from book.formulas.binding import Draw, binds, layer_sizes
from book.formulas.evaluate import Case
from cnnbook.functions import sigmoid
from cnnbook.gradient_check import complex_step_gradient
from cnnbook.layers import Dense, Sigmoid, conv2d
from cnnbook.layers.dense import dense
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import one_hot
from cnnbook.model import Sequential


@binds("eq-kernel-split", conv2d)
def split_kernel(rng: Draw) -> Case:
    """A layer with one channel, and the means of its kernels."""
    s = {**layer_sizes(rng, small=True), "C": 1}
    x = rng.standard_normal((s["N"], 1, s["H"], s["W"]))
    kernels = rng.standard_normal((s["F"], 1, s["K_H"], s["K_W"])) + 1
    bias = rng.standard_normal(s["F"])
    values = {"X": x, "K": kernels, "b": bias, "Y": conv2d(x, kernels, bias)}
    return Case({**values, r"\bar{K}": kernels.mean(axis=(1, 2, 3)), **s})


@binds("eq-blank", conv2d)
def blank(rng: Draw) -> Case:
    """The same on a blank page."""
    case = split_kernel(rng)
    v = case.values
    v["Y"] = conv2d(np.zeros_like(v["X"]), v["K"], v["b"])
    return case


@binds("eq-calibration-error", None)
@binds("eq-brier", None)
@binds("eq-murphy", None)
def forecasts(rng: Draw) -> Case:
    """Forecasts that are the same within each bin, and what came true."""
    sizes = ((2, 3), (4, 1, 2), (3, 2))[rng.number]
    forecast = rng.uniform(0.05, 0.95, len(sizes))
    outcomes = [np.array([1, 0, 0, 1])[:size] for size in sizes]
    t, p = np.concatenate(outcomes), np.repeat(forecast, sizes)
    shares = np.array([outcome.mean() for outcome in outcomes])
    values = {
        "N": len(t),
        "S": len(sizes),
        "m": np.array(sizes),
        "c": forecast,
        "r": shares,
        "E": float(np.average(np.abs(shares - forecast), weights=sizes)),
        "Q": float(np.mean((p - t) ** 2)),
        "p": p,
        "t": t,
        r"\bar{t}": float(t.mean()),
    }
    return Case(values)


@binds("eq-saliency", Sequential.backward)
def saliency(rng: Draw) -> Case:
    """A small network, the derivative of a logit by all pixels, and its slope along a direction."""
    height, width = ((3, 2), (2, 4), (4, 3))[rng.number]
    layers = [Dense(height * width, 3, rng=rng, dtype=np.float64), Sigmoid()]
    layers.append(Dense(3, 1, rng=rng, dtype=np.float64))
    model = Sequential(*layers)
    x, v = rng.standard_normal((2, 1, height * width))
    model.forward(x)
    gradient = model.backward(np.ones((1, 1)))
    (w1, b1), (w2, b2) = ([p.value + 0j for p in layers[k].parameters()] for k in (0, 2))

    def along(h: np.ndarray) -> np.ndarray:
        return dense(sigmoid(dense(x + h * v, w1, b1)), w2, b2)

    slope = complex_step_gradient(along, np.zeros(1), np.ones((1, 1))).item()
    values = {
        "H": height,
        "W": width,
        "V": v.reshape(height, width),
        "z/X": gradient.reshape(height, width),
        r"\zeta'": lambda at: slope if at == 0 else np.nan,
    }
    return Case(values)


@binds("eq-gradient-times-input", Sequential.backward)
def linear(rng: Draw) -> Case:
    """A network that is linear: one dense layer."""
    height, width = ((3, 2), (2, 4), (4, 3))[rng.number]
    layer = Dense(height * width, 1, rng=rng, dtype=np.float64)
    model, x = Sequential(layer), rng.standard_normal((1, height * width))
    z = model.forward(x).item()
    values = {
        "H": height,
        "W": width,
        "X": x.reshape(height, width),
        "z": z,
        "z/X": model.backward(np.ones((1, 1))).reshape(height, width),
        r"\beta": layer.bias.value.item(),
    }
    return Case(values)


@binds("eq-four-answers", None)
def four_answers(rng: Draw) -> Case:
    """Two probabilities."""
    return Case({"p_0": rng.uniform(0.1, 0.4), "p_1": rng.uniform(0.6, 0.9)})


@binds("eq-opposite-logits", BinaryCrossEntropy.backward)
def targets_that_add_up(rng: Draw) -> Case:
    """Two logits for each sample, in no relation, and the gradients that the code computes."""
    samples = (2, 4, 3)[rng.number]
    z, loss = rng.standard_normal((samples, 2)), BinaryCrossEntropy(from_logits=True)
    loss.forward(z, one_hot(rng.integers(0, 2, samples), 2, np.float64))
    return Case({"N": samples, "p": sigmoid(z), "L/z": loss.backward()})


@binds("eq-opposite-weights", BinaryCrossEntropy.backward)
def opposite(rng: Draw) -> Case:
    """A last layer with opposite columns, and the gradients that the code computes."""
    samples, inputs = ((2, 3), (4, 2), (3, 4))[rng.number]
    layer, loss = Dense(inputs, 2, rng=rng, dtype=np.float64), BinaryCrossEntropy(from_logits=True)
    layer.weights.value[:, 1] = -layer.weights.value[:, 0]
    layer.bias.value[1] = -layer.bias.value[0]
    z = layer.forward(rng.standard_normal((samples, inputs)))
    loss.forward(z, one_hot(rng.integers(0, 2, samples), 2, np.float64))
    layer.backward(loss.backward())
    return Case({"D": inputs, "L/W": layer.weights.gradient}, {"d": range(inputs)})


@binds("eq-shifted-unit", conv2d)
def shifted(rng: Draw) -> Case:
    """The maps of an image and of the same image moved by a column, and a hidden unit."""
    s = layer_sizes(rng)
    width = s["W'"] + s["K_W"] - 1
    kernels = rng.standard_normal((s["F"], 1, s["K_H"], s["K_W"]))
    bias, x = rng.standard_normal(s["F"]), np.zeros((1, 1, s["H"], width + 2 * s["K_W"]))
    # Background wide enough on both sides that no window at a border meets the digit.
    x[..., s["K_W"] + 1 : -s["K_W"] - 1] = rng.standard_normal((s["H"], width - 2))
    maps, moved = (
        sigmoid(conv2d(picture, kernels, bias))[0] for picture in (x, np.roll(x, 1, axis=3))
    )
    values = {
        **s,
        "W'": maps.shape[2],
        "A": maps,
        "A'": moved,
        r"\rho": sigmoid(bias),
        "U": rng.standard_normal(maps.shape),
    }
    return Case(values)
