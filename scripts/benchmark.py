"""Race the book's code against a per-sample SciPy loop and PyTorch, side by side in one run.

    python -m scripts.benchmark                    # a minute; PyTorch takes part if installed
    python -m scripts.benchmark --network digits   # the network for ten digits
    python -m scripts.benchmark --rounds 9         # for quieter numbers
    python -m scripts.benchmark --page             # what chapter 16 measures, on this machine

All train the same network from the same parameters on the same float32 batches, in turns: a round
times each contestant once at each batch size, so that a change in the machine's speed meets all of
them. Rates are medians over the rounds, ratios are medians of the ratios within a round. One
contestant does the matrix products of a step and nothing else: the book's share of its rate says
how much of the time goes into products, which no NumPy code can spare. The loop knows the
zero-or-one network only. No number here is asserted by any test: it is the machine's as much as
the code's.
"""

import argparse
import importlib
import os
import platform
import time
from collections.abc import Callable
from functools import lru_cache, partial
from statistics import geometric_mean, median
from typing import Any, NamedTuple

import numpy as np
import scipy
import scipy.signal
from numpy.typing import NDArray

from cnnbook.layers import Conv2D, Dense, Layer, MaxPool2D, ReLU, Reshape, Sigmoid
from cnnbook.layers.conv_gradients import PIECE
from cnnbook.layers.geometry import as_rows, im2col, layer_windows
from cnnbook.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Loss
from cnnbook.mnist import Split, load_digits, load_zero_one, one_hot
from cnnbook.model import Sequential, digit_network, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.train import train_on_batch
from scripts import timing

BATCH_SIZES = (1, 8, 32, 128, 512)
LEARNING_RATE = 0.1

Array = NDArray[Any]
Step = Callable[[Array, Array], object]


class Network(NamedTuple):
    """What is trained, on what."""

    make: Callable[[np.random.Generator], Sequential]
    loss: Callable[[], Loss]
    load: Callable[[], Split]
    their_loss: str  # PyTorch's name of it


NETWORKS = {
    "zero-one": Network(zero_one_network, BinaryCrossEntropy, load_zero_one, "BCELoss"),
    "digits": Network(
        digit_network,
        lambda: CategoricalCrossEntropy(from_logits=True),
        load_digits,
        "CrossEntropyLoss",
    ),
}


def book(network: Network, model: Sequential) -> Step:
    """Train as `cnnbook.train.fit` does."""
    loss, optimizer = network.loss(), SGD(model.parameters(), LEARNING_RATE)
    return lambda x, t: train_on_batch(model, loss, optimizer, x, t)


def per_sample_loop(network: Network, model: Sequential) -> Step | None:
    """Train as tutorials do: one sample, one channel, one kernel, one SciPy call at a time.

    With their habits: a bias for every pixel, the sigmoid computed again for its derivative, an
    input gradient for the first layer that nobody reads, and the update inside ``backward``.
    """
    if network is not NETWORKS["zero-one"]:
        return None
    kernels, bias, w1, b1, w2, b2 = (p.value.copy() for p in model.parameters())
    biases = np.broadcast_to(bias[:, None, None], (5, 26, 26)).copy()
    w1, w2, b1, b2 = w1.T.copy(), w2.T.copy(), b1[:, None], b2[:, None]

    def squash(z: Array) -> Array:
        result: Array = 1 / (1 + np.exp(-z))
        return result

    def slope(z: Array) -> Array:
        result: Array = squash(z) * (1 - squash(z))
        return result

    def step(x: Array, t: Array) -> None:
        nonlocal kernels, biases, w1, b1, w2, b2
        for image, target in zip(x, t[:, :, None], strict=True):
            z0 = biases.copy()
            for f in range(5):
                for c in range(1):
                    z0[f] += scipy.signal.correlate2d(image[c], kernels[f, c], "valid")
            a0 = squash(z0).reshape(-1, 1)
            z1 = np.dot(w1, a0) + b1
            a1 = squash(z1)
            z2 = np.dot(w2, a1) + b2
            y = squash(z2)
            delta = ((1 - target) / (1 - y) - target / y) / y.size * slope(z2)
            w2_gradient, delta = np.dot(delta, a1.T), (delta, np.dot(w2.T, delta))
            w2, b2 = w2 - LEARNING_RATE * w2_gradient, b2 - LEARNING_RATE * delta[0]
            delta = delta[1] * slope(z1)
            w1_gradient, delta = np.dot(delta, a0.T), (delta, np.dot(w1.T, delta))
            w1, b1 = w1 - LEARNING_RATE * w1_gradient, b1 - LEARNING_RATE * delta[0]
            delta = delta[1].reshape(z0.shape) * slope(z0)
            kernel_gradient, image_gradient = np.zeros_like(kernels), np.zeros_like(image)
            for f in range(5):
                for c in range(1):
                    kernel_gradient[f, c] = scipy.signal.correlate2d(image[c], delta[f], "valid")
                    image_gradient[c] += scipy.signal.convolve2d(delta[f], kernels[f, c], "full")
            kernels = kernels - LEARNING_RATE * kernel_gradient
            biases = biases - LEARNING_RATE * delta

    return step


