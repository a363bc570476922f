"""Chapter 19: numbers with few digits, steps that are lost between them, and sums."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cnnbook.checks import Array, check_numbers, check_real, check_rng
from cnnbook.optimizers import Optimizer


class Format(NamedTuple):
    """A format of binary floating-point numbers.

    Attributes
    ----------
    digits : int
        p: binary digits of a number, the leading 1 included.
    lowest, highest : int
        The exponents of 2 at the smallest normal and the largest number.

    Examples
    --------
    >>> FLOAT16.largest, BFLOAT16.unit
    (65504.0, 0.00390625)
    """

    digits: int
    lowest: int
    highest: int

    @property
    def unit(self) -> float:
        """The unit roundoff: half the spacing at 1, @eq-unit."""
        return float(2.0**-self.digits)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float((2 - 2 * self.unit) * 2.0**self.highest)


FLOAT64 = Format(53, -1022, 1023)
FLOAT32 = Format(24, -126, 127)
FLOAT16 = Format(11, -14, 15)
BFLOAT16 = Format(8, -126, 127)


def spacing(x: Array, form: Format) -> Array:
    """Return the distance from one number of a format to the next, at every x.

    That is @eq-spacing: from a power of 2 on, the way up.

    Parameters
    ----------
    x : np.ndarray of any shape
        Numbers of float32 or float64, not only those of the format.
    form : Format
        The format, no wider than that of ``x``.

    Returns
    -------
    np.ndarray of the same shape
        Powers of 2. Below the smallest normal number the spacing shrinks no more.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not an array of float32 or float64, or empty, or has fewer digits than the
        format.

    Examples
    --------
    >>> spacing(np.array([1.0, 1.9, 2.0, 300.0, 0.0]), BFLOAT16)
    array([7.81250000e-03, 7.81250000e-03, 1.56250000e-02, 2.00000000e+00,
           9.18354962e-41])
    """
    check_real("x", x)
    most = np.finfo(x.dtype).nmant + 1
    if form.digits > most:
        raise ValueError(
            f"form: expected at most {most} digits, as {x.dtype} has; "
            f"got {form.digits}"
        )
    # frexp gives x as m 2^e with m from 1/2 up to 1, and 0 as 0 2^0.
    exponent = np.where(x == 0, form.lowest, np.frexp(x)[1] - 1)
    # @eq-spacing
    exponent = np.maximum(exponent, form.lowest) - form.digits + 1
    return np.ldexp(np.ones_like(x), exponent)


def round_to_nearest(x: Array, form: Format) -> Array:
    """Round to the nearest number of a format, of two as near to the even one.

    Parameters
    ----------
    x : np.ndarray of any shape
        Numbers of float32 or float64.
    form : Format
        The format, no wider than that of ``x``.

    Returns
    -------
    np.ndarray of the same shape and dtype
        Numbers of the format. What would need a higher exponent than there is becomes infinite.

    Raises
    ------
    TypeError, ValueError
        As `spacing` does.

    References
    ----------
    .. [1] IEEE Standard for Floating-Point Arithmetic, IEEE 754-2019, section 4.3.1,
       https://doi.org/10.1109/IEEESTD.2019.8766229.

    Examples
    --------
    >>> round_to_nearest(np.array([257.0, 258.9, 259.0]), BFLOAT16)
    array([256., 258., 260.])
    """
    step = spacing(x, form)
    with np.errstate(over="ignore"):  # infinite, as it should be
        rounded = np.rint(x / step) * step
    return _finite(rounded, x, form)


def round_stochastically(
    x: Array, form: Format, rng: np.random.Generator
) -> Array:
    """Round up or down at random, more often to the nearer side: @eq-up-probability.

    Parameters
    ----------
    x : np.ndarray of any shape
        Numbers of float32 or float64.
    form : Format
        The format, no wider than that of ``x``.
    rng : numpy.random.Generator
        Draws one number for each of ``x``.

    Returns
    -------
    np.ndarray of the same shape and dtype
        Numbers of the format; on average ``x``, @eq-mean-of-roundings. What is one of them stays.
        What would need a higher exponent than there is becomes infinite.

    Raises
    ------
    TypeError, ValueError
        As `spacing` does, and if ``rng`` is no generator.

    References
    ----------
    .. [1] M. Croci et al., "Stochastic rounding: implementation, error analysis and
       applications", 2022, https://doi.org/10.1098/rsos.211631.

    Examples
    --------
    >>> x = np.full(8, 256.5)  # between 256 and 258
    >>> round_stochastically(x, BFLOAT16, np.random.default_rng(0))
    array([256., 256., 258., 258., 256., 256., 256., 256.])
    """
    check_rng(rng)
    step = spacing(x, form)
    with np.errstate(over="ignore", invalid="ignore"):
        below = np.floor(x / step)
        # @eq-up-probability: the way from the number below, in spacings
        up = rng.random(x.shape) < x / step - below
        rounded = (below + up) * step
    return _finite(rounded, x, form)


def _finite(rounded: Array, x: Array, form: Format) -> Array:
    """Put infinity in the place of what the format has no number for, with its sign."""
    over = np.abs(rounded) > form.largest
    return np.where(over, np.copysign(np.inf, x), rounded).astype(
        x.dtype
    )


def bfloat16_nearest(x: Array) -> Array:
    """Round float32 to the nearest bfloat16, which is its upper half: `round_to_nearest`, faster.

    Parameters
    ----------
    x : np.ndarray of any shape
        Numbers of float32.

    Returns
    -------
    np.ndarray of float32 and the same shape
        Numbers whose last 16 bits are 0.

    Raises
    ------
    TypeError
        If ``x`` is not an array of float32.

    Examples
    --------
    >>> bfloat16_nearest(np.array([257.0, 258.9, 259.0], np.float32))
    array([256., 258., 260.], dtype=float32)
    """
    bits = _bits(x)
    # Carries if the lower half is more than half of its range, or
    # half of it and the last bit of the upper half is 1.
    odd = bits >> np.uint32(16) & np.uint32(1)
    carry = odd + np.uint32(0x7FFF)
    return _upper_half(bits + carry, x)


def bfloat16_stochastic(x: Array, rng: np.random.Generator) -> Array:
    """Round float32 to bfloat16 at random, as `round_stochastically` does, faster.

    Parameters
    ----------
    x : np.ndarray of any shape
        Numbers of float32.
    rng : numpy.random.Generator
        Draws 16 bits for each of them.

    Returns
    -------
    np.ndarray of float32 and the same shape
        Numbers whose last 16 bits are 0; on average ``x``.

    Raises
    ------
    TypeError
        If ``x`` is not an array of float32, or ``rng`` no generator.

    Examples
    --------
    >>> x = np.full(8, 256.5, np.float32)
    >>> bfloat16_stochastic(x, np.random.default_rng(0))
    array([258., 256., 256., 256., 256., 256., 256., 256.], dtype=float32)
    """
    check_rng(rng)
    bits = _bits(x)
    # Of the 2^16 numbers that can be drawn, as many carry as the
    # lower half says.
    carry = rng.integers(0, 1 << 16, x.shape, dtype=np.uint32)
    return _upper_half(bits + carry, x)


def _bits(x: Array) -> Array:
    """Return the bits of float32 numbers as integers."""
    if not isinstance(x, np.ndarray) or x.dtype != np.float32:
        came = getattr(x, "dtype", type(x).__name__)
        raise TypeError(
            f"x: expected a NumPy array of float32; got {came}"
        )
    return x.view(np.uint32)


def _upper_half(bits: Array, x: Array) -> Array:
    """Cut the lower half of the bits off; leave what is infinite or no number as it is."""
    rounded = (bits & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isfinite(x), rounded, x)


class Rounded(Optimizer):
    """An optimiser whose parameters are rounded at the start and after each step.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the steps, in the dtype of the parameters.
    rounding : callable
        Takes an array and returns one of the same shape: `bfloat16_nearest`, say.

    Raises
    ------
    TypeError
        If ``optimizer`` is none.

    Examples
    --------
    >>> from cnnbook.layers import Parameter
    >>> from cnnbook.optimizers import SGD
    >>> w = Parameter("weights", np.array([300.0, 1.0], np.float32))
    >>> optimizer = Rounded(SGD([w], learning_rate=0.5), bfloat16_nearest)
    >>> w.gradient += 1
    >>> optimizer.step()
    >>> w.value  # the spacing of bfloat16 is 2 at 300, and 1/256 at 0.5
    array([300. ,   0.5], dtype=float32)
    """

    def __init__(
        self, optimizer: Optimizer, rounding: Callable[[Array], Array]
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"optimizer: expected an Optimizer; got {optimizer!r}"
            )
        super().__init__(optimizer.parameters, optimizer.learning_rate)
        self.optimizer = optimizer
        self.rounding = rounding
        self._round()

    def step(self) -> None:
        """Take a step, then round every parameter."""
        self.optimizer.learning_rate = self.learning_rate
        self.optimizer.step()
        self._round()

    def _round(self) -> None:
        """Put the rounded numbers in the place of the parameters."""
        for parameter in self.parameters:
            parameter.value[...] = self.rounding(parameter.value)


def sum_in_order(x: Array) -> np.floating:
    """Add up one number after the other.

    The error is @eq-sum-errors, at most @eq-bound-of-sum.

    Parameters
    ----------
    x : np.ndarray of shape (n,)
        Numbers of any floating dtype, at least one. Every sum is rounded to it.

    Returns
    -------
    np.floating
        The sum, in the dtype of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is not an array of floating numbers.
    ValueError
        If it is empty or has another number of axes.

    Examples
    --------
    >>> float(sum_in_order(np.ones(5000, np.float16)))
    2048.0
    """
    _check_terms(x)
    total = x[0]
    for term in x[1:]:
        total = total + term
    return total


def sum_in_pairs(x: Array) -> np.floating:
    """Add up neighbours, then the sums of neighbours, until one is left.

    The error is at most @eq-bound-of-sum with few additions for each term.

    Parameters
    ----------
    x : np.ndarray of shape (n,)
        As in `sum_in_order`.

    Returns
    -------
    np.floating
        The sum, in the dtype of ``x``.

    Raises
    ------
    TypeError, ValueError
        As `sum_in_order` does.

    Examples
    --------
    >>> float(sum_in_pairs(np.ones(5000, np.float16)))
    5000.0
    """
    _check_terms(x)
    while len(x) > 1:
        last = x[len(x) // 2 * 2 :]  # the odd one waits
        x = np.concatenate([x[:-1:2] + x[1::2], last])
    return x[0]


def sum_compensated(x: Array) -> np.floating:
    """Add up in order, and take from each term what the sum before has gained by rounding.

    The error is at most about 2 @eq-unit times the sum of the sizes, while their number times
    that unit is small.

    Parameters
    ----------
    x : np.ndarray of shape (n,)
        As in `sum_in_order`.

    Returns
    -------
    np.floating
        The sum, in the dtype of ``x``.

    Raises
    ------
    TypeError, ValueError
        As `sum_in_order` does.

    References
    ----------
    .. [1] W. Kahan, "Further remarks on reducing truncation errors", 1965,
       https://doi.org/10.1145/363707.363723.

    Examples
    --------
    >>> float(sum_compensated(np.ones(5000, np.float16)))
    5000.0
    """
    _check_terms(x)
    total, gained = x[0], x.dtype.type(0)
    for term in x[1:]:
        due = term - gained
        new = total + due
        gained = (new - total) - due
        total = new
    return total


def _check_terms(x: Array) -> None:
    """Refuse what is no row of floating numbers."""
    check_numbers("x", x)
    if x.dtype.kind != "f":
        raise TypeError(f"x: expected floating numbers; got {x.dtype}")
    if x.ndim != 1 or not x.size:
        raise ValueError(
            f"x: expected one axis, not empty; got shape {x.shape}"
        )
