"""Every fast function that is not its own formula has a twin of loops that is.

The twins are found by name, so that a new one cannot be forgotten.
"""

import inspect
import pkgutil
import re
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnbook
from cnnbook.layers import conv2d, max_pool2d
from tests.cases import conv_cases, dilated, error, padded, pool_cases

MODULES = [
    import_module(module.name)
    for module in pkgutil.walk_packages(cnnbook.__path__, "cnnbook.")
    if module.name != "cnnbook.__main__"
]
SUFFIX = re.compile(r"(_strided)?_loops$")
TWINS = {
    name: (getattr(module, SUFFIX.sub("", name), None), function)
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if name.endswith("_loops") and function.__module__ == module.__name__
}


def forward(case, loops):
    """Stride leaves out rows and columns of what the loops compute of the padded images."""
    down, across = case.stride
    return loops(padded(case), case.kernels, case.bias)[:, :, ::down, ::across]


def kernel_gradient(case, loops):
    """With stride, the loops meet zeros between the entries of the upstream gradient."""
    return loops(padded(case), dilated(case), case.kernel_size)


def input_gradient(case, loops):
    """The same, and the gradient of the padding is cut off."""
    (height, width), (above, left) = case.input_size, case.padding
    size = height + 2 * above, width + 2 * left
    grad_x = loops(dilated(case), case.kernels, size)
    return grad_x[:, :, above : above + height, left : left + width]


# What the fast function is given, and what the loops are, which know no stride and no padding.
CONVOLUTIONAL = {
    "conv2d_loops": (lambda c: (c.x, c.kernels, c.bias), forward),
    "conv2d_kernel_gradient_loops": (
        lambda c: (c.x, c.grad_output, c.kernel_size),
        kernel_gradient,
    ),
    "conv2d_input_gradient_loops": (
        lambda c: (c.grad_output, c.kernels, c.input_size),
        input_gradient,
    ),
}


POOLING = {
    "max_pool2d_loops": lambda c: (c.x, c.pool_size),
    "max_pool2d_input_gradient_loops": lambda c: (c.x, c.grad_output, c.pool_size),
}
# These know both.
STRIDED = {SUFFIX.sub("_strided_loops", name): name for name in CONVOLUTIONAL}


def without_options(case):
    """Return a case at stride 1 and without padding, of an image that is as large as the kernel."""
    x = padded(case)
    y = conv2d(x, case.kernels, case.bias)
    grad_output = np.random.default_rng(0).standard_normal(y.shape)
    return replace(case, x=x, grad_output=grad_output, stride=(1, 1), padding=(0, 0))


def test_every_twin_is_known_here():
    correlations = {"cross_correlate2d_loops", "convolve2d_loops"}
    convolutional = set(CONVOLUTIONAL) | set(STRIDED)
    assert set(TWINS) == correlations | convolutional | set(POOLING)
    assert all(fast is not None for fast, _ in TWINS.values())


@pytest.mark.parametrize("name", sorted(TWINS))
def test_twins_have_the_same_parameters_but_for_stride_and_padding(name):
    fast, loops = (inspect.signature(function) for function in TWINS[name])
    general = {"stride", "padding"} if name in CONVOLUTIONAL else set()
    assert {*fast.parameters} - {*loops.parameters} == general
    assert all(loops.parameters[p] == fast.parameters[p] for p in loops.parameters)


@settings(max_examples=200)
@pytest.mark.parametrize("name", sorted(CONVOLUTIONAL))
@given(case=conv_cases())
def test_convolutional_twins_agree(name, case):
    fast, loops = TWINS[name]
    arguments, through = CONVOLUTIONAL[name]
    expected = through(case, loops)
    assert error(fast(*arguments(case), **case.geometry), expected) < 1e-14
    plain = replace(case, stride=(1, 1), padding=(0, 0))
    if all(k <= s for k, s in zip(case.kernel_size, case.input_size, strict=True)):
        y = conv2d(plain.x, plain.kernels, plain.bias)
        plain = replace(plain, grad_output=np.random.default_rng(0).standard_normal(y.shape))
        assert error(fast(*arguments(plain)), loops(*arguments(plain))) < 1e-14


@settings(max_examples=200)
@pytest.mark.parametrize("name", sorted(POOLING))
@given(case=pool_cases(), levels=st.sampled_from([2, 1000]))
def test_pooling_twins_agree(name, case, levels):
    fast, loops = TWINS[name]
    tied = replace(case, x=np.round(case.x * levels) / levels)  # with ties, and without
    arguments = POOLING[name](tied)
    assert error(fast(*arguments, **case.options), loops(*arguments, **case.options)) < 1e-14
    plain = replace(tied, stride=case.pool_size, padding=(0, 0))
    if all(k <= s for k, s in zip(case.pool_size, case.x.shape[2:], strict=True)):
        y = max_pool2d(plain.x, case.pool_size)
        plain = replace(plain, grad_output=np.random.default_rng(0).standard_normal(y.shape))
        arguments = POOLING[name](plain)
        assert error(fast(*arguments), loops(*arguments)) < 1e-14


@settings(max_examples=200)
@pytest.mark.parametrize("name", sorted(STRIDED))
@given(case=conv_cases())
def test_twins_with_stride_and_padding_agree(name, case):
    fast, loops = TWINS[name]
    arguments, _ = CONVOLUTIONAL[STRIDED[name]]
    expected = loops(*arguments(case), **case.geometry)
    assert error(fast(*arguments(case), **case.geometry), expected) < 1e-14
    plain = without_options(case)
    assert error(fast(*arguments(plain)), loops(*arguments(plain))) < 1e-14


@settings(max_examples=100)
@pytest.mark.parametrize("name", sorted(STRIDED))
@given(case=conv_cases())
def test_the_loops_of_chapter_13_are_those_of_chapters_2_to_4_after_padding_and_dilation(
    name, case
):
    arguments, through = CONVOLUTIONAL[STRIDED[name]]
    expected = through(case, TWINS[STRIDED[name]][1])
    assert error(TWINS[name][1](*arguments(case), **case.geometry), expected) < 1e-14


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
