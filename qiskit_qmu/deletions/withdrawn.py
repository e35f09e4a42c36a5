"""look_up_ids: what a model and its deletion reports say of the rows with some ids."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

from qiskit_qmu._files import entry, read_json, reading
from qiskit_qmu.deletions.log_entry import LogEntry
from qiskit_qmu.deletions.model_folder import MODEL, REPORT, earlier_report
from qiskit_qmu.deletions.salted import salted
from qiskit_qmu.deletions.verification import Verification

_WHAT = "a deletion report"

IdState = Literal["withdrawn", "never trained on", "still trained on", "unknown"]


@final
@dataclass(frozen=True, kw_only=True)
class IdAnswer:
    """What is known of the row with an id.

    Attributes:
        id: The id.
        state: "withdrawn" by a request; "never trained on", so that there is nothing to withdraw;
            "still trained on"; or "unknown" to the model.
        request: The request that withdrew it, or that left it out; None if none did.
    """

    id: str
    state: IdState
    request: LogEntry | None = None

    @property
    def ok(self) -> bool:
        """Whether the model is known not to rest on the row."""
        return self.state in {"withdrawn", "never trained on"}

    def __str__(self) -> str:
        if self.request is None:
            return self.state
        if self.state == "withdrawn":
            return f"withdrawn by request {self.request.number}"
        return f"{self.state}; left out of request {self.request.number}"


def look_up_ids(found: Verification, ids: Iterable[str]) -> tuple[IdAnswer, ...]:
    """Say of each id whether its row was withdrawn from a model.

    Withdrawn ids, and those that a request left out, are found by their salted digests in the
    reports, all others in the model's record of its rows.

    Args:
        found: What `verify` returned, without problems.
        ids: The ids.

    Returns:
        One answer for each id, in the same order.

    Raises:
        InputError: If the model or a report cannot be read.
    """
    reports = [(own, _report(found, own)) for own in found.requests]
    kept = _record(Path(found.model) / MODEL)
    return tuple(_answer(each, reports, kept) for each in ids)


@final
@dataclass(frozen=True)
class _Report:
    """Salted digests of ids in a deletion report."""

    withdrawn: frozenset[str]
    left_out: frozenset[str]


def _answer(
    each: str, reports: list[tuple[LogEntry, _Report]], kept: Mapping[str, IdState]
) -> IdAnswer:
    left_out: IdAnswer | None = None
    for own, report in reports:
        digest = salted(own.salt, "id", each)
        if digest in report.withdrawn:
            return IdAnswer(id=each, state="withdrawn", request=own)
        if digest in report.left_out:
            state = kept.get(each, "unknown")
            left_out = IdAnswer(id=each, state=state, request=own)
    return left_out or IdAnswer(id=each, state=kept.get(each, "unknown"))


def _report(found: Verification, own: LogEntry) -> _Report:
    last = own is found.requests[-1]
    path = Path(found.model) / (REPORT if last else earlier_report(own.number, REPORT))
    content = read_json(path, _WHAT)
    with reading(path, _WHAT):
        rows = entry(content, "rows", list)
        digests = [entry(row, "id_digest", str) for row in rows if row.get("id_digest") is not None]
        left_out = entry(entry(content, "request", dict), "left_out", list)
        skipped = [entry(row, "id_digest", str) for row in left_out]
    return _Report(frozenset(digests), frozenset(skipped))


def _record(path: Path) -> dict[str, IdState]:
    """Return the state of each id of the model's rows."""
    content = read_json(path, "a saved model")
    with reading(path, "a saved model"):
        provenance: dict[str, Any] = entry(content, "provenance", dict)
        rows = provenance.get("rows") or {}
        gone = {
            position
            for step in (*provenance.get("earlier_deletions", ()), provenance)
            for position in step.get("forgotten_indices", ())
        }
        known = set(provenance.get("train_indices", ())) - gone
        states: dict[str, IdState] = dict.fromkeys(rows.get("test_ids") or (), "never trained on")
        for position, each in enumerate(rows.get("train_ids") or ()):
            if position not in gone:
                states[each] = "still trained on" if position in known else "never trained on"
    return states
