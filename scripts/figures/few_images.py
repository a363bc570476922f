"""Few images: how well a network knows those that it has seen, and how well all others."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scripts.figures import ladder
from scripts.figures.common import Data, Tolerances, prepare, within
from scripts.trials.store import Result, Setting, results

SEEDS = 3
EPOCHS = {500: 40, 1_000: 20, 10_000: 4}
WAYS: dict[str, Setting] = {
    "plain": {},
    "decayed": {"decay": 0.005},
    "moved": {"shift": 2, "turn": 10},
}
SHOWN = 1_000


def setting(images: int, way: str) -> Setting:
    """Put together a recipe: that of the falling rate, on few images, and what may help."""
    few = {"images": images, "epochs": EPOCHS[images]}
    return ladder.recipe("falling") | few | WAYS[way]


KINDS = [(images, way) for images in EPOCHS for way in WAYS]
TRIALS: list[Setting] = [
    {"seed": seed, **setting(*kind)} for seed in range(SEEDS) for kind in KINDS
]


def trial(**chosen: Any) -> Result:
    """Train on few images, and look at some of the others after every epoch."""
    return ladder.trial(**chosen)


def allowed(setting: Setting) -> Tolerances:
    """Say by how much a trial may differ on another machine."""
    return ladder.allowed(setting)


def compute() -> Data:
    """Put together losses and errors, means over the seeds."""
    data: Data = {
        "seeds": SEEDS,
        "sizes": list(EPOCHS),
        "epochs": list(EPOCHS.values()),
        "looks": ladder.LOOKS,
        "decay": WAYS["decayed"]["decay"],
        "shift": WAYS["moved"]["shift"],
        "turn": WAYS["moved"]["turn"],
        "shown": SHOWN,
        "seen": min(images * epochs for images, epochs in EPOCHS.items()),
    }
    for images, way in KINDS:
        runs = results("few_images", [{"seed": s, **setting(images, way)} for s in range(SEEDS)])
        name = f"{way}_{images}"
        for kind in ("training", "validation"):
            data[f"{name}_{kind}"] = np.mean([run[kind] for run in runs], axis=0).tolist()
        looks = np.mean([run["validation_errors"] for run in runs], axis=0)
        data[f"{name}_errors"] = float(np.mean([run["errors"] for run in runs]))
        data[f"{name}_lowest"] = min(data[f"{name}_validation"])
        data[f"{name}_lowest_at"] = int(np.argmin(data[f"{name}_validation"])) + 1
        data[f"{name}_errors_there"] = float(looks[data[f"{name}_lowest_at"] - 1])
        data[f"{name}_errors_end"] = float(looks[-1])
    for images in EPOCHS:
        plain, moved = (data[f"{way}_{images}_errors"] for way in ("plain", "moved"))
        data[f"moved_{images}_saved"] = 1 - moved / plain
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw both losses of the runs on some images, epoch by epoch, a panel for each way."""
    figure, panels = prepare(colours, width=6.6, height=2.6, rows=1, columns=len(WAYS))
    for axes, way in zip(panels, WAYS, strict=True):
        for kind, colour in (("training", "first"), ("validation", "second")):
            losses = data[f"{way}_{SHOWN}_{kind}"]
            axes.plot(range(1, len(losses) + 1), losses, color=colours[colour], linewidth=1.6)
        axes.set(yscale="log", ylim=(5e-4, 3), xlabel="epoch")
        axes.set_title({"plain": "as they are", "decayed": "weight decay"}.get(way, way))
        axes.tick_params(labelleft=axes is panels[0])
    panels[0].set_ylabel("loss")
    return figure


TOLERANCES = within(0, "seeds sizes epochs looks decay shift turn shown seen")
TOLERANCES |= within(1, *(f"moved_{images}_saved" for images in EPOCHS))
for _images, _way in KINDS:
    _name = f"{_way}_{_images}"
    TOLERANCES |= within(0.5, f"{_name}_training", f"{_name}_validation", f"{_name}_lowest")
    TOLERANCES |= within(2000, f"{_name}_errors_there", f"{_name}_errors_end")
    TOLERANCES |= within(10_000, f"{_name}_errors") | within(40, f"{_name}_lowest_at")
