"""The sentences with which every public function refuses an argument that it cannot use.

Each says the argument's name, what was expected and what came, shapes printed.
"""

import math
import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

FLOATING = "float32 or float64"
# By the type, not the dtype: the byte order does not matter, and long
# double is refused where it is as long as double, too.
REAL = np.float32, np.float64

Array = NDArray[Any]
Cache = TypeVar("Cache")
Shape = tuple[int, ...]
Pair = tuple[int, int]
Size = int | Pair


@lru_cache
def _letters(axes: str) -> list[tuple[str, tuple[str, ...]]]:
    """Read ``"x: N C, bias: C"`` as the names and the letters of their axes."""
    parts = [part.partition(":") for part in axes.split(",")]
    return [
        (name.strip(), tuple(axes.split())) for name, _, axes in parts
    ]


def check_axes(axes: str, *arrays: Array) -> None:
    """Refuse arrays whose shapes are not those that one line of letters states.

    A letter stands for the same size wherever it occurs. Three dots, once in a shape, stand for
    any number of axes, the same ones wherever they occur. An array is held against those
    before it, so that the line ends with the argument that a reader is most likely to mend.

    Parameters
    ----------
    axes : str
        The name of each argument and the letters of its axes:
        ``"kernels: F C KH KW, bias: F, x: N C H W"``, or ``"y: ..., grad_output: ..."``.
    *arrays : np.ndarray
        The arguments, in this order. Arrays of complex128 pass, because the complex step of
        chapter 9 needs them.

    Raises
    ------
    TypeError
        If an argument is not a NumPy array, or holds other numbers than float32, float64 and
        complex128.
    ValueError
        If it has another number of axes, an empty axis that has a letter, or another size than an
        argument before it.

    Examples
    --------
    >>> check_axes("x: N in, weights: in out", np.ones((5, 3)), np.ones((4, 2)))
    Traceback (most recent call last):
        ...
    ValueError: weights: expected shape (3, out), to fit x of shape (5, 3); got (4, 2)
    """
    known: dict[str, Any] = {}  # the size that a letter stands for
    first: dict[str, int] = {}  # the argument that said so
    for k, ((name, letters), array) in enumerate(
        zip(_letters(axes), arrays, strict=True)
    ):
        sizes = _sizes(name, letters, array)
        for letter, size in zip(letters, sizes, strict=True):
            if known.setdefault(letter, size) != size:
                said = first[letter]
                whose, shape = (
                    _letters(axes)[said][0],
                    arrays[said].shape,
                )
                expected = [
                    known[other] if first.get(other, k) < k else other
                    for other in letters
                ]
                raise ValueError(
                    f"{name}: expected shape {_written(expected)}, "
                    f"to fit {whose} of shape {shape}; got {array.shape}"
                )
            first.setdefault(letter, k)


def _sizes(
    name: str, letters: tuple[str, ...], array: Array
) -> tuple[Any, ...]:
    """Return the size of each letter, for the dots a tuple; refuse what has no such axes."""
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name}: expected a NumPy array"
            f"{'' if letters == ('...',) else ' of shape ' + _written(letters)}; "
            f"got {type(array).__name__}"
        )
    if array.dtype.type not in (*REAL, np.complex128):
        raise TypeError(
            f"{name}: expected {FLOATING}; got {array.dtype} of shape {array.shape} "
            f"(convert with {name}.astype(np.float32))"
        )
    dots = "..." in letters
    named = len(letters) - dots
    if array.ndim < named or (array.ndim > named and not dots):
        count = f"{named} or more" if dots else f"{named}"
        raise ValueError(
            f"{name}: expected {count} axes {_written(letters)}; "
            f"got shape {array.shape}"
        )
    if array.size == 0 and named:
        raise ValueError(
            f"{name}: expected no empty axis in {_written(letters)}; "
            f"got shape {array.shape}"
        )
    if not dots:
        return array.shape
    at, shape = letters.index("..."), array.shape
    end = at + array.ndim - named
    return *shape[:at], shape[at:end], *shape[end:]


def _written(sizes: Sequence[Any]) -> str:
    """Write sizes and letters as a shape is written; what the dots stand for without brackets."""
    parts: list[str] = []
    for size in sizes:
        parts += map(str, size if isinstance(size, tuple) else [size])
    return f"({', '.join(parts)}{',' if len(parts) == 1 and parts[0].isdigit() else ''})"


