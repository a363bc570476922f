"""What was measured of the equations is up to date, and what is not is named."""

import pytest

from book.formulas import record
from book.formulas.binding import Measurement
from book.formulas.record import CALLED, differences, messages, stale, within_band

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


# --- the code -------------------------------------------------------------------------------------


def test_an_equation_reaches_the_code_that_computes_it_and_not_what_refuses_arguments():
    start = ("book.formulas.chapters.chapter_03_kernel_gradients", "layer")
    found = record._sources().reached(start)
    assert any("view_windows" in part for part in found["cnnbook.correlation"])
    assert any("SIZES" in part for part in found["book.formulas.binding"])
    assert "cnnbook.checks" not in found
    assert "cnnbook.mnist" not in found


def test_which_equations_share_a_binding_makes_no_difference(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    path = tmp_path / "book" / "one.py"
    text = "from cnnbook.two import other\n@binds('eq-x', other)\ndef start(x: Draw): return x[0]"

    def digest(text):
        path.write_text(text)
        record._sources.cache_clear()
        return record.digest("book", ("book.one", "start"))

    monkeypatch.setattr(record, "ROOT", tmp_path)
    try:
        before = digest(text)
        assert digest(text.replace("@", "@binds('eq-y', other)\n@")) == before
        assert digest(text.replace(": Draw", "")) == before
        assert digest(text.replace("x[0]", "x[1]")) != before
    finally:
        record._sources.cache_clear()
