"""request_deletion: withdraws rows from saved models, audits the results, and keeps the record."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import DEFAULT_ORACLES
from qiskit_qmu.backends import ExactBackend
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.experiments.deletion_answer import DeletionResult, answered
from qiskit_qmu.experiments.deletion_plan import (
    WAYS,
    DeletionRequest,
    PlannedDeletion,
    model_folders,
    planned_deletion,
)
from qiskit_qmu.experiments.saved.shadows import ShadowRequest
from qiskit_qmu.experiments.saved.workload import method_workload
from qiskit_qmu.runs.lock import LOCK, RunLock
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of
from qiskit_qmu.training.processes import one_thread


def request_deletion(
    models: str | Path | Sequence[str | Path],
    ids: Sequence[str] | ForgetRequest,
    *,
    strategy: str,
    out: str | Path,
    settings: dict[str, Any] | None = None,
    source: RowSource | None = None,
    seed: int = 0,
    oracles: int = DEFAULT_ORACLES,
    oracle: str | Path | None = None,
    shadows: int = 0,
    workers: int | None = None,
    again: bool = False,
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
        ids: Ids of the rows to withdraw; or a request by ids or positions with further choices.
            Positions are allowed for one model only.
        strategy: Name of a method, such as "ssd-r"; "oracle" retrains.
        out: Folder of the new model. Of several models, the folder in which each of the new ones
            gets the name of the old.
        settings: Hyperparameters that replace the preset's.
        source: Where the models' rows are now; where None, as each model remembers it.
        seed: Seed of everything random in unlearning and audit.
        oracles: How many models to retrain for the audit. Without any, no verdict is possible.
        oracle: Folder of a model that was retrained without the rows, such as by
            `unlearn_saved` with "oracle"; compared with beside those that are retrained here. Of
            one model only.
        shadows: How many shadow models to train for a test of the strategy; 0 for none.
        workers: Processes that train shadow models; None for what `joblib.parallel_config` says.
        again: Allow a request of a model of which one was made already, for another method. The
            new model then comes from the old one, not from the answer to the first request.
        progress: Called with what is done and the share of the whole.

    Returns:
        One result for each model.

    Raises:
        InputError: If a row was not trained on or is withdrawn already, a model does not match its
            log, is in use or has no record, or a folder cannot be written.
        RunError: If the strategy changes nothing or diverges; nothing is written then.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import ForgetRequest
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = qmu.experiments.train_and_save(experiment, "model")
        >>> rows = ForgetRequest(indices=kept["train_indices"][:5])  # (iris has no ids)
        >>> done, = qmu.request_deletion(  # doctest: +SKIP
        ...     "model", rows, strategy="gd", out="new", oracles=0
        ... )
        >>> report = done.report  # doctest: +SKIP
        >>> report["request"]["rows"], done.verdict, qmu.verify("new").ok  # doctest: +SKIP
        (5, 'unresolved', True)
    """
    paths = model_folders(models)
    asked = _asked(
        paths,
        ids,
        strategy=strategy,
        settings=settings or {},
        source=source,
        seed=seed,
        oracles=oracles,
        oracle=None if oracle is None else Path(oracle),
        shadows=shadows,
        workers=workers,
        again=again,
    )
    with ExitStack() as locks:
        for path in paths:
            locks.enter_context(RunLock(path / LOCK))
        jobs = [
            planned_deletion(asked, *pair) for pair in zip(paths, _outs(paths, out), strict=True)
        ]
        parts = [
            part_of(progress, number / len(jobs), (number + 1) / len(jobs))
            for number in range(len(jobs))
        ]
        return tuple(answered(asked, job, own) for job, own in zip(jobs, parts, strict=True))


def plan_deletion(
    models: str | Path | Sequence[str | Path],
    ids: Sequence[str] | ForgetRequest,
    *,
    strategy: str,
    out: str | Path,
    settings: dict[str, Any] | None = None,
    source: RowSource | None = None,
    seed: int = 0,
    oracles: int = DEFAULT_ORACLES,
    oracle: str | Path | None = None,
    shadows: int = 0,
    again: bool = False,
) -> tuple[dict[str, Any], ...]:
    """Check a deletion request as `request_deletion` does, and say what it would take.

    Nothing is written, and no model is changed or trained.

    Args:
        models: As for `request_deletion`, like all others.
        ids: Which rows to withdraw.
        strategy: Name of a method.
        out: Folder of the new model, or of the new ones.
        settings: Hyperparameters that replace the preset's.
        source: Where the models' rows are now.
        seed: Seed of everything random.
        oracles: How many models to retrain for the audit.
        oracle: Folder of a model that was retrained without the rows.
        shadows: How many shadow models to train.
        again: Allow a request of a model of which one was made already.

    Returns:
        For each model its folder and the new one's, numbers of rows, circuits of a device that
        unlearning takes ("circuits", and "most_circuits" where stopping depends on what is
        measured) and that one training takes, of which "trainings" are needed, "done" if the
        request was answered already, and notes on the rows; as JSON values.

    Raises:
        InputError: If the request cannot be answered.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import ForgetRequest
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = qmu.experiments.train_and_save(experiment, "model")
        >>> rows = ForgetRequest(indices=kept["train_indices"][:5])
        >>> plan, = qmu.experiments.plan_deletion("model", rows, strategy="gd", out="new")
        >>> plan["rows"], plan["of_rows"], plan["trainings"], plan["done"]
        (5, 95, 4, False)
    """
    paths = model_folders(models)
    asked = _asked(
        paths,
        ids,
        strategy=strategy,
        settings=settings or {},
        source=source,
        seed=seed,
        oracles=oracles,
        oracle=None if oracle is None else Path(oracle),
        shadows=shadows,
        workers=None,
        again=again,
    )
    jobs = [planned_deletion(asked, *pair) for pair in zip(paths, _outs(paths, out), strict=True)]
    return tuple(_cost(asked, job) for job in jobs)


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
        "rows": job.rows,
        "of_rows": job.rows + len(split.retain),
        "left_out": len(split.skipped_ids),
        "done": job.done is not None,
        "circuits": own,
        "most_circuits": most,
        "trainings": asked.oracles + (0 if asked.shadows is None else asked.shadows.count),
        "circuits_of_a_training": training,
        "notes": [*split.notes, *job.remarks],
    }


def _outs(paths: Sequence[Path], out: str | Path) -> list[Path]:
    return [Path(out)] if len(paths) == 1 else [Path(out) / path.name for path in paths]


def _asked(
    paths: Sequence[Path],
    ids: Sequence[str] | ForgetRequest,
    *,
    oracle: Path | None,
    oracles: int,
    seed: int,
    shadows: int,
    workers: int | None,
    **others: Any,
) -> DeletionRequest:
    """Check what does not depend on a model.

    Raises:
        InputError: If a number is out of range, or what is for one model is asked of several.
    """
    _check.at_least(0, seed=seed, oracles=oracles, shadows=shadows)
    request = ids if isinstance(ids, ForgetRequest) else ForgetRequest(ids=tuple(ids))
    _check.one_of(WAYS, way=request.way)
    if len(paths) > 1 and request.way != "ids":
        raise InputError("positions stand for other rows in each model; name the rows by their ids")
    if len(paths) > 1 and oracle is not None:
        raise InputError("an oracle was retrained without the rows of one model; make one request")
    return DeletionRequest(
        request=request,
        seed=seed,
        oracles=oracles,
        oracle=oracle,
        shadows=None if not shadows else ShadowRequest(count=shadows, workers=workers),
        **others,
    )
