"""Figures are as their scripts wrote them, and a script that draws something else is found."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from book.seals import SealError, check_seal
from scripts.figures import sources
from scripts.figures.drawings import same_drawing, shortened

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "figures"
NAMES = sorted(path.stem for path in FIGURES.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_as_its_script_wrote_it(name):
    check_seal(FIGURES, name)


def one_digit_more(text, at):
    """Raise by 1 the first digit at or after a position, a 9 to 0."""
    digit = re.compile(r"\d").search(text, at)
    return text[: digit.start()] + str((int(digit[0]) + 1) % 10) + text[digit.end() :]


@pytest.mark.parametrize("part", [".json", "-light.svg", "-dark.svg"])
def test_a_digit_altered_anywhere_is_found(tmp_path, part):
    for name in ("vanishing", "test_errors"):
        for file in FIGURES.glob(f"{name}*"):
            shutil.copy(file, tmp_path)
        check_seal(tmp_path, name)
        path = tmp_path / f"{name}{part}"
        text = path.read_text(encoding="utf-8")
        end = text.rindex('"versions"') if part == ".json" else text.rindex("<rect")
        for at in range(0, end, end // 25):
            altered = one_digit_more(text, at)
            if part == ".json" and json.loads(altered) == json.loads(text):
                continue  # the seventeenth digit of a number that has sixteen
            path.write_text(altered, encoding="utf-8")
            with pytest.raises(SealError, match=rf"{name}{part}: expected what python -m scripts"):
                check_seal(tmp_path, name)
        path.write_text(text, encoding="utf-8")
        check_seal(tmp_path, name)


def test_a_missing_drawing_and_a_missing_seal_are_found(tmp_path):
    for file in FIGURES.glob("vanishing*"):
        shutil.copy(file, tmp_path)
    (tmp_path / "vanishing-dark.svg").unlink()
    with pytest.raises(SealError, match=r"vanishing-dark\.svg: expected what .*; got no such file"):
        check_seal(tmp_path, "vanishing")
    content = json.loads((FIGURES / "vanishing.json").read_text(encoding="utf-8"))
    del content["sha256"]
    (tmp_path / "vanishing.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SealError, match="a file that was changed since"):
        check_seal(tmp_path, "vanishing")


def test_line_ends_and_spaces_make_no_difference(tmp_path):
    for file in FIGURES.glob("vanishing*"):
        shutil.copy(file, tmp_path)
    for path in tmp_path.glob("*.svg"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    path = tmp_path / "vanishing.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    check_seal(tmp_path, "vanishing")


# --- drawings -------------------------------------------------------------------------------------


def test_the_same_drawing():
    text = (FIGURES / "kernels-light.svg").read_text(encoding="utf-8")
    assert same_drawing(text, text)
    assert same_drawing(text, text.replace("319.68", "319.69")), "another processor"
    for old, new in [
        ("319.68", "320.68"),
        ("<!-- kernel -->", "<!-- pixels -->"),
        ("fill: #1f2933", "fill: #1f2934"),
        ("base64,", "base64,\n"),
    ]:
        assert old in text
        assert same_drawing(text, text.replace(old, new, 1)) == (new == "base64,\n"), old


def test_places_lose_what_nobody_sees_and_nothing_else_does():
    drawn = (
        '<path d="M 20.736415 1e-06\nL 1234.567 -0.001" style="stroke-width: 1.3333"/>'
        '<use transform="translate(7.126 0.25) scale(0.015625)" x="3.14159" y="-2.71828"/>'
        '<!-- 0.12345 --><g id="axes_1"><g id="text_2"/><path id="m1"/><use xlink:href="#m1"/></g>'
    )
    assert shortened(drawn) == (
        '<path d="M 20.74 1e-06\nL 1234.57 0" style="stroke-width: 1.3333"/>'
        '<use transform="translate(7.13 0.25) scale(0.015625)" x="3.14" y="-2.72"/>'
        '<!-- 0.12345 --><g id="axes_1"><g/><path id="m1"/><use xlink:href="#m1"/></g>'
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_drawing_is_short(name):
    for scheme in ("light", "dark"):
        text = (FIGURES / f"{name}-{scheme}.svg").read_text(encoding="utf-8")
        assert shortened(text) == text


def test_labels_are_compared_to_the_letter():
    text = (FIGURES / "learning_rates-light.svg").read_text(encoding="utf-8")
    for old, new in [
        ("<!-- 15 -->", "<!-- 15.01 -->"),
        ('Regular-14"', 'Regular-13"'),
    ]:
        assert old in text
        assert not same_drawing(text, text.replace(old, new, 1)), old
    assert same_drawing(text, text.replace("Matplotlib v3.", "Matplotlib v3.9."))


def test_names_that_are_made_of_a_drawing_may_differ():
    drawn = '<g clip-path="url(#{0})"/><clipPath id="{0}"><rect x="1"/></clipPath>'
    assert same_drawing(drawn.format("p8e7b70f656"), drawn.format("p36c1c59b25"))
    assert not same_drawing(drawn.format("p8e7b70f656"), drawn.format("a"))


def test_pictures_in_a_drawing_are_compared_by_their_pixels():
    import base64
    import io

    from PIL import Image

    def drawn(level, size=(3, 2)):
        file = io.BytesIO()
        Image.new("RGB", size, (level, 20, 30)).save(file, "PNG")
        code = base64.b64encode(file.getvalue()).decode()
        return f'<image xlink:href="data:image/png;base64,{code}"/>'

    assert same_drawing(drawn(10), drawn(12))
    assert not same_drawing(drawn(10), drawn(15))
    assert not same_drawing(drawn(10), drawn(10, (2, 3)))


# --- the check of a figure ------------------------------------------------------------------------


KEYS = [key for key in sources.WHY if key != "trials"]  # of a figure that has none


@pytest.fixture
def figure(tmp_path, monkeypatch):
    """A figure to be made and checked: its data, what may differ, and a word on the drawing."""
    pytest.importorskip("matplotlib")
    from scripts.figures import common, making

    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(making, "FOLDER", tmp_path)
    monkeypatch.setattr(sources, "FOLDER", tmp_path)

    def figure(a=(1.0, 2.0), tolerances=None, title="A", code="1", **more):
        def draw(data, colours):
            drawn, axes = common.prepare(colours, width=2, height=1, rows=1)
            axes.set_title(title)
            axes.plot(data["a"])
            return drawn

        tolerances = tolerances or {"a": [0.5, 0.1]}
        module = SimpleNamespace(
            compute=lambda: {"a": list(a), **more}, draw=draw, TOLERANCES=tolerances
        )
        now = dict(zip(KEYS, code * 3 if len(code) == 1 else code, strict=True))
        monkeypatch.setattr(making, "load", lambda name: module)
        monkeypatch.setattr(sources, "fingerprints", lambda name, found=None: now)

    return figure


def test_a_figure_that_was_made_is_sealed_and_passes_its_check(figure, tmp_path):
    from scripts.figures import making

    figure()
    making.make("figure")
    check_seal(tmp_path, "figure")
    assert making.check("figure")
    figure(a=(1.4, 2.0))
    assert making.check("figure"), "within what is allowed for this entry"


@pytest.mark.parametrize(
    "changed",
    [
        {"a": (1.0, 2.2)},  # within what is allowed for the other entry
        {"a": (1.0, 2.0, 3.0)},
        {"a": (1.0, float("nan"))},
        {"b": 1.0},
        {"tolerances": {"a": [0.5, 0.2]}},
        {"title": "B"},
    ],
)
def test_a_figure_that_comes_out_otherwise_fails_its_check(figure, changed):
    from scripts.figures import making

    figure()
    making.make("figure")
    figure(**changed)
    assert not making.check("figure")


# --- figures that are older than their code -------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "last", "named"),
    [
        ({}, [], []),
        ({"code": "211"}, ["figure: computed in 0.0 s"], ["figure"]),
        ({"code": "121", "title": "B"}, ["figure: drawn"], ["figure"]),
        ({"code": "112"}, ["figure-dark.svg: drawn again: ok"], []),
        ({"code": "112", "a": (1.4, 2.0)}, ["figure-dark.svg: drawn again: ok"], []),
        ({"code": "112", "a": (1.6, 2.0)}, ["figure: computed in 0.0 s"], ["figure"]),
        ({"code": "122", "title": "B"}, ["figure-dark.svg: drawn again: ok"], ["figure"]),
        ({"code": "222", "title": "B"}, ["figure: computed in 0.0 s"], ["figure"]),
    ],
)
def test_update_does_the_least_that_has_to_be_done(figure, capsys, changed, last, named):
    from scripts.figures import making

    figure()
    making.make("figure")
    before = making.stored("figure")
    figure(**changed)
    capsys.readouterr()
    assert making.update(["figure"]) == named
    assert capsys.readouterr().out.splitlines()[-1:] == last
    assert sources.stale(["figure"]) == {}
    after = making.stored("figure")
    kept = changed.get("a") != (1.6, 2.0)
    assert (after["data"] == before["data"]) == kept, "what agrees within tolerance is kept"
    assert making.update(["figure"]) == []


def test_what_has_changed_is_named(figure):
    from scripts.figures import making

    figure()
    making.make("figure")
    for code, why in (("211", "compute"), ("121", "draw"), ("112", "cnnbook"), ("122", "draw")):
        figure(code=code)
        assert sources.stale(["figure"]) == {"figure": sources.WHY[why]}


def test_a_figure_whose_data_differ_is_not_renewed(figure):
    from scripts.figures import making

    figure()
    making.make("figure")
    figure(code="2", a=(1.6, 2.0))
    assert not making.renew("figure")
    assert sources.stale(["figure"])


def test_what_cannot_be_computed_here_is_drawn_all_the_same(figure, monkeypatch, capsys):
    from scripts.figures import making

    figure()
    making.make("figure")
    figure(code="2", title="B")
    monkeypatch.setattr(making, "can_compute", lambda name: False)
    assert not making.check("figure"), "by its drawings"
    assert making.update(["figure"]) == ["figure"]
    assert capsys.readouterr().out.splitlines()[-1] == "figure: drawn"
    assert making.check("figure")
    assert sources.changes(["figure"]) == {"figure": ["compute", "cnnbook"]}
    making.renew("figure")
    assert sources.changes(["figure"]), "what was not computed is not renewed"


def test_no_figure_is_older_than_its_module():
    older = {
        name: f"{sources.WHY[kinds[0]]}: python -m scripts.figures --update {name}"
        for name, kinds in sources.changes().items()
        if kinds != ["cnnbook"]  # what comes of that is looked at by --check, which computes
    }
    assert not older, "\n".join(f"{name}: {why}" for name, why in older.items())


def test_a_figure_made_of_the_examples_of_a_page_depends_on_them(tmp_path, monkeypatch):
    def hashes():
        return {name: sources.fingerprints(name) for name in ("wrong", "ink")}

    for folder in ("scripts/figures", "cnnbook"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "docs").mkdir()
    page = Path(shutil.copy(ROOT / "docs" / "wrong-on-purpose.md", tmp_path / "docs"))
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    before, text = hashes(), page.read_text(encoding="utf-8")
    page.write_text(text + "\nMore words.\n", encoding="utf-8")
    assert hashes() == before
    page.write_text(text + "\n```pycon\n>>> x = 1\n\n```\n", encoding="utf-8")
    after = hashes()
    assert after["ink"] == before["ink"]
    differing = [key for key in after["wrong"] if after["wrong"][key] != before["wrong"][key]]
    assert differing == ["cnnbook"]


# --- all figures ----------------------------------------------------------------------------------


def test_every_entry_of_the_data_has_a_tolerance():
    pytest.importorskip("matplotlib")
    from scripts.figures import making

    for name in NAMES:
        content = making.stored(name)
        assert content["tolerances"].keys() == content["data"].keys(), name
        assert content["tolerances"] == json.loads(json.dumps(making.load(name).TOLERANCES)), name


def test_a_figure_is_a_module_that_computes_and_draws():
    assert sources.names() == NAMES
