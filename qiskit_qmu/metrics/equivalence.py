"""Equivalence: showing that a quantity is near a value, which is more than "not significant"."""

import math

import scipy

from qiskit_qmu import _check
from qiskit_qmu.metrics.intervals import Interval
from qiskit_qmu.metrics.one_sided import IntervalAtLevel


def worst_distance(interval: Interval, *, centre: float = 0.5) -> float:
    """Return how far the farther end of an interval lies from a value.

    Args:
        interval: The interval, such as that of an AUC.
        centre: The value, such as ½.

    Returns:
        The distance; NaN without limits.

    Example:
        >>> from qiskit_qmu.metrics import Interval, worst_distance
        >>> round(worst_distance(Interval(0.52, low=0.49, high=0.55)), 3)
        0.05
    """
    return max(abs(interval.low - centre), abs(interval.high - centre))


def is_equivalent(interval: Interval, *, margin: float, centre: float = 0.5) -> bool:
    """Return whether a whole interval lies within a margin of a value.

    With limits of level 1 − 2α this is the test of two one-sided hypotheses (TOST) at level α: the
    quantity is called equivalent although it is not with a probability of at most α. At the level
    of 0.95 that is 2.5 %. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 1987,
    https://doi.org/10.1007/BF01068419.

    Args:
        interval: The interval, such as that of an AUC.
        margin: Largest distance that counts as none, above 0.
        centre: The value, such as ½.

    Returns:
        Whether both ends lie within the margin; False without limits.

    Raises:
        InputError: If the margin is not positive.

    Example:
        >>> from qiskit_qmu.metrics import Interval, is_equivalent
        >>> is_equivalent(Interval(0.50, low=0.47, high=0.53), margin=0.05)
        True
        >>> is_equivalent(Interval(0.50, low=0.43, high=0.57), margin=0.05)
        False
    """
    _check.positive(margin=margin)
    return worst_distance(interval, centre=centre) <= margin


def equivalence_p_value(interval: IntervalAtLevel, *, margin: float, centre: float = 0.5) -> float:
    """Return the p-value of the hypothesis that a quantity lies outside of a margin.

    It is the smallest α at which `is_equivalent` holds with limits of level 1 − 2α.

    Args:
        interval: Function of the confidence level that returns a two-sided interval.
        margin: Largest distance that counts as none, above 0.
        centre: The value, such as ½.

    Returns:
        The p-value, between 0 and ½; 1 if the estimate itself lies outside of the margin.

    Raises:
        InputError: If the margin is not positive.

    Example:
        >>> from functools import partial
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import auroc_interval, equivalence_p_value
        >>> scores = np.arange(400)
        >>> interval = partial(auroc_interval, scores, scores)
        >>> round(equivalence_p_value(interval, margin=0.05), 4)
        0.0073
    """
    _check.positive(margin=margin)

    def excess(level: float) -> float:
        distance = worst_distance(interval(level), centre=centre)
        return math.inf if math.isnan(distance) else distance - margin

    if excess(0.0) > 0:
        return 1.0
    if excess(1 - 1e-12) <= 0:
        return 0.0
    level = scipy.optimize.brentq(lambda level: min(excess(level), 1.0), 0.0, 1 - 1e-12)
    return float((1 - level) / 2)
