"""Rows of a comparison of shot counts become one summary for each model and shot count."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

from qiskit_qmu._check import InputError, not_empty
from qiskit_qmu.evaluation import BASELINE, SHOT_RESULTS, Column
from qiskit_qmu.evaluation.columns import AUC, number
from qiskit_qmu.evaluation.method_summary import mean_over
from qiskit_qmu.metrics import Interval

Row = Mapping[str, Any]

Spread = Literal["seeds", "repetitions", "rows"]
"""What an interval is over."""

AUCS = tuple(column for column in SHOT_RESULTS if column.key.startswith(AUC.key))
"""The AUCs, one for each attack."""


@final
@dataclass(frozen=True, kw_only=True)
class ShotSummary:
    """One model with one number of shots.

    Attributes:
        model: Name of the model, or `BASELINE`.
        shots: Shots of each circuit; None for exact values.
        values: Interval for each column's key.
    """

    model: str
    shots: int | None
    values: Mapping[str, Interval]

    @property
    def shots_text(self) -> str:
        """The number of shots, or what stands for infinitely many."""
        if self.model == BASELINE:
            return ""
        return "exact" if self.shots is None else f"{self.shots:,}"

    @property
    def is_reference(self) -> bool:
        """Whether this is what answers score that look at nothing."""
        return self.model == BASELINE


def summarise_shots(rows: Sequence[Row]) -> tuple[ShotSummary, ...]:
    """Summarise rows by model and shot count: models as they come, shots upwards, exact last.

    Repetitions of a seed are averaged first. With two seeds or more the interval is a t-interval
    over the seeds. With one seed and several repetitions it is one over the repetitions, which
    holds the noise of shots and no other; but that of an AUC is then over the rows, since the luck
    of the rows is the larger part of it. With one of each it is over the rows throughout. All
    intervals of a column are of one kind: where all seeds or repetitions agree, or there is but
    one, there is none. The range of a baseline is its own.

    Args:
        rows: Rows of numbers, each with its model, shots, seed and repetition.

    Returns:
        The summaries, baselines last.

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
            group[0] == BASELINE,
            models.index(group[0]),
            math.inf if group[1] is None else group[1],
        ),
    )
    return tuple(
        ShotSummary(
            model=model,
            shots=shots,
            values={
                column.key: _interval(column, groups[model, shots], spread_of(column, rows))
                for column in SHOT_RESULTS
            },
        )
        for model, shots in order
    )


def spread_of(column: Column, rows: Sequence[Row]) -> Spread:
    """Return what the intervals of a column are over, where its numbers differ."""
    if len({row["seed"] for row in rows}) > 1:
        return "seeds"
    several = len({row.get("repetition") for row in rows}) > 1
    return "repetitions" if several and column not in AUCS else "rows"


def _interval(column: Column, rows: Sequence[Row], over: Spread) -> Interval:
    by_seed: dict[Any, list[Row]] = {}
    for row in rows:
        by_seed.setdefault(row["seed"], []).append(row)
    means = [_mean_row(column, own) for own in by_seed.values()]
    if over == "rows" or rows[0]["model"] == BASELINE:
        return mean_over(column, means)
    # Without limits of their own, which are over rows.
    values = rows if over == "repetitions" else means
    return mean_over(column, [{column.key: number(row, column.key)} for row in values])


def _mean_row(column: Column, rows: Sequence[Row]) -> Row:
    """Return a column's mean over the repetitions of a seed, and the means of its limits."""
    keys = (column.key, f"{column.key}_low", f"{column.key}_high")
    return {key: sum(number(row, key) for row in rows) / len(rows) for key in keys}
