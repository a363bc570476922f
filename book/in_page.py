"""What a page does in its reader's browser: run its examples, and check its equations.

Everything that is expected comes from the page as it stands there: the outputs that it shows, and
the LaTeX that its formulas carry. The script of the page sends both; this module is Python, and
runs natively as well.
"""

import ast
import contextlib
import doctest
import importlib
import io
import json
import sys
import traceback
import warnings
from types import ModuleType
from typing import Any

import numpy as np

from book.equations import Equation
from book.formulas.alterations import alterations
from book.formulas.binding import DRAWS, MARGIN, Binding, Draw, WrongEquationError, load, measure
from book.formulas.displayed import as_written
from book.formulas.evaluate import EvaluationError, domain_of, first_difference, read
from book.formulas.parse import FormulaError

FLAGS = doctest.NORMALIZE_WHITESPACE  # as in the project's tests
EDITED = "<this block>"


def _module_of(name: str) -> ModuleType:
    """Import the module in which something stands that has this dotted name."""
    while name not in sys.modules:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            name = name.rpartition(".")[0]
    return sys.modules[name]


class _Marks(doctest.DocTestRunner):
    """Note of every example what it printed, and whether the page says the same."""

    def __init__(self) -> None:
        super().__init__(verbose=False, optionflags=FLAGS)
        self.marks: list[dict[str, Any]] = []

    def report_start(self, *_: Any) -> None:
        """Say nothing: the marks are all."""

    def report_success(self, *found: Any) -> None:
        """Note an example whose output is the one shown."""
        self.mark(*found[2:], same=True)

    def report_failure(self, *found: Any) -> None:
        """Note an example that printed something else."""
        self.mark(*found[2:], same=False)

    def report_unexpected_exception(self, *found: Any) -> None:
        """Note an example that ended with an error which the page does not show."""
        *_, example, (_, error, _) = found
        self.mark(example, "".join(traceback.format_exception_only(error)), same=False)

    def mark(self, example: doctest.Example, got: str, *, same: bool) -> None:
        """Note one example."""
        marked = {"line": example.lineno, "source": example.source, "want": example.want}
        self.marks.append({**marked, "got": got, "same": same})


class Page:
    """The examples of one page, which share their names from top to bottom.

    Parameters
    ----------
    described : str
        For the examples of a docstring, the dotted name of what it describes: they may use the
        names of its module. Nothing, for a page.
    """

    def __init__(self, described: str = "") -> None:
        self.names: dict[str, Any] = {"np": np}
        if described:
            self.names.update(vars(_module_of(described)))
        self.names["__name__"] = "__main__"

    def run(self, text: str) -> list[dict[str, Any]]:
        """Run the examples of a block as it is displayed.

        Parameters
        ----------
        text : str
            Prompts, input and what it prints.

        Returns
        -------
        list of dict
            For each example ``line`` (its first in the block), ``source``, ``want``, ``got`` and
            whether they are the ``same``, as doctest compares.
        """
        examples = doctest.DocTestParser().get_examples(text)
        test = doctest.DocTest(examples, self.names, "this block", None, 0, text)
        test.globs = self.names  # not a copy: the next block goes on with them
        runner = _Marks()
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # as in the project's tests
            runner.run(test, out=lambda _: None, clear_globs=False)
        return runner.marks

    def run_edited(self, code: str) -> list[dict[str, Any]]:
        """Run what a reader has written, statement by statement, until one fails.

        Parameters
        ----------
        code : str
            Statements without prompts.

        Returns
        -------
        list of dict
            For each statement ``line``, what it printed (``got``) and whether it ``failed``.
        """
        marks: list[dict[str, Any]] = []
        try:
            statements = ast.parse(code, EDITED).body
        except SyntaxError as error:
            got = "".join(traceback.format_exception_only(error))
            return [{"line": (error.lineno or 1) - 1, "got": got, "failed": True}]
        for statement in statements:
            printed, failed = self._say(statement)
            marks.append({"line": statement.lineno - 1, "got": printed, "failed": failed})
            if failed:
                break
        return marks

    def _say(self, statement: ast.stmt) -> tuple[str, bool]:
        """Run one statement as an interpreter would, and catch what it prints."""
        printed, failed = io.StringIO(), False
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                exec(compile(ast.Interactive([statement]), EDITED, "single"), self.names)  # noqa: S102
            except BaseException as error:  # noqa: BLE001 - the reader's own, to be shown
                printed.write("".join(traceback.format_exception_only(error)))
                failed = True
        return printed.getvalue(), failed


