"""Confidence limits of a mean of bounded numbers, for any sample size and skewness."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval

Values = NDArray[np.float64]


def bounded_mean_interval(
    values: ArrayLike, *, minimum: float, maximum: float, level: float = 0.95
) -> Interval:
    """Return the mean of independent numbers in [minimum, maximum], with limits for skewed ones.

    Student's t assumes that the mean is nearly normal. If most numbers are small and a few large,
    thirty rows often contain too few of the large ones, and the t-interval is too low: its coverage
    is 84 % at a nominal 95 %. The limits here are Gaffke's: the sample and one additional number at
    the bound get random weights, uniform among those that sum to 1, and the upper limit is the
    (1 + level)/2 quantile of the weighted mean; the lower limit likewise with the other bound. For
    numbers that only take the two bounds they equal the Clopper–Pearson limits. No distribution is
    known for which their coverage is below the nominal level.

    Gaffke, Mathematical Methods of Statistics 2005, 14, 451; Learned-Miller and Thomas,
    https://arxiv.org/abs/1905.06208. The quantile is computed by the modified signed root of
    Barndorff-Nielsen, Biometrika 1986, https://doi.org/10.1093/biomet/73.2.307, which agrees with
    the exact limits to about 1 % of their distance from the mean.

    Args:
        values: Independent numbers, shape (n,), at least one.
        minimum: Lower bound of the numbers.
        maximum: Upper bound of the numbers.
        level: Confidence level, between 0 and 1.

    Returns:
        The mean with its limits.

    Raises:
        InputError: If there is no value, one is out of bounds, or they are not one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import bounded_mean_interval, mean_interval
        >>> skewed = [0.0] * 29 + [1.0]
        >>> print(bounded_mean_interval(skewed, minimum=0.0, maximum=1.0))
        0.033 [0.001, 0.172]
        >>> print(mean_interval(skewed))
        0.033 [-0.035, 0.102]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InputError(f"values must be one-dimensional, got the shape {array.shape}")
    _check.not_empty(values=array)
    _check.finite(values=array)
    _check.between(minimum, maximum, lowest_value=array.min(), highest_value=array.max())
    _check.between(0, 1, level=level)
    mean, tail = float(array.mean()), (1 - level) / 2
    low = minimum + _least_distance(np.append(array - minimum, 0.0), tail)
    high = maximum - _least_distance(np.append(maximum - array, 0.0), tail)
    return Interval(mean, min(low, mean), max(high, mean), level)


_FLATTEST, _STEEPEST = np.log(1e-3), np.log(1e15)
"""Search range of the tilt: closer to 0 rounding dominates, and no level needs a larger one."""


def _least_distance(distances: Values, tail: float) -> float:
    """Return the ``tail`` quantile of the randomly weighted mean of distances, one of which is 0.

    Weights ∝ 1/(1 + κ·distance) tilt the mean towards 0; for each κ the saddle point of the
    weighted mean's distribution has a closed form, so only κ has to be found numerically.
    """
    scale = float(distances.max())
    if scale == 0:
        return 0.0
    scaled = distances / scale
    quantile = float(scipy.stats.norm.isf(tail))

    def excess(log_tilt: float) -> float:
        return _signed_root(scaled, np.exp(log_tilt)) - quantile

    if excess(_FLATTEST) >= 0:  # a level near 0
        return scale * float(scaled.mean())
    if excess(_STEEPEST) <= 0:  # a level near 1
        return 0.0
    tilt = np.exp(scipy.optimize.brentq(excess, _FLATTEST, _STEEPEST, xtol=1e-6))
    return scale * _tilted_mean(scaled, tilt)


def _tilted_mean(distances: Values, tilt: float) -> float:
    weights = 1 / (1 + tilt * distances)
    return float(weights @ distances / weights.sum())


def _signed_root(distances: Values, tilt: float) -> float:
    """Return how many standard deviations the tilted mean lies below the untilted one.

    The weights are exponential variables divided by their sum, so the weighted mean is below m if
    the sum of E_i·(m − distance_i) is positive: all cumulants of that sum are known.
    """
    mean = _tilted_mean(distances, tilt)
    share = 1 / (1 + tilt * mean)
    saddle = tilt * share
    cumulant = -len(distances) * np.log(share) - np.log1p(tilt * distances).sum()
    spread = np.sqrt(np.sum(((mean - distances) / (share * (1 + tilt * distances))) ** 2))
    root = np.sqrt(-2 * cumulant)
    return float(root + np.log(saddle * spread / root) / root)
