"""Runs on a device in a folder of their own: submitted, looked at, picked up again, cancelled."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import write_json
from qiskit_qmu.backends import CostEstimate, DeviceBackend, check_budget, open_backend
from qiskit_qmu.backends.jobs import JobPolicy, JobRecord, JobsPendingError, Ledger, RunError
from qiskit_qmu.backends.jobs.folder import LEDGER
from qiskit_qmu.experiments.device_request import DeviceRequest
from qiskit_qmu.experiments.output import writable_folder
from qiskit_qmu.experiments.request_work import work_of
from qiskit_qmu.experiments.saved import audit_saved, observe_saved, unlearn_saved
from qiskit_qmu.experiments.workers import one_thread
from qiskit_qmu.metrics import binomial_interval
from qiskit_qmu.models import load_model

_log = logging.getLogger(__name__)

_REQUEST = "run.json"
_RESULT = "result"
_MODELS = "models"

RunState = Literal["waiting", "finished"]
Opener = Callable[..., Any]
"""Opens a backend, as `open_backend` does."""


@final
@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """How far a run is.

    Attributes:
        folder: Its folder.
        request: What it was asked to do.
        state: "finished" when its result is there.
        jobs: All jobs that were planned so far.
        expected: What it was expected to cost, as `CostEstimate.to_dict` has it.
        spent_seconds: QPU seconds of jobs that were sent, as charged where known, else as planned.
        summary: What came out, as JSON values; empty before.
    """

    folder: Path
    request: DeviceRequest
    state: RunState
    jobs: tuple[JobRecord, ...]
    expected: dict[str, Any]
    spent_seconds: float
    summary: dict[str, Any]

    @property
    def result(self) -> Path:
        """Where results are, when the run is finished."""
        return self.folder / _RESULT


def submit(
    request: DeviceRequest,
    models: Mapping[str, str | Path],
    folder: str | Path,
    *,
    policy: JobPolicy | None = None,
    opener: Opener = open_backend,
) -> RunStatus:
    """Start a run in a new folder: send what can be sent, and go on as far as the policy says.

    Args:
        request: What to do.
        models: Folders of saved models: "model", and to attack also "original" and, where there is
            one, "oracle". They are copied.
        folder: The run's folder, new or empty.
        policy: Whether to wait for jobs, and what they may cost; not to wait where None.
        opener: Opens the backend.

    Returns:
        How far the run is.

    Raises:
        InputError: If a model or the folder cannot be used, or the request is not possible.
        RunError: If a job failed, or the service or the budget does not allow to go on.
    """
    path = Path(folder)
    _check_models(request, models)
    _check_folder(path, models)
    if request.data_dir is not None:  # (a run may be resumed from elsewhere)
        request = replace(request, data_dir=str(Path(request.data_dir).absolute()))
    with (
        writable_folder(path),
        _backend(path, request, policy or JobPolicy(wait=False), opener) as backend,
        one_thread(),
    ):
        _check_folder(path, models)  # (another process may have been quicker)
        expected = _expected_cost(request, models, backend)
        budget = None if policy is None else policy.max_qpu_seconds
        if budget is not None:
            check_budget(expected, budget)
        for name, source in models.items():
            shutil.rmtree(path / _MODELS / name, ignore_errors=True)
            shutil.copytree(source, path / _MODELS / name)
        # The request is written last: a folder without it is no run, and can be used again.
        content = {**request.to_dict(), "expected": expected.to_dict()}
        write_json(path / _REQUEST, content)
        _work(path, request, backend)
    return run_status(path)


def resume(
    folder: str | Path, *, policy: JobPolicy | None = None, opener: Opener = open_backend
) -> RunStatus:
    """Go on with a run: read what arrived, send what is new, and write the result at the end.

    Args:
        folder: The run's folder.
        policy: Whether to wait for jobs, and what they may cost; to wait where None.
        opener: Opens the backend.

    Returns:
        How far the run is.

    Raises:
        InputError: If the folder holds no run, or another process works on it.
        RunError: If a job failed, or the service or the budget does not allow to go on.
    """
    path = Path(folder)
    request = _request_of(path)
    if not (path / _RESULT).exists():
        with _backend(path, request, policy or JobPolicy(), opener) as backend, one_thread():
            _work(path, request, backend)
    return run_status(path)


def run_status(folder: str | Path) -> RunStatus:
    """Return how far a run is, from its folder alone.

    Raises:
        InputError: If the folder holds no run.
    """
    path = Path(folder)
    request = _request_of(path)
    summary = path / _RESULT / "summary.json"
    jobs: list[JobRecord] = []
    spent = 0.0
    if (path / LEDGER).exists():
        ledger = Ledger(path / LEDGER)
        jobs, spent = ledger.jobs(), ledger.spent_seconds()
        ledger.close()
    return RunStatus(
        folder=path,
        request=request,
        state="finished" if summary.exists() else "waiting",
        jobs=tuple(jobs),
        expected=_content_of(path)["expected"],
        spent_seconds=spent,
        summary=json.loads(summary.read_text()) if summary.exists() else {},
    )


def refresh(folder: str | Path, *, opener: Opener = open_backend) -> RunStatus:
    """Ask the device how far the jobs of a run are, keep what arrived, and send nothing.

    Raises:
        InputError: If the folder holds no run, or another process works on it.
        RunError: If the service stays out of reach.
    """
    path = Path(folder)
    with _backend(path, _request_of(path), JobPolicy(wait=False), opener) as backend:
        backend.journal.refresh()
    return run_status(path)


def cancel(folder: str | Path, *, opener: Opener = open_backend) -> list[str]:
    """Take back the jobs of a run that are not done; what arrived is kept.

    Returns:
        Ids of the jobs that were cancelled.

    Raises:
        InputError: If the folder holds no run, or another process works on it.
        RunError: If the service stays out of reach.
    """
    path = Path(folder)
    with _backend(path, _request_of(path), JobPolicy(wait=False), opener) as backend:
        cancelled: list[str] = backend.journal.cancel()
    return cancelled


@contextmanager
def _backend(
    path: Path, request: DeviceRequest, policy: JobPolicy, opener: Opener
) -> Iterator[DeviceBackend]:
    """Open the run's device; a run that waits for jobs leaves the block early and quietly."""
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
        # Qiskit ML's networks wrap what a primitive raised in an error of their own.
        own = _cause(error)
        if own is None or own is error:
            raise
        raise own from error


