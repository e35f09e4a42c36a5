"""The ROC curve: true positive rates of an attack at given false positive rates."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval, binomial_interval
from qiskit_qmu.metrics.ranking import as_scores
from qiskit_qmu.metrics.resolution import check_supported

Rates = NDArray[np.float64]


def roc_curve(members: ArrayLike, nonmembers: ArrayLike) -> tuple[Rates, Rates]:
    """Return false and true positive rates at every threshold, from the strictest on.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).

    Returns:
        ``(fpr, tpr)``, both ascending from 0 to 1, one point per distinct score plus the origin.
        With linear interpolation, the area below is the AUC.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import roc_curve
        >>> fpr, tpr = roc_curve([2.0, 3.0], [1.0, 2.0])
        >>> fpr.tolist(), tpr.tolist()  # thresholds ∞, 3, 2 and 1
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    first, second = as_scores(members, nonmembers)
    thresholds = np.unique(np.concatenate([first, second]))[::-1]
    return _share_from(thresholds, second), _share_from(thresholds, first)


def tpr_at_fpr(
    members: ArrayLike, nonmembers: ArrayLike, *, fpr: float, level: float = 0.95
) -> Interval:
    """Return the true positive rate at a false positive rate of at most ``fpr``.

    The value is that of the best threshold on these scores. The threshold is estimated too, so the
    limits account for both errors, with a quarter of 1 − level each: the number of non-members
    above the true threshold lies between two binomial quantiles, and at the corresponding scores
    the members' share has Clopper–Pearson limits. They are wide for a reason: with 50 non-members
    there is no positive lower limit below a false positive rate of 8 %. `cross_fitted_point` takes
    the threshold from other rows instead.

    An uninformed attack has a value of ``fpr``.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        fpr: Allowed false positive rate, from `smallest_fpr` (about 3/m) to 1.
        level: Confidence level, between 0 and 1.

    Returns:
        The true positive rate with limits in [0, 1].

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional, or if ``fpr`` is below
            what m non-members support.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import tpr_at_fpr
        >>> print(tpr_at_fpr(np.arange(50, 150), np.arange(100), fpr=0.1))  # 60 of 100 lie above 89
        0.600 [0.414, 0.772]
    """
    first, second = as_scores(members, nonmembers)
    size = len(second)
    _check.between(0, 1, fpr=fpr, level=level)
    check_supported(fpr, size)
    tail = (1 - level) / 4
    fewest, most = (int(scipy.stats.binom.ppf(q, size, fpr)) for q in (tail, 1 - tail))
    # Rounding must not lose the last false positive: 0.29 * 100 is 28.999….
    caught = _caught(first, second, int(fpr * size + 1e-9))
    low, high = 0.0, 1.0
    if fewest > 0:
        strict = _caught(first, second, fewest - 1)
        low = binomial_interval(strict, len(first), 1 - 2 * tail).low
    if most < size:
        lenient = _caught(first, second, most)
        high = binomial_interval(lenient, len(first), 1 - 2 * tail).high
    return Interval(caught / len(first), low, high, level)


def stratified_roc(
    members: ArrayLike,
    nonmembers: ArrayLike,
    *,
    member_strata: ArrayLike | None = None,
    nonmember_strata: ArrayLike | None = None,
    fpr: ArrayLike | None = None,
) -> Rates:
    """Return the ROC curve of members against non-members of their own stratum only.

    It is the mean of the strata's curves, weighted by their numbers of members, so the area below
    it is the AUC of `stratified_auroc`.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        member_strata: Groups (usually classes) of the members, shape (n,); one group if None.
        nonmember_strata: Groups of the non-members, shape (m,).
        fpr: False positive rates in [0, 1], shape (k,); 0, 0.01, …, 1 if None.

    Returns:
        True positive rates, shape (k,), interpolated linearly between the points of `roc_curve`.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional, no stratum has both
            members and non-members, or the grid leaves [0, 1].

    Example:
        >>> from qiskit_qmu.metrics import stratified_roc
        >>> classes = {"member_strata": [0, 1], "nonmember_strata": [0, 1]}
        >>> stratified_roc([2, 4], [1, 5], **classes, fpr=[0.25, 0.75])  # class 0 only
        array([0.5, 0.5])
    """
    pairs = pairs_of_strata(members, nonmembers, member_strata, nonmember_strata)
    return mean_curve(pairs, as_grid(fpr))


Pair = tuple[Rates, Rates]
"""Scores of the members and of the non-members of one stratum."""


def pairs_of_strata(
    members: ArrayLike,
    nonmembers: ArrayLike,
    member_strata: ArrayLike | None,
    nonmember_strata: ArrayLike | None,
) -> list[Pair]:
    """Return members and non-members of every stratum that has both."""
    groups = dict(zip(("members", "nonmembers"), as_scores(members, nonmembers), strict=True))
    of_strata = []
    for (name, scores), given in zip(
        groups.items(), (member_strata, nonmember_strata), strict=True
    ):
        strata = np.zeros(len(scores)) if given is None else np.asarray(given)
        _check.same_length(**{name: scores, f"{name[:-1]}_strata": strata})
        of_strata.append({stratum: scores[strata == stratum] for stratum in np.unique(strata)})
    first, second = of_strata
    pairs = [(first[stratum], second[stratum]) for stratum in first if stratum in second]
    if not pairs:
        raise InputError("no stratum (class) has both members and non-members")
    return pairs


def as_grid(fpr: ArrayLike | None) -> Rates:
    """Return the false positive rates where a curve is read, 0, 0.01, …, 1 if None."""
    grid = np.linspace(0, 1, 101) if fpr is None else np.asarray(fpr, dtype=np.float64)
    _check.not_empty(fpr=grid)
    _check.between(0, 1, lowest_fpr=grid.min(), highest_fpr=grid.max())
    return grid


def mean_curve(pairs: Sequence[Pair], grid: Rates) -> Rates:
    """Return the mean of the pairs' curves on a grid, weighted by their numbers of members."""
    curves = [np.interp(grid, *roc_curve(first, second)) for first, second in pairs]
    return np.average(curves, axis=0, weights=[len(first) for first, _ in pairs])


def _share_from(thresholds: Rates, scores: Rates) -> Rates:
    """Return the share of scores at or above each threshold, after a leading 0."""
    below = np.searchsorted(np.sort(scores), thresholds, side="left")
    return np.concatenate([[0.0], 1.0 - below / len(scores)])


def _caught(members: Rates, nonmembers: Rates, false_alarms: int) -> int:
    """Count the members above all but ``false_alarms`` non-members."""
    if false_alarms >= len(nonmembers):
        return len(members)
    threshold = np.sort(nonmembers)[len(nonmembers) - 1 - false_alarms]
    return int(np.sum(members > threshold))
