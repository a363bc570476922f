"""The training loop: what it does step by step, and what it refuses to do."""

import io
import re
import sys

import numpy as np
import pytest

from cnnbook.augmentation import move_images, turn_images
from cnnbook.averaging import RunningMean
from cnnbook.layers import Dense, Parameter, Reshape, Sigmoid
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one, one_hot
from cnnbook.model import Sequential, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.train import (
    History,
    count_errors,
    epoch_orders,
    errors_and_loss,
    fit,
    in_batches,
    loss_of,
    train_epoch,
    train_on_batch,
)
from tests.terminal import Terminal
from tests.wrong import assert_refused, wrong_calls


def network(seed=0, dtype=np.float64):
    r = np.random.default_rng(seed)
    return Sequential(
        Reshape((-1,)),
        Dense(6, 4, rng=r, dtype=dtype),
        Sigmoid(),
        Dense(4, 2, rng=r, dtype=dtype),
        Sigmoid(),
    )


def data(samples=11, dtype=np.float64):
    r = np.random.default_rng(1)
    return r.random((samples, 1, 2, 3)).astype(dtype), r.integers(0, 2, samples)


def train(model, images, targets, *, learning_rate=0.5, seed=2, **options):
    options = {"epochs": 3, "batch_size": 4, **options}
    optimizer = SGD(model.parameters(), learning_rate)
    rng = np.random.default_rng(seed)
    return fit(model, BinaryCrossEntropy(), optimizer, images, targets, rng=rng, **options)


def values(model):
    return [parameter.value.copy() for parameter in model.parameters()]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("reshuffle", [False, True])
def test_fit_is_the_loop_written_out(reshuffle):
    model, by_hand = network(), network()
    images, labels = data()
    history = train(model, images, labels, reshuffle=reshuffle)

    rng, loss, losses = np.random.default_rng(2), BinaryCrossEntropy(), []
    order = rng.permutation(11)
    for epoch in range(3):
        if reshuffle and epoch:
            order = rng.permutation(11)
        total = 0.0
        for batch in (order[:4], order[4:8], order[8:]):
            p = by_hand.forward(images[batch])
            total += loss.forward(p, np.eye(2)[labels[batch]]) * len(batch)
            for parameter in by_hand.parameters():
                parameter.gradient[...] = 0
            by_hand.backward(loss.backward())
            for parameter in by_hand.parameters():
                parameter.value -= 0.5 * parameter.gradient
        losses.append(total / 11)

    assert_same(values(model), values(by_hand))
    assert history == History(losses=losses, test_errors=[])
    assert history.epochs == 3


@pytest.mark.parametrize("reshuffle", [False, True])
def test_fit_is_the_loop_that_chapter_11_prints(reshuffle):
    one, other = network(), network()
    images, labels = data()
    history = train(one, images, labels, reshuffle=reshuffle)
    rng, targets = np.random.default_rng(2), one_hot(labels, 2, np.float64)
    pieces = other, BinaryCrossEntropy(), SGD(other.parameters(), 0.5), images, targets
    losses = [
        train_epoch(*pieces, batches=in_batches(order, 4))
        for order in epoch_orders(rng, 11, epochs=3, reshuffle=reshuffle)
    ]
    assert history.losses == losses
    assert_same(values(one), values(other))


def test_rates_and_shifts_are_the_loop_written_out():
    """Eleven samples in batches of four: the last step of an epoch lies two thirds behind it."""
    model, by_hand = network(), network()
    images, labels = data()
    rates, asked = {}, []

    def falling(epochs):
        asked.append(epochs)
        return rates.setdefault(epochs, 0.5 / (1 + epochs))

    history = train(model, images, labels, reshuffle=True, rates=falling, shift=1)
    rng, loss, losses = np.random.default_rng(2), BinaryCrossEntropy(), []
    for epoch in range(3):
        order, total = rng.permutation(11), 0.0
        moves = rng.integers(-1, 2, (11, 2))
        for number in range(3):
            batch = order[4 * number : 4 * number + 4]
            x = move_images(images[batch], moves[batch])
            step = SGD(by_hand.parameters(), 0.5 / (1 + (epoch + number / 3)))
            total += train_on_batch(by_hand, loss, step, x, one_hot(labels[batch], 2, np.float64))
        losses.append(total / 11)
    assert history.losses == losses
    assert_same(values(model), values(by_hand))
    assert asked == [epoch + number / 3 for epoch in range(3) for number in range(3)]


