"""Training runs as folders: what they hold, and how they survive."""

import contextlib
import dataclasses
import json
import os
import platform
import re
import subprocess
import sys

import numpy as np
import pytest

import cnnbook
from cnnbook import files, runs
from cnnbook.averaging import RunningMean
from cnnbook.files import DamagedFileError, write_arrays
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_digits, load_zero_one
from cnnbook.model import digit_network, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.runs import NETWORKS, Configuration, load_configuration, load_weights, train_run
from cnnbook.train import fit
from tests.terminal import Terminal
from tests.together import run_together

SMALL = Configuration(limit_per_class=20, epochs=3, batch_size=4)
TEN = dataclasses.replace(
    NETWORKS["digits"].defaults, limit_per_class=2, epochs=3, batch_size=6, seed=5
)


def small_split():
    train, (images, labels) = load_zero_one(20)
    return type(load_zero_one(1))(train, (images[:50], labels[:50]))


@pytest.fixture(scope="module")
def split():
    return small_split()


def ten_digits():
    train, (images, labels) = load_digits(2)
    return type(load_zero_one(1))(train, (images[:30], labels[:30]))


@pytest.fixture(scope="module")
def ten():
    return ten_digits()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_holds_weights_history_configuration_and_versions(tmp_path, split):
    seen = []
    history = train_run(
        tmp_path / "a" / "run", SMALL, split, report=lambda h: seen.append(h.epochs)
    )
    folder = tmp_path / "a" / "run"
    assert sorted(contents(folder)) == ["configuration.json", "history.json", "weights.npz"]
    assert seen == [1, 2, 3]
    assert json.loads((folder / "history.json").read_text()) == {
        "losses": history.losses,
        "test_errors": history.test_errors,
    }
    configuration = json.loads((folder / "configuration.json").read_text())
    assert configuration["configuration"] == {
        "limit_per_class": 20,
        "epochs": 3,
        "batch_size": 4,
        "learning_rate": 0.1,
        "seed": 0,
        "network": "zero-one",
        "momentum": 0.0,
        "nesterov": False,
        "weight_decay": 0.0,
        "falling": False,
        "reshuffle": False,
        "validation": 0,
        "shift": 0,
        "shards": 1,
        "turn": 0.0,
        "averaging": 0.0,
    }
    assert configuration["versions"]["numpy"] == np.__version__
    assert load_configuration(folder) == SMALL
    model = zero_one_network(np.random.default_rng(9))
    assert load_weights(folder, model) == history
    errors = np.count_nonzero(model.predict(split.test[0]).argmax(1) != split.test[1])
    assert errors == history.test_errors[-1]


def test_a_run_does_what_its_configuration_says(tmp_path, split):
    configuration = Configuration(20, epochs=2, batch_size=7, learning_rate=0.3, seed=3)
    history = train_run(tmp_path, configuration, split)
    rng = np.random.default_rng(3)
    model = zero_one_network(rng)
    options = {"epochs": 2, "batch_size": 7, "rng": rng, "test": split.test}
    optimizer = SGD(model.parameters(), learning_rate=0.3)
    assert fit(model, BinaryCrossEntropy(), optimizer, *split.train, **options) == history
    saved = zero_one_network(np.random.default_rng(0))
    load_weights(tmp_path, saved)
    for p, q in zip(model.parameters(), saved.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value)
    assert Configuration() == Configuration(None, 5, 32, 0.1, 0), "what the command line promises"


def moved_by_hand(images, moves):
    """Move images by one row and column at most."""
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    ways = zip(framed, moves, strict=True)
    return np.stack(
        [x[:, 1 - down : 29 - down, 1 - right : 29 - right] for x, (down, right) in ways]
    )


