"""How much an AUC differs between two models on the same rows."""

import math

import numpy as np
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval
from qiskit_qmu.metrics.ranking import Scores, as_scores, placements
from qiskit_qmu.metrics.student import student_quantile


def auroc_change(
    after: tuple[ArrayLike, ArrayLike],
    before: tuple[ArrayLike, ArrayLike],
    *,
    labels: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.95,
) -> Interval:
    """Return the AUC of one model less that of another, both on the same rows.

    The variance is that of DeLong et al. (Biometrics 1988, https://doi.org/10.2307/2531595) for
    correlated AUCs: rows that are easy for one model are mostly easy for the other, so the
    difference is known better than either AUC.

    Args:
        after: Scores of members (n,) and non-members (m,) by one model.
        before: Scores of the same rows, in the same order, by the other.
        labels: Classes of members and non-members, within which rows are compared; None for one.
        level: Confidence level, between 0 and 1.

    Returns:
        The difference with limits in [−1, 1]; without limits if a class has one row of a kind.

    Raises:
        InputError: If a group is empty, lengths differ, a score is not finite, or no class has both
            members and non-members.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import auroc_change
        >>> generator = np.random.default_rng(0)
        >>> members, others = generator.normal(size=(2, 200))
        >>> print(auroc_change((members + 0.5, others), (members, others)))
        0.135 [0.124, 0.146]
    """
    new, old = as_scores(*after), as_scores(*before)
    kinds = (
        [np.zeros(len(g), int) for g in new] if labels is None else list(map(np.asarray, labels))
    )
    for name, now, then, classes in zip(("members", "nonmembers"), new, old, kinds, strict=True):
        _check.same_length(**{f"{name} after": now, "before": then, "labels": classes})
    _check.between(0, 1, level=level)
    shared = np.intersect1d(*kinds)
    if not len(shared):
        raise InputError("members and non-members have no class in common")
    parts = [_of_class(new, old, (kinds[0] == c, kinds[1] == c)) for c in shared]
    above = np.concatenate([of_members for of_members, _ in parts])
    weights = [len(of_members) / len(above) for of_members, _ in parts]
    change, sizes = float(above.mean()), [len(above), *(len(below) for _, below in parts)]
    if min(sizes) < 2:
        return Interval(change, level=level)
    variances = [float(above.var(ddof=1)) / len(above)]
    for weight, (_, below) in zip(weights, parts, strict=True):
        variances.append(weight**2 * float(below.var(ddof=1)) / len(below))
    half = student_quantile(variances, [n - 1 for n in sizes], level) * math.sqrt(sum(variances))
    return Interval(change, max(-1.0, change - half), min(1.0, change + half), level)


def _of_class(
    new: tuple[Scores, Scores], old: tuple[Scores, Scores], masks: tuple[Scores, Scores]
) -> tuple[Scores, Scores]:
    """Return by how much each member and non-member of a class fares better."""
    now = placements(*(scores[mask] for scores, mask in zip(new, masks, strict=True)))
    then = placements(*(scores[mask] for scores, mask in zip(old, masks, strict=True)))
    return now[0] - then[0], now[1] - then[1]
