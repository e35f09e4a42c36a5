"""The content of a deletion report of a model that deletes rows by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from qiskit_qmu.backends.versions import environment
from qiskit_qmu.certified import CertifiedClassifier
from qiskit_qmu.data import RecordedRows
from qiskit_qmu.data.duplicates import counted_in_words
from qiskit_qmu.data.ids import UntrainedId, untrained_ids_counted
from qiskit_qmu.evaluation import Finding
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.deletion_requests.salted_rows import salted_ids, salted_rows
from qiskit_qmu.experiments.exact.model_folder import ExactFolder
from qiskit_qmu.report.deletion_words import WHAT_A_DIGEST_HIDES

SCHEMA = 1


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ExactAnswer:
    """A deletion request and what was done for it.

    Attributes:
        number: Its number in the model's log.
        time: When it was done, in UTC.
        salt: Salt of the digests.
        asked_by: How the rows were named, "ids" or "indices".
        rows: The rows.
        skipped: Ids that were left out.
        before: SHA-256 of the model's arrays before.
        after: SHA-256 of the new model's.
        largest_difference: Of a kernel model, how far its solution is from one that was solved anew
            without the rows.
        told: What the models before and after tell of the rows, or why it could not be tested.
        seconds: How long the deletion took.
        earlier: SHA-256 of the reports of the requests before it, the first one first.
    """

    number: int
    time: str
    salt: str
    asked_by: str
    rows: RecordedRows
    skipped: tuple[UntrainedId, ...]
    before: str
    after: str
    largest_difference: float | None
    told: Finding | str
    seconds: float
    earlier: Sequence[str]


def exact_report(asked: ExactAnswer, own: ExactFolder) -> dict[str, Any]:
    """Return the content of a deletion report, as JSON values.

    Args:
        asked: The request and its answer.
        own: The model after the deletion, with the record before it.
    """
    kept = own.provenance
    left = kept.rows.of_positions(kept.known).without(asked.rows)
    return {
        "schema": SCHEMA,
        "request": {
            "number": asked.number,
            "time": asked.time,
            "rows": len(asked.rows),
            "of_rows": len(kept.known),
            "asked_by": asked.asked_by,
            "notes": [*untrained_ids_counted(asked.skipped), *_equal_rows(asked.rows, left)],
            "left_out": salted_ids(asked.salt, asked.skipped),
        },
        "rows": salted_rows(asked.salt, asked.rows),
        "digests": WHAT_A_DIGEST_HIDES,
        "model": {
            "kind": own.kind,
            "weights_before": asked.before,
            "weights_after": asked.after,
            "rows_known": len(left),
            "rows_of_data": Experiment.from_dict(kept.content["experiment"]).dataset_name,
        },
        "method": {"strategy": own.kind, "settings": kept.content.get("settings", {})},
        "certificate": _certificate(asked, own),
        "versions": {**environment(), "of the training": kept.content.get("versions")},
        "cost": {"circuits": 0, "shots": 0, "seconds": asked.seconds},
        "audit": _audit(asked.told),
        "who_could_still_tell": _observers(asked, own),
        "earlier_reports": list(asked.earlier),
    }


def _audit(told: Finding | str) -> dict[str, Any]:
    """Return the one test that an exact deletion does not make needless."""
    if isinstance(told, str):
        return {"findings": [], "left_out": {"deletion difference": told}}
    return {"findings": [told.to_dict()], "left_out": {}}


def _equal_rows(withdrawn: RecordedRows, left: RecordedRows) -> list[str]:
    equal = len(left.having_digests(withdrawn.digests))
    return [counted_in_words(equal, "retain", same_answer=True)] if equal else []


def _certificate(asked: ExactAnswer, own: ExactFolder) -> dict[str, Any]:
    """Return what the deletion rests on, in numbers and in words."""
    if isinstance(own.model, CertifiedClassifier):
        ledger = own.model.ledger_
        last = ledger.entries[-1]
        spent = f"({last.epsilon:.3g}, {ledger.delta:g})"
        how = {
            "removed": "the rows were removed by a Newton step, which leaves a gradient that the "
            "noise of the training hides",
            "retrained": "the budget did not allow a removal, so the model was trained again "
            "without the rows, with new noise",
        }[last.action]
        return {
            "verdict": f"certified {spent}",
            "text": f"{how}: the weights are {spent}-indistinguishable from those of training "
            f"without the rows, of a budget of ({ledger.epsilon:g}, {ledger.delta:g})",
            "action": last.action,
            "epsilon": last.epsilon,
            "delta": ledger.delta,
            "residual": last.residual,
            "ledger": ledger.to_dict(),
        }
    record = own.model.deletions_[-1]
    return {
        "verdict": "exact",
        "text": "the model's equations were solved without the rows, so that it equals one that "
        f"was fitted without them; its solution is within {asked.largest_difference:.1e} of one "
        f"that was solved anew, and solves them up to {record.residual:.1e}",
        "residual": record.residual,
        "largest_difference": asked.largest_difference,
        "circuits": record.usage.circuits,
    }


def _observers(asked: ExactAnswer, own: ExactFolder) -> list[dict[str, str]]:
    observers = [
        (
            "whoever has the rows’ file, or a copy of it",
            "everything: this request changed a model and no data",
        ),
        (
            "whoever has the model before the deletion",
            "as much as before: it holds the withdrawn rows themselves. Its arrays have the "
            f"SHA-256 {asked.before}: delete or lock away this folder, backups and checkpoints",
        ),
        (
            "whoever has both models, or kept answers of both",
            "most of all: what differs between the models is due to the withdrawn rows, even where "
            "the deletion is perfect" + _from_both(asked.told),
        ),
        (
            "whoever has the new model",
            "its remaining rows, which it holds in clear"
            + (
                "; of the withdrawn ones nothing"
                if own.kind != "certified"
                else "; of the withdrawn ones what the certificate allows"
            ),
        ),
        (
            "whoever has the log and the record beside the model",
            "ids, and whether a row that is guessed as a whole was among those trained on",
        ),
    ]
    return [{"who": who, "what": what} for who, what in observers]


def _from_both(told: Finding | str) -> str:
    if isinstance(told, str):
        return ""
    null = f" (where other rows are deleted instead: {told.null})" if told.null.known else ""
    return f". Here it tells the rows with an AUC of {told.value}{null}"