@pytest.mark.parametrize("shift", [0, 1])
def test_turns_and_means_are_the_loop_written_out(shift):
    """Order, moves and angles are drawn in this turn, and a mean is taken after each step."""
    model, by_hand = network(), network()
    images, labels = data()
    mean = RunningMean(model.parameters(), 0.75)
    test = data(40)
    options = {"reshuffle": True, "shift": shift, "turn": 30, "average": mean, "validation": test}
    history = train(model, images, labels, **options)
    rng, loss, losses = np.random.default_rng(2), BinaryCrossEntropy(), []
    averaged, judgements = values(by_hand), []
    for _ in range(3):
        order, total = rng.permutation(11), 0.0
        moves = rng.integers(-1, 2, (11, 2)) if shift else np.zeros((11, 2), int)
        degrees = rng.uniform(-30, 30, 11)
        for batch in (order[:4], order[4:8], order[8:]):
            x = turn_images(images[batch], degrees[batch], moves[batch])
            step = SGD(by_hand.parameters(), 0.5)
            total += train_on_batch(by_hand, loss, step, x, one_hot(labels[batch], 2, np.float64))
            averaged = [
                0.75 * m + (1 - 0.75) * v for m, v in zip(averaged, values(by_hand), strict=True)
            ]
        losses.append(total / 11)
        judged = network()
        for p, m in zip(judged.parameters(), averaged, strict=True):
            p.value[...] = m
        judgements.append(errors_and_loss(judged, loss, *test))
    assert history.losses == losses
    assert_same(values(model), values(by_hand))
    assert_same(mean.values, averaged)
    found = zip(history.validation_errors, history.validation_losses, strict=True)
    assert list(found) == judgements


def test_a_batch_is_followed_after_its_step_and_not_before():
    model = network()
    mean = RunningMean(model.parameters(), 0.0)
    train(model, *data(), epochs=1, batch_size=11, average=mean)
    assert_same(mean.values, values(model))


def test_without_rates_the_optimiser_keeps_its_own():
    model = network()
    optimizer = SGD(model.parameters(), 0.5)
    once = {"epochs": 1, "batch_size": 4, "rng": np.random.default_rng(0)}
    fit(model, BinaryCrossEntropy(), optimizer, *data(), **once)
    assert optimizer.learning_rate == 0.5
    fit(model, BinaryCrossEntropy(), optimizer, *data(), **once, rates=lambda epochs: 0.25)
    assert optimizer.learning_rate == 0.25


@pytest.mark.parametrize("reshuffle", [False, True])
def test_going_on_with_rates_and_shifts_is_the_same_as_never_having_stopped(reshuffle):
    images, labels = data()
    options = {"reshuffle": reshuffle, "rates": lambda t: 0.5 * 0.3**t, "shift": 1}
    straight, broken = network(), network()
    whole = train(straight, images, labels, epochs=5, **options)
    first = train(broken, images, labels, epochs=2, **options)
    assert train(broken, images, labels, epochs=5, history=first, **options) == whole
    assert_same(values(straight), values(broken))


@pytest.mark.parametrize("reshuffle", [False, True])
def test_orders_are_drawn_one_after_the_other(reshuffle):
    rng, same = np.random.default_rng(5), np.random.default_rng(5)
    orders = list(epoch_orders(rng, 7, 3, reshuffle=reshuffle))
    expected = [same.permutation(7) for _ in range(3 if reshuffle else 1)]
    assert_same(orders, expected if reshuffle else 3 * expected)
    assert rng.random() == same.random(), "and nothing more is drawn"


@pytest.mark.parametrize(("samples", "sizes"), [(6, [3, 3]), (7, [3, 3, 1]), (2, [2])])
def test_batches_hold_every_sample_once(samples, sizes):
    batches = in_batches(np.arange(samples)[::-1], 3)
    assert [len(batch) for batch in batches] == sizes
    np.testing.assert_array_equal(np.concatenate(batches), np.arange(samples)[::-1])


