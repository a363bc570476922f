"""The sentences with which every public function refuses an argument that it cannot use.

Each says the argument's name, what was expected and what came, shapes printed.
"""

import math
import operator
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

type_names = "float32 or float64"

Array = NDArray[Any]
Size = int | tuple[int, int]


def check_array(name: str, array: Array, axes: str) -> None:
    """Refuse anything but a non-empty floating array with the given axes.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    array : np.ndarray
        What came. Complex arrays pass, because the complex step needs them.
    axes : str
        The letters of the expected axes, separated by spaces: ``"N C H W"``.

    Raises
    ------
    TypeError
        If ``array`` is not a NumPy array, or holds integers, booleans or objects.
    ValueError
        If it has another number of axes, or one of its axes is empty.
    """
    expected = f"({', '.join(axes.split())})"
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name}: expected a NumPy array of shape {expected}; got {type(array).__name__}"
        )
    if array.dtype.kind not in "fc":
        raise TypeError(
            f"{name}: expected {type_names}; got {array.dtype} of shape {array.shape} "
            f"(convert with {name}.astype(np.float32))"
        )
    if array.ndim != len(axes.split()):
        raise ValueError(
            f"{name}: expected {len(axes.split())} axes {expected}; got shape {array.shape}"
        )
    if array.size == 0:
        raise ValueError(
            f"{name}: expected no empty axis in {expected}; got shape {array.shape}"
        )


def check_shape(
    name: str, array: Array, expected: tuple[int, ...], because: str
) -> None:
    """Refuse anything but a floating array of exactly the expected shape.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    array : np.ndarray
        What came.
    expected : tuple of int
        The shape that fits.
    because : str
        Where that shape comes from, for the message: ``"the shape of forward's output"``.

    Raises
    ------
    TypeError
        If ``array`` is not a floating NumPy array.
    ValueError
        If its shape differs.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name}: expected a NumPy array of shape {expected}, {because}; "
            f"got {type(array).__name__}"
        )
    if array.dtype.kind not in "fc":
        raise TypeError(
            f"{name}: expected {type_names}; got {array.dtype}"
        )
    if array.shape != expected:
        raise ValueError(
            f"{name}: expected shape {expected}, {because}; got {array.shape}"
        )


def check_count(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an ``int`` not smaller than ``minimum``.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    value : int
        What came; a NumPy integer will do, a boolean or a float will not.
    minimum : int
        The smallest value that makes sense.

    Returns
    -------
    int
        The same number as a Python ``int``.

    Raises
    ------
    TypeError
        If ``value`` is not an integer.
    ValueError
        If it is smaller than ``minimum``.
    """
    logical = isinstance(value, (bool, np.bool_))
    if logical or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected an integer; got {value!r}")
    count = operator.index(value)
    if count < minimum:
        raise ValueError(
            f"{name}: expected an integer of at least {minimum}; got {count}"
        )
    return count


def check_pair(
    name: str, value: Size, minimum: int = 1
) -> tuple[int, int]:
    """Return ``value``, an integer or a (height, width) pair, as a pair.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    value : int or (int, int)
        One number for both directions, or height and width.
    minimum : int
        The smallest value that makes sense.

    Returns
    -------
    tuple of int
        Height and width.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If a number is smaller than ``minimum``, or there are not two of them.

    Examples
    --------
    >>> check_pair("stride", 2)
    (2, 2)
    >>> check_pair("padding", (0, 1), minimum=0)
    (0, 1)
    """
    if not isinstance(value, (tuple, list)):
        count = check_count(name, value, minimum)
        return count, count
    if len(value) != 2:
        raise ValueError(
            f"{name}: expected an integer or a pair (height, width); got {value!r}"
        )
    height = check_count(name, value[0], minimum)
    width = check_count(name, value[1], minimum)
    return height, width


def check_positive(name: str, value: float) -> float:
    """Return ``value`` as a finite ``float`` above zero.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    value : float
        What came.

    Returns
    -------
    float
        The same number.

    Raises
    ------
    TypeError
        If ``value`` is not a real number.
    ValueError
        If it is zero, negative, infinite or not a number.
    """
    numbers = (int, float, np.floating, np.integer)
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise TypeError(f"{name}: expected a number; got {value!r}")
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not 0 < number < math.inf:
        raise ValueError(
            f"{name}: expected a finite number above 0; got {value}"
        )
    return number


def check_finite(name: str, array: Array) -> None:
    """Refuse an array that holds NaN or infinity, and say where the first one is.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    array : np.ndarray
        Any non-empty array of real numbers.

    Raises
    ------
    ValueError
        If an entry is not finite.
    """
    # NaN is handed on by both.
    if np.isfinite(array.min()) and np.isfinite(array.max()):
        return
    where = np.argwhere(~np.isfinite(array))
    first = tuple(int(i) for i in where[0])
    raise ValueError(
        f"{name}: expected finite numbers; got {array[first]} at index {first} "
        f"({len(where)} such entries in shape {array.shape})"
    )


def check_floating(name: str, array: Array) -> None:
    """Refuse anything but an array of real or complex floating-point numbers.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    array : np.ndarray
        What came, of any shape.

    Raises
    ------
    TypeError
        If it is not a floating NumPy array.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name}: expected a NumPy array; got {type(array).__name__}"
        )
    if array.dtype.kind not in "fc":
        raise TypeError(
            f"{name}: expected {type_names}; got {array.dtype}"
        )


def check_rng(rng: np.random.Generator) -> None:
    """Refuse anything but a ``numpy.random.Generator``.

    Parameters
    ----------
    rng : numpy.random.Generator
        What came.

    Raises
    ------
    TypeError
        If it is something else, a bare seed for instance.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng: expected a numpy.random.Generator; got {rng!r} "
            "(make one with np.random.default_rng(seed))"
        )


def check_dtype(dtype: DTypeLike) -> np.dtype[np.floating]:
    """Return ``dtype`` as a NumPy dtype, float32 or float64.

    Parameters
    ----------
    dtype : dtype-like
        What came.

    Returns
    -------
    numpy.dtype
        The same as a dtype object.

    Raises
    ------
    TypeError
        If it is another type.
    """
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if dtype is None or found not in (np.float32, np.float64):
        raise TypeError(f"dtype: expected {type_names}; got {dtype!r}")
    return cast("np.dtype[np.floating]", found)
