"""Result rows as one plain-text table for a terminal, with the lines that say how to read it."""

import math
import textwrap
from collections.abc import Iterable, Sequence

from qiskit_qmu.report import reading
from qiskit_qmu.report.aggregate import ORACLE, MethodSummary, Row, aggregate
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
from qiskit_qmu.report.summary import recommendation
from qiskit_qmu.report.text_columns import Column, spread_text, text_block

WIDTH = 118
"""Columns that the table may take."""

_LONGEST_NAME = 14


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
        text_block(_result_columns(summaries), rule_after),
        text_block(_cost_columns(summaries), rule_after) if _has_costs(summaries) else "",
        _verdicts(summaries),
        textwrap.fill(recommendation(summaries), WIDTH),
        _legend(summaries, kind),
    )
    return "\n\n".join(block for block in blocks if block)


def _result_columns(summaries: Sequence[MethodSummary]) -> tuple[Column, ...]:
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


def _cost_columns(summaries: Sequence[MethodSummary]) -> tuple[Column, ...]:
    columns = [_names(summaries)]
    columns += [_values(field, summaries) for field in COSTS]
    times_oracle = (show_ratio(summary.relative_costs[GRADIENTS.key]) for summary in summaries)
    columns.insert(2, Column(group="cost", heading="× oracle", cells=tuple(times_oracle)))
    return tuple(columns)


def _names(summaries: Sequence[MethodSummary]) -> Column:
    names = (
        name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
        for name in (summary.method for summary in summaries)
    )
    return Column(group="", heading="method", cells=tuple(names), left=True)


def _values(field: Field, summaries: Sequence[MethodSummary]) -> Column:
    return _column(field, field.heading, [_show(field, summary) for summary in summaries])


def _values_with_spread(field: Field, summaries: Sequence[MethodSummary]) -> Column:
    values = [_show(field, summary) for summary in summaries]
    spreads = [spread_text(field, summary.values[field.key]) for summary in summaries]
    width = max(len(spread) for spread in spreads)
    cells = [value + spread.ljust(width) for value, spread in zip(values, spreads, strict=True)]
    return _column(field, field.heading, cells)


def _gaps(field: Field, summaries: Sequence[MethodSummary]) -> Column:
    cells = (
        "" if summary.method == ORACLE else field.show_signed(summary.gaps[field.key].value)
        for summary in summaries
    )
    return _column(field, "gap", cells)


def _column(field: Field, heading: str, cells: Iterable[str]) -> Column:
    return Column(group=field.group, heading=heading, cells=tuple(cells))


def _show(field: Field, summary: MethodSummary) -> str:
    return field.show(summary.values[field.key].value)


def _verdicts(summaries: Sequence[MethodSummary]) -> str:
    names = _names(summaries)
    said = (
        (name, "; ".join(filter(None, (*summary.remarks, summary.verdict))))
        for name, summary in zip(names.cells, summaries, strict=True)
    )
    indent = names.width + 2
    return "\n".join(
        textwrap.fill(f"{name:{indent}}{text}", WIDTH, subsequent_indent=" " * indent)
        for name, text in said
        if text
    )


def _legend(summaries: Sequence[MethodSummary], kind: reading.Kind) -> str:
    terms = (f"{term}: {meaning}" for term, meaning in reading.LEGEND[kind])
    lines = (reading.intervals(summaries), *terms)
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)
