"""A number that may be missing, with a 95 % interval that may be missing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number and its 95 % interval; NaN stands for what is not known.

    Args:
        value: The number.
        low: Lower end of its interval.
        high: Upper end of its interval.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return math.isfinite(self.value)

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval around the number."""
        return self.known and math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def spread(self) -> float:
        """The longer arm of the interval, NaN without one."""
        if not self.has_interval:
            return math.nan
        return max(self.high - self.value, self.value - self.low, 0.0)

    def excludes(self, value: float) -> bool:
        """Return whether there is an interval and the value lies outside it."""
        return self.has_interval and not self.low <= value <= self.high


MISSING = Estimate()


def mean_estimate(values: Sequence[float], *, low: float, high: float) -> Estimate:
    """Average over seeds, with a t-interval.

    Args:
        values: One finite number per seed, two or more.
        low: Smallest possible mean; the interval is cut off there.
        high: Largest possible mean.

    Returns:
        The mean and its 95 % interval; no interval where all seeds agree, because then their
        spread of zero says nothing about how far off they may be.
    """
    from qiskit_qmu.metrics.intervals import mean_interval

    interval = mean_interval(values)
    # Differences of equal shares are equal up to rounding only.
    if max(values) - min(values) <= 1e-12 * max(1.0, abs(interval.value)):
        return Estimate(value=interval.value)
    return Estimate(value=interval.value, low=max(interval.low, low), high=min(interval.high, high))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Subtract two estimates by squaring and adding the arms of their intervals.

    It keeps the asymmetry of intervals near 0 and 1 (Newcombe 1998, Statistics in Medicine 17,
    873-890; named MOVER by Zou and Donner 2008). It takes the two as independent, so for two
    models on the same examples it is too wide rather than too narrow.

    Args:
        first: The estimate to subtract from.
        second: The estimate to subtract.

    Returns:
        The difference; without an interval where one of the two has none.
    """
    value = first.value - second.value
    if not (first.has_interval and second.has_interval):
        return Estimate(value=value)
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value=value, low=value - below, high=value + above)
