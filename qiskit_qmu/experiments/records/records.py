"""Records and their file, which grows seed by seed, so that a broken run is picked up again."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import (
    append_to_file,
    entry,
    read_bytes,
    read_sealed_line,
    reading,
    sealed_line,
    write_file,
)

_Key = tuple[int, str]
"""Seed and method."""

_WHAT = "records of a run"


@final
@dataclass(frozen=True, kw_only=True)
class Record:
    """One model's numbers.

    Attributes:
        row: A row of results.json.
        scores: Attack scores behind its ROC curve; None without never-seen rows.
        history: What the strategy measured on the way.
        split: How many rows were forgotten, kept and never seen, with their digests.
    """

    row: dict[str, Any]
    scores: dict[str, Any] | None
    history: tuple[dict[str, float], ...]
    split: dict[str, Any]


class RecordFile:
    """One JSON object a line, appended and flushed.

    Args:
        path: The file; made where it is missing.
        digest: The experiment's; records of another experiment are refused.

    Raises:
        InputError: If the file cannot be read or written, or belongs to another experiment.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self._path = path
        self._digest = digest
        content = read_bytes(path, _WHAT) if path.exists() else b""
        # What follows the last line break was being written when a run was stopped.
        *lines, rest = content.split(b"\n")
        self._is_whole = not rest
        self._by_key = {}
        for number, line in enumerate(lines, start=1):
            with reading(f"line {number} of {path}", _WHAT):
                kept = read_sealed_line(line)
            record = _record(kept, path, digest)
            self._by_key[_key(record)] = record

    @property
    def records(self) -> list[Record]:
        """All records, in the order in which they were written."""
        return list(self._by_key.values())

    def of_seed(self, seed: int, methods: Iterable[str]) -> list[Record] | None:
        """Return a seed's records if all methods are there, else None."""
        wanted = [(seed, method) for method in ("original", *methods)]
        if not self._by_key.keys() >= set(wanted):
            return None
        return [self._by_key[key] for key in wanted]

    def append(self, records: Iterable[Record]) -> None:
        """Add one seed's records in a single write, so that no seed is ever half there.

        What was there of the seed before is replaced.

        Raises:
            InputError: If the file cannot be written.
        """
        new = {_key(record): record for record in records}
        seeds = {seed for seed, _ in new}
        kept = {key: record for key, record in self._by_key.items() if key[0] not in seeds}
        if self._is_whole and len(kept) == len(self._by_key):
            append_to_file(self._path, self._lines(new))
        else:  # a run was stopped while it was writing: leave nothing of the broken seed
            write_file(self._path, self._lines(kept | new))
        self._is_whole, self._by_key = True, kept | new

    def _lines(self, records: dict[_Key, Record]) -> str:
        return "".join(
            sealed_line({"experiment": self._digest, **asdict(record)}) + "\n"
            for record in records.values()
        )


def _record(content: dict[str, Any], path: Path, digest: str) -> Record:
    if content.pop("experiment", None) != digest:
        raise InputError(f"{path} holds records of another experiment; choose another folder")
    with reading(path, _WHAT):
        row = entry(content, "row", dict)
        entry(row, "seed", int)
        entry(row, "method", str)
        entry(content, "split", dict)
        return Record(**{**content, "history": tuple(entry(content, "history", list))})


def _key(record: Record) -> _Key:
    return record.row["seed"], record.row["method"]
