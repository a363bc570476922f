"""The site, built and served, and three engines to open it with."""

import os
from pathlib import Path

import pytest

from tests.browser import engines
from tests.browser.serving import Quiet, build, served

PATIENCE = 180_000  # milliseconds: the machine may be busy
WHY = "the browser tests need pip install '.[browser,docs]'"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Return a folder with the site under a sub-path: the one just checked, or built here."""
    pytest.importorskip("mkdocs", reason=WHY)
    root = tmp_path_factory.mktemp("served")
    built = Path(os.environ.get("CNNBOOK_BUILT_SITE", "")).resolve()
    if (built / "sitemap.xml").exists():
        (root / "book").symlink_to(built)
    else:
        build(root / "book")
    return root


@pytest.fixture(scope="session")
def site(folder):
    """Serve the built site; return its address."""
    with served(Quiet, folder) as address:
        yield f"{address}book/"


@pytest.fixture(scope="session")
def started():
    """Return an engine by its name, started once; skip what lacks it, or fail where it must be."""
    running = {}

    def call(name):
        if name not in running:
            try:
                running[name] = engines.engine(name)
            except engines.MissingError as missing:
                give_up = pytest.fail if os.environ.get("CNNBOOK_REQUIRE_ENGINES") else pytest.skip
                give_up(f"{name}: {missing}")
        return running[name]

    yield call
    for one in running.values():
        one.close()


@pytest.fixture(scope="session", params=engines.NAMES)
def engine(started, request):
    """Return each of the three engines in turn."""
    return started(request.param)


@pytest.fixture(scope="session")
def browser(started):
    """Return Playwright's Chromium, for what only one engine has to show."""
    return started("chromium").launch()


@pytest.fixture
def visit(browser, site):
    """Open a page as a given reader would; return the page and everything it asked for."""
    contexts = []

    def call(name, *, scheme="light", width=1280, javascript=True):
        context = browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            java_script_enabled=javascript,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("requestfailed", lambda request: page.complaints.append(request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "console", lambda message: page.complaints.append(f"{message.type}: {message.text}")
        )
        page.goto(f"{site}{name}/".replace("//", "/").replace(":/", "://"))
        if javascript:
            page.evaluate("document.fonts.ready")
        return page

    yield call
    for context in contexts:
        context.close()
