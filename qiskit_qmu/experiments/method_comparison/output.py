"""What runs write: records.jsonl, results.json and report.html."""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qiskit_qmu._files import write_sealed_json, writing
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.experiment_backends import observing_backend
from qiskit_qmu.experiments.configuration.presets import Kind
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.method_comparison.run_folder import RunFolder
from qiskit_qmu.experiments.records.by_seed import forgotten_by_seed
from qiskit_qmu.experiments.records.evidence import RunEvidence, run_evidence
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.experiments.records.writable import writable_folder
from qiskit_qmu.experiments.sweeps.engine import open_engine
from qiskit_qmu.experiments.sweeps.grid import grid_cells
from qiskit_qmu.experiments.sweeps.running import run_cells
from qiskit_qmu.report import write_page
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.runs.run_lock import LOCK, RunLock
from qiskit_qmu.unlearning import summaries


def run_experiment(
    experiment: Experiment,
    out: str | Path,
    *,
    data_dir: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    overwrite: bool = False,
    progress: RunProgress = no_progress,
    call: str = "",
) -> list[Record]:
    """Run an experiment into a folder; what the folder holds already is not computed again.

    It is a sweep whose cells are the seeds: models are kept as soon as they are there, until all
    seeds have their records, and a seed that fails stops no other.

    Args:
        experiment: What to run.
        out: The folder; made where it is missing, once the data is known to be usable.
        data_dir: Folder of image files.
        workers: Processes that share the models; as many as there are cores and seeds if None.
            The numbers do not depend on it.
        cluster: "dask://HOST:PORT" or "ray" to compute on a cluster, see `sweep`.
        overwrite: Remove the records and the report that the folder holds first, instead of
            resuming them.
        progress: Called with what is done and the share of the run that is.
        call: How the run was called, for the report.

    Returns:
        All records.

    Raises:
        InputError: If the experiment is not possible, the folder cannot be written, or another
            process works in it.
        RunError: If a seed failed, after all others, or if workers are lost again and again.

    Example:
        >>> from pathlib import Path
        >>> import qiskit_qmu as qmu
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 5}
        >>> experiment = qmu.Experiment(
        ...     dataset="iris", model="basic", methods=("noop",), settings=settings
        ... )
        >>> records = qmu.run_experiment(experiment, "run", workers=1)  # doctest: +SKIP
        >>> [record.row["method"] for record in records]  # doctest: +SKIP
        ['original', 'oracle', 'noop']
        >>> sorted(path.name for path in Path("run").iterdir())  # doctest: +SKIP
        ['records.jsonl', 'report.html', 'results.json']
    """
    # Refuse before anything is written.
    experiment = experiment.with_source()
    with observing_backend(experiment, experiment.seed) or nullcontext() as device:
        first = Setup.load(experiment, experiment.seed, data_dir)
        model = first.check([] if device is None else [device])
    cells = grid_cells({}, lambda _changes: experiment)
    if cluster is None and workers is None:
        workers = min(os.cpu_count() or 1, len(cells))
    with writable_folder(out) as folder, RunLock(folder / LOCK):
        if overwrite:
            _remove(folder, "results.json", "report.html", "records.jsonl")
        kept = RunFolder(folder, experiment)
        with open_engine(cluster, workers) as engine:
            run_cells(cells, kept, engine, data_dir=data_dir, retry_failed=True, progress=progress)
        records = kept.finished(cells)
        progress("writing the report", 1.0)
        splits = {record.row["seed"]: record.split for record in records}
        evidence = run_evidence(first, model, splits, call)
        write_results(folder / "results.json", first, records, evidence)
        write_report(folder / "report.html", experiment, records, evidence)
    return records


def _remove(folder: Path, *names: str) -> None:
    with writing(folder):
        for name in names:
            (folder / name).unlink(missing_ok=True)


def write_results(
    path: Path, setup: Setup, records: Sequence[Record], evidence: RunEvidence
) -> None:
    """Write results.json, whole or not at all; with every hyperparameter, preset or given.

    Args:
        path: The file.
        setup: The first repetition.
        records: Those of all seeds and methods.
        evidence: What the numbers rest on, see `run_evidence`.

    Raises:
        InputError: If it cannot be written.
    """
    content = {
        "schema": 1,
        "config": setup.experiment.to_dict(),
        "hyperparameters": asdict(setup.preset),
        "environment": environment(),
        "evidence": evidence,
        "rows": [record.row for record in records],
    }
    write_sealed_json(path, content)


def write_report(
    path: Path, experiment: Experiment, records: Sequence[Record], evidence: RunEvidence
) -> None:
    """Write report.html of a run.

    Args:
        path: The file.
        experiment: What was run.
        records: Those of all seeds and methods.
        evidence: What the numbers rest on, by heading and name.

    Raises:
        InputError: If it cannot be written.
    """
    write_records_page(
        path,
        experiment.to_dict(),
        experiment.kind,
        records,
        evidence,
        title=f"Unlearning on {experiment.dataset_name}, {experiment.model} model",
        does=summaries(),
    )


def write_records_page(
    path: Path,
    config: dict[str, Any],
    kind: Kind,
    records: Sequence[Record],
    evidence: RunEvidence,
    *,
    title: str,
    does: Mapping[str, str],
) -> None:
    """Write the page of records, from an experiment or a comparison.

    Args:
        path: The file.
        config: Everything that decides the numbers, as JSON values.
        kind: What is forgotten.
        records: Those of all seeds and methods.
        evidence: What the numbers rest on, by heading and name.
        title: Title of the page.
        does: What each method does, in one line, by its name.

    Raises:
        InputError: If it cannot be written.
    """
    write_page(
        path,
        [record.row for record in records],
        kind=kind,
        scores=[record.scores for record in records if record.scores is not None],
        evidence=evidence,
        config=config,
        environment=environment(),
        title=title,
        forgotten=forgotten_by_seed(records),
        does=does,
    )
