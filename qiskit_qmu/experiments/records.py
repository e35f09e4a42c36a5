"""Records on disk: each is written as soon as it is there, and a broken run is picked up again."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu.experiments.run import Record


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
            self.records = list(_read(path, digest)) if path.exists() else []
        except OSError as error:
            raise InputError(f"records must be readable, got {error}") from error

    def of_seed(self, seed: int, methods: Iterable[str]) -> list[Record] | None:
        """Return a seed's records if all methods are there, else None."""
        own = {r.row["method"]: r for r in self.records if r.row["seed"] == seed}
        wanted = ["original", *methods]
        return [own[method] for method in wanted] if own.keys() >= set(wanted) else None

    def append(self, records: Iterable[Record]) -> None:
        """Add one seed's records in a single write, so that no seed is ever half there."""
        records = list(records)
        lines = "".join(
            json.dumps({"experiment": self._digest, **asdict(record)}, allow_nan=False) + "\n"
            for record in records
        )
        try:
            with self._path.open("a") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(f"records must be writable, got {error}") from error
        self.records += records


def _read(path: Path, digest: str) -> Iterable[Record]:
    for line in path.read_text().splitlines():
        try:
            content: dict[str, Any] = json.loads(line)
        except ValueError:
            return  # a line that was being written when the run was stopped
        if content.pop("experiment", None) != digest:
            raise InputError(
                f"{path} must hold records of the same experiment, got those of another: give "
                "another folder"
            )
        yield Record(**{**content, "history": tuple(content["history"])})
