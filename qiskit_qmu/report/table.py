"""Result rows as one plain-text table for a terminal, with the lines that say how to read it."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.report import reading
from qiskit_qmu.report.aggregate import ORACLE, MethodSummary, Row, aggregate
from qiskit_qmu.report.estimate import Estimate
from qiskit_qmu.report.fields import (
    AUC,
    COSTS,
    FORGET_TEST,
    FORGET_TRAIN,
    GRADIENTS,
    JS_FORGET,
    JS_RETAIN,
    PAPER_CONTROL,
    PAPER_RATE,
    RETAIN_TEST,
    RETAIN_TRAIN,
    Field,
    show_ratio,
)

WIDTH = 118
"""Columns that the table may take."""

_LONGEST_NAME = 14


@final
@dataclass(frozen=True, kw_only=True)
class _Column:
    group: str
    heading: str
    cells: tuple[str, ...]
    left: bool = False

    @property
    def width(self) -> int:
        return max(len(text) for text in (self.heading, *self.cells))

    def line(self, text: str, width: int) -> str:
        return text.ljust(width) if self.left else text.rjust(width)


def text_table(rows: Sequence[Row], *, kind: reading.Kind) -> str:
    """Write result rows as a table of at most 118 columns, original and oracle first.

    Accuracies and rates are percentages. Behind ± stands the longer arm of the 95 % interval,
    under "gap" the difference from the oracle.

    Args:
        rows: Result rows, one per method and seed.
        kind: What was forgotten: ``"class"`` or ``"instances"``.

    Returns:
        The results, the costs, the verdicts and how to read them; no trailing newline.

    Raises:
        InputError: The rows or the kind cannot be used.
    """
    reading.check_kind(kind)
    summaries = aggregate(rows)
    rule_after = sum(summary.is_reference for summary in summaries)
    blocks = (
        _block(_result_columns(summaries), rule_after),
        _block(_cost_columns(summaries), rule_after) if _has_costs(summaries) else "",
        _verdicts(summaries),
        _legend(summaries, kind),
    )
    return "\n\n".join(block for block in blocks if block)


def _result_columns(summaries: Sequence[MethodSummary]) -> tuple[_Column, ...]:
    return (
        _names(summaries),
        _values_with_spread(FORGET_TRAIN, summaries),
        _gaps(FORGET_TRAIN, summaries),
        _values_with_spread(FORGET_TEST, summaries),
        _values_with_spread(RETAIN_TRAIN, summaries),
        _values_with_spread(RETAIN_TEST, summaries),
        _gaps(RETAIN_TEST, summaries),
        _values_with_spread(PAPER_RATE, summaries),
        _values_with_spread(PAPER_CONTROL, summaries),
        _values_with_spread(AUC, summaries),
        _values(JS_FORGET, summaries),
        _values(JS_RETAIN, summaries),
    )


def _has_costs(summaries: Sequence[MethodSummary]) -> bool:
    values = (summary.values[field.key].value for summary in summaries for field in COSTS)
    return any(map(math.isfinite, values))


def _cost_columns(summaries: Sequence[MethodSummary]) -> tuple[_Column, ...]:
    columns = [_names(summaries)]
    columns += [_values(field, summaries) for field in COSTS]
    times_oracle = (show_ratio(summary.relative_costs[GRADIENTS.key]) for summary in summaries)
    columns.insert(2, _Column(group="cost", heading="× oracle", cells=tuple(times_oracle)))
    return tuple(columns)


def _names(summaries: Sequence[MethodSummary]) -> _Column:
    names = (
        name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
        for name in (summary.method for summary in summaries)
    )
    return _Column(group="", heading="method", cells=tuple(names), left=True)


def _values(field: Field, summaries: Sequence[MethodSummary]) -> _Column:
    return _column(field, field.heading, [_show(field, summary) for summary in summaries])


def _values_with_spread(field: Field, summaries: Sequence[MethodSummary]) -> _Column:
    values = [_show(field, summary) for summary in summaries]
    spreads = [_spread(field, summary.values[field.key]) for summary in summaries]
    width = max(len(spread) for spread in spreads)
    cells = [value + spread.ljust(width) for value, spread in zip(values, spreads, strict=True)]
    return _column(field, field.heading, cells)


def _gaps(field: Field, summaries: Sequence[MethodSummary]) -> _Column:
    cells = (
        "" if summary.method == ORACLE else field.show_signed(summary.gaps[field.key].value)
        for summary in summaries
    )
    return _column(field, "gap", cells)


def _column(field: Field, heading: str, cells: Iterable[str]) -> _Column:
    return _Column(group=field.group, heading=heading, cells=tuple(cells))


def _show(field: Field, summary: MethodSummary) -> str:
    return field.show(summary.values[field.key].value)


def _spread(field: Field, estimate: Estimate) -> str:
    """Return an interval's arm in three characters: ``±4.1``, ``±12``, ``±.03``."""
    if not estimate.has_interval:
        return ""
    shown = estimate.spread * field.factor
    if field.factor == 1:
        return f"±{shown:.2f}".replace("0.", ".")
    return f"±{shown:.0f}" if shown >= 9.95 else f"±{shown:.1f}"


def _block(columns: Sequence[_Column], rule_after: int) -> str:
    groups: list[list[_Column]] = []
    for column in columns:
        if groups and groups[-1][0].group == column.group:
            groups[-1].append(column)
        else:
            groups.append([column])
    top, head, body = "", "", [""] * len(columns[0].cells)
    for group in groups:
        widths = [column.width for column in group]
        missing = len(group[0].group) - (sum(widths) + len(widths) - 1)
        widths[0] += max(0, missing)
        pairs = list(zip(group, widths, strict=True))
        head_part = " ".join(column.line(column.heading, width) for column, width in pairs)
        top += group[0].group.center(len(head_part)) + "  "
        head += head_part + "  "
        for index in range(len(body)):
            cells = (column.line(column.cells[index], width) for column, width in pairs)
            body[index] += " ".join(cells) + "  "
    rule = "-" * max(len(line.rstrip()) for line in (head, *body))
    if 0 < rule_after < len(body):
        body.insert(rule_after, rule)
    return "\n".join(line.rstrip() for line in (top, head, rule, *body))


def _verdicts(summaries: Sequence[MethodSummary]) -> str:
    names = _names(summaries)
    lines = (
        textwrap.fill(
            f"{name.ljust(names.width)}  {summary.verdict}",
            WIDTH,
            subsequent_indent=" " * (names.width + 2),
        )
        for name, summary in zip(names.cells, summaries, strict=True)
        if summary.verdict
    )
    return "\n".join(lines)


def _legend(summaries: Sequence[MethodSummary], kind: reading.Kind) -> str:
    terms = (f"{term}: {meaning}" for term, meaning in reading.LEGEND[kind])
    lines = (reading.intervals(summaries), *terms)
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)
