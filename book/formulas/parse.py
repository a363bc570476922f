r"""Read a printed formula: from the LaTeX on a page to a tree that `evaluate` can compute.

What is evaluated is the formula as it stands on the page, not a copy of it: a sign or an index
that is wrong in print is wrong in the test. The grammar is the part of LaTeX that the book uses.
A display holds statements, parted by ``\qquad``, ``\quad`` or rows; a statement is a chain of
expressions with relations between them, such as ``a = b = c`` or ``0 \le i < H'``.
"""

import re
from collections.abc import Collection

from book.formulas.tree import (
    INFIX,
    Binary,
    Call,
    Chain,
    Condition,
    Gradient,
    Indexed,
    Matrix,
    Name,
    Node,
    Number,
    Sum,
    Unary,
)

RELATIONS = {"=": "=", r"\le": "<=", "<": "<", r"\ge": ">=", ">": ">", r"\ne": "!="}
IGNORED = re.compile(
    r"\\(?:left|right|[Bb]igg?[lr]?|displaystyle|nonumber)(?![A-Za-z])|(?<!\\)\\[,;!: ]|~|\{\}"
)
TOKEN = re.compile(
    r"\\begin\{[a-z]+\}|\\end\{[a-z]+\}|\\text\{[^}]*\}|\\\\|\\[A-Za-z]+|\d+(?:\.\d+)?|\S"
)
ROWS = re.compile(r"\\\\(?:\[[^\]]*\])?")


class FormulaError(ValueError):
    """A formula cannot be read. The message shows it and says where."""


def parse(latex: str, names: Collection[str] = (), functions: Collection[str] = ()) -> list[Chain]:
    r"""Read the statements of a display.

    Parameters
    ----------
    latex : str
        The formula without its dollar signs.
    names : collection of str
        Names that contain a subscript, such as ``K_H``.
    functions : collection of str
        Names before a parenthesis that holds arguments, not a factor.

    Returns
    -------
    list of Chain
        The statements in their order.

    Raises
    ------
    FormulaError
        If the formula uses anything that the book's grammar does not have.

    Examples
    --------
    >>> from book.formulas.tree import show
    >>> [chain] = parse(r"y_i = \sum_{u=0}^{2} x_{i+u}")
    >>> chain.relations
    ('=',)
    >>> show(chain.sides[1])
    '\\sum_{u=0}^{2} x_{i + u}'
    """
    return _Parser(latex, names, functions).statements()