def test_another_step_can_take_the_place_of_the_usual_one():
    model, taken = network(), []

    def step(*pieces):
        taken.append((pieces[0] is model, type(pieces[2]), pieces[3].shape, pieces[4].shape))
        return float(len(taken))

    before = values(model)
    history = train(model, *data(), on_batch=step)
    assert_same(values(model), before)
    assert taken[:3] == [(True, SGD, (n, 1, 2, 3), (n, 2)) for n in (4, 4, 3)]
    assert history.losses == [6 / 11, 15 / 11, 24 / 11]
    assert history.epochs == 3


def test_the_loss_of_an_epoch_is_a_mean_over_samples_not_over_batches():
    class Size(BinaryCrossEntropy):
        def forward(self, predictions, targets):
            super().forward(predictions, targets)
            return float(len(predictions))

    model = network()
    images, labels = data(5)
    pieces = model, Size(), SGD(model.parameters(), 0.1), images, one_hot(labels, 2, np.float64)
    assert train_epoch(*pieces, batches=in_batches(np.arange(5), 3)) == (3 * 3 + 2 * 2) / 5


def test_labels_and_one_hot_targets_are_the_same():
    images, labels = data()
    one, other = network(), network()
    assert train(one, images, labels) == train(other, images, one_hot(labels, 2))
    assert_same(values(one), values(other))


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    images, labels = data()
    one, same, other = network(), network(), network()
    train(one, images, labels)
    train(same, images, labels)
    train(other, images, labels, seed=3)
    assert_same(values(one), values(same))
    assert not np.array_equal(values(one)[0], values(other)[0])


@pytest.mark.parametrize("reshuffle", [False, True])
def test_going_on_is_the_same_as_never_having_stopped(reshuffle):
    images, labels = data()
    straight, broken = network(), network()
    whole = train(straight, images, labels, epochs=5, reshuffle=reshuffle)
    part = train(broken, images, labels, epochs=2, reshuffle=reshuffle)
    assert part.losses == whole.losses[:2]
    part = train(broken, images, labels, epochs=5, reshuffle=reshuffle, history=part)
    assert part == whole
    assert_same(values(straight), values(broken))


def test_a_finished_history_trains_no_more():
    images, labels = data()
    model = network()
    before = values(model)
    history = History(losses=[0.5, 0.4])
    assert train(model, images, labels, epochs=2, history=history) is history
    assert_same(values(model), before)


def test_images_are_brought_to_the_dtype_of_the_model():
    images, labels = data()
    one, other = network(dtype=np.float32), network(dtype=np.float32)
    train(one, images, labels)
    train(other, images.astype(np.float32), labels)
    assert_same(values(one), values(other))
    assert values(one)[0].dtype == np.float32


def test_what_was_left_in_the_gradients_does_not_count():
    images, labels = data()
    one, other = network(), network()
    for parameter in other.parameters():
        parameter.gradient += 5
    assert train(one, images, labels) == train(other, images, labels)
    assert_same(values(one), values(other))


@pytest.mark.parametrize(
    ("stream", "progress", "shown"),
    [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)],
)
def test_progress_is_shown_to_those_who_want_it(monkeypatch, stream, progress, shown):
    monkeypatch.setattr(sys, "stderr", stream())
    train(network(), *data(), epochs=2, progress=progress)
    labels = re.findall(r"Epoch (-?\d+):", sys.stderr.getvalue())
    assert sorted(set(labels)) == (["1", "2"] if shown else [])


def test_callbacks_and_test_errors_come_after_every_epoch():
    images, labels = data()
    model, seen = network(), []

    def on_epoch(history):
        errors = np.count_nonzero(model.forward(images).argmax(axis=1) != labels)
        seen.append((history.epochs, history.test_errors[-1] == errors))

    train(model, images, labels, test=(images, labels), on_epoch=on_epoch)
    assert seen == [(1, True), (2, True), (3, True)]


def held_out(samples=7):
    r = np.random.default_rng(3)
    return r.random((samples, 1, 2, 3)), r.integers(0, 2, samples)


