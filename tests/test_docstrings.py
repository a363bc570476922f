"""Every docstring against its function: parameters, shapes, what is returned and what raised."""

import ast
import builtins
import re
import textwrap
from pathlib import Path

import pytest

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
        others.append(thing.parent.members.get(thing.name.removesuffix("_loops")))
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
