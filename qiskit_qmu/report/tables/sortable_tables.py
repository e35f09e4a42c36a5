"""The sortable tables of the page: gaps to the oracle as a heat table, and every number."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation import COSTS, Column, MethodSummary
from qiskit_qmu.evaluation.columns import NOTHING, REFERENCE_AUC, show_ratio
from qiskit_qmu.evaluation.method_summary import ORACLE
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.headline import SYMBOLS
from qiskit_qmu.report.page_cells import heading_groups, headings, limits, minus
from qiskit_qmu.report.tables.groups import Group, Grouping
from qiskit_qmu.report.tables.lines import (
    NOTES,
    Line,
    compared_columns,
    every_column,
    lines_of,
    relative_cost,
)

_STEPS = 5
"""Shades of the heat table."""

_FULL = 0.3
"""Share of a metric's range from which a gap has the deepest shade."""


@final
@dataclass(frozen=True, kw_only=True)
class SortCell:
    """A cell: what is shown, and the number by which it is sorted.

    Attributes:
        text: What is shown.
        details: Small lines under it.
        value: The number it is sorted by, as text; empty where it has none; None to sort by text.
        heat: Class of its shade.
        strong: Whether it stands out.
        is_word: Whether it is a word rather than a number.
    """

    text: str
    details: tuple[str, ...] = ()
    value: str | None = None
    heat: str = ""
    strong: bool = False
    is_word: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class SortRow:
    """A row: its name, what it is, where its group stands, and its cells."""

    name: str
    note: str
    place: str
    cells: tuple[SortCell, ...]
    is_reference: bool
    is_first: bool


@final
@dataclass(frozen=True, kw_only=True)
class SortTable:
    """A table whose rows readers can sort by any column.

    Attributes:
        groups: Headings above groups of columns, with their widths.
        headings: Heading of each column after the first, and whether it holds words.
        rows: The rows.
    """

    groups: tuple[tuple[str, int], ...]
    headings: tuple[tuple[str, bool], ...]
    rows: tuple[SortRow, ...]


def heat_table(grouping: Grouping) -> SortTable:
    """Return how far each method is from the oracle, in every metric that compares them."""
    columns = compared_columns(grouping.groups)
    reach = {column.key: _reach(column, grouping.groups) for column in columns}

    def cells(line: Line) -> Iterator[SortCell]:
        for column in columns:
            yield _gap_cell(column, line, reach[column.key])
        yield _cost_cell(relative_cost(line))
        yield _verdict_cell(line)

    return _table(
        grouping, columns, (("cost", "gradients, × oracle"), ("verdict", "forgotten")), cells
    )


def number_table(grouping: Grouping) -> SortTable:
    """Return every number with its interval, costs among them."""
    columns = every_column(grouping.groups)

    def cells(line: Line) -> Iterator[SortCell]:
        for column in columns:
            yield _value_cell(column, line)

    return _table(grouping, columns, (), cells)


def shades(grouping: Grouping) -> str:
    """Say from which gap each metric has the deepest shade."""
    by_group: dict[str, str] = {}
    for column in compared_columns(grouping.groups):
        deepest = f"{column.show(_reach(column, grouping.groups))} {column.unit}".strip()
        by_group.setdefault(column.group, deepest)
    return ", ".join(f"{group} {deepest}" for group, deepest in by_group.items())


def _table(
    grouping: Grouping,
    columns: Sequence[Column],
    last: Sequence[tuple[str, str]],
    cells_of: Callable[[Line], Iterator[SortCell]],
) -> SortTable:
    axes = len(grouping.axes)
    rows = [
        SortRow(
            name=line.name,
            note=NOTES.get(line.name, ""),
            place=group.short_label,
            cells=(*_place(group.place), *cells_of(line)),
            is_reference=line.is_reference,
            is_first=number == 0,
        )
        for group in grouping.groups
        for number, line in enumerate(lines_of(group))
    ]
    beside = [("what varies", axes)] if axes else []
    return SortTable(
        groups=(*beside, *heading_groups(columns), *((name, 1) for name, _ in last)),
        headings=(
            *((axis, True) for axis in grouping.axes),
            *((name, False) for name in headings(columns)),
            *((name, False) for _, name in last),
        ),
        rows=tuple(rows),
    )