def test_errors_and_loss_on_validation_images_come_after_every_epoch():
    images, labels = data()
    held, digits = held_out()
    model, by_hand, loss = network(), network(), BinaryCrossEntropy()
    seen = []

    def on_epoch(history):
        p = model.forward(held)
        t = np.eye(2)[digits]
        mean = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
        errors = int(np.count_nonzero(p.argmax(axis=1) != digits))
        assert history.validation_losses[-1] == pytest.approx(mean, rel=1e-12)
        seen.append((len(history.validation_losses), errors))

    history = train(model, images, labels, validation=(held, digits), on_epoch=on_epoch)
    assert [count for count, _ in seen] == [1, 2, 3]
    assert history.validation_errors == [errors for _, errors in seen]
    assert history.test_errors == []
    assert type(history.validation_errors[0]) is int
    assert type(history.validation_losses[0]) is float
    # Training is the same without them.
    alone = fit(
        by_hand,
        loss,
        SGD(by_hand.parameters(), 0.5),
        images,
        labels,
        epochs=3,
        batch_size=4,
        rng=np.random.default_rng(2),
        test=(held, digits),
    )
    assert alone.losses == history.losses
    assert alone.test_errors == history.validation_errors
    assert (alone.validation_errors, alone.validation_losses) == ([], [])
    assert_same(values(model), values(by_hand))


@pytest.mark.parametrize("samples", [1, 255, 256, 257, 600])
def test_validation_is_a_mean_over_all_images_whatever_the_batches(samples):
    images, labels = data(samples)
    model, loss = network(), BinaryCrossEntropy()
    sizes = []

    class Watched(Sequential):
        def forward(self, x):
            sizes.append(len(x))
            return super().forward(x)

    errors, mean = errors_and_loss(Watched(*model.layers), loss, images, labels)
    assert sum(sizes) == samples
    assert max(sizes) <= 256
    p = model.forward(images)
    assert errors == np.count_nonzero(p.argmax(axis=1) != labels)
    assert mean == pytest.approx(loss.forward(p, np.eye(2)[labels]), rel=1e-12)


def test_going_on_with_validation_images_is_the_same_as_never_having_stopped():
    images, labels = data()
    straight, broken = network(), network()
    options = {"validation": held_out(), "test": data(), "reshuffle": True}
    whole = train(straight, images, labels, epochs=5, **options)
    part = train(broken, images, labels, epochs=2, **options)
    part = train(broken, images, labels, epochs=5, history=part, **options)
    assert part == whole
    assert len(whole.validation_losses) == len(whole.validation_errors) == 5
    assert_same(values(straight), values(broken))


def test_a_history_without_validation_is_one():
    assert History([0.5], [3]) == History([0.5], [3], [], [])


def test_a_loss_that_is_infinite_on_validation_images_is_none():
    class Certain(BinaryCrossEntropy):
        def forward(self, predictions, targets):
            return np.inf

    with pytest.raises(FloatingPointError, match="^the loss on these images is inf$"):
        errors_and_loss(network(), Certain(), *data())
    images, labels = data()
    model = Sequential(Reshape((-1,)), Dense(6, 2, rng=np.random.default_rng(0)))
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match="^an output for these images is not finite$"),
    ):
        errors_and_loss(model, BinaryCrossEntropy(), images * 1e300, labels)


def test_what_is_wrong_on_validation_images_is_named_with_epoch_and_step():
    class Exploding(BinaryCrossEntropy):
        def forward(self, predictions, targets):
            value = super().forward(predictions, targets)
            return np.inf if len(targets) == 7 else value

    model = network()
    history = History()
    with pytest.raises(FloatingPointError, match="^epoch 1, step 3: the loss on these images is"):
        fit(
            model,
            Exploding(),
            SGD(model.parameters(), 0.5),
            *data(),
            epochs=3,
            batch_size=4,
            rng=np.random.default_rng(2),
            validation=held_out(7),
            test=data(),
            history=history,
        )
    assert history == History()


def test_arguments_are_left_alone():
    images, labels = data()
    before = images.copy(), labels.copy()
    train(network(), images, labels, test=(images, labels), validation=(images, labels))
    assert_same((images, labels), before)


