"""How many outputs each pixel touches: the input gradient of ones."""

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from cnnbook.layers import conv2d_input_gradient
from scripts.figures.common import Data, prepare, within

IMAGE = (6, 7)
KERNELS = {"small": (2, 3), "large": (4, 5)}


def compute() -> Data:
    """Count by the code of the layer."""
    data: Data = {"image_size": list(IMAGE)}
    for name, (height, width) in KERNELS.items():
        data[f"{name}_kernel"] = [height, width]
        outputs = np.ones((1, 1, IMAGE[0] - height + 1, IMAGE[1] - width + 1))
        data[name] = conv2d_input_gradient(outputs, np.ones((1, 1, height, width)), IMAGE)[
            0, 0
        ].tolist()
    return data


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw both counts, with their numbers."""
    figure, panels = prepare(colours, width=6.2, height=2.8, rows=1, columns=2)
    scale = LinearSegmentedColormap.from_list("count", [colours["paper"], colours["first"]])
    for axes, name in zip(panels, KERNELS, strict=True):
        counts = np.asarray(data[name])
        axes.imshow(counts, cmap=scale, vmin=0, vmax=1.15 * counts.max())
        for (p, q), count in np.ndenumerate(counts):
            ink = colours["paper"] if count > 0.55 * counts.max() else colours["ink"]
            axes.text(q, p, f"{count:.0f}", ha="center", va="center", fontsize=11.5, color=ink)
        axes.set(xticks=[], yticks=[])
        axes.set_title("kernel of {} by {}".format(*data[f"{name}_kernel"]), fontsize=11.5)
    return figure


TOLERANCES = within(0, "image_size", *KERNELS, *(f"{name}_kernel" for name in KERNELS))
