"""Every fast function that is not its own formula has a twin of loops that is.

The twins are found by name, so that a new one cannot be forgotten.
"""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnbook
from tests.cases import conv_cases, error

MODULES = [
    import_module(module.name)
    for module in pkgutil.walk_packages(cnnbook.__path__, "cnnbook.")
    if module.name != "cnnbook.__main__"
]
TWINS = {
    name: (getattr(module, name.removesuffix("_loops"), None), function)
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if name.endswith("_loops") and function.__module__ == module.__name__
}

ARGUMENTS = {
    "conv2d_loops": lambda c: (c.x, c.kernels, c.bias),
    "conv2d_kernel_gradient_loops": lambda c: (c.x, c.grad_output, c.kernel_size),
    "conv2d_input_gradient_loops": lambda c: (c.grad_output, c.kernels, c.input_size),
}


def test_every_twin_is_known_here():
    correlations = {"cross_correlate2d_loops", "convolve2d_loops"}
    assert set(TWINS) == correlations | set(ARGUMENTS)
    assert all(fast is not None for fast, _ in TWINS.values())


@pytest.mark.parametrize("name", sorted(TWINS))
def test_twins_have_the_same_signature(name):
    fast, loops = TWINS[name]
    assert inspect.signature(fast) == inspect.signature(loops)


@settings(max_examples=200)
@pytest.mark.parametrize("name", sorted(ARGUMENTS))
@given(case=conv_cases())
def test_convolutional_twins_agree(name, case):
    fast, loops = TWINS[name]
    arguments = ARGUMENTS[name](case)
    assert error(fast(*arguments, **case.geometry), loops(*arguments, **case.geometry)) < 1e-14


@pytest.mark.parametrize("name", ["cross_correlate2d_loops", "convolve2d_loops"])
@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@given(
    size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    kernel_size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    seed=st.integers(0, 999),
)
def test_correlation_twins_agree(name, mode, size, kernel_size, seed):
    fast, loops = TWINS[name]
    if mode == "valid":
        kernel_size = tuple(map(min, kernel_size, size))
    rng = np.random.default_rng(seed)
    image, kernel = rng.standard_normal(size), rng.standard_normal(kernel_size)
    assert error(fast(image, kernel, mode), loops(image, kernel, mode)) < 1e-14
