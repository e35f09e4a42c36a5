"""Precision: how many of those that an attack calls members are members."""

import math

from qiskit_qmu import _check
from qiskit_qmu.metrics.intervals import Interval, binomial_interval
from qiskit_qmu.metrics.multiple_tests import simultaneous_level
from qiskit_qmu.metrics.operating_point import OperatingPoint

PRIORS = (0.01, 0.1, 0.5)
"""Shares of members among the rows that an attacker may look at."""


def precision_at_prior(point: OperatingPoint, prior: float) -> Interval:
    """Return the probability that a row which is called a member is one.

    It is π·TPR/(π·TPR + (1 − π)·FPR) for a share π of members among the rows that are looked at. An
    attack that knows nothing has a precision of π: what counts is how far the value lies above it.

    The limits take both rates at their limits at once, each at a level that makes them hold
    together. They are conservative, in particular without any false positive.

    Args:
        point: Counts at a threshold that was chosen on other rows.
        prior: Share of members, π, between 0 and 1.

    Returns:
        The precision with limits in [0, 1]; no value if nothing is called a member.

    Raises:
        InputError: If the prior lies outside [0, 1].

    Example:
        >>> from qiskit_qmu.metrics import OperatingPoint, precision_at_prior
        >>> point = OperatingPoint(
        ...     true_positives=300, num_members=1000, false_positives=50, num_nonmembers=1000
        ... )
        >>> print(precision_at_prior(point, 0.01), precision_at_prior(point, 0.5))
        0.057 [0.038, 0.086] 0.857 [0.798, 0.903]
    """
    _check.between(0, 1, prior=prior)
    level = simultaneous_level(point.level, 2)
    tpr = binomial_interval(point.true_positives, point.num_members, level)
    fpr = binomial_interval(point.false_positives, point.num_nonmembers, level)
    return Interval(
        _precision(tpr.value, fpr.value, prior),
        _precision(tpr.low, fpr.high, prior),
        _precision(tpr.high, fpr.low, prior),
        point.level,
    )


def _precision(tpr: float, fpr: float, prior: float) -> float:
    called = prior * tpr + (1 - prior) * fpr
    return prior * tpr / called if called > 0 else math.nan
