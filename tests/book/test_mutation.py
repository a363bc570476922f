"""The page on mutation testing says what was measured, of the code as it stands."""

import pytest

pytest.importorskip("jinja2", reason="the site's extra is not installed: pip install '.[docs]'")

from scripts.mutation import page, records, run


def test_every_function_was_measured_as_it_stands():
    assert [
        f"{name} {why}: python -m scripts.mutation.run" for name, why in run.stale().items()
    ] == []


def test_what_waits_to_be_measured_has_not_been():
    assert sorted(run.WAITING - records.stale().keys()) == []


def test_the_page_is_what_its_data_say():
    assert page.stale() == {}, "python -m scripts.mutation.page"


def test_every_mutant_that_goes_unnoticed_has_a_reason():
    assert run.unexplained() == []


def test_every_reason_has_a_mutant_that_goes_unnoticed():
    assert run.superfluous() == []


def test_a_line_is_the_same_however_it_is_broken():
    whole = "if f(x, [1, 2], key='a  b') and (y or z): # why\n    return g(x)\n"
    broken = """if f(
    x,
    [
        1,
        2,  # two
    ],
    key='a  b',
) and (
    y or z
):
    return g(
        x
    )
"""
    texts = [[line.text for line in records.logical_lines(s)] for s in (whole, broken)]
    assert texts[0] == ["if f(x, [1, 2], key='a  b') and (y or z):", "return g(x)"] == texts[1]
    assert [(line.first, line.last) for line in records.logical_lines(broken)] == [
        (1, 10),
        (11, 13),
    ]


SOURCE = '''
def scale(x, by=2):
    """Multiply."""
    y = [x * by, len(f"{x!r}")]
    return y
'''


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Let a package of one module be the project, and its functions be measured."""
    (tmp_path / "cnnbook").mkdir()
    (tmp_path / "docs").mkdir()
    source = tmp_path / "cnnbook" / "scale.py"
    source.write_text(f"{SOURCE}\n\nclass Twice:\n    def scale(self, x):\n        return 2 * x\n")
    monkeypatch.setattr(records, "ROOT", tmp_path)
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(records, "REPORT", tmp_path / "report.json")
    monkeypatch.setattr(records, "REASONS", tmp_path / "reasons.json")
    survivor = {"before": "return y", "after": "return None", "occurrence": 1}
    records.write(
        {
            name: {
                "tree": function.tree,
                "measured": "2026-11-26",
                "counts": {"code_pages": 3, "code_survived": 1},
                "survivors": [survivor] if name == "cnnbook.scale.scale" else [],
            }
            for name, function in records.functions().items()
        }
    )
    (tmp_path / "reasons.json").write_text(
        '{"nobody asks": [{"function": "cnnbook.scale.scale",'
        ' "before": "return y", "after": "return None"}]}'
    )
    return source


def edit(source, old, new):
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new))


def test_a_function_that_changes_is_named_and_leaves_the_page(project):
    assert run.stale() == {}
    (before,) = page.pages().values()
    assert "| `scale` | 8 | 6 | 75 % | 8 | 2 |" in before
    assert "are new" not in before
    edit(project, "return 2 * x", "return x + x")
    assert run.stale() == {
        "cnnbook.scale.Twice.scale": "has changed since its mutants were measured"
    }
    (after,) = page.pages().values()
    assert "| `scale` | 4 | 3 | 75 % | 4 | 1 |" in after
    assert "are new: `scale.Twice.scale`." in after


def test_new_names_old_names_and_edited_entries_are_named(project):
    edit(project, "def scale(self", "def grow(self")
    report = records.REPORT.read_text()
    records.REPORT.write_text(report.replace('"code_pages": 3', '"code_pages": 4', 1))
    assert run.stale() == {
        "cnnbook.scale.Twice.grow": "has never been measured",
        "cnnbook.scale.Twice.scale": "is no more, but stands in the report",
    }
    edit(project, "def grow(self", "def scale(self")
    assert run.stale() == {
        "cnnbook.scale.Twice.scale": "stands in the report with numbers that no measurement wrote"
    }


def test_words_and_layout_do_not_make_a_function_stale(project):
    edit(project, '"""Multiply."""', '"""Multiply by two."""  # or more')
    edit(project, "[x * by, ", "[\n        x * by,\n        ")
    assert run.stale() == {}


def test_lines_are_numbered_when_the_page_is_made(project):
    (text,) = page.pages().values()
    assert "**Nobody asks.**\n\n- `scale`, line 5: `` return y `` became `` return None ``" in text
    edit(project, '"""Multiply."""', '"""Multiply.\n\n    Two numbers.\n    """')
    assert run.stale() == {}
    (text,) = page.pages().values()
    assert "`scale`, line 8: " in text


def test_survivors_and_reasons_belong_together(project):
    assert run.unexplained() == [] == run.superfluous()
    reasons = records.REASONS.read_text()
    records.REASONS.write_text(reasons.replace("return None", "return 0"))
    assert run.unexplained() == [
        {"function": "cnnbook.scale.scale", "before": "return y", "after": "return None"}
    ]
    assert run.superfluous() == ["cnnbook.scale.scale: return 0"]


def test_what_is_measured_again_is_what_has_changed(project):
    edit(project, "return 2 * x", "return x + x")
    assert run.chosen([], everything=False) == {"cnnbook.scale.Twice.scale"}
    assert run.chosen(["cnnbook.scale.scale"], everything=False) == {"cnnbook.scale.scale"}
    assert len(run.chosen(["cnnbook.scale"], everything=False)) == 2
    assert len(run.chosen([], everything=True)) == 2
