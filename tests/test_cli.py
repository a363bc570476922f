"""The command line as a reader types it."""

import ast
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnnbook import cli, mnist
from cnnbook.augmentation import move_images
from cnnbook.files import read_arrays, write_arrays
from cnnbook.mnist import load_digits, load_zero_one
from cnnbook.model import Sequential, digit_network, zero_one_network
from cnnbook.pictures import prepare, read_picture
from cnnbook.runs import NETWORKS, Configuration, load_configuration, train_run
from tests import mirror

ROOT = Path(__file__).parents[1]
TEN = NETWORKS["digits"].defaults
VALIDATED = ["--validation", "3"]  # not on 10,000 test images, which takes seconds
SMALL = ["--limit-per-class", "30", "--epochs", "2", "--batch-size", "5"]
SMALL_TEN = ["--network", "digits", "--limit-per-class", "1", "--epochs", "1", *VALIDATED]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder; return status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cnnbook", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            sys.exit(cli.main())
        out, err = capsys.readouterr()
        return caught.value.code or 0, out, err

    return call


def assert_fails(result, *patterns):
    status, out, err = result
    assert status == 2, (out, err)
    assert "Traceback" not in out + err
    for pattern in patterns:
        assert re.search(pattern, re.sub(r"[\s│]+", " ", err)), (pattern, err)


def percent(wrong, of):
    """Write an accuracy with integers alone: rounded to hundredths of a percent, halves to even."""
    hundredths, rest = divmod(10_000 * (of - wrong), of)
    hundredths += 2 * rest > of or (2 * rest == of and hundredths % 2)
    return f"{hundredths // 100}.{hundredths % 100:02} % ({wrong} of {of:,} wrong)"


def by_hand(limit, epochs, batch_size, rate, seed):
    """Train with the layers alone; return the network, the losses and the wrong test images."""
    rng = np.random.default_rng(seed)
    model = zero_one_network(rng)
    (images, labels), (test_images, test_labels) = load_zero_one(limit)
    order = rng.permutation(len(images))
    losses, wrong = [], []
    for _ in range(epochs):
        total = 0.0
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            t = np.stack([labels[batch] == 0, labels[batch] == 1], axis=1).astype(np.float32)
            p = model.forward(images[batch])
            total -= np.log(np.where(t == 1, p, 1 - p).astype(np.float64)).mean() * len(batch)
            for parameter in model.parameters():
                parameter.gradient[...] = 0
            model.backward(((1 - t) / (1 - p) - t / p) / p.size)
            for parameter in model.parameters():
                parameter.value -= np.float32(rate) * parameter.gradient
        losses.append(total / len(order))
        p = np.concatenate([model.forward(part) for part in np.split(test_images, 9)])
        wrong.append(int(((p[:, 1] > p[:, 0]) != (test_labels == 1)).sum()))
    return model, losses, wrong


