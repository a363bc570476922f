"""Several figures are made, or checked, in two processes."""

import sys

import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from scripts.figures import __main__ as figures
from scripts.figures import making, together
from scripts.figures.common import SCHEMES, prepare
from scripts.figures.drawings import shortened


def say(name):
    sys.stdout.write(f"{name}: looked at\n")
    if name == "no_figure":
        return None
    return name != "vanishing"


def test_two_processes_say_what_each_figure_says_and_what_differs(capsys):
    names = ["vanishing", "no_figure", "toeplitz"]
    assert together.results(say, names) == {"vanishing": False, "no_figure": None, "toeplitz": True}
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(
        f"{name}: looked at" for name in names
    )


def test_one_figure_is_looked_at_here():
    assert together.results(lambda name: name, ["toeplitz"]) == {"toeplitz": "toeplitz"}


def test_the_slowest_comes_first():
    order = sorted(["toeplitz", "seeds", "no_figure"], key=together.quickness)
    assert order == ["no_figure", "seeds", "toeplitz"]


def test_the_status_says_whether_a_figure_differs(monkeypatch, capsys):
    monkeypatch.setitem(figures.ACTIONS, "check", (say, ""))
    assert figures.main(["--check", "vanishing", "toeplitz"]) == 1
    assert "DIFFERS: vanishing" in capsys.readouterr().out
    assert figures.main(["--check", "toeplitz", "memory_order"]) == 0


def test_a_drawing_is_written_short():
    figure, axes = prepare(SCHEMES["light"], width=2, height=1, rows=1)
    axes.plot([0, 1, 7], [2, 1 / 3, 0])
    drawn = making.svg(figure, "three points").decode()
    assert drawn.count("<path") > 3
    assert shortened(drawn) == drawn
