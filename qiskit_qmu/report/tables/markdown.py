"""The tables of many runs in Markdown, as GitHub shows it."""

from qiskit_qmu.evaluation import Column
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.page_cells import limits
from qiskit_qmu.report.tables.flat_table import flat_table
from qiskit_qmu.report.tables.groups import Grouping
from qiskit_qmu.report.tables.text import READING, failure_lines


def markdown(grouping: Grouping, title: str) -> str:
    """Return title, table, failures and how to read it; with a trailing newline."""
    table = flat_table(grouping, _with_limits)
    left, right = len(table.axes), len(table.headings) - len(table.axes)
    lines = [_row(table.headings), f"|{'---|' * left}{'---:|' * right}"]
    lines += [_row(row) for part in table.parts for row in part]
    common = ", ".join(f"{name} {value}" for name, value in grouping.common.items())
    failures = [
        f"- {', '.join(filter(None, (group.label, line)))}"
        for group in grouping.groups
        for line in failure_lines(group)
    ]
    reading = f"{READING} In brackets: the limits of the interval."
    parts = (f"## {title}", common, "\n".join(lines), "\n".join(failures), reading)
    return "\n\n".join(filter(None, parts)) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _with_limits(column: Column, interval: Interval) -> str:
    shown = column.show(interval.value)
    return f"{shown} ({limits(column, interval)})" if interval.has_limits else shown
