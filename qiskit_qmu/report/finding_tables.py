"""The tables of an audit's page: findings beside their nulls, single rows, shared rows."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any, final

from qiskit_qmu.evaluation import Finding, RowFinding
from qiskit_qmu.evaluation.columns import NOTHING
from qiskit_qmu.report.finding_words import (
    GROUPS,
    NULL,
    by_group,
    limits,
    probability,
    stands_out,
    title,
    written,
)
from qiskit_qmu.report.page_cells import PageCell, PageRow, PageTable, minus

ROWS_SHOWN = 200
"""Single rows that the page shows; the file in it holds all."""

_MEANING = "what it means"


def findings_table(
    findings: Sequence[Finding], decided_by: str = "", *, null: str = NULL
) -> PageTable:
    """Tabulate findings by group: what was found, its null, p-value, models, rows, and meaning.

    Columns in which no finding has anything to say are left out.

    Args:
        findings: The findings.
        decided_by: Key of the finding that decided the verdict; may be empty.
        null: Heading of the column of nulls.
    """
    rows: list[PageRow] = []
    groups = by_group(findings)
    for group, own in groups.items():
        if len(groups) > 1:
            rows.append(PageRow(name=GROUPS[group], cells=(), heading=True))
        rows += [_finding_row(finding, decided_by) for finding in own]
    told = [
        True,
        True,
        any(finding.p_value is not None for finding in findings),
        any(finding.num_models > 1 for finding in findings),
        any(finding.num_rows is not None for finding in findings),
        any(finding.reading for finding in findings),
    ]
    return PageTable(
        groups=(),
        headings=tuple(compress(("found", null, "p", "models", "rows", _MEANING), told)),
        rows=tuple(replace(row, cells=tuple(compress(row.cells, told))) for row in rows),
        prose=_MEANING,
    )


def _finding_row(finding: Finding, decided_by: str) -> PageRow:
    value, null = finding.value, finding.null
    return PageRow(
        name=title(finding),
        cells=(
            PageCell(
                value=minus(written(value.value)),
                detail=minus(limits(value)),
                decides=finding.key == decided_by,
                strong=stands_out(finding),
            ),
            PageCell(value=minus(written(null.value)), detail=minus(limits(null))),
            PageCell(value=probability(finding.p_value)),
            PageCell(value=f"{finding.num_models:,}"),
            PageCell(value=NOTHING if finding.num_rows is None else f"{finding.num_rows:,}"),
            PageCell(value=finding.reading, prose=True),
        ),
    )


def most_visible_first(rows: Sequence[RowFinding]) -> tuple[RowFinding, ...]:
    """Sort single rows: those that most attacks find first, then by p-value, then by position."""
    return tuple(sorted(rows, key=lambda row: (-len(row.seen_by), _p(row), row.position)))


def _p(row: RowFinding) -> float:
    given = (p for p in (row.adjusted_p_value, row.p_value) if p is not None)
    return next(given, math.inf)


def row_name(row: RowFinding) -> str:
    """Return a row's id, or its position where rows have no ids."""
    return row.id if row.id is not None else f"row {row.position}"


def attacks_of(rows: Sequence[RowFinding]) -> tuple[str, ...]:
    """Return the names of the attacks that scored or found any row, as they come."""
    return tuple(dict.fromkeys(name for row in rows for name in (*row.scores, *row.seen_by)))


def single_rows_table(rows: Sequence[RowFinding]) -> PageTable:
    """Tabulate single rows, the most visible first, at most `ROWS_SHOWN`."""
    shown = most_visible_first(rows)[:ROWS_SHOWN]
    scored = tuple(name for name in attacks_of(rows) if any(name in row.scores for row in rows))
    has_classes = any(row.label is not None for row in rows)
    headings = (
        *(("class",) if has_classes else ()),
        *(f"score, {name}" for name in scored),
        "p",
        "p, adjusted",
        "found by",
    )
    lines = tuple(
        PageRow(
            name=row_name(row),
            cells=(
                *((PageCell(value=row.label or NOTHING),) if has_classes else ()),
                *(
                    PageCell(value=minus(written(row.scores.get(name, math.nan))))
                    for name in scored
                ),
                PageCell(value=probability(row.p_value)),
                PageCell(value=probability(row.adjusted_p_value), strong=bool(row.seen_by)),
                PageCell(value=", ".join(row.seen_by) or NOTHING),
            ),
        )
        for row in shown
    )
    return PageTable(groups=(), headings=headings, rows=lines, sortable=True)


def single_rows_csv(rows: Sequence[RowFinding]) -> str:
    """Return all single rows as CSV, in the order of the training rows; unknown values are empty.

    Example:
        >>> from qiskit_qmu.evaluation import RowFinding
        >>> from qiskit_qmu.report.finding_tables import single_rows_csv
        >>> row = RowFinding(position=7, id="c-104", scores={"rmia": 0.4}, seen_by=("rmia",))
        >>> print(single_rows_csv([row]))
        position,id,class,score_rmia,p_value,adjusted_p_value,seen_by
        7,c-104,,0.4,,,rmia
        <BLANKLINE>
    """
    names = attacks_of(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    scores = [f"score_{name}" for name in names]
    writer.writerow(["position", "id", "class", *scores, "p_value", "adjusted_p_value", "seen_by"])
    for row in sorted(rows, key=lambda each: each.position):
        values: list[Any] = [row.position, row.id, row.label]
        values += [row.scores.get(name) for name in names]
        writer.writerow([*values, row.p_value, row.adjusted_p_value, ";".join(row.seen_by)])
    return text.getvalue()


@final
@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What attacks have in common: what is counted, in words, and how often."""

    said: str
    table: PageTable


def overlap(rows: Sequence[RowFinding]) -> Overlap | None:
    """Count the rows that each pair of attacks finds; None where fewer than two could find any.

    Where fewer than two attacks find single rows, the rows that each ranks highest are counted.
    Under each number stands what two attacks would share by chance, had they nothing in common.
    """
    found = _found(rows)
    said = "Withdrawn rows that two attacks find both"
    if len(found) < 2:
        most = max(1, len(rows) // 10)
        found = _ranked_highest(rows, most)
        said = f"Of the {most} withdrawn rows that each score ranks highest, those that two share"
    if len(found) < 2:
        return None
    lines = []
    for name, own in found.items():
        others = set().union(*(theirs for other, theirs in found.items() if other != name))
        cells = [_shared(own, theirs, len(rows), name == other) for other, theirs in found.items()]
        lines.append(PageRow(name=name, cells=(*cells, PageCell(value=f"{len(own - others)}"))))
    table = PageTable(groups=(), headings=(*found, "only this one"), rows=tuple(lines))
    return Overlap(said=said, table=table)


def _found(rows: Sequence[RowFinding]) -> dict[str, set[int]]:
    names = dict.fromkeys(name for row in rows for name in row.seen_by)
    return {name: {row.position for row in rows if name in row.seen_by} for name in names}


def _ranked_highest(rows: Sequence[RowFinding], most: int) -> dict[str, set[int]]:
    names = [name for name in attacks_of(rows) if all(name in row.scores for row in rows)]
    return {
        name: {
            row.position
            for row in sorted(rows, key=lambda row: row.scores[name], reverse=True)[:most]
        }
        for name in names
    }


def _shared(first: set[int], second: set[int], count: int, same: bool) -> PageCell:
    if same:
        return PageCell(value=f"{len(first)}", detail=f"of {count}", strong=True)
    chance = len(first) * len(second) / count
    return PageCell(value=f"{len(first & second)}", detail=f"chance {chance:.1f}")
