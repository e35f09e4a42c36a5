"""Comparisons as one page that needs nothing but itself."""

from collections.abc import Sequence

from qiskit_qmu.backends.versions import environment
from qiskit_qmu.experiments.reproduce.compared import StudyReport
from qiskit_qmu.experiments.reproduce.comparison_text import (
    QUICK,
    READING,
    REFERENCES,
    Columns,
    column_legend,
    comparison_csv,
    tables_of,
)
from qiskit_qmu.report.evidence import now
from qiskit_qmu.report.html import data_address, settings, template, themed
from qiskit_qmu.report.page_cells import PageCell, PageRow, PageTable, minus


def comparison_page(report: StudyReport) -> str:
    """Write comparisons as a page."""
    compared = report.compared
    return template("comparison.html.jinja").render(
        title=report.title,
        subtitle="ours beside theirs" if any(each.theirs is not None for each in compared) else "",
        warning=QUICK if report.quick else "",
        reading=READING,
        figures=[(each, themed(each.svg)) for each in report.figures],
        tables=[(task, _table(methods, columns)) for task, methods, columns in tables_of(compared)],
        legend=column_legend(compared),
        notes=report.notes,
        csv=data_address(comparison_csv(compared), "text/csv"),
        settings=(("Environment", settings({"written": now(), **environment()})),),
    )


def _table(methods: Sequence[str], columns: Columns) -> PageTable:
    groups: list[tuple[str, int]] = []
    for title, _, _ in columns:
        if groups and groups[-1][0] == title:
            groups[-1] = (title, groups[-1][1] + 1)
        else:
            groups.append((title, 1))
    return PageTable(
        groups=tuple(groups),
        headings=tuple(whose for _, whose, _ in columns),
        rows=tuple(
            PageRow(
                name=method,
                cells=tuple(_cell(cells[place]) for _, _, cells in columns),
                reference=place < REFERENCES,
            )
            for place, method in enumerate(methods)
        ),
    )


def _cell(text: str) -> PageCell:
    value, _, spread = text.partition(" ±")
    return PageCell(value=minus(value), detail=f"±{spread}" if spread else "")
