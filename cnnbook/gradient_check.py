"""Chapter 9: how to trust a gradient.

Central differences need nothing but the forward pass. Their error has two parts: cutting off the
Taylor series costs O(h^2), and rounding costs about eps/h, so that the best step is near the cube
root of the machine epsilon, and about two thirds of the digits are right. The quotients at two
steps together are rid of the O(h^2), those at three of the O(h^4), and so on: long steps will then
do, and little is lost by rounding.
"""

from collections.abc import Callable

import numpy as np

from cnnbook.checks import (
    Array,
    check_finite,
    check_real,
    check_rng,
)
from cnnbook.layers import Layer, Parameter
from cnnbook.losses import Loss

# The last step of all is 4^-20 of the first, about 10^-12.
LEVELS = 21
# What is smaller is zero to this check: a product with it underflows.
SMALLEST = 1e-290


def numerical_gradient(
    f: Callable[[], Array],
    x: Array,
    weights: Array,
    steps: Array | float | None = None,
) -> Array:
    """Differentiate the sum of ``weights * f()`` with respect to every entry of ``x``.

    The derivatives are the central quotients of @eq-central-quotient. Each entry is moved by +h
    and by -h in place, and put back. The two outputs are subtracted before they are weighted and
    summed: outputs that do not depend on the entry then cancel exactly, instead of leaving their
    rounding errors behind.

    Parameters
    ----------
    f : callable
        Computes an array from the present content of ``x``.
    x : np.ndarray
        What to differentiate with respect to; the same numbers afterwards.
    weights : np.ndarray
        One weight per output: the upstream gradient.
    steps : float or np.ndarray, optional
        h, one for all or one per entry. By default the cube root of the machine epsilon, near
        the best step of @eq-best-step, times the size of the entry where that is above 1.

    Returns
    -------
    np.ndarray of the shape and dtype of ``x``
        The central differences (f(x + h) - f(x - h)) / 2h.

    References
    ----------
    .. [1] P. E. Gill, W. Murray and M. H. Wright, "Practical Optimization", Academic Press, 1981,
       ISBN 978-0-12-283952-8, section 8.6.

    Examples
    --------
    >>> x = np.array([1.0, 3.0])
    >>> numerical_gradient(lambda: x**2, x, weights=np.array([1.0, 10.0]))
    array([ 2., 60.])
    """
    if steps is None:
        epsilon = np.finfo(x.dtype).eps
        steps = np.cbrt(epsilon) * np.maximum(1, abs(x))
    h = np.broadcast_to(np.asarray(steps, x.dtype), x.shape)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        try:
            x[index] = right = kept + h[index]
            above = f().copy()  # f may return a view of x
            x[index] = left = kept - h[index]
            difference = np.sum(weights * (above - f()))
            # right - left is 2h, as rounded.
            gradient[index] = difference / (right - left)
        finally:
            x[index] = kept
    return gradient


def complex_step_gradient(
    f: Callable[[Array], Array], x: Array, weights: Array
) -> Array:
    """Differentiate the sum of ``weights * f(x)`` by steps along the imaginary axis.

    f(x + ih) = f(x) + i h f'(x) + O(h^2), so that the imaginary part over h is the derivative,
    @eq-complex-step.
    Nothing is subtracted: h can be so small that only the rounding of f itself is left.

    Parameters
    ----------
    f : callable
        An analytic function that takes complex arrays, free of absolute values and conjugates.
    x : np.ndarray of real numbers
        Where to differentiate.
    weights : np.ndarray
        One weight per output: the upstream gradient.

    Returns
    -------
    np.ndarray of the shape of ``x``, float64
        The gradient.

    References
    ----------
    .. [1] W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real
       functions", SIAM Review 40 (1998), https://doi.org/10.1137/S003614459631241X.

    Examples
    --------
    >>> complex_step_gradient(np.exp, np.array([0.0, 1.0]), weights=np.ones(2)).round(3)
    array([1.   , 2.718])
    """
    h = 1e-100
    z = x.astype(np.complex128)
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        z[index] += 1j * h
        gradient[index] = np.sum(weights * f(z).imag) / h
        z[index] = x[index]
    return gradient


