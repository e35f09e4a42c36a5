"""Rows of a comparison of shot counts become one summary for each model and shot count."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

from qiskit_qmu._check import InputError, not_empty
from qiskit_qmu.attacks import ATTACKS
from qiskit_qmu.report.aggregate import estimate_over
from qiskit_qmu.report.estimate import Estimate
from qiskit_qmu.report.fields import Field, number

USELESS = "useless"

Row = Mapping[str, Any]

Spread = Literal["seeds", "repetitions", "rows"]
"""What an interval is over."""

_ACCURACY = "accuracy, %"
_DIVERGENCE = "to exact"
_AUC = "membership AUC from"

NEVER_SEEN = Field(
    key="acc_retain_test",
    group=_ACCURACY,
    heading="never seen",
    factor=100.0,
    decimals=1,
    maximum=1.0,
)
FORGOTTEN = Field(
    key="acc_forget_train",
    group=_ACCURACY,
    heading="forgotten",
    factor=100.0,
    decimals=1,
    maximum=1.0,
)
DIVERGENCE = Field(
    key="js_exact",
    group=_DIVERGENCE,
    heading="JS, 10⁻³ nats",
    factor=1000.0,
    decimals=3,
    maximum=math.log(2),
)
AUCS = tuple(
    Field(key=key, group=_AUC, heading=column.heading, decimals=2, maximum=1.0)
    for key, column in ATTACKS.items()
)

FIELDS = (NEVER_SEEN, FORGOTTEN, DIVERGENCE, *AUCS)
"""What is shown, in the order of tables and figures."""


@final
@dataclass(frozen=True, kw_only=True)
class ShotSummary:
    """One model with one number of shots.

    Args:
        model: Name of the model, or `USELESS`.
        shots: Shots of each circuit; None for exact values.
        values: Estimate for each field's key.
    """

    model: str
    shots: int | None
    values: Mapping[str, Estimate]

    @property
    def shots_text(self) -> str:
        """The number of shots, or what stands for infinitely many."""
        if self.model == USELESS:
            return ""
        return "exact" if self.shots is None else f"{self.shots:,}"

    @property
    def is_reference(self) -> bool:
        """Whether this is what a useless answer scores."""
        return self.model == USELESS


def summarise_shots(rows: Sequence[Row]) -> tuple[ShotSummary, ...]:
    """Summarise rows by model and shot count: models as they come, shots upwards, exact last.

    Repetitions of a seed are averaged first. With two seeds or more the interval is a t-interval
    over the seeds. With one seed and several repetitions it is one over the repetitions, which
    holds the noise of shots and no other; but that of an AUC is then over the rows, since the luck
    of the rows is the larger part of it. With one of each it is over the rows throughout.

    Args:
        rows: Rows of numbers, each with its model, shots, seed and repetition.

    Returns:
        The summaries, useless answers last.

    Raises:
        InputError: There is no row, or a row lacks its model, shots or seed.
    """
    not_empty(rows=rows)
    groups: dict[tuple[str, int | None], list[Row]] = {}
    for row in rows:
        if not {"model", "shots", "seed"} <= row.keys():
            raise InputError(f"every row must name model, shots and seed, got {sorted(row)}")
        groups.setdefault((str(row["model"]), row["shots"]), []).append(row)
    models = list(dict.fromkeys(model for model, _ in groups))
    order = sorted(
        groups,
        key=lambda group: (
            group[0] == USELESS,
            models.index(group[0]),
            math.inf if group[1] is None else group[1],
        ),
    )
    return tuple(
        ShotSummary(
            model=model,
            shots=shots,
            values={field.key: _estimate(field, groups[model, shots]) for field in FIELDS},
        )
        for model, shots in order
    )


def spread_of(field: Field, rows: Sequence[Row]) -> Spread:
    """Return what the intervals of a field are over, where its numbers differ."""
    if len({row["seed"] for row in rows}) > 1:
        return "seeds"
    several = len({row.get("repetition") for row in rows}) > 1
    return "repetitions" if several and field not in AUCS else "rows"


def _estimate(field: Field, rows: Sequence[Row]) -> Estimate:
    by_seed: dict[Any, list[Row]] = {}
    for row in rows:
        by_seed.setdefault(row["seed"], []).append(row)
    if spread_of(field, rows) == "repetitions":
        return estimate_over(field, rows)
    return estimate_over(field, [_mean_row(field, own) for own in by_seed.values()])


def _mean_row(field: Field, rows: Sequence[Row]) -> Row:
    """Return a field's mean over the repetitions of a seed, and the means of its limits."""
    keys = (field.key, f"{field.key}_low", f"{field.key}_high")
    return {key: sum(number(row, key) for row in rows) / len(rows) for key in keys}
