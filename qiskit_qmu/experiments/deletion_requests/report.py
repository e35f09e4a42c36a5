"""The content of a deletion report: what was asked, done, found, and what remains unknown.

It names rows by salted digests, and holds neither their values nor their ids.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, final

import numpy as np

from qiskit_qmu.auditing import AuditReport, gated_numbers
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.data import are_classes
from qiskit_qmu.data.duplicates import duplicates_in_words
from qiskit_qmu.data.ids import untrained_ids_counted
from qiskit_qmu.evaluation import PowerPlan, audit_power
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.deletion_requests.plan import PlannedDeletion
from qiskit_qmu.experiments.deletion_requests.salted_rows import salted_ids, salted_rows
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.models import QuantumModel
from qiskit_qmu.report.deletion_words import WHAT_A_DIGEST_HIDES, observers
from qiskit_qmu.report.retrained import are_retrained, shown_reason
from qiskit_qmu.report.untested import OUT_OF_SCOPE, untested
from qiskit_qmu.unlearning import METHODS, UnlearningResult, all_settings
from qiskit_qmu.unlearning.repair import REPAIR

SCHEMA = 1
_FEWEST_ROWS = 2
_GROUPS_OF_COLUMNS = "slices"
"""Findings whose names hold the limits of groups of rows, which are values of single rows."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class AnsweredRequest:
    """A deletion request and what was done for it.

    Attributes:
        number: Its number in the model's log.
        time: When it was done, in UTC.
        salt: Salt of the digests.
        strategy: The method.
        seed: Seed of unlearning and audit.
        oracles: Number of oracles that the audit retrained.
        shadows: Number of shadow models that it trained.
        before: SHA-256 of the weights before.
        after: SHA-256 of the weights after.
        earlier: SHA-256 of the reports of the requests before it, the first one first.
    """

    number: int
    time: str
    salt: str
    strategy: str
    seed: int
    oracles: int
    shadows: int
    before: str
    after: str
    earlier: Sequence[str]


def deletion_report(
    asked: AnsweredRequest,
    job: PlannedDeletion,
    result: UnlearningResult[QuantumModel],
    audit: AuditReport,
    audit_seconds: float,
) -> dict[str, Any]:
    """Return the content of a deletion report, as JSON values.

    Args:
        asked: The request.
        job: The model that it was made of, the rows, and all hyperparameters.
        result: What the strategy returned.
        audit: The audit, as from `without_values`.
        audit_seconds: How long the audit took.
    """
    saved, setup, split = job.saved, job.setup, job.setup.split
    power = power_of(audit, asked.shadows)
    return {
        "schema": SCHEMA,
        "request": {
            "number": asked.number,
            "time": asked.time,
            "rows": len(job.rows),
            "of_rows": len(job.rows) + len(split.retain),
            "asked_by": setup.experiment.request.way,
            "notes": [
                *untrained_ids_counted(split.skipped_ids),
                *duplicates_in_words(split.duplicates, names=False),
                *_lost_privacy(saved),
            ],
            "left_out": salted_ids(asked.salt, split.skipped_ids),
        },
        "rows": salted_rows(asked.salt, job.rows),
        "digests": WHAT_A_DIGEST_HIDES,
        "model": {
            "kind": type(saved.model).__name__,
            "parameters": saved.model.parameter_counts(),
            "weights_before": asked.before,
            "weights_after": asked.after,
            "largest_change": result.largest_change,
            "rows_known": len(split.retain),
            "rows_of_data": saved.experiment.dataset_name,
        },
        "method": {
            "strategy": asked.strategy,
            "summary": METHODS[asked.strategy].summary,
            "needs": sorted(METHODS[asked.strategy].needs),
            "settings": _settings(asked.strategy, setup),
            "stopped": result.stopped,
            "reason": result.reason,
            "history": [dict(step) for step in result.history],
            "strength": None if result.choice is None else result.choice.to_dict(),
        },
        "seeds": {
            "training": saved.experiment.seed,
            "unlearning": asked.seed,
            "audit": asked.seed,
        },
        "versions": {**environment(), "of the training": saved.provenance.content.get("versions")},
        "cost": {
            **result.usage.to_dict(),
            "seconds": result.seconds,
            "audit_seconds": audit_seconds,
        },
        "audit": {
            "verdict": audit.verdict,
            "reason": shown_reason(audit.reason, retrained=are_retrained(audit.rows)),
            "decided_by": audit.decided_by,
            "margin": audit.margin,
            "oracles": asked.oracles,
            "shadows": asked.shadows,
            "gated": {
                name: [_finite(end) for end in (own.value, own.low, own.high)]
                for name, own in gated_numbers(audit).items()
            },
            "models": [dict(row) for row in audit.rows],
            "findings": [finding.to_dict() for finding in audit.findings],
            "rows_still_found": sum(bool(row.seen_by) for row in audit.per_row)
            if audit.per_row
            else None,
            "power": None if power is None else power.to_dict(),
        },
        "unknown": [
            *({"question": each.question, "how": each.how} for each in untested(audit)),
            {"question": OUT_OF_SCOPE, "how": ""},
        ],
        "who_could_still_tell": [
            asdict(each) for each in observers(audit, asked.strategy, asked.before)
        ],
        "earlier_reports": list(asked.earlier),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def power_of(audit: AuditReport, shadows: int) -> PowerPlan | None:
    """Return what an audit could have shown; None where there were too few rows to test.

    Only rows that have never-seen ones of their class beside them count.
    """
    if audit.split is None:
        return None
    withdrawn, never_seen = len(audit.split.forget), len(audit.split.test_forget)
    if are_classes(audit.split.forget.y):
        withdrawn = int(np.isin(audit.split.forget.y, audit.split.test_forget.y).sum())
    if withdrawn < _FEWEST_ROWS or not never_seen:
        return None
    return audit_power(withdrawn, never_seen, num_shadows=shadows, margin=audit.margin)


def without_values(audit: AuditReport) -> dict[str, Any]:
    """Return the fields of an audit to replace so that it shows no value of a row.

    Groups of rows are named by the limits of their values, which are values of single rows.
    """
    return {
        "findings": tuple(each for each in audit.findings if each.group != _GROUPS_OF_COLUMNS),
        "skipped": {
            **audit.skipped,
            "groups of rows": "limits of groups are values of rows, which no report to hand on "
            "holds; `qmu audit` shows them",
        },
    }


def _lost_privacy(saved: SavedModel) -> list[str]:
    """Say that a guarantee of differential privacy ends with the model that was trained."""
    if not saved.provenance.content.get("privacy"):
        return []
    return [
        "the model before was trained with differential privacy; no such guarantee is stated for "
        "the new one, which was made from the rows without counting their use"
    ]


def _settings(strategy: str, setup: Setup) -> Mapping[str, Any]:
    """Return all hyperparameters of a strategy; of one that retrains, the trainer's."""
    found = all_settings(setup.preset.strategies)
    method = METHODS[strategy]
    settings: dict[str, Any] = dict(found[strategy])
    if method.repaired:
        settings[REPAIR] = found[REPAIR]
    if "trainer" in method.needs:
        trainer = setup.trainer
        settings["trainer"] = {
            own.name: getattr(trainer, own.name)
            for own in fields(trainer)
            if own.name != "objective"
        }
    return settings