def translated(layer: Layer, nn: Any) -> Any:
    """Make a layer of PyTorch that does the same."""
    match layer:
        case Conv2D():
            kernels, geometry = layer.kernels.value, layer.geometry
            options = {"stride": geometry.stride, "padding": geometry.padding}
            return nn.Conv2d(kernels.shape[1], kernels.shape[0], kernels.shape[2:], **options)
        case MaxPool2D():
            geometry = layer.geometry
            return nn.MaxPool2d(geometry.kernel_size, geometry.stride, geometry.padding)
        case Dense():
            return nn.Linear(*layer.weights.value.shape)
    return {Sigmoid: nn.Sigmoid, ReLU: nn.ReLU, Reshape: nn.Flatten}[type(layer)]()


def pytorch(network: Network, model: Sequential) -> Step | None:
    """Train the same network in PyTorch on the CPU, or nothing if it is not installed."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    other = torch.nn.Sequential(*(translated(layer, torch.nn) for layer in model.layers))
    for theirs, ours in zip(other.parameters(), model.parameters(), strict=True):
        value = ours.value.T if ours.name == "weights" else ours.value
        theirs.data = torch.from_numpy(np.ascontiguousarray(value))
    loss = getattr(torch.nn, network.their_loss)()
    optimizer = torch.optim.SGD(other.parameters(), LEARNING_RATE)

    def step(x: Array, t: Array) -> object:
        optimizer.zero_grad()
        value = loss(other(torch.from_numpy(x)), torch.from_numpy(t))
        value.backward()
        optimizer.step()
        return value.item()  # the book's loop reads the loss, too

    return step


def in_pieces(columns: Array, maps: Array, out: Array | None = None) -> Array:
    """Do the products of a kernel gradient, as `kernel_gradient_by_columns` does."""
    result: Array = np.empty((len(columns), len(maps)), maps.dtype) if out is None else out
    for start in range(0, columns.shape[1], PIECE):
        piece = slice(start, start + PIECE)
        np.matmul(columns[:, piece], maps[:, piece].T, out=result)
    return result


def products(network: Network, model: Sequential) -> Step:
    """Do the matrix products of a training step, and nothing else, into memory at hand."""
    x = network.load().train[0][:1]
    sizes = []  # of one sample: before and after each layer
    for layer in model.layers:
        y = layer.forward(x)
        sizes.append((x.shape[1:], y.shape[1:]))
        x = y

    @lru_cache
    def pairs(samples: int) -> list[tuple[Callable[..., Any], Array, Array, Array]]:
        """Make the factors for one batch size, and room for the products."""
        rng, found = np.random.default_rng(0), list[tuple[Callable[..., Any], Array, Array]]()
        for number, (layer, (before, after)) in enumerate(zip(model.layers, sizes, strict=True)):
            if isinstance(layer, Conv2D):
                rows = layer.kernels.value.reshape(after[0], -1)
                places = after[1] * after[2] * samples
                columns = rng.random((rows.shape[1], places), np.float32)
                maps = rng.random((after[0], places), np.float32)
                found += [(np.matmul, rows, columns), (in_pieces, columns, maps)]
                found += [(np.matmul, rows.T, maps)] if number else []
            if isinstance(layer, Dense):
                units, answers = (rng.random((samples, *n), np.float32) for n in (before, after))
                w = layer.weights.value
                found += [(np.dot, units, w), (np.dot, units.T, answers)]
                found += [(np.matmul, w, answers.T)] if number else []
        return [(multiply, a, b, multiply(a, b)) for multiply, a, b in found]

    def step(x: Array, _: Array) -> None:
        for multiply, a, b, product in pairs(len(x)):
            multiply(a, b, out=product)

    return step


def rate(step: Step, images: Array, targets: Array, batch_size: int, seconds: float) -> float:
    """Count the samples per second of repeated steps over consecutive batches."""
    start, samples, position = time.perf_counter(), 0, 0
    while (elapsed := time.perf_counter() - start) < seconds:
        if position + batch_size > len(images):
            position = 0
        batch = slice(position, position + batch_size)
        step(images[batch], targets[batch])
        position += batch_size
        samples += batch_size
    return samples / elapsed


CONTESTANTS: dict[str, Callable[[Network, Sequential], Step | None]] = {
    "book": book,
    "torch": pytorch,
    "products": products,
    "loop": per_sample_loop,
}


def race(
    network: Network, images: Array, targets: Array, rounds: int, seconds: float
) -> dict[tuple[str, int], list[float]]:
    """Let the contestants run in turns; return every round's rates."""
    rates: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds + 1):
        for batch_size in BATCH_SIZES:
            for name, make in CONTESTANTS.items():
                if name == "loop" and batch_size > 1:
                    continue  # it does not know what a batch is
                step = make(network, network.make(np.random.default_rng(0)))
                if step is None:
                    continue
                rate(step, images, targets, batch_size, seconds / 5)  # warm up
                found = rate(step, images, targets, batch_size, seconds)
                if number > 0:  # the first round warms the machine
                    rates.setdefault((name, batch_size), []).append(found)
    return rates


