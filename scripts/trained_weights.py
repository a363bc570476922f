"""Write the trained network for the pages: its weights as float16, and images to try.

``python -m scripts.trained_weights`` makes two files beside the script of the figure that loads
them, ``docs/javascripts/touch/draw-digit.mjs``, if the code they were made with has changed;
``--stale`` says so.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from book import contract
from book.syntax import Sources, fingerprint
from cnnbook.files import replacing
from cnnbook.mnist import load_other_digits
from cnnbook.model import Sequential
from scripts.figures.trained_network import Trained, trained

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "javascripts" / "touch"
NAME = "zero-one"
OTHERS = (2, 7)
Weights = NDArray[np.float16]


def rounded(model: Sequential) -> Weights:
    """Round all parameters to float16, one array after another, the low byte first."""
    arrays = [parameter.value.ravel() for parameter in model.parameters()]
    return np.concatenate(arrays).astype("<f2")


def samples(network: Trained) -> list[dict[str, Any]]:
    """Choose test images: the first of each digit, the misread ones, and the least sure."""
    images, labels = network.split.test
    rows = np.arange(len(labels))
    lead = network.answers[rows, labels] - network.answers[rows, 1 - labels]
    chosen = [(f"a {digit}", int(np.argmax(labels == digit))) for digit in (0, 1)]
    chosen += [(f"a misread {labels[n]}", int(n)) for n in np.flatnonzero(lead < 0)]
    least = int(np.argmin(np.where(lead > 0, lead, np.inf)))
    chosen.append((f"the {labels[least]} of which it is least sure", least))
    others, digits = load_other_digits()
    unlike = [(f"a {digit}", others[digits == digit][0]) for digit in OTHERS]
    pictures = [(name, images[n]) for name, n in chosen] + unlike
    return [{"name": name, "pixels": _pixels(image)} for name, image in pictures]


def _pixels(image: NDArray[np.float32]) -> str:
    """Write the levels of an image, 0 to 255, in letters."""
    levels = (255 * image).round().astype(np.uint8)
    return base64.b64encode(levels.tobytes()).decode()


def code() -> str:
    """Hash the code that the files are made with."""
    module = "scripts.trained_weights"
    reached = Sources(ROOT, "scripts", "cnnbook").reached((module, "rounded"), (module, "samples"))
    return fingerprint(line for written in reached.values() for line in written)


def read() -> Weights:
    """Read the weights of the pages."""
    return np.fromfile(FOLDER / f"{NAME}.bin", "<f2")


def stale() -> dict[str, str]:
    """Say whether the files are older than the code, or not what it wrote."""
    weights, beside = (FOLDER / f"{NAME}{ending}" for ending in (".bin", ".json"))
    if not (weights.exists() and beside.exists()):
        return {NAME: "is not there"}
    noted = json.loads(beside.read_text(encoding="utf-8"))
    if noted["sha256"] != hashlib.sha256(weights.read_bytes()).hexdigest():
        return {NAME: "its weights have been changed since they were written"}
    return {} if noted["code"] == code() else {NAME: "the code that trains it has changed"}


def same(found: Weights, expected: Weights) -> bool:
    """Tell whether weights differ by no more than their last digit, as another processor's do."""
    if found.shape != expected.shape:
        return False
    apart = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    return bool((apart <= np.spacing(np.abs(expected)).astype(np.float64) + 1e-6).all())


def make(_: list[str]) -> None:
    """Train, and write both files; weights that are the same but for rounding stay."""
    network = trained()
    weights = rounded(network.model)
    path = FOLDER / f"{NAME}.bin"
    if not (path.exists() and same(read(), weights)):
        with replacing(path) as file:
            file.write(weights.tobytes())
    content = {
        "code": code(),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "samples": samples(network),
    }
    with replacing(FOLDER / f"{NAME}.json") as file:
        file.write((json.dumps(content, indent=1) + "\n").encode())
    print(f"{NAME}: {len(weights):,} weights, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(contract.run(__doc__ or "", stale, make))
