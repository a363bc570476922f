"""Formulas as printed: read, computed, altered."""

import doctest
from contextlib import suppress
from importlib import import_module

import numpy as np
import pytest

from book.formulas.alterations import alterations
from book.formulas.evaluate import (
    Case,
    EvaluationError,
    Lattice,
    evaluate,
    read,
)
from book.formulas.inline import arithmetic
from book.formulas.parse import FormulaError, parse
from book.formulas.tree import show

X = np.arange(12.0).reshape(3, 4) ** 1.5


def error(latex, free=None, **values):
    free = {"k": range(2)} if free is None else free
    case = Case({"X": X, "H": 3, "W": 4, **values}, free or {})
    return evaluate(read(latex, case), case).error


@pytest.mark.parametrize("name", ["parse", "evaluate", "inline", "notation", "tree"])
def test_examples_in_docstrings(name):
    assert doctest.testmod(import_module(f"book.formulas.{name}")).failed == 0


@pytest.mark.parametrize(
    "latex",
    [
        r"X_{p,q} = X_{p,q}",
        r"\sum_{p=0}^{H-1} \sum_{q=0}^{W-1} X_{p,q} = \sum_{p,q} X_{p,q}",
        r"\left( X^{\top} \right)_{q,p} = X_{p,q}, \qquad 0 \le p < H, \quad 0 \le q \le W - 1 .",
        r"\begin{aligned} -X_{p,q} &= 2 \cdot X_{p,q} \\ &\quad - 3 X_{p,q} \end{aligned}",
        r"\frac{X_{p,q} + 1}{2} = \tfrac{1}{2} X_{p,q} + 1/2",
        r"(X_{p,q})^2 = X_{p,q} X_{p,q}",
        r"\sum_{q=0}^{W-1} [1 \le q,\; q < W] X_{p,q} = X_{p,1} + X_{p,2} + X_{p,3}",
        r"\lfloor (2 H + 1) / 2 \rfloor = H",
        r"\prod_{p=0}^{2} (p + 1) = 6",
        r"\max_{p,q} X_{p,q} = X_{2,3} = \max_{p=0}^{H-1} X_{p,3}",
        r"\min_{q} X_{p,q} = X_{p,0}",
        r"\sqrt{H + 1} = 2 \ne H",
        r"H < W \le 4",
        r"X \odot X = f(X)",
        r"1{,}000 + 0.5 = 1000.5",
        r"\begin{pmatrix} 1 & 2 \\ 0 & -1 \end{pmatrix}^{\top} = T",
        r"a_3 = 1.5",  # a name that has a subscript
        r"y'_p = X_{p,0}",
        r"\grad{L}{X_{p,q}} = \left( \igrad{L}{X} \right)_{p,q} = 2 X_{p,q}",
        r"\grad{y_i}{x_q} = 10 i + q, \qquad 0 \le i < 2, \quad 0 \le q < 3",
    ],
)
def test_what_is_true_is_found_to_be_true(latex):
    jacobian = np.add.outer(10.0 * np.arange(2), np.arange(3.0))
    values = {
        "T": np.array([[1.0, 0.0], [2.0, -1.0]]),
        "f": lambda x: x**2,
        "a_3": 1.5,
        "y'": X[:, 0],
        "L/X": 2 * X,
        "y/x": jacobian,
    }
    free = {"i": range(2), "q": range(3)} if "y_i" in latex else {}
    assert error(latex, free, **values) < 1e-15


@pytest.mark.parametrize(
    "latex",
    [
        r"X_{p,q} = X_{p,q} + 0.1",
        r"\sum_{p,q} X_{p,q} = \sum_{p=0}^{H-1} \sum_{q=1}^{W-1} X_{p,q} + 1",
        r"H = W",
        r"H \ne 3",
        r"W < H",
        r"1 = 2 = 1",
        r"1 \cdot 2 + 3 = 8",
    ],
)
def test_what_is_false_is_found_to_be_false(latex):
    assert error(latex) > 1e-3


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"X_{q,p} = X_{p,q}", "index 3 is not in 0 .. 2"),
        (r"X_{p+1,q} = X_{p,q}", "index 3 is not in 0 .. 2"),
        (r"X_{p-1,q} = X_{p,q}", "index -1 is not in 0 .. 2"),
        (r"X_{p,q,p} = 1", "too many indices"),
        (r"Z_{p} = 1", "Z: neither a value nor an index with a range"),
        (r"X_{p/2,q} = 1", "expected an integer index"),
        (r"X_{p,q} = X_{p,q}, \qquad 0 \le p \le H", r"that is range\(0, 4\); expected range"),
        (r"X = X_{0}", "shapes"),
        (r"X_{p,q}", "nothing to compare"),
        (r"\max_{p=0}^{-1} X_{p,0} = 0", "not finite"),
        (r"X X = 1", "matmul"),
        (r"f(H) = f(H)", "not finite"),
        (r"1 / (H - 3) = 1", "division by zero"),
        (r"10^{1000 / 1.5} = 1", "out of range"),
        (r"X_{k,0} = X_{k,0}", "k: its range is not that of the notation; print it"),
    ],
)
def test_what_has_no_value_is_an_error_that_says_why(latex, message):
    with pytest.raises(EvaluationError, match=message):
        error(latex, f=lambda h: np.log(np.float64(h - 4)))