def _place(place: Mapping[str, str]) -> Iterator[SortCell]:
    for value in place.values():
        yield SortCell(text=value, is_word=True)


def _reach(column: Column, groups: Sequence[Group]) -> float:
    """Return the gap from which a metric has the deepest shade."""
    width = column.maximum - column.minimum
    if math.isfinite(width):
        return _FULL * width
    gaps = [abs(s.gaps[column.key].value) for group in groups for s in group.summaries]
    return max(filter(math.isfinite, gaps), default=math.nan)


def _gap_cell(column: Column, line: Line, reach: float) -> SortCell:
    if line.summary is None:
        score = line.useless_score(column)
        return SortCell(text=score, details=("value",) if score != NOTHING else (), value="")
    value = line.summary.values[column.key]
    if line.name == ORACLE:
        return _shown(column, value, ("value",), sort=False)
    if column.better == "0":  # (a distance from the oracle is a gap already)
        return _shown(column, value, (), heat=_heat(value.value, reach))
    if column is REFERENCE_AUC:  # (beside the oracle: it has none of its own)
        return _shown(column, value, (), heat=_heat(value.value - 0.5, reach))
    gap = line.summary.gaps[column.key]
    if not gap.known:
        return SortCell(text=NOTHING, value="")
    details = [f"at {minus(column.show(value.value))}"]
    if gap.has_limits:
        ends = (column.show_signed(gap.low), column.show_signed(gap.high))
        details.insert(0, minus(" to ".join(ends)))
    return SortCell(
        text=minus(column.show_signed(gap.value)),
        details=tuple(details),
        value=f"{gap.value:.12g}",
        heat=_heat(gap.value, reach),
        strong=gap.excludes(0.0),
    )


def _value_cell(column: Column, line: Line) -> SortCell:
    if line.summary is None:
        is_cost = column in COSTS
        return SortCell(text=NOTHING if is_cost else line.useless_score(column), value="")
    shown = _shown(column, line.summary.values[column.key], ())
    ratio = line.summary.relative_costs.get(column.key, math.nan)
    if math.isfinite(ratio):
        return SortCell(
            text=shown.text, details=(*shown.details, f"×{show_ratio(ratio)}"), value=shown.value
        )
    return shown


def _shown(
    column: Column, value: Interval, more: tuple[str, ...], *, heat: str = "", sort: bool = True
) -> SortCell:
    if not value.known:
        return SortCell(text=NOTHING, value="")
    details = (limits(column, value),) if value.has_limits else ()
    return SortCell(
        text=minus(column.show(value.value)),
        details=(*details, *more),
        value=f"{value.value:.12g}" if sort else "",
        heat=heat,
    )


def _heat(gap: float, reach: float) -> str:
    """Return the class of a gap's shade: which side of the oracle, and how far."""
    if not math.isfinite(gap) or not reach > 0:
        return ""
    step = min(_STEPS, round(_STEPS * abs(gap) / reach))
    side = "more" if gap > 0 else "less"
    return f"{side}-{step}" if step else ""


def _cost_cell(ratio: float) -> SortCell:
    if not math.isfinite(ratio):
        return SortCell(text=NOTHING, value="")
    return SortCell(text=f"×{show_ratio(ratio)}", value=f"{ratio:.12g}")


def _verdict_cell(line: Line) -> SortCell:
    summary: MethodSummary | None = line.summary
    if summary is None or not summary.verdicts:
        return SortCell(text="", value="")
    others = [f"{word} {count}" for word, count in summary.verdicts.items() if word != "forgotten"]
    return SortCell(
        text=f"{SYMBOLS[summary.outcome]} {summary.passes} of {summary.seeds}",
        details=tuple(others),
        value=str(summary.passes / summary.seeds),
    )
