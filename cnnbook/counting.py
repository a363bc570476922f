"""Chapter 18: how much a count of errors says about images that nobody has counted."""

from math import sqrt

from cnnbook.checks import check_count, check_positive


def wilson_interval(
    errors: int, images: int, z: float = 1.96
) -> tuple[float, float]:
    """Say which error rates are no more than z standard errors away from a count.

    Parameters
    ----------
    errors : int
        How many images were misread.
    images : int
        How many there were.
    z : float
        How many standard errors are allowed: 1.96 for an interval that misses the true rate in
        about one of twenty tests.

    Returns
    -------
    (float, float)
        The least and the largest rate, @eq-wilson.

    Raises
    ------
    TypeError
        If a count is not an integer, or ``z`` not a number.
    ValueError
        If a number is out of range.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22 (1927), 209-212,
       https://doi.org/10.1080/01621459.1927.10502953.

    Examples
    --------
    No error among 96 images, and nobody may conclude that there are none elsewhere:

    >>> low, high = wilson_interval(0, 96, z=2)
    >>> low, round(high, 12)
    (0.0, 0.04)
    """
    images = check_count("images", images)
    errors = check_count("errors", errors, minimum=0)
    if errors > images:
        raise ValueError(
            f"errors: expected at most images, {images}; got {errors}"
        )
    z = check_positive("z", z)
    s, delta = errors / images, z**2 / images
    # @eq-wilson
    middle = s + delta / 2
    reach = sqrt(delta * s * (1 - s) + delta**2 / 4)
    ends = middle - reach, middle + reach
    return ends[0] / (1 + delta), ends[1] / (1 + delta)