@pytest.mark.parametrize(
    "latex",
    [
        r"x_i = ",
        r"\frac{1}",
        r"1 = \text{one}",
        r"(x",
        r"\sum_{i=0} x_i",
        r"x = \substack{a}",
        "[a",
    ],
)
def test_what_cannot_be_read_is_an_error_that_shows_the_formula(latex):
    with pytest.raises((FormulaError, EvaluationError)) as caught:
        error(latex)
    assert latex.strip() in str(caught.value) or "substack" in str(caught.value)


def test_a_lattice_is_zero_where_nothing_is_stored():
    x = Lattice(np.array([1.0, 2.0]), (-1,))
    case = Case({"x": x}, {"i": range(-3, 4)})
    assert evaluate(read(r"x_i = [i = -1] + 2 [i = 0]", case), case).error == 0
    with pytest.raises(EvaluationError, match="wrong number"):
        evaluate(read("x_{i,i} = 0", case), case)


def test_an_infinite_sum_reaches_all_of_a_lattice():
    case = Case({"x": Lattice(np.array([1.0, 2.0]), (3,))})
    assert evaluate(read(r"\sum_{u=-\infty}^{\infty} x_u = 3", case), case).error == 0


REAL = {
    "z": (-2.0, -0.5, 0.0, 1.5),
    "g": (0.0, 0.25, 1.0),
}
FUNCTIONS = {"e": np.e, r"\ln": np.log, r"\max": max}


@pytest.mark.parametrize(
    "latex",
    [
        r"\ln(e^{-z}) = \ln e^{-z} = -z",
        r"e^{\lvert z \rvert} = e^{-z}, \qquad z \le 0",
        r"z^2 = \lvert z \rvert \, \lvert z \rvert \ge 0.25, \qquad z \ne 0",
        r"\max(z, 0) \ge g z, \qquad 0 \le g \le 1",
    ],
)
def test_a_real_variable_is_tried_at_the_points_of_its_domain(latex):
    assert error(latex, REAL, **FUNCTIONS) < 1e-15


@pytest.mark.parametrize(
    "latex",
    [
        r"e^{\lvert z \rvert} = e^{-z}",
        r"e^{\lvert z \rvert} = e^{-z}, \qquad z \ge 0",
        r"z^2 \ge 0.3, \qquad z \ne 0",
        r"\max(z, 0) \ge 2 g z",
    ],
)
def test_outside_of_its_domain_an_equation_may_be_false(latex):
    assert error(latex, REAL, **FUNCTIONS) > 1e-3


@pytest.mark.parametrize("relation", ["z < 0", "z \\le 1", "-1 < z \\le 0"])
def test_a_domain_that_is_not_that_of_the_test_is_refused(relation):
    case = Case({}, {"z": (-2.0, -0.5, 0.0, 0.5, 1.5)}, domain={"z": (-2.0, -0.5, 0.0)})
    right, wrong = (rf"z = z + 0, \qquad {text}" for text in (r"z \le 0", relation))
    assert evaluate(read(right, case), case).error == 0
    with pytest.raises(EvaluationError, match="not the domain"):
        evaluate(read(wrong, case), case)


def test_a_domain_without_points_is_refused():
    with pytest.raises(EvaluationError, match="none of the points"):
        error("z = z, \\qquad z > 2", REAL)


def test_tolerance_is_relative_to_the_larger_of_one_and_the_entries():
    assert error("1000 = 1001") == pytest.approx(1e-3)
    assert error("0.001 = 0.002") == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("a = b + c", {"b + c -> b - c", "b + c -> b", "b + c -> c"}),
        ("a = b c", {"b c -> b", "b c -> c"}),
        ("a = -b", {"-b -> b"}),
        ("a = x_i", {"x_{i} -> x_{i + 1}"}),
        ("a = x_{i,j}", {"x_{i,j} -> x_{j,i}"}),
        ("a = 2", {"2 -> 3"}),
        (r"a = x \corr k", {r"x \corr k -> x \conv k", r"x \corr k -> k \corr x"}),
        (r"a = \rot k", {r"\rot k -> k"}),
        (r"a = T^{\top}", {r"T^{\top} -> T"}),
        (r"a = \frac{b}{c}", {"b / c -> c / b", "b / c -> b"}),
        (r"a = \sum_n x_n", {r"\sum_{n} -> \sum_{n=0}^{0}"}),
        (r"a = \sum_{n=0}^{N} x_n", {r"\sum_{n=0}^{N} -> \sum_{n=0 + 1}^{N}", "0 -> 1"}),
        (r"a = \sum_{n=0}^{N-1} x_n", {"N - 1 -> N + 1", "N - 1 -> N", "1 -> 2"}),
        (r"a = \sum_{u=0}^{\lfloor N/2 \rfloor} x_u", {r"\lfloor N / 2 \rfloor -> N / 2"}),
        ("a = [p < q]", {"p < q: < -> <="}),
        (r"a = [p \ge q]", {"p >= q: >= -> >"}),
        (r"a = \grad{L}{x_i}", {"x_{i} -> x_{i + 1}"}),
        (r"a = \lfloor b \rfloor", {r"\lfloor b \rfloor -> b"}),
        (r"a = \lvert b \rvert", {r"\lvert b \rvert -> b"}),
        (r"a = \max(b, c)", {r"\max(b, c) -> b", r"\max(b, c) -> c"}),
    ],
)
def test_alterations(latex, expected):
    [chain] = parse(latex, functions=[r"\max"])
    found = {what.split(": ", 1)[1] for what, _ in alterations(chain)}
    assert expected <= found