def written_out(c, split, validation):
    """Train ten digits with the layers alone; return parameters, velocities and three lists."""
    rng = np.random.default_rng(c.seed)
    model = digit_network(rng)
    images, labels = split.train
    count = len(images) - c.validation
    judge = (images[count:], labels[count:]) if validation else split.test
    images, labels = images[:count], labels[:count]
    velocities = [np.zeros_like(p.value) for p in model.parameters()]
    losses, wrong, judged = [], [], []
    steps, step = c.epochs * -(-count // c.batch_size), 0
    for _ in range(c.epochs):
        total, order = 0.0, rng.permutation(count)
        moves = rng.integers(-c.shift, c.shift + 1, (count, 2))
        for start in range(0, count, c.batch_size):
            rate = c.learning_rate * (steps - step) / steps
            step += 1
            batch = order[start : start + c.batch_size]
            z = model.forward(moved_by_hand(images[batch], moves[batch]))
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            t = np.eye(10, dtype=np.float32)[labels[batch]]
            total -= np.log((p * t).sum(1)).sum()
            for parameter in model.parameters():
                parameter.zero_gradient()
            model.backward((p - t) / len(batch))
            for v, parameter in zip(velocities, model.parameters(), strict=True):
                g = parameter.gradient + c.weight_decay * parameter.value
                v[...] = c.momentum * v + g
                parameter.value -= rate * (g + c.momentum * v)
        losses.append(total / count)
        z = model.forward(judge[0]).astype(float)
        wrong.append(int((z.argmax(1) != judge[1]).sum()))
        shares = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        judged.append(-np.log(shares[np.arange(len(z)), judge[1]]).mean())
    return model, velocities, losses, wrong, judged


@pytest.mark.parametrize("validation", [0, 5])
def test_a_run_of_ten_digits_is_the_loop_written_out(tmp_path, ten, validation):
    c = dataclasses.replace(TEN, validation=validation)
    assert (c.momentum > 0, c.nesterov, c.weight_decay > 0) == (True, True, True)
    assert (c.reshuffle, c.falling, c.shift) == (True, True, 1)
    history = train_run(tmp_path, c, ten)
    model, velocities, losses, wrong, judged = written_out(c, ten, validation)
    np.testing.assert_allclose(history.losses, losses, rtol=1e-4)
    assert load_weights(tmp_path, digit_network(np.random.default_rng(0))) == history
    if validation:
        assert (history.test_errors, history.validation_errors) == ([], wrong)
        np.testing.assert_allclose(history.validation_losses, judged, rtol=1e-4)
    else:
        assert (history.test_errors, history.validation_errors) == (wrong, [])
        assert history.validation_losses == []
    arrays = files.read_arrays(tmp_path / "weights.npz")
    names = [name for name in model.arrays() if name != "architecture"]
    assert {*arrays} == {"architecture", "history", *names, *(f"{n}.velocity" for n in names)}
    for name, v, p in zip(names, velocities, model.parameters(), strict=True):
        np.testing.assert_allclose(arrays[name], p.value, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(arrays[f"{name}.velocity"], v, rtol=1e-2, atol=1e-4)
        assert np.abs(v).max() > 1e-3, "not the zeros that it began with"


@pytest.mark.parametrize("stop", [1, 2])
@pytest.mark.parametrize("validation", [0, 5])
def test_ten_digits_go_on_to_the_same_bits_with_their_velocities(tmp_path, ten, stop, validation):
    c = dataclasses.replace(TEN, validation=validation)
    train_run(tmp_path / "straight", c, ten)

    def stops(history):
        if history.epochs == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(tmp_path / "broken", c, ten, report=stops)
    assert contents(tmp_path / "straight") != contents(tmp_path / "broken")
    train_run(tmp_path / "broken", c, ten)
    assert contents(tmp_path / "straight") == contents(tmp_path / "broken")


TURNED = dataclasses.replace(TEN, turn=20.0, averaging=0.75)


def test_a_run_keeps_the_mean_beside_the_newest(tmp_path, ten):
    history = train_run(tmp_path, TURNED, ten)
    rng = np.random.default_rng(TURNED.seed)
    model = digit_network(rng)
    mean = RunningMean(model.parameters(), 0.75)
    again = fit(
        model,
        NETWORKS["digits"].loss(),
        TURNED.optimizer(model.parameters()),
        *ten.train,
        epochs=3,
        batch_size=6,
        rng=rng,
        test=ten.test,
        reshuffle=True,
        rates=TURNED.rates,
        shift=1,
        turn=20,
        average=mean,
    )
    assert history == again
    arrays, expected = files.read_arrays(tmp_path / "weights.npz"), model.arrays()
    names = [name for name in expected if name != "architecture"]
    kinds = ("", ".newest", ".velocity")
    assert {*arrays} == {"architecture", "history", *(n + kind for n in names for kind in kinds)}
    asked = digit_network(np.random.default_rng(0))
    assert load_weights(tmp_path, asked) == history
    for name, value in zip(names, mean.values, strict=True):
        np.testing.assert_array_equal(arrays[name], value)
        np.testing.assert_array_equal(asked.arrays()[name], value)
        np.testing.assert_array_equal(arrays[f"{name}.newest"], expected[name])
    wrong = np.count_nonzero(asked.predict(ten.test[0]).argmax(1) != ten.test[1])
    assert history.test_errors[-1] == wrong


def test_without_a_mean_there_is_none():
    assert TEN.average([]) is None


@pytest.mark.parametrize("stop", [1, 2])
def test_turned_and_averaged_a_run_goes_on_to_the_same_bits(tmp_path, ten, stop):
    train_run(tmp_path / "straight", TURNED, ten)

    def stops(history):
        if history.epochs == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(tmp_path / "broken", TURNED, ten, report=stops)
    train_run(tmp_path / "broken", TURNED, ten)
    assert contents(tmp_path / "straight") == contents(tmp_path / "broken")


def test_a_run_may_become_longer_unless_its_rate_falls(tmp_path, ten):
    constant = dataclasses.replace(TEN, falling=False)
    train_run(tmp_path / "straight", constant, ten)
    train_run(tmp_path / "broken", dataclasses.replace(constant, epochs=1), ten)
    train_run(tmp_path / "broken", constant, ten)
    assert contents(tmp_path / "straight") == contents(tmp_path / "broken")
    train_run(tmp_path / "falling", dataclasses.replace(TEN, epochs=1), ten)
    before = contents(tmp_path / "falling")
    with pytest.raises(ValueError, match="^epochs: expected 1, as in the run .*; got 3"):
        train_run(tmp_path / "falling", TEN, ten)
    assert contents(tmp_path / "falling") == before


def test_a_run_without_its_velocities_does_not_go_on(tmp_path, ten):
    train_run(tmp_path, TEN, ten)
    arrays = files.read_arrays(tmp_path / "weights.npz")
    del arrays["3.kernels.velocity"]
    write_arrays(tmp_path / "weights.npz", arrays)
    with pytest.raises(ValueError, match=r"3\.kernels\.velocity: expected float32 of shape"):
        train_run(tmp_path, TEN, ten)
    # To be asked, it needs its parameters alone.
    assert load_weights(tmp_path, digit_network(np.random.default_rng(0))).epochs == 3


def test_a_run_from_before_there_were_two_networks_goes_on_to_the_same_bits(tmp_path, split):
    """Its configuration has five entries, and its history two series."""
    more = dataclasses.replace(SMALL, epochs=5)
    train_run(tmp_path / "straight", more, split)
    old = tmp_path / "old"
    train_run(old, SMALL, split)
    record = json.loads((old / "configuration.json").read_text())
    five = ("limit_per_class", "epochs", "batch_size", "learning_rate", "seed")
    record["configuration"] = {name: record["configuration"][name] for name in five}
    del record["images"]
    (old / "configuration.json").write_text(json.dumps(record))
    assert load_configuration(old) == SMALL
    assert [*json.loads((old / "history.json").read_text())] == ["losses", "test_errors"]
    assert {*files.read_arrays(old / "weights.npz")} == {
        "architecture",
        "history",
        *("0.kernels", "0.bias", "3.weights", "3.bias", "5.weights", "5.bias"),
    }
    train_run(old, more, split)
    assert contents(old) == contents(tmp_path / "straight")


def test_the_last_images_are_validated_on_and_trained_without(tmp_path, split):
    c = dataclasses.replace(SMALL, validation=7)
    history = train_run(tmp_path / "kept", c, split)
    images, labels = split.train
    fewer = split._replace(train=(images[:-7], labels[:-7]), test=(images[-7:], labels[-7:]))
    other = train_run(tmp_path / "other", SMALL, fewer)
    assert history.losses == other.losses
    assert history.validation_errors == other.test_errors


@pytest.mark.parametrize("validation", [40, 41])
def test_validation_leaves_images_to_train_on(tmp_path, split, validation):
    c = dataclasses.replace(SMALL, validation=validation)
    sentence = f"^validation: expected fewer than the 40 training images; got {validation}$"
    with pytest.raises(ValueError, match=sentence):
        train_run(tmp_path / "run", c, split)
    assert not (tmp_path / "run").exists()
    train_run(tmp_path / "run", dataclasses.replace(SMALL, validation=39, epochs=1), split)


def test_numpy_numbers_become_plain_ones():
    configuration = Configuration(np.int64(2), epochs=np.int32(1), learning_rate=np.float32(0.5))
    assert json.dumps(vars(configuration)) == json.dumps(vars(Configuration(2, 1, 32, 0.5, 0)))


def test_the_machine_is_described(tmp_path, split):
    train_run(tmp_path, SMALL, split)
    content = json.loads((tmp_path / "configuration.json").read_text())
    assert content["versions"]["cnnbook"] == cnnbook.__version__
    assert content["versions"]["python"] == platform.python_version()
    assert content["machine"] == platform.machine()


def test_a_failing_disk_leaves_the_run_as_it_was(tmp_path, split, monkeypatch):
    train_run(tmp_path, SMALL, split)
    before = contents(tmp_path)

    def failing(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space left"):
        train_run(tmp_path, Configuration(20, epochs=5, batch_size=4), split)
    assert contents(tmp_path) == before


def test_the_same_seed_gives_the_same_bits(tmp_path, split):
    for name in ("one", "same"):
        train_run(tmp_path / name, SMALL, split)
    assert contents(tmp_path / "one") == contents(tmp_path / "same")


@pytest.mark.parametrize("stop", [1, 2])
def test_a_run_interrupted_after_an_epoch_goes_on_to_the_same_bits(tmp_path, split, stop):
    train_run(tmp_path / "straight", SMALL, split)

    def interrupt(history):
        if history.epochs == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(tmp_path / "broken", SMALL, split, report=interrupt)
    model = zero_one_network(np.random.default_rng(0))
    assert load_weights(tmp_path / "broken", model).epochs == stop, "safe before it is reported"
    train_run(tmp_path / "broken", SMALL, split)
    assert contents(tmp_path / "straight") == contents(tmp_path / "broken")


def test_a_stale_history_file_is_made_again_from_the_weights(tmp_path, split):
    train_run(tmp_path, SMALL, split)
    before = contents(tmp_path)
    (tmp_path / "history.json").write_text("killed between two files")
    (tmp_path / ".weights.npz.x.incomplete").write_text("left by a killed process")
    train_run(tmp_path, SMALL, split)
    assert contents(tmp_path) == before


def test_more_epochs_may_be_added_later(tmp_path, split):
    more = Configuration(limit_per_class=20, epochs=5, batch_size=4)
    train_run(tmp_path / "straight", more, split)
    train_run(tmp_path / "longer", SMALL, split)
    train_run(tmp_path / "longer", more, split)
    assert contents(tmp_path / "straight") == contents(tmp_path / "longer")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 1}, "seed: expected 0.*; got 1"),
        ({"epochs": 2}, "epochs: expected 3.*; got 2"),
        ({"learning_rate": 0.2}, "learning_rate: expected 0.1.*; got 0.2"),
        ({"batch_size": 8}, "batch_size: expected 4.*; got 8"),
        ({"limit_per_class": None}, "limit_per_class: expected 20.*; got None"),
        ({"network": "digits"}, "network: expected zero-one.*; got digits"),
        ({"momentum": 0.5}, "momentum: expected 0.0.*; got 0.5"),
        ({"momentum": 0.5, "nesterov": True}, "momentum: expected 0.0.*; got 0.5"),
        ({"weight_decay": 0.5}, "weight_decay: expected 0.0.*; got 0.5"),
        ({"falling": True}, "falling: expected False.*; got True"),
        ({"shift": 2}, "shift: expected 0.*; got 2"),
        ({"turn": 2}, "turn: expected 0.*; got 2"),
        ({"averaging": 0.5}, "averaging: expected 0.*; got 0.5"),
        ({"reshuffle": True}, "reshuffle: expected False.*; got True"),
        ({"validation": 5}, "validation: expected 0.*; got 5"),
        ({"shards": 2}, "shards: expected 1.*; got 2"),
    ],
)
def test_another_configuration_is_refused(tmp_path, split, changes, message):
    train_run(tmp_path, SMALL, split)
    before = contents(tmp_path)
    other = Configuration(**{**vars(SMALL), **changes})
    with pytest.raises(ValueError, match=f"^{message}"):
        train_run(tmp_path, other, split)
    assert contents(tmp_path) == before


