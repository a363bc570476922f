"""Chromium, Firefox and WebKit behind one small interface.

`engine.open(url)` shows a page and returns it; `page.evaluate("(argument) => ...", argument)` calls
a function of JavaScript in it, JSON in and JSON out, and waits for what it promises.

Playwright drives Debian's Chromium; puppeteer-core drives Debian's Firefox by WebDriver BiDi, from
`firefox.mjs`; selenium drives Debian's WebKitWebDriver, and that the MiniBrowser, on a screen that
nobody sees. Starting takes seconds, so an engine keeps what it has started.
"""

import atexit
import base64
import importlib.util
import io
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
LIBRARIES = Path("/usr/lib")
NAMES = ("chromium", "firefox", "webkit")
QUIET = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
SCREEN = (4400, 3200)
SETTLED = """
async () => {
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}
"""


class MissingError(Exception):
    """An engine, or what drives it, is not installed; the message says what."""


def program(*names):
    """Return the path of the first of these programs that is there."""
    for name in names:
        files = [str(path) for path in sorted(LIBRARIES.glob(name)) if path.is_file()]
        if path := shutil.which(name) or next(iter(files), None):
            return path
    raise MissingError(f"no {names[0]}")


def module(name):
    """Insist that a module can be imported."""
    if importlib.util.find_spec(name) is None:
        raise MissingError(f"no {name} (pip install '.[browser,docs]')")


class Page:
    """What is common to the pages of the three engines."""

    def settle(self):
        """Wait until fonts have come and what was asked for is drawn."""
        self.evaluate(SETTLED)

    def evaluate(self, function, argument=None):
        """Call a function of JavaScript with an argument; return what it returns, or promises."""
        return self.value(f"({function})({json.dumps(argument)})")

    def screenshot(self, path):
        """Write a PNG of what is in the window."""
        self.settle()
        Path(path).write_bytes(self.picture())

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.close()


class Engine:
    """An engine that has what it needs, and starts when it is first asked for a page."""

    def __init__(self):
        self.needs()
        self.sessions = {}
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        atexit.register(self.close)

    def environment(self, **more):
        """Return an environment with a home that is empty, and belongs to who starts the engine."""
        names = [name for name in os.environ if not name.startswith("XDG_")]
        return {name: os.environ[name] for name in names} | {"HOME": self.home.name} | more

    def open(self, url, *, width=1280, height=800, scheme="light", scale=1):
        """Show a page to a reader with such a window and such a taste in colours."""
        key = (scheme, scale)
        if key not in self.sessions:
            self.sessions[key] = self.start(*key)
        page = self.show(self.sessions[key], url, width, height)
        page.settle()
        return page

    def close(self):
        """End everything that was started."""
        for session in self.sessions.values():
            self.stop(session)
        self.sessions = {}
        self.home.cleanup()


class ChromiumPage(Page):
    def __init__(self, context, url):
        self.context = context
        self.page = context.new_page()
        self.page.goto(url)

    def value(self, expression):
        return self.page.evaluate(expression)

    def resize(self, width, height):
        self.page.set_viewport_size({"width": width, "height": height})
        self.settle()

    def picture(self):
        return self.page.screenshot()

    def press(self, key):
        self.page.keyboard.press(key)

    def close(self):
        self.context.close()


class Chromium(Engine):
    """Chromium by Playwright, without its calls home."""

    driver = browser = None

    def needs(self):
        module("playwright")
        self.program = program("chromium", "chromium-browser")

    def launch(self):
        """Return Playwright's browser, started once."""
        if self.browser is None:
            from playwright.sync_api import sync_playwright

            self.driver = sync_playwright().start()
            self.browser = self.driver.chromium.launch(
                executable_path=self.program, args=[f"--{option}" for option in QUIET.split()]
            )
        return self.browser

    def start(self, scheme, scale):
        self.launch()
        return {"color_scheme": scheme, "device_scale_factor": scale}

    def show(self, session, url, width, height):
        viewport = {"width": width, "height": height}
        return ChromiumPage(self.browser.new_context(viewport=viewport, **session), url)

    def stop(self, session):
        """Do nothing: a session is a set of options."""

    def close(self):
        super().close()
        if self.browser is not None:
            self.browser.close()
            self.driver.stop()
            self.browser = None


class FirefoxPage(Page):
    def __init__(self, ask, url, width, height):
        self.ask = ask
        self.number = ask("open", url=url, width=width, height=height)

    def value(self, expression):
        return self.ask("evaluate", page=self.number, script=expression)

    def resize(self, width, height):
        self.ask("resize", page=self.number, width=width, height=height)
        self.settle()

    def picture(self):
        return base64.b64decode(self.ask("screenshot", page=self.number))

    def press(self, key):
        self.ask("press", page=self.number, key=key)

    def close(self):
        self.ask("close", page=self.number)


