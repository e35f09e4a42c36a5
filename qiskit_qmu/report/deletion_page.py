"""A deletion report as one HTML page, for the data-protection officer and for the engineer."""

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.evaluation import aggregate
from qiskit_qmu.evaluation.resolution import LARGEST_LEAK
from qiskit_qmu.report import page_tables as tables
from qiskit_qmu.report.audit_record import AuditRecord
from qiskit_qmu.report.deletion_words import request_sentence
from qiskit_qmu.report.finding_tables import findings_table
from qiskit_qmu.report.headline import headline
from qiskit_qmu.report.html import settings, template
from qiskit_qmu.report.page_cells import PageCell, PageRow, PageTable
from qiskit_qmu.report.page_tables import Fact
from qiskit_qmu.report.reading import AUDIT_INTERVALS
from qiskit_qmu.report.retrained import (
    RETRAINED,
    RETRAINING,
    are_retrained,
    said_of_retrained,
    shown_reason,
    verdict_in_words,
)

_TITLE = "Report of a deletion request"
_SHOWN = 20
"""Digests of rows that the page shows; the JSON file holds all."""

_USELESS = 0.45
"""Margin around ½ beyond which a test tells nothing: an AUC lies between 0 and 1."""

_OWN_GROUPS = ("strategy", "model", "oracles", "retained rows")
"""Findings on the page; the audit's own page has the others."""


def render_deletion(report: Mapping[str, Any], audit: AuditRecord) -> str:
    """Write a deletion report as an HTML page that needs nothing but itself.

    Args:
        report: The content of deletion_report.json.
        audit: The audit of the new model, without values of rows.

    Returns:
        The page.
    """
    asked, method, cost = report["request"], report["method"], report["cost"]
    summaries = aggregate(audit.rows)
    shown = [each for each in audit.findings if each.group in _OWN_GROUPS]
    power = report["audit"]["power"]
    said, again = headline(summaries, audit.kind), are_retrained(audit.rows)
    return template("deletion.html.jinja").render(
        title=_TITLE,
        subtitle=f"Request {asked['number']} · {asked['time']}",
        said=said_of_retrained(said) if again else said,
        verdict=verdict_in_words(audit.verdict, retrained=again),
        reason=shown_reason(audit.reason, retrained=again),
        facts=_facts(report),
        asked=asked,
        retrained=RETRAINED if method["strategy"] in RETRAINING else "",
        request_sentence=request_sentence(report),
        method_sentence=_method_sentence(report),
        strength="" if method["strength"] is None else method["strength"]["text"],
        power_sentence=power_sentence(power),
        observers=report["who_could_still_tell"],
        tasks=_tasks(report),
        digests=report["digests"],
        results=tables.results_table(summaries, audit.kind, tables.num_classes_of(audit.rows)),
        intervals=AUDIT_INTERVALS,
        findings=findings_table(shown, audit.decided_by) if shown else None,
        power=None if power is None else _power_table(power),
        untested=[each for each in report["unknown"] if each["how"]],
        out_of_scope=[each["question"] for each in report["unknown"] if not each["how"]],
        rows=report["rows"][:_SHOWN],
        more_rows=max(0, len(report["rows"]) - _SHOWN),
        settings=(
            ("Method and hyperparameters", settings(_configured(method))),
            ("Seeds", settings(report["seeds"])),
            (
                "Weights and earlier reports, SHA-256",
                settings(
                    {
                        "weights before": report["model"]["weights_before"],
                        "weights after": report["model"]["weights_after"],
                        "earlier reports": report["earlier_reports"],
                    }
                ),
            ),
            ("Cost", settings(cost)),
            ("Versions", settings(report["versions"])),
        ),
    )


def power_sentence(power: Mapping[str, Any] | None) -> str:
    """Say what the audit could have seen.

    Args:
        power: What `qiskit_qmu.evaluation.PowerPlan.to_dict` gives; None if nothing could be
            tested.
    """
    if power is None:
        return (
            "The audit could see nothing: it takes at least two withdrawn rows, and never-seen "
            "rows of the same classes."
        )
    best = min(power["tests"], key=lambda test: test["smallest_auc"])
    rows = (
        f"with {power['num_withdrawn']:,} withdrawn rows beside {power['num_never_seen']:,} "
        "never-seen ones"
    )
    if best["smallest_margin"] >= _USELESS:
        return f"There are too few rows for this audit to see, or to rule out, any leak ({rows})."
    return (
        f"In four of five cases the test of {_tested(best)} detects a leak with an AUC of "
        f"{best['smallest_auc']:.2f} or more ({rows}{_of_one_model(power, best)}); smaller "
        "ones are often missed. If nothing is left, it can show that "
        f"the AUC lies within {best['smallest_margin']:.2f} of ½."
    )


