"""Starts a run on a device, in a folder of its own, or says what it would take."""

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import new_folder, write_sealed_json
from qiskit_qmu.backends import CostEstimate, DeviceBackend, check_budget, open_backend
from qiskit_qmu.backends.jobs import JobPolicy
from qiskit_qmu.experiments.devices.run import Opener, do_work, run_backend
from qiskit_qmu.experiments.devices.task import check_request, expected_workload
from qiskit_qmu.experiments.records.writable import writable_folder
from qiskit_qmu.runs.kept_jobs import CIRCUITS, JOBS
from qiskit_qmu.runs.ledger import LEDGER
from qiskit_qmu.runs.rebuilding import REQUEST
from qiskit_qmu.runs.request import DeviceRequest
from qiskit_qmu.runs.status import (
    MODELS,
    RunStatus,
    SubmittedRun,
    bind_request,
    file_digests,
    run_status,
)
from qiskit_qmu.training.processes import one_thread

_log = logging.getLogger(__name__)


def submit(
    request: DeviceRequest,
    models: Mapping[str, str | Path],
    folder: str | Path,
    *,
    policy: JobPolicy | None = None,
    opener: Opener = open_backend,
) -> RunStatus:
    """Start a run in a new folder: send its first jobs, and continue as far as the policy allows.

    Args:
        request: The task.
        models: Folders of saved models: "model", and for an attack also "original" and optionally
            "oracle". They are copied.
        folder: The run's folder, new or empty.
        policy: Whether to wait for jobs, and what they may cost; does not wait if None.
        opener: Opens the backend.

    Returns:
        The state of the run.

    Raises:
        InputError: If a model or the folder cannot be used, or the request is not possible.
        RunError: If a job failed, or the service or the budget does not allow the run to continue.
    """
    path = Path(folder)
    check_request(request, models)
    _check_folder(path, models)
    request = replace(
        request, source=request.source.absolute()
    )  # (it may be resumed from another folder)
    with (
        writable_folder(path),
        run_backend(path, request, policy or JobPolicy(wait=False), opener) as backend,
        one_thread(),
    ):
        _check_folder(path, models)  # (another process may have used it)
        with _emptied_unless_submitted(path):
            expected = _expected_cost(request, models, backend)
            budget = None if policy is None else policy.max_qpu_seconds
            if budget is not None:
                check_budget(expected, budget)
            _write_request(path, request, models, expected, backend)
        do_work(path, request, backend)
    return run_status(path)


def submission_plan(
    request: DeviceRequest,
    models: Mapping[str, str | Path],
    folder: str | Path,
    *,
    policy: JobPolicy | None = None,
    opener: Opener = open_backend,
) -> dict[str, Any]:
    """Check what `submit` would check, and say what the run is expected to take.

    Nothing is sent or written.

    Args:
        request: What to do.
        models: Folders of saved models, as for `submit`.
        folder: The run's folder, new or empty.
        policy: What the jobs may cost; anything where None.
        opener: Opens the backend.

    Returns:
        The task and the expected cost as JSON values.

    Raises:
        InputError: If `submit` would raise it.
        RunError: If the service is out of reach.
    """
    check_request(request, models)
    _check_folder(Path(folder), models)
    settings = {"shots": request.shots, "seed": request.seed, **request.options}
    with opener(request.backend, **settings) as backend, one_thread():
        expected = _expected_cost(request, models, backend)
    if policy is not None and policy.max_qpu_seconds is not None:
        check_budget(expected, policy.max_qpu_seconds)
    return {"task": request.task, **expected.to_dict()}


def _write_request(
    path: Path,
    request: DeviceRequest,
    models: Mapping[str, str | Path],
    expected: CostEstimate,
    backend: DeviceBackend,
) -> None:
    """Copy the models and write the request, which makes the folder a run."""
    shutil.rmtree(path / MODELS, ignore_errors=True)
    with new_folder(path / MODELS) as unfinished:
        for name, source in models.items():
            shutil.copytree(source, unfinished / name)
    submitted = SubmittedRun(
        request=request,
        expected=expected.to_dict(),
        run=backend.resumable_sampler.ledger.run,
        models=file_digests(path / MODELS),
    )
    bind_request(backend.resumable_sampler.ledger, submitted)
    # Last: a folder without it is not a run and can be used again.
    write_sealed_json(path / REQUEST, submitted.to_dict())


@contextmanager
def _emptied_unless_submitted(path: Path) -> Iterator[None]:
    """Remove all files if the submission fails; the caller holds the folder's lock."""
    try:
        yield
    except BaseException:
        if not (path / REQUEST).exists():
            for name in (MODELS, CIRCUITS, JOBS):
                shutil.rmtree(path / name, ignore_errors=True)
            with suppress(OSError):  # (Windows cannot remove open files)
                (path / LEDGER).unlink(missing_ok=True)
        raise


def _expected_cost(
    request: DeviceRequest, models: Mapping[str, str | Path], backend: DeviceBackend
) -> CostEstimate:
    workload = expected_workload(request, models, backend.rule)
    (expected,) = backend.estimate(workload, [request.shots])
    _log.info(
        "expected: %s jobs, %s executions, %.0f QPU seconds",
        f"{expected.jobs:,}",
        f"{expected.executions:,}",
        expected.most_qpu_seconds,
    )
    return expected


def _check_folder(path: Path, models: Mapping[str, str | Path]) -> None:
    if (path / REQUEST).exists():
        raise InputError(f"{path} already contains a run; resume it, or choose a new folder")
    # Leftovers of an interrupted submission may be replaced; its ledger is older than its models.
    if (path / MODELS).exists() and not (path / LEDGER).exists():
        raise InputError(f"{path} already contains {MODELS}; choose a new folder")
    for source in models.values():
        if path.resolve().is_relative_to(Path(source).resolve()):
            raise InputError(f"{path} is inside the folder of a model; choose another one")
