"""Chapter 6: what a loss is."""

from cnnbook.checks import Array


class Loss:
    """What a network is asked to make small: ``forward`` is its value, ``backward`` its slope."""

    def forward(self, predictions: Array, targets: Array) -> float:
        """Compute the mean loss.

        Parameters
        ----------
        predictions : np.ndarray of shape (N, ...)
            What the network answers.
        targets : np.ndarray of shape (N, ...)
            What it should answer.

        Returns
        -------
        float
            The mean over the batch.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no forward"
        )

    def backward(self) -> Array:
        """Compute the gradient of the last mean loss with respect to the predictions.

        Returns
        -------
        np.ndarray of shape (N, ...)
            dL/dY, which the network's ``backward`` takes.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no backward"
        )
