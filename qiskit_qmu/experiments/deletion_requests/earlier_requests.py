"""Requests that were made of a model before another one: refused, or remarked on."""

from collections.abc import Sequence
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry, read_json, reading
from qiskit_qmu.data import RecordedRows
from qiskit_qmu.deletions import LogEntry, salted
from qiskit_qmu.deletions.model_folder import REPORT, file_digest


def check_again(path: Path, entries: Sequence[LogEntry], *, again: bool) -> None:
    """Refuse another request of a model, unless it was asked for.

    Args:
        path: Folder of the model.
        entries: The requests that were made of it.
        again: Whether another one was asked for.

    Raises:
        InputError: If there are requests and none is to follow.
    """
    if entries and not again:
        raise InputError(
            f"{_made(path, entries[-1])}: make the next request of that model, or the rows "
            f"withdrawn then would be back; --again makes one of {path} all the same, such as for "
            "another strategy"
        )


def earlier_requests(
    path: Path, entries: Sequence[LogEntry], rows: RecordedRows, out: Path
) -> tuple[str, ...]:
    """Say which requests were already made of a model, and which of their rows are not among these.

    Args:
        path: Folder of the model.
        entries: The requests that were made of it.
        rows: The rows to withdraw now.
        out: Folder of the new model; those of the others are looked for beside it and the old one.
    """
    places = [folder.absolute().parent for folder in (path, out)]
    return tuple(
        f"{_made(path, each)}; this one starts from {path} again, "
        f"{_not_withdrawn(each, rows, places)}"
        for each in entries
    )


def _made(path: Path, own: LogEntry) -> str:
    rows = "1 row" if own.rows == 1 else f"{own.rows} rows"
    return (
        f"request {own.number} was already made of {path} ({rows} by {own.strategy}, {own.time}) "
        f"and led to {own.model}"
    )


def _not_withdrawn(own: LogEntry, rows: RecordedRows, places: Sequence[Path]) -> str:
    """Say which rows of an earlier request stay, by their digests in its report."""
    report = next(
        (
            found
            for place in places
            if (found := place / own.model / REPORT).exists()
            and file_digest(found) == own.files.get(REPORT)
        ),
        None,
    )
    if report is None:
        return f"so its rows are not withdrawn here unless named again ({own.model} is not there)"
    content = read_json(report, "a deletion report")
    with reading(report, "a deletion report"):
        before = {entry(row, "digest", str) for row in entry(content, "rows", list)}
    stay = len(before - {salted(own.salt, "row", digest) for digest in rows.digests})
    if not stay:
        return (
            "and withdraws the same rows"
            if len(rows) == own.rows
            else "and withdraws all of these too"
        )
    if stay == own.rows:
        return "so its rows are not withdrawn here"
    return f"so {stay} of its {own.rows} rows are not withdrawn here"
