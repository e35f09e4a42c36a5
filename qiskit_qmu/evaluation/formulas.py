"""Formulas of the reported numbers."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.evaluation.evidence import Evidence, Scores
from qiskit_qmu.metrics import (
    Interval,
    binomial_interval,
    difference_interval,
    jensen_shannon_interval,
    mean_interval,
    r2_interval,
    stratified_auroc,
)
from qiskit_qmu.observation import Observations, concatenate

Part = Literal["forget", "retain", "test_forget", "test_retain"]
Measure = Callable[[Evidence], Interval | None]


def accuracy(part: Part) -> Measure:
    """Return a function that measures the accuracy on a part."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        if seen is None or seen.labels is None:
            return None
        return binomial_interval(int((seen.predictions == seen.labels).sum()), len(seen))

    return measured


def explained_variance(part: Part) -> Measure:
    """Return a function that measures R² on a part; None without predicted values."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        if seen is None or seen.targets is None or seen.outputs is None:
            return None
        return r2_interval(seen.targets, seen.outputs)

    return measured


def mean_loss(part: Part) -> Measure:
    """Return a function that measures the mean loss on a part, with Student's t limits."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        return None if seen is None else mean_interval(seen.losses)

    return measured


def called_member(evidence: Evidence) -> Interval | None:
    """Return the share of forgotten rows that the paper's attack classifies as members."""
    return None if evidence.called is None else _share(evidence.called.forget)


def called_member_control(evidence: Evidence) -> Interval | None:
    """Return the same share of their unseen counterparts."""
    called = evidence.called
    return None if called is None or called.control is None else _share(called.control)


def called_member_difference(evidence: Evidence) -> Interval | None:
    """Return the difference of the two shares."""
    rate, control = called_member(evidence), called_member_control(evidence)
    return None if rate is None or control is None else difference_interval(rate, control)


def attack_auc(key: str) -> Measure:
    """Return a function that measures the AUC of the attack with a key."""

    def measured(evidence: Evidence) -> Interval | None:
        return auc_of(evidence, evidence.scores[key]) if key in evidence.scores else None

    return measured


def reference_auc(evidence: Evidence) -> Interval | None:
    """Score each row by how much better the model predicts it than the oracles do on average.

    The oracles show which rows are easy, which makes the comparison much more sensitive. Only an
    auditor has oracles: this is not an attack, but the sharpest test for remaining traces.
    """
    scores = reference_scores(evidence)
    return None if scores is None else auc_of(evidence, scores)


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


def oracle_divergence(part: Part) -> Measure:
    """Return a function that measures how far a part's outputs are from the oracles' mean."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        oracles = [getattr(oracle, part) for oracle in evidence.oracles]
        if seen is None or not oracles or any(oracle is None for oracle in oracles):
            return None
        # The oracle itself: 0 for all rows, not only for the observed ones.
        return _ZERO if oracles == [seen] else _divergence(seen, oracles)

    return measured


def exact_divergence(evidence: Evidence) -> Interval | None:
    """Return the divergence from the model's own exact outputs, on the rows of the accuracies."""
    if evidence.exact is None:
        return None
    if evidence.observed.forget.shots is None:
        return _ZERO  # the exact outputs themselves
    pair = []
    for outputs in (evidence.observed, evidence.exact):
        parts = [part for part in (outputs.forget, outputs.test_retain) if part is not None]
        pair.append(concatenate(*parts))
    observed, exact = pair
    return _divergence(observed, [exact])


_ZERO = Interval(0.0, 0.0, 0.0)


def _divergence(seen: Observations, others: Sequence[Observations]) -> Interval | None:
    """Return the divergence from the mean probabilities of others."""
    if seen.logits is None:
        return None
    reference = np.mean([other.probabilities for other in others], axis=0)
    return jensen_shannon_interval(seen.probabilities, reference)


def _mean_score(observed: Sequence[Observations]) -> NDArray[np.float64]:
    return np.asarray(np.mean([each.membership_score for each in observed], axis=0))


def _share(called: NDArray[np.bool_]) -> Interval:
    return binomial_interval(int(called.sum()), len(called))


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
