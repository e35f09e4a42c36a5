"""withdrawn_ids: which request of a model withdrew the rows with some ids."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qiskit_qmu._files import entry, read_json, reading
from qiskit_qmu.deletions.log_entry import LogEntry
from qiskit_qmu.deletions.model_folder import REPORT, earlier_report
from qiskit_qmu.deletions.salted import salted
from qiskit_qmu.deletions.verification import Verification

_WHAT = "a deletion report"


def withdrawn_ids(found: Verification, ids: Iterable[str]) -> dict[str, LogEntry | None]:
    """Return the request that withdrew each id, by the salted digests in the reports.

    Args:
        found: What `verify` returned, without problems.
        ids: The ids.

    Returns:
        The request by id; None for an id that no report lists.

    Raises:
        InputError: If a report cannot be read.
    """
    asked = tuple(ids)
    answers: dict[str, LogEntry | None] = dict.fromkeys(asked)
    for own in found.requests:
        last = own is found.requests[-1]
        path = Path(found.model) / (REPORT if last else earlier_report(own.number, REPORT))
        listed = _digests(path)
        for each in asked:
            if answers[each] is None and salted(own.salt, "id", each) in listed:
                answers[each] = own
    return answers


def _digests(path: Path) -> set[Any]:
    content = read_json(path, _WHAT)
    with reading(path, _WHAT):
        return {entry(row, "id_digest", str) for row in entry(content, "rows", list)
                if row.get("id_digest") is not None}  # fmt: skip
