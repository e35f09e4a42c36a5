"""Means over models, each of which was measured with the others as references."""

import math

import numpy as np
import scipy
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval


def mutual_mean(values: ArrayLike, level: float = 0.95) -> Interval:
    """Return a mean over groups of models, of which each was the target and the others references.

    Such values are not independent: what one group says of another enters the values of both. Where
    there is nothing to see, the mean is a degenerate U-statistic Σ_{i≠j} a_i·a_j of the n groups,
    two of whose values have the correlation 1/(n − 1), so that the variance of the mean is
    2(n − 1)/(n − 2) times that of independent values with the same spread. The interval is
    Student's with that factor: without it, 12 to 19 % of 95 % intervals miss ½ where nothing is to
    be seen. Where there is a signal it is wider than need be.

    Args:
        values: Values between 0 and 1, such as AUCs, shape (groups, values in each); three groups
            or more for limits.
        level: Confidence level, between 0 and 1.

    Returns:
        The mean of the groups' means; without limits where there are fewer than three.

    Raises:
        InputError: If there is no value, the shape is another, or a value is not finite.

    Example:
        >>> from qiskit_qmu.metrics import mutual_mean
        >>> print(mutual_mean([[0.58, 0.62], [0.61, 0.61], [0.62, 0.64], [0.57, 0.61]]))
        0.607 [0.560, 0.655]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise InputError(f"values must have the shape (groups, values), got {array.shape}")
    _check.finite(values=array)
    means = array.mean(axis=1)
    mean, groups = float(means.mean()), len(means)
    if groups < 3:
        return Interval(mean, level=level)
    variance = means.var(ddof=1) / groups * 2 * (groups - 1) / (groups - 2)
    arm = float(scipy.stats.t.ppf((1 + level) / 2, groups - 1)) * math.sqrt(variance)
    return Interval(mean, low=max(mean - arm, 0.0), high=min(mean + arm, 1.0), level=level)
