"""What chapter 16 measures: ways of one layer, passes of a step, batches, threads, mistakes.

The figures `ways` and `roofline` keep what one machine gave; `python -m scripts.benchmark --page`
prints the same of the reader's. What is compared is measured in turns, and medians are taken.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from cnnbook.correlation import windows
from cnnbook.layers import conv2d, conv2d_loops
from cnnbook.layers.conv_gradients import column_gradient, kernel_gradient_by_columns
from cnnbook.layers.geometry import Geometry, as_maps, collect, frame, im2col, layer_windows
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.mnist import load_digits, one_hot
from cnnbook.model import digit_network
from cnnbook.optimizers import SGD
from cnnbook.train import train_on_batch
from cnnbook.ways import (
    conv2d_by_fourier,
    conv2d_by_shifts,
    conv2d_by_winograd,
    times_of_pass,
)

Array = np.ndarray[Any, Any]
Call = Callable[[], object]

CHANNELS, KERNELS, SIZE = 16, 32, 16  # the second layer of the digit network, framed
BATCHES = (1, 32, 256)
STEPS = (1, 2, 4, 8, 16, 32, 64)
PASSES_BATCH = 128
LARGE = 2**27  # bytes, read and written
SQUARE = 2048  # rows and columns
ROUNDS = 15


def in_turns(calls: Mapping[str, Call], rounds: int = ROUNDS, warm: int = 1) -> dict[str, float]:
    """Time each call once a round, after warming up; return medians in seconds."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(warm + rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if number >= warm:
                times[name].append(time.perf_counter() - start)
    return {name: median(found) for name, found in times.items()}


def by_windows(x: Array, kernels: Array, bias: Array, **options: Any) -> Array:
    """Sum over windows with `numpy.einsum`."""
    y: Array = np.einsum("ncijuv,fcuv->nfij", windows(x, 3), kernels, **options)
    return y + bias[:, np.newaxis, np.newaxis]


def by_tensordot(x: Array, kernels: Array, bias: Array) -> Array:
    """Sum over windows with `numpy.tensordot`, which copies them and multiplies matrices."""
    y: Array = np.tensordot(windows(x, 3), kernels, axes=((1, 4, 5), (1, 2, 3)))
    return y.transpose(0, 3, 1, 2) + bias[:, np.newaxis, np.newaxis]


WAYS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "columns": conv2d,
    "tensordot": by_tensordot,
    "shifts": conv2d_by_shifts,
    "winograd": conv2d_by_winograd,
    "fourier": conv2d_by_fourier,
    "einsum": by_windows,
    "loops": conv2d_loops,
}


def layer_arguments(batch: int) -> tuple[Array, Array, Array]:
    """Draw images, kernels and bias of the second layer; the images run fastest in memory."""
    rng = np.random.default_rng(0)
    rows = rng.random((CHANNELS, SIZE * SIZE * batch), np.float32)
    x = as_maps(rows, (batch, CHANNELS, SIZE, SIZE))
    kernels = rng.standard_normal((KERNELS, CHANNELS, 3, 3), np.float32)
    return x, kernels, rng.standard_normal(KERNELS, np.float32)


def ways() -> dict[str, float]:
    """Time one layer in every way and with every batch, in microseconds an image."""
    found: dict[Any, float] = {}
    for batch in BATCHES:
        arguments = layer_arguments(batch)
        calls: dict[str, Call] = {n: partial(way, *arguments) for n, way in WAYS.items()}
        loops = calls.pop("loops")
        times = in_turns(calls)
        if batch == 1:
            times |= in_turns({"loops": loops}, rounds=1)
        found |= {f"{name}_{batch}": seconds / batch * 1e6 for name, seconds in times.items()}
    return found