def test_memory_grows_with_the_batch_not_with_the_data():
    import tracemalloc

    peaks = []
    for samples in (500, 4000):
        images = np.zeros((samples, 1, 16, 16), np.float32)
        labels = np.arange(samples) % 2
        r = np.random.default_rng(0)
        model = Sequential(Reshape((-1,)), Dense(256, 64, rng=r), Sigmoid(), Dense(64, 2, rng=r))
        model = Sequential(*model.layers, Sigmoid())
        tracemalloc.start()
        both = {"test": (images, labels), "validation": (images, labels)}
        train(model, images, labels, epochs=1, batch_size=50, **both)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # What grows is the order and the one-hot targets: 16 bytes a sample and some.
    assert peaks[1] - peaks[0] < 3500 * 100


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_diverging_loss_stops_with_advice(value):
    class Exploding(BinaryCrossEntropy):
        def forward(self, predictions, targets):
            super().forward(predictions, targets)
            return value

    model = network()
    before = values(model)
    images, labels = data()
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises(
        FloatingPointError, match=f"the loss is {value}; try a smaller learning_rate"
    ):
        train_on_batch(model, Exploding(), optimizer, images, np.eye(2)[labels])
    assert_same(values(model), before)


DIVERGED = r"^epoch {}, step {}: .*; try a smaller learning_rate than {}$"


# A sigmoid answers 0 or 1 to logits of 1e300, which float64 can hold: such a run stays finite.
@pytest.mark.parametrize(
    ("from_logits", "dtype"), [(False, np.float32), (True, np.float32), (True, np.float64)]
)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("rate", [1e300, 1e308])
def test_a_run_that_diverges_ends_with_one_sentence_and_no_warning(
    from_logits, dtype, momentum, rate
):
    r = np.random.default_rng(0)
    layers = [Reshape((-1,)), Dense(6, 4, rng=r, dtype=dtype), Dense(4, 2, rng=r, dtype=dtype)]
    model = Sequential(*layers) if from_logits else Sequential(*layers, Sigmoid())
    optimizer = SGD(model.parameters(), rate, momentum=momentum)
    history, seen = History(), []
    with pytest.raises(FloatingPointError, match=DIVERGED.format(1, r"\d", r"1e\+30\d")):
        fit(
            model,
            BinaryCrossEntropy(from_logits=from_logits),
            optimizer,
            *data(),
            epochs=3,
            batch_size=2,
            rng=r,
            history=history,
            test=data(),
            on_epoch=seen.append,
        )
    assert (history, seen) == (History(), [])


class Rising(SGD):
    """Its steps become too long after a number of them."""

    def step(self):
        self.taken = getattr(self, "taken", 0) + 1
        if self.taken == 8:
            self.learning_rate = 1e308
        super().step()


@pytest.mark.parametrize(
    ("batch_size", "epoch", "step", "what"),
    [
        (4, 3, 3, "the loss is nan"),  # three steps an epoch: found in the ninth
        (2, 2, 3, "the loss is nan"),  # six
        (3, 2, 4, "weights are not finite any more"),  # four: the eighth ends an epoch
    ],
)
def test_the_epoch_and_the_step_are_named(batch_size, epoch, step, what):
    model = Sequential(Reshape((-1,)), Dense(6, 2, rng=np.random.default_rng(0), dtype=np.float64))
    history = History()
    optimizer = Rising(model.parameters(), 1e-9)
    options = {"epochs": 9, "batch_size": batch_size, "rng": np.random.default_rng(0)}
    images, labels = data()
    loss = BinaryCrossEntropy(from_logits=True)
    with pytest.raises(FloatingPointError) as caught:
        fit(model, loss, optimizer, 1e3 * images, labels, **options, history=history, test=data())
    sentence = f"epoch {epoch}, step {step}: {what}; try a smaller learning_rate than 1e+308"
    assert str(caught.value) == sentence
    assert (len(history.losses), len(history.test_errors)) == (epoch - 1, epoch - 1)


def test_outputs_that_are_not_finite_are_no_answers():
    class Exploding(Sequential):
        def predict(self, x, batch_size=256):
            return np.full((len(x), 2), np.inf)

    layers = network().layers
    images, labels = data()
    with pytest.raises(FloatingPointError, match="^an output for these images is not finite$"):
        count_errors(Exploding(*layers), images, labels)
    with pytest.raises(FloatingPointError, match=r"^epoch 1, step 3: an output for these images"):
        train(Exploding(*layers), images, labels, test=(images, labels))


