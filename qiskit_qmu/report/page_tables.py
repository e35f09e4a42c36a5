"""The tables of the page: cells as text, ready for the template."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import final

from qiskit_qmu.evaluation import COSTS, Column, result_columns
from qiskit_qmu.evaluation.column import BASELINES, CHANCE_SHARE, NOTHING, number, show_ratio
from qiskit_qmu.evaluation.columns import GRADIENTS
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.aggregate import MethodSummary, Row, shown_columns
from qiskit_qmu.report.summary import minus

_REFERENCES = {"original": "doing nothing", "oracle": "the aim"}


@final
@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: a number, its interval under it, and whether it is to stand out."""

    value: str
    detail: str = ""
    strong: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class PageRow:
    """One row: whose it is, its cells, and whether it is a reference rather than a method."""

    name: str
    cells: tuple[Cell, ...]
    reference: bool = False
    note: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class PageTable:
    """A table: headings above groups of columns with their widths, headings, rows."""

    groups: tuple[tuple[str, int], ...]
    headings: tuple[str, ...]
    rows: tuple[PageRow, ...]


def results_table(summaries: Sequence[MethodSummary]) -> PageTable:
    """Tabulate every result with its interval; a column without any number is left out."""
    return _table(
        shown_columns(summaries),
        summaries,
        lambda column, summary: cell(column, summary.values[column.key]),
    )


def gaps_table(summaries: Sequence[MethodSummary]) -> PageTable:
    """Tabulate differences from the oracle; strong where the interval excludes 0."""
    methods = [summary for summary in summaries if any(g.known for g in summary.gaps.values())]
    columns = [
        column
        for column in shown_columns(summaries)
        if column.better != "0" and any(summary.gaps[column.key].known for summary in methods)
    ]
    return _table(
        columns, methods, lambda column, summary: _gap_cell(column, summary.gaps[column.key])
    )


def costs_table(summaries: Sequence[MethodSummary]) -> PageTable:
    """Tabulate costs, and gradient evaluations as a multiple of the oracle's; empty without any."""
    known = [cost for cost in COSTS if any(summary.values[cost.key].known for summary in summaries)]
    headings = [cost.heading for cost in known]
    place = known.index(GRADIENTS) + 1 if GRADIENTS in known else None
    if place is not None:
        headings.insert(place, "× oracle")
    rows = []
    for summary in summaries if known else ():
        cells = [cell(cost, summary.values[cost.key], detail=False) for cost in known]
        if place is not None:
            ratio = summary.relative_costs[GRADIENTS.key]
            cells.insert(place, Cell(value=show_ratio(ratio)))
        rows.append(
            PageRow(name=summary.method, cells=tuple(cells), reference=summary.is_reference)
        )
    return PageTable(groups=(), headings=tuple(headings), rows=tuple(rows))


def baselines_table(summaries: Sequence[MethodSummary], num_classes: int | None) -> PageTable:
    """Tabulate what attacks and models score that look at nothing, beside the references.

    Args:
        summaries: One per method.
        num_classes: Number of classes, for chance; None where it is not known.
    """
    chance = f"{100 / num_classes:.1f}" if num_classes else "1 / classes"
    columns = [column for column in shown_columns(summaries) if column.baselines]
    lines = [
        PageRow(
            name=name,
            note=how,
            cells=tuple(
                Cell(value=column.baselines.get(name, NOTHING).replace(CHANCE_SHARE, chance))
                for column in columns
            ),
        )
        for name, how in BASELINES.items()
    ]
    lines += [
        PageRow(
            name=summary.method,
            note=_REFERENCES[summary.method],
            cells=tuple(cell(c, summary.values[c.key], detail=False) for c in columns),
            reference=True,
        )
        for summary in summaries
        if summary.method in _REFERENCES
    ]
    return PageTable(groups=groups(columns), headings=headings(columns), rows=tuple(lines))


def num_classes_of(rows: Sequence[Row]) -> int | None:
    """Return the number of classes that the rows agree on, None where they do not name one."""
    found = {row["num_classes"] for row in rows if row.get("num_classes")}
    return found.pop() if len(found) == 1 else None


def seeds_table(rows: Sequence[Row]) -> PageTable:
    """Tabulate the rows as they came, one line per method and seed."""
    fields = tuple(
        column
        for column in (*result_columns(rows), *COSTS)
        if any(math.isfinite(number(row, column.key)) for row in rows)
    )
    lines = tuple(
        PageRow(
            name=f"{row['method']}, seed {row.get('seed', NOTHING)}",
            cells=tuple(Cell(value=field.show(number(row, field.key))) for field in fields),
        )
        for row in rows
    )
    return PageTable(groups=groups(fields), headings=headings(fields), rows=lines)


def parameter_sentence(rows: Sequence[Row]) -> str:
    """Say how much of the model is quantum, where the rows agree on it; empty otherwise."""
    counts = {
        (number(row, "quantum_parameters"), number(row, "classical_parameters")) for row in rows
    }
    if len(counts) != 1:
        return ""
    ((quantum, classical),) = counts
    if not math.isfinite(quantum + classical) or quantum + classical <= 0:
        return ""
    share = 100 * quantum / (quantum + classical)
    return (
        f"The model has {quantum:,.0f} quantum and {classical:,.0f} classical parameters: "
        f"{share:.3g} % of what can change is quantum."
    )


def _table(
    columns: Sequence[Column],
    summaries: Sequence[MethodSummary],
    cell: Callable[[Column, MethodSummary], Cell],
) -> PageTable:
    rows = (
        PageRow(
            name=summary.method,
            cells=tuple(cell(column, summary) for column in columns),
            reference=summary.is_reference,
        )
        for summary in summaries
    )
    return PageTable(groups=groups(columns), headings=headings(columns), rows=tuple(rows))


def groups(columns: Sequence[Column]) -> tuple[tuple[str, int], ...]:
    """Return the headings that neighbouring columns share, with the number of their columns."""
    return tuple(
        (name, sum(1 for _ in group))
        for name, group in groupby(columns, lambda column: column.title)
    )


def headings(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the heading of each column."""
    return tuple(column.heading for column in columns)


def cell(column: Column, interval: Interval, *, detail: bool = True) -> Cell:
    """Return a number as a cell, with its interval under it where there is one to show."""
    value = minus(column.show(interval.value))
    if not (detail and interval.has_limits):
        return Cell(value=value)
    return Cell(value=value, detail=_range(column, interval, signed=column.minimum < 0))


def _gap_cell(column: Column, gap: Interval) -> Cell:
    if not gap.has_limits:
        return Cell(value=minus(column.show_signed(gap.value)))
    return Cell(
        value=minus(column.show_signed(gap.value)),
        detail=_range(column, gap, signed=True),
        strong=gap.excludes(0.0),
    )


def _range(column: Column, interval: Interval, *, signed: bool) -> str:
    ends = (column.show(interval.low), column.show(interval.high))
    return minus(" to ".join(ends)) if signed else "–".join(ends)