class _Parser:
    """Recursive descent, one method per level of binding."""

    def __init__(self, latex: str, names: Collection[str], functions: Collection[str]) -> None:
        self.latex, self.names, self.functions = latex, names, functions
        text = IGNORED.sub(" ", latex)
        text = re.sub(r"\\(?:begin|end)\{(?:aligned|gathered)\}", " ", text)
        self.tokens = TOKEN.findall(ROWS.sub(r"\\\\", text))
        self.at = 0
        self.matrices = 0  # how many matrices we are in: there, & and \\\\ part entries

    def fail(self, expected: str) -> FormulaError:
        rest = " ".join(self.tokens[self.at : self.at + 8]) or "the end"
        return FormulaError(f"expected {expected}; got {rest!r}. In the formula: {self.latex}")

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.next
        if not token or (expected and token not in expected):
            raise self.fail(" or ".join(map(repr, expected)) or "more")
        self.at += 1
        return token

    def accept(self, *tokens: str) -> bool:
        if self.next in tokens:
            self.at += 1
            return True
        return False

    def skip(self, *, also: tuple[str, ...] = ()) -> None:
        """Pass over what parts statements and what is only layout."""
        layout = {",", ".", ";", ":", r"\quad", r"\qquad", *also}
        while self.next in layout:
            self.at += 1

    # statements ----------------------------------------------------------------------------------

    def statements(self) -> list[Chain]:
        found: list[Chain] = []
        self.skip(also=("&", r"\\"))
        while self.next:
            found.append(self.chain())
            self.skip(also=("&", r"\\"))
        return found

    def chain(self) -> Chain:
        sides: list[Node] = [self.sum_of_terms()]
        relations: list[str] = []
        while True:
            start = self.at
            while self.next in ("&", r"\\"):  # a new row goes on with the chain
                self.at += 1
            if self.next not in RELATIONS:
                self.at = start
                return Chain(tuple(sides), tuple(relations))
            relations.append(RELATIONS[self.take()])
            self.accept("&")
            sides.append(self.sum_of_terms())

    # expressions ---------------------------------------------------------------------------------

    def sum_of_terms(self) -> Node:
        negative = self.accept("-")
        left = self.product()
        if negative:
            left = Unary("-", left)
        while True:
            start = self.at
            if not self.matrices and self.next in ("&", r"\\"):  # a sum may break before a sign
                while self.next in ("&", r"\\", r"\quad", r"\qquad"):
                    self.at += 1
            if self.next not in ("+", "-"):
                self.at = start
                return left
            left = Binary(self.take(), left, self.product())

    def product(self) -> Node:
        left = self.factor()
        while True:
            if self.accept(r"\cdot", r"\times"):
                left = Binary("*", left, self.factor())
            elif self.accept("/"):
                left = Binary("/", left, self.factor())
            elif self.next in INFIX:
                left = Binary(self.take(), left, self.factor())
            elif self.starts_factor():
                left = Binary("*", left, self.factor())
            else:
                return left

    def starts_factor(self) -> bool:
        token = self.next
        stops = {"", "+", "-", "=", ",", ".", ";", ":", ")", "]", "}", "&", r"\\", "<", ">", "/"}
        closing = {r"\quad", r"\qquad", r"\rfloor", r"\rvert", r"\end{pmatrix}"}
        return not (token in stops | closing or token in RELATIONS or token in INFIX)

    def factor(self) -> Node:
        node = self.atom()
        while True:
            if self.next == "_":
                self.take()
                node = Indexed(node, self.indices())
            elif self.next == "^":
                self.take()
                node = self.power(node)
            else:
                return node

    def power(self, base: Node) -> Node:
        if self.accept(r"\top"):
            return Unary(r"\top", base)
        if self.accept("{"):
            if self.accept(r"\top"):
                self.take("}")
                return Unary(r"\top", base)
            exponent = self.sum_of_terms()
            self.take("}")
        else:
            exponent = self.atom()
        return Binary("^", base, exponent)

    def indices(self) -> tuple[Node, ...]:
        if not self.accept("{"):
            return (self.atom(),)
        found = [self.sum_of_terms()]
        while self.accept(","):
            found.append(self.sum_of_terms())
        self.take("}")
        return tuple(found)

    def group(self) -> Node:
        self.take("{")
        inside = self.sum_of_terms()
        self.take("}")
        return inside

    def atom(self) -> Node:  # noqa: C901, PLR0911, PLR0912 - one branch per kind of sign
        sign = self.take()
        if re.fullmatch(r"\d+(\.\d+)?", sign):
            digits = sign
            # LaTeX writes a thousands separator as {,} so that it is no list.
            while self.tokens[self.at : self.at + 3] == ["{", ",", "}"]:
                self.at += 3
                digits += self.take()
            return Number(digits)
        if sign == "(":
            inside = self.sum_of_terms()
            self.take(")")
            return inside
        if sign == "{":
            self.at -= 1
            return self.group()
        if sign == "[":
            relations = [self.chain()]
            while self.accept(","):
                relations.append(self.chain())
            self.take("]")
            return Condition(tuple(relations))
        if sign == r"\lfloor":
            inside = self.sum_of_terms()
            self.take(r"\rfloor")
            return Unary(r"\lfloor", inside)
        if sign == r"\lvert":
            inside = self.sum_of_terms()
            self.take(r"\rvert")
            return Unary(r"\lvert", inside)
        if sign in (r"\frac", r"\tfrac", r"\dfrac"):
            return Binary("/", self.group(), self.group())
        if sign in (r"\grad", r"\igrad"):
            return Gradient(self.group(), self.group())
        if sign == r"\sqrt":
            return Call(r"\sqrt", (self.group(),))
        if sign == r"\rot":
            return Unary(r"\rot", self.factor())
        if sign in (r"\sum", r"\prod") or (sign in (r"\max", r"\min") and self.next == "_"):
            return self.sum(sign)
        if sign == r"\begin{pmatrix}":
            return self.matrix()
        if sign in (r"\hat", r"\bar", r"\tilde", r"\mathrm", r"\operatorname", r"\mathbf"):
            return self.name(sign + self.braced())
        if re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+", sign):
            return self.name(sign)
        self.at -= 1
        raise self.fail("an expression")

    def braced(self) -> str:
        parts, depth = [self.take("{")], 1
        while depth:
            parts.append(self.take())
            depth += {"{": 1, "}": -1}.get(parts[-1], 0)
        return "".join(parts)

    def name(self, text: str) -> Node:
        while self.accept("'"):
            text += "'"
        if self.next == "_":
            start = self.at
            self.take()
            subscript = self.braced()[1:-1] if self.next == "{" else self.take()
            if f"{text}_{subscript}" in self.names:
                text += f"_{subscript}"
            else:
                self.at = start
        if text in self.functions and self.next == "(":
            self.take("(")
            arguments = [self.sum_of_terms()]
            while self.accept(","):
                arguments.append(self.sum_of_terms())
            self.take(")")
            return Call(text, tuple(arguments))
        if text in self.functions and text.startswith("\\") and self.starts_factor():
            return Call(text, (self.factor(),))  # \ln p, without parentheses
        return Name(text)

    def index_name(self) -> str:
        text = self.take()
        while self.accept("'"):
            text += "'"
        return text

    def sum(self, kind: str) -> Node:
        indices: list[str] = []
        lower: Node | None = None
        upper: Node | None = None
        self.take("_")
        if self.accept("{"):
            indices.append(self.index_name())
            while self.accept(","):
                indices.append(self.index_name())
            if self.accept("="):
                lower = self.sum_of_terms()
            self.take("}")
        else:
            indices.append(self.index_name())
        if lower is not None:
            self.take("^")
            upper = self.group() if self.next == "{" else self.atom()
        body = self.product()
        for index in reversed(indices):
            body = Sum(kind, index, lower, upper, body)
        return body

    def matrix(self) -> Node:
        self.matrices += 1
        rows = [[self.sum_of_terms()]]
        while not self.accept(r"\end{pmatrix}"):
            if self.accept("&"):
                rows[-1].append(self.sum_of_terms())
            else:
                self.take(r"\\")
                if self.next != r"\end{pmatrix}":
                    rows.append([self.sum_of_terms()])
        self.matrices -= 1
        return Matrix(tuple(map(tuple, rows)))
