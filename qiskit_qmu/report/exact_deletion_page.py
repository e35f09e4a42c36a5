"""The deletion report of a model that deletes rows by itself, as one HTML page."""

from collections.abc import Mapping
from typing import Any

from qiskit_qmu.evaluation import Finding
from qiskit_qmu.report.deletion_words import request_sentence, rows_were
from qiskit_qmu.report.finding_tables import findings_table
from qiskit_qmu.report.html import settings, template

_NULL = "where others are deleted"

_SHOWN = 20
"""Digests of rows that the page shows; the JSON file holds all."""


def render_exact_deletion(report: Mapping[str, Any], told: Finding | None) -> str:
    """Write such a report as an HTML page that needs nothing but itself.

    Args:
        report: The content of deletion_report.json.
        told: What the models before and after tell of the rows; None if it could not be tested.

    Returns:
        The page.
    """
    asked, certificate = report["request"], report["certificate"]
    numbers = {name: each for name, each in certificate.items() if name not in ("text", "ledger")}
    ledger = {n: each for n, each in certificate.get("ledger", {}).items() if n != "entries"}
    return template("exact_deletion.html.jinja").render(
        title="Report of a deletion request",
        subtitle=f"Request {asked['number']} · {asked['time']}",
        headline=f"{rows_were(asked['rows'])} deleted from the model.",
        asked=asked,
        certificate=certificate,
        model=report["model"],
        request_sentence=request_sentence(report),
        told=None if told is None else findings_table([told], null=_NULL),
        untold=report["audit"]["left_out"].get("deletion difference", ""),
        observers=report["who_could_still_tell"],
        digests=report["digests"],
        rows=report["rows"][:_SHOWN],
        more_rows=max(0, len(report["rows"]) - _SHOWN),
        settings=(
            ("Certificate", settings({**numbers, "ledger": ledger})),
            ("Method and hyperparameters", settings(report["method"])),
            (
                "Model and earlier reports",
                settings({**report["model"], "earlier reports": report["earlier_reports"]}),
            ),
            ("Cost", settings(report["cost"])),
            ("Versions", settings(report["versions"])),
        ),
    )
