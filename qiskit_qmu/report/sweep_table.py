"""The table of a sweep, for a terminal and as a page: methods by where they stand in the grid."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.evaluation import COSTS, Column, MethodSummary, aggregate
from qiskit_qmu.evaluation.attack_columns import AUC
from qiskit_qmu.evaluation.columns import (
    FORGET_TEST,
    FORGET_TRAIN,
    JS_FORGET,
    RETAIN_TEST,
    SECONDS,
)
from qiskit_qmu.evaluation.method_summary import Row, shown_columns
from qiskit_qmu.report.headline import SYMBOLS, verdict_words
from qiskit_qmu.report.html import embedded_json, settings, template
from qiskit_qmu.report.page_cells import PageRow, PageTable, cell, heading_groups, headings
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, interval_cells, text_blocks

Groups = Mapping[str, Sequence[Row]]
"""Rows of all methods and seeds by where they stand in the grid, in words.

A row of a cell that failed as a whole has no method."""

_DECIDING = tuple(c.key for c in (FORGET_TRAIN, FORGET_TEST, RETAIN_TEST, AUC, JS_FORGET, SECONDS))

_READING = (
    "Means over the seeds, with 95 % intervals (t over seeds; with one seed over its rows). The "
    "original is what doing nothing gives; a good method ends where the oracle does. Verdicts "
    "depend on how many methods are judged together in a cell."
)
_READING_OF_TEXT = (
    f"{_READING} Behind ± stands the longer arm of the interval; under “forgotten” the seeds with "
    "that verdict."
)


def sweep_table(groups: Groups) -> str:
    r"""Write the rows of a sweep as a table of at most 118 characters.

    Args:
        groups: Rows by where they stand in the grid.

    Returns:
        A part for each group, original and oracle first, and how to read it.

    Example:
        >>> from qiskit_qmu.report import sweep_table
        >>> rows = [{"method": "ga", "seed": seed, "acc_retain_test": 0.9} for seed in (0, 1)]
        >>> print(sweep_table({"model=basic": rows}).partition("\n\n")[0])
        model=basic
                retain accuracy, %
        method                test
        --------------------------
        ga                    90.0
    """
    parts = [_part(label, rows) for label, rows in groups.items()]
    return "\n\n".join([*parts, textwrap.fill(_READING_OF_TEXT, WIDTH)])


def render_sweep_page(
    groups: Groups, *, title: str, config: Mapping[str, Any], environment: Mapping[str, Any]
) -> str:
    """Write the rows of a sweep as one page that needs nothing but itself.

    Args:
        groups: Rows by where they stand in the grid.
        title: Title of the page.
        config: What the cells are, as JSON values.
        environment: Versions and machine.

    Returns:
        The page.
    """
    rows = [row for own in groups.values() for row in own]
    count = max((len({row.get("seed") for row in own}) for own in groups.values()), default=0)
    seeds = "1 seed" if count == 1 else f"{count} seeds"
    return template("sweep.html.jinja").render(
        title=title,
        subtitle=f"{len(groups)} points of the grid · {seeds}",
        reading=_READING,
        results=_page_table(groups),
        failures=[
            (_named(label, row), row["error"])
            for label, own in groups.items()
            for row in own
            if row.get("error")
        ],
        json=embedded_json({"config": config, "environment": environment, "rows": rows}),
        settings=(("Configuration", settings(config)), ("Environment", settings(environment))),
    )


def _named(label: str, row: Row) -> str:
    parts = (label, row["method"], f"seed {row['seed']}")
    return ", ".join(part for part in parts if part)


def _summaries(rows: Sequence[Row]) -> tuple[MethodSummary, ...]:
    found = [row for row in rows if row["method"]]
    return aggregate(found) if found else ()


def _columns(groups: Sequence[Sequence[MethodSummary]]) -> tuple[Column, ...]:
    """Return what decides; where none of it is known, as for values, all results."""
    everything = [summary for summaries in groups for summary in summaries]
    if not everything:
        return ()
    known = [
        column for column in (*shown_columns(everything), *COSTS) if _known(column, everything)
    ]
    deciding = tuple(column for column in known if column.key in _DECIDING)
    return deciding if len(deciding) > 1 or len(known) == 1 else tuple(known)


def _known(column: Column, summaries: Sequence[MethodSummary]) -> bool:
    return any(summary.values[column.key].known for summary in summaries)


def _part(label: str, rows: Sequence[Row]) -> str:
    summaries = _summaries(rows)
    lines = [label] if label else []
    if summaries:
        names = tuple(summary.method for summary in summaries)
        columns = [TextColumn(group="", heading="method", cells=names, left=True)]
        for column in _columns([summaries]):
            values = [summary.values[column.key] for summary in summaries]
            cells = interval_cells(column, values)
            columns.append(TextColumn(group=column.title, heading=column.heading, cells=cells))
        if any(summary.verdicts for summary in summaries):
            passes = tuple(f"{summary.passes} of {summary.seeds}" for summary in summaries)
            columns.append(TextColumn(group="", heading="forgotten", cells=passes))
        lines.append(text_blocks(columns, sum(s.is_reference for s in summaries)))
    for row in rows:
        if row.get("error"):
            text = f"failed: {_named('', row)}: {row['error']}"
            lines.append(textwrap.fill(text, WIDTH, subsequent_indent="  "))
    return "\n".join(lines)


def _page_table(groups: Groups) -> PageTable:
    by_label = {label: _summaries(rows) for label, rows in groups.items()}
    columns = _columns(list(by_label.values()))
    rows: list[PageRow] = []
    for label, summaries in by_label.items():
        if label and len(by_label) > 1:
            rows.append(PageRow(name=label, cells=(), heading=True))
        rows += [
            PageRow(
                name=summary.method,
                cells=tuple(cell(column, summary.values[column.key]) for column in columns),
                reference=summary.is_reference,
                symbol=SYMBOLS[summary.outcome] if summary.verdicts else "",
                verdict=verdict_words(summary),
                outcome=summary.outcome or "",
            )
            for summary in summaries
        ]
    return PageTable(groups=heading_groups(columns), headings=headings(columns), rows=tuple(rows))
