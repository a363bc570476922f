"""Chapter 18: a running mean of the parameters, and a vote of several networks."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from cnnbook.checks import Array, check_axes, check_share
from cnnbook.functions import softmax
from cnnbook.layers import Parameter


class RunningMean:
    """The running mean of parameters, which follows them step by step and forgets slowly.

    It begins with the parameters as they are. After each step it goes the share 1 - beta of the way
    to the newest ones, @eq-running-mean, and what lies some 1 / (1 - beta) steps back hardly
    counts. Also known as an exponential moving average, or as Polyak averaging after one of its
    authors [1]_.

    Parameters
    ----------
    parameters : iterable of Parameter
        What to follow; ``model.parameters()``.
    keep : float
        beta, in [0, 1). With 0 the mean is the newest alone.

    Attributes
    ----------
    values : list of np.ndarray
        One mean per parameter.

    Raises
    ------
    TypeError
        If ``keep`` is not a number.
    ValueError
        If it is out of range.

    References
    ----------
    .. [1] B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by
       averaging", SIAM Journal on Control and Optimization 30 (1992), 838-855,
       https://doi.org/10.1137/0330046.

    Examples
    --------
    >>> w = Parameter("weights", np.array([0.0]))
    >>> mean = RunningMean([w], keep=0.75)
    >>> for value in (4.0, 8.0):
    ...     w.value[:] = value
    ...     mean.update()
    ...     print(mean.values)
    [array([1.])]
    [array([2.75])]
    >>> with mean.in_use():
    ...     print(w.value)
    [2.75]
    >>> w.value
    array([8.])
    """

    def __init__(
        self, parameters: Iterable[Parameter], keep: float
    ) -> None:
        self.parameters = list(parameters)
        self.keep = check_share("keep", keep)
        self.values = [p.value.copy() for p in self.parameters]

    def update(self) -> None:
        """Take the parameters as they are now into the mean."""
        for mean, p in zip(self.values, self.parameters, strict=True):
            # @eq-running-mean
            mean *= self.keep
            mean += (1 - self.keep) * p.value

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Put the means in the place of the parameters, for a while.

        Yields
        ------
        None
            While the parameters are the means.
        """
        newest = [p.value.copy() for p in self.parameters]
        self._put(self.values)
        try:
            yield
        finally:
            self._put(newest)

    def _put(self, values: list[Array]) -> None:
        """Overwrite the parameters, in the arrays that they have."""
        for p, value in zip(self.parameters, values, strict=True):
            p.value[...] = value


def vote(logits: Array) -> Array:
    """Let several networks vote: the mean of the probabilities that they give.

    Parameters
    ----------
    logits : np.ndarray of shape (M, N, K)
        What each of M networks says of N images in K classes.

    Returns
    -------
    np.ndarray of shape (N, K)
        The probabilities of the vote, @eq-vote; the answer is the class of the largest.

    Raises
    ------
    TypeError
        If the logits are not floating.
    ValueError
        If they are not of three axes, or there are none.

    Examples
    --------
    Two networks are in doubt about an image, and a third is sure:

    >>> logits = np.log([[[0.5, 0.5]], [[0.625, 0.375]], [[0.0625, 0.9375]]])
    >>> vote(logits).round(4)
    array([[0.3958, 0.6042]])
    """
    check_axes("logits: M N K", logits)
    return softmax(logits).mean(axis=0)