def layer_shares(
    network: Network, images: Array, targets: Array, batch_size: int
) -> dict[str, float]:
    """Measure which share of a training step each layer takes, forward and backward together."""
    model, loss = network.make(np.random.default_rng(0)), network.loss()
    optimizer = SGD(model.parameters(), LEARNING_RATE)
    names = [f"{i} {layer!r}".split("(")[0] for i, layer in enumerate(model.layers)]
    spent = dict.fromkeys([*names, "loss", "update"], 0.0)

    def timed(name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        start = time.perf_counter()
        result = call(*arguments)
        spent[name] += time.perf_counter() - start
        return result

    for _ in range(max(10, 3000 // batch_size)):
        x, t = images[:batch_size], targets[:batch_size]
        timed("update", optimizer.zero_gradients)
        for name, layer in zip(names, model.layers, strict=True):
            x = timed(name, layer.forward, x)
        timed("loss", loss.forward, x, t)
        gradient = timed("loss", loss.backward)
        for name, layer in reversed([*zip(names, model.layers, strict=True)][1:]):
            gradient = timed(name, layer.backward, gradient)
        timed(names[0], model.layers[0].accumulate_gradients, gradient)
        timed("update", optimizer.step)
    total = sum(spent.values())
    return {name: value / total for name, value in spent.items()}


def gain_of_pieces(network: Network, image: Array, batch_size: int) -> list[float]:
    """Time each layer's kernel gradient as one product and in pieces, in turns: the ratios."""
    ratios, x = [], np.broadcast_to(image, (batch_size, *image.shape))
    for layer in network.make(np.random.default_rng(0)).layers:
        y = layer.forward(x)
        if isinstance(layer, Conv2D):
            columns, maps = im2col(layer_windows(x, layer.geometry)), as_rows(y)
            whole, pieces = partial(np.matmul, columns, maps.T), partial(in_pieces, columns, maps)
            times = timing.in_turns({"whole": whole, "pieces": pieces}, rounds=9)
            ratios.append(times["whole"] / times["pieces"])
        x = y
    return ratios


def report(rates: dict[tuple[str, int], list[float]]) -> None:
    """Print rates and ratios."""
    print()
    if loop := rates.get(("loop", 1)):
        print(f"per-sample SciPy loop: {median(loop):,.0f} samples/s")
    print(
        f"{'batch':>6} {'book /s':>10} {'PyTorch /s':>11} {'book/PyTorch':>13} {'book/loop':>10} "
        f"{'products /s':>12} {'share of them':>14}"
    )
    ratios = []
    for batch_size in BATCH_SIZES:
        ours, theirs = rates["book", batch_size], rates.get(("torch", batch_size))
        cells = f"{'-':>11} {'-':>13}"
        if theirs:
            ratios.append(median(a / b for a, b in zip(ours, theirs, strict=True)))
            cells = f"{median(theirs):>11,.0f} {ratios[-1]:>13.2f}"
        bare = rates["products", batch_size]
        share = median(a / b for a, b in zip(ours, bare, strict=True))
        times = median(a / b for a, b in zip(ours, loop, strict=True)) if loop else None
        cells += f" {times or '-':>10.3} {median(bare):>12,.0f} {share:>14.0%}"
        print(f"{batch_size:>6} {median(ours):>10,.0f} {cells}")
    if ratios:
        mean, least = geometric_mean(ratios), min(ratios)
        print(f"book/PyTorch: geometric mean {mean:.2f}, least {least:.2f}")


def page() -> None:
    """Measure what chapter 16 shows, and print it in its order."""
    found = timing.ways()
    print("\none layer, microseconds an image, by batch")
    for name in timing.WAYS:
        cells = [found.get(f"{name}_{batch}") for batch in timing.BATCHES]
        print(
            f"{name:>12} " + " ".join("-".rjust(11) if c is None else f"{c:11,.1f}" for c in cells)
        )
    passes = timing.predictions()
    print("\npass by pass, microseconds an image: at least, predicted, measured")
    columns = [passes[key] for key in ("pass", "layer", "least", "predicted", "measured")]
    for name, layer, *times in zip(*columns, strict=True):
        print(f"{f'{name}, {layer}':>12} " + " ".join(f"{each:8.2f}" for each in times))
    first, second = timing.by_layer(passes)
    print(f"measured/predicted: first layer {first:.2f}, second layer {second:.2f}")
    steps = timing.steps()
    fixed, slope = timing.straight_line(timing.STEPS, steps)
    print(
        f"\na step: {fixed:.2f} ms and {slope:.3f} ms an image, equal at {fixed / slope:.0f} images"
    )
    for name, value in (timing.orders() | timing.mistakes() | timing.threads()).items():
        print(f"{name:>22} {value:9.2f}")


def main() -> None:
    """Run the race and print what it found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--network", choices=NETWORKS, default="zero-one")
    parser.add_argument("--page", action="store_true", help="measure what chapter 16 shows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="per contestant and round")
    options = parser.parse_args()
    network = NETWORKS[options.network]
    (images, labels), _ = network.load()
    order = np.random.default_rng(0).permutation(len(images))
    images, targets = images[order], one_hot(labels[order], int(labels.max()) + 1)

    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"NumPy {np.__version__}, SciPy {scipy.__version__}, {options.rounds} rounds, float32")
    print(f"matrix product, 2048 x 2048: {timing.rate() / 1e9:,.0f} GFLOP/s")
    if options.page:
        page()
        return
    report(race(network, images, targets, options.rounds, options.seconds))
    print("\nshare of a training step")
    for batch_size in BATCH_SIZES:
        shares = layer_shares(network, images, targets, batch_size)
        cells = ", ".join(f"{name} {share:.0%}" for name, share in shares.items() if share > 0.005)
        print(f"{batch_size:>6}  {cells}")
    print("\nkernel gradients in pieces: how many times as fast as one product, layer by layer")
    for batch_size in BATCH_SIZES:
        gains = gain_of_pieces(network, images[0], batch_size)
        print(f"{batch_size:>6}  " + ", ".join(f"{gain:.2f}" for gain in gains))


if __name__ == "__main__":
    main()
