"""Every docstring against its function: parameters, shapes, what is returned and what raised."""

import ast
import builtins
import inspect
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from cnnbook import correlation, layers, model
from cnnbook.idx import parse_idx
from cnnbook.layers import Dense, Reshape, geometry, pooling
from cnnbook.samples import Split, select_digits

griffe = pytest.importorskip("griffe", reason="griffe is not installed: pip install '.[docs]'")

PACKAGE = griffe.load("cnnbook", search_paths=[Path(__file__).parents[1]], docstring_parser="numpy")
STARS = {"variadic positional": "*", "variadic keyword": "**"}


def public(parent):
    """List the public classes, functions and methods that are defined in a module or below."""
    for member in parent.members.values():
        if member.is_alias or member.name.startswith("_"):
            continue
        if member.is_function or member.is_class:
            yield member
        if member.is_module or member.is_class:
            yield from public(member)


ERRORS = {*vars(builtins), *(thing.name for thing in public(PACKAGE) if thing.is_class)}


def sections(thing):
    """Return the sections of a docstring by their names."""
    return {section.kind.value: section.value for section in thing.docstring.parsed}


def signature(thing):
    """List the parameters as they are documented: variadic ones with their stars, no self."""
    names = [STARS.get(p.kind.value, "") + p.name for p in thing.parameters]
    return names[1:] if names[:1] == ["self"] else names


def body(thing):
    """Parse what is executed when a function, or the making of an object, is called."""
    made = thing.members.get("__init__", thing.members.get("__post_init__"))
    function = thing if thing.is_function else made
    return ast.parse(textwrap.dedent(function.source) if function else "")


def is_described_elsewhere(thing):
    """Say whether the sections stand at a base class or a fast twin, or in words at a protocol."""
    if thing.parent.is_class and "Protocol" in map(str, thing.parent.bases):
        return True
    bases = thing.parent.mro() if thing.parent.is_class else []
    others = [base.members.get(thing.name) for base in bases]
    if thing.name.endswith("_loops"):
        others.append(thing.parent.members.get(re.sub(r"(_strided)?_loops$", "", thing.name)))
    names = signature(thing)  # a twin may leave out the options at the end
    return any(other and signature(other)[: len(names)] == names for other in others)


def problems(thing):
    """List what a docstring says of its function and is not so."""
    in_short = sections(thing).keys().isdisjoint({"parameters", "returns"})
    if thing.is_function and in_short and is_described_elsewhere(thing):
        return []
    return [
        *parameter_problems(thing),
        *return_problems(thing),
        *raise_problems(thing),
        *shape_problems(thing),
    ]


def parameter_problems(thing):
    """Compare the names with the signature, in order."""
    documented = [parameter.name for parameter in sections(thing).get("parameters", [])]
    if documented != signature(thing):
        yield f"Parameters: {documented}, signature: {signature(thing)}"


def return_problems(thing):
    """Find what is returned or yielded and not documented, and the reverse."""
    if thing.is_class:
        return
    yields = any(isinstance(node, ast.Yield) for node in ast.walk(body(thing)))
    returns = not yields and str(thing.returns) != "None"
    for kind, happens in ("yields", yields), ("returns", returns):
        if (kind in sections(thing)) != happens:
            yield f"it {kind} something, not documented" if happens else f"it {kind} nothing"


def raise_problems(thing):
    """Find errors of its own that are not documented, and documented ones that do not exist."""
    text = ", ".join(str(error.annotation) for error in sections(thing).get("raises", []))
    documented = set(re.findall(r"\w+", text))
    yield from (f"Raises: there is no {name}" for name in sorted(documented - ERRORS))
    raised = {
        ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        for node in ast.walk(body(thing))
        if isinstance(node, ast.Raise) and node.exc
    }
    # An error that is passed on is a variable; a method to be overridden documents nothing of it.
    own = raised & ERRORS - {"NotImplementedError"}
    yield from (f"it raises {name}, not documented" for name in sorted(own - documented))


