"""Result rows, one per method and seed, become one summary per method: means, intervals, gaps."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from qiskit_qmu._check import InputError, not_empty
from qiskit_qmu.report import outcomes
from qiskit_qmu.report.estimate import MISSING, Estimate, difference, mean_estimate
from qiskit_qmu.report.fields import (
    COSTS,
    PAPER_CONTROL,
    PAPER_EXCESS,
    PAPER_RATE,
    RESULTS,
    Field,
    number,
)

ORIGINAL = "original"
ORACLE = "oracle"

Row = Mapping[str, Any]


@final
@dataclass(frozen=True, kw_only=True)
class MethodSummary:
    """What one method did, over all its seeds.

    Args:
        method: Name of the method.
        seeds: Number of rows that were averaged.
        values: Estimate per field key; every key of the tables is there.
        gaps: The same minus the oracle's, per result key.
        relative_costs: Cost divided by the oracle's, per cost key; NaN where unknown.
        verdict: The rows' verdicts, empty without any.
        passed: Whether it forgot with every seed.
        remarks: That it failed or changed nothing, in words; empty where all went well.
        stopped: Why it stopped, empty where that is not known.
    """

    method: str
    seeds: int
    values: Mapping[str, Estimate]
    gaps: Mapping[str, Estimate]
    relative_costs: Mapping[str, float]
    verdict: str
    passed: bool
    remarks: tuple[str, ...]
    stopped: str

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
        InputError: There is no row, a row without a method, two rows of one method and seed, or
            something other than a number where one belongs.
    """
    groups = _rows_by_method(rows)
    oracle_rows = groups.get(ORACLE, [])
    oracle_values = _values(oracle_rows)
    summaries = []
    for method, group in groups.items():
        values = _values(group)
        gaps = {
            field.key: _gap(field, group, oracle_rows, values, oracle_values) for field in RESULTS
        }
        relative_costs = {
            field.key: _ratio(values[field.key].value, oracle_values[field.key].value)
            for field in COSTS
        }
        summaries.append(
            MethodSummary(
                method=method,
                seeds=len(group),
                values=values,
                gaps=gaps,
                relative_costs=relative_costs,
                verdict=_verdict(group),
                passed=outcomes.passed(group),
                remarks=outcomes.remarks(group),
                stopped=outcomes.stops(group),
            )
        )
    return tuple(summaries)


def find(summaries: Sequence[MethodSummary], method: str) -> MethodSummary | None:
    """Return the summary of a method, None where it was not run."""
    return next((summary for summary in summaries if summary.method == method), None)


def _rows_by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    not_empty(rows=rows)
    groups: dict[str, list[Row]] = {ORIGINAL: [], ORACLE: []}
    for row in rows:
        if not row.get("method"):
            raise InputError(f"every row must name its method, got {sorted(row)}")
        groups.setdefault(str(row["method"]), []).append(_with_excess(row))
    for method, group in groups.items():
        for seed, count in Counter(row.get("seed") for row in group).items():
            if count > 1:
                raise InputError(
                    f"rows must hold one row per method and seed, "
                    f"got {count} of {method}, seed {seed}"
                )
    return {method: group for method, group in groups.items() if group}


def _values(rows: Sequence[Row]) -> dict[str, Estimate]:
    return {field.key: estimate_over(field, rows) for field in (*RESULTS, *COSTS)}


def estimate_over(field: Field, rows: Sequence[Row]) -> Estimate:
    """Average a field over rows that are independent of each other.

    Args:
        field: Which number.
        rows: Rows with the number and the limits of its own interval, or without.

    Returns:
        The mean with its t-interval; of one row, or where all agree, with the mean of the rows' own
        limits.
    """
    known = [row for row in rows if math.isfinite(number(row, field.key))]
    if not known:
        return MISSING
    own = [_own(field, row) for row in known]
    if len(own) == 1:
        return own[0]
    mean = mean_estimate([one.value for one in own], low=field.minimum, high=field.maximum)
    if mean.has_interval:
        return mean
    ends = [sum(end) / len(own) for end in zip(*((one.low, one.high) for one in own), strict=True)]
    return Estimate(value=mean.value, low=ends[0], high=ends[1])


def _own(field: Field, row: Row) -> Estimate:
    return Estimate(
        value=number(row, field.key),
        low=number(row, f"{field.key}_low"),
        high=number(row, f"{field.key}_high"),
    )


def _with_excess(row: Row) -> Row:
    excess = difference(_own(PAPER_RATE, row), _own(PAPER_CONTROL, row))
    key = PAPER_EXCESS.key
    return {**row, key: excess.value, f"{key}_low": excess.low, f"{key}_high": excess.high}


def _gap(
    field: Field,
    rows: Sequence[Row],
    oracle_rows: Sequence[Row],
    values: Mapping[str, Estimate],
    oracle_values: Mapping[str, Estimate],
) -> Estimate:
    if rows is oracle_rows:
        return MISSING
    oracle_by_seed = {row.get("seed"): number(row, field.key) for row in oracle_rows}
    pairs = (number(row, field.key) - oracle_by_seed.get(row.get("seed"), math.nan) for row in rows)
    differences = [pair for pair in pairs if math.isfinite(pair)]
    if len(differences) > 1:
        reach = field.maximum - field.minimum
        mean = mean_estimate(differences, low=-reach, high=reach)
        if mean.has_interval:
            return mean
    return difference(values[field.key], oracle_values[field.key])


def _ratio(value: float, reference: float) -> float:
    return value / reference if reference > 0 else math.nan


def _verdict(rows: Sequence[Row]) -> str:
    counts = Counter(verdict for row in rows if (verdict := outcomes.verdict(row)))
    if len(counts) == 1 and counts.total() == len(rows):
        return next(iter(counts))
    return "; ".join(
        f"{verdict} ({count} of {len(rows)} seeds)" for verdict, count in counts.most_common()
    )
