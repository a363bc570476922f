"""What holds of a learning rate that was chosen of several."""

import numpy as np


def assert_chosen_well(found):
    """Refuse a rate with more errors in the sweep than another one, or one at its end.

    Of rates that differ by less than one percent the smallest is the one to choose.
    """
    errors = np.array(found["rate_errors"])
    best = int(np.argmax(errors <= 1.01 * errors.min()))
    assert found["rates"][best] == found["rate"]
    assert 0 < best < len(found["rates"]) - 1