def checked_letters(thing):
    """Return the letters of each argument in the lines that check them."""
    letters = {}
    for node in ast.walk(body(thing)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != "check_axes":
            continue
        line, *arguments = node.args
        if isinstance(line, ast.Constant):
            parts = [part.partition(":") for part in line.value.split(",")]
            assert [name.strip() for name, _, _ in parts] == list(map(ast.unparse, arguments))
            letters |= {name.strip(): axes.split() for name, _, axes in parts}
    return letters


def documented_letters(type_of):
    """List the shapes in a type: `(N, C KH KW)` is N and CKHKW; without one, it is any shape."""
    shapes = re.findall(r"\(([^)]*)\)", type_of.partition("of shape")[2])
    if not shapes:
        return [["..."]]
    return [re.findall(r"[^,]+", shape.replace(" ", "")) for shape in shapes]


def shape_problems(thing):
    """Compare the letters of every array with those that are checked."""
    checked = checked_letters(thing)
    for parameter in sections(thing).get("parameters", []):
        shapes = documented_letters(str(parameter.annotation))
        letters = checked.get(parameter.name, shapes[0] if not checked else ["..."])
        if letters not in shapes:
            yield f"{parameter.name}: shape {shapes[0]}, checked: {letters}"


# The docstring of a command is the help of the command line; its options are documented there.
DOCUMENTED = [thing for thing in public(PACKAGE) if not thing.path.startswith("cnnbook.cli.")]


@pytest.mark.parametrize("thing", DOCUMENTED, ids=lambda thing: thing.path)
def test_docstring_and_function_agree(thing):
    found = problems(thing)
    assert not found, "; ".join(found)


def test_shapes_are_compared_where_there_are_some():
    compared = {thing.name for thing in DOCUMENTED if checked_letters(thing)}
    assert {"conv2d", "conv2d_kernel_gradient", "dense", "windows"} <= compared


SAMPLE = '''
def project(x, weights, *others, bias=None) -> Array:
    """Project.

    Parameters
    ----------
    x : np.ndarray of shape (N, C KH, H')
        What comes in.
    weights : np.ndarray of shape (in, out) or (in,)
        What it is multiplied by.
    *others : int
        The rest.
    bias : np.ndarray of the same shape
        What is added.

    Returns
    -------
    np.ndarray
        What comes out.

    Raises
    ------
    ValueError
        If it is zero.
    """
    check_axes("x: N CKH H', weights: in out, bias: ...", x, weights, bias)
    raise ValueError
'''


def problems_of(code):
    """List the problems of the only function of a module."""
    with griffe.temporary_visited_module(code, docstring_parser="numpy") as module:
        return problems(module["project"])


def test_a_docstring_that_is_right_has_no_problems():
    assert problems_of(SAMPLE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("    bias : np.ndarray of the same shape\n        What is added.\n", "", "Parameters: "),
        ("    weights : ", "    weight : ", "Parameters: "),
        ("    *others : ", "    others : ", "Parameters: "),
        ("(x, weights,", "(weights, x,", "Parameters: "),
        ("(N, C KH, H')", "(N, H', C KH)", "x: shape "),
        ("(N, C KH, H')", "(N, C, KH, H')", "x: shape "),
        (" of shape (N, C KH, H')", "", "x: shape "),
        ("the same shape", "shape (out,)", "bias: shape "),
        (", bias: ...", "", "bias: shape "),
        ("    Returns\n    -------\n    np.ndarray\n", "", "it returns something"),
        ("-> Array:", "-> None:", "it returns nothing"),
        ("    raise ValueError", "    yield x", "it yields something"),
        ("raise ValueError", "raise TypeError(x) from None", "it raises TypeError"),
        ("    ValueError\n", "    VaultError\n", "Raises: there is no VaultError"),
    ],
)
def test_a_docstring_that_is_wrong_is_noticed(right, wrong, problem):
    assert right in SAMPLE
    code = SAMPLE.replace(right, wrong)
    if wrong == "" and right.startswith(", bias"):
        code = code.replace(", weights, bias)", ", weights)").replace(
            "the same", "shape (out,) the"
        )
    assert any(found.startswith(problem) for found in problems_of(code)), problems_of(code)


# Errors. A function that documents one has a row in a table WRONG that raises it, and a row of a
# table is of an error that a function in it documents.

TESTS = Path(__file__).parent
# What takes a file, a server, a run or a long training to go wrong, and is no row of a table.
BY_OTHER_TESTS = {
    *("download", "files", "ink", "known_files", "locks", "mnist", "pictures", "processes"),
    *("runs", "weights"),
}
SINGLE = {
    ("Sequential.load", "OSError"): "test_weights.py",
    ("Sequential.load", "DamagedFileError"): "test_weights.py",
    ("Sequential.load", "ValueError"): "test_weights.py",
    ("Optimizer", "TypeError"): "test_optimizers.py",  # every one of SGD
    ("Optimizer", "ValueError"): "test_optimizers.py",
    ("relative_error", "ValueError"): "test_gradient_check.py",
    ("extrapolated_gradient", "ValueError"): "test_gradient_check.py",
    ("fit", "FloatingPointError"): "test_train.py",
    ("train_on_batch", "FloatingPointError"): "test_train.py",
    ("count_errors", "ValueError"): "test_train.py",
    ("count_errors", "FloatingPointError"): "test_train.py",
    ("errors_and_loss", "FloatingPointError"): "test_train.py",
}


