"""What chapter 20 measures on several processes: messages, sums, steps, and the bits at the end.

``python -m scripts.processes`` prints it for the machine at hand; the figure `processes` keeps what
one machine gave. Every process has one thread of linear algebra.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cnnbook.checks import Array
from cnnbook.losses import CategoricalCrossEntropy, Loss
from cnnbook.mnist import load_digits, one_hot
from cnnbook.model import Sequential, digit_network
from cnnbook.optimizers import SGD, Optimizer
from cnnbook.parallel import (
    Alone,
    in_shards,
    loss_and_gradient,
    put_gradient,
    ring_all_reduce,
    ring_seconds,
    run_in_ring,
    shards_of,
    sum_of_shards,
)
from cnnbook.train import TakeStep, train_on_batch
from scripts.timing import straight_line

BATCHES = (32, 64, 128, 256, 512)
COUNTS = (1, 2, 4)
# Numbers of a message: the last are half and all of the network's parameters.
MESSAGES = (1, 1_000, 10_000, 30_000, 103_461, 206_922)
ROUNDS = 25
STEPS = 40  # of the runs whose bits are compared


def timed(world: Any, call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Time a call that all processes make together: the least, over rounds, of the slowest's time.

    A process that waits for its turn makes all others wait: other work on the machine would be most
    of a median.
    """
    times = []
    for _ in range(rounds + 2):
        world.barrier()
        start = time.perf_counter()
        call()
        times.append(max(world.allgather(time.perf_counter() - start)))
    return min(times[2:])


def pieces() -> tuple[Sequential, Loss, Optimizer]:
    """Build a digit network with its loss and its optimiser."""
    model = digit_network(np.random.default_rng(0))
    return model, CategoricalCrossEntropy(from_logits=True), SGD(model.parameters(), 0.05)


def all_reduced(world: Any) -> TakeStep:
    """Make the step of ordinary data parallelism: a shard each, added up by the library."""

    def take_step(
        model: Sequential, loss: Loss, optimizer: Optimizer, images: Array, targets: Array
    ) -> float:
        cut = shards_of(len(images), world.size)[world.rank]
        mean, gradient = loss_and_gradient(optimizer, model, loss, images[cut], targets[cut])
        gradient *= len(images[cut]) / len(images)
        total = np.empty_like(gradient)
        world.Allreduce(gradient, total)
        put_gradient(optimizer.parameters, total)
        optimizer.step()
        return mean

    return take_step


def bits(step: TakeStep) -> int:
    """Train a few steps and return the first 32 bits of a hash of the parameters."""
    images, labels = load_digits(128).train
    targets, rng = one_hot(labels, 10), np.random.default_rng(0)
    network = pieces()
    for _ in range(STEPS):
        batch = rng.choice(len(images), 32, replace=False)
        step(*network, images[batch], targets[batch])
    found = hashlib.sha256()
    for parameter in network[0].parameters():
        found.update(parameter.value.tobytes())
    return int(found.hexdigest()[:8], 16)


def among(world: Any) -> dict[str, Any]:
    """Measure what these processes can measure, as one of them."""
    size, rank = world.size, world.rank
    values = np.random.default_rng(rank).random(MESSAGES[-1], np.float32)
    images, labels = load_digits().train
    targets = one_hot(labels, 10)
    found: dict[str, Any] = {
        "fixed": bits(in_shards(4, world)),
        "ordinary": bits(all_reduced(world)),
    }

    def exchange(piece: Array) -> Array:
        """Send to the next, and receive from the one before."""
        got: Array = world.sendrecv(piece, (rank + 1) % size, source=(rank - 1) % size)
        return got

    if size > 1:
        calls = [partial(exchange, values[:count]) for count in MESSAGES]
        found["messages"] = [timed(world, call, 1001) for call in calls]
        ring = lambda: run_in_ring(ring_all_reduce(values, rank, size), exchange)  # noqa: E731
        found["ring"] = timed(world, ring, 201)
        found["in_order"] = timed(world, lambda: sum_of_shards({rank: (0.0, values)}, world), 201)
        total = np.empty_like(values)
        found["library"] = timed(world, lambda: world.Allreduce(values, total), 201)
    for batch in BATCHES if size > 1 else ():
        part = batch // size
        turns: dict[str, tuple[bool, Callable[[], object]]] = {}
        for name, alone, step, count in (
            ("one", True, train_on_batch, batch),
            ("part", True, train_on_batch, part),
            ("one_in_four", True, in_shards(4, Alone()), batch),
            ("all", False, in_shards(size, world), batch),
            ("all_in_four", False, in_shards(4, world), batch),
        ):
            arguments = *pieces(), images[:count], targets[:count]
            turns[name] = alone, partial(step, *arguments)
        for name, seconds in in_turns(world, turns).items():
            found.setdefault(name, []).append(seconds)
    return found


def in_turns(world: Any, calls: dict[str, tuple[bool, Callable[[], object]]]) -> dict[str, float]:
    """Time calls in turns, of the first process alone or of all together; the least of each.

    Who has nothing to do sleeps, and takes no time from the one that works.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS + 2):
        for name, (alone, call) in calls.items():
            world.barrier()
            start = time.perf_counter()
            if not alone or world.rank == 0:
                call()
            seconds = time.perf_counter() - start
            waiting = world.Ibarrier()
            while not waiting.Test():
                time.sleep(2e-4)
            times[name].append(max(world.allgather(seconds)))
    return {name: min(found[2:]) for name, found in times.items()}


def measured(count: int) -> dict[str, Any]:
    """Start so many processes and return what the first of them found."""
    mpiexec = Path(sys.executable).with_name("mpiexec")
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    command = [str(mpiexec), "-n", str(count), sys.executable, "-m", "scripts.processes", "--among"]
    environment = os.environ | dict.fromkeys(names, "1")
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def everything() -> dict[str, Any]:
    """Measure with one, two and four processes; predict from one process, and from messages."""
    one, two, four = (measured(count) for count in COUNTS)
    alpha, beta = straight_line(MESSAGES, two["messages"])
    ring = ring_seconds(2, MESSAGES[-1], alpha, beta)
    sizes = (*BATCHES, *(batch // 2 for batch in BATCHES))
    fixed, slope = straight_line(sizes, two["one"] + two["part"])
    fixed = max(fixed, 0.0)  # below is noise
    return {
        "alpha": alpha,
        "beta": beta,
        "messages": two["messages"],
        "ring": two["ring"],
        "in_order": two["in_order"],
        "library": two["library"],
        "ring_predicted": ring,
        "fixed_cost": fixed,
        "slope": slope,
        "one": two["one"],
        "one_in_four": two["one_in_four"],
        "two": two["all"],
        "two_in_four": two["all_in_four"],
        "two_predicted": [fixed + slope * batch / 2 + ring for batch in BATCHES],
        "one_beside_four": four["one"],
        "four": four["all"],
        "fixed": [found["fixed"] for found in (one, two, four)],
        "ordinary": [found["ordinary"] for found in (one, two, four)],
    }


def main() -> None:
    """Measure as one of several processes, or start them."""
    if "--among" not in sys.argv:
        print(json.dumps(everything(), indent=1))
        return
    from mpi4py import MPI  # noqa: PLC0415 - an extra

    world = MPI.COMM_WORLD
    found = among(world)
    if world.rank == 0:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
