"""What every executed example may assume: NumPy under its usual name, and one thread."""

import importlib.util
import os
from typing import Any

# Before NumPy is imported. The products in the examples are small; several threads gain nothing,
# and on a machine that is busy with something else they wait for each other a hundred times as
# long as they compute.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402

pytest_plugins = ["tests.guard"]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let two processes share a run of everything, file by file, where pytest-xdist is there."""
    options = config.option
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if hasattr(config, "workerinput") or getattr(options, "cov_source", None):
        return  # this is one of the two; or coverage has begun already, with one
    given = getattr(options, "numprocesses", 0)  # None, if nobody has asked for a number
    if everything and given is None and options.dist == "no" and not options.collectonly:
        options.numprocesses, options.dist, options.tx = 2, "loadfile", ["popen"] * 2


@pytest.fixture(autouse=True)
def _numpy_as_np(doctest_namespace: dict[str, Any]) -> None:
    doctest_namespace["np"] = np


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the page on PyTorch, visibly, where PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        for item in items:
            if item.path.name == "pytorch.md":
                item.add_marker(pytest.mark.skip(reason="PyTorch is not installed: .[oracle]"))
