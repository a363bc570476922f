"""Type the README's two commands as a reader would, in a fresh clone, on any system.

On Windows they are changed as the README says, but for `py`, which starts the newest Python that
is installed, and not the one to try.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
ADDRESS = "http://127.0.0.1:8000/"
PATIENCE = 600  # seconds
WINDOWS = os.name == "nt"


def commands() -> list[str]:
    """Read the command that opens the book, and the one that runs the tests."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^python3 -m venv .*$", readme, re.MULTILINE)
    if WINDOWS:
        found = [
            c.replace("python3", "python").replace(".venv/bin/", ".venv\\Scripts\\") for c in found
        ]
    return found


def answer(address: str) -> str:
    """Return what an address answers, as soon as it does."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as response:
                return response.read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def look() -> None:
    """Look at the start page and at a figure of it."""
    page = answer(ADDRESS)
    for needed in ("zero_one_network", "loss_curve-light.svg"):
        if needed not in page:
            raise SystemExit(f"the start page lacks {needed}")
    if answer(f"{ADDRESS}figures/loss_curve-light.svg").count("<path") <= 20:
        raise SystemExit("the loss curve is empty")
    print(f"the book is open at {ADDRESS}", flush=True)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a shell and what it has started."""
    if WINDOWS:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(server.pid)], check=False)
    else:
        os.killpg(server.pid, signal.SIGTERM)
    server.wait()


def main() -> None:
    """Run the tests, then open the book."""
    read, test = commands()
    # A reader knows no address; and BROWSER is a command that opens nothing.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CNNBOOK_")}
    environment["BROWSER"] = "true"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        print(f"=== README: {test}", flush=True)
        subprocess.run(test, shell=True, cwd=clone, env=environment, check=True)
        print(f"=== README: {read}", flush=True)
        server = subprocess.Popen(
            read, shell=True, cwd=clone, env=environment, start_new_session=not WINDOWS
        )
        try:
            look()
        finally:
            stop(server)


if __name__ == "__main__":
    sys.exit(main())
