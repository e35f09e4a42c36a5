"""The tables of many runs as plain rows, and as CSV: every number with its interval and its gap."""

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from qiskit_qmu.evaluation import COSTS
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.tables.groups import Grouping
from qiskit_qmu.report.tables.lines import every_column


def tidy_rows(grouping: Grouping) -> list[dict[str, Any]]:
    """Return one row for each group and method; None for numbers that are not known.

    A number stands under its key, the limits of its interval under ``key_low`` and ``key_high``,
    its difference from the oracle under ``key_gap`` with limits likewise, and a cost relative to
    that of retraining under ``key_ratio``; under ``seeds_forgotten`` the seeds of that verdict.
    """
    columns = every_column(grouping.groups)
    costs = {cost.key for cost in COSTS}
    return [
        {
            **group.place,
            "method": summary.method,
            "seeds": summary.seeds,
            "seeds_forgotten": summary.passes if summary.verdicts else None,
            **{
                name: value
                for column in columns
                for name, value in (
                    *_ends(column.key, summary.values[column.key]),
                    *(
                        [(f"{column.key}_ratio", _number(summary.relative_costs[column.key]))]
                        if column.key in costs
                        else _ends(f"{column.key}_gap", summary.gaps[column.key])
                    ),
                )
            },
        }
        for group in grouping.groups
        for summary in group.summaries
    ]


def csv_text(grouping: Grouping) -> str:
    """Return `tidy_rows` as comma-separated values with a line of names."""
    rows = tidy_rows(grouping)
    buffer = io.StringIO()
    if rows:
        writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return buffer.getvalue()


def _ends(key: str, interval: Interval) -> Iterator[tuple[str, float | None]]:
    yield key, _number(interval.value)
    yield f"{key}_low", _number(interval.low)
    yield f"{key}_high", _number(interval.high)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
