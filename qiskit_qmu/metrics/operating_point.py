"""One threshold of an attack that was chosen on other data: what it catches, and at what price."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.advantage import best_threshold
from qiskit_qmu.metrics.intervals import Interval, binomial_interval, difference_interval
from qiskit_qmu.metrics.ranking import as_scores
from qiskit_qmu.metrics.resolution import check_supported


@final
@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """How many members and non-members an attack calls members.

    The thresholds come from other rows, so both counts are binomial and their limits exact.

    Example:
        >>> from qiskit_qmu.metrics import OperatingPoint
        >>> point = OperatingPoint(
        ...     true_positives=30, num_members=100, false_positives=5, num_nonmembers=100
        ... )
        >>> print(point.tpr, point.advantage)
        0.300 [0.212, 0.400] 0.250 [0.142, 0.355]
    """

    true_positives: int
    """Members above the threshold."""

    num_members: int
    """Members that were tested."""

    false_positives: int
    """Non-members above the threshold."""

    num_nonmembers: int
    """Non-members that were tested."""

    level: float = 0.95
    """Confidence level of the limits, between 0 and 1."""

    @property
    def tpr(self) -> Interval:
        """True positive rate with its Clopper–Pearson limits."""
        return binomial_interval(self.true_positives, self.num_members, self.level)

    @property
    def fpr(self) -> Interval:
        """False positive rate with its Clopper–Pearson limits."""
        return binomial_interval(self.false_positives, self.num_nonmembers, self.level)

    @property
    def advantage(self) -> Interval:
        """TPR − FPR; 0 for an attack that knows nothing."""
        return difference_interval(self.tpr, self.fpr)


def threshold_at_fpr(nonmembers: ArrayLike, *, fpr: float) -> float:
    """Return the threshold that a further non-member exceeds with a probability of at most ``fpr``.

    It is the (k + 1)th largest of m scores, with k + 1 = ⌊fpr·(m + 1)⌋: a further score from the
    same distribution has each of the m + 1 ranks with the same probability.

    Args:
        nonmembers: Finite scores of non-members that are used for nothing else, shape (m,).
        fpr: Allowed false positive rate, between 0 and 1.

    Returns:
        The threshold; scores above it are called members.

    Raises:
        InputError: If ``fpr`` is below 1/(m + 1), or the scores are empty, not finite or not
            one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import threshold_at_fpr
        >>> threshold_at_fpr([1.0, 2.0, 3.0, 4.0], fpr=0.4)
        3.0
    """
    scores, _ = as_scores(nonmembers, nonmembers)
    _check.between(0, 1, fpr=fpr)
    rank = int(fpr * (len(scores) + 1) + 1e-9)
    if rank < 1:
        raise InputError(
            f"{len(scores)} non-members give no threshold for a false positive rate below "
            f"1/{len(scores) + 1}, got fpr={fpr}"
        )
    return float(np.sort(scores)[max(len(scores) - rank, 0)])


def operating_point(
    members: ArrayLike, nonmembers: ArrayLike, *, threshold: float, level: float = 0.95
) -> OperatingPoint:
    """Return what an attack with a given threshold calls members.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        threshold: Scores above it are called members; it must not have been chosen on these rows.
        level: Confidence level of the limits, between 0 and 1.

    Returns:
        The counts with their rates.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import operating_point
        >>> point = operating_point([0.2, 0.9], [0.1, 0.3, 0.8, 0.4], threshold=0.5)
        >>> point.tpr.value, point.fpr.value
        (0.5, 0.25)
    """
    first, second = as_scores(members, nonmembers)
    _check.between(0, 1, level=level)
    return OperatingPoint(
        true_positives=int(np.sum(first > threshold)),
        num_members=len(first),
        false_positives=int(np.sum(second > threshold)),
        num_nonmembers=len(second),
        level=level,
    )


def cross_fitted_point(
    members: ArrayLike,
    nonmembers: ArrayLike,
    *,
    generator: np.random.Generator,
    fpr: float | None = None,
    folds: int = 2,
    level: float = 0.95,
) -> OperatingPoint:
    """Return what an attack calls members if each row's threshold comes from the other folds.

    Every row is tested once, at a threshold that it had no part in. The rates are those of the
    folds' thresholds on average; for them the limits are exact or, as rates differ between folds,
    a little wide (Hoeffding, Annals of Mathematical Statistics 1956,
    https://doi.org/10.1214/aoms/1177728178).

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        generator: Source of the random folds.
        fpr: Allowed false positive rate of the thresholds; None for the largest advantage.
        folds: Number of folds, from 2 to the size of the smaller group.
        level: Confidence level of the limits, between 0 and 1.

    Returns:
        The counts with their rates.

    Raises:
        InputError: If the non-members do not support ``fpr`` (see `smallest_fpr`), a group has
            fewer rows than folds, or is not finite or not one-dimensional.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import cross_fitted_point
        >>> generator = np.random.default_rng(0)
        >>> members, others = generator.normal(1, 1, 200), generator.normal(0, 1, 200)
        >>> point = cross_fitted_point(members, others, generator=generator, fpr=0.05)
        >>> print(point.tpr, point.fpr)
        0.255 [0.196, 0.321] 0.045 [0.021, 0.084]
    """
    first, second = as_scores(members, nonmembers)
    _check.at_least(2, folds=folds)
    if min(len(first), len(second)) < folds:
        raise InputError(
            f"each group needs at least {folds} scores for {folds} folds, "
            f"got {len(first)} members and {len(second)} non-members"
        )
    if fpr is not None:
        check_supported(fpr, len(second))
    of_first, of_second = (_folds(len(group), folds, generator) for group in (first, second))
    points = []
    for fold in range(folds):
        others = second[of_second != fold]
        if fpr is None:
            threshold = best_threshold(first[of_first != fold], others)
        else:
            threshold = threshold_at_fpr(others, fpr=fpr)
        tested = first[of_first == fold], second[of_second == fold]
        points.append(operating_point(*tested, threshold=threshold, level=level))
    return OperatingPoint(
        true_positives=sum(point.true_positives for point in points),
        num_members=len(first),
        false_positives=sum(point.false_positives for point in points),
        num_nonmembers=len(second),
        level=level,
    )


def _folds(rows: int, folds: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return the fold of each row, of nearly equal sizes."""
    return generator.permutation(np.arange(rows) % folds)