def wrong_rows():
    """List the calls of every table, with the text of the helpers that they call, and the error."""
    for path in sorted(TESTS.rglob("test_*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        helpers = {n.name: ast.unparse(n) for n in body if isinstance(n, ast.FunctionDef)}
        for node in body:
            if not isinstance(node, ast.Assign) or ast.unparse(node.targets[0]) != "WRONG":
                continue
            for row in node.value.elts:
                call, error, _ = map(ast.unparse, row.elts)
                called = "".join(helpers.get(name, "") for name in re.findall(r"\b(\w+)\(", call))
                yield call + called, error


ROWS = list(wrong_rows())


def documented_errors(thing):
    entries = sections(thing).get("raises", [])
    return {name for entry in entries for name in re.findall(r"\w+", str(entry.annotation))}


def called_name(thing):
    """The name under which something is called: of a method, after a dot."""
    return rf"\.{thing.name}\(" if thing.parent.is_class else rf"\b{thing.name}\("


def short(thing):
    return f"{thing.parent.name}.{thing.name}" if thing.parent.is_class else thing.name


RAISING = [(thing, error) for thing in DOCUMENTED for error in sorted(documented_errors(thing))]


def test_many_errors_are_documented():
    assert len(RAISING) > 100


@pytest.mark.parametrize(
    ("thing", "error"), RAISING, ids=[f"{short(thing)}-{error}" for thing, error in RAISING]
)
def test_a_documented_error_is_raised_by_a_row_of_a_table(thing, error):
    module = thing.module.path.removeprefix("cnnbook.")
    elsewhere = SINGLE.get((short(thing), error))
    if module in BY_OTHER_TESTS:
        elsewhere = f"test_{module}.py"
    if elsewhere is None:
        rows = [call for call, raised in ROWS if raised == error]
        assert any(re.search(called_name(thing), call) for call in rows)


def test_a_row_of_a_table_is_of_a_documented_error():
    """A call that names a function which documents errors raises one of those."""
    wrong = []
    for call, error in ROWS:
        named = [thing for thing in DOCUMENTED if re.search(called_name(thing), call)]
        documented = set().union(*map(documented_errors, named))
        inherited = any(is_described_elsewhere(t) for t in named if t.is_function)
        if named and error not in documented and not inherited:
            wrong.append(f"{call}: {error}")
    assert not wrong


# Views and copies. Whoever says that something is one has a row here.

X4 = np.arange(24.0).reshape(1, 1, 4, 6)
CONTENT = b"\0\0\x08\1\0\0\0\2\7\1"
SPLIT = Split((X4[0, 0], np.arange(4)), (X4[0, 0], np.arange(4)))
A_MODEL = model.Sequential(Dense(2, 2, rng=np.random.default_rng(0)))
A_DENSE = A_MODEL.layers[0]
# The name, what is given, what comes back, whether they share memory, and whether that can be
# written to.
MEMORY = {
    "windows": (X4, correlation.windows(X4, 2), True, False),
    "view_windows": (X4, correlation.view_windows(X4, (2, 2)), True, False),
    "rotate180": (X4, correlation.rotate180(X4), True, True),
    "layer_windows": (X4, geometry.layer_windows(X4, geometry.Geometry((2, 2))), True, False),
    "frame": (X4, geometry.frame(X4, (0, 0)), True, True),
    "as_maps": (X4, geometry.as_maps(X4, (1, 2, 3, 4)), True, True),
    "relu": (X4, layers.relu(X4), False, True),
    "pool_windows": (X4, pooling.pool_windows(X4, geometry.Geometry((2, 2))), True, False),
    "max_pool2d": (X4, layers.max_pool2d(X4, 1), False, True),
    "parse_idx": (np.frombuffer(CONTENT, np.uint8), parse_idx(CONTENT, "x"), True, False),
    "select_digits": (X4, select_digits(SPLIT, range(4)).train[0], False, True),
    "Reshape.forward": (X4, Reshape((-1,)).forward(X4), True, True),
    "Layer.parameters": (A_DENSE.weights.value, A_DENSE.parameters()[0].value, True, True),
    "Sequential.parameters": (A_DENSE.weights.value, A_MODEL.parameters()[0].value, True, True),
    "Sequential.arrays": (A_DENSE.weights.value, A_MODEL.arrays()["0.weights"], True, True),
}
# What says so of something else: of an array that it is given, or, of `Layer.forward`, what
# layers/test_contract.py holds.
SAID_OF_OTHERS = {"col2im", "convolve2d_loops", "in_blocks", "Layer.forward"}
SAYS = re.compile(r"\b(views?|cop(y|ies|ied|ying)|new array)\b", re.IGNORECASE)


def prose(thing):
    """A docstring without its examples."""
    text = thing.docstring.value if thing.docstring else ""
    return text.split("Examples\n---")[0]


def test_everything_that_speaks_of_views_or_copies_has_a_row():
    saying = {short(thing) for thing in DOCUMENTED if SAYS.search(prose(thing))}
    assert saying == MEMORY.keys() | SAID_OF_OTHERS


@pytest.mark.parametrize("name", MEMORY)
def test_views_are_views_and_copies_copies(name):
    given, back, shared, writeable = MEMORY[name]
    assert np.shares_memory(given, back) == shared
    assert back.flags.writeable == writeable
    text = next(prose(thing) for thing in DOCUMENTED if short(thing) == name)
    word = SAYS.search(text)[0].lower()
    denied = re.search(r"\b(not|without)\b[\w\s]*\bcop", text)
    assert shared == ("view" in word or bool(denied)), text
    assert ("read-only" in text) <= (not writeable)


def test_a_root_that_a_docstring_speaks_of_is_the_one_that_is_taken():
    seen = 0
    for thing in DOCUMENTED:
        text = thing.docstring.value if thing.docstring else ""
        for root in re.findall(r"\b(cube|square) root of the machine epsilon", text):
            assert {"cube": "cbrt(epsilon)", "square": "sqrt(epsilon)"}[root] in thing.source
            seen += 1
    assert seen


# Defaults. They are pinned here, and every statement "by default" is of one of them.

DEFAULTS = {
    "windows": {"stride": 1},
    "view_windows": {"stride": (1, 1), "writeable": False},
    "cross_correlate2d": {"mode": "valid"},
    "convolve2d": {"mode": "valid"},
    "conv2d": {"stride": 1, "padding": 0},
    "conv2d_kernel_gradient": {"stride": 1, "padding": 0},
    "conv2d_input_gradient": {"stride": 1, "padding": 0},
    "output_size": {"stride": 1, "padding": 0},
    "Conv2D": {"stride": 1, "padding": 0, "dtype": np.float32},
    "Dense": {"dtype": np.float32},
    "Geometry": {"stride": (1, 1), "padding": (0, 0)},
    "BinaryCrossEntropy": {"from_logits": False},
    "CategoricalCrossEntropy": {"from_logits": False},
    "frame": {"number": 0.0},
    "pool_geometry": {"padding": 0},
    "pool_windows": {"border": 0.0},
    "max_pool2d": {"stride": None, "padding": 0},
    "max_pool2d_input_gradient": {"stride": None, "padding": 0},
    "mean_pool2d": {"stride": None},
    "mean_pool2d_input_gradient": {"stride": None},
    "MaxPool2D": {"stride": None, "padding": 0},
    "MeanPool2D": {"stride": None},
    "zero_one_network": {"dtype": np.float32},
    "digit_network": {"dtype": np.float32},
    "one_hot": {"dtype": np.float32},
    "Sequential.predict": {"batch_size": 256},
    "Sequential.summary": {"input_shape": None},
    "layer_table": {"x": None},
    "load_zero_one": {"limit_per_class": None},
    "load_digits": {"limit_per_class": None},
    "read_together": {"remedy": "reinstall cnnbook"},
    "check_count": {"minimum": 1},
    "check_pair": {"minimum": 1},
    "SGD": {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
}
PINNED_MODULES = {"checks", "correlation", "functions", "idx", "initialization", "model"}
PINNED_MODULES |= {"samples", "summary", "mnist"}


def defaults_of(thing):
    """Import a function or class, and return the defaults in its signature."""
    import importlib

    found = importlib.import_module(thing.module.path)
    for name in short(thing).split("."):
        found = getattr(found, name)
    parameters = inspect.signature(found).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_those_that_are_pinned(name):
    thing = next(thing for thing in DOCUMENTED if short(thing) == name)
    assert defaults_of(thing) == DEFAULTS[name]


def test_every_default_of_the_layers_and_the_data_is_pinned():
    for thing in DOCUMENTED:
        module = thing.module.path.removeprefix("cnnbook.")
        if module not in PINNED_MODULES and not module.startswith(("layers", "losses")):
            continue
        if thing.is_class and "__init__" not in thing.members and short(thing) != "Geometry":
            continue
        if defaults_of(thing) and short(thing) != "load_mnist":
            assert short(thing) in DEFAULTS or thing.name.endswith("_loops"), short(thing)


def test_an_argument_is_optional_if_its_default_is_none():
    for thing in DOCUMENTED:
        given = [p for p in getattr(thing, "parameters", []) if p.default is not None]
        signature_of = {p.name: str(p.default) for p in given}
        for parameter in sections(thing).get("parameters", []):
            name = re.escape(parameter.name)
            line = rf"^(?! )[\w*, ]*{name}[\w, ]*(?: : .*?(, optional|or None)?)?$"
            said = re.search(line, thing.docstring.value, re.MULTILINE)[1]
            is_none = signature_of.get(parameter.name) == "None"
            fits = said if is_none else said != ", optional"
            assert fits, (thing.path, parameter.name)
