"""Result rows as one plain-text table for a terminal, with the lines that say how to read it."""

import math
import textwrap
from collections.abc import Sequence

from qiskit_qmu.evaluation import COSTS, Column, Kind
from qiskit_qmu.evaluation.columns import GRADIENTS, show_ratio
from qiskit_qmu.evaluation.method_summary import (
    ORACLE,
    MethodSummary,
    Row,
    aggregate,
    shown_columns,
)
from qiskit_qmu.report import reading
from qiskit_qmu.report.headline import headline, verdict_words
from qiskit_qmu.report.retrained import are_retrained, said_of_retrained
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, interval_cells, text_blocks

_LONGEST_NAME = 14


def text_table(rows: Sequence[Row], *, kind: Kind) -> str:
    r"""Write result rows as a table of at most 118 characters, original and oracle first.

    Accuracies and rates are percentages. Behind ± stands the longer arm of the 95 % interval,
    under "gap" the difference from the oracle.

    Args:
        rows: Result rows, one per method and seed.
        kind: What was forgotten: ``"class"`` or ``"instances"``.

    Returns:
        The results, the costs, how to read them, the verdicts, and last whether the deletion
        worked, what to do, and the rule; no trailing newline.

    Raises:
        InputError: The rows or the kind cannot be used.

    Example:
        >>> from qiskit_qmu.report import text_table
        >>> scores = {"oracle": 0.9, "ga": 0.85}
        >>> rows = [{"method": name, "acc_retain_test": score} for name, score in scores.items()]
        >>> print(text_table(rows, kind="class").partition("\n\n")[0])
                retain accuracy, %
        method           test  gap
        --------------------------
        oracle           90.0
        --------------------------
        ga               85.0 -5.0
    """
    return "\n\n".join(
        part for part in (results_text(rows, kind), headline_text(rows, kind)) if part
    )


def results_text(rows: Sequence[Row], kind: Kind) -> str:
    """Return the part of `text_table` that comes before whether the deletion worked.

    Args:
        rows: As for `text_table`.
        kind: Likewise.
    """
    reading.check_kind(kind)
    summaries = aggregate(rows)
    rule_after = sum(summary.is_reference for summary in summaries)
    blocks = (
        text_blocks(_result_columns(summaries), rule_after),
        text_blocks(_cost_columns(summaries), rule_after) if _has_costs(summaries) else "",
        _legend(summaries, kind),
        _verdicts(summaries),
    )
    return "\n\n".join(block for block in blocks if block)


def headline_text(rows: Sequence[Row], kind: Kind) -> str:
    """Say what the page says first: whether the deletion worked, what to do, and the rule.

    Args:
        rows: As for `text_table`.
        kind: Likewise.

    Returns:
        The lines; empty where nothing was judged.
    """
    summaries = aggregate(rows)
    if not any(summary.verdicts for summary in summaries):
        return ""
    said = headline(summaries, kind)
    if are_retrained(rows):
        said = said_of_retrained(said)
    lines = (f"Rule: {said.rule}" if said.rule else "", said.title, said.advice)
    return "\n".join(textwrap.fill(line, WIDTH) for line in lines if line)


def _result_columns(summaries: Sequence[MethodSummary]) -> tuple[TextColumn, ...]:
    columns = [_names(summaries)]
    for column in shown_columns(summaries):
        if column.in_text:
            columns.append(_values(column, summaries, with_interval=column.in_text == "interval"))
        if column.with_gap and any(summary.gaps[column.key].known for summary in summaries):
            columns.append(_gaps(column, summaries))
    return tuple(columns)


def _has_costs(summaries: Sequence[MethodSummary]) -> bool:
    values = (summary.values[cost.key].value for summary in summaries for cost in COSTS)
    return any(map(math.isfinite, values))


def _cost_columns(summaries: Sequence[MethodSummary]) -> tuple[TextColumn, ...]:
    columns = [_names(summaries)]
    columns += [_values(cost, summaries) for cost in COSTS]
    times_oracle = (show_ratio(summary.relative_costs[GRADIENTS.key]) for summary in summaries)
    columns.insert(2, TextColumn(group="cost", heading="× oracle", cells=tuple(times_oracle)))
    return tuple(columns)


def _names(summaries: Sequence[MethodSummary]) -> TextColumn:
    names = (
        name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
        for name in (summary.method for summary in summaries)
    )
    return TextColumn(group="", heading="method", cells=tuple(names), left=True)


def _values(
    column: Column, summaries: Sequence[MethodSummary], *, with_interval: bool = False
) -> TextColumn:
    intervals = [summary.values[column.key] for summary in summaries]
    plain = (column.show(interval.value) for interval in intervals)
    cells = interval_cells(column, intervals) if with_interval else tuple(plain)
    return TextColumn(group=column.title, heading=column.heading, cells=cells)


def _gaps(column: Column, summaries: Sequence[MethodSummary]) -> TextColumn:
    cells = (
        "" if summary.method == ORACLE else column.show_signed(summary.gaps[column.key].value)
        for summary in summaries
    )
    return TextColumn(group=column.title, heading="gap", cells=tuple(cells))


def _verdicts(summaries: Sequence[MethodSummary]) -> str:
    names = _names(summaries)
    said = (
        (name, "; ".join(filter(None, (*summary.remarks, _verdict(summary)))))
        for name, summary in zip(names.cells, summaries, strict=True)
    )
    indent = names.width + 2
    return "\n".join(
        textwrap.fill(f"{name:{indent}}{text}", WIDTH, subsequent_indent=" " * indent)
        for name, text in said
        if text
    )


def _verdict(summary: MethodSummary) -> str:
    """Return the verdict, with its reason where there is one seed; empty where a remark says it."""
    if summary.remarks and summary.seeds == 1:
        return ""
    words = verdict_words(summary)
    if words and summary.seeds == 1 and summary.reasons:
        return f"{words}: {summary.reasons[0]}"
    return words


def _legend(summaries: Sequence[MethodSummary], kind: Kind) -> str:
    columns = [column for column in shown_columns(summaries) if column.in_text]
    terms = (f"{term}: {meaning}" for term, meaning in reading.legend(columns, kind))
    lines = (reading.intervals(summaries), *terms, reading.baselines(columns))
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines if line)
