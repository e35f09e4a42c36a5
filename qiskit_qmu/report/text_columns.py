"""Columns of text side by side, for a terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import final

from qiskit_qmu.evaluation import Column
from qiskit_qmu.metrics import Interval

WIDTH = 118
"""Characters that a table may take."""


@final
@dataclass(frozen=True, kw_only=True)
class TextColumn:
    """One column of a text table.

    Args:
        group: Heading shared with neighbours.
        heading: Heading of its own.
        cells: Its texts, from top to bottom.
        left: Whether they stand at the left.
    """

    group: str
    heading: str
    cells: tuple[str, ...]
    left: bool = False

    @property
    def width(self) -> int:
        """Characters that it takes."""
        return max(len(text) for text in (self.heading, *self.cells))

    def line(self, text: str, width: int) -> str:
        """Return a text filled up to a width."""
        return text.ljust(width) if self.left else text.rjust(width)


def spread_text(column: Column, interval: Interval) -> str:
    """Return an interval's arm in three characters: ``±4.1``, ``±12``, ``±.03``."""
    if not interval.has_limits:
        return ""
    shown = interval.spread * column.factor
    if column.factor == 1:
        return f"±{shown:.2f}".replace("0.", ".")
    if column.decimals > 1:
        return f"±{shown:.{column.decimals}f}"
    return f"±{shown:.0f}" if shown >= 9.95 else f"±{shown:.1f}"


def interval_cells(column: Column, intervals: Sequence[Interval]) -> tuple[str, ...]:
    """Return numbers as text, each with the longer arm of its interval behind ±."""
    spreads = [spread_text(column, interval) for interval in intervals]
    width = max(map(len, spreads))
    return tuple(
        column.show(interval.value) + spread.ljust(width)
        for interval, spread in zip(intervals, spreads, strict=True)
    )


def text_blocks(columns: Sequence[TextColumn], rule_after: int) -> str:
    """Lay columns out in as many blocks as it takes, one below the other.

    Args:
        columns: Columns of equally many cells; the first stands in every block.
        rule_after: As for `text_block`.

    Returns:
        The blocks, an empty line between them.
    """
    return "\n\n".join(
        text_block((columns[0], *part), rule_after) for part in _parts(columns[0], columns[1:])
    )


def _parts(names: TextColumn, columns: Sequence[TextColumn]) -> Iterator[tuple[TextColumn, ...]]:
    """Divide columns into parts that fit beside the names, each as wide as can be.

    Columns of a group stay together, unless they are too many for one part.
    """
    part: tuple[TextColumn, ...] = ()
    for _, neighbours in groupby(columns, lambda column: column.group):
        group = tuple(neighbours)
        if part and not _fits(names, (*part, *group)) and _fits(names, group):
            yield part
            part = ()
        for column in group:
            if part and not _fits(names, (*part, column)):
                yield part
                part = ()
            part = (*part, column)
    yield part


def _fits(names: TextColumn, columns: tuple[TextColumn, ...]) -> bool:
    return max(map(len, text_block((names, *columns), 0).splitlines())) <= WIDTH


def text_block(columns: Sequence[TextColumn], rule_after: int) -> str:
    """Lay columns out under the headings of their groups.

    Args:
        columns: Columns of equally many cells; neighbours of the same group share a heading.
        rule_after: Number of rows above a second rule; none where 0.

    Returns:
        The lines, without a trailing newline.
    """
    groups: list[list[TextColumn]] = []
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
