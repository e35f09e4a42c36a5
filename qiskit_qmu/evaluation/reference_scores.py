"""Scores of rows beside the oracles: how much better the model predicts each than they do."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.evaluation.evidence import Evidence, Scores
from qiskit_qmu.observation import Observations


def reference_scores(evidence: Evidence) -> Scores | None:
    """Return the differences from the oracles' mean score; None if there is nothing to compare."""
    observed, oracles = evidence.observed, evidence.oracles
    if not oracles or observed.test_forget is None:
        return None
    beside = [oracle.test_forget for oracle in oracles if oracle.test_forget is not None]
    if len(beside) < len(oracles):
        return None
    members = observed.forget.membership_score - _mean_score([each.forget for each in oracles])
    others = observed.test_forget.membership_score - _mean_score(beside)
    if not members.any() and not others.any():
        return None  # the oracle itself
    return members, others


def _mean_score(observed: Sequence[Observations]) -> NDArray[np.float64]:
    return np.asarray(np.mean([each.membership_score for each in observed], axis=0))
