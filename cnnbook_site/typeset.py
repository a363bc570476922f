"""LaTeX to MathML, behind one function, so that another library could take this one's place."""

import re

from math_core import LatexError, LatexToMathML

# The book's own commands; everything else is LaTeX as it is.
MACROS = {
    "conv": r"\mathbin{*}",
    "fconv": r"\mathbin{\overset{\mathrm{full}}{*}}",
    "fcorr": r"\mathbin{\overset{\mathrm{full}}{\star}}",
    "corr": r"\mathbin{\star}",
    "rot": r"\operatorname{rot}_{180}",
    "grad": r"\frac{\partial #1}{\partial #2}",
    "igrad": r"\partial #1 / \partial #2",  # the same in a line
}

# A prime is drawn high already; as a superscript it would stand too high, small and far off.
NAME = r"<m[io][^>]*>[^\W\d_]+</m[io]>"
PRIMES = "\N{PRIME}\N{DOUBLE PRIME}\N{TRIPLE PRIME}"
PRIME = re.compile(f"<msup>({NAME}|<mrow><mspace/>{NAME}</mrow>)<mo>([{PRIMES}])</mo></msup>")
PRIME_OVER = re.compile(f"<msubsup>({NAME})((?:(?!<msubsup>).)*)(<mo>[{PRIMES}]</mo>)</msubsup>")

_converter = LatexToMathML(macros=MACROS, fancy_error=False, annotation=False)


class MathError(ValueError):
    """A formula cannot be typeset. The message shows it and says why."""


def typeset(latex: str, *, display: bool) -> str:
    r"""Turn a formula into MathML.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        A ``<math>`` element.

    Raises
    ------
    MathError
        If the formula is empty, or a command in it is unknown.

    Examples
    --------
    >>> typeset(r"x_i", display=False)
    '<math><msub><mi>x</mi><mi>i</mi></msub></math>'
    """
    if not latex.strip():
        raise MathError("an empty formula")
    try:
        mathml = _converter.convert_with_local_state(latex.strip(), displaystyle=display)
    except LatexError as error:
        raise MathError(f"{error} In the formula: {latex.strip()}") from error
    mathml = PRIME_OVER.sub(r"<msub><msup>\1\3</msup>\2</msub>", mathml)
    return PRIME.sub(r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>', mathml)
