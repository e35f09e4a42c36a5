"""An audit on a terminal: the models, the findings beside their nulls, and last the verdict."""

import textwrap
from collections.abc import Sequence

from qiskit_qmu.evaluation import Finding, strengths_by_method
from qiskit_qmu.report.audit_record import PROTOCOLS, AuditRecord
from qiskit_qmu.report.finding_tables import most_visible_first, row_name
from qiskit_qmu.report.finding_words import (
    GROUPS,
    NULL,
    by_group,
    farthest_first,
    in_a_line,
    number_text,
    probability,
    stands_out,
    title,
)
from qiskit_qmu.report.observed_on import audited_in_words
from qiskit_qmu.report.retrained import are_retrained, verdict_in_words
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, text_block
from qiskit_qmu.report.text_table import headline_text, results_text

_Cells = tuple[str, ...]
_HEADINGS = ("finding", "found", NULL, "p", "models")
_DECIDED = " (decided)"
_MOST = 5
_LONG_GROUPS = ("slices", "layers")


def audit_text(report: AuditRecord) -> str:
    """Write an audit in lines of at most 118 characters; no trailing newline.

    Args:
        report: The audit.

    Returns:
        The table of models and how to read it, the findings, what was found of single rows, and
        last the verdict with the test that decided.
    """
    parts = (
        results_text(report.rows, report.kind),
        findings_text(report.findings, report.decided_by),
        _single_rows(report),
        *(
            textwrap.fill(f"Strength of {name}: {'; '.join(own)}", WIDTH)
            for name, own in strengths_by_method(report.rows).items()
        ),
        _protocols(report),
        textwrap.fill(audited_in_words(report.subject, report.rows), WIDTH),
        headline_text(report.rows, report.kind),
        _verdict(report),
    )
    notes = "".join(f"\nnote: {note}" for note in report.notes)
    return "\n\n".join(part for part in parts if part) + notes


def findings_text(findings: Sequence[Finding], decided_by: str = "") -> str:
    """Write findings as a short table: of slices and layers only those that stand out most.

    Args:
        findings: The findings.
        decided_by: Key of the finding that decided the verdict; may be empty.

    Example:
        >>> from qiskit_qmu.evaluation import Finding
        >>> from qiskit_qmu.metrics import Interval
        >>> from qiskit_qmu.report.audit_text import findings_text
        >>> auc, half = Interval(0.56, low=0.54, high=0.58), Interval(0.5, low=0.48, high=0.52)
        >>> finding = Finding(key="a", group="strategy", name="U-LiRA", value=auc, null=half)
        >>> print(findings_text([finding], decided_by="a"))
        finding                                       found where nothing is left p models
        ----------------------------------------------------------------------------------
        The strategy, over many models
        * U-LiRA (decided)             0.560 [0.540, 0.580]  0.500 [0.480, 0.520] –      1
        *: outside of what its null allows
    """
    if not findings:
        return ""
    lines: list[_Cells] = []
    left_out = 0
    for group, own in by_group(findings).items():
        shown = _shown(own) if group in _LONG_GROUPS else own
        left_out += len(own) - len(shown)
        lines.append((GROUPS[group], "", "", "", ""))
        lines += [_line(finding, decided_by) for finding in shown]
    lines = _fitted(lines)
    columns = [
        TextColumn(group="", heading=heading, cells=cells, left=heading == _HEADINGS[0])
        for heading, cells in zip(_HEADINGS, zip(*lines, strict=True), strict=True)
    ]
    notes = []
    if any(map(stands_out, findings)):
        notes.append("*: outside of what its null allows")
    if left_out:
        notes.append(f"{left_out} more of groups of rows and parts of the model: on the page")
    return "\n".join((text_block(columns, 0).lstrip(), *notes))


def _shown(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings farthest from their nulls, in the order given."""
    if len(findings) <= _MOST:
        return tuple(findings)
    farthest = farthest_first(findings)[:_MOST]
    return tuple(each for each in findings if each in farthest)


def _line(finding: Finding, decided_by: str) -> _Cells:
    mark = "*" if stands_out(finding) else " "
    decided = _DECIDED if finding.key == decided_by else ""
    return (
        f"{mark} {title(finding)}{decided}",
        number_text(finding.value),
        number_text(finding.null),
        probability(finding.p_value),
        f"{finding.num_models:,}",
    )


def _fitted(lines: Sequence[_Cells]) -> list[_Cells]:
    """Shorten the names that do not fit beside the numbers."""
    widths = (max(map(len, cells)) for cells in zip(_HEADINGS, *lines, strict=True))
    _, *numbers = widths
    room = WIDTH - sum(numbers) - len(numbers)
    return [(_shortened(name, room), *rest) for name, *rest in lines]


def _shortened(name: str, room: int) -> str:
    if len(name) <= room:
        return name
    decided = _DECIDED if name.endswith(_DECIDED) else ""
    return name[: room - len(decided) - 1].rstrip() + "…" + decided


def _single_rows(report: AuditRecord) -> str:
    """Say how many withdrawn rows an attack still finds; empty where rows were not tested."""
    if not report.per_row:
        return ""
    found = [row for row in most_visible_first(report.per_row) if row.seen_by]
    text = f"Single rows: {len(found)} of {len(report.per_row)} withdrawn rows are still found"
    names = ", ".join(row_name(row) for row in found[:_MOST])
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return textwrap.fill(f"{text}{names and f': {names}{more}'}.", WIDTH)


def _protocols(report: AuditRecord) -> str:
    """Say what published protocols would report; empty unless it was asked for."""
    if report.protocols is None:
        return ""
    if report.explained == "full":
        return f"{PROTOCOLS}:\n\n{report.protocols}"
    return f"{PROTOCOLS} (controls and how to read them: --explain-all, or the page):\n" + (
        report.protocols.in_short()
    )


def _verdict(report: AuditRecord) -> str:
    decided = next((each for each in report.findings if each.key == report.decided_by), None)
    lines = [] if decided is None else [f"Decided by: {in_a_line(decided)}"]
    told = verdict_in_words(report.verdict, report.reason, retrained=are_retrained(report.rows))
    lines.append(f"verdict: {told}")
    return "\n".join(textwrap.fill(line, WIDTH, break_long_words=False) for line in lines)
