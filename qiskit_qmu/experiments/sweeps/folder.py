"""The folder of a sweep: cells and models, each in a folder named after its digest."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import final

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
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.records import Record, RecordFile
from qiskit_qmu.experiments.sweeps.grid import Cell
from qiskit_qmu.experiments.sweeps.made_model import MadeModel

_RECORDS = "records.jsonl"


@final
@dataclass(frozen=True)
class SweepFolder:
    """Where records and models of sweeps are kept; several sweeps may share one.

    Attributes:
        path: The folder.
    """

    path: Path

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

    def model(self, digest: str) -> MadeModel | None:
        """Return a model; None if it is not there.

        Raises:
            InputError: If it is damaged.
        """
        folder = self._model(digest)
        return MadeModel.read(folder) if folder.exists() else None

    def has_model(self, digest: str) -> bool:
        """Return whether a model is there."""
        return self._model(digest).exists()

    def keep_model(self, digest: str, made: MadeModel) -> None:
        """Write a model, whole or not at all.

        Raises:
            InputError: If it cannot be written.
        """
        folder = self._model(digest)
        make_folder(folder.parent)
        made.write(folder)

    def jobs(self, cell: Cell) -> Path:
        """Return where the jobs of a cell on IBM's devices are written down."""
        return self.path / "jobs" / cell.digest

    def _cell(self, cell: Cell) -> Path:
        return self.path / "cells" / cell.digest

    def _model(self, digest: str) -> Path:
        return self.path / "models" / digest


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
