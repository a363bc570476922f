"""Training runs as folders: what they hold, and how they survive."""

import json
import os
import platform
import random
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import cnnbook
from cnnbook.files import DamagedFileError, write_arrays
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.mnist import load_zero_one
from cnnbook.model import zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.runs import Configuration, load_configuration, load_weights, train_run
from cnnbook.train import fit
from tests.terminal import Terminal

SMALL = Configuration(limit_per_class=20, epochs=3, batch_size=4)


def small_split():
    train, (images, labels) = load_zero_one(20)
    return type(load_zero_one(1))(train, (images[:50], labels[:50]))


@pytest.fixture(scope="module")
def split():
    return small_split()


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
    ],
)
def test_another_configuration_is_refused(tmp_path, split, changes, message):
    train_run(tmp_path, SMALL, split)
    before = contents(tmp_path)
    other = Configuration(**{**vars(SMALL), **changes})
    with pytest.raises(ValueError, match=f"^{message}"):
        train_run(tmp_path, other, split)
    assert contents(tmp_path) == before


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
    ],
)
def test_impossible_configurations(option, value, error):
    with pytest.raises(error, match=f"^{option}: expected"):
        Configuration(**{option: value})


KILLABLE = """
import sys
from cnnbook.runs import Configuration, train_run
from tests.test_runs import small_split
configuration = Configuration(limit_per_class=20, epochs=40, batch_size=1)
print("ready", flush=True)
train_run(sys.argv[1], configuration, small_split())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill -9")
def test_killed_at_random_moments_it_ends_with_the_same_bits(tmp_path):
    moments = random.Random(0)  # noqa: S311
    command = [sys.executable, "-c", KILLABLE]
    subprocess.run([*command, tmp_path / "straight"], check=True, capture_output=True)
    kills = 0
    for _ in range(12):
        with subprocess.Popen([*command, tmp_path / "killed"], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            try:
                process.wait(timeout=moments.uniform(0.05, 0.4))
                assert process.returncode == 0
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
    # However slow the machine is, what is left is now run to its end.
    subprocess.run([*command, tmp_path / "killed"], check=True, capture_output=True)
    assert kills >= 3
    assert contents(tmp_path / "straight") == contents(tmp_path / "killed")


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