def test_no_two_alterations_of_a_statement_are_called_the_same():
    [chain] = parse("a = x_0 + x_{0,0}")
    found = [what for what, _ in alterations(chain) if "0 -> 1" in what]
    assert found == [f"side 2: 0 -> 1{again}" for again in ("", ", place 2", ", place 3")]


def test_every_alteration_differs_from_the_original():
    [chain] = parse(
        r"\grad{L}{K_{f,c}} = \sum_{n=0}^{N-1} X_{n,c} \corr \grad{L}{Y_{n,f}} + 2 [p < q]"
    )
    altered = list(alterations(chain))
    assert len(altered) > 20
    assert all(changed != chain for _, changed in altered)
    assert len({show(changed) for _, changed in altered}) == len(altered)


@pytest.mark.parametrize(
    ("latex", "wrong"),
    [
        (r"1 \cdot 2 + 3 = 5", False),
        (r"y_0 = 1 \cdot 2 + 3 = 6", True),
        (r"y_0 = x_0 k_0 + x_1 k_1 = 1 + 2 = 3", False),
        (r"28 - 3 + 1 = 26", False),
        (r"28 - 2 \cdot 13 = 2 > 1", False),
        (r"28 - 2 \cdot 13 = 3 > 1", True),
        (r"r_3 = 1 + 2 \ge 4", True),
        (r"1 + 2 < y_0 = 4 = 5", True),
    ],
)
def test_arithmetic(latex, wrong):
    assert (arithmetic(latex, {}).error > 1e-12) == wrong


@pytest.mark.parametrize(
    "latex", ["x = (1, 2, 3)", "y_0 = 3", r"0 \le i < H", r"\nonsense", "a = b"]
)
def test_what_is_no_arithmetic(latex):
    assert arithmetic(latex, {}) is None


def test_a_size_is_exchanged_for_every_other_one_in_every_place():
    [chain] = parse(r"a = \sum_{p=0}^{H-1} [p < W] x_{p+H}")
    plain = {what for what, _ in alterations(chain)}
    found = [what for what, _ in alterations(chain, ["H", "W", "N"]) if what not in plain]
    assert sorted(set(found)) == sorted(
        f"side 2: {size} -> {other}{place}"
        for size, place in (("H", ""), ("H", ", place 2"), ("W", ""))
        for other in ("H", "W", "N")
        if other != size
    )
    changed = dict(alterations(chain, ["H", "W", "N"]))["side 2: H -> W, place 2"]
    assert show(changed).endswith("x_{p + W}")


def test_a_condition_is_computed_and_left_alone():
    assert error(r"W \ge H + 1") == 0
    assert error(r"W \ge H + 2") > 1
    [chain] = parse(r"W \ge H + 1")
    assert list(alterations(chain, ["H", "W"])) == []


def test_the_index_of_a_sequence_without_end_needs_no_range():
    case = Case({"x": Lattice(np.ones(2), (0,))}, {"i": range(-2, 3)})
    assert evaluate(read("x_i = x_i", case), case).comparisons == 5


def test_alterations_of_a_true_equation_are_told_apart():
    case = Case({"X": X, "H": 3, "W": 4, "s": X.sum(axis=1)})
    statements = read(r"s_p = \sum_{q=0}^{W-1} X_{p,q}, \qquad 0 \le p < H", case)
    for at, chain in enumerate(statements):
        for what, changed in alterations(chain):
            altered = [*statements[:at], changed, *statements[at + 1 :]]
            with suppress(EvaluationError):
                assert evaluate(altered, case, stop_above=1e-3).error > 1e-3, what


def test_whole_numbers_out_of_arrays_never_overflow():
    small = np.array([7], dtype=np.int32)
    case = Case({"a": small, "y": 7 * 2**40})
    assert evaluate(parse(r"y = a_0 \cdot 1099511627776", {"a", "y"}), case).error == 0
