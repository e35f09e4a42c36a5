"""Limits of a mean of bounded numbers, at any sample size and however skewed they are."""

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
    """Return the mean of independent numbers from [minimum, maximum], with limits for skewed ones.

    Student's t leans on the mean being nearly normal. Where most numbers are small and a few large,
    thirty rows often hold too few of the large ones, and the t-interval then lies too low: it holds
    the mean in 84 % of cases where 95 % were meant. The limits here are Gaffke's: the sample and
    one number more at the bound are given random weights, uniform among those that sum to 1, and
    the upper limit is the (1 + level)/2 quantile of the weighted mean; the lower limit likewise,
    with the other bound. Of numbers that take the two bounds only they are the limits of Clopper
    and Pearson. No distribution is known for which they miss more often than they may.

    Gaffke, Mathematical Methods of Statistics 2005, 14, 451; Learned-Miller and Thomas,
    https://arxiv.org/abs/1905.06208. The quantile is that of the modified signed root of
    Barndorff-Nielsen, Biometrika 1986, https://doi.org/10.1093/biomet/73.2.307, whose arms agree
    with the exact ones to about 1 %.

    Args:
        values: Independent numbers, shape (n,), one or more.
        minimum: What none of them can be below.
        maximum: What none of them can be above.
        level: Confidence level, between 0 and 1.

    Returns:
        The mean with its limits.

    Raises:
        InputError: If there is no value, one is outside of the bounds, or they are not in one
            dimension.

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
        raise InputError(f"values must have the shape (n,), got {array.shape}")
    _check.not_empty(values=array)
    _check.finite(values=array)
    _check.between(minimum, maximum, lowest_value=array.min(), highest_value=array.max())
    _check.between(0, 1, level=level)
    mean, tail = float(array.mean()), (1 - level) / 2
    low = minimum + _least_distance(np.append(array - minimum, 0.0), tail)
    high = maximum - _least_distance(np.append(maximum - array, 0.0), tail)
    return Interval(mean, min(low, mean), max(high, mean), level)


_FLATTEST, _STEEPEST = np.log(1e-3), np.log(1e15)
"""Where the tilt is looked for: nearer to 0 rounding tells, and beyond it no level is that high."""


def _least_distance(distances: Values, tail: float) -> float:
    """Return the ``tail`` quantile of the randomly weighted mean of distances, one of which is 0.

    Weights ∝ 1/(1 + κ·distance) tilt the mean towards 0; for each κ the saddle point of the
    weighted mean's distribution is known in closed form, so that κ is all that is to be found.
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

    The weights are exponential numbers over their sum, so the weighted mean is below m where the
    sum of E_i·(m − distance_i) is above 0: of that sum all cumulants are known.
    """
    mean = _tilted_mean(distances, tilt)
    share = 1 / (1 + tilt * mean)
    saddle = tilt * share
    cumulant = -len(distances) * np.log(share) - np.log1p(tilt * distances).sum()
    spread = np.sqrt(np.sum(((mean - distances) / (share * (1 + tilt * distances))) ** 2))
    root = np.sqrt(-2 * cumulant)
    return float(root + np.log(saddle * spread / root) / root)
