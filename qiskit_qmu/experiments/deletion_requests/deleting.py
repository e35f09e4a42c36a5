"""request_deletion: withdraws rows from saved models, audits the results, and keeps the record."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from qiskit_qmu.backends import ExactBackend
from qiskit_qmu.experiments.deletion_requests.answer import DeletionResult, answered
from qiskit_qmu.experiments.deletion_requests.plan import (
    PlannedDeletion,
    model_folders,
    planned_deletions,
)
from qiskit_qmu.experiments.deletion_requests.request import DeletionRequest
from qiskit_qmu.experiments.saved.workload import method_workload
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of
from qiskit_qmu.runs.run_lock import LOCK, RunLock
from qiskit_qmu.training.processes import one_thread


def request_deletion(
    models: str | Path | Sequence[str | Path],
    request: DeletionRequest,
    *,
    out: str | Path,
    workers: int | None = None,
    progress: RunProgress = no_progress,
) -> tuple[DeletionResult, ...]:
    """Withdraw rows from saved models: check, unlearn, audit, and write models and reports.

    Everything is checked for all models before anything is changed. Each new model is written to a
    folder of its own, with ``deletion_report.json``, ``deletion_report.html``, the audit and the
    log of requests; the folder appears when it is complete. The model that the request is made of
    keeps its files, and its log gets the same entry. The same call again, after a kill or a full
    disk, does what is missing. Models that were trained for the audit are not kept.

    A strategy that changes no weight answers nothing: that is an error, and nothing is recorded.

    Args:
        models: Folder of a saved model with a record of its rows, or of several.
        request: The rows, the strategy and the audit.
        out: Folder of the new model. Of several models, the folder in which each of the new ones
            gets the name of the old.
        workers: Processes that train shadow models; None for what `joblib.parallel_config` says.
        progress: Called with what is done and the share of the whole.

    Returns:
        One result for each model.

    Raises:
        InputError: If a row was not trained on or is withdrawn already, a model does not match its
            log, is in use or has no record, or a folder cannot be written.
        RunError: If the strategy changes nothing or diverges; nothing is written then.

    Example:
        >>> import qiskit_qmu as qmu
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = qmu.experiments.train_and_save(experiment, "model")
        >>> # Iris has no ids.
        >>> rows = qmu.experiments.ForgetRequest(indices=kept["train_indices"][:5])
        >>> request = qmu.DeletionRequest(rows, strategy="gd", oracles=0)
        >>> done, = qmu.request_deletion("model", request, out="new")  # doctest: +SKIP
        >>> report = done.report  # doctest: +SKIP
        >>> report["request"]["rows"], done.verdict, qmu.verify("new").ok  # doctest: +SKIP
        (5, 'unresolved', True)
    """
    with ExitStack() as locks:
        for path in model_folders(models):
            locks.enter_context(RunLock(path / LOCK))
        jobs = planned_deletions(models, request, out)
        parts = [
            part_of(progress, number / len(jobs), (number + 1) / len(jobs))
            for number in range(len(jobs))
        ]
        return tuple(
            answered(request, job, workers, own) for job, own in zip(jobs, parts, strict=True)
        )


def plan_deletion(
    models: str | Path | Sequence[str | Path], request: DeletionRequest, *, out: str | Path
) -> tuple[dict[str, Any], ...]:
    """Check a deletion request as `request_deletion` does, and say what it would take.

    Nothing is written, and no model is changed or trained.

    Args:
        models: As for `request_deletion`, like all others.
        request: The rows, the strategy and the audit.
        out: Folder of the new model, or of the new ones.

    Returns:
        For each model its folder and the new one's, numbers of rows, circuits of a device that
        unlearning takes ("circuits", and "most_circuits" where stopping depends on what is
        measured) and that one training takes, of which "trainings" are needed, "done" if the
        request was answered already, and notes on the rows; as JSON values.

    Raises:
        InputError: If the request cannot be answered.

    Example:
        >>> import qiskit_qmu as qmu
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = qmu.experiments.train_and_save(experiment, "model")
        >>> rows = qmu.experiments.ForgetRequest(indices=kept["train_indices"][:5])
        >>> request = qmu.DeletionRequest(rows, strategy="gd")
        >>> plan, = qmu.experiments.plan_deletion("model", request, out="new")
        >>> plan["rows"], plan["of_rows"], plan["trainings"], plan["done"]
        (5, 95, 4, False)
    """
    return tuple(_cost(request, job) for job in planned_deletions(models, request, out))


def _cost(asked: DeletionRequest, job: PlannedDeletion) -> dict[str, Any]:
    """Return what the answer to a request of one model takes."""
    split, backend = job.setup.split, ExactBackend()
    model = job.saved.model
    with one_thread():
        own, most, training = (
            backend.estimate(work, None).circuits
            for work in (
                method_workload(job.setup, model, asked.strategy),
                method_workload(job.setup, model, asked.strategy, worst_case=True),
                method_workload(job.setup, model, "oracle"),
            )
        )
    return {
        "model": str(job.path),
        "out": str(job.out),
        "strategy": asked.strategy,
        "rows": len(job.rows),
        "of_rows": len(job.rows) + len(split.retain),
        "left_out": len(split.skipped_ids),
        "done": job.done is not None,
        "circuits": own,
        "most_circuits": most,
        "trainings": asked.oracles + asked.shadows,
        "circuits_of_a_training": training,
        "notes": [*split.notes, *job.remarks],
    }