class Firefox(Engine):
    """Firefox by puppeteer-core, in a process of Node for each scheme of colours."""

    def needs(self):
        self.program = program("firefox-esr", "firefox")
        self.node = program("node")
        if not (HERE / "node_modules" / "puppeteer-core").is_dir():
            raise MissingError("no puppeteer-core (npm install in tests/browser)")

    def start(self, scheme, scale):
        process = subprocess.Popen(
            [self.node, HERE / "firefox.mjs", self.program, scheme, str(scale)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment(),
        )
        self.answer(process)
        return process

    @staticmethod
    def answer(process, seconds=60):
        """Read one answer, and end a Firefox that gives none."""
        timer = threading.Timer(seconds, process.terminate)
        timer.start()
        line = process.stdout.readline()
        timer.cancel()
        if not line:
            raise RuntimeError(f"Firefox has gone, or said nothing for {seconds} s")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def show(self, process, url, width, height):
        def ask(command, **details):
            process.stdin.write(json.dumps({"command": command, **details}) + "\n")
            process.stdin.flush()
            return self.answer(process)

        return FirefoxPage(ask, url, width, height)

    def stop(self, process):
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


NARROWEST = 460  # pixels: the MiniBrowser's buttons need them
FRAME = """
const done = arguments[3], frame = document.createElement("iframe");
frame.width = arguments[1], frame.height = arguments[2], frame.style.border = 0;
document.documentElement.innerHTML = "<body style='margin: 0'></body>";
document.body.append(frame);
frame.onload = () => done();
frame.src = arguments[0];
"""


class WebKitPage(Page):
    """A page in the window or, where that cannot be so narrow, in a frame of that width."""

    def __init__(self, driver, url, width, height):
        self.driver, self.url = driver, url
        self.resize(width, height)

    def value(self, expression):
        # A script's answer is given to the last argument, WebDriver's way to wait for a promise.
        answer = self.driver.execute_async_script(
            "const done = arguments[0];"
            f"Promise.resolve().then(() => {expression}).then("
            "(value) => done({ value: value ?? null }), (error) => done({ error: String(error) }));"
        )
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def resize(self, width, height):
        """Give the page this size, whatever is around it, and load it again."""
        self.size = (width, height)
        self.driver.switch_to.default_content()
        wanted = [max(width, NARROWEST), height]
        for attempt in range(60):
            inner, outer = self.driver.execute_script(
                "return [[innerWidth, innerHeight], [outerWidth, outerHeight]]"
            )
            if inner == wanted:
                break
            if attempt % 10 == 0:  # the window takes its time
                outer = [a + b - c for a, b, c in zip(outer, wanted, inner, strict=True)]
                self.driver.set_window_rect(0, 0, *outer)
            time.sleep(0.05)
        else:
            raise RuntimeError(f"wanted {wanted}, got {inner}")
        self.driver.get(self.url)
        if width < NARROWEST:
            self.driver.execute_async_script(FRAME, self.url, width, height)
            self.driver.switch_to.frame(0)
        self.settle()

    def picture(self):
        scale = self.evaluate("() => devicePixelRatio")
        png = base64.b64decode(self.driver.get_screenshot_as_base64())
        if self.size[0] >= NARROWEST:
            return png
        box = (0, 0, round(self.size[0] * scale), round(self.size[1] * scale))
        packed = io.BytesIO()
        Image.open(io.BytesIO(png)).crop(box).save(packed, "PNG")
        return packed.getvalue()

    def press(self, key):
        from selenium.webdriver import ActionChains, Keys

        ActionChains(self.driver).send_keys(
            getattr(Keys, key.upper().removeprefix("ARROW"), key)
        ).perform()

    def close(self):
        self.driver.get("about:blank")


class WebKit(Engine):
    """WebKitGTK's MiniBrowser by selenium: the engine of Safari, in another shell."""

    screen = None

    def needs(self):
        module("selenium")
        self.driver = program("WebKitWebDriver")
        self.program = program("*/webkit2gtk-4.*/MiniBrowser")
        self.server = program("Xvfb")

    def start(self, scheme, scale):
        from selenium import webdriver
        from selenium.webdriver.remote.client_config import ClientConfig
        from selenium.webdriver.remote.remote_connection import RemoteConnection

        if self.screen is None:
            reading, writing = os.pipe()
            size = "x".join(map(str, SCREEN)) + "x24"
            command = [self.server, "-displayfd", str(writing), "-screen", "0", size]
            self.screen = subprocess.Popen(
                [*command, "-nolisten", "tcp"], pass_fds=[writing], stderr=subprocess.DEVNULL
            )
            os.close(writing)
            with os.fdopen(reading) as pipe:
                self.display = f":{pipe.readline().strip()}"
        options = webdriver.WebKitGTKOptions()
        options.binary_location = self.program
        options.add_argument("--automation")
        environment = self.environment(
            DISPLAY=self.display,
            GTK_THEME="Adwaita:dark" if scheme == "dark" else "Adwaita",
            GDK_SCALE=str(scale),
            GDK_BACKEND="x11",
            NO_AT_BRIDGE="1",
            WEBKIT_DISABLE_COMPOSITING_MODE="1",
        )
        service = webdriver.WebKitGTKService(executable_path=self.driver, env=environment)
        service.start()
        # Without a limit, a page that has crashed is waited for until the end of time.
        limit = ClientConfig(service.service_url, timeout=90)
        try:
            driver = webdriver.Remote(RemoteConnection(client_config=limit), options=options)
        except BaseException:
            service.stop()
            raise
        driver.set_script_timeout(60)
        return driver, service

    def show(self, session, url, width, height):
        return WebKitPage(session[0], url, width, height)

    def stop(self, session):
        driver, service = session
        try:
            driver.quit()
        finally:
            service.stop()

    def close(self):
        super().close()
        if self.screen is not None:
            self.screen.terminate()
            self.screen.wait()
            self.screen = None


def engine(name):
    """Return an engine by its name, or raise `MissingError`."""
    return {"chromium": Chromium, "firefox": Firefox, "webkit": WebKit}[name]()
