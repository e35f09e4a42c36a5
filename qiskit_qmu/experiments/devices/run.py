"""Runs on a device, each in a folder: resume, refresh and cancel."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import new_folder, write_sealed_json
from qiskit_qmu.backends import (
    DeviceBackend,
    open_backend,
    rebuild_ledger,
)
from qiskit_qmu.backends.jobs import JobPolicy, JobsPendingError, RunError
from qiskit_qmu.experiments.devices.task import run_task
from qiskit_qmu.runs.request import DeviceRequest
from qiskit_qmu.runs.status import (
    MODELS,
    RESULT,
    SUMMARY,
    RunStatus,
    SubmittedRun,
    check_files,
    file_digests,
    open_own_ledger,
    run_status,
)
from qiskit_qmu.training.processes import one_thread

_log = logging.getLogger(__name__)

Opener = Callable[..., Any]
"""A function that opens a backend, such as `open_backend`."""


def resume(
    folder: str | Path,
    *,
    policy: JobPolicy | None = None,
    opener: Opener = open_backend,
    rebuild: bool = False,
) -> RunStatus:
    """Resume a run: fetch results, send new jobs, and write the result at the end.

    Args:
        folder: The run's folder.
        policy: Whether to wait for jobs, and what they may cost; waits if None.
        opener: Opens the backend.
        rebuild: Whether to rebuild the ledger from the stored results first.

    Returns:
        The state of the run.

    Raises:
        InputError: If the folder is not a run's, its files are inconsistent, or it is in use by
            another process.
        RunError: If a job failed, or the service or the budget does not allow the run to continue.
    """
    path = Path(folder)
    submitted = SubmittedRun.read(path)
    if rebuild:
        jobs = rebuild_ledger(path, run=submitted.run)
        _log.info("ledger rebuilt with %d jobs", jobs)
    open_own_ledger(path, submitted).close()
    if not (path / RESULT).exists():
        request = submitted.request
        with run_backend(path, request, policy or JobPolicy(), opener) as backend, one_thread():
            _check_models(path, submitted)
            do_work(path, request, backend)
    return run_status(path)


def refresh(folder: str | Path, *, opener: Opener = open_backend) -> RunStatus:
    """Query the device about the jobs of a run and store new results, without sending jobs.

    Raises:
        InputError: If the folder is not a run's, or is in use by another process.
        RunError: If the service stays unreachable.
    """
    path = Path(folder)
    with run_backend(path, _own_request(path), JobPolicy(wait=False), opener) as backend:
        backend.resumable_sampler.refresh()
    return run_status(path)


def cancel(folder: str | Path, *, opener: Opener = open_backend) -> list[str]:
    """Cancel the pending jobs of a run; results that have arrived are kept.

    Returns:
        Ids of the cancelled jobs.

    Raises:
        InputError: If the folder is not a run's, or is in use by another process.
        RunError: If the service stays unreachable.
    """
    path = Path(folder)
    with run_backend(path, _own_request(path), JobPolicy(wait=False), opener) as backend:
        cancelled: list[str] = backend.resumable_sampler.cancel()
    return cancelled


@contextmanager
def run_backend(
    path: Path, request: DeviceRequest, policy: JobPolicy, opener: Opener
) -> Iterator[DeviceBackend]:
    """Open the run's device; a run with pending jobs leaves the block early without an error."""
    try:
        with opener(
            request.backend,
            shots=request.shots,
            seed=request.seed,
            **request.options,
            ledger=path,
            job_policy=policy,
        ) as backend:
            yield backend
    except JobsPendingError:
        return
    except Exception as error:
        # Qiskit ML's networks wrap errors of primitives.
        own = _cause(error)
        if own is None or own is error:
            raise
        raise own from error


def do_work(path: Path, request: DeviceRequest, backend: DeviceBackend) -> None:
    """Do all of a run's work and write its result atomically."""
    if (path / RESULT).exists():  # written by another process
        return
    with new_folder(path / RESULT) as unfinished:
        summary = run_task(path / MODELS, request, backend, unfinished)
        about = {"task": request.task, "settings": backend.settings(), **summary}
        content = {**about, "files": file_digests(unfinished)}
        write_sealed_json(unfinished / SUMMARY, content)


def _check_models(path: Path, submitted: SubmittedRun) -> None:
    mend = "restore the submitted model, or submit the other one as a new run"
    check_files(path / MODELS, submitted.models, mend)


def _own_request(path: Path) -> DeviceRequest:
    """Return the request of a run with a ledger."""
    submitted = SubmittedRun.read(path)
    open_own_ledger(path, submitted).close()
    return submitted.request


def _cause(error: BaseException) -> RunError | InputError | None:
    """Return the error of this package that caused another one."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError):  # (before InputError: a FileError is both)
            return RunError(f"{found}; nothing is lost: resume the run once this is fixed")
        if isinstance(found, RunError | InputError):
            return found
        found = found.__cause__ or found.__context__
    return None
