"""Measurement: the reported numbers of one model with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from qiskit_qmu.evaluation.columns import RESULTS, Column
from qiskit_qmu.evaluation.columns.attacks import attack_auc
from qiskit_qmu.evaluation.evidence import Evidence
from qiskit_qmu.metrics import Interval


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """The reported numbers of one model.

    Attributes:
        evidence: The data that they were computed from.
        values: Intervals by the keys of their columns; None if there are no rows. Columns that do
            not apply to the model are absent.

    Example:
        >>> from qiskit_qmu.evaluation import Evidence, SplitObservations, measure
        >>> from qiskit_qmu.observation import Observations
        >>> forget = Observations(row_losses=[0.25, 0.75])
        >>> measured = measure(Evidence(observed=SplitObservations(forget=forget)))
        >>> measured.to_row()["loss_forget_train"], measured["acc_forget_train"] is None
        (0.5, True)
    """

    evidence: Evidence
    values: Mapping[str, Interval | None]

    def __getitem__(self, key: str) -> Interval | None:
        return self.values.get(key)

    def to_row(self) -> dict[str, float | None]:
        """Return {key: value, key_low: …, key_high: …}, None for missing values."""
        return interval_row(self.values)

    def roc_scores(self, key: str) -> dict[str, Any] | None:
        """Return the data of an attack's ROC curve; None if there is no AUC.

        Args:
            key: Key of the attack's column.
        """
        observed = self.evidence.observed
        if observed.test_forget is None or self[key] is None:
            return None
        members, nonmembers = self.evidence.scores[key]
        return {
            "members": _rounded(members),
            "nonmembers": _rounded(nonmembers),
            "member_strata": observed.forget.strata.tolist(),
            "nonmember_strata": observed.test_forget.strata.tolist(),
        }


def measure(evidence: Evidence, columns: Sequence[Column] = RESULTS) -> Measurement:
    """Measure one model.

    Args:
        evidence: The model's evidence.
        columns: Columns to measure; those that do not apply to the model are skipped, and the AUC
            of each attack with scores is added.

    Returns:
        The values with their intervals.

    Example:
        >>> from qiskit_qmu.evaluation import Evidence, SplitObservations, measure
        >>> from qiskit_qmu.observation import Observations
        >>> forget = Observations(logits=[[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]], labels=[0, 0, 0])
        >>> measured = measure(Evidence(observed=SplitObservations(forget=forget)))
        >>> print(measured["acc_forget_train"])  # two of three
        0.667 [0.094, 0.992]
    """
    absent = "values" if evidence.has_classes else "classes"
    values = {
        column.key: column.measure(evidence)
        for column in columns
        if column.measure is not None and column.applies != absent
    }
    further = [key for key in evidence.scores if key not in values]
    aucs = {key: attack_auc(key)(evidence) for key in further}
    return Measurement(
        evidence=evidence,
        values=values | {key: auc for key, auc in aucs.items() if auc is not None},
    )


def interval_row(named: Mapping[str, Interval | None]) -> dict[str, float | None]:
    """Return {name: value, name_low: …, name_high: …} of intervals, None for missing values.

    Example:
        >>> from qiskit_qmu.evaluation import interval_row
        >>> from qiskit_qmu.metrics import Interval
        >>> interval_row({"auc": Interval(0.6, low=0.5, high=0.7), "r2": None})
        {'auc': 0.6, 'auc_low': 0.5, 'auc_high': 0.7, 'r2': None, 'r2_low': None, 'r2_high': None}
    """
    row: dict[str, float | None] = {}
    for name, interval in named.items():
        values = (None,) * 3 if interval is None else interval_values(interval)
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
    return row


def interval_values(interval: Interval) -> tuple[float | None, ...]:
    """Return value, low and high, with None for NaN, for JSON."""
    values = (interval.value, interval.low, interval.high)
    return tuple(float(v) if np.isfinite(v) else None for v in values)


def _rounded(scores: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    return [float(f"{score:.7g}") for score in scores]
