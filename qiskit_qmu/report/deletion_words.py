"""A deletion report in words: who could still tell, and what a digest hides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from qiskit_qmu.evaluation.columns import AUC, number
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL
from qiskit_qmu.report.audit_record import AuditRecord
from qiskit_qmu.report.retrained import RETRAINING

WHAT_A_DIGEST_HIDES = (
    "Rows and ids are listed by salted digests, and the salt is in the log of requests beside the "
    "model, not in this report. Whoever has the report alone cannot match a row with other "
    "reports, nor check a guess. Whoever has the salt too can check whether a row or an id that is "
    "already known, or guessed as a whole, is in the list; nobody can compute a row from its "
    "digest. The model’s own record (model.json) holds unsalted digests, and ids, of all rows that "
    "it was ever trained on, so that a repeated request is noticed: they hide nothing from whoever "
    "can guess a row, and ids are in clear, as they are in the audit beside the model (audit/). "
    "Keep log, record and audit as confidential as the ids."
)
"""What digests in a report do and do not hide."""


@final
@dataclass(frozen=True, kw_only=True)
class WhoCanTell:
    """Somebody who could still tell something about the withdrawn rows.

    Attributes:
        who: What they have.
        what: What they could learn.
    """

    who: str
    what: str


def request_sentence(report: Mapping[str, Any]) -> str:
    """Say what was asked of which model.

    Args:
        report: The content of deletion_report.json.
    """
    asked, left_out = report["request"], len(report["request"]["left_out"])
    how = {"ids": "by their ids", "indices": "by their positions"}[asked["asked_by"]]
    also = ""
    if left_out:
        ids = "1 more id was" if left_out == 1 else f"{left_out:,} more ids were"
        also = f" {ids} named and left out, since the model is not trained on a row of that id."
    return (
        f"{rows_were(asked['rows'])} named {how}, to be withdrawn from a model trained on the data "
        f"“{report['model']['rows_of_data']}”.{also} For each row it was checked that the model "
        "had been trained on it and that it had not been withdrawn before. The model now rests on "
        f"{report['model']['rows_known']:,} rows."
    )


def rows_were(number: int) -> str:
    """Return a number of rows as the subject of a sentence in the passive.

    Example:
        >>> from qiskit_qmu.report.deletion_words import rows_were
        >>> rows_were(1), rows_were(1200)
        ('1 row was', '1,200 rows were')
    """
    return "1 row was" if number == 1 else f"{number:,} rows were"


def observers(audit: AuditRecord, strategy: str, weights_before: str) -> tuple[WhoCanTell, ...]:
    """Return who could still tell that the rows were trained on, the best informed first.

    Args:
        audit: The audit of the new model.
        strategy: How it was made.
        weights_before: SHA-256 of the weights before the deletion.
    """
    return (
        WhoCanTell(
            who="whoever has the rows’ file, or a copy of it",
            what="everything: this request changed a model and no data. The file still held the "
            "rows when this was written, since the audit needs them",
        ),
        WhoCanTell(
            who="whoever has the model before the deletion",
            what="as much as before. Its weights have the SHA-256 "
            f"{weights_before}: delete or lock away this folder, backups and checkpoints",
        ),
        WhoCanTell(
            who="whoever has both models, or kept answers of both",
            what="most of all: what differs between the models is due to the withdrawn rows, even "
            "where the deletion is perfect" + _from_both(audit),
        ),
        WhoCanTell(who="whoever can ask the new model", what=_from_answers(audit)),
        WhoCanTell(
            who="whoever has the new model’s weights",
            what="at least what its answers tell. Attacks on the weights themselves were not run"
            + (
                "; those that were trained on the withdrawn rows were trained again without them"
                if strategy in RETRAINING
                else ""
            )
            + (
                ""
                if strategy == ORACLE
                else "; statistics of the inputs (scales, medians) that were fitted to rows, the "
                "withdrawn ones among them, may be as before"
            ),
        ),
        WhoCanTell(
            who="whoever has the log and the record beside the model",
            what="ids, and whether a row that is guessed as a whole was among those trained on",
        ),
    )


def _from_answers(audit: AuditRecord) -> str:
    """Say what the attack on the new model's answers found."""
    for row in audit.rows:
        if row["method"] in (ORACLE, ORIGINAL):
            continue
        auc = number(row, AUC.key)
        if math.isfinite(auc):
            low, high = number(row, f"{AUC.key}_low"), number(row, f"{AUC.key}_high")
            return (
                f"the audit’s attack ranks a withdrawn row above a never-seen one with a "
                f"probability of {auc:.3f} [{low:.3f}, {high:.3f}]; guessing gives 0.5. Other "
                "attacks may do better"
            )
    return "not known: there were no rows, or too few, to test an attack on"


def _from_both(audit: AuditRecord) -> str:
    """Say what the difference between both models' answers showed; empty where not tested."""
    for finding in audit.findings:
        if finding.key == "deletion_difference":
            return f". Here it tells the rows with an AUC of {finding.value}"
    return ""