def without_the_last(images, labels):
    return images[:-1], labels[:-1]


def with_another_pixel(images, labels):
    other = images.copy()
    other[-1, 0, 14, 14] += 0.25
    return other, labels


def with_another_label(images, labels):
    return images, np.concatenate([labels[:-1], 1 - labels[-1:]])


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("change", [without_the_last, with_another_pixel, with_another_label])
def test_a_run_does_not_go_on_with_other_images(tmp_path, split, part, change):
    train_run(tmp_path, SMALL, split)
    before = contents(tmp_path)
    other = split._replace(**{part: change(*getattr(split, part))})
    counts = [
        f"{len(each.train[1])} to train on and {len(each.test[1])} to test on"
        for each in (split, other)
    ]
    with pytest.raises(ValueError, match=r"^images: expected those of the run in") as refused:
        train_run(tmp_path, dataclasses.replace(SMALL, epochs=5), other)
    assert f"{tmp_path}, {counts[0]}; got {counts[1]}, not the same" in str(refused.value)
    assert contents(tmp_path) == before


def test_how_images_lie_in_memory_does_not_make_them_others(tmp_path, split):
    train_run(tmp_path, SMALL, split)
    images, labels = split.train
    turned = np.moveaxis(np.ascontiguousarray(np.moveaxis(images, 0, -1)), -1, 0)
    assert not turned.flags.c_contiguous
    same = split._replace(train=(turned, labels.astype(np.int16)))
    train_run(tmp_path, dataclasses.replace(SMALL, epochs=4), same)
    record = json.loads((tmp_path / "configuration.json").read_text())
    digest = record["images"].pop("sha256")
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert record["images"] == {"train": 40, "test": 50}


