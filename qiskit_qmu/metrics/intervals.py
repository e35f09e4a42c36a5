"""Confidence intervals of audit results."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import scipy
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


@final
@dataclass(frozen=True)
class Interval:
    """An estimate and its two-sided confidence limits; NaN for unknown values.

    Example:
        >>> from qiskit_qmu.metrics import Interval
        >>> auc = Interval(0.62, low=0.51, high=0.71)
        >>> print(auc)
        0.620 [0.510, 0.710]
        >>> auc.excludes(0.5), round(auc.spread, 2)
        (True, 0.11)
    """

    value: float = math.nan
    """The estimate; NaN where there is none."""

    low: float = math.nan
    """Lower limit; NaN if it cannot be estimated."""

    high: float = math.nan
    """Upper limit; NaN if it cannot be estimated."""

    level: float = 0.95
    """Confidence level of the limits, between 0 and 1."""

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return math.isfinite(self.value)

    @property
    def has_limits(self) -> bool:
        """Whether there are limits around the estimate."""
        return self.known and math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def spread(self) -> float:
        """The larger distance of a limit from the estimate; NaN without limits."""
        if not self.has_limits:
            return math.nan
        return max(self.high - self.value, self.value - self.low, 0.0)

    def excludes(self, number: float) -> bool:
        """Return whether there are limits and ``number`` lies outside them."""
        return self.has_limits and number not in self

    def __contains__(self, number: float) -> bool:
        """Return whether ``number`` lies within the limits; always False if they are NaN."""
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


UNKNOWN = Interval()
"""The interval of a number that was not measured."""


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Return a proportion and its exact Clopper–Pearson limits.

    An audit bounds a rate from above or below, so the limits must hold at every rate and sample
    size. Clopper–Pearson always keeps its level; Wilson's interval is shorter but keeps it only on
    average, and falls well below it for proportions near 0 or 1, as for unlearned classes. Clopper
    and Pearson, Biometrika 1934, https://doi.org/10.1093/biomet/26.4.404.

    Args:
        successes: Number of successes, ``0 … trials``.
        trials: Number of independent trials, at least one.
        level: Confidence level, between 0 and 1.

    Returns:
        ``successes / trials`` with its limits in [0, 1].

    Raises:
        InputError: If the numbers are not integers in these ranges.

    Example:
        >>> from qiskit_qmu.metrics import binomial_interval
        >>> print(binomial_interval(0, 50))
        0.000 [0.000, 0.071]
    """
    _check.at_least(1, trials=trials)
    _check.at_least(0, successes=successes)
    _check.between(0, trials, successes=successes)
    _check.between(0, 1, level=level)
    tail = (1 - level) / 2
    failures = trials - successes
    low = scipy.stats.beta.ppf(tail, successes, failures + 1) if successes else 0.0
    high = scipy.stats.beta.ppf(1 - tail, successes + 1, failures) if failures else 1.0
    return Interval(successes / trials, float(low), float(high), level)


def mean_interval(values: Sequence[float] | NDArray[np.float64], level: float = 0.95) -> Interval:
    """Return a mean and its Student t limits, for example of one metric over independent seeds.

    A single value says nothing about its spread, so its limits are NaN, shown as unknown in tables,
    rather than of zero width, which would claim certainty.

    Values that are themselves means over many rows are nearly normal, and the limits keep their
    level from two seeds on; for skewed values the coverage is too low (for bounded ones use
    `bounded_mean_interval`). With two values the quantile of t is 12.7, so the limits are wide.

    Args:
        values: Independent finite values, shape (n,), at least one.
        level: Confidence level, between 0 and 1.

    Returns:
        The mean ± t·s/√n with n − 1 degrees of freedom.

    Raises:
        InputError: If there is no value, one is not finite, or they are not one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import mean_interval
        >>> print(mean_interval([0.50, 0.52, 0.54]))
        0.520 [0.470, 0.570]
        >>> print(mean_interval([0.52]))
        0.520 [nan, nan]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InputError(f"values must be one-dimensional, got the shape {array.shape}")
    _check.not_empty(values=array)
    _check.finite(values=array)
    _check.between(0, 1, level=level)
    mean = float(array.mean())
    if len(array) == 1:
        return Interval(mean, float("nan"), float("nan"), level)
    quantile = float(scipy.stats.t.ppf((1 + level) / 2, len(array) - 1))
    half = quantile * float(array.std(ddof=1)) / len(array) ** 0.5
    return Interval(mean, mean - half, mean + half, level)


def difference_interval(first: Interval, second: Interval) -> Interval:
    """Return the difference of two estimates, with limits derived from theirs.

    The distances of the limits are added in quadrature, which keeps the asymmetry of intervals near
    0 and 1 (Newcombe, Statistics in Medicine 1998, 17, 873; named MOVER by Zou and Donner, 2008).
    The two are assumed to be independent: for two models on the same rows the limits are too wide
    rather than too narrow.

    Args:
        first: The estimate to subtract from.
        second: The estimate to subtract.

    Returns:
        The difference; without limits if one of the two has none.

    Example:
        >>> from qiskit_qmu.metrics import binomial_interval, difference_interval
        >>> print(difference_interval(binomial_interval(9, 10), binomial_interval(3, 10)))
        0.600 [0.107, 0.853]
    """
    value = first.value - second.value
    if not (first.has_limits and second.has_limits):
        return Interval(value, level=first.level)
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Interval(value, value - below, value + above, first.level)
