"""Precision: how many of those that an attack calls members are members."""

import math

from qiskit_qmu import _check
from qiskit_qmu.metrics.intervals import Interval, binomial_interval, difference_interval
from qiskit_qmu.metrics.multiple_tests import simultaneous_level
from qiskit_qmu.metrics.operating_point import OperatingPoint

PRIORS = (0.01, 0.1, 0.5)
"""Shares of members among the rows that an attacker may look at."""


def precision_at_prior(point: OperatingPoint, prior: float) -> Interval:
    """Return the probability that a row which is called a member is one.

    It is π·TPR/(π·TPR + (1 − π)·FPR) for a share π of members among the rows that are looked at. An
    attack that knows nothing has a precision of π: what counts is how far the value lies above it.

    The precision depends on FPR/TPR alone. The limits of its logarithm are those of the two rates,
    added in quadrature (`difference_interval`). Without a true or false positive a logarithm is
    infinite; then both rates are taken at their limits at once, each at a level that makes them
    hold together.

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
        0.057 [0.044, 0.076] 0.857 [0.818, 0.891]
    """
    _check.between(0, 1, prior=prior)
    if not (point.true_positives and point.false_positives):
        return _from_both_limits(point, prior)
    ratio = difference_interval(_logarithm(point.fpr), _logarithm(point.tpr))
    value, low, high = (
        _precision(1.0, math.exp(log), prior) for log in (ratio.value, ratio.high, ratio.low)
    )
    return Interval(value, low, high, point.level)


def _logarithm(rate: Interval) -> Interval:
    return Interval(math.log(rate.value), math.log(rate.low), math.log(rate.high), rate.level)


def _from_both_limits(point: OperatingPoint, prior: float) -> Interval:
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