def _tested(test: Mapping[str, Any]) -> str:
    return "the new model" if test["num_models"] == 1 else f"{test['name']},"


def _of_one_model(power: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """Say what the test of the new model alone could see where that of many models sees more."""
    alone = next(test for test in power["tests"] if test["num_models"] == 1)["smallest_auc"]
    if best["num_models"] == 1:
        return ""
    seen = "none reliably" if alone > LARGEST_LEAK else f"{alone:.2f} or more"
    return f"; in the new model alone: {seen}"


def _facts(report: Mapping[str, Any]) -> tuple[Fact, ...]:
    asked, method, cost = report["request"], report["method"], report["cost"]
    power = report["audit"]["power"]
    seen, beside = "none", "too few withdrawn rows, or never-seen ones beside them"
    if power is not None:
        best = min(power["tests"], key=lambda test: test["smallest_auc"])
        if best["smallest_margin"] < _USELESS:
            seen = f"AUC {best['smallest_auc']:.2f}"
            models = best["num_models"]
            by = "new model alone" if models == 1 else f"over {models} shadow models"
            beside = f"{by}, with a probability of 0.8; ½ is guessing"
    return (
        Fact(
            name="Withdrawn",
            value=f"{asked['rows']:,} rows",
            beside=f"of {asked['of_rows']:,} that the model was trained on and still knew",
        ),
        Fact(name="Method", value=method["strategy"], beside=method["summary"]),
        Fact(
            name="Smallest leak that would be seen",
            value=seen,
            beside=beside,
        ),
        Fact(
            name="Cost",
            value=f"{cost['circuits']:,} circuits",
            beside=f"{cost['seconds']:.1f} s, and {cost['audit_seconds']:.1f} s for the audit",
        ),
    )


def _configured(method: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen of a method; the losses of its steps are in the JSON file."""
    shown = {name: value for name, value in method.items() if name != "history"}
    return {"strategy": method["strategy"], **shown}


def _method_sentence(report: Mapping[str, Any]) -> str:
    method = report["method"]
    if method["strategy"] in RETRAINING:
        return (
            f"The method is {method['strategy']} ({method['summary']}). Whatever was trained on "
            "the rows was trained again without them; this needs no statistical proof."
        )
    return (
        f"The method is {method['strategy']} ({method['summary']}). It changes the trained model; "
        "it does not train it again without the rows. Whether the result is as if it had been is "
        "what the audit tests, by statistics, and what it cannot prove."
    )


def _tasks(report: Mapping[str, Any]) -> Sequence[str]:
    """Return what is left for people to do."""
    tasks = [
        "Delete the rows from the data itself, and from copies and backups of it.",
        "Delete, or lock away, the model before the deletion, with checkpoints and backups; put "
        "the new one in its place wherever it is used.",
        "Treat models that were trained from the old one, and answers of it that were kept, alike: "
        "make the request of each of them.",
        "Keep the hash of the log’s last entry somewhere else (qmu verify prints it): "
        "without it, somebody who rewrites model, log and report together goes unnoticed.",
    ]
    if any("undo" in note for note in report["request"]["notes"]):
        tasks.insert(
            0, "Withdraw the equal rows too (--forget-duplicates): they undo the deletion."
        )
    return tasks


def _power_table(power: Mapping[str, Any]) -> PageTable:
    return PageTable(
        groups=(),
        headings=("models", "smallest AUC detected", "margin shown around ½"),
        rows=tuple(
            PageRow(
                name=test["name"],
                cells=(
                    PageCell(value=f"{test['num_models']:,}"),
                    PageCell(value=f"{test['smallest_auc']:.3f}"),
                    PageCell(value=f"{test['smallest_margin']:.3f}"),
                ),
            )
            for test in power["tests"]
        ),
    )
