"""Whether the tests still sing: `python -m scripts.canaries`.

Ten functions of the package are spoiled, one at a time, each in a forked child: what they return
is a thousandth too large, or all ones, or not flipped. Every test that is named beside a function
must fail then; that it passes otherwise is the check `tests`. All mutants take an hour
(`scripts/mutation`); these take seconds, so that a test that no longer tests is noticed by the
next `python -m book check`.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.signal  # noqa: F401 - once, before the children are forked
from hypothesis import Phase, settings

Spoil = Callable[[Any], Any]


def larger(result: Any) -> Any:
    """Make numbers a thousandth larger."""
    return (np.asarray(result) * 1.001).astype(np.asarray(result).dtype)


def ones(result: Any) -> Any:
    """Keep nothing but the shape."""
    return np.ones_like(result)


def larger_each(result: Any) -> Any:
    """Make every array of several a thousandth larger."""
    return [larger(array) for array in result]


def unflipped(result: Any) -> Any:
    """Flip back what was flipped in both directions."""
    return result[..., ::-1, ::-1]


def nothing(_: Any) -> float:
    """Find no error in anything."""
    return 0.0


class Canary(NamedTuple):
    """A function, what becomes of its result, and the tests that must notice."""

    function: str
    spoil: Spoil
    tests: tuple[str, ...]


LAYERS, LOSSES = "tests/layers/test_", "tests/losses/test_binary_cross_entropy.py"
CANARIES = (
    Canary(
        "cnnbook.correlation:rotate180",
        unflipped,
        (
            "tests/test_correlation.py::test_equal_scipy",
            "tests/test_correlation.py::test_full_convolution_commutes_and_correlation_does_not",
        ),
    ),
    Canary(
        "cnnbook.layers.conv:conv2d",
        larger,
        (
            f"{LAYERS}conv.py::test_forward_equals_scipy",
            f"{LAYERS}conv.py::test_the_class_does_what_the_functions_do",
            f"{LAYERS}conv.py::test_hand_made_strided_and_padded_case",
        ),
    ),
    Canary(
        "cnnbook.layers.conv_gradients:conv2d_kernel_gradient",
        larger,
        (
            f"{LAYERS}conv_gradients.py::test_all_gradients_equal_complex_steps",
            f"{LAYERS}conv_gradients.py::test_kernel_gradient_equals_scipy",
            "tests/test_twins.py::test_convolutional_twins_agree",
        ),
    ),
    Canary(
        "cnnbook.layers.dense:dense_input_gradient",
        larger,
        (
            f"{LAYERS}dense.py::test_forward_and_gradients_equal_the_sums",
            f"{LAYERS}dense.py::test_gradients_equal_complex_steps",
        ),
    ),
    Canary(
        "cnnbook.layers.activations:relu_gradient",
        ones,
        (
            f"{LAYERS}activations.py::test_derivatives_equal_complex_steps",
            f"{LAYERS}activations.py::test_relu_gate_is_on_the_input_and_shut_at_zero",
        ),
    ),
    Canary(
        "cnnbook.losses.binary_cross_entropy:binary_cross_entropy_gradient",
        larger,
        (
            f"{LOSSES}::test_gradients_equal_complex_steps_and_central_differences",
            f"{LOSSES}::test_the_sigmoid_and_the_probability_form_collapse_to_p_minus_t",
        ),
    ),
    Canary(
        "cnnbook.functions:softplus",
        larger,
        (
            "tests/test_functions.py::test_softplus_equals_numpy_and_overflows_nowhere",
            "tests/test_functions.py::test_the_derivative_of_the_softplus_is_the_sigmoid",
        ),
    ),
    Canary(
        "cnnbook.gradient_check:relative_error",
        nothing,
        (
            "tests/test_gradient_check.py::test_relative_error",
            "tests/test_gradient_check.py::test_a_wrong_input_gradient_is_caught",
            "tests/test_gradient_check.py::test_wrong_parameter_gradients_are_caught",
            "tests/test_gradient_check.py::test_wrong_loss_gradients_are_caught",
        ),
    ),
    Canary(
        "cnnbook.samples:one_hot",
        ones,
        ("tests/test_samples.py::test_one_hot_rows_hold_a_one_at_the_label",),
    ),
    Canary(
        "cnnbook.optimizers:SGD._directions",
        larger_each,
        (
            "tests/test_optimizers.py::test_every_parameter_moves",
            "tests/test_optimizers.py::test_steps_by_hand",
        ),
    ),
)


def spoiled(*arguments: Any, **named: Any) -> Any:
    """Stand for a function whose module knows what to call instead."""
    return __canary__(*arguments, **named)  # type: ignore[name-defined]  # noqa: F821


def plant(name: str, spoil: Spoil) -> None:
    """Spoil a function for everybody who has imported it.

    Its code is replaced, not its name, which others may hold already.
    """
    module, _, attributes = name.partition(":")
    function: FunctionType = attrgetter(attributes)(import_module(module))
    right = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    right.__kwdefaults__ = function.__kwdefaults__
    function.__globals__["__canary__"] = lambda *a, **k: spoil(right(*a, **k))
    function.__code__ = spoiled.__code__
    function.__defaults__ = function.__kwdefaults__ = None


class Failed:
    """A plugin of pytest that notes which tests failed, without their parameters."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        if report.failed:
            self.names.add(report.nodeid.partition("[")[0])


def failing(tests: Iterable[str]) -> set[str]:
    """Run tests in this process, and say which fail."""
    failed = Failed()
    settings.register_profile(
        "canaries",
        deadline=None,
        derandomize=True,
        max_examples=20,
        phases=[Phase.explicit, Phase.generate],
    )
    options = [
        "-q",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:cov",
        "--hypothesis-profile=canaries",
    ]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis was imported
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        status = pytest.main([*options, *tests], plugins=[failed])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"pytest ended with {status!r}: is one of these gone? {' '.join(tests)}")
    return failed.names


def in_child(work: Callable[[], set[str]]) -> set[str]:
    """Do some work in a forked child, which leaves nothing behind; return the names it finds."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as said:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                Path(said.name).write_text("\n".join(work()), encoding="utf-8")
                status = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                sys.stdout.flush()
                os._exit(status)
        if os.waitpid(child, 0)[1] != 0:
            raise SystemExit("a child came to no end")
        return set(said.read().split())


def silent(canary: Canary) -> set[str]:
    """Return the tests that should notice a spoiled function, and do not."""

    def work() -> set[str]:
        plant(canary.function, canary.spoil)
        return failing(canary.tests)

    return {*canary.tests} - in_child(work)


def main() -> int:
    """Run all; print what does not notice, and return the number of functions concerned."""
    quiet = {canary.function: silent(canary) for canary in CANARIES}
    for function, tests in quiet.items():
        for test in sorted(tests):
            print(f"{test}: does not notice that {function} is spoiled")
    count = sum(len(canary.tests) for canary in CANARIES)
    print(f"{len(CANARIES)} functions spoiled, {count} tests to notice it")
    return sum(map(bool, quiet.values()))


if __name__ == "__main__":
    raise SystemExit(main())