def test_a_loss_that_refuses_finite_predictions_is_heard():
    model = Sequential(Reshape((-1,)), Dense(6, 2, rng=np.random.default_rng(0), dtype=np.float64))
    images, labels = data()
    pieces = model, BinaryCrossEntropy(), SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="^predictions: expected numbers in"):
        train_on_batch(*pieces, 100 * images, np.eye(2)[labels])


@pytest.mark.parametrize(
    "test",
    [
        (np.ones((2, 1, 2, 3)), np.array([0])),
        (np.ones((2, 1, 2, 3)), np.array([0.0, 1.0])),
        (np.ones((2, 1, 5, 5)), np.array([0, 1])),
    ],
    ids=["a label too few", "no integers", "another shape"],
)
@pytest.mark.parametrize("which", ["test", "validation"])
def test_what_is_wrong_with_test_images_is_said_before_training(test, which):
    model = network()
    before = values(model)
    with pytest.raises((TypeError, ValueError)):
        train(model, *data(), **{which: test})
    assert_same(values(model), before)


def test_a_validation_label_without_an_output_is_refused_before_training():
    model = network()
    before = values(model)
    with pytest.raises(ValueError, match="^labels: expected classes from 0 to 1; got 2 at index 1"):
        train(model, *data(), validation=(data(2)[0], np.array([0, 2])))
    assert_same(values(model), before)


def test_count_errors():
    model = Sequential(Reshape((2,)))
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert count_errors(model, scores, np.array([0, 1, 0])) == 0
    assert count_errors(model, scores, np.array([1, 1, 1])) == 2
    with pytest.raises(ValueError, match=r"^labels: expected shape \(3,\); got \(2,\)"):
        count_errors(model, scores, np.array([0, 1]))
    with pytest.raises(ValueError, match=r"^labels: expected shape \(3,\); got \(4,\)"):
        count_errors(model, scores, np.array([0, 1, 0, 1]))


def test_the_classic_run_on_200_images():
    """The loss starts near ln 2 and falls in each of twenty epochs of single samples."""
    split = load_zero_one(limit_per_class=100)
    rng = np.random.default_rng(0)
    model = zero_one_network(rng)
    history = fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), learning_rate=0.1),
        *split.train,
        epochs=20,
        batch_size=1,
        rng=rng,
        test=split.test,
    )
    assert history.losses[0] == pytest.approx(np.log(2), abs=0.05)
    assert (np.diff(history.losses) < 0).all()
    assert history.losses[-1] < 0.01
    assert history.test_errors[-1] <= 20


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_full_run_makes_at_most_4_errors(seed):
    split = load_zero_one()
    rng = np.random.default_rng(seed)
    model = zero_one_network(rng)
    optimizer = SGD(model.parameters(), learning_rate=0.1)
    history = fit(
        model,
        BinaryCrossEntropy(),
        optimizer,
        *split.train,
        epochs=5,
        batch_size=32,
        rng=rng,
        test=split.test,
    )
    assert history.test_errors[-1] <= 4
    assert (np.diff(history.losses) < 0).all()


class Spy(Dense):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.seen = []

    def forward(self, x):
        self.seen.append(x.dtype)
        return super().forward(x)

    def backward(self, grad_output):
        self.seen.append("backward")
        return super().backward(grad_output)


def spied():
    layer = Spy(3, 2, rng=np.random.default_rng(0))
    return layer, Sequential(layer, Sigmoid())


def test_training_is_in_the_dtype_of_the_network():
    layer, model = spied()
    fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        np.ones((4, 3)),
        np.ones((4, 2)),
        epochs=1,
        batch_size=2,
        rng=np.random.default_rng(0),
    )
    assert set(layer.seen[1:]) == {np.dtype(np.float32)}


def test_training_does_not_compute_the_gradient_of_the_images():
    layer, model = spied()
    train_on_batch(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        np.ones((2, 3), np.float32),
        np.ones((2, 2), np.float32),
    )
    assert "backward" not in layer.seen


def test_fit_does_not_copy_images():
    got = []

    class Keep(Dense):
        def forward(self, x):
            got.append(x)
            return super().forward(x)

    model = Sequential(Keep(3, 2, rng=np.random.default_rng(0)), Sigmoid())
    images, targets = np.ones((2, 3), np.float32), np.ones((2, 2), np.float32)
    train_on_batch(model, BinaryCrossEntropy(), SGD(model.parameters(), 0.1), images, targets)
    assert got[0] is images


