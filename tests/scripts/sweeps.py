"""What holds of a learning rate that was chosen of several."""

import numpy as np


def assert_chosen_well(found):
    """Refuse a rate with more errors in the sweep than another one, or one at its end."""
    best = int(np.argmin(found["rate_errors"]))
    assert found["rates"][best] == found["rate"]
    assert 0 < best < len(found["rates"]) - 1
