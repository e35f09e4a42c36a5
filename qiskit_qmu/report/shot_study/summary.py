"""Rows of a study of shots become one point for each model, device and number of shots."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from qiskit_qmu.metrics import Interval, mean_interval

Row = Mapping[str, Any]

NUMBERS: Mapping[str, tuple[str, str]] = {
    "acc_test": ("accuracy, %", "right answers on never-seen rows of all classes"),
    "acc_retain": ("retained, %", "right answers on never-seen rows of the retained classes"),
    "acc_forget": ("forgotten, %", "right answers on the forgotten training rows"),
    "auc_loss": ("AUC loss", "trained rows against others, by the log-odds of the true label"),
    "auc_rmia": ("AUC RMIA", "the same against the other targets as references"),
    "auc_counts": ("AUC counts", "the same by the likelihood ratio of the counts"),
    "auc_repeated": ("AUC repeated", "RMIA by the answers to repeated queries"),
    "forgotten_auc_loss": ("AUC forgotten", "forgotten rows against never-seen ones of the class"),
    "forgotten_auc_rmia": ("AUC forgotten, RMIA", "the same against the other targets"),
    "js_oracle": ("JS oracle", "divergence from the oracle's exact answers, nats"),
    "js_exact": ("JS exact", "divergence from the same unlearning with exact gradients, nats"),
}
"""Heading and meaning of each number of a study."""

SHARES = ("acc_test", "acc_retain", "acc_forget")


@final
@dataclass(frozen=True, kw_only=True)
class StudyPoint:
    """Where a study has measured: one model after one treatment, with one number of shots.

    Attributes:
        dataset: The dataset.
        model: The model.
        method: "original", an oracle or an unlearning method.
        device: "exact", or a device with noise.
        train_shots: Shots of each circuit in training; None for exact gradients.
        unlearn_shots: Likewise in unlearning.
        shots: Shots of each answer; None for exact ones.
        targets: How many targets there are.
        values: Mean over the targets of each of `NUMBERS`, with its t-interval.
        spreads: Their standard deviation over the targets.
    """

    dataset: str
    model: str
    method: str
    device: str
    train_shots: int | None
    unlearn_shots: int | None
    shots: int | None
    targets: int
    values: Mapping[str, Interval]
    spreads: Mapping[str, float]

    @property
    def world(self) -> tuple[str, str]:
        """Its dataset and model."""
        return self.dataset, self.model

    def at(self, **names: Any) -> bool:
        """Return whether it has these attributes."""
        return all(getattr(self, name) == value for name, value in names.items())


_NAMES = ("dataset", "model", "method", "device", "train_shots", "unlearn_shots", "shots")


def summarise_study(rows: Sequence[Row]) -> tuple[StudyPoint, ...]:
    """Average the rows of a study over its targets.

    Targets of one pool share rows, two by two no training row. The t-interval over them holds the
    luck of halves, batches and shots, and not that of the pool.

    Args:
        rows: As in ``study.jsonl``.

    Example:
        >>> from qiskit_qmu.report.shot_study import summarise_study
        >>> names = {"dataset": "iris", "model": "basic", "method": "original", "device": "exact"}
        >>> shots = {"train_shots": None, "unlearn_shots": None, "shots": 16}
        >>> rows = [{**names, **shots, "auc_loss": auc} for auc in (0.5, 0.6)]
        >>> summarise_study(rows)[0].values["auc_loss"].value
        0.55
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in _NAMES), []).append(row)
    points = []
    for names, own in groups.items():
        found = {key: [row[key] for row in own if row.get(key) is not None] for key in NUMBERS}
        points.append(
            StudyPoint(
                **dict(zip(_NAMES, names, strict=True)),
                targets=len(own),
                values={key: _mean(key, own_values) for key, own_values in found.items()},
                spreads={
                    k: float(np.std(v, ddof=1)) if len(v) > 1 else math.nan
                    for k, v in found.items()
                },
            )
        )
    return tuple(points)


def _mean(key: str, values: Sequence[float]) -> Interval:
    """Return a mean with its limits, cut off where no mean can be; without any where all agree."""
    if not values:
        return Interval()
    found = mean_interval(values)
    if max(values) - min(values) <= 1e-12:
        return Interval(found.value)
    highest = math.log(2) if key.startswith("js") else 1.0
    return Interval(found.value, max(found.low, 0.0), min(found.high, highest))


def worlds_of(points: Sequence[StudyPoint]) -> tuple[tuple[str, str], ...]:
    """Return every dataset with every model, in order."""
    return tuple(dict.fromkeys(point.world for point in points))
