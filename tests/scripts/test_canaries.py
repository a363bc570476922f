"""Canaries: a spoiled function is spoiled for everybody, in a child alone; silence is reported."""

import os
import re

import numpy as np
import pytest

from cnnbook.functions import softplus
from scripts import canaries
from tests.book.pages import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def test_a_function_is_spoiled_for_who_has_imported_it_and_in_the_child_alone():
    def work():
        canaries.plant("cnnbook.functions:softplus", canaries.ones)
        return {str(softplus(np.zeros(1))[0]), str(softplus(z=np.zeros(1))[0])}

    assert canaries.in_child(work) == {"1.0"}
    assert softplus(np.zeros(1))[0] == np.log(2)


def test_a_test_that_does_not_notice_is_named(monkeypatch, capsys):
    canary = canaries.Canary("cnnbook.functions:softplus", canaries.ones, ("a::one", "a::two"))
    monkeypatch.setattr(canaries, "CANARIES", (canary,))
    monkeypatch.setattr(canaries, "failing", lambda tests: {"a::two"})
    assert canaries.main() == 1
    said = capsys.readouterr().out
    assert "a::one: does not notice that cnnbook.functions:softplus is spoiled\n" in said
    assert "a::two" not in said
    monkeypatch.setattr(canaries, "failing", lambda tests: {"a::one", "a::two"})
    assert canaries.main() == 0


def test_a_child_that_fails_is_no_silence(monkeypatch):
    with pytest.raises(SystemExit, match="came to no end"):
        canaries.in_child(lambda: {1 / 0})


@pytest.mark.parametrize("canary", canaries.CANARIES, ids=lambda canary: canary.function)
def test_the_tests_that_are_named_are_there(canary):
    for test in canary.tests:
        path, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), test
