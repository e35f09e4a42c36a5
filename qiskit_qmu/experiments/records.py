"""Records on disk: each is written as soon as it is there, and a broken run is picked up again."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from qiskit_qmu._check import InputError
from qiskit_qmu.experiments.run import Record

_Key = tuple[int, str]
"""Seed and method."""


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
        try:
            content = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise InputError(f"records must be readable, got {error}") from error
        lines = list(_whole_lines(content))
        self._is_whole = content == b"".join(lines)
        self._by_key = {
            _key(record): record for record in (_record(line, path, digest) for line in lines)
        }

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

        Raises:
            InputError: If the file cannot be written.
        """
        new = {_key(record): record for record in records}
        kept = {key: record for key, record in self._by_key.items() if key not in new}
        try:
            if self._is_whole and len(kept) == len(self._by_key):
                self._write(self._path, "a", new)
            else:  # a run was stopped while it was writing: leave nothing of the broken seed
                partial = self._path.with_suffix(".partial")
                self._write(partial, "w", kept | new)
                partial.replace(self._path)
        except OSError as error:
            raise InputError(f"records must be writable, got {error}") from error
        self._is_whole, self._by_key = True, kept | new

    def _write(self, path: Path, mode: Literal["a", "w"], records: dict[_Key, Record]) -> None:
        lines = "".join(
            json.dumps({"experiment": self._digest, **asdict(record)}, allow_nan=False) + "\n"
            for record in records.values()
        )
        with path.open(mode) as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


def _whole_lines(content: bytes) -> Iterator[bytes]:
    """Yield lines up to the one that was being written when a run was stopped."""
    for line in content.splitlines(keepends=True):
        try:
            json.loads(line)
        except ValueError:
            return
        if line.endswith(b"\n"):
            yield line


def _record(line: bytes, path: Path, digest: str) -> Record:
    content: Any = json.loads(line)
    if not isinstance(content, dict) or content.pop("experiment", None) != digest:
        raise InputError(
            f"{path} must hold records of the same experiment, got those of another: give "
            "another folder"
        )
    try:
        return Record(**{**content, "history": tuple(content["history"])})
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} must hold whole records, got {error}") from error


def _key(record: Record) -> _Key:
    return record.row["seed"], record.row["method"]
