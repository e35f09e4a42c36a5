"""P-values from intervals: the level at which an interval just reaches a value."""

import scipy

from qiskit_qmu.metrics.one_sided import IntervalAtLevel

_HIGHEST_LEVEL = 1 - 1e-12


def interval_p_value(interval: IntervalAtLevel, value: float) -> float:
    """Return the two-sided p-value of the hypothesis that a quantity has a value.

    It is the smallest α for which the interval of level 1 − α excludes the value, so test and
    interval always agree.

    Args:
        interval: Function of the confidence level that returns a two-sided interval.
        value: The hypothesis, such as an AUC of ½.

    Returns:
        The p-value, between 0 and 1; 1 if the estimate has no limits.

    Example:
        >>> from functools import partial
        >>> from qiskit_qmu.metrics import interval_p_value, mean_interval
        >>> round(interval_p_value(partial(mean_interval, [0.52, 0.55, 0.56]), 0.5), 3)
        0.069
    """

    def outside(level: float) -> float:
        limits = interval(level)
        return max(limits.low - value, value - limits.high)

    if not interval(0.5).has_limits:
        return 1.0
    if outside(_HIGHEST_LEVEL) > 0:
        return 1 - _HIGHEST_LEVEL
    if outside(0.0) <= 0:
        return 1.0
    return float(1 - scipy.optimize.brentq(outside, 0.0, _HIGHEST_LEVEL, xtol=1e-10))
