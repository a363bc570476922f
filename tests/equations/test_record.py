"""What was measured of the equations is up to date, and what is not is named."""

import ast

import pytest

from book.formulas import record, syntax
from book.formulas.binding import Measurement
from book.formulas.record import CALLED, differences, messages, stale, within_band
from book.formulas.syntax import Definition, canonical, digest, reached

RUN = "python -m book.formulas.report"


def test_every_equation_is_as_it_was_when_it_was_measured():
    found = messages(stale())
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_many_equations_with_the_same_reason_are_one_line():
    found = {f"eq-{number}": "has not been measured" for number in range(30)}
    assert messages(found) == [f"eq-0 and 29 others: has not been measured: {RUN}"]
    del found["eq-7"]
    assert len(messages({**found, "eq-x": "stands on no page any more"})) == 2


@pytest.fixture
def found(monkeypatch):
    """A record of two equations that is up to date."""
    equations = record.find_equations(record.DOCS)
    equations = {name: equations[name] for name in ("eq-layer", "eq-shift")}
    monkeypatch.setattr(record, "find_equations", lambda _: equations)
    entries = [record.origins(equations[name], record.load()[name]) for name in equations]
    made = {"checker": record.checker(), "equations": entries}
    monkeypatch.setattr(record, "read_record", lambda: made)
    assert stale() == {}
    return made


@pytest.mark.parametrize(("key", "called"), CALLED.items())
def test_what_has_changed_since_an_equation_was_measured_is_named(found, key, called):
    record.entries(found)["eq-layer"][key] = "something else"
    assert messages(stale()) == [f"eq-layer: {called} has changed since it was measured: {RUN}"]


def test_an_equation_that_is_new_and_one_that_is_gone_are_named(found):
    record.entries(found)["eq-layer"]["id"] = "eq-gone"
    assert stale() == {
        "eq-gone": "stands on no page any more",
        "eq-layer": "has not been measured",
    }


def test_an_equation_without_a_binding_is_named_with_the_file_to_edit(found, monkeypatch):
    bindings = {name: bound for name, bound in record.load().items() if name != "eq-layer"}
    monkeypatch.setattr(record, "load", lambda: bindings)
    file = "book/formulas/chapters/chapter_02_layer.py"
    assert stale() == {"eq-layer": f"has no binding in {file}"}


@pytest.mark.parametrize("changed", [{"code": "0"}, {"indices": {"n": "C"}}])
def test_another_checker_makes_all_measurements_stale(found, changed):
    found["checker"] |= changed
    assert stale() == dict.fromkeys(
        ("eq-layer", "eq-shift"), "the checker has changed since it was measured"
    )


@pytest.mark.parametrize(
    ("was", "now", "same"),
    [
        (0.0, 9e-15, True),
        (3e-17, 1e-17, True),
        (2e-14, 9e-14, True),
        (2e-14, 3e-13, False),
        (3e-13, 2e-14, False),
        (0.0, 2e-14, False),
    ],
)
def test_an_error_is_another_if_it_leaves_its_band(was, now, same):
    assert within_band(was, now) == same
    entry = {"id": "eq-x", "error": was, "comparisons": 3, "altered": 2}
    expected = [] if same else [f"eq-x: error: {was} in the report, {now} now"]
    assert differences(entry, Measurement(now, 3, 2, [])) == expected


def test_other_counts_are_named():
    entry = {"id": "eq-x", "error": 0.0, "comparisons": 3, "altered": 2}
    assert differences(entry, Measurement(0.0, 4, 1, [])) == [
        "eq-x: comparisons: 3 in the report, 4 now",
        "eq-x: altered versions: 2 in the report, 1 now",
    ]


# --- syntax trees ---------------------------------------------------------------------------------

FUNCTION = '''
def f(x, k=2):
    """Say what it does."""
    return x[0] + k
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Say what it does.", "Say it in other words.", True),
        ('    """Say what it does."""\n', "", True),
        ("x[0] + k", "x[0] + k  # a comment", True),
        ("x[0] + k", "(x[0]\n    + k)", True),
        ("(x, k=2)", "(x: list[int], k: int = 2) -> int", True),
        ("\ndef f", "\n@cache\ndef f", True),
        ("k=2", "k=3", False),
        ("x[0] + k", "x[0] - k", False),
        ("x[0] + k", "k + x[0]", False),
        ("x[0] + k", '"x[0] + k"', False),
        ("k=2", "k=2.0", False),
        ("(x, k=2)", "(x, *, k=2)", False),
    ],
)
def test_a_digest_is_another_if_the_code_is(old, new, same):
    before, after = (ast.parse(text) for text in (FUNCTION, FUNCTION.replace(old, new)))
    assert (canonical(before) == canonical(after)) == same


@pytest.fixture
def modules(monkeypatch, tmp_path):
    """Write modules of the package for a while."""
    find = syntax.find_spec

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text(text)
        syntax._module.cache_clear()

    def found(name):
        path = tmp_path / f"{name.split('.')[-1]}.py"
        return type("Spec", (), {"origin": path}) if path.exists() else find(name)

    monkeypatch.setattr(syntax, "find_spec", found)
    yield write
    syntax._module.cache_clear()


START = Definition("book.one", "start")


def test_a_function_is_followed_from_module_to_module(modules):
    one = "from book.two import helper as help\ndef start(x): return help(x) + abs(x)\nz = 1"
    two = "SIZE = {}\ndef helper(x): return SIZE\ndef other(): return 2"
    modules(one=one, two=two.format(3))
    found = reached([START])
    assert sorted(found) == [START, ("book.two", "SIZE"), ("book.two", "helper")]
    before = digest(found)
    modules(two=two.format(4))
    assert digest(reached([START])) != before
    modules(two=two.format(3).replace("return 2", "return 5"))
    assert digest(reached([START])) == before


def test_functions_that_name_each_other_are_followed_once(modules):
    modules(one="def start(): return other()\ndef other(): return start()")
    assert len(reached([START])) == 2


def test_a_module_that_is_imported_whole_cannot_be_followed(modules):
    modules(one="from book.formulas import notation\ndef start(): return notation.PAGE")
    with pytest.raises(LookupError, match=r"^book\.formulas\.notation: no definition; import func"):
        reached([START])


def test_an_equation_reaches_the_code_that_computes_it_and_not_what_refuses_arguments():
    found = reached([Definition("book.formulas.chapters.chapter_03_kernel_gradients", "layer")])
    assert Definition("cnnbook.correlation", "view_windows") in found
    assert Definition("book.formulas.binding", "SIZES") in found
    assert not [name for module, name in found if module == "cnnbook.checks"]