def check_shape(
    name: str, array: Array, expected: tuple[int, ...], because: str
) -> None:
    """Refuse anything but an array of float32 or float64 of exactly the expected shape.

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
        If ``array`` is not a NumPy array of float32 or float64.
    ValueError
        If its shape differs.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name}: expected a NumPy array of shape {expected}, {because}; "
            f"got {type(array).__name__}"
        )
    if array.dtype.type not in REAL:
        raise TypeError(
            f"{name}: expected {FLOATING}; got {array.dtype}"
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
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        count = operator.index(value)
    except TypeError:  # an array of several has an __index__ that fails
        raise TypeError(
            f"{name}: expected an integer; got {value!r}"
        ) from None
    if count < minimum:
        raise ValueError(
            f"{name}: expected an integer of at least {minimum}; got {count}"
        )
    return count


def check_pair(name: str, value: Size, minimum: int = 1) -> Pair:
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
    if getattr(value, "ndim", 0):  # an array, of one number or several
        raise TypeError(
            f"{name}: expected an integer or a pair (height, width); "
            f"got {value!r}"
        )
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


def check_fits(name: str, size: Pair, within: Pair, whose: str) -> None:
    """Refuse a window that is higher or wider than what it is moved over.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    size : (int, int)
        Height and width of the window.
    within : (int, int)
        Height and width of the image.
    whose : str
        What that image is, for the message: ``"padded image"``.

    Raises
    ------
    ValueError
        If the window does not fit.
    """
    if size[0] > within[0] or size[1] > within[1]:
        raise ValueError(
            f"{name}: expected at most the {whose}'s (H, W) = {within}; "
            f"got {size}"
        )


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
    number = _as_float(name, value)
    if not 0 < number < math.inf:
        raise ValueError(
            f"{name}: expected a finite number above 0; got {value}"
        )
    return number


def check_not_negative(name: str, value: float) -> float:
    """Return ``value`` as a finite ``float`` that is zero or above.

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
        If it is negative, infinite or not a number.
    """
    number = _as_float(name, value)
    if not 0 <= number < math.inf:
        raise ValueError(
            f"{name}: expected a finite number of at least 0; "
            f"got {value}"
        )
    return number


def check_share(name: str, value: float) -> float:
    """Return ``value`` as a ``float`` from 0 on and below 1: what is kept of something.

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
        If it is below 0, or not below 1.
    """
    number = _as_float(name, value)
    if not 0 <= number < 1:
        raise ValueError(
            f"{name}: expected a number in [0, 1); got {value}"
        )
    return number


def check_flag(name: str, value: object) -> bool:
    """Return ``value`` if it is True or False, and nothing that only passes for one of them.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    value : object
        What came.

    Returns
    -------
    bool
        The same.

    Raises
    ------
    TypeError
        If it is anything else.
    """
    if not isinstance(value, bool):
        raise TypeError(
            f"{name}: expected True or False; got {value!r}"
        )
    return value


def _as_float(name: str, value: float) -> float:
    """Return a real number as a ``float``, infinite if it is too large for one."""
    numbers = (int, float, np.floating, np.integer)
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise TypeError(f"{name}: expected a number; got {value!r}")
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


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
    TypeError
        If they are complex.
    ValueError
        If an entry is not finite.
    """
    if array.dtype.kind == "c":
        raise TypeError(
            f"{name}: expected {FLOATING}; got {array.dtype}"
        )
    # NaN is handed on by both.
    if np.isfinite(array.min()) and np.isfinite(array.max()):
        return
    where = np.argwhere(~np.isfinite(array))
    first = tuple(int(i) for i in where[0])
    raise ValueError(
        f"{name}: expected finite numbers; got {array[first]} at index {first} "
        f"({len(where)} such entries in shape {array.shape})"
    )


def check_real(name: str, array: Array) -> None:
    """Refuse anything but a non-empty array of float32 or float64.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    array : np.ndarray
        What came, of any shape.

    Raises
    ------
    TypeError
        If it is not a NumPy array of float32 or float64.
    ValueError
        If it is empty.
    """
    check_axes(f"{name}: ...", array)
    if array.dtype.kind == "c":
        raise TypeError(
            f"{name}: expected {FLOATING}; got {array.dtype}"
        )
    if array.size == 0:
        raise ValueError(
            f"{name}: expected no empty axis; got {array.shape}"
        )


def check_numbers(name: str, array: Array) -> None:
    """Refuse anything but an array of real numbers: booleans, integers or floating ones.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    array : np.ndarray
        What came, of any shape.

    Raises
    ------
    TypeError
        If it is not a NumPy array, or one of something else.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name}: expected a NumPy array; got {type(array).__name__}"
        )
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name}: expected numbers; got {array.dtype}")


def check_unit_interval(name: str, array: Array) -> None:
    """Refuse numbers outside [0, 1], and say where the first one is; NaN is outside of everything.

    Parameters
    ----------
    name : str
        The argument as the caller knows it.
    array : np.ndarray
        Real numbers of any shape.

    Raises
    ------
    ValueError
        If an entry lies outside.
    """
    outside = ~((array >= 0) & (array <= 1))
    if outside.any():
        first = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            f"{name}: expected numbers in [0, 1]; "
            f"got {array[first]} at index {first}"
        )


def recall(owner: object, cache: Cache | None) -> Cache:
    """Return what ``forward`` remembered, or say that there was no ``forward``.

    Parameters
    ----------
    owner : object
        The layer or loss whose ``backward`` asks.
    cache : object or None
        What its ``forward`` put aside.

    Returns
    -------
    object
        The same, not None.

    Raises
    ------
    RuntimeError
        If ``forward`` was never called.
    """
    if cache is None:
        raise RuntimeError(
            f"{owner!r}: backward was called before forward"
        )
    return cache


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
        raise TypeError(f"dtype: expected {FLOATING}; got {dtype!r}")
    return cast("np.dtype[np.floating]", found)