def check_equation(name: str, number: str, latex: str, page: str = "this page") -> dict[str, Any]:
    """Compute an equation as it is displayed, and every alteration of it.

    Parameters
    ----------
    name : str
        The equation's id.
    number : str
        Its number.
    latex : str
        What its formula carries.
    page : str
        What to call the page in messages.

    Returns
    -------
    dict
        Whether it ``holds``, its largest ``error``, how many ``alterations`` there are and how many
        of them were ``noticed`` or are harmless, with a reason; or the ``message``, if it is wrong.
    """
    equation = Equation(name, number, as_written(latex), page)
    binding = load().get(name)
    if binding is None:
        message = f"equation {number} ({name}) is not one of the book's"
        return {"holds": False, "alterations": 0, "noticed": 0, "message": message}
    try:
        found = measure(equation, binding)
    except WrongEquationError as wrong:
        count = _count(equation, binding)
        return {"holds": False, "alterations": count, "noticed": 0, "message": str(wrong)}
    unnoticed = [what for what in found.survivors if what not in binding.harmless]
    return {
        "holds": True,
        "error": found.error,
        "alterations": found.altered,
        "noticed": found.altered - len(unnoticed),
        "message": "; ".join(f"nothing notices {what}" for what in unnoticed),
    }


def compute_altered(name: str, number: str, latex: str) -> dict[str, Any]:
    """Compute an equation that the reader has altered, on the inputs of the right one.

    Parameters
    ----------
    name, number, latex : str
        As for `check_equation`.

    Returns
    -------
    dict
        Whether it ``holds``; if it does not, the ``place`` (its indices) and the values of the
        ``sides`` where they first differ, or the ``message``, if it has no value.
    """
    equation = Equation(name, number, as_written(latex), "this page")
    build = load()[name].build
    for draw in range(DRAWS):
        case = build(Draw(draw))
        try:
            found = first_difference(read(equation.latex, case), case, MARGIN)
        except (EvaluationError, FormulaError) as wrong:
            return {"holds": False, "message": " ".join(str(wrong).split())}
        if found is not None:
            place = [f"{letter} = {value}" for letter, value in found[0].items()]
            return {"holds": False, "place": place, "sides": [_number(side) for side in found[1]]}
    return {"holds": True, "harmless": load()[name].harmless}


def _number(value: Any) -> str:
    """Write a side's value: a number, or the shape of an array and its first numbers."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array[()]:.6g}"
    first = ", ".join(f"{entry:.4g}" for entry in array.ravel()[:3])
    return f"{first}{', ...' if array.size > 3 else ''} (shape {array.shape})"


def _count(equation: Equation, binding: Binding) -> int:
    """Count the alterations of an equation that does not hold; none, if it cannot be read."""
    case = binding.build(Draw(0))
    sizes = [name for name, value in case.values.items() if isinstance(value, int)]
    try:
        chains = read(equation.latex, case)
        tried = [chain for chain in chains if domain_of(chain, case) is None]
    except ValueError:
        return 0
    return sum(1 for chain in tried for _ in alterations(chain, sizes))


PAGES: dict[str, Page] = {}


def answer(question: str) -> str:
    """Answer a question of the page's script; both are JSON.

    Parameters
    ----------
    question : str
        An object whose ``do`` is ``run``, ``edited``, ``equation``, ``altered`` or ``forget``.

    Returns
    -------
    str
        The answer.
    """
    asked = json.loads(question)
    if asked["do"] == "forget":
        for name in [asked["session"]] if "session" in asked else list(PAGES):
            PAGES.pop(name, None)
        return "null"
    if asked["do"] in ("equation", "altered"):
        check = check_equation if asked["do"] == "equation" else compute_altered
        return json.dumps(check(asked["id"], asked["number"], asked["latex"]))
    session = asked.get("session", "")  # a docstring has names of its own
    if session not in PAGES:
        PAGES[session] = Page(session)
    run = PAGES[session].run if asked["do"] == "run" else PAGES[session].run_edited
    return json.dumps(run(asked["text"]))
