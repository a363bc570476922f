"""What a loss is."""

import numpy as np
import pytest

from cnnbook.losses import BinaryCrossEntropy, Loss


def test_a_loss_says_what_it_lacks():
    assert isinstance(BinaryCrossEntropy(), Loss)

    class Half(Loss):
        def forward(self, predictions, targets):
            return 0.5

    assert Half().forward(np.ones(1), np.ones(1)) == 0.5
    with pytest.raises(NotImplementedError, match="^Half has no backward"):
        Half().backward()
    with pytest.raises(NotImplementedError, match="^Loss has no forward"):
        Loss().forward(np.ones(1), np.ones(1))
