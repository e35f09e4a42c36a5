"""What work would cost, as a plain-text table with one block for each number of shots."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

Row = Mapping[str, Any]


def cost_table(rows: Sequence[Row]) -> str:
    """Write estimates as a table; a column with nothing in it is left out.

    Args:
        rows: One for each piece of work and number of shots, those of the same shots together:
            the fields of an estimate, "work", "most_circuits", and "budget", None for no budget.

    Returns:
        The blocks; no trailing newline.
    """
    columns = [(heading, cell) for heading, cell in _COLUMNS if any(cell(row) for row in rows)]
    blocks = []
    for shots, members in groupby(rows, key=lambda row: row["shots"]):
        lines = [[heading for heading, _ in columns]]
        lines += [[cell(row) for _, cell in columns] for row in members]
        blocks.append(f"{shots:,} shots\n{_aligned(lines)}")
    return "\n\n".join(blocks)


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = []
    for name, *cells in lines:
        right = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        rows.append("  ".join([name.ljust(widths[0]), *right]).rstrip())
    rows.insert(1, "-" * max(map(len, rows)))
    return "\n".join(rows)


def _at_most(row: Row) -> str:
    return f"{row['most_circuits']:,}" if row["most_circuits"] != row["circuits"] else ""


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.0f}"


def _bytes(count: int) -> str:
    if count < 1e6:
        return f"{count / 1e3:,.1f} kB"
    return f"{count / 1e6:,.1f} MB"


_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("work", lambda row: row["work"]),
    ("circuits", lambda row: f"{row['circuits']:,}"),
    ("at most", _at_most),
    ("jobs", lambda row: f"{row['jobs']:,}"),
    ("executions", lambda row: f"{row['executions']:,}"),
    ("payload", lambda row: _bytes(row["payload_bytes"])),
    ("QPU seconds", lambda row: _seconds(row["qpu_seconds"])),
    ("scheduled", lambda row: _seconds(row["scheduled_qpu_seconds"])),
    ("budget", lambda row: row["budget"] or ""),
)
