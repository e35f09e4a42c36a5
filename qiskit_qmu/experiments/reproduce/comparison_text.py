"""Comparisons as text for a terminal, as Markdown and as CSV."""

import csv
import io
import math
import textwrap
from collections.abc import Sequence

from qiskit_qmu.evaluation.columns import NOTHING
from qiskit_qmu.experiments.reproduce.compared import Compared, StudyReport
from qiskit_qmu.experiments.reproduce.quantity import Quantity
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, text_blocks

READING = (
    "Ours is the mean over the seeds, behind ± half its 95 % interval (Student's t; none of a "
    "single seed); theirs is copied from the publication. The original is what doing nothing "
    "gives, the oracle what retraining gives."
)
QUICK = (
    "QUICK CHECK: it ran, and its numbers mean nothing. Few rows, a single seed and trainings of "
    "one or two epochs; without --quick the study is run."
)
REFERENCES = 2


def comparison_text(compared: Sequence[Compared], *, quick: bool = False) -> str:
    """Write comparisons as tables of at most 118 characters, one for each task, and a legend.

    Args:
        compared: In the order of the tables.
        quick: Whether the numbers mean nothing.
    """
    parts = [textwrap.fill(QUICK, WIDTH)] if quick else []
    for task, methods, columns in tables_of(compared):
        names = TextColumn(group="", heading="method", cells=methods, left=True)
        text = [
            TextColumn(group=group, heading=heading, cells=cells)
            for group, heading, cells in columns
        ]
        parts.append(f"{task}\n{text_blocks((names, *text), REFERENCES)}")
    legend = [
        textwrap.fill(f"{name}: {meaning}", WIDTH, subsequent_indent="  ")
        for name, meaning in column_legend(compared)
    ]
    return "\n\n".join([*parts, textwrap.fill(READING, WIDTH), "\n".join(legend)])


def column_legend(compared: Sequence[Compared]) -> list[tuple[str, str]]:
    """Return name and meaning of each column that some table shows."""
    shown = {
        each.quantity.title: each.quantity.meaning
        for each in compared
        if each.seeds or each.theirs is not None
    }
    return list(shown.items())


def comparison_markdown(report: StudyReport) -> str:
    """Write comparisons as a page in Markdown, with figures as files beside it."""
    lines = [f"# {report.title}", "", *((f"> **{QUICK}**", "") if report.quick else ()), READING]
    for figure in report.figures:
        lines += ["", f"## {figure.title}", "", f"![{figure.title}]({figure.name}.svg)", ""]
        lines.append(figure.caption)
    for task, methods, columns in tables_of(report.compared):
        headings = [f"{group} ({own})" if own else group for group, own, _ in columns]
        lines += ["", f"## {task}", "", _row(("method", *headings))]
        lines.append(_row(("---", *("---:" for _ in headings))))
        for position, method in enumerate(methods):
            lines.append(_row((method, *(cells[position] for _, _, cells in columns))))
    lines += ["", "## Columns", ""]
    lines += [f"- **{name}**: {meaning}" for name, meaning in column_legend(report.compared)]
    if report.notes:
        lines += ["", "## What differs, and why", "", *(f"- {note}" for note in report.notes)]
    return "\n".join([*lines, ""])


def comparison_csv(compared: Sequence[Compared]) -> str:
    """Write comparisons as tidy rows: one for each task, method and quantity."""
    rows = [each.to_dict() for each in compared]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


Columns = list[tuple[str, str, tuple[str, ...]]]


def tables_of(
    compared: Sequence[Compared],
) -> list[tuple[str, tuple[str, ...], Columns]]:
    """Return name, methods and columns (quantity, whose, cells) of each task's table."""
    tables = []
    for task in dict.fromkeys(each.task for each in compared):
        own = {(each.method, each.quantity): each for each in compared if each.task == task}
        methods = tuple(dict.fromkeys(method for method, _ in own))
        columns: Columns = []
        for quantity in dict.fromkeys(quantity for _, quantity in own):
            column = [own[method, quantity] for method in methods]
            ours = tuple(_ours(each) for each in column)
            theirs = tuple(_shown(each.theirs, quantity) for each in column)
            has_theirs = any(each.theirs is not None for each in column)
            if not has_theirs and all(text == NOTHING for text in ours):
                continue
            columns.append((quantity.title, "ours" if has_theirs else "", ours))
            if has_theirs:
                columns.append((quantity.title, "theirs", theirs))
        tables.append((task, methods, columns))
    return tables


def _ours(compared: Compared) -> str:
    shown = _shown(compared.ours.value, compared.quantity)
    if not compared.ours.has_limits:
        return shown
    return f"{shown} ±{compared.ours.spread:.{compared.quantity.decimals}f}"


def _shown(value: float | None, quantity: Quantity) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{value:,.{quantity.decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
