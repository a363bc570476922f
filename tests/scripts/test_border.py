"""What chapter 13 says of the seeds behind the means of the borders."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the site's extra is not installed: pip install '.[docs]'")

from scripts.figures.border import PADDED, SEEDS
from scripts.trials.store import results


def errors(border):
    settings = [{"seed": seed, "place": "anywhere", "border": border} for seed in range(SEEDS)]
    return np.array([run["errors"] for run in results("border", settings)])


@pytest.mark.parametrize("border", PADDED)
def test_one_seed_alone_makes_a_border_look_worse_anywhere(border):
    fewer = errors("none") - errors(border)
    worst = errors(border).argmax()
    assert fewer.mean() < 0 < np.delete(fewer, worst).mean()
