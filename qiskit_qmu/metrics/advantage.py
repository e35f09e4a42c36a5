"""The advantage of an attack at its best threshold, with limits that allow for the search."""

import math

import numpy as np
import scipy
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu.metrics.intervals import Interval
from qiskit_qmu.metrics.ranking import Scores, as_scores


def advantage(members: ArrayLike, nonmembers: ArrayLike, level: float = 0.95) -> Interval:
    """Return the largest TPR − FPR over all thresholds, with limits valid for the best of them.

    The best of many thresholds looks good by chance: among 100 members and 100 non-members with
    equal distributions the value is 0.09 on average. The limits allow for that, so they are
    conservative, and the value lies in their upper part:

    - Lower: no threshold of n members and m non-members deviates by more than c at once. Each
      group's largest deviation has the tail exp(−2nx²) of Massart (Annals of Probability 1990,
      https://doi.org/10.1214/aop/1176990746); c is the quantile of the sum of the two.
    - Upper: the threshold that is truly best was tried too, so the value is at least what that
      fixed threshold gives. Its standard deviation is at most that of TPR − FPR = D with rates
      placed symmetrically to ½, √((1/n + 1/m)/4 − D²/(n + m)), and the limit solves for D.

    `cross_fitted_point` is shorter for a threshold that comes from other rows.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        level: Confidence level, between 0 and 1.

    Returns:
        The advantage with limits in [0, 1].

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import advantage
        >>> print(advantage(np.arange(50, 150), np.arange(100)))
        0.500 [0.275, 0.610]
    """
    first, second = as_scores(members, nonmembers)
    _check.between(0, 1, level=level)
    value = float(_gains(first, second)[1].max())
    tail = (1 - level) / 2
    low = value - _largest_deviation(len(first), len(second), tail)
    return Interval(value, max(0.0, low), _upper(value, len(first), len(second), tail), level)


def best_threshold(members: ArrayLike, nonmembers: ArrayLike) -> float:
    """Return the threshold with the largest TPR − FPR on these scores.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).

    Returns:
        The threshold; scores above it are called members. Its advantage on the same scores is too
        large: measure it on others.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import best_threshold
        >>> best_threshold([2.0, 3.0], [1.0, 2.0, 1.5])
        1.5
    """
    first, second = as_scores(members, nonmembers)
    candidates, gains = _gains(first, second)
    return float(candidates[np.argmax(gains)])


def _gains(first: Scores, second: Scores) -> tuple[Scores, Scores]:
    """Return all thresholds with TPR − FPR above each; the last has none of either."""
    candidates = np.unique(np.concatenate([first, second]))
    missed = np.searchsorted(np.sort(first), candidates, side="right") / len(first)
    passed = np.searchsorted(np.sort(second), candidates, side="right") / len(second)
    return candidates, passed - missed


def _largest_deviation(members: int, nonmembers: int, tail: float) -> float:
    """Return what the sum of both groups' largest deviations exceeds with probability ``tail``."""
    if tail <= 0:
        return 1.0
    if tail >= 0.5:
        return 0.0
    first, second = 2.0 * members, 2.0 * nonmembers

    def excess(limit: float) -> float:
        return _tail_of_sum(limit, first, second) - tail

    return float(scipy.optimize.brentq(excess, 0.0, 20 / math.sqrt(min(first, second))))


def _tail_of_sum(limit: float, first: float, second: float) -> float:
    """Return P(X + Y > limit) for independent X, Y with P(X > x) = exp(−first·x²) and so on."""
    both = first + second
    centre = second * limit / both
    rest = limit - centre
    gaussian = math.sqrt(math.pi / both) / 2
    inside = (math.exp(-both * centre**2) - math.exp(-both * rest**2)) / (2 * both)
    inside += (
        centre * gaussian * (math.erf(math.sqrt(both) * rest) + math.erf(math.sqrt(both) * centre))
    )
    crossed = 2 * first * math.exp(-first * second * limit**2 / both) * inside
    return math.exp(-first * limit**2) + crossed


def _upper(value: float, members: int, nonmembers: int, tail: float) -> float:
    """Return the largest D with value ≥ D − z·√((1/n + 1/m)/4 − D²/(n + m))."""
    if tail <= 0:
        return 1.0
    z = max(0.0, float(scipy.stats.norm.isf(tail)))
    spread = z**2 / (members + nonmembers)
    constant = value**2 - z**2 * (1 / members + 1 / nonmembers) / 4
    root = math.sqrt(max(value**2 - (1 + spread) * constant, 0.0))
    return min(1.0, (value + root) / (1 + spread))
