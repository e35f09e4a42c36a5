"""Reads what `qmu run` kept in its folder."""

from pathlib import Path
from typing import Any

from qiskit_qmu._files import entry, read_sealed_json, reading
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.records import Record, RecordFile


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
    return experiment, evidence, RecordFile(folder / "records.jsonl", experiment.digest()).records
