"""The tables of many runs for a terminal: a part for each group, of at most 118 characters."""

import textwrap

from qiskit_qmu.evaluation import Column
from qiskit_qmu.evaluation.columns import show_ratio
from qiskit_qmu.report.tables.groups import Group, Grouping
from qiskit_qmu.report.tables.lines import Line, lines_of, relative_cost, text_columns
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, interval_cells, text_blocks

READING = (
    "Means over the seeds, with 95 % intervals (t over seeds; with one seed, or where all agree, "
    "over its rows). The original is what doing nothing gives; a good method ends where the oracle "
    "does. Verdicts depend on how many methods are judged together in a run."
)
_READING_OF_TEXT = (
    f"{READING} Behind ± stands the longer arm of the interval, under “gap” the difference from "
    "the oracle, under “cost” the gradient evaluations relative to retraining, and under "
    "“forgotten” the number of seeds with that verdict."
)


def text(grouping: Grouping) -> str:
    """Return a part for each group, and how to read it; no trailing newline."""
    common = ", ".join(f"{name} {value}" for name, value in grouping.common.items())
    heading = textwrap.fill(f"all: {common}", WIDTH) if common else ""
    parts = map(_part, grouping.groups)
    return "\n\n".join(filter(None, [heading, *parts, textwrap.fill(_READING_OF_TEXT, WIDTH)]))


def failure_lines(group: Group) -> list[str]:
    """Return what failed in a group, one sentence each."""
    whole = [f"failed: seed {seed}: {error}" for seed, error in group.failures]
    single = [
        f"failed: {row['method']}, seed {row['seed']}: {row['error']}"
        for row in group.rows
        if row.get("error")
    ]
    return [*whole, *single]


def _part(group: Group) -> str:
    told = [group.label] if group.label else []
    lines = tuple(lines_of(group))
    if lines:
        names = TextColumn(
            group="", heading="method", cells=tuple(line.name for line in lines), left=True
        )
        columns = [names]
        for column in text_columns([group]):
            columns.append(_values(column, lines))
            if column.with_gap:
                columns.append(_gaps(column, lines))
        columns += _costs(lines)
        told.append(text_blocks(columns, sum(s.is_reference for s in group.summaries)))
    told += [textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in failure_lines(group)]
    return "\n".join(told)


def _values(column: Column, lines: tuple[Line, ...]) -> TextColumn:
    intervals = [line.summary.values[column.key] for line in lines if line.summary]
    useless = (line.useless_score(column) for line in lines if not line.summary)
    cells = (*interval_cells(column, intervals), *useless)
    return TextColumn(group=column.title, heading=column.heading, cells=cells)


def _gaps(column: Column, lines: tuple[Line, ...]) -> TextColumn:
    cells = tuple(
        column.show_signed(line.summary.gaps[column.key].value)
        if line.summary and line.summary.gaps[column.key].known
        else ""
        for line in lines
    )
    return TextColumn(group=column.title, heading="gap", cells=cells)


def _costs(lines: tuple[Line, ...]) -> list[TextColumn]:
    ratios = [relative_cost(line) for line in lines]
    shown = [] if all(ratio != ratio for ratio in ratios) else [_ratios(ratios)]
    if any(line.summary and line.summary.verdicts for line in lines):
        passes = tuple(
            f"{line.summary.passes} of {line.summary.seeds}" if line.summary else ""
            for line in lines
        )
        shown.append(TextColumn(group="", heading="forgotten", cells=passes))
    return shown


def _ratios(ratios: list[float]) -> TextColumn:
    cells = tuple("" if ratio != ratio else show_ratio(ratio) for ratio in ratios)
    return TextColumn(group="cost", heading="× oracle", cells=cells)