def _work(path: Path, request: DeviceRequest, backend: DeviceBackend) -> None:
    """Do all of a run's work and write its result, whole or not at all."""
    if (path / _RESULT).exists():  # another process was quicker
        return
    unfinished = path / f".{_RESULT}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    summary = _TASKS[request.task](path / _MODELS, request, backend, unfinished)
    about = {"task": request.task, "settings": backend.settings(), **summary}
    (unfinished / "summary.json").write_text(json.dumps(about, indent=1) + "\n")
    unfinished.rename(path / _RESULT)


def _expected_cost(
    request: DeviceRequest, models: Mapping[str, str | Path], backend: DeviceBackend
) -> CostEstimate:
    (expected,) = backend.estimate(work_of(request, models, backend.rule), [request.shots])
    _log.info(
        "expected: %s jobs, %s executions, %.0f QPU seconds",
        f"{expected.jobs:,}",
        f"{expected.executions:,}",
        expected.most_qpu_seconds,
    )
    return expected


def _observe(
    models: Path, request: DeviceRequest, backend: DeviceBackend, out: Path
) -> dict[str, Any]:
    observed, indices = observe_saved(
        models / "model", rows=request.rows, data_dir=request.data_dir, backend=backend
    )
    observed.save(out / "observations.npz")
    correct = int((observed.predictions == observed.labels).sum())
    accuracy = binomial_interval(correct, len(observed))
    return {
        "rows": request.rows,
        "indices": indices,
        "accuracy": accuracy.value,
        "accuracy_low": accuracy.low,
        "accuracy_high": accuracy.high,
    }


def _attack(
    models: Path, request: DeviceRequest, backend: DeviceBackend, out: Path
) -> dict[str, Any]:
    oracle = models / "oracle"
    report = audit_saved(
        models / "model",
        original=models / "original",
        oracle=oracle if oracle.exists() else None,
        data_dir=request.data_dir,
        seed=request.seed,
        backend=backend,
    )
    report.to_json(out / "audit.json")
    report.to_html(out / "audit.html")
    return {"verdict": str(report.verdict)}


def _unlearn(
    models: Path, request: DeviceRequest, backend: DeviceBackend, out: Path
) -> dict[str, Any]:
    result = unlearn_saved(
        models / "model",
        request.forget(),
        request.strategy or "",
        out / "model",
        settings=request.settings,
        data_dir=request.data_dir,
        seed=request.seed,
        backend=backend,
    )
    return {"strategy": request.strategy, "steps": len(result.history)}


_TASKS = {"observe": _observe, "attack": _attack, "unlearn": _unlearn}


def _check_folder(path: Path, models: Mapping[str, str | Path]) -> None:
    if (path / _REQUEST).exists():
        raise InputError(f"a run must have a new folder, got {path}, which holds a run: resume it")
    # What a submission that was stopped left may be replaced; its ledger is older than its models.
    if (path / _MODELS).exists() and not (path / LEDGER).exists():
        raise InputError(f"a run must have a new folder, got {path}, which holds {_MODELS}")
    for source in models.values():
        if path.resolve().is_relative_to(Path(source).resolve()):
            raise InputError(f"a run's folder must lie outside of its models, got {path}")


def _check_models(request: DeviceRequest, models: Mapping[str, str | Path]) -> None:
    needed = {"model", "original"} if request.task == "attack" else {"model"}
    missing = sorted(needed - models.keys())
    if missing:
        raise InputError(f"to {request.task}, models must be given: {', '.join(missing)}; got none")
    for source in models.values():
        load_model(source)


def _content_of(path: Path) -> dict[str, Any]:
    try:
        content: Any = json.loads((path / _REQUEST).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} must hold a run that was submitted, got {error}") from error
    if not isinstance(content, dict) or "expected" not in content:
        raise InputError(f"{path / _REQUEST} must hold a request and its cost, got {content!r}")
    return content


def _request_of(path: Path) -> DeviceRequest:
    content = _content_of(path)
    return DeviceRequest.from_dict({k: v for k, v in content.items() if k != "expected"})


def _cause(error: BaseException) -> RunError | InputError | None:
    """Return the error of ours that another one was raised for."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError):  # (before InputError: a FileError is both)
            return RunError(
                f"a run must be able to read and write its files, got {found}; what is kept stays, "
                "resume the run when that is mended"
            )
        if isinstance(found, RunError | InputError):
            return found
        found = found.__cause__ or found.__context__
    return None