def test_fit_without_parameters():
    other = Dense(2, 2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="^optimizer: "):
        fit(
            Sequential(Sigmoid()),
            BinaryCrossEntropy(),
            SGD(other.parameters(), 0.1),
            np.ones((2, 2)),
            np.ones((2, 2)),
            epochs=1,
            batch_size=1,
            rng=np.random.default_rng(0),
        )


def test_fit_does_not_reshuffle_by_default():
    class Order(Dense):
        def forward(self, x):
            seen.append(x[:, 0].tolist())
            return super().forward(x)

    seen = []
    model = Sequential(Order(1, 1, rng=np.random.default_rng(0)), Sigmoid())
    fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        np.arange(8.0)[:, None],
        np.ones((8, 1)),
        epochs=2,
        batch_size=8,
        rng=np.random.default_rng(0),
    )
    assert seen[1] == seen[2]


def short_fit(**options):
    _, model = spied()
    fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        np.ones((4, 3), np.float32),
        np.ones((4, 2), np.float32),
        epochs=1,
        batch_size=2,
        rng=np.random.default_rng(0),
        **options,
    )


def test_the_bar_is_wiped_away(monkeypatch):
    for options, shown in (({}, False), ({"progress": False}, False), ({"progress": True}, True)):
        terminal = Terminal()
        monkeypatch.setattr("sys.stderr", terminal)
        short_fit(**options)
        assert bool(terminal.getvalue()) is shown
        assert "\n" not in terminal.getvalue(), "the bar is wiped away"


RNG = np.random.default_rng(0)
SHARED, LABEL = Parameter("w", np.ones(2)), np.array([0])


def a_fit(**changes):
    network = Sequential(Reshape((-1,)), Dense(4, 2, rng=RNG, dtype=np.float64), Sigmoid())
    arguments = {
        "images": np.ones((3, 1, 2, 2)),
        "targets": np.array([0, 1, 1]),
        "epochs": 1,
        "batch_size": 2,
        "rng": RNG,
        **changes,
    }
    optimizer = arguments.pop("optimizer", SGD(network.parameters(), 0.1))
    return fit(network, BinaryCrossEntropy(), optimizer, **arguments)


