"""A run's folder: records.jsonl, results.json and report.html."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qiskit_qmu._files import write_sealed_json, writing
from qiskit_qmu.backends import open_backend
from qiskit_qmu.experiments.environment import environment
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.presets import Kind, Preset
from qiskit_qmu.experiments.records import RecordFile
from qiskit_qmu.experiments.run import Progress, Record, no_progress
from qiskit_qmu.experiments.workers import run_seeds
from qiskit_qmu.report import write_page
from qiskit_qmu.runs.lock import LOCK, RunLock
from qiskit_qmu.unlearning import summaries


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
        InputError: If the experiment is not possible, the folder cannot be written, or another
            process works in it.
    """
    # Refuse before anything is written.
    device = experiment.observing_backend(experiment.seed)
    dataset, split = experiment.load(experiment.seed, data_dir)
    model = experiment.build_model(dataset, experiment.seed, open_backend("exact"))
    model.fit_inputs(split.retain.x)
    if device is not None:
        model.on(device)
    with writable_folder(out) as folder, RunLock(folder / LOCK):
        file = RecordFile(folder / "records.jsonl", experiment.digest())
        seeds = range(experiment.seed, experiment.seed + experiment.seeds)
        pending = [seed for seed in seeds if file.of_seed(seed, experiment.all_methods) is None]
        for own in run_seeds(
            experiment,
            pending,
            data_dir=data_dir,
            jobs=jobs,
            ledgers=folder / "jobs",
            progress=progress,
        ):
            file.append(own)
        done = (file.of_seed(seed, experiment.all_methods) for seed in seeds)
        records = [record for own in done for record in own or ()]
        progress("writing the report", 1.0)
        preset = experiment.preset(math.prod(dataset.input_shape))
        write_results(folder / "results.json", experiment, preset, records)
        write_report(folder / "report.html", experiment.to_dict(), experiment.kind, records)
    return records


@contextmanager
def writable_folder(path: str | Path) -> Iterator[Path]:
    """Make a folder and prove that it can be written; where the block fails, leave no empty one.

    Args:
        path: The folder; what it holds already stays.

    Yields:
        The folder.

    Raises:
        InputError: If it cannot be written.
    """
    folder = Path(path)
    made: list[Path] = []
    try:
        with writing(folder):
            made = [missing for missing in (folder, *folder.parents) if not missing.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".writable"  # (of one name, so that one that was left is removed)
            probe.touch()
            probe.unlink(missing_ok=True)
        yield folder
    except BaseException:
        for own in made:
            with suppress(OSError):  # it holds something, or was never made
                own.rmdir()
        raise


def write_results(
    path: Path, experiment: Experiment, preset: Preset, records: Sequence[Record]
) -> None:
    """Write results.json, whole or not at all; with every hyperparameter, preset or given.

    Raises:
        InputError: If it cannot be written.
    """
    content = {
        "schema": 1,
        "config": experiment.to_dict(),
        "hyperparameters": asdict(preset),
        "environment": environment(),
        "rows": [record.row for record in records],
    }
    write_sealed_json(path, content)


def write_report(path: Path, config: dict[str, Any], kind: Kind, records: Sequence[Record]) -> None:
    """Write report.html from records.

    Raises:
        InputError: If it cannot be written.
    """
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
        does=summaries(),
    )
