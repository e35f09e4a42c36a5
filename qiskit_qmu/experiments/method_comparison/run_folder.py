"""RunFolder: the folder of `qmu run`, whose cells are the seeds of one experiment."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from qiskit_qmu._errors import RunError
from qiskit_qmu._files import entry, read_sealed_json, reading
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.records.records import Record, RecordFile
from qiskit_qmu.experiments.sweeps.folder import has_failed
from qiskit_qmu.experiments.sweeps.grid import Cell
from qiskit_qmu.experiments.sweeps.model_folder import ModelFolder

_RECORDS = "records.jsonl"


@final
class RunFolder:
    """Keeps the records of all seeds in one file, and models until the run is finished.

    Args:
        path: The folder.
        experiment: What is run.

    Attributes:
        path: The folder.
        models: The models that are made already.

    Raises:
        InputError: If it holds damaged records or those of another experiment.
    """

    def __init__(self, path: Path, experiment: Experiment) -> None:
        self.path = path
        self.models = ModelFolder(path / ".qmu-models")
        self._file = RecordFile(path / _RECORDS, experiment.digest())

    def records(self, cell: Cell) -> list[Record] | None:
        """Return the records of a seed; None if they are not there."""
        seed, methods = cell.experiment.seed, cell.experiment.all_methods
        own = [record for record in self._file.records if record.row["seed"] == seed]
        return own if has_failed(own) else self._file.of_seed(seed, methods)

    def keep(self, cell: Cell, records: Sequence[Record]) -> None:
        """Write the records of a seed, all or none.

        Raises:
            InputError: If they cannot be written.
        """
        self._file.append(records)

    def jobs(self, cell: Cell) -> Path:
        """Return where the jobs of a seed on IBM's devices are written down."""
        return self.path / "jobs"

    def finished(self, cells: Sequence[Cell]) -> list[Record]:
        """Return the records of all seeds, and remove the models.

        Raises:
            RunError: If a seed failed; models and records of the others stay for the next attempt.
        """
        records = [record for cell in cells for record in self.records(cell) or ()]
        errors = [record.row for record in records if not record.row["method"]]
        if errors:
            first = f"seed {errors[0]['seed']}: {errors[0]['error']}"
            raise RunError(
                first
                if len(cells) == 1
                else f"{len(errors)} of {len(cells)} seeds failed, which the same command runs "
                f"again; {first}"
            )
        shutil.rmtree(self.models.path, ignore_errors=True)
        return records


def kept_run(folder: Path) -> tuple[Experiment, dict[str, Any], list[Record]]:
    """Return experiment, evidence and records of a run.

    Raises:
        InputError: If a file is missing or damaged.
    """
    results = folder / "results.json"
    content = read_sealed_json(results, "a run's results")
    with reading(results, "a run's results"):
        experiment = Experiment.from_dict(entry(content, "config", dict))
        evidence = entry(content, "evidence", dict)
    kept = RecordFile(folder / _RECORDS, experiment.digest()).records
    return experiment, evidence, [record for record in kept if record.row["method"]]
