"""Several processes: shards in a fixed order, the same bits everywhere, and the ring."""

import queue
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbook import parallel, train
from cnnbook.layers import Dense, Parameter, Reshape, Sigmoid
from cnnbook.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD
from cnnbook.parallel import (
    Alone,
    add_in_order,
    check_shards,
    fit,
    in_shards,
    loss_and_gradient,
    put_gradient,
    ring_all_reduce,
    ring_seconds,
    run_in_ring,
    run_ring,
    shards_of,
    share,
    sum_of_shards,
    weighted_mean,
)
from cnnbook.train import train_on_batch
from tests.together import run_together
from tests.wrong import assert_refused, wrong_calls


def network(seed=0, dtype=np.float32):
    r = np.random.default_rng(seed)
    return Sequential(
        Reshape((-1,)), Dense(6, 7, rng=r, dtype=dtype), Sigmoid(), Dense(7, 2, rng=r, dtype=dtype)
    )


def data(samples=21, dtype=np.float32):
    r = np.random.default_rng(1)
    return r.random((samples, 1, 2, 3)).astype(dtype), r.integers(0, 2, samples)


LOSS = CategoricalCrossEntropy


def trained(communicator=None, *, seed=0, draws=2, dtype=np.float32, rate=0.5, **options):
    """Train a small network; return its history and its parameters."""
    model = network(seed, dtype)
    optimizer = SGD(model.parameters(), rate, momentum=0.5)
    options = {"epochs": 3, "batch_size": 8, "reshuffle": True, "shards": 4, **options}
    rng = np.random.default_rng(draws)
    loss = LOSS(from_logits=True)
    history = fit(
        model, loss, optimizer, *data(dtype=dtype), rng=rng, communicator=communicator, **options
    )
    return history, [p.value for p in model.parameters()]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# --- cutting and averaging ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "shards", "sizes"),
    [
        (10, 4, [3, 3, 2, 2]),
        (8, 4, [2, 2, 2, 2]),
        (3, 4, [1, 1, 1, 0]),
        (5, 1, [5]),
        (7, 3, [3, 2, 2]),
    ],
)
def test_shards_differ_by_one_at_most(samples, shards, sizes):
    cuts = shards_of(samples, shards)
    assert [len(range(samples)[cut]) for cut in cuts] == sizes
    assert [i for cut in cuts for i in range(samples)[cut]] == list(range(samples))
    assert all(type(cut.start) is int for cut in cuts)


def test_every_sample_counts_alike():
    means = [np.array([2.0, 8.0]), np.array([5.0, -4.0]), np.array([1.0, 0.0])]
    found = weighted_mean(means, sizes=[5, 2, 1])
    np.testing.assert_allclose(found, [(10 + 10 + 1) / 8, (40 - 8) / 8])
    assert weighted_mean([np.float32([3])], [7]).dtype == np.float32
    assert weighted_mean([np.array([3.0])], [7])[0] == 3


def test_the_order_of_a_sum_is_that_of_its_terms():
    big, one = np.array([1e16]), np.array([1.0])
    assert add_in_order([big, one, one])[0] == 1e16
    assert add_in_order([one, one, big])[0] == 1e16 + 2
    assert one[0] == 1, "nothing is written to"


def diverging(shards):
    """Take a step whose loss overflows."""
    model = network()
    for parameter in model.parameters():
        parameter.value[...] = 3e38
    images, labels = data(8)
    targets, optimizer = np.eye(2, dtype=np.float32)[labels], SGD(model.parameters(), 0.5)
    with np.errstate(all="ignore"):
        in_shards(shards, Alone())(model, LOSS(from_logits=True), optimizer, images, targets)


def seeded(seed):
    """Call fit with a seed in the place of a generator."""
    model, (images, labels) = network(), data()
    pieces = model, LOSS(from_logits=True), SGD(model.parameters(), 0.5), images, labels
    fit(*pieces, epochs=1, batch_size=4, rng=seed)


