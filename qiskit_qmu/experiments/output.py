"""A run's folder: records.jsonl, results.json and report.html."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu.experiments.environment import environment
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.presets import Kind
from qiskit_qmu.experiments.records import RecordFile
from qiskit_qmu.experiments.run import Progress, Record, no_progress
from qiskit_qmu.experiments.workers import run_seeds
from qiskit_qmu.report import write_page


def run_experiment(
    experiment: Experiment,
    out: str | Path,
    *,
    data_dir: str | None = None,
    jobs: int | None = None,
    progress: Progress = no_progress,
) -> list[Record]:
    """Run an experiment into a folder; seeds that the folder holds already are not run again.

    Args:
        experiment: What to run.
        out: The folder; made where it is missing, once the data is known to be usable.
        data_dir: Where image files lie.
        jobs: Processes that share the seeds; as many as there are cores and seeds where None. The
            numbers do not depend on it.
        progress: Called with what is done and the share of the run that is.

    Returns:
        All records.

    Raises:
        InputError: If the experiment is not possible or the folder cannot be written.
    """
    experiment.load(experiment.seed, data_dir)  # refuse before anything is written
    folder = writable_folder(out)
    file = RecordFile(folder / "records.jsonl", experiment.digest())
    seeds = range(experiment.seed, experiment.seed + experiment.seeds)
    pending = [seed for seed in seeds if file.of_seed(seed, experiment.all_methods) is None]
    for own in run_seeds(experiment, pending, data_dir=data_dir, jobs=jobs, progress=progress):
        file.append(own)
    done = (file.of_seed(seed, experiment.all_methods) for seed in seeds)
    records = [record for own in done for record in own or ()]
    progress("writing the report", 1.0)
    write_results(folder / "results.json", experiment, records)
    write_report(folder / "report.html", experiment.to_dict(), experiment.kind, records)
    return records


def writable_folder(path: str | Path) -> Path:
    """Make a folder and prove that it can be written.

    Raises:
        InputError: If it cannot.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"the output folder must be writable, got {error}") from error
    return folder


def write_results(path: Path, experiment: Experiment, records: Sequence[Record]) -> None:
    """Write results.json, whole or not at all."""
    content = {
        "schema": 1,
        "config": experiment.to_dict(),
        "environment": environment(),
        "rows": [record.row for record in records],
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    partial.replace(path)


def write_report(path: Path, config: dict[str, Any], kind: Kind, records: Sequence[Record]) -> None:
    """Write report.html from records."""
    split = records[0].split
    forgotten = len(split["indices"]["forget"])
    total = forgotten + len(split["indices"]["retain"])
    rows = f"{forgotten} of {total} training rows"
    write_page(
        path,
        [record.row for record in records],
        kind=kind,
        scores=[record.scores for record in records if record.scores is not None],
        config=config,
        environment=environment(),
        title=f"Unlearning on {config['dataset']}, {config['model']} model",
        forgotten=f"class {split['label']} ({rows})" if kind == "class" else rows,
    )
