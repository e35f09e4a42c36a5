"""An audit as one HTML page: the verdict, the tests beside their nulls, and what was not tested."""

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.evaluation import Finding
from qiskit_qmu.report.audit_record import PROTOCOLS, AuditRecord
from qiskit_qmu.report.controls import STANDARD, controls
from qiskit_qmu.report.evidence import few_or_digest, now
from qiskit_qmu.report.finding_tables import (
    ROWS_SHOWN,
    findings_table,
    overlap,
    single_rows_csv,
    single_rows_table,
)
from qiskit_qmu.report.finding_words import (
    NULL,
    by_group,
    farthest_first,
    number_text,
    probability,
    title,
)
from qiskit_qmu.report.html import data_address, sorting_script, template, themed
from qiskit_qmu.report.observed_on import audited_in_words
from qiskit_qmu.report.page import PageArguments, page_context
from qiskit_qmu.report.page_cells import minus
from qiskit_qmu.report.page_tables import Fact
from qiskit_qmu.report.reading import AUDIT_INTERVALS
from qiskit_qmu.report.retrained import are_retrained, shown_reason, verdict_in_words
from qiskit_qmu.report.roc_figure import has_pairs
from qiskit_qmu.report.score_figures import log_roc_figure, score_figure
from qiskit_qmu.report.untested import OUT_OF_SCOPE, untested

_TITLE = "Audit of an unlearned model"
_SECTIONS_OF_THEIR_OWN = ("four groups", "slices", "layers")
_SLICES_SHOWN = 20

_LOG_ROC = (
    "How many withdrawn rows the attack finds (up) at the price of few false alarms (left): what "
    "an attacker does who accuses only when sure. The band is the 95 % interval, the grey curve "
    "the oracle’s, the dashed one a coin. Axes end at one false alarm and below one row that was "
    "found, so little can be read at their very ends."
)
_SCORES = (
    "Scores of the attack for withdrawn rows (blue) and never-seen ones (orange). Where nothing is "
    "left both lie on each other, as they do for the oracle; withdrawn rows to the right are "
    "remembered, to the left over-forgotten. The outermost bins hold everything beyond them."
)


def render_audit(
    report: AuditRecord,
    *,
    environment: Mapping[str, Any] | None = None,
    does: Mapping[str, str] | None = None,
) -> str:
    """Write an audit as an HTML page that needs nothing but itself.

    Everything can be read without its one script, which lets readers sort the table of single rows.
    What the audit does not hold has no section, but a line under "What was not tested".

    Args:
        report: The audit.
        environment: Versions and machine, nested as deep as they come.
        does: What each method does, in one line, by its name.

    Returns:
        The page.

    Raises:
        InputError: The rows or the scores cannot be used.
    """
    record = {
        "findings": [finding.to_dict() for finding in report.findings],
        "per_row": [row.to_dict() for row in report.per_row],
    }
    given: PageArguments = {
        "kind": report.kind,
        "scores": report.scores,
        "evidence": {
            "Audit": {"written": now(), "seed": report.rows[0]["seed"], "margin": report.margin},
            "What was forgotten": {
                "forgotten": report.forgotten,
                "ids": few_or_digest(report.forgotten_ids),
                "notes": list(report.notes),
            },
            "What was audited": report.subject,
            **({} if report.protocols is None else {PROTOCOLS: report.protocols.in_lines()}),
        },
        "environment": environment,
        "forgotten": report.forgotten,
        "title": _TITLE,
        "does": does or {},
    }
    context = page_context(report.rows, given, record)
    script, digest = sorting_script()
    again = are_retrained(report.rows)
    return template("audit.html.jinja").render(
        context
        | {
            "facts": (*_deciding_facts(report), *context["facts"]),
            "observed": audited_in_words(report.subject, report.rows),
            "intervals": AUDIT_INTERVALS,
            "verdict": verdict_in_words(report.verdict, retrained=again),
            "reason": shown_reason(report.reason, retrained=again),
            "figures": (*_figures(report), *context["figures"]),
            "findings": _findings(report),
            "parts": _parts(report),
            "single_rows": _single_rows(report),
            "untested": untested(report),
            "out_of_scope": OUT_OF_SCOPE,
            "controls": controls(report),
            "standard": STANDARD,
            "script": script,
            "script_digest": digest if report.per_row else "",
        }
    )


def _deciding_facts(report: AuditRecord) -> tuple[Fact, ...]:
    """Return the finding that decided, beside its null; empty where none did."""
    return tuple(
        Fact(
            name=title(finding),
            value=minus(number_text(finding.value)),
            beside=_beside(finding),
            decides=True,
        )
        for finding in report.findings
        if finding.key == report.decided_by
    )


def _beside(finding: Finding) -> str:
    null = minus(number_text(finding.null))
    p_value = "" if finding.p_value is None else f" · p {probability(finding.p_value)}"
    return f"{NULL}: {null}{p_value}"


def _findings(report: AuditRecord) -> Any:
    """Return the table of findings; None where there are none."""
    shown = [each for each in report.findings if each.group not in _SECTIONS_OF_THEIR_OWN]
    return findings_table(shown, report.decided_by) if shown else None


_PARTS = {
    "four groups": (
        "Forgotten or retained, member or not",
        "How well the model answers forgotten and retained rows, each beside never-seen rows of "
        "their kind, and how well retrained models answer the same rows.",
    ),
    "slices": (
        "Groups of rows",
        "The same test within each group of rows, those that stand out first. Small and rare "
        "groups often leak more than the average. Limits and p-values are corrected for all groups "
        "that were tested, at least 10 forgotten and 10 never-seen rows in each.",
    ),
    "layers": (
        "Where in the model",
        "The same attack on what each part of the model puts out.",
    ),
}


def _parts(report: AuditRecord) -> Sequence[tuple[str, str, str, Any]]:
    """Return the sections of groups of rows and layers: name, title, caption, table."""
    parts = []
    for group, own in by_group(report.findings).items():
        if group in _SECTIONS_OF_THEIR_OWN:
            heading, caption = _PARTS[group]
            shown = own
            if group == "slices":
                shown = farthest_first(own)[:_SLICES_SHOWN]
            if len(shown) < len(own):
                caption += f" {len(own) - len(shown)} more that stand out less are in audit.json."
            name = group.replace(" ", "-")
            parts.append((name, heading, caption, findings_table(shown, report.decided_by)))
    return parts


def _single_rows(report: AuditRecord) -> Mapping[str, Any] | None:
    """Return what is shown of single rows; None where rows were not tested."""
    rows = report.per_row
    if not rows:
        return None
    found = sum(bool(row.seen_by) for row in rows)
    return {
        "said": f"{found} of {len(rows)} withdrawn rows are still found by an attack, at the false "
        "discovery rate of the test.",
        "table": single_rows_table(rows),
        "shown": ROWS_SHOWN if len(rows) > ROWS_SHOWN else 0,
        "count": len(rows),
        "csv": data_address(single_rows_csv(rows), "text/csv"),
        "overlap": overlap(rows),
    }


def _figures(report: AuditRecord) -> list[dict[str, Any]]:
    if not has_pairs(report.scores):
        return []
    drawn = (
        ("scores", "Scores of the attack", score_figure(report.scores), _SCORES),
        ("log-roc", "Few false alarms", log_roc_figure(report.scores), _LOG_ROC),
    )
    return [
        {"name": name, "title": title, "svg": themed(svg), "caption": caption}
        for name, title, svg, caption in drawn
    ]
