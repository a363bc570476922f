"""The command line as a reader types it."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cnnbook import cli, mnist
from cnnbook.mnist import load_zero_one
from cnnbook.model import Sequential
from cnnbook.runs import Configuration, train_run
from tests import mirror

SMALL = ["--limit-per-class", "30", "--epochs", "2", "--batch-size", "5"]


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


def refused(result, *patterns):
    status, out, err = result
    assert status == 2, (out, err)
    assert "Traceback" not in out + err
    for pattern in patterns:
        assert re.search(pattern, re.sub(r"[\s│]+", " ", err)), (pattern, err)


def test_train_evaluate_predict(run, tmp_path):
    status, out, _ = run("train", *SMALL)
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "Training on 60 images; the run is saved in runs/1"
    for epoch, line in enumerate(lines[1:3], start=1):
        pattern = (
            rf"Epoch {epoch} - Loss: 0\.\d+ - Test accuracy: \d+\.\d\d % \(\d+ of 2,115 wrong\)"
        )
        assert re.fullmatch(pattern, line)
    assert lines[3:] == ["runs/1: 2 epochs complete"]
    history = json.loads((tmp_path / "runs/1/history.json").read_text())
    assert f"Loss: {history['losses'][-1]:.5f}" in lines[2]

    status, out, _ = run("evaluate", "runs/1")
    assert status == 0
    assert out.splitlines()[0] == f"runs/1: 2 epochs, last loss {history['losses'][-1]:.5f}"
    assert f"({history['test_errors'][-1]} of 2,115 wrong)" in out

    images, labels = load_zero_one().test
    for digit in (0, 1):
        pixels = (255 * images[labels == digit][0, 0]).astype(np.uint8)
        Image.fromarray(255 - pixels).resize((300, 300)).save(tmp_path / "digit.png")
        status, out, _ = run("predict", "runs/1", "digit.png")
        assert status == 0
        assert "- inverted: the border is bright" in out
        assert "- cropped the digit" in out
        assert re.search(r"Digit: [01]\nP\(it is a 0\) = 0\.\d{4}, P\(it is a 1\) = 0\.\d{4}", out)


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
    assert "Neither output reaches one half" in out


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


def test_runs_are_numbered_and_never_overwritten(run, tmp_path):
    for number in (1, 2):
        assert f"runs/{number}: 2 epochs" in run("train", *SMALL)[1]
    before = (tmp_path / "runs/1/weights.npz").read_bytes()
    assert before == (tmp_path / "runs/2/weights.npz").read_bytes()
    refused(run("train", "--output", "runs/1"), "--output: runs/1 holds a run already.*--resume")
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
    refused(run("train", "--resume", "--output", "run", "--seed", "4"), "seed: expected 3.*; got 4")


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
        (["train", "--output", "file"], ["--output: expected a folder; file is a file"]),
        (["train", "--output", "file/run"], ["file"]),
        (["train", "--resume"], ["--resume: expected --output"]),
        (["train", "--colour", "red"], ["--colour"]),
        (
            ["train", "--download", "--mirror", "http://127.0.0.1:9/", "--cache-dir", "cache"],
            ["127.0.0.1:9"],
        ),
        (["evaluate"], ["RUN"]),
        (["evaluate", "nowhere"], ["nowhere: expected a run with a complete epoch"]),
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
    refused(run(*arguments), *patterns)
    assert not (tmp_path / "runs").exists()


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


def test_accuracy_is_shown_with_its_count():
    assert cli._accuracy(1, 200) == "99.50 % (1 of 200 wrong)"


def test_what_to_do_is_said_where_a_folder_does_not_do(tmp_path):
    with pytest.raises(
        ValueError, match="^--resume: expected --output, the folder of the run; got none$"
    ):
        cli._agreed(None, None, Configuration(), resume=True)
    (tmp_path / "configuration.json").write_text('{"configuration": {"seed": 1}}')
    with pytest.raises(ValueError, match="go on with it by --resume, or choose another folder$"):
        cli._agreed(None, tmp_path, Configuration(), resume=False)
    with pytest.raises(ValueError, match=r"got 0 \(choose another folder for another run\)$"):
        train_run(tmp_path, Configuration(), None)
