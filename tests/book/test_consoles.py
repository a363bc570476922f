"""What pages and README say of the command line. `.ci/run` types their console blocks."""

import re
from pathlib import Path

import pytest
import typer

from book.commands import consoles
from book.commands.consoles import ROOT, blocks, pages, typed, words
from cnnbook import cli
from cnnbook.mnist import load_zero_one
from cnnbook.runs import Configuration

README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER_WORDS = {"five": 5, "ten": 10, "twenty": 20}


def lines_of(page):
    return [line for block in blocks(page.read_text(encoding="utf-8")) for line in block]


def test_all_blocks_are_found():
    for page in pages():
        text = page.read_text(encoding="utf-8")
        assert len(blocks(text)) == text.count("```console"), page
    assert sum(bool(lines_of(page)) for page in pages()) >= 3


def test_what_makes_an_environment_is_what_the_readme_says_and_ci_types():
    of_readme = [line for line in README.splitlines() if line.startswith("python3 -m venv ")]
    assert len(of_readme) == 2
    for page in pages():
        left_out = set(lines_of(page)) - set(typed(lines_of(page)))
        assert {line for line in left_out if not line.startswith("[[repository]] ")} <= set(
            of_readme
        ), page


def test_every_line_names_a_program_that_there_is():
    for page in pages():
        for line in typed(lines_of(page)):
            program = words(line, Path("bin"))[0]
            assert program in {str(Path("bin", name)) for name in ("python", "pytest")}, line


def commands():
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for rest in re.findall(r"\bpython -m cnnbook ([^\n`#]*)", text):
            yield pytest.param(rest.split(), id=f"{page.name}: {rest}")


@pytest.mark.parametrize("arguments", list(commands()))
def test_every_command_of_the_package_can_be_read(arguments):
    """Its options exist, with values of their kind; nothing is done."""
    name, *rest = arguments
    command = typer.main.get_command(cli.app).commands[name]
    if rest or name == "train":
        assert command.make_context(name, list(rest)).info_name == name
    assert command.name == name


def test_the_full_run_of_chapter_11_is_what_train_does_without_options():
    text = (ROOT / "docs/11-learning.md").read_text(encoding="utf-8")
    said = re.search(
        r"All ([\d,]+) images, (\d+) at a time, (\w+) epochs\. From the command line that is "
        r"`python -m cnnbook train`, which saves the parameters after every epoch",
        text,
    )
    images, batch_size, epochs = said.groups()
    default = Configuration()
    assert int(images.replace(",", "")) == len(load_zero_one(default.limit_per_class).train[0])
    assert (int(batch_size), NUMBER_WORDS[epochs]) == (default.batch_size, default.epochs)
    full = re.search(r"A good first experiment .*? learning rate (0\.\d+)\.", text)
    assert float(full[1]) == default.learning_rate
    [row] = re.findall(r"With seed 0:\n\n\| epoch \|(.+)\|\n", text)
    assert [int(epoch) for epoch in row.split("|")] == list(range(1, default.epochs + 1))
    assert default.seed == 0


def test_the_files_of_a_run_are_those_that_the_readme_names(tmp_path):
    cli.train_run(tmp_path, Configuration(2, epochs=1), load_zero_one(2))
    said = re.search(r"A run is a folder with its (.*)\. One that was killed goes on with", README)
    assert set(re.split(r", | and ", said[1])) == {
        *(path.stem for path in tmp_path.iterdir()),
        "versions",
    }


def test_a_line_is_typed_in_the_environment_of_the_one_who_checks():
    line = ".venv/bin/python -m cnnbook predict run 'my picture.png'     # any size"
    expected = [str(Path("bin/python")), "-m", "cnnbook", "predict", "run", "my picture.png"]
    assert words(line, Path("bin")) == expected
    with pytest.raises(SystemExit, match="ls: expected a program of"):
        words("ls", Path("bin"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([".venv/bin/python -c 'raise SystemExit(3)'"], "status 3"),
        ([".venv/bin/python -c 'print(\"Digit: 0\")' predict x"], "expected the digit 1"),
    ],
)
def test_a_line_that_fails_is_named(lines, said, monkeypatch):
    monkeypatch.setattr(consoles.subprocess, "run", without_clone(consoles.subprocess.run))
    with pytest.raises(SystemExit, match=said):
        consoles.run(ROOT / "README.md", lines)


def without_clone(run):
    def instead(command, **options):
        if command[0] == "git":
            return command[-1].mkdir()
        return run(command, **options)

    return instead
