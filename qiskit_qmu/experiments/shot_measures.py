"""What is measured of one model with one number of shots: accuracy, divergence, membership."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.attacks import ATTACKS, AttackColumn
from qiskit_qmu.auditing.measure import interval_row
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.metrics import (
    Interval,
    binomial_interval,
    jensen_shannon_interval,
    stratified_auroc,
)
from qiskit_qmu.observation import Observations

_COIN_TOSSES = 1000


@final
@dataclass(frozen=True, kw_only=True)
class ObservedRows:
    """The rows that a model is observed on, and which of them are what.

    Attributes:
        x: All rows, shape (n, …).
        y: Their labels, shape (n,).
        members: Forgotten training rows.
        nonmembers: Never-seen rows of the same kind.
        never_seen: Never-seen retained rows.
        known: Training rows that an attacker learns from; of a class there are none, since rows of
            other classes say nothing about it.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    members: slice
    nonmembers: slice
    never_seen: slice
    known: slice

    @staticmethod
    def of(split: ForgetSplit) -> "ObservedRows":
        """Put the rows of a split together, so that a device has one queue for them."""
        known = split.retain.take([]) if split.kind == "class" else split.retain
        parts = (split.forget, split.test_forget, split.test_retain, known)
        ends = np.cumsum([0, *map(len, parts)])
        members, nonmembers, never_seen, others = map(slice, ends[:-1], ends[1:])
        return ObservedRows(
            x=np.concatenate([part.x for part in parts]),
            y=np.concatenate([part.y for part in parts]),
            members=members,
            nonmembers=nonmembers,
            never_seen=never_seen,
            known=others,
        )


def measure_answers(
    rows: ObservedRows,
    observed: Observations,
    expected: NDArray[np.float64] | None,
    generator: np.random.Generator,
) -> dict[str, float | None]:
    """Measure what a model answered.

    Args:
        rows: What it was asked.
        observed: Its answers.
        expected: Its exact answers (n, classes); None where there are none.
        generator: Deals rows to the folds of attacks.

    Returns:
        ``{name: value, name_low: …, name_high: …}`` with intervals over the rows: accuracies, the
        divergence from the exact answers in nats, on the rows of both accuracies, and AUCs. None
        stands for what cannot be measured.
    """
    judged = np.r_[rows.members, rows.never_seen]
    measured: dict[str, Interval | None] = {
        "acc_retain_test": _accuracy(observed, rows.never_seen),
        "acc_forget_train": _accuracy(observed, rows.members),
        "js_exact": _from_exact(observed, expected, judged),
    }
    for key, column in ATTACKS.items():
        measured[key] = _auc(column, rows, observed, generator)
    return interval_row(measured)


def useless_answers(
    rows: ObservedRows,
    retained: NDArray[np.int64],
    expected: NDArray[np.float64] | None,
    generator: np.random.Generator,
) -> dict[str, float | None]:
    """Return what answers score that look at nothing.

    Accuracies are those of always naming the most frequent retained class, the divergence is that
    of naming all classes alike from the original's exact answers, and the AUC is ½, within the
    range that the middle 95 % of attackers reach who toss a coin over the same rows.

    Args:
        rows: What is asked.
        retained: Labels of the retained training rows.
        expected: The original's exact answers (n, classes); None where there are none.
        generator: Tosses the coins.

    Returns:
        The same names as `measure_answers`.
    """
    right = rows.y == np.bincount(retained).argmax()
    judged = np.r_[rows.members, rows.never_seen]
    uniform = None if expected is None else np.full_like(expected, 1 / expected.shape[1])
    coin = _coin_auc(rows.y[rows.members], rows.y[rows.nonmembers], generator)
    return interval_row(
        {
            "acc_retain_test": _share(right[rows.never_seen]),
            "acc_forget_train": _share(right[rows.members]),
            "js_exact": None
            if uniform is None or expected is None
            else jensen_shannon_interval(uniform[judged], expected[judged]),
            **dict.fromkeys(ATTACKS, coin),
        }
    )


def _from_exact(
    observed: Observations, expected: NDArray[np.float64] | None, judged: NDArray[np.int64]
) -> Interval | None:
    if expected is None:
        return None
    if observed.shots is None:
        return Interval(0.0, 0.0, 0.0)  # from itself, whatever the rows
    return jensen_shannon_interval(observed.probabilities[judged], expected[judged])


def _accuracy(observed: Observations, part: slice) -> Interval | None:
    return _share((observed.predictions == observed.labels)[part])


def _share(right: NDArray[np.bool_]) -> Interval | None:
    return binomial_interval(int(right.sum()), len(right)) if len(right) else None


def _auc(
    column: AttackColumn,
    rows: ObservedRows,
    observed: Observations,
    generator: np.random.Generator,
) -> Interval | None:
    members, nonmembers, known = (
        observed.take(np.r_[part]) for part in (rows.members, rows.nonmembers, rows.known)
    )
    if not column.can_read(observed) or not _comparable(members.strata, nonmembers.strata):
        return None
    scores = column.attack.scores(
        members, nonmembers, generator=generator, known_members=known if len(known) else None
    )
    return stratified_auroc(scores[0], members.strata, scores[1], nonmembers.strata)


def _coin_auc(
    members: NDArray[np.int64], nonmembers: NDArray[np.int64], generator: np.random.Generator
) -> Interval | None:
    if not _comparable(members, nonmembers):
        return None
    tossed = [
        stratified_auroc(
            generator.random(len(members)), members, generator.random(len(nonmembers)), nonmembers
        ).value
        for _ in range(_COIN_TOSSES)
    ]
    low, high = np.quantile(tossed, [0.025, 0.975])
    return Interval(0.5, float(low), float(high))


def _comparable(members: NDArray[np.int64], nonmembers: NDArray[np.int64]) -> bool:
    return min(len(members), len(nonmembers)) > 1 and bool(np.isin(members, nonmembers).any())
