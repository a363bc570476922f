"""What a contributor reads and what runs after him: CONTRIBUTING, workflows, hooks."""

import re

import pytest

from book.commands.checks import commands
from tests.book.pages import ROOT

yaml = pytest.importorskip("yaml", reason="the site's extra is not installed")

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w/-]+@(?:[0-9a-f]{40} # v\d+\.\d+\.\d+)$")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request):
    return request.param


def test_every_action_is_pinned_to_a_commit_whose_version_is_noted(workflow):
    lines = [line.strip(" -") for line in workflow.read_text("utf-8").splitlines()]
    used = [line for line in lines if line.startswith("uses: ")]
    assert used
    assert [line for line in used if not PINNED.match(line)] == []


def test_one_action_has_one_commit():
    text = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    used = set(re.findall(r"uses: ([\w/-]+)@(\w+)", text))
    assert len(used) == len({name for name, _ in used}) >= 5


def test_a_job_may_do_no_more_than_it_says_and_ends(workflow):
    content = yaml.safe_load(workflow.read_text("utf-8"))
    assert content["permissions"] == {}
    for job in content["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_what_is_published_is_what_was_checked():
    jobs = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text("utf-8"))["jobs"]
    (deploy,) = jobs["publish"]["steps"]
    assert deploy["uses"].startswith("actions/deploy-pages@")
    assert jobs["publish"]["needs"] == "check"
    steps = {step.get("name"): step for step in jobs["check"]["steps"]}
    folder = steps["Check everything, and keep the site"]["env"]["CNNBOOK_SITE_FOLDER"]
    assert f"--directory {folder} " in steps["Pack the site"]["run"]
    assert steps["Hand the site on"]["with"]["name"] == "github-pages"
    last = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1]
    assert '-m book check --site "${CNNBOOK_SITE_FOLDER:-' in last


def test_every_python_that_the_project_allows_is_tried():
    jobs = yaml.safe_load((ROOT / ".github/workflows/systems.yml").read_text("utf-8"))["jobs"]
    matrix = jobs["readme"]["strategy"]["matrix"]
    assert matrix["python"][0] == "3.11"
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert len(matrix["system"]) == 3


def test_the_hooks_are_checks_that_there_are():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    names = {hook["id"] for repository in hooks for hook in repository["hooks"]}
    assert names == {"format", "lint", "spelling"} <= commands("site").keys()


# --- CONTRIBUTING ---------------------------------------------------------------------------------

GUIDES = ("CONTRIBUTING.md", "book/README.md", "scripts/README.md", "tests/README.md")


@pytest.fixture(params=GUIDES)
def guide(request):
    return ROOT / request.param


def test_a_guide_has_no_long_line(guide):
    assert [line for line in guide.read_text("utf-8").splitlines() if len(line) > 100] == []


def test_a_guide_has_no_long_paragraph(guide):
    text = re.sub(r"^```.*?^```$", "", guide.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    paragraphs = re.split(r"\n\s*\n|\n(?=- |\d\. |\|)", text)
    assert [p for p in paragraphs if len(p.split()) > 110] == []


def test_every_module_and_file_that_a_guide_names_is_there(guide):
    text = guide.read_text("utf-8")
    modules = set(re.findall(r"python -m ((?:book|scripts|tests)[\w.]*)", text))
    paths = re.findall(r"`((?:book|docs|scripts|tests|cnnbook|\.github|\.ci)/[\w./-]*)`", text)
    links = re.findall(r"\]\(([\w./-]+)\)", re.sub(r"`[^`]*`", "", text))
    assert modules
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [link for link in links if not (guide.parent / link).exists()] == []


def test_contributing_lists_every_check():
    listed = re.search(
        r"^The checks are (.+?)\.\s",
        (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )[1]
    assert set(re.findall(r"`(\w+)`", listed)) == commands("site").keys()
