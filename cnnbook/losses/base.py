"""What a loss is."""

from typing import Protocol

from cnnbook.checks import Array


class Loss(Protocol):
    """Anything with a ``forward`` and a ``backward`` like these; nothing need be inherited."""

    def forward(self, predictions: Array, targets: Array) -> float:
        """Compute the mean loss, shape (N, ...) and (N, ...) to one number."""

    def backward(self) -> Array:
        """Compute the gradient of the last mean loss with respect to the predictions."""