def extrapolated_gradient(
    f: Callable[[], Array],
    x: Array,
    weights: Array,
    steps: Array,
    delta: float,
) -> tuple[Array, Array]:
    """Differentiate like `numerical_gradient`, at steps quartered until rounding takes over.

    Each step adds a row to a table of estimates: the central quotients, and beside them
    @eq-extrapolation, which makes of two neighbours one without their leading error. What an
    estimate may still be wrong by is taken to be its difference from the coarser neighbour, and
    what rounding may have done to it, ``delta`` over the step. The estimate for which the sum of
    both is least, in the worst entry, is returned; no shorter step is tried once its rounding
    alone would be more.

    Parameters
    ----------
    f : callable
        Computes an array from the present content of ``x``.
    x : np.ndarray
        What to differentiate with respect to; the same numbers afterwards.
    weights : np.ndarray
        One weight per output: the upstream gradient.
    steps : np.ndarray of the shape of ``x``
        The longest step of each entry.
    delta : float
        By how much a computed value of the sum of ``weights * f()`` may be off.

    Returns
    -------
    gradient, rounding : np.ndarray of the shape of ``x``
        The estimates, and ``delta`` over the steps that they were made with.

    Raises
    ------
    ValueError
        If there is no step at which all quotients are finite.

    References
    ----------
    .. [1] C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in
       Engineering Software 4 (1982), https://doi.org/10.1016/S0141-1195(82)80057-0.

    Examples
    --------
    >>> x = np.array([1.0, 3.0])
    >>> gradient, rounding = extrapolated_gradient(
    ...     lambda: np.exp(x), x, np.ones(2), np.ones(2), delta=1e-15
    ... )
    >>> bool(abs(gradient - np.exp(x)).max() < 1e-11)
    True
    """
    row: list[Array] = []
    least = np.inf
    for _ in range(LEVELS):
        rounding = delta / steps
        finer = [numerical_gradient(f, x, weights, steps)]
        for k, coarse in enumerate(row, start=1):
            # @eq-extrapolation
            gain = (finer[-1] - coarse) / (16**k - 1)
            finer.append(finer[-1] + gain)
            error = np.max(abs(finer[-1] - coarse) + rounding)
            if error < least:
                least, best = error, (finer[-1], rounding)
        if rounding.max() >= least:
            break
        row, steps = finer, steps / 4
    if least == np.inf:
        raise ValueError("f: expected finite numbers near x")
    return best


def relative_error(
    analytic: Array, numerical: Array, rounding: Array | float = 0.0
) -> float:
    """Compare two gradients entry by entry and return the largest relative error.

    The error of an entry is @eq-relative-error: the difference is divided by the larger of the
    two entries, or by a hundredth of the largest entry of all if both are smaller than that. An
    entry which is zero but for rounding has no relative error worth the name. A difference that
    rounding explains counts as none.

    Parameters
    ----------
    analytic, numerical : np.ndarray of one shape
        The two gradients.
    rounding : float or np.ndarray
        How far an entry may be off by rounding, one for all or one per entry; 0 by default.

    Returns
    -------
    float
        0 if they are equal; NaN if one of them holds a NaN.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    0.2
    >>> [relative_error(both, both) for both in (np.zeros(2), np.full(1, np.inf))]
    [0.0, nan]
    >>> round(relative_error(np.array([100.0, 0.0]), np.array([100.0, 0.5])), 12)
    0.5
    """
    if analytic.shape != numerical.shape:
        raise ValueError(
            f"analytic: expected shape {numerical.shape}; "
            f"got {analytic.shape}"
        )
    size = np.maximum(abs(analytic), abs(numerical))
    size = np.maximum(size, 0.01 * size.max())
    # Infinity in both is no agreement: the result is NaN.
    with np.errstate(invalid="ignore"):
        difference = abs(analytic - numerical)
    # A comparison with NaN is false, so that NaN is kept.
    error = difference / np.where(size == 0, 1, size)
    return float(np.max(np.where(difference <= rounding, 0, error)))


def check_layer(
    layer: Layer, x: Array, rng: np.random.Generator
) -> float:
    """Compare a layer's gradients with central differences, over all entries: a gradcheck.

    The loss is the sum of the layer's output, weighted with random numbers: the weights are the
    upstream gradient. All ones would be blind to a kernel gradient computed by convolution
    instead of cross-correlation. Everything is computed in float64: the numbers of a float32 layer
    are numbers of float64 too, and a gradient that is right for them is right.

    Parameters
    ----------
    layer : Layer
        The layer; a whole network is one too. Its ``backward`` is called twice, since it must add.
    x : np.ndarray
        An input. A rectifier's input should keep its distance from 0.
    rng : numpy.random.Generator
        Draws the upstream gradient.

    Returns
    -------
    float
        The largest relative error over the input and all parameters, @eq-relative-error with four
        times the rounding of @eq-rounding over the step: below 1e-7 for a correct layer; below
        1e-2 for one that returns float32 whatever it is given. Parameters and gradients are left
        as they were.

    Raises
    ------
    TypeError
        If ``x`` is not a floating array or ``rng`` not a generator.
    ValueError
        If ``x``, the output or a gradient holds NaN or infinity, or a gradient has another shape
        than what it belongs to.

    Examples
    --------
    >>> from cnnbook.layers import Sigmoid
    >>> rng = np.random.default_rng(0)
    >>> check_layer(Sigmoid(), rng.standard_normal((2, 3)), rng) < 1e-7
    True
    """
    check_real("x", x)
    check_finite("x", x)
    check_rng(rng)
    parameters = layer.parameters()
    kept = [(each.value, each.gradient) for each in parameters]
    try:
        for each in parameters:
            each.value = np.asarray(each.value, np.float64)
            each.gradient = np.zeros(each.value.shape)
        return _check(layer, x.astype(np.float64), parameters, rng)
    finally:
        for each, (value, gradient) in zip(
            parameters, kept, strict=True
        ):
            each.value, each.gradient = value, gradient


