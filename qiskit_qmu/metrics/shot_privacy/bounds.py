"""Bounds: a number that is enclosed by a computed lower and upper bound."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Bounds:
    """A number known to lie between two others, by a proven error bound and not by statistics.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import Bounds
        >>> print(Bounds(0.25, 0.26))
        0.2550 ± 0.0050
    """

    low: float
    """Lower bound."""

    high: float
    """Upper bound."""

    @property
    def value(self) -> float:
        """The middle of the two; infinite if one of them is."""
        return (self.low + self.high) / 2

    @property
    def error(self) -> float:
        """The largest error of `value`; 0 if both bounds are infinite."""
        return 0.0 if self.low == self.high else (self.high - self.low) / 2

    def __contains__(self, number: float) -> bool:
        """Return whether a number lies between the bounds."""
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"{self.value:.4f} ± {self.error:.4f}"
