"""Result rows, one per method and seed, become one summary per method: means, intervals, gaps."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from qiskit_qmu._check import InputError, not_empty
from qiskit_qmu.evaluation import outcomes
from qiskit_qmu.evaluation.columns import COSTS, Column, number, result_columns
from qiskit_qmu.evaluation.outcomes import Outcome
from qiskit_qmu.metrics import UNKNOWN, Interval, difference_interval, mean_interval

ORIGINAL = "original"
ORACLE = "oracle"

Row = Mapping[str, Any]


@final
@dataclass(frozen=True, kw_only=True)
class MethodSummary:
    """What one method did, over all its seeds.

    Attributes:
        method: Name of the method.
        seeds: Number of rows that were averaged.
        values: Interval per column key; every column of the rows is there.
        gaps: The same minus the oracle's, per result key.
        relative_costs: Cost divided by the oracle's, per cost key; NaN where unknown.
        verdicts: The rows' verdicts with their numbers of seeds, the most frequent first.
        outcome: Whether it forgot with every seed; None if nothing was judged.
        passes: Number of seeds with which it forgot.
        decided_by: Key of the column that decided every row's verdict; empty where they differ or
            none did.
        reasons: What the verdict rests on, with the seeds where there are several.
        remarks: That it failed or changed nothing, in words; empty where all went well.
        stopped: Why it stopped, empty where that is not known.
        strengths: The strength that it chose with each seed, if it chose one.
    """

    method: str
    seeds: int
    values: Mapping[str, Interval]
    gaps: Mapping[str, Interval]
    relative_costs: Mapping[str, float]
    verdicts: Mapping[str, int]
    outcome: Outcome | None
    passes: int
    decided_by: str
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    stopped: str
    strengths: tuple[str, ...] = ()

    @property
    def at_limit(self) -> bool:
        """Whether it ended at its limit of steps with some seed, short of its own goal."""
        return "limit" in self.stopped.split("; ")

    @property
    def passed(self) -> bool:
        """Whether it forgot with every seed."""
        return self.outcome == "passed"

    @property
    def is_reference(self) -> bool:
        """Whether this is the original or the oracle, not a method under test."""
        return self.method in (ORIGINAL, ORACLE)


def aggregate(rows: Sequence[Row]) -> tuple[MethodSummary, ...]:
    """Summarise result rows by method: the original first, then the oracle, then as they come.

    With two seeds or more the interval is a t-interval over the seeds. With one seed, or where
    all seeds agree to the last digit (0 of 92 rows right, every time), it is the row's own, over
    the examples. A gap is the mean difference from the oracle of the same seed, with a t-interval
    likewise; otherwise the difference of the two summaries, their arms squared and added.

    Args:
        rows: Result rows; each names its ``"method"``.

    Returns:
        One summary per method.

    Raises:
        InputError: If there is no row, a row has no method, two rows have the same method and
            seed, or something other than a number stands where one belongs.
    """
    groups = _rows_by_method(rows)
    columns = result_columns(rows)
    oracle_rows = groups.get(ORACLE, [])
    oracle_values = _values(columns, oracle_rows)
    summaries = []
    for method, group in groups.items():
        values = _values(columns, group)
        gaps = {
            column.key: _gap(column, group, oracle_rows, values, oracle_values)
            for column in columns
        }
        relative_costs = {
            cost.key: _ratio(values[cost.key].value, oracle_values[cost.key].value)
            for cost in COSTS
        }
        summaries.append(
            MethodSummary(
                method=method,
                seeds=len(group),
                values=values,
                gaps=gaps,
                relative_costs=relative_costs,
                verdicts=outcomes.verdicts(group),
                reasons=outcomes.reasons(group),
                outcome=outcomes.outcome(group),
                passes=outcomes.passes(group),
                decided_by=outcomes.decided_by(group),
                remarks=outcomes.remarks(group),
                stopped=outcomes.stops(group),
                strengths=outcomes.strengths(group),
            )
        )
    return tuple(summaries)


def find(summaries: Sequence[MethodSummary], method: str) -> MethodSummary | None:
    """Return the summary of a method, None if it was not run."""
    return next((summary for summary in summaries if summary.method == method), None)


def shown_columns(summaries: Sequence[MethodSummary]) -> tuple[Column, ...]:
    """Return the columns of results in which at least one summary has a number."""
    columns = result_columns([summary.values for summary in summaries])
    return tuple(c for c in columns if any(summary.values[c.key].known for summary in summaries))


def _rows_by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    not_empty(rows=rows)
    groups: dict[str, list[Row]] = {ORIGINAL: [], ORACLE: []}
    for row in rows:
        if not row.get("method"):
            raise InputError(f"a row has no method; it has {sorted(row)}")
        groups.setdefault(str(row["method"]), []).append(row)
    for method, group in groups.items():
        for seed, count in Counter(row.get("seed") for row in group).items():
            if count > 1:
                raise InputError(
                    f"rows must hold one row per method and seed, "
                    f"got {count} of {method}, seed {seed}"
                )
    return {method: group for method, group in groups.items() if group}


def _values(columns: Sequence[Column], rows: Sequence[Row]) -> dict[str, Interval]:
    return {column.key: mean_over(column, rows) for column in (*columns, *COSTS)}


def mean_over(column: Column, rows: Sequence[Row]) -> Interval:
    """Average a column over rows that are independent of each other.

    Args:
        column: Which number.
        rows: Rows with the number and the limits of its own interval, or without.

    Returns:
        The mean with its t-interval; of one row, or where all agree, with the mean of the rows' own
        limits.
    """
    own = [each for row in rows if (each := column.read(row)).known]
    if not own:
        return UNKNOWN
    if len(own) == 1:
        return own[0]
    mean = _mean([one.value for one in own], low=column.minimum, high=column.maximum)
    if mean.has_limits:
        return mean
    ends = [sum(end) / len(own) for end in zip(*((one.low, one.high) for one in own), strict=True)]
    return Interval(mean.value, ends[0], ends[1])


def _mean(values: Sequence[float], *, low: float, high: float) -> Interval:
    """Average over seeds, with a t-interval that is cut off where no mean can be.

    There are no limits where all seeds agree, because then their spread of zero says nothing about
    how far off they may be.
    """
    interval = mean_interval(values)
    # Differences of equal shares are equal up to rounding only.
    if max(values) - min(values) <= 1e-12 * max(1.0, abs(interval.value)):
        return Interval(interval.value)
    return Interval(interval.value, max(interval.low, low), min(interval.high, high))


def _gap(
    column: Column,
    rows: Sequence[Row],
    oracle_rows: Sequence[Row],
    values: Mapping[str, Interval],
    oracle_values: Mapping[str, Interval],
) -> Interval:
    if rows is oracle_rows:
        return UNKNOWN
    oracle_by_seed = {row.get("seed"): number(row, column.key) for row in oracle_rows}
    pairs = (
        number(row, column.key) - oracle_by_seed.get(row.get("seed"), math.nan) for row in rows
    )
    differences = [pair for pair in pairs if math.isfinite(pair)]
    if len(differences) > 1:
        reach = column.maximum - column.minimum
        mean = _mean(differences, low=-reach, high=reach)
        if mean.has_limits:
            return mean
    return difference_interval(values[column.key], oracle_values[column.key])


def _ratio(value: float, reference: float) -> float:
    return value / reference if reference > 0 else math.nan
