"""What a chapter prints is what a step of training executes."""

import inspect
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from cnnbook.layers import Conv2D, Dense, ReLU, Reshape, Sigmoid, Tanh
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD
from cnnbook.train import train_on_batch

DOCS = Path(__file__).parents[1] / "docs"
LISTING = re.compile(r"^::: (\S+)\n +options: \{extra: \{listing: true\}\}$", re.MULTILINE)
# Nobody asks for the input gradient of the first layer: chapter 4 says why.
SKIPPED = {
    "cnnbook.layers.conv.Conv2D.backward",
    "cnnbook.layers.conv_gradients.column_gradient",
    "cnnbook.layers.geometry.col2im",
}


def resolved(name: str) -> Any:
    """Import what a listing names: a function, a class or one of its methods."""
    module, attributes = name, []
    while True:
        try:
            found: Any = import_module(module)
            break
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            attributes.insert(0, last)
    for attribute in attributes:
        found = getattr(found, attribute)
    return found


def printed() -> dict[str, list[CodeType]]:
    """List what chapters 2 to 8 print, but for the twins of loops, and the code of each."""
    names = [
        name
        for path in sorted(DOCS.glob("0[2-8]-*.md"))
        for name in LISTING.findall(path.read_text(encoding="utf-8"))
        if not name.endswith("_loops")
    ]
    listed = {}
    for name in names:
        function = resolved(name)
        if inspect.isclass(function):
            functions = [function.forward, function.backward]
        else:
            functions = [function]
        listed[name] = [f.__code__ for f in functions]
    return listed


def executed(call: Callable[[], object]) -> set[CodeType]:
    """Run something, and note the code of every function that it enters."""
    entered = set()

    def note(frame: Any, event: str, _: object) -> None:
        if event == "call":
            entered.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return entered


def steps(*, input_gradient: bool) -> set[CodeType]:
    """Train for a step with either loss, and say what was executed.

    With ``input_gradient``, the gradient goes back through the first layer as well.
    """
    entered = set()
    for from_logits in (False, True):
        rng = np.random.default_rng(0)
        layers = [Conv2D(2, 3, (2, 3), rng=rng), ReLU(), Reshape((-1,)), Dense(36, 4, rng=rng)]
        layers += [Tanh(), Dense(4, 2, rng=rng), *([] if from_logits else [Sigmoid()])]
        model, loss = Sequential(*layers), BinaryCrossEntropy(from_logits=from_logits)
        images = rng.standard_normal((5, 2, 5, 5)).astype(np.float32)
        targets = rng.integers(0, 2, (5, 2)).astype(np.float32)
        optimizer = SGD(model.parameters(), 0.1)
        entered |= executed(lambda: train_on_batch(model, loss, optimizer, images, targets))  # noqa: B023
        if input_gradient:
            gradient = loss.backward()
            entered |= executed(lambda: model.backward(gradient))  # noqa: B023
    return entered


def missing(entered: set[CodeType]) -> set[str]:
    return {name for name, codes in printed().items() if not entered >= {*codes}}


def test_a_step_of_training_executes_all_that_is_printed_but_the_first_input_gradient():
    assert len(printed()) >= 20
    assert missing(steps(input_gradient=False)) == SKIPPED


def test_with_the_input_gradient_of_the_first_layer_it_executes_the_rest():
    assert missing(steps(input_gradient=True)) == set()
