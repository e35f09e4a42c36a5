"""TestedNumber: a number that a verdict may rest on, with what it has where nothing is left."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import final

from qiskit_qmu.metrics import Interval


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TestedNumber:
    """A number, its interval at any level, and the range in which it counts as nothing.

    Attributes:
        key: Key of its column.
        name: What it is, in a few words.
        at_level: Returns its interval at a confidence level.
        low: Lower end of the range of no effect; −∞ where small values are none.
        high: Upper end of that range.
        expected: Value without any effect, in the range or at its end.

    Example:
        >>> from qiskit_qmu.evaluation.tested_number import TestedNumber
        >>> from qiskit_qmu.metrics import binomial_interval
        >>> share = TestedNumber(
        ...     key="share",
        ...     name="share",
        ...     at_level=lambda level: binomial_interval(9, 10, level),
        ...     low=0.45,
        ...     high=0.55,
        ...     expected=0.5,
        ... )
        >>> print(share.interval, round(share.p_value, 3), share.is_nothing)
        0.900 [0.555, 0.997] 0.021 False
    """

    __test__ = False  # (pytest collects classes of this name)

    key: str
    name: str
    at_level: Callable[[float], Interval]
    low: float
    high: float
    expected: float

    @cached_property
    def interval(self) -> Interval:
        """The 95 % interval."""
        return self.at_level(0.95)

    @cached_property
    def p_value(self) -> float:
        """The smallest α at which the 1 − α interval excludes what is expected.

        1 where only larger values are an effect, and the number is not larger.
        """
        if math.isinf(self.low) and not self.is_above:
            return 1.0

        def excluded(log_alpha: float) -> bool:
            return self.at_level(1 - math.exp(log_alpha)).excludes(self.expected)

        return _threshold(excluded)

    @property
    def is_nothing(self) -> bool:
        """Whether the whole interval lies in the range of no effect."""
        interval = self.interval
        return interval.has_limits and self.low <= interval.low and interval.high <= self.high

    @property
    def is_above(self) -> bool:
        """Whether the number is larger than expected."""
        return self.interval.value > self.expected

    def __str__(self) -> str:
        return f"{self.name} {self.interval}"


_SMALLEST = math.log(1e-12)


def _threshold(excluded: Callable[[float], bool]) -> float:
    """Return the smallest α in [1e-12, 1] for which something holds that holds above it."""
    low, high = _SMALLEST, 0.0
    if excluded(low):
        return math.exp(low)
    if not excluded(high):
        return 1.0
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if excluded(middle) else (middle, high)
    return math.exp(high)
