"""Chapter 9: how to trust a gradient.

Central differences need nothing but the forward pass. Their error has two parts: cutting off the
Taylor series costs O(h^2), and rounding costs about eps/h, so that the best step is near the cube
root of the machine epsilon, and about two thirds of the digits are right.
"""

from collections.abc import Callable

import numpy as np

from cnnbook.checks import (
    Array,
    check_axes,
    check_finite,
    check_rng,
)
from cnnbook.layers import Layer
from cnnbook.losses import Loss


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
        the best step of @eq-best-step.

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
        steps = np.cbrt(np.finfo(x.dtype).eps)
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


def relative_error(analytic: Array, numerical: Array) -> float:
    """Compare two gradients entry by entry and return the largest relative error.

    The error of an entry is @eq-relative-error: the difference is divided by the larger of the
    two entries, or by a hundredth of the largest entry of all if both are smaller than that. An
    entry which is zero but for rounding has no relative error worth the name.

    Parameters
    ----------
    analytic, numerical : np.ndarray of one shape
        The two gradients.

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
        return float(np.max(difference / np.where(size == 0, 1, size)))


def check_layer(
    layer: Layer, x: Array, rng: np.random.Generator
) -> float:
    """Compare a layer's gradients with central differences, over all entries: a gradcheck.

    The loss is the sum of the layer's output, weighted with random numbers: the weights are the
    upstream gradient. All ones would be blind to a kernel gradient computed by convolution
    instead of cross-correlation.

    Parameters
    ----------
    layer : Layer
        The layer; a whole network is one too.
    x : np.ndarray
        An input, best in float64. A rectifier's input should keep its distance from 0.
    rng : numpy.random.Generator
        Draws the upstream gradient.

    Returns
    -------
    float
        The largest relative error over the input and all parameters: below 1e-7 in float64 and
        1e-2 in float32 for a correct layer. Parameters and gradients are left as they were.

    Raises
    ------
    TypeError
        If ``x`` is not a floating array or ``rng`` not a generator.
    ValueError
        If ``x`` holds NaN or infinity.

    Examples
    --------
    >>> from cnnbook.layers import Sigmoid
    >>> rng = np.random.default_rng(0)
    >>> check_layer(Sigmoid(), rng.standard_normal((2, 3)), rng) < 1e-7
    True
    """
    check_axes("x: ...", x)
    if x.size == 0:
        raise ValueError(
            f"x: expected no empty axis; got shape {x.shape}"
        )
    check_finite("x", x)
    check_rng(rng)
    x = x.copy()
    y = layer.forward(x)
    upstream = rng.standard_normal(y.shape).astype(y.dtype)
    parameters = layer.parameters()
    before = [parameter.gradient.copy() for parameter in parameters]
    grad_x = np.array(layer.backward(upstream))

    def error(gradient: Array, array: Array) -> float:
        """Compare the gradient with respect to an array with differences."""
        numerical = numerical_gradient(
            lambda: layer.forward(x), array, upstream
        )
        return relative_error(gradient, numerical)

    errors = [error(grad_x, x)]
    for parameter, old in zip(parameters, before, strict=True):
        errors.append(error(parameter.gradient - old, parameter.value))
        parameter.gradient[...] = old
    return float(np.max(errors))


def check_loss(loss: Loss, predictions: Array, targets: Array) -> float:
    """Compare a loss's gradient with central differences, over all entries.

    Parameters
    ----------
    loss : Loss
        The loss.
    predictions : np.ndarray
        Probabilities strictly between 0 and 1, or logits if ``loss.from_logits``; best float64.
    targets : np.ndarray of the same shape
        The targets.

    Returns
    -------
    float
        The largest relative error: below 1e-7 in float64 for a correct gradient.

    Raises
    ------
    TypeError
        If ``predictions`` is not a floating array.
    ValueError
        If a probability is not strictly between 0 and 1, where no difference can be centred.

    Examples
    --------
    >>> from cnnbook.losses import BinaryCrossEntropy
    >>> check_loss(BinaryCrossEntropy(), np.array([[0.2, 0.9]]), np.array([[0, 1]])) < 1e-7
    True
    """
    check_axes("predictions: ...", predictions)
    check_finite("predictions", predictions)
    p = predictions.copy()
    h = np.full_like(p, np.finfo(p.dtype).eps ** (1 / 5))
    if not getattr(loss, "from_logits", False):
        # The curvature near 0 and 1 grows as the room shrinks.
        room = np.minimum(p, 1 - p)
        if not (room > 0).all():
            raise ValueError(
                "predictions: expected probabilities "
                "strictly between 0 and 1"
            )
        h *= room

    def mean_loss() -> Array:
        """Compute the loss of the predictions as they are now."""
        return np.array(loss.forward(p, targets))

    once, twice = (
        numerical_gradient(mean_loss, p, np.ones(()), k * h)
        for k in (1, 2)
    )
    loss.forward(p, targets)
    # Richardson's extrapolation, @eq-richardson: the h^2 terms of the
    # two differences cancel, so that h may be large, and the rounding
    # error of a mean over many entries small.
    return relative_error(loss.backward(), (4 * once - twice) / 3)