def _check(
    layer: Layer,
    x: Array,
    parameters: list[Parameter],
    rng: np.random.Generator,
) -> float:
    """Run both passes, take the differences and compare."""
    y = layer.forward(x)
    check_real("layer.forward(x)", y)
    check_finite("layer.forward(x)", y)
    upstream = rng.standard_normal(y.shape).astype(y.dtype)
    # Twice, each time forward and backward: a gradient that is not
    # added is then half of what it should be.
    for _ in range(2):
        layer.forward(x)
        grad_x = np.array(layer.backward(upstream.copy()))
    compared = [("x", x, _longest_steps(x), grad_x)]
    for k, each in enumerate(parameters):
        name = f"layer.parameters()[{k}], {each.name}"
        steps, gradient = _longest_steps(each.value), each.gradient / 2
        compared.append((name, each.value, steps, gradient))
    return _largest_error(lambda: layer.forward(x), upstream, compared)


def _longest_steps(x: Array) -> Array:
    """Return the steps to begin with: an eighth of the largest entry, or of 1."""
    return np.full(x.shape, np.maximum(1, abs(x).max()) / 8)


def _largest_error(
    f: Callable[[], Array],
    weights: Array,
    compared: list[tuple[str, Array, Array, Array]],
) -> float:
    """Compare gradients with differences: of each array its name, itself, steps, gradient."""
    for name, array, _, gradient in compared:
        if gradient.shape != array.shape:
            raise ValueError(
                f"gradient of {name}, analytic: expected shape "
                f"{array.shape}; got {gradient.shape}"
            )
        check_finite(f"gradient of {name}", gradient)
    y = f()
    epsilon = float(np.finfo(y.dtype).eps)
    factors = [(weights, y), *((x, g) for _, x, _, g in compared)]
    # @eq-rounding
    delta = sum(np.sum(abs(epsilon * a * b)) for a, b in factors)
    errors = []
    for _, array, steps, gradient in compared:
        # A long step may lead to where f has no value.
        with np.errstate(all="ignore"):
            numerical, rounding = extrapolated_gradient(
                f, array, weights, steps, float(delta)
            )
        granted = 4 * rounding + SMALLEST
        errors.append(relative_error(gradient, numerical, granted))
    return float(np.max(errors))


def check_loss(loss: Loss, predictions: Array, targets: Array) -> float:
    """Compare a loss's gradient with central differences, over all entries.

    Parameters
    ----------
    loss : Loss
        The loss.
    predictions : np.ndarray
        Probabilities strictly between 0 and 1, or logits if ``loss.from_logits``.
    targets : np.ndarray of the same shape
        The targets.

    Returns
    -------
    float
        The largest relative error, as in `check_layer`: below 1e-7 for a correct gradient.

    Raises
    ------
    TypeError
        If ``predictions`` is not a floating array.
    ValueError
        If a probability is not strictly between 0 and 1, where no difference can be centred, or
        if the predictions or the gradient hold NaN or infinity.

    Examples
    --------
    >>> from cnnbook.losses import BinaryCrossEntropy
    >>> check_loss(BinaryCrossEntropy(), np.array([[0.2, 0.9]]), np.array([[0, 1]])) < 1e-7
    True
    """
    check_real("predictions", predictions)
    check_finite("predictions", predictions)
    p = predictions.astype(np.float64)
    steps = _longest_steps(p)
    if not getattr(loss, "from_logits", False):
        # No step leads to 0 or 1, where the logarithms end.
        room = np.minimum(p, 1 - p)
        if not (room > 0).all():
            raise ValueError(
                "predictions: expected probabilities "
                "strictly between 0 and 1"
            )
        steps = room / 2

    def mean_loss() -> Array:
        """Compute the loss of the predictions as they are now."""
        return np.array(loss.forward(p, targets))

    loss.forward(p, targets)
    compared = [("predictions", p, steps, loss.backward())]
    return _largest_error(mean_loss, np.ones(()), compared)
