"""The area under the ROC curve: how well scores rank members above non-members."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval

Scores = NDArray[np.float64]


def auroc(members: ArrayLike, nonmembers: ArrayLike) -> float:
    """Return the probability that a member scores higher than a non-member; a tie counts ½.

    This is the Mann–Whitney statistic over all pairs, in O(n log n). An uninformed attack, or one
    that calls every row a member, has 0.5. Below 0.5 the attack ranks in the wrong direction, which
    after unlearning is a leak too: the forgotten rows stand out as worse than unseen rows.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).

    Returns:
        The area under the ROC curve, between 0 and 1.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import auroc
        >>> auroc([0.9, 0.6], [0.5, 0.7])  # three of the four pairs are in order
        0.75
    """
    above, _ = placements(*as_scores(members, nonmembers))
    return float(above.mean())


def auroc_interval(members: ArrayLike, nonmembers: ArrayLike, level: float = 0.95) -> Interval:
    """Return the AUC with limits from DeLong's variance.

    This is `stratified_auroc` with a single class, where the limits are described.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        level: Confidence level, between 0 and 1.

    Returns:
        The AUC with limits in [0, 1].

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import auroc_interval
        >>> print(auroc_interval(np.arange(20, 40), np.arange(20)))  # 20 of each, all in order
        1.000 [0.832, 1.000]
    """
    first, second = as_scores(members, nonmembers)
    one_class = np.zeros(len(first), dtype=int), np.zeros(len(second), dtype=int)
    return stratified_auroc(first, one_class[0], second, one_class[1], level)


def stratified_auroc(
    member_scores: ArrayLike,
    member_labels: ArrayLike,
    nonmember_scores: ArrayLike,
    nonmember_labels: ArrayLike,
    level: float = 0.95,
) -> Interval:
    """Return the AUC of members against non-members of their own class only.

    Scores differ between classes for reasons unrelated to membership, and the class distribution
    of forgotten rows usually differs from that of the test rows. So θ = Σ_c (n_c/n)·AUC_c, which is
    the mean of V_i, the share of non-members of its own class that member i outranks (a tie counts
    ½). Members of a class without non-members are ignored.

    The variance is that of DeLong et al. (Biometrics 1988, https://doi.org/10.2307/2531595), which
    one class reproduces exactly: var(V_i)/n over all members, plus Σ_c (n_c/n)²·var_j(U_j)/m_c,
    where U_j is the share of members of its class that outrank non-member j. A group of one row has
    no sample variance; 1/4 is used, the largest for a number in [0, 1]. The quantile is Student's
    with Welch–Satterthwaite degrees of freedom, as in the test of Brunner and Munzel (Biometrical
    Journal 2000), since audits often have only twenty forgotten rows.

    If the groups separate (nearly) perfectly, that variance vanishes although the data do not prove
    it: a share q of different rows stays unseen among k rows with probability (1 − q)^k. With
    r = ((1 − level)/2)^(1/k), the value of 1 − q at which this is the one-sided error, and k the
    size of the smaller group (for several classes the effective number of non-members,
    1/Σ_c (n_c/n)²/m_c), the lower limit is at most θ·r and the upper limit at least
    1 − (1 − θ)·r. Away from 0 and 1 the limits are wider than that anyway.

    Args:
        member_scores: Finite scores of members, shape (n,), higher = more likely a member.
        member_labels: Classes of the members, shape (n,).
        nonmember_scores: Finite scores of non-members, shape (m,).
        nonmember_labels: Classes of the non-members, shape (m,).
        level: Confidence level, between 0 and 1.

    Returns:
        θ with limits in [0, 1]. The rows of a group must be independent of each other.

    Raises:
        InputError: If a group is empty, not finite, not one-dimensional or differs in length from
            its labels, or if no class has both members and non-members.

    Example:
        >>> from qiskit_qmu.metrics import auroc, stratified_auroc
        >>> members, labels = [8.0, 9.0], [1, 1]
        >>> others, their_labels = [1.0, 2.0, 8.0, 9.0], [0, 0, 1, 1]  # all of class 1 score higher
        >>> auroc(members, others)
        0.75
        >>> stratified_auroc(members, labels, others, their_labels).value
        0.5
    """
    members, nonmembers = as_scores(member_scores, nonmember_scores)
    first, second = np.asarray(member_labels), np.asarray(nonmember_labels)
    _check.same_length(member_scores=members, member_labels=first)
    _check.same_length(nonmember_scores=nonmembers, nonmember_labels=second)
    shared = np.intersect1d(first, second)
    if not len(shared):
        raise InputError("members and non-members have no class in common")
    parts = [placements(members[first == c], nonmembers[second == c]) for c in shared]
    return _limits([above for above, _ in parts], [below for _, below in parts], level)


def as_scores(members: ArrayLike, nonmembers: ArrayLike) -> tuple[Scores, Scores]:
    """Return both groups as float64 arrays after checking them.

    Args:
        members: Scores of members.
        nonmembers: Scores of non-members.

    Returns:
        The two arrays, of shapes (n,) and (m,).

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.
    """
    groups = {
        "members": np.asarray(members, dtype=np.float64),
        "nonmembers": np.asarray(nonmembers, dtype=np.float64),
    }
    for name, scores in groups.items():
        if scores.ndim != 1:
            raise InputError(f"{name} must be one-dimensional, got the shape {scores.shape}")
    _check.not_empty(**groups)
    _check.finite(**groups)
    return groups["members"], groups["nonmembers"]


def placements(members: Scores, nonmembers: Scores) -> tuple[Scores, Scores]:
    """Return how each row fares against the other group; a tie counts ½.

    Args:
        members: Scores of members, shape (n,).
        nonmembers: Scores of non-members, shape (m,).

    Returns:
        V, the share of non-members below each member, and U, the share of members above each
        non-member; the mean of either is the AUC.
    """
    return _share_below(members, nonmembers), 1.0 - _share_below(nonmembers, members)


def _share_below(scores: Scores, others: Scores) -> Scores:
    ordered = np.sort(others)
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    return (below + not_above) / (2.0 * len(others))


def _limits(above: Sequence[Scores], below: Sequence[Scores], level: float) -> Interval:
    """Return θ and its limits from the placement values of every class."""
    _check.between(0, 1, level=level)
    placements = np.concatenate(above)
    theta, size = float(placements.mean()), len(placements)
    shares = np.array([len(values) / size for values in above])
    sizes = np.array([len(values) for values in below])
    variances = np.array([_variance(placements) / size, *shares**2 * _variances(below) / sizes])
    half = _quantile(variances, np.array([size, *sizes]) - 1, level) * variances.sum() ** 0.5
    effective = min(size, 1.0 / float(np.sum(shares**2 / sizes)))
    unseen = ((1 - level) / 2) ** (1.0 / effective)
    low = min(theta - half, theta * unseen)
    high = max(theta + half, 1 - (1 - theta) * unseen)
    return Interval(theta, max(0.0, float(low)), min(1.0, float(high)), level)


def _variance(values: Scores) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.25


def _variances(groups: Sequence[Scores]) -> NDArray[np.float64]:
    return np.array([_variance(values) for values in groups])


def _quantile(variances: NDArray[np.float64], degrees: NDArray[np.int64], level: float) -> float:
    """Return Student's quantile with Welch–Satterthwaite degrees of freedom."""
    estimated = degrees > 0
    spread = float(np.sum(variances[estimated] ** 2 / degrees[estimated]))
    freedom = float(variances.sum()) ** 2 / spread if spread > 0 else np.inf
    return float(scipy.stats.t.ppf((1 + level) / 2, freedom))
