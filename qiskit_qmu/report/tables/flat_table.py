"""All lines of all groups as one flat table of text, which Markdown and LaTeX write down."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation import Column
from qiskit_qmu.evaluation.columns import NOTHING, show_ratio
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.tables.groups import Grouping
from qiskit_qmu.report.tables.lines import Line, compared_columns, lines_of, relative_cost

ShowInterval = Callable[[Column, Interval], str]
"""Writes a number with its interval."""


@final
@dataclass(frozen=True)
class FlatTable:
    """A table of text.

    Attributes:
        axes: Headings of the first columns, the settings that vary, and "method".
        columns: The columns of results that follow; the relative cost and the verdicts come last.
        parts: The rows of each group.
    """

    axes: tuple[str, ...]
    columns: tuple[Column, ...]
    parts: tuple[tuple[tuple[str, ...], ...], ...]

    LAST = ("gradients, × oracle", "verdict “forgotten”")

    @property
    def headings(self) -> tuple[str, ...]:
        """The heading of each column, with its unit."""
        return (*self.axes, *(heading(column) for column in self.columns), *self.LAST)


def heading(column: Column) -> str:
    """Return a column's whole heading, with its unit."""
    return f"{column.name}, {column.unit}" if column.unit else column.name


def flat_table(grouping: Grouping, show: ShowInterval) -> FlatTable:
    """Return the flat table.

    Args:
        grouping: The runs.
        show: How a number is written with its interval.
    """
    columns = compared_columns(grouping.groups)

    def cells(line: Line) -> Iterator[str]:
        yield from line.group.place.values()
        yield line.name
        for column in columns:
            if line.summary is None:
                yield line.useless_score(column)
            else:
                interval = line.summary.values[column.key]
                yield show(column, interval) if interval.known else NOTHING
        ratio = relative_cost(line)
        yield show_ratio(ratio) if math.isfinite(ratio) else NOTHING
        judged = line.summary is not None and line.summary.verdicts
        yield f"{line.summary.passes} of {line.summary.seeds}" if judged and line.summary else ""

    parts = (tuple(tuple(cells(line)) for line in lines_of(group)) for group in grouping.groups)
    return FlatTable((*grouping.axes, "method"), columns, tuple(part for part in parts if part))
