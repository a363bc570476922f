"""Chapter 17: the second derivatives of a network's loss, along one direction at a time."""

import numpy as np

from cnnbook.checks import (
    Array,
    check_count,
    check_positive,
    check_rng,
    check_shape,
)
from cnnbook.layers import Parameter
from cnnbook.losses import Loss
from cnnbook.model import Sequential


def gradients(
    model: Sequential, loss: Loss, x: Array, targets: Array
) -> list[Array]:
    """Compute the gradient of a loss with respect to every parameter.

    Parameters
    ----------
    model : Sequential
        The network. Its parameters stay; their gradients are set anew.
    loss : Loss
        The loss.
    x : np.ndarray of shape (N, ...)
        The samples, in the dtype of the network.
    targets : np.ndarray of shape (N, ...)
        As the loss takes them.

    Returns
    -------
    list of np.ndarray
        One for each of ``model.parameters()``, of its shape, in memory of its own.

    Examples
    --------
    >>> from cnnbook.layers import Dense
    >>> from cnnbook.losses import CategoricalCrossEntropy
    >>> layer = Dense(1, 2, rng=np.random.default_rng(0), dtype=np.float64)
    >>> layer.weights.value[:], layer.bias.value[:] = 0, 0
    >>> loss = CategoricalCrossEntropy(from_logits=True)
    >>> x, targets = np.array([[3.0]]), np.array([[1.0, 0.0]])
    >>> gradients(Sequential(layer), loss, x, targets)
    [array([[-1.5,  1.5]]), array([-0.5,  0.5])]
    """
    for parameter in model.parameters():
        parameter.zero_gradient()
    loss.forward(model.forward(x), targets)
    model.accumulate_gradients(loss.backward())
    return [p.gradient.copy() for p in model.parameters()]


def times_curvature(
    model: Sequential,
    loss: Loss,
    x: Array,
    targets: Array,
    direction: list[Array],
    *,
    step: float = 1e-7,
) -> list[Array]:
    """Multiply a direction by the matrix of the loss's second derivatives.

    @eq-times-curvature: two gradients, a little way along the direction to either side. The
    matrix itself, with the square of the number of parameters as entries, is never made.

    Parameters
    ----------
    model, loss, x, targets
        As in `gradients`. The parameters are moved, and end with the values that they had.
    direction : list of np.ndarray
        An array for each of ``model.parameters()``, of its shape.
    step : float
        How far to go, in units of the direction; above 0. In float64, 1e-7 suits a direction of
        length 1. A longer step may lead across the kink of a rectifier, and a jump of the gradient
        is then taken for curvature; float32 needs a thousandth or more, so it will not do there.

    Returns
    -------
    list of np.ndarray
        The product, in the shapes of the parameters.

    Raises
    ------
    TypeError
        If an entry of ``direction`` is not an array of float32 or float64, or ``step`` no number.
    ValueError
        If ``direction`` does not fit the parameters, or ``step`` is out of range.

    References
    ----------
    .. [1] B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6
       (1994), 147-160, https://doi.org/10.1162/neco.1994.6.1.147, which has the difference, too.

    Examples
    --------
    The loss of one sample, x = 3, has the curvature 9 p (1 - p) in a weight, as in chapter 15:

    >>> from cnnbook.layers import Dense
    >>> from cnnbook.losses import CategoricalCrossEntropy
    >>> layer = Dense(1, 2, rng=np.random.default_rng(0), dtype=np.float64)
    >>> layer.weights.value[:], layer.bias.value[:] = 0, 0
    >>> loss = CategoricalCrossEntropy(from_logits=True)
    >>> x, targets = np.array([[3.0]]), np.array([[1.0, 0.0]])
    >>> direction = [np.array([[1.0, 0.0]]), np.zeros(2)]
    >>> product = times_curvature(Sequential(layer), loss, x, targets, direction)
    >>> [entry.round(6) for entry in product]
    [array([[ 2.25, -2.25]]), array([ 0.75, -0.75])]
    """
    step = check_positive("step", step)
    parameters = model.parameters()
    _check_direction(direction, parameters)
    above, below = (
        _gradients_at(
            model, loss, x, targets, [way * d for d in direction]
        )
        for way in (step, -step)
    )
    # @eq-times-curvature
    pairs = zip(above, below, strict=True)
    return [(a - b) / (2 * step) for a, b in pairs]


