"""A guard against tests that stop testing, which pytest loads with the root's `conftest.py`.

A test is skipped only for a reason of the table below, and only where that reason holds; none is
expected to fail. A file from which fewer tests are collected than `collected.json` notes is an
error in every run that takes the file as a whole; with ``--as-noted``, so is one with more.
`python -m book update` notes the numbers again, and the change is there to be read.
PYTEST_DONT_REWRITE: nothing is asserted here, and `collected.py` imports it before pytest does.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTED = Path(__file__).with_name("collected.json")
SITE = ("fontTools", "griffe", "jinja2", "markdown", "math_core", "matplotlib", "mkdocs", "yaml")


def lacking(*modules):
    """Return what says whether one of these modules cannot be imported."""
    return lambda: any(find_spec(module) is None for module in modules)


# How the reason of a skip begins, and whether it is one on this machine.
REASONS = {
    "PyTorch is not installed": lacking("torch"),
    "mpi4py is not installed": lacking("mpi4py"),
    "distributed is not installed": lacking("distributed"),
    "mutmut is not installed": lacking("mutmut"),
    "griffe is not installed": lacking("griffe"),
    "the site's extra": lacking(*SITE),
    "could not import 'matplotlib'": lacking("matplotlib"),
    "could not import 'math_core'": lacking("math_core"),
    "could not import 'mkdocs": lacking("mkdocs"),
    "the browser tests need": lacking("mkdocs", "axe_playwright_python"),
    "chromium: no ": lambda: not os.environ.get("CNNBOOK_REQUIRE_ENGINES"),
    "firefox: no ": lambda: not os.environ.get("CNNBOOK_REQUIRE_ENGINES"),
    "webkit: no ": lambda: not os.environ.get("CNNBOOK_REQUIRE_ENGINES"),
    "this Pillow reads no AVIF": lacking("PIL._avif"),
    "no limit to the size of files on this system": lacking("resource"),
    "Windows has no SIGKILL": lambda: sys.platform == "win32",
    "this system cannot kill -9": lambda: sys.platform == "win32",
    "this system cannot fork": lambda: not hasattr(os, "fork"),
    "this system has other permissions": lambda: not hasattr(os, "geteuid"),
    "CNNBOOK_MNIST_MIRROR_FOLDER does not name": (
        lambda: not os.environ.get("CNNBOOK_MNIST_MIRROR_FOLDER")
    ),
}


def excuse(report):
    """Return the reason for which a report says that something was skipped."""
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}"
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def may_be_skipped(reason):
    """Say whether a reason stands in the table and holds here."""
    return any(reason.startswith(start) and holds() for start, holds in REASONS.items())


def judged(report):
    """Make a failure of what was skipped without a good reason, or passed as a known failure."""
    if report.skipped or hasattr(report, "wasxfail"):
        reason = excuse(report)
        if not may_be_skipped(reason):
            report.outcome = "failed"
            report.longrepr = f"{reason}: no reason of tests/guard.py, or it does not hold here"
            vars(report).pop("wasxfail", None)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    return judged(report) if is_ours(item) else report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    report = yield
    if not is_ours(collector):
        return report
    report = judged(report)
    if report.skipped:
        collector.config.stash.setdefault(SKIPPED, set()).add(name_of(collector))
    return report


# --- how many are collected -----------------------------------------------------------------------

SKIPPED = pytest.StashKey()  # files that are left out as a whole
COUNTING = pytest.StashKey()  # a run of tests/collected.py


def pytest_addoption(parser):
    text = "fail also where more tests are collected than tests/collected.json notes"
    parser.addoption("--as-noted", action="store_true", help=text)


def name_of(collected):
    """Return the file of a test or a collector, relative to the root."""
    return collected.path.relative_to(collected.config.rootpath).as_posix()


def is_ours(collected):
    """Say whether a file belongs to the project: somebody else's tests have rules of their own."""
    return collected.path.is_relative_to(collected.config.rootpath)


def counted(items):
    """Count the tests of each file."""
    found = {}
    for item in filter(is_ours, items):
        found[name_of(item)] = found.get(name_of(item), 0) + 1
    return found


def is_whole(config):
    """Return what says whether a run takes a file as a whole."""
    root, here = config.rootpath, config.invocation_params.dir
    named = [(here / argument).resolve() for argument in config.args if "::" not in argument]
    parts = {argument.partition("::")[0] for argument in config.args if "::" in argument}
    browsers = root.resolve() / "tests" / "browser"

    def whole(name):
        path = (root / name).resolve()
        inside = [folder for folder in named if folder in (path, *path.parents)]
        if browsers in path.parents:  # such tests run when they are named
            inside = [folder for folder in inside if browsers in (folder, *folder.parents)]
        return bool(inside) and not any((here / part).resolve() == path for part in parts)

    return whole


def differences(noted, found, whole, *, exactly):
    """List the files from which too few tests are collected, or not as many as noted."""
    for name in sorted(noted.keys() | (found if exactly else set())):
        old, new = noted.get(name, 0), found.get(name, 0)
        if whole(name) and (new < old or (exactly and new != old)):
            yield f"{name}: {new} tests are collected; {old} were"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session, config, items):
    """Compare before anything is deselected."""
    elsewhere = ("ignore", "ignore_glob", "lf", "deselect")
    if COUNTING in config.stash or any(config.getoption(name, None) for name in elsewhere):
        return
    if session.testsfailed:  # says more than a number
        return
    skipped = config.stash.get(SKIPPED, set())
    noted = {k: v for k, v in json.loads(NOTED.read_text()).items() if k not in skipped}
    exactly = config.getoption("--as-noted")
    fewer = list(differences(noted, counted(items), is_whole(config), exactly=exactly))
    if fewer:
        said = "\n".join([*fewer, "If this is meant: python -m book update"])
        if hasattr(config, "workeroutput"):  # one of several processes, whose words nobody hears
            config.workeroutput["refused"] = said
        raise pytest.UsageError(said)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Say where files are shared out what one of the processes has refused."""
    if said := getattr(node, "workeroutput", {}).get("refused"):
        raise pytest.UsageError(said)
