"""The folder of a sweep, in which each cell has a folder named after its digest."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Protocol, final

from qiskit_qmu._files import (
    entry,
    make_folder,
    new_folder,
    read_sealed_json,
    read_text,
    reading,
    write_sealed_json,
    writing,
)
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.records.records import Record, RecordFile
from qiskit_qmu.experiments.sweeps.grid import Cell
from qiskit_qmu.experiments.sweeps.model_folder import ModelFolder

_RECORDS = "records.jsonl"


class CellFolder(Protocol):
    """Where the records of cells and the models that they share are kept."""

    @property
    def path(self) -> Path:
        """The folder."""
        ...

    @property
    def models(self) -> ModelFolder:
        """The models."""
        ...

    def records(self, cell: Cell) -> list[Record] | None:
        """Return the records of a cell; None if it is not there."""
        ...

    def keep(self, cell: Cell, records: Sequence[Record]) -> None:
        """Write the records of a cell, all or none."""
        ...

    def jobs(self, cell: Cell) -> Path:
        """Return where the jobs of a cell on IBM's devices are written down."""
        ...


@final
@dataclass(frozen=True)
class SweepFolder:
    """Where records and models of sweeps are kept; several sweeps may share one.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def models(self) -> ModelFolder:
        """The models of all sweeps."""
        return ModelFolder(self.path / "models")

    def records(self, cell: Cell) -> list[Record] | None:
        """Return the records of a cell; None if it is not there.

        Raises:
            InputError: If they are damaged.
        """
        file = self._cell(cell) / _RECORDS
        return RecordFile(file, cell.digest).records if file.exists() else None

    def keep(self, cell: Cell, records: Sequence[Record]) -> None:
        """Write the records of a cell, all or none.

        Raises:
            InputError: If they cannot be written.
        """
        folder = self._cell(cell)
        make_folder(folder.parent)
        with writing(folder):
            if folder.exists():
                rmtree(folder)
        with new_folder(folder) as unfinished:
            write_sealed_json(unfinished / "experiment.json", cell.experiment.to_dict())
            RecordFile(unfinished / _RECORDS, cell.digest).append(records)

    def jobs(self, cell: Cell) -> Path:
        """Return where the jobs of a cell on IBM's devices are written down."""
        return self.path / "jobs" / cell.digest

    def _cell(self, cell: Cell) -> Path:
        return self.path / "cells" / cell.digest


def kept_cells(path: Path) -> Iterator[tuple[Experiment, list[Record]]]:
    """Yield experiment and records of each cell of the last sweep into a folder.

    The cells of a sweep that was stopped are those that are there, of all sweeps into the folder.

    Raises:
        InputError: If they are damaged.
    """
    folders = [path / "cells" / digest for digest in _digests_of_last(path)]
    for folder in folders or sorted((path / "cells").iterdir()):
        file = folder / "experiment.json"
        content = read_sealed_json(file, "a cell of a sweep")
        with reading(file, "a cell of a sweep"):
            experiment = Experiment.from_dict(content)
        yield experiment, RecordFile(folder / _RECORDS, experiment.digest()).records


def _digests_of_last(path: Path) -> list[str]:
    file = path / "sweep.jsonl"
    if not file.exists():
        return []
    with reading(file, "rows of a sweep"):
        rows = [json.loads(line) for line in read_text(file, "rows of a sweep").splitlines()]
        return list(dict.fromkeys(entry(row, "cell", str) for row in rows))


def has_failed(records: Sequence[Record]) -> bool:
    """Return whether the records of a cell say that it failed as a whole."""
    return len(records) == 1 and not records[0].row["method"]


def failed_cell(cell: Cell, error: str) -> list[Record]:
    """Return the one record of a cell that failed as a whole."""
    row = {
        "method": "",
        "seed": cell.experiment.seed,
        "verdict": "failed",
        "verdict_reason": error,
        "decided_by": "",
        "stopped": "failed",
        "largest_change": None,
        "error": error,
    }
    return [Record(row=row, scores=None, history=(), split={})]
