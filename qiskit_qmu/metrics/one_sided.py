"""One-sided bounds, for questions with one answer that matters: "at most" or "at least"."""

from collections.abc import Callable

from qiskit_qmu import _check
from qiskit_qmu.metrics.intervals import Interval

IntervalAtLevel = Callable[[float], Interval]
"""An interval of the same data at any confidence level."""


def upper_bound(interval: IntervalAtLevel, level: float = 0.95) -> float:
    """Return the number that a quantity exceeds with a probability of at most 1 − level.

    A two-sided interval divides its error between both sides; a bound spends all of it on one. It
    is the upper end of the two-sided interval at ``2·level − 1``.

    Args:
        interval: Function of the confidence level that returns a two-sided interval with equal
            tails, as all of this package do.
        level: Confidence level of the bound, above ½.

    Returns:
        The bound; NaN if the interval has no limits.

    Raises:
        InputError: If the level lies outside [½, 1].

    Example:
        >>> from functools import partial
        >>> from qiskit_qmu.metrics import binomial_interval, upper_bound
        >>> round(upper_bound(partial(binomial_interval, 0, 59)), 3)  # 0 of 59: at most 5 %
        0.05
    """
    return _two_sided(interval, level).high


def lower_bound(interval: IntervalAtLevel, level: float = 0.95) -> float:
    """Return the number that a quantity falls below with a probability of at most 1 − level.

    Args:
        interval: Function of the confidence level that returns a two-sided interval with equal
            tails, as all of this package do.
        level: Confidence level of the bound, above ½.

    Returns:
        The bound; NaN if the interval has no limits.

    Raises:
        InputError: If the level lies outside [½, 1].

    Example:
        >>> from functools import partial
        >>> from qiskit_qmu.metrics import binomial_interval, lower_bound
        >>> round(lower_bound(partial(binomial_interval, 59, 59)), 3)
        0.95
    """
    return _two_sided(interval, level).low


def _two_sided(interval: IntervalAtLevel, level: float) -> Interval:
    _check.between(0.5, 1, level=level)
    return interval(2 * level - 1)