WRONG = [
    (lambda: seeded(0), TypeError, "rng: expected a numpy.random.Generator; got 0"),
    (lambda: diverging(shards=2), FloatingPointError, "the loss is nan; try a smaller"),
    (
        lambda: weighted_mean([np.ones(1)], [1, 2]),
        ValueError,
        "sizes: expected one for each of 1 means, and at least one; got 2",
    ),
    (
        lambda: weighted_mean([], []),
        ValueError,
        "sizes: expected one for each of 0 means, and at least one; got 0",
    ),
    (
        lambda: weighted_mean([np.ones(3), np.ones(1)], [1, 2]),
        ValueError,
        "means[1]: expected shape (3,), as the first has; got (1,)",
    ),
    (
        lambda: weighted_mean([np.ones(3), np.ones(3)], [3, -1]),
        ValueError,
        "sizes[1]: expected an integer of at least 0; got -1",
    ),
    (
        lambda: weighted_mean([np.ones(1)], [0]),
        ValueError,
        "the sum of sizes: expected an integer of at least 1; got 0",
    ),
    (lambda: weighted_mean([np.ones(1)], [1.5]), TypeError, "sizes[0]: expected an integer*1.5"),
    (lambda: shards_of(4, 0), ValueError, "shards: expected an integer of at least 1; got 0"),
    (lambda: shards_of(0, 4), ValueError, "samples: expected an integer of at least 1; got 0"),
    (lambda: shards_of(4.0, 2), TypeError, "samples: expected an integer; got 4.0"),
    (
        lambda: put_gradient([Parameter("w", np.ones((2, 2)))], np.ones(5)),
        ValueError,
        "flat: expected shape (4,), as many as the parameters have together; got (5,)",
    ),
    (
        lambda: put_gradient([Parameter("w", np.ones((2, 2)))], np.arange(4)),
        TypeError,
        "flat: expected float32 or float64; got int64",
    ),
    (
        lambda: check_shards(9, 8),
        ValueError,
        "shards: expected at most batch_size, which is 8; got 9",
    ),
    (lambda: check_shards(0, 8), ValueError, "shards: expected an integer of at least 1; got 0"),
    (lambda: check_shards(2.0, 8), TypeError, "shards: expected an integer; got 2.0"),
    (
        lambda: check_shards(1, 0),
        ValueError,
        "batch_size: expected an integer of at least 1; got 0",
    ),
    (lambda: check_shards(1, "8"), TypeError, "batch_size: expected an integer; got '8'"),
    (
        lambda: trained(shards=9),
        ValueError,
        "shards: expected at most batch_size, which is 8; got 9",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)


def test_a_number_of_shards_is_returned_as_an_integer():
    assert check_shards(np.int64(8), 8) == 8
    assert type(check_shards(np.int64(8), 8)) is int


# --- training -------------------------------------------------------------------------------------


def test_one_shard_is_the_plain_loop_to_the_bit():
    model = network()
    optimizer = SGD(model.parameters(), 0.5, momentum=0.5)
    options = {"epochs": 3, "batch_size": 8, "reshuffle": True, "rng": np.random.default_rng(2)}
    history = train.fit(model, LOSS(from_logits=True), optimizer, *data(), **options)
    found, weights = trained(shards=1)
    assert found == history
    assert same(weights, [p.value for p in model.parameters()])


def test_one_shard_in_the_way_of_several_is_the_plain_step_to_the_bit():
    images, labels = data(8)
    targets, ends = np.eye(2, dtype=np.float32)[labels], []
    for step in (train_on_batch, in_shards(1, Alone())):
        model = network()
        value = step(model, LOSS(from_logits=True), SGD(model.parameters(), 0.5), images, targets)
        ends.append((value, [p.value for p in model.parameters()]))
    assert ends[0][0] == ends[1][0]
    assert same(ends[0][1], ends[1][1])


def test_without_being_told_a_batch_stays_whole(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cnnbook.train.train_on_batch", stop)
    model = network()
    pieces = model, LOSS(from_logits=True), SGD(model.parameters(), 0.5), *data()
    with pytest.raises(KeyboardInterrupt):
        fit(*pieces, epochs=1, batch_size=8, rng=np.random.default_rng(0))


def test_with_one_process_and_one_shard_the_plain_loop_runs(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cnnbook.train.train_on_batch", stop)
    with pytest.raises(KeyboardInterrupt):
        trained(shards=1)
    assert trained(shards=2)[0].epochs == 3


def test_a_step_is_the_shards_written_out():
    """21 samples in batches of 8: the last has 5, so that its shards are unequal."""
    model = network(dtype=np.float64)
    optimizer = SGD(model.parameters(), 0.5, momentum=0.5)
    images, labels = data(dtype=np.float64)
    targets, loss = np.eye(2)[labels], LOSS(from_logits=True)
    rng, losses = np.random.default_rng(2), []
    for _ in range(3):
        order, total = rng.permutation(21), 0.0
        for start in (0, 8, 16):
            batch = order[start : start + 8]
            for parameter in model.parameters():
                parameter.gradient[...] = 0
            gradients = []
            for part in np.array_split(batch, 4):
                scale = len(part) / len(batch)
                total += loss.forward(model.forward(images[part]), targets[part]) * len(part)
                for parameter in model.parameters():
                    parameter.gradient = np.zeros_like(parameter.value)
                model.backward(loss.backward())
                gradients.append([p.gradient * scale for p in model.parameters()])
            for p, parts in zip(model.parameters(), zip(*gradients, strict=True), strict=True):
                p.gradient = ((parts[0] + parts[1]) + parts[2]) + parts[3]
            optimizer.step()
        losses.append(total / 21)
    history, weights = trained(dtype=np.float64)
    assert same(weights, [p.value for p in model.parameters()])
    np.testing.assert_allclose(history.losses, losses, rtol=1e-14)
    _, alone = trained(dtype=np.float64, shards=1)
    for a, b in zip(alone, weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_of_processes_changes_no_bit(size, dtype):
    history, weights = trained(dtype=dtype)
    assert weights[0].dtype == dtype
    for found, theirs in run_together(size, lambda c: trained(c, dtype=dtype)):
        assert found == history
        assert same(theirs, weights)


def test_the_number_of_shards_changes_the_last_bits():
    ends = [trained(shards=shards)[1] for shards in (1, 2, 4)]
    assert not same(ends[0], ends[1])
    assert not same(ends[1], ends[2])
    for a, b in zip(ends[0], ends[2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_all_begin_with_what_process_0_begins_with():
    history, weights = trained()
    others = run_together(2, lambda c: trained(c, seed=c.rank, draws=2 + 5 * c.rank))
    for found, theirs in others:
        assert found == history
        assert same(theirs, weights)


@pytest.mark.parametrize("samples", [1, 2])
def test_a_batch_may_have_fewer_samples_than_there_are_shards(samples):
    options = {"batch_size": 8 - samples, "epochs": 1, "shards": 4}
    images, labels = data(8)

    def run(communicator):
        model = network()
        loss, optimizer = LOSS(from_logits=True), SGD(model.parameters(), 0.5)
        rng = np.random.default_rng(0)
        fit(model, loss, optimizer, images, labels, rng=rng, communicator=communicator, **options)
        return [p.value for p in model.parameters()]

    expected = run(None)
    for weights in run_together(4, run):
        assert same(weights, expected)


def test_a_run_goes_on_with_another_number_of_processes():
    whole_history, whole = trained(epochs=4)

    def run(communicator, model, optimizer, epochs, history):
        loss, rng = LOSS(from_logits=True), np.random.default_rng(2)
        options = {"batch_size": 8, "reshuffle": True, "shards": 4, "history": history}
        images = data()
        return fit(
            model,
            loss,
            optimizer,
            *images,
            rng=rng,
            epochs=epochs,
            communicator=communicator,
            **options,
        )

    model = network()
    optimizer = SGD(model.parameters(), 0.5, momentum=0.5)
    half = run(None, model, optimizer, 2, None)

    def go_on(communicator):
        own = network()
        theirs = SGD(own.parameters(), 0.5, momentum=0.5)
        pairs = [*zip(own.parameters(), model.parameters(), strict=True)]
        for mine, saved in pairs:
            mine.value[...] = saved.value
        for mine, saved in zip(theirs.velocities, optimizer.velocities, strict=True):
            mine[...] = saved
        history = train.History(list(half.losses))
        return run(communicator, own, theirs, 4, history), [p.value for p in own.parameters()]

    for history, weights in run_together(2, go_on):
        assert history == whole_history
        assert same(weights, whole)


def test_fewer_shards_than_processes_leave_some_without_work():
    sentence = "shards: expected at least one for each of 2 processes; got 1"
    assert_refused(lambda: run_together(2, lambda c: trained(c, shards=1)), ValueError, sentence)


def test_all_processes_say_that_a_run_diverges_and_no_parameter_changes():
    images, labels = data(8)
    images[5] = 3e38  # in the third of four shards

    def run(communicator):
        model = network()
        model.layers[1].weights.value[...] = model.layers[3].weights.value[...] = 3e38
        before = [p.value.copy() for p in model.parameters()]
        step = in_shards(4, communicator)
        optimizer = SGD(model.parameters(), 0.5)
        with pytest.raises(FloatingPointError) as caught, np.errstate(all="ignore"):
            step(
                model,
                LOSS(from_logits=True),
                optimizer,
                images,
                np.eye(2, dtype=np.float32)[labels],
            )
        assert same(before, [p.value for p in model.parameters()])
        return str(caught.value)

    expected = "the loss is nan; try a smaller learning_rate than 0.5"
    assert run_together(2, run) == [expected] * 2


def test_images_are_brought_to_the_dtype_of_the_targets():
    model = network(dtype=np.float32)
    images, labels = data(8, np.float64)
    step = in_shards(2, Alone())
    optimizer = SGD(model.parameters(), 0.5)
    step(model, LOSS(from_logits=True), optimizer, images, np.eye(2, dtype=np.float32)[labels])
    assert [p.gradient.dtype for p in model.parameters()] == [np.float32] * 4


# --- one shard, and the sum of all ----------------------------------------------------------------


def test_a_shard_has_the_gradient_of_all_parameters_in_one_row():
    model = network(dtype=np.float64)
    images, labels = data(5, np.float64)
    loss, optimizer = LOSS(from_logits=True), SGD(model.parameters(), 0.5)
    targets = np.eye(2)[labels]
    for parameter in model.parameters():
        parameter.gradient += 100  # of an older batch
    value, gradient = loss_and_gradient(optimizer, model, loss, images, targets)
    assert value == loss.forward(model.forward(images), targets)
    for parameter in model.parameters():
        parameter.zero_gradient()
    model.backward(loss.backward())
    expected = np.concatenate([p.gradient.ravel() for p in model.parameters()])
    np.testing.assert_array_equal(gradient, expected)
    put_gradient(model.parameters(), gradient + 1)
    np.testing.assert_array_equal(model.layers[3].bias.gradient, expected[-2:] + 1)
    assert model.layers[1].weights.gradient.shape == (6, 7)


def test_a_loss_that_is_not_finite_has_no_gradient():
    model = network()
    images, labels = data(5)
    model.layers[1].weights.value[...] = np.nan
    targets = np.eye(2, dtype=np.float32)[labels]
    optimizer = SGD(model.parameters(), 0.5)
    with np.errstate(all="ignore"):
        value, gradient = loss_and_gradient(
            optimizer, model, LOSS(from_logits=True), images, targets
        )
    assert np.isnan(value)
    assert gradient.shape == (6 * 7 + 7 + 7 * 2 + 2,)
    assert not gradient.any()


def test_a_gradient_takes_the_dtype_of_its_parameter():
    pair = [Parameter("a", np.ones(2, np.float32)), Parameter("b", np.ones(1))]
    put_gradient(pair, np.array([1.0, 2.0, 3.0]))
    assert [p.gradient.dtype for p in pair] == [np.float32, np.float64]
    assert [p.gradient.tolist() for p in pair] == [[1, 2], [3]]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_shards_are_added_in_the_order_of_their_numbers(size):
    """In any other order of these five, a 1 or two would be lost."""
    numbers = [1.0, 1.0, 1e16, -1e16, 2.0**-60]
    arrays = {s: (s + 0.5, np.array([x, 3.0, x, -x])) for s, x in enumerate(numbers)}

    def run(communicator):
        mine = {s: arrays[s] for s in range(4, -1, -1) if s % size == communicator.rank}
        found = sum_of_shards(mine, communicator)
        return *found, communicator.calls if size > 1 else None

    expected = 2 + 2.0**-60
    for value, total, calls in run_together(size, run):
        assert value == 0.5 + 1.5 + 2.5 + 3.5 + 4.5
        assert total.tolist() == [expected, 15.0, expected, -expected]
        if size > 1:
            assert calls == ["allgather"] * 2


def test_arrays_of_process_0_are_written_into_those_of_all():
    def run(communicator):
        arrays = {"w": np.full(2, communicator.rank + 1.0), "v": np.full(1, communicator.rank)}
        more = share(communicator, arrays, f"process {communicator.rank}")
        return more, arrays["w"].tolist(), arrays["v"].tolist()

    assert run_together(3, run) == [("process 0", [1.0, 1.0], [0])] * 3


# --- the ring -------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 13), st.integers(0, 99))
def test_a_ring_adds_up(size, numbers, seed):
    values = np.random.default_rng(seed).standard_normal((size, numbers))
    before = values.copy()
    results = run_ring([ring_all_reduce(v, rank, size) for rank, v in enumerate(values)])
    assert len(results) == size
    for result in results:
        np.testing.assert_allclose(result, values.sum(axis=0), atol=1e-13)
        np.testing.assert_array_equal(result, results[0])
    np.testing.assert_array_equal(values, before)


def test_what_a_ring_of_three_sends():
    """By hand: the table of the chapter."""
    values = [[1, 2, 3], [10, 20, 30], [100, 200, 300]]
    ring = [ring_all_reduce(np.array(v), rank, 3) for rank, v in enumerate(values)]
    sent = [process.send(None).tolist() for process in ring]
    seen = [sent]
    for _ in range(3):
        sent = [ring[rank].send(np.array(sent[rank - 1])).tolist() for rank in range(3)]
        seen.append(sent)
    assert seen == [
        [[1], [20], [300]],
        [[303], [11], [220]],
        [[222], [333], [111]],
        [[111], [222], [333]],
    ]
    for rank in range(3):
        with pytest.raises(StopIteration) as end:
            ring[rank].send(np.array(sent[rank - 1]))
        assert end.value.value.tolist() == [111, 222, 333]


def test_a_piece_is_added_up_from_its_own_process_on():
    """Only piece 2, which begins with 1e16 - 1e16, keeps the 1."""
    values = [np.full(4, x, np.float64) for x in (0.0, 1.0, 1e16, -1e16)]
    (result, *_) = run_ring([ring_all_reduce(v, rank, 4) for rank, v in enumerate(values)])
    assert result.tolist() == [0.0, 0.0, 1.0, 0.0]


def test_the_number_format_stays():
    values = [np.ones(3, np.float32)] * 2
    results = run_ring([ring_all_reduce(v, rank, 2) for rank, v in enumerate(values)])
    assert [result.dtype for result in results] == [np.float32] * 2


@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_ring_of_processes_that_run_elsewhere(size):
    values = np.random.default_rng(0).standard_normal((size, 11))
    boxes, results = [queue.Queue() for _ in range(size)], [None] * size

    def run(rank):
        def exchange(piece):
            boxes[(rank + 1) % size].put(piece.copy())
            return boxes[rank].get(timeout=30)

        results[rank] = run_in_ring(ring_all_reduce(values[rank], rank, size), exchange)

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    here = run_ring([ring_all_reduce(v, rank, size) for rank, v in enumerate(values)])
    for result in results:
        np.testing.assert_array_equal(result, here[0])


def test_the_cost_of_a_ring():
    assert ring_seconds(size=1, numbers=100, alpha=3, beta=2) == 0
    assert ring_seconds(size=2, numbers=100, alpha=3, beta=2) == 2 * 3 + 100 * 2
    assert ring_seconds(size=5, numbers=100, alpha=3, beta=2) == 8 * 3 + 8 / 5 * 100 * 2


def test_a_loss_of_its_own_kind_is_taken_as_it_comes():
    model = Sequential(Reshape((-1,)), Dense(6, 2, rng=np.random.default_rng(0)), Sigmoid())
    optimizer = SGD(model.parameters(), 0.5)
    images, labels = data(8)
    pieces = model, BinaryCrossEntropy(), optimizer, images, labels
    options = {"epochs": 1, "batch_size": 4, "rng": np.random.default_rng(0)}
    assert parallel.fit(*pieces, shards=2, **options).epochs == 1
