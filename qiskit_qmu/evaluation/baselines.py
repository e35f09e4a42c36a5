"""Scores of uninformed baselines on the rows of one task."""

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.evaluation.columns import FORGET_TRAIN, JS_EXACT, RETAIN_TEST
from qiskit_qmu.evaluation.evidence import SplitObservations
from qiskit_qmu.evaluation.forgotten_auc import comparable
from qiskit_qmu.metrics import (
    Interval,
    binomial_interval,
    jensen_shannon_interval,
    stratified_auroc,
)

BASELINE = "baseline"
"""Name of the row of uninformed baselines in a comparison of shot counts."""

Labels = NDArray[np.int64]

_COIN_TOSSES = 1000


def constant_answer(answer: int, forget: Labels, never_seen: Labels) -> dict[str, Interval | None]:
    """Return the accuracies of predicting one class for every row.

    Args:
        answer: The class.
        forget: Labels of the forgotten rows.
        never_seen: Labels of the unseen rows to retain.
    """
    return {
        RETAIN_TEST.key: _share(never_seen == answer),
        FORGET_TRAIN.key: _share(forget == answer),
    }


def uniform_divergence(exact: SplitObservations | None) -> dict[str, Interval | None]:
    """Return the divergence of uniform probabilities from a model's exact outputs.

    Args:
        exact: The model's exact outputs; None if there are none.
    """
    if exact is None:
        return {JS_EXACT.key: None}
    parts = [part.probabilities for part in (exact.forget, exact.test_retain) if part is not None]
    expected = np.concatenate(parts)
    uniform = np.full_like(expected, 1 / expected.shape[1])
    return {JS_EXACT.key: jensen_shannon_interval(uniform, expected)}


def coin_auc(
    members: Labels, nonmembers: Labels, generator: np.random.Generator
) -> Interval | None:
    """Return an AUC of ½ with the central 95 % range of attacks with random scores.

    Args:
        members: Strata (classes) of the forgotten rows, shape (n,).
        nonmembers: Strata of the unseen rows, shape (m,).
        generator: Random generator of the scores.
    """
    if not comparable(members, nonmembers):
        return None
    tossed = [
        stratified_auroc(
            generator.random(len(members)), members, generator.random(len(nonmembers)), nonmembers
        ).value
        for _ in range(_COIN_TOSSES)
    ]
    low, high = np.quantile(tossed, [0.025, 0.975])
    return Interval(0.5, float(low), float(high))


def _share(right: NDArray[np.bool_]) -> Interval | None:
    return binomial_interval(int(right.sum()), len(right)) if len(right) else None