def test_damaged_runs_are_refused_by_name(tmp_path, split):
    train_run(tmp_path, SMALL, split)
    weights = tmp_path / "weights.npz"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    with pytest.raises(DamagedFileError, match=re.escape(str(weights))):
        train_run(tmp_path, SMALL, split)
    assert weights.read_bytes() == whole[:1000], "nothing is overwritten that may be wanted"
    weights.write_bytes(whole)
    for text in ("", "[]", '{"configuration": {"epochs": 0}}', '{"configuration": {"x": 1}}'):
        (tmp_path / "configuration.json").write_text(text)
        with pytest.raises(DamagedFileError, match=r"configuration\.json: damaged"):
            train_run(tmp_path, SMALL, split)
    (tmp_path / "configuration.json").unlink()
    with pytest.raises(DamagedFileError, match=r"holds weights but no configuration\.json"):
        train_run(tmp_path, SMALL, split)
    model = zero_one_network(np.random.default_rng(0))
    write_arrays(weights, model.arrays())
    with pytest.raises(DamagedFileError, match=r"weights\.npz: holds no history"):
        load_weights(tmp_path, model)


def test_a_folder_without_an_epoch_is_named(tmp_path):
    model = zero_one_network(np.random.default_rng(0))
    with pytest.raises(FileNotFoundError, match=re.escape(f"{tmp_path}: expected a run")):
        load_weights(tmp_path, model)
    assert load_configuration(tmp_path) is None


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("epochs", 0, ValueError),
        ("batch_size", 1.5, TypeError),
        ("learning_rate", -1, ValueError),
        ("seed", -1, ValueError),
        ("limit_per_class", 0, ValueError),
        ("network", "nine", ValueError),
        ("network", None, ValueError),
        ("momentum", 1, ValueError),
        ("momentum", "x", TypeError),
        ("nesterov", 1, TypeError),
        ("nesterov", True, ValueError),  # without momentum
        ("weight_decay", -1, ValueError),
        ("falling", 1, TypeError),
        ("shift", -1, ValueError),
        ("shift", 0.5, TypeError),
        ("turn", -1, ValueError),
        ("turn", 181, ValueError),
        ("turn", "x", TypeError),
        ("averaging", -0.1, ValueError),
        ("averaging", 1, ValueError),
        ("averaging", "x", TypeError),
        ("reshuffle", 1, TypeError),
        ("validation", -1, ValueError),
        ("validation", 0.5, TypeError),
        ("shards", 0, ValueError),
        ("shards", 33, ValueError),  # of a batch of 32
        ("shards", 0.5, TypeError),
    ],
)
def test_impossible_configurations(option, value, error):
    with pytest.raises(error, match=f"^{option}: expected"):
        Configuration(**{option: value})


