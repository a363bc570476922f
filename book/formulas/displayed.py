r"""The LaTeX that a displayed formula carries, read back into the book's own commands.

A page's formulas carry LaTeX that can be used anywhere, so the book's commands are written out in
it. Whoever has only the page, as a reader's browser has, reads them back before `parse`.
"""

import re

# The longer ones first: a part of them is another command.
SIGNS = (
    (r"\mathbin{\overset{\mathrm{full}}{*}}", r"\fconv "),
    (r"\mathbin{\overset{\mathrm{full}}{\star}}", r"\fcorr "),
    (r"\mathbin{*}", r"\conv "),
    (r"\mathbin{\star}", r"\corr "),
    (r"\operatorname{rot}_{180}", r"\rot "),
)
DERIVATIVE = re.compile(r"\\frac\{\\partial (?=\S)")
BELOW = r"{\partial "


def as_written(latex: str) -> str:
    r"""Write a displayed formula in the book's own commands.

    Parameters
    ----------
    latex : str
        LaTeX in standard commands, as the page's formulas carry it.

    Returns
    -------
    str
        The same as `book.formulas.parse` reads it.

    Examples
    --------
    >>> as_written(r"\frac{\partial L}{\partial K_{u,v}} = X \mathbin{*} Y")
    '\\grad{L}{K_{u,v}} = X \\conv  Y'
    """
    for standard, own in SIGNS:
        latex = latex.replace(standard, own)
    start = 0
    while (found := DERIVATIVE.search(latex, start)) is not None:
        start = found.end()
        above = _end_of_group(latex, found.end())
        if not latex.startswith(BELOW, above + 1):
            continue  # a fraction with something else below
        first = above + 1 + len(BELOW)
        below = _end_of_group(latex, first)
        own = rf"\grad{{{latex[found.end() : above]}}}{{{latex[first:below]}}}"
        latex = latex[: found.start()] + own + latex[below + 1 :]
        start = found.start() + 1  # there may be another within
    return latex


def _end_of_group(latex: str, start: int) -> int:
    """Return where the group ends that is open at `start`, or the end of the formula."""
    depth = 1
    for at in range(start, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[at], 0)
        if depth == 0:
            return at
    return len(latex)
