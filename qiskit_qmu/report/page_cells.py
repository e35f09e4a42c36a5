"""Cells, rows and tables of a page, ready for the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import final

from qiskit_qmu.evaluation import Column
from qiskit_qmu.metrics import Interval


@final
@dataclass(frozen=True, kw_only=True)
class PageCell:
    """One cell: a number, its interval and its gap to the oracle, and what it stands out for.

    A cell of prose holds a sentence in place of a number.
    """

    value: str
    detail: str = ""
    gap: str = ""
    strong: bool = False
    decides: bool = False
    prose: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class PageRow:
    """One row: whose it is, its cells, and whether it is a reference rather than a method.

    A heading has no cells and stands above the rows that follow.
    """

    name: str
    cells: tuple[PageCell, ...]
    reference: bool = False
    note: str = ""
    symbol: str = ""
    verdict: str = ""
    outcome: str = ""
    chosen: bool = False
    heading: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class PageTable:
    """A table: headings above groups of columns with their widths, headings, rows.

    A script in the page lets readers sort a sortable table; without the script it is a plain one.
    The column under the heading ``prose`` holds sentences.
    """

    groups: tuple[tuple[str, int], ...]
    headings: tuple[str, ...]
    rows: tuple[PageRow, ...]
    sortable: bool = False
    prose: str = ""

    @property
    def has_verdicts(self) -> bool:
        """Whether there is a column of verdicts."""
        return any(row.verdict for row in self.rows)


def heading_groups(columns: Sequence[Column]) -> tuple[tuple[str, int], ...]:
    """Return the headings that neighbouring columns share, with the number of their columns."""
    return tuple(
        (name, sum(1 for _ in group))
        for name, group in groupby(columns, lambda column: column.title)
    )


def headings(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the heading of each column."""
    return tuple(column.heading for column in columns)


def cell(column: Column, interval: Interval) -> PageCell:
    """Return a number as a cell, with its interval under it where there is one to show."""
    detail = limits(column, interval) if interval.has_limits else ""
    return PageCell(value=minus(column.show(interval.value)), detail=detail)


def minus(text: str) -> str:
    """Return text with typographic minus signs, for a page rather than a terminal."""
    return text.replace("-", "−")


def limits(column: Column, interval: Interval) -> str:
    """Return an interval's limits as text, as ``0.42–0.61``, or with "to" where they have signs."""
    ends = (column.show(interval.low), column.show(interval.high))
    return minus(" to ".join(ends)) if column.minimum < 0 else "–".join(ends)
