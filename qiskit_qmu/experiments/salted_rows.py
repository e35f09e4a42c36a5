"""How a deletion report names rows: by digests under its salt."""

from collections.abc import Iterable
from typing import Any

from qiskit_qmu.data import RowRecord
from qiskit_qmu.data.ids import UntrainedId
from qiskit_qmu.deletions import salted


def salted_rows(
    salt: str, record: RowRecord, positions: Iterable[int]
) -> list[dict[str, str | None]]:
    """Return the digests of training rows, in an order that says nothing of their places.

    Args:
        salt: The report's salt.
        record: The record of the model's rows.
        positions: Positions in it.
    """
    ids = record.train_ids
    rows: list[dict[str, str | None]] = [
        {
            "digest": salted(salt, "row", record.train[position]),
            "id_digest": None if ids is None else salted(salt, "id", ids[position]),
        }
        for position in positions
    ]
    return sorted(rows, key=lambda row: (row["digest"] or "", row["id_digest"] or ""))


def salted_ids(salt: str, untrained: Iterable[UntrainedId]) -> list[dict[str, Any]]:
    """Return the digests of ids that were left out of a request, with the reason."""
    return [{"id_digest": salted(salt, "id", each.id), "reason": each.reason} for each in untrained]
