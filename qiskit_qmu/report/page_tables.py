"""The tables of the page: cells as text, ready for the template."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, final

from qiskit_qmu.report.aggregate import MethodSummary, Row
from qiskit_qmu.report.estimate import Estimate
from qiskit_qmu.report.fields import (
    AUC,
    COSTS,
    FORGET_TEST,
    FORGET_TRAIN,
    GRADIENTS,
    NOTHING,
    PAPER_CONTROL,
    PAPER_RATE,
    RESULTS,
    RETAIN_TEST,
    RETAIN_TRAIN,
    Field,
    number,
    show_ratio,
)
from qiskit_qmu.report.summary import minus

_GAPS = (FORGET_TRAIN, FORGET_TEST, RETAIN_TRAIN, RETAIN_TEST, PAPER_RATE, PAPER_CONTROL, AUC)


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


@final
@dataclass(frozen=True, kw_only=True)
class PageTable:
    """A table: headings above groups of columns with their widths, headings, rows."""

    groups: tuple[tuple[str, int], ...]
    headings: tuple[str, ...]
    rows: tuple[PageRow, ...]


def results_table(summaries: Sequence[MethodSummary]) -> PageTable:
    """Tabulate every result with its interval."""
    return _table(
        RESULTS,
        summaries,
        lambda field, summary: cell(field, summary.values[field.key]),
    )


def gaps_table(summaries: Sequence[MethodSummary]) -> PageTable:
    """Tabulate differences from the oracle; strong where the interval excludes 0."""
    return _table(
        _GAPS,
        [summary for summary in summaries if any(g.known for g in summary.gaps.values())],
        lambda field, summary: _gap_cell(field, summary.gaps[field.key]),
    )


def costs_table(summaries: Sequence[MethodSummary]) -> PageTable:
    """Tabulate costs, and gradient evaluations as a multiple of the oracle's."""
    rows = []
    for summary in summaries:
        ratio = summary.relative_costs[GRADIENTS.key]
        cells = [cell(field, summary.values[field.key], detail=False) for field in COSTS]
        cells.insert(1, Cell(value=show_ratio(ratio)))
        rows.append(
            PageRow(name=summary.method, cells=tuple(cells), reference=summary.is_reference)
        )
    headings = [field.heading for field in COSTS]
    headings.insert(1, "× oracle")
    return PageTable(groups=(), headings=tuple(headings), rows=tuple(rows))


def seeds_table(rows: Sequence[Row]) -> PageTable:
    """Tabulate the rows as they came, one line per method and seed."""
    fields = tuple(field for field in (*RESULTS, *COSTS) if any(field.key in row for row in rows))
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


def settings(nested: Mapping[str, Any]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Flatten a nested configuration; what is None or empty was not chosen and is left out.

    Args:
        nested: Values and mappings of values, as deep as they come.

    Returns:
        One section per mapping at the top, values outside of any first under an empty title;
        inside a section pairs of dotted name and value as text.
    """
    sections: dict[str, list[tuple[str, str]]] = {"": []}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            inner = [pair for name, part in value.items() for pair in _flat(str(name), part)]
            sections[str(key)] = inner
        else:
            sections[""] += _flat(str(key), value)
    return tuple((title, tuple(pairs)) for title, pairs in sections.items() if pairs)


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [pair for key, part in value.items() for pair in _flat(f"{name}.{key}", part)]
    if value is None or (isinstance(value, Sequence) and not value):
        return []
    if isinstance(value, str):
        return [(name, value)]
    return [(name, json.dumps(value, default=str, ensure_ascii=False))]


def _table(
    fields: Sequence[Field],
    summaries: Sequence[MethodSummary],
    cell: Callable[[Field, MethodSummary], Cell],
) -> PageTable:
    rows = (
        PageRow(
            name=summary.method,
            cells=tuple(cell(field, summary) for field in fields),
            reference=summary.is_reference,
        )
        for summary in summaries
    )
    return PageTable(groups=groups(fields), headings=headings(fields), rows=tuple(rows))


def groups(fields: Sequence[Field]) -> tuple[tuple[str, int], ...]:
    """Return the headings that neighbouring fields share, with the number of their columns."""
    return tuple(
        (name, sum(1 for _ in group)) for name, group in groupby(fields, lambda field: field.group)
    )


def headings(fields: Sequence[Field]) -> tuple[str, ...]:
    """Return the heading of each field."""
    return tuple(field.heading for field in fields)


def cell(field: Field, estimate: Estimate, *, detail: bool = True) -> Cell:
    """Return an estimate as a cell, with its interval under it where there is one to show."""
    value = minus(field.show(estimate.value))
    if not (detail and estimate.has_interval):
        return Cell(value=value)
    return Cell(value=value, detail=_range(field, estimate, signed=field.minimum < 0))


def _gap_cell(field: Field, gap: Estimate) -> Cell:
    if not gap.has_interval:
        return Cell(value=minus(field.show_signed(gap.value)))
    return Cell(
        value=minus(field.show_signed(gap.value)),
        detail=_range(field, gap, signed=True),
        strong=gap.excludes(0.0),
    )


def _range(field: Field, estimate: Estimate, *, signed: bool) -> str:
    ends = (field.show(estimate.low), field.show(estimate.high))
    return minus(" to ".join(ends)) if signed else "–".join(ends)
