"""The AUC of forgotten rows against their never-seen counterparts."""

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.evaluation.evidence import Evidence, Scores
from qiskit_qmu.metrics import Interval, stratified_auroc


def comparable(members: NDArray[np.int64], nonmembers: NDArray[np.int64]) -> bool:
    """Return whether two groups, given by their strata, have enough rows in a common stratum."""
    return min(len(members), len(nonmembers)) > 1 and bool(np.isin(members, nonmembers).any())


def auc_of(evidence: Evidence, scores: Scores, level: float = 0.95) -> Interval | None:
    """Return the AUC of forgotten rows against their never-seen counterparts, class by class.

    Args:
        evidence: Whose rows they are.
        scores: Scores of the two groups.
        level: Confidence level of the limits.

    Returns:
        The AUC; None with fewer than two rows in a group, or no common class.
    """
    forget, control = evidence.observed.forget, evidence.observed.test_forget
    if control is None or not comparable(forget.strata, control.strata):
        return None
    members, nonmembers = scores
    return stratified_auroc(members, forget.strata, nonmembers, control.strata, level)
