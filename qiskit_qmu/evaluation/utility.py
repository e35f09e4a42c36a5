"""Utility: how much a model is worse than the oracles, and than the original, on other rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation.columns import (
    LOSS_RETAIN_TEST,
    LOSS_RETAIN_TRAIN,
    R2_RETAIN_TEST,
    R2_RETAIN_TRAIN,
    RETAIN_TEST,
    RETAIN_TRAIN,
    Column,
)
from qiskit_qmu.evaluation.evidence import SplitObservations
from qiskit_qmu.evaluation.measure import Measurement
from qiskit_qmu.evaluation.paired_differences import accuracy_difference, loss_rise, r2_loss
from qiskit_qmu.evaluation.tested_number import TestedNumber
from qiskit_qmu.metrics import Interval
from qiskit_qmu.observation import Observations

UTILITY_TOLERANCE = 0.05
"""Accuracy or R² on never-seen retained rows that a model may lose against the oracle."""

LOSS_TOLERANCE = 0.1
"""Share by which the mean loss on such rows may lie above the oracle's, where there is neither."""

UTILITY: tuple[tuple[Column, Column], ...] = (
    (RETAIN_TEST, RETAIN_TRAIN),
    (R2_RETAIN_TEST, R2_RETAIN_TRAIN),
    (LOSS_RETAIN_TEST, LOSS_RETAIN_TRAIN),
)
"""What tells whether a model is still worth having, on never-seen rows and where there are none on
training rows: the first of these that is known."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class UtilityLoss:
    """What a model lost, beside the oracles and beside the original.

    Where the oracle has the easier task, with a class less to tell apart, a model that is as good
    as the original has lost nothing: it is read against the reference that is nearer to it.

    Attributes:
        loss: The smaller of the losses; a loss counts from `TestedNumber.high` on.
        column: The column that it is about.
        text: How much was lost, in words.
    """

    loss: TestedNumber
    column: Column
    text: str

    @property
    def is_open(self) -> bool:
        """Whether it cannot be told if too much was lost.

        It can where the whole interval is within the tolerance, or where no loss is shown and the
        estimate is within it.
        """
        found, most = self.loss.interval, self.loss.high
        shown = found.low > 0 and found.high > most
        return shown or not round(found.value, 9) <= most  # 1 - 0.95 is a little more than 0.05


def utility_loss(
    measured: Measurement, oracles: Sequence[SplitObservations], original: Measurement | None
) -> UtilityLoss | None:
    """Return what a model lost; None where it cannot be compared.

    Args:
        measured: The model's numbers.
        oracles: Outputs of the oracles.
        original: The numbers of the model before unlearning.
    """
    seen = measured.evidence.observed
    found = _column(measured)
    if found is None:
        return None
    column, difference, tolerance = found
    part = "test_retain" if column in (RETAIN_TEST, R2_RETAIN_TEST, LOSS_RETAIN_TEST) else "retain"
    references = [list(oracles)]
    if original is not None:
        references.append([original.evidence.observed])
    losses = [
        _loss(column, tolerance, difference, getattr(seen, part), [getattr(o, part) for o in group])
        for group in references
        if all(getattr(each, part) is not None for each in group)
    ]
    known = [loss for loss in losses if loss.interval.known]
    if not known:
        return None
    least = min(known, key=lambda loss: loss.interval.value)
    whose = "the oracle's" if len(oracles) == 1 else "the oracles'"
    whose = whose if original is None else f"{whose} and the original's"
    where = "never-seen" if part == "test_retain" else "training"
    value = least.interval
    if column in (LOSS_RETAIN_TEST, LOSS_RETAIN_TRAIN):
        share = f"{100 * value.value:.0f} % [{100 * value.low:.0f}, {100 * value.high:.0f}]"
        text = f"mean loss on {where} rows to retain is {share} above {whose}"
    else:
        name = "accuracy" if column in (RETAIN_TEST, RETAIN_TRAIN) else "R²"
        text = f"{name} on {where} rows to retain is {value} below {whose}"
    return UtilityLoss(loss=least, column=column, text=text)


_Difference = Callable[[Observations, Sequence[Observations], float], Interval]


def _column(measured: Measurement) -> tuple[Column, _Difference, float] | None:
    ways: tuple[tuple[_Difference, float], ...] = (
        (_accuracy_loss, UTILITY_TOLERANCE),
        (r2_loss, UTILITY_TOLERANCE),
        (loss_rise, LOSS_TOLERANCE),
    )
    for pair, (difference, tolerance) in zip(UTILITY, ways, strict=True):
        for column in pair:
            if measured[column.key] is not None:
                return column, difference, tolerance
    return None


def _accuracy_loss(
    seen: Observations, others: Sequence[Observations], level: float = 0.95
) -> Interval:
    gain = accuracy_difference(seen, others, level)
    return Interval(-gain.value, -gain.high, -gain.low, level)


def _loss(
    column: Column,
    tolerance: float,
    difference: _Difference,
    seen: Observations,
    others: Sequence[Observations],
) -> TestedNumber:
    return TestedNumber(
        key=column.key,
        name=column.name,
        at_level=lambda level: difference(seen, others, level),
        low=float("-inf"),
        high=tolerance,
        expected=tolerance,
    )