def random_direction(
    model: Sequential, rng: np.random.Generator
) -> list[Array]:
    """Draw a direction in the space of all parameters, from a normal distribution.

    Parameters
    ----------
    model : Sequential
        The network.
    rng : numpy.random.Generator
        Draws as many numbers as the network has parameters.

    Returns
    -------
    list of np.ndarray
        An array for each of ``model.parameters()``, of its shape and dtype.

    Raises
    ------
    TypeError
        If ``rng`` is not a generator.

    Examples
    --------
    >>> from cnnbook.layers import Dense
    >>> model = Sequential(Dense(2, 3, rng=np.random.default_rng(0)))
    >>> [d.shape for d in random_direction(model, np.random.default_rng(0))]
    [(2, 3), (3,)]
    """
    check_rng(rng)
    return [
        rng.standard_normal(p.value.shape).astype(p.value.dtype)
        for p in model.parameters()
    ]


def largest_curvature(
    model: Sequential,
    loss: Loss,
    x: Array,
    targets: Array,
    direction: list[Array],
    *,
    rounds: int = 20,
    step: float = 1e-7,
) -> tuple[float, list[Array]]:
    """Find the largest curvature of a loss by power iteration, and its direction.

    Parameters
    ----------
    model, loss, x, targets
        As in `times_curvature`.
    direction : list of np.ndarray
        Where to begin: `random_direction`, or what an earlier call has found. Its length does
        not count.
    rounds : int
        How often the direction is multiplied. In each of them the part of any other curvature
        shrinks by its ratio to the largest.
    step : float
        As in `times_curvature`.

    Returns
    -------
    (float, list of np.ndarray)
        The curvature along the last direction, and this direction, of length 1. Where the
        curvature that is largest in size is negative, that one. Where the gradient does not change
        along a direction at all, 0 and that direction.

    Raises
    ------
    TypeError
        If an entry of ``direction`` is not an array of float32 or float64, or ``rounds`` not an
        integer.
    ValueError
        If ``direction`` does not fit the parameters, or a number is out of range.

    References
    ----------
    .. [1] Y. LeCun, P. Simard and B. Pearlmutter, "Automatic learning rate maximization by
       on-line estimation of the Hessian's eigenvectors", NIPS 1992, 156-163.

    Examples
    --------
    Of the loss in the example of `times_curvature`. By chapter 15 the matrix of two logits has
    the eigenvalues 1/2 and 0; the weights and the bias multiply them by 3 * 3 + 1.

    >>> from cnnbook.layers import Dense
    >>> from cnnbook.losses import CategoricalCrossEntropy
    >>> layer = Dense(1, 2, rng=np.random.default_rng(0), dtype=np.float64)
    >>> layer.weights.value[:], layer.bias.value[:] = 0, 0
    >>> model, loss = Sequential(layer), CategoricalCrossEntropy(from_logits=True)
    >>> x, targets = np.array([[3.0]]), np.array([[1.0, 0.0]])
    >>> begin = random_direction(model, np.random.default_rng(0))
    >>> a, way = largest_curvature(model, loss, x, targets, begin)
    >>> round(a, 6)
    5.0
    """
    rounds = check_count("rounds", rounds)
    _check_direction(direction, model.parameters())
    way, unit, curvature = direction, direction, 0.0
    for _ in range(rounds):
        length = _product(way, way) ** 0.5
        if not length:  # no curvature along this direction
            break
        unit = [d / length for d in way]
        way = times_curvature(model, loss, x, targets, unit, step=step)
        curvature = _product(unit, way)
    return curvature, unit


def _gradients_at(
    model: Sequential,
    loss: Loss,
    x: Array,
    targets: Array,
    move: list[Array],
) -> list[Array]:
    """Compute the gradients a move away, and put the parameters back as they were."""
    parameters = model.parameters()
    before = [p.value.copy() for p in parameters]
    try:
        for p, d in zip(parameters, move, strict=True):
            p.value += d
        return gradients(model, loss, x, targets)
    finally:
        for p, value in zip(parameters, before, strict=True):
            p.value[:] = value


def _product(one: list[Array], other: list[Array]) -> float:
    """Add up the products of the entries of two directions."""
    pairs = zip(one, other, strict=True)
    return float(sum(np.vdot(a, b) for a, b in pairs))


def _check_direction(
    direction: list[Array], parameters: list[Parameter]
) -> None:
    """Refuse a direction that does not fit the parameters."""
    if len(direction) != len(parameters):
        raise ValueError(
            f"direction: expected an array for each of "
            f"{len(parameters)} parameters; got {len(direction)}"
        )
    for d, parameter in zip(direction, parameters, strict=True):
        check_shape(
            "direction",
            d,
            parameter.value.shape,
            f"as {parameter.name} has it",
        )