WRONG = [
    (
        lambda: loss_of(np.ones((1, 2)), np.full((1, 2), 2.0), BinaryCrossEntropy()),
        ValueError,
        "targets: ",
    ),
    (lambda: a_fit(targets=np.array(["a"] * 3)), TypeError, "targets: expected numbers; got <U1"),
    (lambda: a_fit(targets=np.ones((3, 2)) * 1j), TypeError, "targets: *complex128"),
    (lambda: a_fit(shift=-1), ValueError, "shift: *at least 0; got -1"),
    (lambda: a_fit(images=np.ones((3, 1, 1, 4)), shift=1), ValueError, "shift: *got 1 for images"),
    (lambda: a_fit(images=np.ones((3, 1, 4, 1)), shift=1), ValueError, "shift: *got 1 for images"),
    (lambda: a_fit(shift=0.5), TypeError, "shift: expected an integer; got 0.5"),
    (lambda: a_fit(turn=-1), ValueError, "turn: *at least 0; got -1"),
    (lambda: a_fit(turn=181), ValueError, "turn: expected degrees from 0 to 180; got 181.0"),
    (lambda: a_fit(turn="x"), TypeError, "turn: expected a number; got 'x'"),
    (
        lambda: a_fit(turn=2, images=np.ones((3, 4))),
        ValueError,
        "turn: expected 0, or images (N, C, H, W); got 2.0 for images of shape (3, 4)",
    ),
    (
        lambda: a_fit(shift=2),
        ValueError,
        "shift: expected 0, or less than the height *got 2 for images of shape (3, 1, 2, 2)",
    ),
    (
        lambda: a_fit(optimizer=SGD([SHARED], 1)),
        ValueError,
        "optimizer: expected one that updates the model; got none of its parameters",
    ),
    (lambda: a_fit(test=(np.ones((1, 1, 2, 2)), [0])), TypeError, "labels: *list"),
    (lambda: a_fit(test=(np.full((1, 1, 2, 2), np.nan), LABEL)), ValueError, "test: *nan"),
    (
        lambda: a_fit(test=(np.ones((2, 1, 2, 2)), LABEL)),
        ValueError,
        "labels: expected shape (2,); got (1,)",
    ),
    (lambda: a_fit(test=(np.ones((1, 5)), LABEL)), ValueError, "x: expected shape (N, 4)*(1, 5)"),
    (
        lambda: a_fit(validation=(np.full((1, 1, 2, 2), np.nan), LABEL)),
        ValueError,
        "validation: *nan",
    ),
    (
        lambda: a_fit(validation=(np.ones((2, 1, 2, 2)), LABEL)),
        ValueError,
        "labels: expected shape (2,); got (1,)",
    ),
    (
        lambda: a_fit(validation=(np.ones((1, 1, 2, 2)), LABEL + 2)),
        ValueError,
        "labels: expected classes from 0 to 1; got 2 at index 0",
    ),
    (
        lambda: errors_and_loss(network(), BinaryCrossEntropy(), np.ones((1, 1, 2, 3)), [0]),
        TypeError,
        "labels: expected a NumPy array of integers; got list",
    ),
    (
        lambda: errors_and_loss(network(), BinaryCrossEntropy(), *data(2), batch_size=0),
        ValueError,
        "batch_size: expected an integer of at least 1; got 0",
    ),
    (lambda: a_fit(images=[1.0]), TypeError, "images: *got list"),
    (
        lambda: a_fit(images=[1.0]),
        TypeError,
        "images: expected a NumPy array of shape (N, ...); got list",
    ),
    (lambda: a_fit(images=np.ones((3, 1, 2, 2), int)), TypeError, "images: *int64"),
    (
        lambda: a_fit(images=np.full((3, 1, 2, 2), np.nan)),
        ValueError,
        "images: *nan at index (0, 0, 0, 0) (12 such",
    ),
    (lambda: a_fit(images=np.full((3, 1, 2, 2), -np.inf)), ValueError, "images: *-inf"),
    (lambda: a_fit(images=np.ones((0, 1, 2, 2))), ValueError, "images: *(0, 1, 2, 2)"),
    (
        lambda: a_fit(images=np.ones((0, 3))),
        ValueError,
        "images: expected no empty axis in (N, ...); got shape",
    ),
    (lambda: a_fit(targets=np.array([0, 1])), ValueError, "targets: expected 3*(2,)"),
    (lambda: a_fit(targets=np.array([0, 1, 2])), ValueError, "labels: *2"),
    (lambda: a_fit(targets=np.array([0, 1, -1])), ValueError, "labels: *-1"),
    (lambda: a_fit(targets=np.array([0.0, 1, 1])), ValueError, "targets: *(3, 2)"),
    (lambda: a_fit(targets=np.ones(3, bool)), ValueError, "targets: *bool of shape"),
    (lambda: a_fit(targets=np.ones((3, 3))), ValueError, "targets: *(3, 2)*(3, 3)"),
    (lambda: a_fit(targets=[0, 1, 1]), TypeError, "targets: *got list"),
    (lambda: a_fit(targets=np.full((3, 2), 2.0)), ValueError, "targets: *2.0"),
    (lambda: a_fit(epochs=0), ValueError, "epochs: *got 0"),
    (lambda: a_fit(batch_size=0), ValueError, "batch_size: *got 0"),
    (lambda: a_fit(batch_size=1.5), TypeError, "batch_size: *got 1.5"),
    (lambda: a_fit(rng=1), TypeError, "rng: *got 1"),
    (lambda: a_fit(images=np.ones((3, 1, 2, 3))), ValueError, "x: expected shape (N, 4)*(1, 6)"),
    (
        lambda: fit(
            spied()[1],
            BinaryCrossEntropy(),
            None,
            np.ones((0, 2, 3)),
            np.ones(0),
            epochs=1,
            batch_size=1,
            rng=RNG,
        ),
        ValueError,
        "images: expected no empty axis in (N, ...); got",
    ),
    (
        lambda: count_errors(network(), np.ones((1, 1, 2, 3)), np.ones(1)),
        TypeError,
        "labels: expected a NumPy array of integers; got float64",
    ),
]


@wrong_calls(WRONG)
def test_wrong_arguments(call, error, sentence):
    assert_refused(call, error, sentence)