def test_the_first_network_is_trained_as_the_book_prints_it():
    """Whatever the second has, the defaults of the first change nothing."""
    assert NETWORKS["zero-one"].defaults == Configuration()
    c = Configuration()
    assert (c.momentum, c.weight_decay, c.shift, c.validation) == (0, 0, 0, 0)
    assert c.shards == 1
    assert (c.turn, c.averaging) == (0, 0)
    assert (c.nesterov, c.reshuffle, c.falling) == (False, False, False)


# Kills itself before the n-th line of these modules that is executed, then goes on to the end. A
# fork for each costs no start of Python.
KILLED = """
import os, random, signal, sys
from pathlib import Path
from cnnbook.runs import Configuration, train_run
from tests.test_runs import contents, small_split, ten_digits
MODULES = ("averaging.py", "files.py", "locks.py", "runs.py", "train.py")
configuration = Configuration(**eval(sys.argv[3]))
split = small_split() if configuration.network == "zero-one" else ten_digits()
lines = 0
os.fsync = lambda handle: None  # the system goes on: what it has been given is not lost

def trace(frame, event, argument):
    global lines
    if not frame.f_code.co_filename.endswith(tuple(os.sep + name for name in MODULES)):
        return None
    if event == "line":
        lines += 1
        if lines == moment:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace

def run(folder):
    sys.settrace(trace)
    try:
        train_run(folder, configuration, split)
    finally:
        sys.settrace(None)

moment = None
straight = Path(sys.argv[1], "straight")
run(straight)
expected, killed = contents(straight), 0
for moment in random.Random(0).sample(range(1, lines + 1), int(sys.argv[2])):
    folder = Path(sys.argv[1], str(moment))
    child = os.fork()
    if not child:
        lines = 0
        run(folder)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, moment
    train_run(folder, configuration, split)
    assert contents(folder) == expected, moment
    killed += 1
print(killed)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize(
    ("configuration", "times"),
    [
        ({"limit_per_class": 3, "epochs": 3, "batch_size": 8}, 25),
        (vars(TEN), 10),
        (vars(TEN) | {"validation": 4, "nesterov": False}, 10),
        (vars(TEN) | {"turn": 20.0, "averaging": 0.75}, 10),
    ],
    ids=["zeros and ones", "ten digits", "validated", "turned and averaged"],
)
def test_killed_at_any_line_it_ends_with_the_same_bits(tmp_path, configuration, times):
    """Nothing is timed: a slow computer is killed at the same places as a fast one."""
    command = [sys.executable, "-c", KILLED, tmp_path, str(times), repr(configuration)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == (f"{times}\n", "")


def test_progress_is_shown_when_asked_for(monkeypatch, tmp_path):
    split = load_zero_one(4)
    split = split._replace(test=tuple(a[:4] for a in split.test))
    for at, (options, shown) in enumerate((({}, False), ({"progress": True}, True))):
        terminal = Terminal()
        monkeypatch.setattr("sys.stderr", terminal)
        train_run(tmp_path / str(at), Configuration(4, epochs=1), split, **options)
        assert bool(terminal.getvalue()) is shown
    text = (tmp_path / "0" / "history.json").read_text()
    assert text.startswith('{\n  "losses": [\n    0.'), "indented by two"


def test_a_configuration_holds_numbers_of_python():
    c = Configuration(np.int64(1), np.int64(2), np.int64(3), np.float32(0.5), np.int64(4))
    assert [
        type(getattr(c, f))
        for f in ("limit_per_class", "epochs", "batch_size", "learning_rate", "seed")
    ] == [int, int, int, float, int]
    names = ("learning_rate", "momentum", "weight_decay", "turn", "averaging")
    c = Configuration(**{name: np.float32(0.5) for name in names})
    assert {type(getattr(c, name)) for name in names} == {float}


@pytest.mark.parametrize("resumed", [False, True])
def test_several_processes_write_what_one_writes(tmp_path, ten, resumed):
    """The others have the configuration and the images, and touch no folder."""
    configuration = dataclasses.replace(TEN, shards=3)
    seen, begun = [], []
    train_run(tmp_path / "one", configuration, ten)
    if resumed:
        stopped = dataclasses.replace(configuration)
        with pytest.raises(KeyboardInterrupt):
            train_run(tmp_path / "0", stopped, ten, report=interrupt)

    def run(communicator):
        options = {
            "report": lambda h: seen.append((communicator.rank, h.epochs)),
            "begun": lambda: begun.append(communicator.rank),
        }
        folder = tmp_path / str(communicator.rank)
        return train_run(folder, configuration, ten, communicator=communicator, **options)

    first, second = run_together(2, run)
    assert first == second
    assert first.epochs == 3
    assert begun == [0]
    assert seen == [(0, epoch) for epoch in ((2, 3) if resumed else (1, 2, 3))]
    assert contents(tmp_path / "0") == contents(tmp_path / "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "one"]


def interrupt(history):
    raise KeyboardInterrupt


def test_with_shards_linear_algebra_has_one_thread(tmp_path, split, monkeypatch):
    entered = []

    @contextlib.contextmanager
    def one_thread():
        entered.append("begins")
        yield
        entered.append("ends")

    monkeypatch.setattr(runs, "one_thread", one_thread)
    train_run(tmp_path / "1", Configuration(2, epochs=1), split)
    assert entered == []
    report = lambda history: entered.append("epoch")  # noqa: E731
    train_run(tmp_path / "2", Configuration(2, epochs=1, shards=2), split, report=report)
    assert entered == ["begins", "epoch", "ends"]


def test_a_folder_has_one_writer(tmp_path, split):
    """The second is refused, and the first does not notice it."""

    def another(history):
        before = contents(tmp_path)
        with pytest.raises(BlockingIOError, match=f"^{tmp_path}: expected a folder that nobody"):
            train_run(tmp_path, SMALL, split)
        assert contents(tmp_path) == before
        tried.append(history.epochs)

    tried = []
    train_run(tmp_path, SMALL, split, report=another)
    assert tried == [1, 2, 3]
    assert sorted(contents(tmp_path)) == ["configuration.json", "history.json", "weights.npz"]


def test_temporary_files_of_others_are_left_alone(tmp_path, split):
    others = {".notes.txt.x.incomplete": b"", ".weights.npz2.x.incomplete": b""}
    for name in (*others, ".history.json.x.incomplete", ".configuration.json.x.incomplete"):
        (tmp_path / name).touch()
    train_run(tmp_path, SMALL, split)
    assert {k: v for k, v in contents(tmp_path).items() if k.startswith(".")} == others


def test_whoever_does_not_want_to_go_on_is_refused(tmp_path, split):
    train_run(tmp_path, SMALL, split, resume=False)
    before, begun = contents(tmp_path), []
    for configuration in (SMALL, Configuration(20, epochs=9, batch_size=4)):
        with pytest.raises(ValueError, match=f"^{tmp_path}: holds a run already; resume it, or"):
            train_run(
                tmp_path, configuration, split, resume=False, begun=lambda: begun.append(True)
            )
    assert contents(tmp_path) == before
    assert not begun
    train_run(tmp_path, SMALL, split, begun=lambda: begun.append(True))
    assert begun == [True]


def rewritten(folder, change):
    path = folder / "configuration.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    return record


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: r["versions"].update(numpy="1.0"), "numpy: expected 1.0, .*; got 2"),
        (lambda r: r["versions"].update(python="3.0"), "python: expected 3.0, .*; got 3.1"),
        (lambda r: r["versions"].update(cnnbook="9"), f"cnnbook: .*9.*; got {cnnbook.__version__}"),
        (lambda r: r["versions"].pop("numpy"), "numpy: expected None, .*; got 2"),
        (lambda r: r["versions"].update(torch="1"), "torch: expected 1, .*; got None"),
        (lambda r: r.update(machine="abacus"), "machine: expected abacus, .*; got "),
        (lambda r: r.pop("machine"), "machine: expected None, .*; got "),
        (lambda r: r.pop("versions"), "cnnbook: expected None, .*; got "),
    ],
)
def test_a_run_of_other_versions_goes_on_only_if_that_is_said(tmp_path, split, change, sentence):
    train_run(tmp_path, SMALL, split)
    today = json.loads((tmp_path / "configuration.json").read_text())
    record = rewritten(tmp_path, change)
    before = contents(tmp_path)
    more = Configuration(20, epochs=4, batch_size=4)
    insist = r"\(insist by other_versions=True, or --other-versions\)$"
    with pytest.raises(ValueError, match=f"^{sentence}.*{insist}"):
        train_run(tmp_path, more, split)
    assert contents(tmp_path) == before
    assert train_run(tmp_path, more, split, other_versions=True).epochs == 4
    record["configuration"]["epochs"] = 4
    record["continued"] = [{k: today[k] for k in ("versions", "machine")}]
    expected = json.dumps(record, indent=2) + "\n"
    assert (tmp_path / "configuration.json").read_text() == expected
    # The versions that count are the last ones.
    train_run(tmp_path, more, split)
    train_run(tmp_path, more, split, other_versions=True)
    assert (tmp_path / "configuration.json").read_text() == expected
    rewritten(tmp_path, lambda r: r["continued"][0]["versions"].update(numpy="3.0"))
    with pytest.raises(ValueError, match="^numpy: expected 3.0"):
        train_run(tmp_path, more, split)


def test_a_history_without_weights_is_not_begun_again(tmp_path, split):
    train_run(tmp_path, SMALL, split)
    whole = contents(tmp_path)
    (tmp_path / "weights.npz").unlink()
    before = contents(tmp_path)
    message = r"holds history.json but no weights.npz; to begin again, remove history.json$"
    with pytest.raises(DamagedFileError, match=message):
        train_run(tmp_path, SMALL, split)
    assert contents(tmp_path) == before
    (tmp_path / "configuration.json").unlink()
    with pytest.raises(DamagedFileError, match=r"holds history but no configuration\.json$"):
        train_run(tmp_path, SMALL, split)
    (tmp_path / "history.json").unlink()
    train_run(tmp_path, SMALL, split)
    assert contents(tmp_path) == whole


@pytest.mark.parametrize("there", [False, True], ids=["a new folder", "a folder that was there"])
def test_a_run_that_diverges_leaves_nothing_half_written(tmp_path, split, there):
    folder = tmp_path / "run"
    if there:
        folder.mkdir()
        (folder / "notes.txt").touch()
    wild = Configuration(20, epochs=3, batch_size=4, learning_rate=1e300)
    with pytest.raises(FloatingPointError, match=r"^epoch 1, step 2: the loss is nan"):
        train_run(folder, wild, split)
    assert (sorted(contents(folder)) if there else list(tmp_path.iterdir())) == (
        ["notes.txt"] if there else []
    )
    train_run(folder, SMALL, split)


def test_a_run_that_diverges_later_keeps_its_epochs(tmp_path, split, monkeypatch):
    train_run(tmp_path, SMALL, split)
    before = contents(tmp_path)
    monkeypatch.setattr("cnnbook.train.train_on_batch", lambda *_: divergence())
    more = Configuration(20, epochs=4, batch_size=4)
    with pytest.raises(FloatingPointError, match=r"^epoch 4, step 1: too long$"):
        train_run(tmp_path, more, split)
    monkeypatch.undo()
    assert contents(tmp_path).keys() == before.keys()
    assert contents(tmp_path)["weights.npz"] == before["weights.npz"]
    assert train_run(tmp_path, more, split).epochs == 4


def divergence():
    raise FloatingPointError("too long")


def test_what_was_begun_stays_when_it_is_stopped_by_hand(tmp_path, split, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cnnbook.train.train_on_batch", stop)
    with pytest.raises(KeyboardInterrupt):
        train_run(tmp_path / "run", SMALL, split)
    assert load_configuration(tmp_path / "run") == SMALL


def test_a_file_is_no_folder(tmp_path, split):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="file"):
        train_run(tmp_path / "file", SMALL, split)


NESTED = "[" * 100_000


@pytest.mark.parametrize(
    "history",
    [
        NESTED,
        '{"losses": [], "test_errors": []}',
        '{"losses": [0.5], "test_errors": []}',
        '{"losses": [NaN], "test_errors": [1]}',
        '{"losses": [Infinity], "test_errors": [1]}',
        '{"losses": [-0.5], "test_errors": [1]}',
        '{"losses": [1], "test_errors": [1]}',
        '{"losses": ["0.5"], "test_errors": [1]}',
        '{"losses": [0.5], "test_errors": [-1]}',
        '{"losses": [0.5], "test_errors": [1.5]}',
        '{"losses": [0.5], "test_errors": [true]}',
        '{"losses": "0", "test_errors": "1"}',
        '{"losses": 0.5, "test_errors": 1}',
        '{"losses": null, "test_errors": null}',
        '{"losses": {"0.5": 1}, "test_errors": [1]}',
        '{"losses": [1' + "0" * 5000 + "]}",
        '{"loss": [0.5]}',
        '{"losses": [0.5]}',
        '{"losses": [0.5], "validation_errors": [1]}',
        '{"losses": [0.5], "validation_losses": [0.5]}',
        '{"losses": [0.5], "validation_errors": [1], "validation_losses": [NaN]}',
        '{"losses": [0.5], "validation_errors": [1.0], "validation_losses": [0.5]}',
        '{"losses": [0.5], "validation_errors": [1, 1], "validation_losses": [0.5, 0.5]}',
        '{"losses": [0.5], "test_errors": [1], "validation_errors": [1]}',
        json.dumps(
            {
                "losses": [1.5, 0.5],
                "test_errors": [1],
                "validation_errors": [1],
                "validation_losses": [1.5],
            }
        ),
        "[]",
        "0",
        "",
    ],
    ids=lambda text: text[:40],
)
def test_a_history_that_is_none_is_refused_though_it_is_signed(tmp_path, split, history):
    model = zero_one_network(np.random.default_rng(0))
    train_run(tmp_path, Configuration(2, epochs=1), split)
    write_arrays(tmp_path / "weights.npz", {**model.arrays(), "history": np.array(history)})
    with pytest.raises(DamagedFileError, match=r"weights\.npz: holds no history of a run$"):
        load_weights(tmp_path, model)


@pytest.mark.parametrize(
    "text",
    [
        NESTED,
        '{"configuration": ' + NESTED,
        '{"configuration": {"learning_rate": 1' + "0" * 400 + "}}",
        '{"configuration": {"learning_rate": NaN}}',
        '{"configuration": {"epochs": true}}',
        '{"configuration": {"epochs": {}}}',
        '{"configuration": {}, "versions": 5}',
        '{"configuration": {}, "versions": [1]}',
        '{"configuration": {}, "continued": 5}',
        '{"configuration": {}, "continued": [5]}',
        '{"configuration": {}, "continued": {"versions": 5}}',
        '{"configuration": {}, "images": 5}',
        '{"configuration": {}, "images": {"train": 5}}',
        '{"configuration": {}, "images": {"train": "5", "test": 5}}',
        '{"configuration": 5}',
        "{}",
        "5",
        "null",
        "\x00",
        " " * (2**20 + 1),
    ],
    ids=lambda text: text[:50].strip(),
)
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "configuration.json").write_text(text)
    for call in (
        lambda: load_configuration(tmp_path),
        lambda: train_run(tmp_path, Configuration(), None),
    ):
        with pytest.raises(DamagedFileError, match=r"configuration\.json: (damaged|expected)"):
            call()
    assert [path.name for path in tmp_path.iterdir()] == ["configuration.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["configuration.json", "weights.npz"])
def test_a_pipe_is_no_file_of_a_run(tmp_path, split, name):
    train_run(tmp_path, SMALL, split)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(DamagedFileError, match=f"{name}: expected a file; got a folder, device"):
        train_run(tmp_path, SMALL, split)


def test_weights_and_history_are_read_at_once(tmp_path, split, monkeypatch):
    """A writer may replace the file at any moment: what is read twice may be of two epochs."""
    train_run(tmp_path, SMALL, split)
    reads, read = [], files.read_regular
    monkeypatch.setattr(files, "read_regular", lambda *a: reads.append(a) or read(*a))
    load_weights(tmp_path, zero_one_network(np.random.default_rng(0)))
    assert len(reads) == 1


def test_a_refusal_names_the_folder(tmp_path, split):
    train_run(tmp_path, SMALL, split)
    there = re.escape(f", as in the run in {tmp_path}; got ")
    with pytest.raises(ValueError, match=f"^seed: expected 0{there}"):
        train_run(tmp_path, dataclasses.replace(SMALL, seed=1), split, resume=True)
    rewritten(tmp_path, lambda record: record["versions"].update(numpy="1.0"))
    with pytest.raises(ValueError, match=rf"^numpy: expected 1\.0{there}"):
        train_run(tmp_path, SMALL, split, resume=True)


def test_the_best_history_is_one_too():
    history = runs._as_history({"losses": [0.0], "test_errors": [0]})
    assert (history.losses, history.test_errors) == ([0.0], [0])
    with pytest.raises(ValueError, match="^not the losses and errors of epochs$"):
        runs._as_history({"losses": [0.5], "test_errors": []})


def test_a_configuration_of_a_megabyte_is_not_read(tmp_path, split):
    train_run(tmp_path, SMALL, split)
    path = tmp_path / "configuration.json"
    path.write_text(path.read_text().ljust(2**20 + 1))
    with pytest.raises(DamagedFileError, match=r"at most 1,048,576 bytes; got 1,048,577$"):
        load_configuration(tmp_path)


def test_a_folder_that_was_made_stays_with_what_it_holds(tmp_path, split):
    folder = tmp_path / "run"

    def stop(history):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="^enough$"):
        train_run(folder, SMALL, split, report=stop)
    assert load_weights(folder, zero_one_network(np.random.default_rng(0))).epochs == 1