def copy_of(size: int) -> Call:
    """Make a copy that reads and writes so many bytes together."""
    source = np.ones(size // 8, np.float32)
    return partial(np.copyto, np.empty_like(source), source)


def square_product() -> Call:
    """Make a product of two square matrices."""
    a = np.random.default_rng(0).random((SQUARE, SQUARE), np.float32)
    return partial(np.matmul, a, a)


def bandwidths() -> list[float]:
    """Copy arrays of many sizes: bytes read and written a second."""
    sizes = [2**power for power in range(18, 28)]
    times = [in_turns({"copy": copy_of(size)})["copy"] for size in sizes]
    return [size / seconds for size, seconds in zip(sizes, times, strict=True)]


def rate() -> float:
    """Multiply square matrices: multiplications and additions a second."""
    return 2 * SQUARE**3 / in_turns({"product": square_product()}, rounds=7)["product"]


class Pass(NamedTuple):
    """One thing that a step does with a whole array."""

    layer: int
    name: str
    call: Call
    multiplications: int
    moved: int  # bytes, read and written


def passes(batch: int) -> list[Pass]:
    """List what a training step does in the two convolutional layers of the digit network."""
    rng, found = np.random.default_rng(0), []
    for layer, (channels, count, side) in enumerate(((1, 16, 28), (16, 32, 14)), 1):
        shape, geometry = (batch, channels, side, side), Geometry((3, 3), (1, 1), (1, 1))
        x = as_maps(rng.random((channels, side * side * batch), np.float32), shape)
        kernels = rng.standard_normal((count, channels, 3, 3), np.float32)
        bias = rng.standard_normal((count, 1), np.float32)
        rows, seen = kernels.reshape(count, -1), layer_windows(x, geometry)
        columns = im2col(seen)
        y = rows @ columns
        maps = as_maps(y, (batch, count, side, side))
        products, whole = y.size * rows.shape[1], columns.nbytes + y.nbytes
        add = partial(Pass, layer)
        found += [
            add("frame", partial(frame, x, (1, 1)), 0, 2 * x.nbytes),
            add("windows", partial(im2col, seen), 0, 2 * columns.nbytes),
            add("product", partial(np.matmul, rows, columns), products, whole),
            add("bias", partial(np.add, y, bias), 0, 2 * y.nbytes),
            add("kernels", partial(kernel_gradient_by_columns, columns, maps), products, whole),
        ]
        if layer > 1:  # nobody asks the first for its input gradient
            to_pixels = partial(collect, columns, shape, geometry)
            found += [
                add("shares", partial(column_gradient, maps, kernels), products, whole),
                add("collect", to_pixels, 0, 3 * columns.nbytes),
            ]
    return found


def predictions(batch: int = PASSES_BATCH) -> dict[str, Any]:
    """Predict and measure each pass, in microseconds an image.

    The prediction knows two numbers of the machine: how fast it multiplies square matrices, and how
    fast it copies an array that is larger than its caches. Both are measured in turns with the
    passes, so that a change in the machine's speed meets all of them.
    """
    every, (multiply, copy) = passes(batch), (square_product(), copy_of(LARGE))
    calls = {"multiply": multiply, "copy": copy} | {str(n): p.call for n, p in enumerate(every)}
    square, copying, *seconds = in_turns(calls).values()
    best, bandwidth = 2 * SQUARE**3 / square, LARGE / copying
    times = [times_of_pass(p.multiplications, p.moved, best, bandwidth) for p in every]
    return {
        "rate": best,
        "bandwidth": bandwidth,
        "layer": [each.layer for each in every],
        "pass": [each.name for each in every],
        "multiplications": [each.multiplications // batch for each in every],
        "bytes": [each.moved // batch for each in every],
        "least": [max(pair) / batch * 1e6 for pair in times],
        "predicted": [sum(pair) / batch * 1e6 for pair in times],
        "measured": [each / batch * 1e6 for each in seconds],
    }


def by_layer(found: dict[str, Any]) -> list[float]:
    """Divide the measured time of each layer by the predicted one."""
    totals = np.zeros((2, 2))
    for layer, *pair in zip(found["layer"], found["measured"], found["predicted"], strict=True):
        totals[layer - 1] += pair
    return (totals[:, 0] / totals[:, 1]).tolist()


def training_steps(sizes: Iterable[int]) -> dict[str, Call]:
    """Make a training step of the digit network for each batch size, of one network."""
    images, labels = load_digits().train
    targets = one_hot(labels, 10)
    model, loss = digit_network(np.random.default_rng(0)), CategoricalCrossEntropy(from_logits=True)
    step = partial(train_on_batch, model, loss, SGD(model.parameters(), 0.01))
    return {str(size): partial(step, images[:size], targets[:size]) for size in sizes}


def steps(sizes: Iterable[int] = STEPS) -> list[float]:
    """Time a training step of the digit network, in milliseconds, for several batch sizes."""
    return [seconds * 1e3 for seconds in in_turns(training_steps(sizes), rounds=25).values()]


def straight_line(sizes: tuple[int, ...], times: list[float]) -> tuple[float, float]:
    """Fit fixed cost and slope, with the same relative weight for every size."""
    weights = 1 / np.array(times)
    slope, fixed = np.polyfit(sizes, times, 1, w=weights)
    return float(fixed), float(slope)


def orders(batch: int = 32) -> dict[str, float]:
    """Time copies of the windows from either order in memory, in microseconds an image."""
    images = layer_arguments(batch)[0]
    last, first = windows(images, 3), windows(np.ascontiguousarray(images), 3)

    def kept() -> None:
        columns = np.empty((*first.shape[:2], 3, 3, *first.shape[2:4]), first.dtype)
        for u, v in np.ndindex(3, 3):
            columns[:, :, u, v] = first[..., u, v]

    calls: dict[str, Call] = {
        "windows_images_first": kept,
        "windows_images_last": lambda: im2col(last),
        "windows_turned": lambda: im2col(first),
    }
    return {name: seconds / batch * 1e6 for name, seconds in in_turns(calls).items()}


def mistakes() -> dict[str, float]:
    """Measure how many times as long the slow form takes as the quick one."""
    numbers = np.full(2**18, 1.5, np.float32)
    tiny = np.full(2**18, 1e-40, np.float32)
    half, room = np.float32(0.5), np.empty_like(tiny)
    x, kernels, bias = layer_arguments(32)
    times = in_turns(
        {
            "normal": lambda: np.multiply(numbers, half, out=room),
            "denormal": lambda: np.multiply(tiny, half, out=room),
        },
        rounds=101,
    )
    times |= in_turns(
        {
            "plain": lambda: by_windows(x, kernels, bias),
            "planned": lambda: by_windows(x, kernels, bias, optimize=True),
        }
    )
    return {
        "denormal_times": times["denormal"] / times["normal"],
        "einsum_times": times["plain"] / times["planned"],
    }


CHILD = """
import json
from scripts.timing import alone
print(json.dumps(alone()))
"""


def alone() -> dict[str, float]:
    """Time a step of 128 images in this process: the first, and the median of those after it."""
    step = training_steps([PASSES_BATCH])
    (first,) = in_turns(step, rounds=1, warm=0).values()
    (later,) = in_turns(step, rounds=20).values()
    return {"first": first * 1e3, "later": later * 1e3}


def processes(count: int, threads: int) -> list[dict[str, float]]:
    """Run `alone` in some processes at once, each with so many threads of linear algebra."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    return [json.loads(process.communicate()[0]) for process in running]


def threads(rounds: int = 3) -> dict[str, float]:
    """Time a step with one thread and with two, and two processes that share two processors."""
    found: dict[str, list[float]] = {}
    ways = {"one_thread": (1, 1), "two_threads": (1, 2), "beside_one": (2, 1), "beside_two": (2, 2)}
    for _ in range(rounds):
        for name, (count, each) in ways.items():
            runs = processes(count, each)
            found.setdefault(name, []).append(median(run["later"] for run in runs))
            if name == "two_threads":
                found.setdefault("first_step", []).append(runs[0]["first"])
    return {name: median(times) for name, times in found.items()}
