"""How a deletion report names rows: by digests under its salt."""

from collections.abc import Iterable
from typing import Any

from qiskit_qmu.data import RecordedRows
from qiskit_qmu.data.ids import UntrainedId
from qiskit_qmu.deletions import salted


def salted_rows(salt: str, rows: RecordedRows) -> list[dict[str, str | None]]:
    """Return the digests of training rows, in an order that says nothing of their places.

    Args:
        salt: The report's salt.
        rows: The rows.
    """
    named: list[dict[str, str | None]] = [
        {
            "digest": salted(salt, "row", digest),
            "id_digest": None if own is None else salted(salt, "id", own),
        }
        for digest, own in zip(rows.digests, rows.ids or [None] * len(rows), strict=True)
    ]
    return sorted(named, key=lambda row: (row["digest"] or "", row["id_digest"] or ""))


def salted_ids(salt: str, untrained: Iterable[UntrainedId]) -> list[dict[str, Any]]:
    """Return the digests of ids that were left out of a request, with the reason."""
    return [{"id_digest": salted(salt, "id", each.id), "reason": each.reason} for each in untrained]
