"""Range: the values that a hyperparameter may take, and which of them forget most."""

import math
from dataclasses import dataclass, replace
from typing import Literal, final

from qiskit_qmu import _check


@final
@dataclass(frozen=True, kw_only=True)
class Range:
    """The values that a hyperparameter may take.

    Attributes:
        name: Its name; in a sequence of strategies preceded by that of the strategy's class.
        value: Its present value; None if the strategy chooses it by itself.
        low: Smallest value.
        high: Largest value.
        log: Whether ratios count rather than differences; both ends are then positive.
        whole: Whether it is an integer.
        stronger: The end at which the strategy forgets most; None if it has another purpose.

    Example:
        >>> from qiskit_qmu.unlearning import GradientAscent
        >>> depth = GradientAscent().ranges("class")[0]
        >>> depth.name, depth.at(0.0), depth.at(1.0)
        ('depth', 0.0625, 64.0)
    """

    name: str
    value: float | None
    low: float
    high: float
    log: bool = False
    whole: bool = False
    stronger: Literal["low", "high"] | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise _check.InputError(
                f"the range of {self.name} must have low < high, got {self.low} and {self.high}"
            )
        if self.log:
            _check.positive(low=self.low)

    @property
    def position(self) -> float:
        """Where the present value lies, from 0 (mildest) to 1 (strongest); the middle if None."""
        if self.value is None:
            return 0.5
        scale = math.log if self.log else float
        value = min(max(self.value, self.low), self.high)
        share = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return 1 - share if self.stronger == "low" else share

    def at(self, position: float) -> float:
        """Return the value at a position between 0 (mildest) and 1 (strongest)."""
        share = 1 - position if self.stronger == "low" else position
        if share in (0.0, 1.0):  # (free of rounding)
            value = self.high if share else self.low
        elif self.log:
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + share * (self.high - self.low)
        return round(value) if self.whole else value

    def within(self, strategy: str) -> "Range":
        """Return the range as one of a strategy in a sequence, named after it."""
        return replace(self, name=f"{strategy}.{self.name}")


def weight_range(name: str, value: float) -> Range:
    """Return the range of the weight of forgetting in a loss, a tenth to ten times that of 1."""
    return Range(name=name, value=value, low=0.1, high=10.0, log=True, stronger="high")
