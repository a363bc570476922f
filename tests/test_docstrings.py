"""Every parameter is documented."""

import inspect

import pytest

from cnnbook import checks, correlation, gradient_check, mnist, model, optimizers, pictures, train


@pytest.mark.parametrize(
    "module",
    [checks, correlation, gradient_check, mnist, model, optimizers, pictures, train],
    ids=lambda module: module.__name__,
)
def test_public_docstrings_name_their_parameters(module):
    """Every parameter of a public function stands in its docstring."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if (
            name.startswith("_")
            or name.endswith("_loops")
            or function.__module__ != module.__name__
        ):
            continue
        text = inspect.getdoc(function)
        for parameter in inspect.signature(function).parameters:
            assert parameter in text, f"{name}: {parameter}"
