"""The reported numbers of models that predict values: R² and the mean loss."""

import math
from typing import Any

from qiskit_qmu.evaluation.columns.column import CHANCE, DESTROYED, Column, Measure
from qiskit_qmu.evaluation.evidence import Evidence, Part
from qiskit_qmu.metrics import Interval, mean_interval, r2_interval
from qiskit_qmu.observation import Observations


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


def _values_column(key: str, heading: str, part: Part, **options: Any) -> Column:
    return Column(
        key=key,
        group="R²",
        heading=heading,
        computed="1 − squared errors / squared deviations of the targets from their mean",
        applies="values",
        measure=explained_variance(part),
        decimals=3,
        minimum=-math.inf,
        maximum=1.0,
        in_text="interval",
        **options,
    )


R2_FORGET = _values_column(
    "r2_forget_train",
    "forgotten",
    "forget",
    better="as the oracle",
    reading="share of the targets’ variance that is explained; 0 = always the mean of the targets.",
    baselines={CHANCE: "0 or less", DESTROYED: "0 or less"},
    with_gap=True,
)
R2_RETAIN_TRAIN = _values_column("r2_retain_train", "retained", "retain", better="higher")
R2_RETAIN_TEST = _values_column(
    "r2_retain_test",
    "never seen",
    "test_retain",
    better="higher",
    baselines={CHANCE: "0 or less", DESTROYED: "0 or less"},
    with_gap=True,
)


def _loss_column(key: str, heading: str, part: Part, **options: Any) -> Column:
    return Column(
        key=key,
        group="mean loss",
        heading=heading,
        computed="mean of the rows' losses, with Student's t limits",
        applies="values",
        measure=mean_loss(part),
        decimals=3,
        minimum=-math.inf,
        in_text="interval",
        **options,
    )


LOSS_FORGET = _loss_column(
    "loss_forget_train",
    "forgotten",
    "forget",
    better="as the oracle",
    reading="mean loss of the rows, in the units of the objective.",
    with_gap=True,
)
LOSS_RETAIN_TRAIN = _loss_column("loss_retain_train", "retained", "retain", better="lower")
LOSS_RETAIN_TEST = _loss_column(
    "loss_retain_test", "never seen", "test_retain", better="lower", with_gap=True
)

VALUE_COLUMNS: tuple[Column, ...] = (
    R2_FORGET,
    R2_RETAIN_TRAIN,
    R2_RETAIN_TEST,
    LOSS_FORGET,
    LOSS_RETAIN_TRAIN,
    LOSS_RETAIN_TEST,
)
"""In the order of the tables."""