def ten_by_hand(limit, epochs, kept):
    """Train the other network with its layers alone, as the command does without options.

    The last ``kept`` images are not trained on, and errors are counted on them.
    """
    rng = np.random.default_rng(0)
    model = digit_network(rng)
    (images, labels), test = load_digits(limit)
    judge = (images[len(images) - kept :], labels[len(images) - kept :]) if kept else test
    count = len(images) - kept
    values = [parameter.value for parameter in model.parameters()]
    velocities = [np.zeros_like(value) for value in values]
    lines = []
    steps, step = epochs * -(-count // 32), 0
    for epoch in range(epochs):
        total, order = 0.0, rng.permutation(count)
        moves = rng.integers(-1, 2, (count, 2))
        for start in range(0, count, 32):
            rate = TEN.learning_rate * (1 - step / steps)
            step += 1
            batch = order[start : start + 32]
            t = labels[batch][:, np.newaxis] == np.arange(10)
            z = model.forward(move_images(images[batch], moves[batch]))
            p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
            total -= np.log(p[t].astype(np.float64)).sum()
            for parameter in model.parameters():
                parameter.gradient[...] = 0
            model.backward(((p - t) / len(batch)).astype(np.float32))
            for value, v, parameter in zip(values, velocities, model.parameters(), strict=True):
                g = parameter.gradient + TEN.weight_decay * value
                v[...] = TEN.momentum * v + g
                value -= rate * (g + TEN.momentum * v)
        z = np.concatenate([model.forward(part) for part in np.array_split(judge[0], 20)])
        wrong = int((z.argmax(axis=1) != judge[1]).sum())
        lines.append(f"Epoch {epoch + 1} - Loss: {total / count:.5f} - ")
        if kept:
            p = np.exp(z.astype(float)) / np.exp(z.astype(float)).sum(axis=1, keepdims=True)
            mean = -np.log(p[np.arange(kept), judge[1]]).mean()
            lines[-1] += f"Validation loss: {mean:.5f} - Validation accuracy: "
        else:
            lines[-1] += "Test accuracy: "
        lines[-1] += percent(wrong, len(judge[1]))
    return model, lines, total / count


def assert_lines(out, expected):
    """Compare whole lines: equal but for the losses, whose last printed digit may differ by one."""
    number = re.compile(r"\b\d\.\d{5}\b")
    assert number.sub("#", out) == number.sub("#", expected)
    pairs = zip(number.findall(out), number.findall(expected), strict=True)
    assert all(abs(float(x) - float(y)) < 2e-5 for x, y in pairs)


def test_every_printed_line_is_that_of_a_run_computed_apart(run, tmp_path):
    model, losses, wrong = by_hand(limit=80, epochs=3, batch_size=4, rate=0.2, seed=7)
    assert 0 < wrong[-1] < 200, "a network that has learned something"
    options = "--limit-per-class 80 --epochs 3 --batch-size 4 --learning-rate 0.2 --seed 7"
    status, out, _ = run("train", *options.split())
    assert status == 0
    lines = ["Training on 160 images; the run is saved in runs/1"]
    lines += [
        f"Epoch {n} - Loss: {loss:.5f} - Test accuracy: {percent(errors, 2115)}"
        for n, (loss, errors) in enumerate(zip(losses, wrong, strict=True), start=1)
    ]
    lines += ["runs/1: 3 epochs complete", ""]
    assert_lines(out, "\n".join(lines))

    status, out, _ = run("evaluate", "runs/1")
    assert status == 0
    first = f"runs/1: 3 epochs, last loss {losses[-1]:.5f}"
    assert_lines(out, f"{first}\nTest accuracy: {percent(wrong[-1], 2115)}\n")

    images, labels = load_zero_one().test
    for digit in (0, 1):
        pixels = (255 * images[labels == digit][0, 0]).astype(np.uint8)
        Image.fromarray(255 - pixels).resize((300, 300)).save(tmp_path / "digit.png")
        prepared, steps = prepare(read_picture(tmp_path / "digit.png"))
        p = model.forward(prepared)[0]
        assert abs(p[0] - p[1]) > 0.1, "exchanged they would be noticed"
        status, out, _ = run("predict", "runs/1", "digit.png")
        assert status == 0
        *said, last = out.splitlines()
        assert said == [*(f"- {step}" for step in steps), f"Digit: {digit}"]
        found = re.fullmatch(r"P\(it is a 0\) = (0\.\d{4}), P\(it is a 1\) = (0\.\d{4})", last)
        np.testing.assert_allclose([float(x) for x in found.groups()], p, rtol=0, atol=1e-4)


def test_every_printed_line_of_ten_digits_is_that_of_a_run_computed_apart(run):
    _, (epoch,), loss = ten_by_hand(limit=30, epochs=1, kept=0)
    status, out, _ = run("train", "--network=digits", "--limit-per-class=30", "--epochs=1")
    assert status == 0
    lines = ["Training on 300 images; the run is saved in runs/1", epoch]
    assert_lines(out, "\n".join([*lines, "runs/1: 1 epochs complete", ""]))
    accuracy = epoch.split(" - ")[-1]
    assert 500 < int(re.search(r"\((\d+) of 10,000 wrong\)", accuracy)[1]) < 8500, "it has learned"
    status, out, _ = run("evaluate", "runs/1")
    assert status == 0
    assert_lines(out, f"runs/1: 1 epochs, last loss {loss:.5f}\n{accuracy}\n")


def test_every_printed_line_with_validation_and_every_answer(run, tmp_path):
    model, epochs, _ = ten_by_hand(limit=30, epochs=3, kept=50)
    options = ["--limit-per-class=30", "--epochs=3", "--validation=50"]
    status, out, _ = run("train", "--network=digits", *options)
    assert status == 0
    lines = ["Training on 250 images; the run is saved in runs/1", *epochs]
    assert_lines(out, "\n".join([*lines, "runs/1: 3 epochs complete", ""]))
    images, labels = load_digits(1).test
    answers = set()
    for digit in range(10):
        pixels = (255 * images[labels == digit][0, 0]).astype(np.uint8)
        Image.fromarray(255 - pixels).resize((300, 300)).save(tmp_path / "digit.png")
        prepared, steps = prepare(read_picture(tmp_path / "digit.png"))
        z = model.forward(prepared)[0].astype(float)
        p = np.exp(z) / np.exp(z).sum()
        first, second, third = sorted(range(10), key=lambda k: -p[k])[:3]
        status, out, _ = run("predict", "runs/1", "digit.png")
        assert status == 0
        said = out.splitlines()
        doubt = ["No digit reaches one half: it may be none at all."] if p.max() < 0.5 else []
        assert said[: len(steps) + 1] == [*(f"- {step}" for step in steps), f"Digit: {first}"]
        assert said[len(steps) + 2 :] == doubt
        found = re.fullmatch(
            rf"P\(it is a {first}\) = ([01]\.\d{{4}}), P\(it is a {second}\) = ([01]\.\d{{4}}), "
            rf"P\(it is a {third}\) = ([01]\.\d{{4}})",
            said[len(steps) + 1],
        )
        expected = [p[first], p[second], p[third]]
        np.testing.assert_allclose([float(x) for x in found.groups()], expected, rtol=0, atol=1e-3)
        answers.add(first)
    assert len(answers) > 2, "not the same answer for all"


def test_doubt_about_ten_digits_is_admitted(run, tmp_path, monkeypatch):
    run("train", *SMALL_TEN)
    Image.fromarray(np.eye(28, dtype=np.uint8)).save(tmp_path / "digit.png")
    for largest, doubt in ((1.0, True), (3.0, False)):
        logits = np.array([[0, 0, largest, 0, 0, 0, 0, 0.5, 0.25, 0]], np.float32)
        monkeypatch.setattr(Sequential, "predict", lambda self, x, z=logits: z)
        _, out, _ = run("predict", "runs/1", "digit.png")
        z = np.exp(logits[0].astype(float))
        p = z / z.sum()
        line = ", ".join(f"P(it is a {k}) = {p[k]:.4f}" for k in (2, 7, 8))
        assert out.splitlines()[-2 - doubt :][:2] == ["Digit: 2", line]
        assert ("No digit reaches one half: it may be none at all." in out) is doubt


def test_a_trained_run_reads_the_digits(run, tmp_path):
    status, out, _ = run("train", "--epochs", "1", "--output", "run")
    assert status == 0
    assert "Training on 12,665 images" in out
    images, labels = load_zero_one().test
    for digit in (0, 1):
        for index in range(5):
            pixels = (255 * images[labels == digit][index, 0]).astype(np.uint8)
            big = Image.fromarray(255 - pixels).resize((140, 140), Image.Resampling.BICUBIC)
            big.save(tmp_path / "digit.png")
            assert f"Digit: {digit}\n" in run("predict", "run", "digit.png")[1]
    grey = np.zeros((28, 28), np.uint8)
    grey[::2, ::2] = 255
    Image.fromarray(grey).save(tmp_path / "pattern.png")
    assert "Digit:" in run("predict", "run", "pattern.png")[1]


def test_doubt_is_admitted(run, tmp_path, monkeypatch):
    run("train", *SMALL, "--output", "run")
    Image.fromarray(np.eye(28, dtype=np.uint8)).save(tmp_path / "digit.png")
    monkeypatch.setattr(Sequential, "predict", lambda self, x: np.array([[0.3, 0.2]]))
    _, out, _ = run("predict", "run", "digit.png")
    assert "Neither output reaches one half: it may be no 0 and no 1 at all.\n" in out


def test_one_half_is_enough_and_equals_keep_their_order():
    def said(name, *outputs):
        return list(cli._answer(NETWORKS[name], np.array(outputs, np.float32)))

    both = "P(it is a 0) = 0.5000, P(it is a 1) = 0.2000"
    assert said("zero-one", 0.5, 0.2) == ["Digit: 0", both]
    halves = said("digits", *np.where(np.isin(np.arange(10), (3, 7)), 0, -1000))
    assert halves == [
        "Digit: 3",
        "P(it is a 3) = 0.5000, P(it is a 7) = 0.5000, P(it is a 0) = 0.0000",
    ]
    equal = said("digits", 2, 1, 1, 0, 0, 0, 0, 0, 0, 2)[1]  # NumPy's quickest sort exchanges some
    assert re.findall(r"is a (\d)", equal) == ["0", "9", "1"]


@pytest.mark.parametrize(("limit", "images"), [([], 8), (["--limit-per-class", "3"], 6)])
def test_download_trains_on_the_zeros_and_ones_of_a_mirror(run, monkeypatch, limit, images):
    content = mirror.tiny_idx_files()
    monkeypatch.setattr(mnist, "FILES", mirror.known_files(content))
    with mirror.serving(content, mirror.well) as server:
        places = ["--mirror", server.url, "--cache-dir", "cache"]
        status, out, _ = run("train", "--download", *places, *limit, "--epochs", "1")
        assert status == 0
        assert f"Training on {images} images" in out
        assert " of 3 wrong)" in out
        assert len(server.requests) == 4
        run("train", "--download", *places, *limit, "--epochs", "1")
        assert len(server.requests) == 4, "the second time from the cache"


def test_download_trains_on_all_ten_digits_of_a_mirror(run, monkeypatch, tmp_path):
    content = mirror.tiny_idx_files()
    monkeypatch.setattr(mnist, "FILES", mirror.known_files(content))
    with mirror.serving(content, mirror.well) as server:
        places = ["--mirror", server.url, "--cache-dir", "cache", "--network", "digits"]
        status, out, _ = run("train", "--download", *places, "--epochs", "1")
        assert status == 0
        assert "Training on 11 images" in out
        assert " of 6 wrong)" in out
        status, out, _ = run(
            "train", "--download", *places, "--epochs", "1", "--limit-per-class", "1", *VALIDATED
        )
        assert "Training on 2 images" in out  # of a 5, a 0, a 1, a 9 and a 7
        assert " of 3 wrong)" in out
        too_many = ["--limit-per-class", "2"]
        assert_fails(run("train", "--download", *places, *too_many), "limit_per_class: .*got 2")


def test_resume_of_ten_digits_takes_all_options_from_the_run(run, tmp_path):
    options = ["--network", "digits", "--limit-per-class", "2", "--momentum", "0.5"]
    options += ["--no-nesterov", "--no-reshuffle", "--constant", *VALIDATED]
    run("train", *options, "--epochs", "2", "--output", "straight")
    run("train", *options, "--epochs", "1", "--output", "run")
    status, out, _ = run("train", "--resume", "--output", "run", "--epochs", "2")
    assert status == 0
    assert "Training on 17 images" in out
    assert re.findall(r"Epoch (\d)", out) == ["2"]
    for name in ("weights.npz", "configuration.json", "history.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()
    saved = json.loads((tmp_path / "run/configuration.json").read_text())["configuration"]
    assert (saved["momentum"], saved["nesterov"], saved["reshuffle"]) == (0.5, False, False)
    assert (saved["falling"], saved["weight_decay"]) == (False, TEN.weight_decay)
    again = ["train", "--resume", "--output", "run"]
    assert_fails(run(*again, "--nesterov"), "nesterov: expected False.*; got True")
    assert_fails(run(*again, "--network", "zero-one"), "network: expected digits.*; got zero-one")


def test_a_run_whose_configuration_is_gone_is_one_of_the_first_network(run, tmp_path):
    run("train", *SMALL, "--output", "run")
    (tmp_path / "run/configuration.json").unlink()
    assert run("evaluate", "run")[0] == 0
    run("train", *SMALL_TEN, "--output", "ten")
    (tmp_path / "ten/configuration.json").unlink()
    assert_fails(run("evaluate", "ten"), "expected parameters of the network .*Sigmoid.*ReLU")


def test_runs_are_numbered_and_never_overwritten(run, tmp_path):
    for number in (1, 2):
        assert f"runs/{number}: 2 epochs" in run("train", *SMALL)[1]
    before = (tmp_path / "runs/1/weights.npz").read_bytes()
    assert before == (tmp_path / "runs/2/weights.npz").read_bytes()
    assert_fails(
        run("train", "--output", "runs/1"), "--output: runs/1 holds a run already.*--resume"
    )
    assert (tmp_path / "runs/1/weights.npz").read_bytes() == before


def test_resume_takes_the_configuration_from_the_run(run, tmp_path):
    run("train", *SMALL, "--seed", "3", "--output", "run")
    status, out, _ = run("train", "--resume", "--output", "run", "--epochs", "3")
    assert status == 0
    assert "Training on 60 images" in out
    assert re.findall(r"Epoch (\d)", out) == ["3"]
    saved = json.loads((tmp_path / "run/configuration.json").read_text())["configuration"]
    assert (saved["seed"], saved["epochs"], saved["batch_size"]) == (3, 3, 5)
    status, out, _ = run("train", "--resume", "--output", "run")
    assert (status, re.findall(r"Epoch (\d)", out)) == (0, [])
    assert_fails(
        run("train", "--resume", "--output", "run", "--seed", "4"), "seed: expected 3.*; got 4"
    )


def test_resume_where_nothing_was_begun_begins(run):
    status, out, _ = run("train", *SMALL, "--resume", "--output", "new")
    assert status == 0
    assert re.findall(r"Epoch (\d)", out) == ["1", "2"]


@pytest.mark.parametrize(
    ("arguments", "patterns"),
    [
        (["train", "--epochs", "0"], ["epochs: expected an integer of at least 1; got 0"]),
        (["train", "--batch-size", "-1"], ["batch_size: .*; got -1"]),
        (["train", "--batch-size", "many"], ["--batch-size.*expected an integer; got 'many'"]),
        (["train", "--learning-rate", "fast"], ["--learning-rate.*expected a number; got 'fast'"]),
        (["train", "--learning-rate", "0"], ["learning_rate: expected .* above 0; got 0"]),
        (["train", "--learning-rate", "nan"], ["learning_rate: .*; got nan"]),
        (["train", "--seed", "-1"], ["seed: .* at least 0; got -1"]),
        (["train", "--limit-per-class", "0"], ["limit_per_class: .*; got 0"]),
        (["train", "--limit-per-class", "6000"], ["limit_per_class: .*5923.*; got 6000"]),
        (["train", "--network", "nine"], ["network: expected one of zero-one, digits; got 'nine'"]),
        (["train", "--network", ""], ["network: expected one of zero-one, digits; got ''"]),
        (["train", "--momentum", "1"], ["momentum: expected .*; got 1"]),
        (["train", "--momentum", "much"], ["--momentum.*expected a number; got 'much'"]),
        (["train", "--nesterov"], ["nesterov: expected momentum above 0 with it; got 0"]),
        (["train", "--weight-decay", "-1"], ["weight_decay: .* at least 0; got -1"]),
        (["train", "--shift", "-1"], ["shift: expected .* at least 0; got -1"]),
        (["train", "--validation", "-1"], ["validation: .* at least 0; got -1"]),
        (
            ["train", "--limit-per-class", "5", "--validation", "10"],
            ["validation: expected fewer than the 10 training images; got 10"],
        ),
        (
            ["train", "--network", "digits", "--limit-per-class", "864"],
            ["limit_per_class: .*863.*; got 864"],
        ),
        (["train", "--output", ""], ["--output.*expected a path; got an empty one"]),
        (["train", "--cache-dir", ""], ["--cache-dir.*expected a path; got an empty one"]),
        (["evaluate", ""], ["RUN.*: expected a path; got an empty one ?$"]),
        (["predict", "run", ""], ["IMAGE.*expected a path; got an empty one"]),
        (["train", "--learning-rate", "-inf"], ["learning_rate: .*; got -inf"]),
        (["train", "--output", "file"], ["--output: expected a folder; file is a file"]),
        (["train", "--output", "file/run"], ["--output: expected a folder; file is a file"]),
        (["train", "--mirror", "http://x/"], ["--mirror: expected --download with it; got none"]),
        (["train", "--cache-dir", "x"], ["--cache-dir: expected --download with it; got none"]),
        (["train", "--resume"], ["--resume: expected --output"]),
        (["train", "--colour", "red"], ["--colour"]),
        (
            ["train", "--download", "--mirror", "http://127.0.0.1:9/", "--cache-dir", "cache"],
            ["127.0.0.1:9"],
        ),
        (["evaluate"], ["RUN"]),
        (["evaluate", "nowhere"], ["nowhere: expected a run with a complete epoch"]),
        (["evaluate", "file"], ["RUN: expected a folder; file is a file"]),
        (["evaluate", "file/run"], ["RUN: expected a folder; file is a file"]),
        (["predict", "file", "broken"], ["RUN: expected a folder; file is a file"]),
        (["evaluate", "broken"], [r"broken/weights\.npz: damaged"]),
        (["predict", "nowhere", "file"], ["nowhere: expected a run"]),
        (["predict", "run"], ["IMAGE"]),
        (["predict", "run", "none.png"], [r"none\.png"]),
        (["predict", "run", "file"], ["file: expected an image file"]),
        (["predict", "run", "blank.png"], [r"blank\.png: picture: expected a digit; it is blank"]),
        (["explain"], ["explain"]),
    ],
    ids=" ".join,
)
def test_bad_input_ends_with_status_2(run, tmp_path, arguments, patterns):
    (tmp_path / "file").write_text("something else")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/weights.npz").write_text("something else")
    Image.new("L", (9, 9), 128).save(tmp_path / "blank.png")
    if arguments[:2] == ["predict", "run"]:
        run("train", *SMALL, "--output", "run")
    assert_fails(run(*arguments), *patterns)
    assert not (tmp_path / "runs").exists()


def test_what_is_in_the_way_of_the_first_run_is_named(run, tmp_path):
    (tmp_path / "runs").write_text("notes")
    assert_fails(run("train", *SMALL), "--output: expected a folder; runs is a file")
    assert (tmp_path / "runs").read_text() == "notes"


def test_a_link_to_nothing_is_no_folder(run, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    expected = "expected a folder; link is a link to nothing"
    assert_fails(run("train", *SMALL, "--output", "link"), f"--output: {expected}")
    assert_fails(run("evaluate", "link"), f"RUN: {expected}")


def test_a_drive_that_is_not_there_is_left_to_the_system(run, tmp_path, monkeypatch):
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    assert_fails(run("evaluate", "nowhere"), "nowhere: expected a run with a complete epoch")


def test_help_without_arguments(run):
    status, out, err = run()
    assert status == 2
    assert all(word in out + err for word in ("train", "evaluate", "predict"))


def test_the_module_runs(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "cnnbook", "train", *SMALL, "--epochs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Epoch 1 - Loss: 0." in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("errors", "images", "text"),
    [
        (1, 200, "99.50 % (1 of 200 wrong)"),
        (0, 2115, "100.00 % (0 of 2,115 wrong)"),
        (3, 2115, "99.86 % (3 of 2,115 wrong)"),
        (980, 2115, "53.66 % (980 of 2,115 wrong)"),
        (2115, 2115, "0.00 % (2115 of 2,115 wrong)"),
    ],
)
def test_accuracy_is_shown_with_its_count(errors, images, text):
    assert cli._accuracy(errors, images) == percent(errors, images) == text


class SeenError(Exception):
    """Carries what was asked for."""


@pytest.fixture
def asked(monkeypatch):
    """Return what `train` asks of `train_run`, and of the images."""

    def caught(folder, configuration, split, **options):
        raise SeenError(folder, configuration, split, options)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cnnbook", "train", *arguments])
        monkeypatch.setattr(cli, "train_run", caught)
        with pytest.raises(SeenError) as seen:
            cli.main()
        return seen.value.args

    return call


def test_without_options_it_trains_what_configuration_says(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, configuration, split, options = asked()
    assert configuration == Configuration()
    assert folder == Path("runs/1")
    assert len(split.train[0]) == 12_665
    assert (options["resume"], options["other_versions"], options["progress"]) == (
        False,
        False,
        True,
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("limit_per_class", 7),
        ("epochs", 8),
        ("batch_size", 9),
        ("learning_rate", 0.7),
        ("seed", 11),
        ("momentum", 0.7),
        ("weight_decay", 0.7),
        ("falling", True),
        ("shift", 3),
        ("turn", 4.5),
        ("averaging", 0.5),
        ("validation", 13),
        ("shards", 5),
        ("reshuffle", True),
    ],
)
def test_every_option_arrives_where_it_belongs(asked, tmp_path, monkeypatch, option, value):
    monkeypatch.chdir(tmp_path)
    typed = [f"--{option.replace('_', '-')}", *([] if value is True else [str(value)])]
    _, configuration, _, _ = asked(*typed)
    assert configuration == Configuration(**{option: value})
    _, configuration, split, _ = asked("--network", "digits", *typed)
    assert configuration == Configuration(**{**vars(TEN), option: value})
    assert len(split.test[1]) == 10_000


def test_the_network_for_ten_digits_has_defaults_of_its_own(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, configuration, split, _ = asked("--network", "digits")
    assert configuration == TEN
    assert (len(split.train[0]), len(split.test[0])) == (10_000, 10_000)
    _, configuration, _, _ = asked("--network=digits", "--no-reshuffle", "--no-nesterov")
    assert (configuration.reshuffle, configuration.nesterov) == (False, False)
    assert asked("--network=digits", "--constant")[1].falling is False
    _, configuration, _, _ = asked("--network=digits", "--learning-rate", "0.1", "--momentum=0.5")
    assert (configuration.learning_rate, configuration.momentum) == (0.1, 0.5)
    assert asked("--network=zero-one")[1] == Configuration()


def test_switches_arrive(asked, tmp_path):
    folder = str(tmp_path / "run")
    options = asked("--resume", "--output", folder, "--other-versions")[3]
    assert (options["resume"], options["other_versions"]) == (True, True)


def default(name):
    """Write the default of an option, for both networks if it is not the same."""
    first, ten = getattr(Configuration(), name), getattr(TEN, name)
    texts = ["off" if v is False else "on" if v is True else str(v) for v in (first, ten)]
    return texts[0] if first == ten else f"{texts[0]}; digits: {texts[1]}"


HELP = {
    "--limit-per-class N": ("Train on so many images of each digit.", "all"),
    "--epochs N": ("How often every image is seen.", default("epochs")),
    "--batch-size N": ("Images per step.", default("batch_size")),
    "--learning-rate X": ("The length of a step.", default("learning_rate")),
    "--seed N": ("Draws the parameters and the order.", default("seed")),
    "--network NAME": ("zero-one, or digits, which reads all ten.", "zero-one"),
    "--momentum X": ("How much of the last step's direction is kept.", default("momentum")),
    "--weight-decay X": ("How strongly parameters are pulled to zero.", default("weight_decay")),
    "--shift N": (
        "Moves each image, whenever it is seen, by so many pixels at most.",
        default("shift"),
    ),
    "--shards N": (
        "Cut each batch into so many parts, which the processes of mpiexec share.",
        default("shards"),
    ),
    "--turn X": ("Rotates it, besides, by so many degrees at most.", default("turn")),
    "--averaging X": (
        "Takes a running mean of the parameters, which keeps so much of itself at each step.",
        default("averaging"),
    ),
    "--validation N": (
        "Keep the last N training images to count errors on, and leave the test images alone.",
        default("validation"),
    ),
    "--output PATH": ("The run's folder.", "the first free runs/N"),
    "--nesterov / --no-nesterov": ("Use Nesterov's momentum.", default("nesterov")),
    "--falling / --constant": (
        "Let the learning rate fall to 0, step by step.",
        default("falling"),
    ),
    "--reshuffle / --no-reshuffle": (
        "Draw a new order for every epoch.",
        default("reshuffle"),
    ),
    "--resume": ("Go on with the run in the output folder.", None),
    "--other-versions": ("Go on even with other versions than the run began with.", None),
    "--download": (
        "Take the images from all of MNIST, downloaded; for digits, all 60,000.",
        None,
    ),
    "--cache-dir PATH": ("Where downloads are kept.", "the user's cache"),
    "--mirror URL": ("Download from here instead; may be repeated.", None),
    "--help": ("Show this message and exit.", None),
}


def test_help_says_what_the_options_do(run):
    status, out, _ = run("train", "--help")
    assert status == 0
    text = " ".join(out.split("Options:")[1].split())
    expected = [
        f"{option} {what}" + (f" [default: {default}]" if default is not None else "")
        for option, (what, default) in HELP.items()
    ]
    assert text == " ".join(expected)


DOES = {  # each with what the command prints of it, in the tests above
    "train": "Train the network and save the run: weights, history, configuration, versions.",
    "evaluate": "Count the errors of a saved run on the test images.",
    "predict": "Say which digit a picture shows, and what was done to the picture first.",
}


@pytest.mark.parametrize("command", DOES)
def test_help_says_what_a_command_does(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0
    assert DOES[command] in " ".join(out.split())


def test_a_run_that_diverges_ends_with_one_sentence(run, tmp_path):
    status, out, err = run("train", *SMALL, "--learning-rate", "1e300")
    assert (status, out) == (2, "Training on 60 images; the run is saved in runs/1\n")
    sentence = "epoch 1, step 2: the loss is nan; try a smaller learning_rate than 1e+300"
    assert err == f"Error: {sentence}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate", ["50", "1e10"])
def test_a_run_of_steps_that_are_too_long_says_what_becomes_of_it(run, rate):
    """Probabilities of exactly 0 and 1 are no divergence: their loss is finite, and is shown."""
    status, out, err = run("train", *SMALL, "--learning-rate", rate)
    assert (status, err) == (0, "")
    assert re.findall(r"Loss: (\d+)\.\d{5} ", out) > ["10", "10"]


def test_parameters_that_overflow_end_with_one_sentence_and_no_warning(run, tmp_path):
    run("train", *SMALL, "--output", "run")
    arrays = read_arrays(tmp_path / "run/weights.npz")
    largest = {
        name: np.where(array < 0, -3e38, 3e38).astype(array.dtype)
        if array.dtype == np.float32
        else array
        for name, array in arrays.items()
    }
    write_arrays(tmp_path / "run/weights.npz", largest)
    status, _, err = run("evaluate", "run")
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith("Error: ")


def test_what_steers_a_terminal_is_shown_and_letters_are_letters():
    assert cli._printable("é\n\x1b[2J\x07\u202e") == "é\n\\x1b[2J\\x07\\u202e"


def test_weights_that_cannot_be_computed_with_are_no_answer(run, tmp_path, monkeypatch):
    run("train", *SMALL, "--output", "run")
    Image.fromarray(np.eye(28, dtype=np.uint8)).save(tmp_path / "digit.png")
    monkeypatch.setattr(Sequential, "predict", lambda self, x: np.full((len(x), 2), np.nan))
    assert_fails(run("predict", "run", "digit.png"), "^Error: run: its parameters are too large")
    assert_fails(run("evaluate", "run"), "^Error: an output for these images is not finite")


def test_a_run_of_other_versions_is_resumed_when_that_is_said(run, tmp_path):
    run("train", *SMALL, "--output", "run")
    path = tmp_path / "run/configuration.json"
    path.write_text(path.read_text().replace(f'"numpy": "{np.__version__}"', '"numpy": "1.0"'))
    more = ["train", "--resume", "--output", "run", "--epochs", "3"]
    assert_fails(run(*more), "numpy: expected 1.0.*--other-versions")
    status, out, _ = run(*more, "--other-versions")
    assert (status, re.findall(r"Epoch (\d)", out)) == (0, ["3"])
    assert [v["versions"]["numpy"] for v in json.loads(path.read_text())["continued"]] == [
        np.__version__
    ]


def test_a_fault_of_the_program_is_not_called_bad_input(run, monkeypatch, tmp_path):
    def broken(folder, model):
        raise TypeError("a fault")

    monkeypatch.setattr(cli, "load_weights", broken)
    monkeypatch.setattr(sys, "argv", ["cnnbook", "evaluate", "run"])
    with pytest.raises(TypeError, match="a fault"):
        cli.main()


def test_what_would_steer_a_terminal_is_shown(run, tmp_path):
    status, out, err = run("train", *SMALL, "--output", "\x1b[31mred")
    assert status == 0
    assert out.startswith("Training on 60 images; the run is saved in \\x1b[31mred\n")
    _, _, err = run("evaluate", "\x1b[2J")
    assert err.startswith("Error: \\x1b[2J: expected a run")


# --- as one of several processes ------------------------------------------------------------------


@pytest.fixture
def among(monkeypatch):
    """Let the command line believe that mpiexec has started it, and note what it does with that."""
    done = []

    def call(rank):
        def bcast(sent):
            done.append(("bcast", sent))
            return sent if sent is not None else ("a configuration", "images")

        others = SimpleNamespace(rank=rank, size=2, bcast=bcast)
        monkeypatch.setattr(cli, "launched", lambda: True)
        monkeypatch.setattr(cli, "watch", lambda: done.append("watch"))
        monkeypatch.setattr(cli, "communicator", lambda: others)
        monkeypatch.setattr(cli, "end_all", lambda status: done.append(("end", status)))
        monkeypatch.setattr(cli.time, "sleep", lambda seconds: done.append(("sleep", seconds)))
        return done, others

    return call


def test_the_first_process_hands_out_configuration_and_images(among, asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done, others = among(0)
    _, configuration, split, options = asked("--shards=2")
    assert configuration.shards == 2
    assert options["communicator"] is others
    assert done == ["watch", ("bcast", (configuration, split))]


def test_another_process_takes_them_and_says_nothing(among, run, tmp_path, monkeypatch):
    done, others = among(1)
    calls = []
    monkeypatch.setattr(cli, "train_run", lambda *a, **options: calls.append((a, options)))
    assert run("train", "--output", "run", "--shards", "2") == (0, "", "")
    assert calls == [(("", "a configuration", "images"), {"communicator": others})]
    assert done == ["watch", ("bcast", None)]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("rank", "waits"), [(0, []), (1, [("sleep", 2)])])
def test_what_is_wrong_ends_all_and_the_first_process_says_it_first(
    among, run, monkeypatch, rank, waits
):
    def refuse(*_, **__):
        raise ValueError("wrong")

    monkeypatch.setattr(cli, "train_run", refuse)
    done, _ = among(rank)
    _, out, err = run("train", "--limit-per-class=1", "--output=run")
    assert (out, err) == ("", "Error: wrong\n")
    assert done[2:] == [*waits, ("end", 2)]


@pytest.mark.parametrize("arguments", [["evaluate", "nowhere"], ["train", "--output=run"]])
def test_without_mpi4py_each_process_ends_with_one_sentence(
    among, run, monkeypatch, tmp_path, arguments
):
    def refuse():
        raise ValueError("mpiexec: expected mpi4py")

    done, _ = among(0)
    monkeypatch.setattr(cli, "communicator", refuse)
    result = run(*arguments)
    assert_fails(result, "^Error: (nowhere: expected a run.*|mpiexec: expected mpi4py ?)$")
    assert result[2].count("\n") == 1
    assert done == ["watch"]
    assert not list(tmp_path.iterdir())


def started(*arguments, cwd, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "cnnbook", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **options},
    )


def test_a_name_that_the_encoding_of_a_file_has_not_is_written_nevertheless(tmp_path):
    name, encoding = "\u6570\u5b57", "cp1252"
    with started(
        "train", *SMALL, "--output", name, cwd=tmp_path, PYTHONIOENCODING=encoding
    ) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    shown = name.encode(encoding, errors="backslashreplace")
    line = b"Training on 60 images; the run is saved in " + shown
    assert out.splitlines()[0] == line
    assert out.splitlines()[-1] == shown + b": 2 epochs complete"
    assert (tmp_path / name / "weights.npz").exists()


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_training_survives_that_nobody_reads_on(tmp_path):
    with started("train", *SMALL, "--output", "run", cwd=tmp_path) as process:
        first = process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert first == b"Training on 60 images; the run is saved in run\n"
    assert (process.returncode, err) == (
        0,
        b"The output is closed; the command goes on without it.\n",
    )
    history = json.loads((tmp_path / "run/history.json").read_text())
    assert len(history["losses"]) == 2


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_training_survives_that_nobody_reads_errors_either(tmp_path):
    with started("train", *SMALL, "--output", "run", cwd=tmp_path) as process:
        process.stdout.close()
        process.stderr.close()
    assert process.returncode == 0
    assert (tmp_path / "run/weights.npz").exists()


# Runs the command line in one folder after another, each when it is told to.
RACER = """
import contextlib, io, os, sys
from cnnbook import cli
for line in sys.stdin:
    folder, *sys.argv[1:] = line.split()
    os.chdir(folder)
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
    print(status, repr(output.getvalue()), flush=True)
"""


@pytest.fixture
def race(tmp_path):
    """Let two processes begin at once; return their states and outputs."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]

    def both(folder, *commands):
        for racer, command in zip(racers, commands, strict=True):
            racer.stdin.write(f"{folder} train {command}\n")
        for racer in racers:
            racer.stdin.flush()
        answers = [racer.stdout.readline().split(" ", 1) for racer in racers]
        return [(int(status), ast.literal_eval(text)) for status, text in answers]

    yield both
    for racer in racers:
        with racer:
            racer.communicate()


QUICK = "--limit-per-class 2 --epochs 1"
ROUNDS = range(int(os.environ.get("CNNBOOK_RACES", "2")))


def test_two_runs_begun_at_once_have_a_folder_each(race, tmp_path):
    for number in ROUNDS:
        place = tmp_path / str(number)
        place.mkdir()
        results = race(place, *(f"{QUICK} --seed {seed}" for seed in (1, 2)))
        assert [status for status, _ in results] == [0, 0], results
        said = {text.splitlines()[-1] for _, text in results}
        assert said == {"runs/1: 1 epochs complete", "runs/2: 1 epochs complete"}
        seeds = {load_configuration(place / "runs" / n).seed for n in "12"}
        assert seeds == {1, 2}


def test_of_two_runs_in_one_folder_one_is_refused(race, tmp_path):
    alone = {}
    for seed in (1, 2):
        train_run(tmp_path / f"alone{seed}", Configuration(2, 1, seed=seed), load_zero_one(2))
        alone[seed] = (tmp_path / f"alone{seed}/weights.npz").read_bytes()
    for number in ROUNDS:
        place = tmp_path / str(number)
        place.mkdir()
        results = race(place, *(f"{QUICK} --output run --seed {seed}" for seed in (1, 2)))
        assert sorted(status for status, _ in results) == [0, 2], results
        winner = 1 if results[0][0] == 0 else 2
        sentence = results[2 - winner][1]
        assert re.fullmatch(
            r"Error: (run: expected a folder that nobody writes into; another process does"
            r"|run: holds a run already; resume it, or choose another folder"
            r"|--output: run holds a run already; go on with it by --resume, or .*)\n",
            sentence,
        )
        assert load_configuration(place / "run").seed == winner
        assert (place / "run/weights.npz").read_bytes() == alone[winner]
        names = sorted(path.name for path in (place / "run").iterdir())
        assert names == ["configuration.json", "history.json", "weights.npz"]


def test_a_numbered_folder_is_made_and_not_looked_for(tmp_path):
    parent = tmp_path / "runs"
    (parent / "1").mkdir(parents=True)
    (parent / "2").touch()
    assert cli._made(parent) == parent / "3"
    assert (parent / "3").is_dir()
    assert cli._made(parent) == parent / "4"


def test_a_parent_that_is_removed_meanwhile_is_made_again(tmp_path, monkeypatch):
    parent, mkdir, calls = tmp_path / "runs", Path.mkdir, []

    def late(path, **options):
        mkdir(path, **options)
        calls.append(path.name)
        if calls == ["runs"]:
            parent.rmdir()

    monkeypatch.setattr(Path, "mkdir", late)
    assert cli._made(parent) == parent / "1"
    assert calls == ["runs", "runs", "1"]


def test_what_to_do_is_said_where_a_folder_does_not_do(tmp_path):
    with pytest.raises(
        ValueError, match="^--resume: expected --output, the folder of the run; got none$"
    ):
        cli._agreed(None, {}, resume=True)
    (tmp_path / "configuration.json").write_text('{"configuration": {"seed": 1}}')
    with pytest.raises(ValueError, match="go on with it by --resume, or choose another folder$"):
        cli._agreed(tmp_path, {}, resume=False)
    with pytest.raises(ValueError, match=r"got 0 \(choose another folder for another run\)$"):
        train_run(tmp_path, Configuration(), None)


@pytest.fixture
def unread():
    """Return a stream whose other end is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_line_that_nobody_reads_is_said_to_be_unread_once(unread, monkeypatch):
    monkeypatch.setattr(sys, "stdout", unread)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    for line in ("one", "two"):
        cli._say(line)
        assert sys.stderr.getvalue() == "The output is closed; the command goes on without it.\n"
    os.write(unread.fileno(), b"into nowhere")


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_nobody_reads_that_nobody_reads(unread, monkeypatch):
    monkeypatch.setattr(sys, "stdout", unread)
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stderr", os.fdopen(writing, "w"))
    cli._say("one")
    with pytest.raises(BrokenPipeError):
        sys.stderr.close()


def test_what_an_encoding_lacks_is_spelled_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["cnnbook", "evaluate", "\u0436"])
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="cp1252"))
    with pytest.raises(SystemExit):
        cli.main()
    sys.stderr.flush()
    assert raw.getvalue().startswith(b"Error: \\u0436: expected a run")
