"""What a test finds in retrained models: the null of every trace."""

import math
from collections.abc import Sequence

import numpy as np
import scipy

from qiskit_qmu.metrics import UNKNOWN, Interval

SIGNIFICANCE = 0.05
"""Significance level in the readings of single tests; a verdict corrects for their number."""


def null_of_oracles(
    values: Sequence[Interval], *, minimum: float = -math.inf, maximum: float = math.inf
) -> Interval:
    """Return where the value of one more retrained model is expected.

    With several oracles these are the limits of Student's prediction interval,
    m ± t·s·√(1 + 1/K): those of a new model, not of the mean. Oracles that agree by chance, or
    because their values are shares of a few rows, would make it too narrow; so s is at least the
    standard deviation that follows from the rows. With one oracle only the rows are known to vary.

    Args:
        values: The oracles' values, with limits from the rows if there are any.
        minimum: Smallest possible value.
        maximum: Largest possible value.

    Returns:
        The mean of the oracles with limits; unknown without oracles.

    Example:
        >>> from qiskit_qmu.auditing.traces import null_of_oracles
        >>> from qiskit_qmu.metrics import Interval
        >>> print(null_of_oracles([Interval(0.1), Interval(0.2), Interval(0.3)], minimum=0.0))
        0.200 [0.000, 0.697]
        >>> print(null_of_oracles([Interval(0.2, low=0.1, high=0.4)]))
        0.200 [0.100, 0.400]
    """
    if not values:
        return UNKNOWN
    if len(values) == 1:
        return values[0]
    mean, deviation = _moments(values)
    quantile = float(scipy.stats.t.ppf(0.975, len(values) - 1))
    half = quantile * deviation * math.sqrt(1 + 1 / len(values))
    return Interval(mean, max(minimum, mean - half), min(maximum, mean + half))


def p_value_above(value: float, oracles: Sequence[Interval]) -> float | None:
    """Return the probability that one more retrained model has at least this value.

    It is Student's, of the prediction interval in `null_of_oracles`, and assumes that the values of
    retrained models are nearly normal.

    Args:
        value: The audited model's value.
        oracles: The oracles' values, with limits from the rows if there are any.

    Returns:
        The one-sided p-value; None with fewer than two oracles, or if nothing varies.

    Example:
        >>> from qiskit_qmu.auditing.traces import p_value_above
        >>> from qiskit_qmu.metrics import Interval
        >>> oracles = [Interval(0.1), Interval(0.2), Interval(0.3)]
        >>> round(p_value_above(0.2, oracles), 3), round(p_value_above(0.9, oracles), 3)
        (0.5, 0.013)
    """
    if len(oracles) < 2:
        return None
    mean, deviation = _moments(oracles)
    if deviation == 0:
        return None
    distance = (value - mean) / (deviation * math.sqrt(1 + 1 / len(oracles)))
    return float(scipy.stats.t.sf(distance, len(oracles) - 1))


def stands_out(value: Interval, null: Interval, p_value: float | None) -> bool | None:
    """Return whether a value lies above those of retrained models; None without any.

    Args:
        value: The audited model's value.
        null: That of retrained models.
        p_value: Its one-sided p-value; if None, the limits are compared.
    """
    if not (value.known and null.known):
        return None
    if p_value is not None:
        return p_value <= SIGNIFICANCE
    return value.low > null.high


def of_how_many(oracles: int) -> str:
    """Say in a reading what the null rests on.

    Args:
        oracles: Number of oracles.
    """
    if oracles == 0:
        return "There is no retrained model to compare with."
    if oracles == 1:
        return "With one oracle, the limits come from the rows only."
    return ""


def _moments(values: Sequence[Interval]) -> tuple[float, float]:
    """Return mean and standard deviation, the latter at least that of the rows."""
    numbers = np.array([each.value for each in values])
    widths = [
        (each.high - each.low) / (2 * float(scipy.stats.norm.ppf((1 + each.level) / 2)))
        for each in values
        if each.has_limits
    ]
    rows = float(np.mean(widths)) if widths else 0.0
    return float(numbers.mean()), max(float(numbers.std(ddof=1)), rows)
