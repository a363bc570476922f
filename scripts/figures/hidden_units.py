"""The weights of two hidden units, folded back into maps: what they are, and what was learned."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from cnnbook.model import zero_one_network
from scripts.figures.common import Data, prepare, show_array, within
from scripts.figures.trained_network import SEED, trained


def compute() -> Data:
    """Take the unit that speaks most for a one, and the unit that speaks most for a zero."""
    model, split, _ = trained()
    after = [p.value.astype(np.float64) for p in model.parameters()]
    before = [p.value for p in zero_one_network(np.random.default_rng(SEED)).parameters()]
    votes = after[4][:, 1] - after[4][:, 0]
    units = [int(votes.argmax()), int(votes.argmin())]
    change = after[2] - before[2]
    patterns, parts, _ = np.linalg.svd(change, full_matrices=False)
    # The cosine of what each unit has learned with the one pattern, whose sign is that of the
    # unit that speaks most for a one.
    cosines = patterns[:, 0] @ change / np.linalg.norm(change, axis=0)
    cosines *= np.sign(cosines[units[0]])

    # In which maps the first of them looks for the stroke of a one, and in which for the reverse.
    images, labels = split.train
    ones, zeros = (images[labels == digit].mean(axis=0) for digit in (1, 0))
    stroke = (ones - zeros)[:, 1:-1, 1:-1]
    signs = np.sum(change[:, units[0]].reshape(5, 26, 26) * stroke, axis=(1, 2)) > 0

    def folded(weights: np.ndarray) -> list[list[list[list[float]]]]:
        found: list[list[list[list[float]]]] = [
            weights[:, unit].reshape(5, 26, 26).round(5).tolist() for unit in units
        ]
        return found

    return {
        "units": units,
        "for_stroke": np.flatnonzero(signs).tolist(),
        "against_stroke": np.flatnonzero(~signs).tolist(),
        "votes": votes[units].tolist(),
        "weights": folded(after[2]),
        "changes": folded(change),
        "start": float(np.sqrt(np.mean(before[2] ** 2))),
        "change": float(np.sqrt(np.mean(change**2))),
        # The share of one product of a column with a line in all that was learned.
        "one_pattern": float(parts[0] ** 2 / np.sum(parts**2)),
        "alike": int(np.sum(np.abs(cosines) > 0.95)),
        "for_one": int(np.sum(cosines > 0.95)),
        "opposite": float(np.array(np.corrcoef(change[:, units[0]], change[:, units[1]]))[0, 1]),
    }


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw for each unit the weights above what they have changed by."""
    figure, panels = prepare(colours, width=6.4, height=5.3, rows=4, columns=5)
    for unit in range(2):
        for row, kind in enumerate(("weights", "changes")):
            for f, values in enumerate(data[kind][unit]):
                show_array(panels[2 * unit + row, f], values, colours)
            text = f"unit {data['units'][unit]}:\n{('weights', 'learned')[row]}"
            panels[2 * unit + row, 0].set_ylabel(text, fontsize=11)
    for f in range(5):
        panels[0, f].set_title(f"f = {f}", fontsize=11)
    return figure


TOLERANCES = (
    within(0, "units for_stroke against_stroke alike for_one")
    | within(1e-4, "votes weights changes opposite one_pattern")
    | within(1e-6, "start change")
)
