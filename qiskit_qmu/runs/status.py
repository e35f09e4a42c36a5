"""The state of a run on a device, from its folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, entry, read_bytes, read_sealed_json, reading
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.ledger import LEDGER, JobLedger
from qiskit_qmu.runs.rebuilding import REQUEST
from qiskit_qmu.runs.request import DeviceRequest

MODELS = "models"
RESULT = "result"
SUMMARY = "summary.json"

_REQUEST_NOTE = "request"
_ABOUT_REQUEST = "a submitted run"
_ABOUT_SUMMARY = "the summary of a run's result"

RunState = Literal["waiting", "finished"]


@final
@dataclass(frozen=True, kw_only=True)
class SubmittedRun:
    """The record of a submitted run.

    Attributes:
        request: The run's task.
        expected: Its estimated cost, from `CostEstimate.to_dict`.
        run: Its name in the ledger.
        models: Checksums of its models' files, by path in the folder of its models.
    """

    request: DeviceRequest
    expected: dict[str, Any] = field(hash=False)
    run: str
    models: dict[str, str] = field(hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the content of run.json."""
        own = {"expected": self.expected, "run": self.run, "models": self.models}
        return {"request": self.request.to_dict(), **own}

    @staticmethod
    def read(folder: Path) -> "SubmittedRun":
        """Read a run's run.json.

        Raises:
            InputError: If it is missing or was changed.
        """
        path = folder / REQUEST
        if not path.exists():
            raise InputError(_no_run(folder))
        content = read_sealed_json(path, _ABOUT_REQUEST)
        with reading(path, _ABOUT_REQUEST):
            expected = entry(content, "expected", dict)
            for name in ("jobs", "executions"):
                entry(expected, name, int)
            entry(expected, "qpu_seconds", float)
            return SubmittedRun(
                request=DeviceRequest.from_dict(entry(content, "request", dict)),
                expected=expected,
                run=entry(content, "run", str),
                models=entry(content, "models", dict),
            )


@final
@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """The state of a run.

    Attributes:
        folder: Its folder.
        request: Its task.
        state: "finished" once its result is available.
        jobs: All jobs planned so far.
        expected: Its estimated cost, from `CostEstimate.to_dict`.
        spent_seconds: QPU seconds of jobs that were sent, as charged if known, else as planned.
        summary: Summary of the result, as JSON values; empty until finished.
    """

    folder: Path
    request: DeviceRequest
    state: RunState
    jobs: tuple[JobRecord, ...]
    expected: dict[str, Any]
    spent_seconds: float
    summary: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        jobs = [
            {
                "number": job.number,
                "job_id": job.job_id,
                "state": job.state,
                "circuits": job.circuits,
                "shots": job.shots,
                "reason": job.reason,
            }
            for job in self.jobs
        ]
        return {
            "folder": str(self.folder),
            "request": self.request.to_dict(),
            "state": self.state,
            "jobs": jobs,
            "expected": self.expected,
            "spent_seconds": self.spent_seconds,
            "result": str(self.result) if self.summary else None,
            "summary": self.summary,
        }

    @property
    def result(self) -> Path:
        """Folder of the results, once the run is finished."""
        return self.folder / RESULT

    @property
    def last_attempts(self) -> tuple[JobRecord, ...]:
        """The latest attempt of each of the run's requests."""
        return tuple({job.position: job for job in self.jobs}.values())


def run_status(folder: str | Path) -> RunStatus:
    """Return the state of a run, from its folder alone.

    Raises:
        InputError: If the folder is not a run's, or its files are inconsistent.
    """
    path = Path(folder)
    submitted = SubmittedRun.read(path)
    ledger = open_own_ledger(path, submitted)
    try:
        jobs, spent = ledger.jobs(), ledger.spent_seconds()
    finally:
        ledger.close()
    summary = _summary(path / RESULT)
    return RunStatus(
        folder=path,
        request=submitted.request,
        state="finished" if summary else "waiting",
        jobs=tuple(jobs),
        expected=submitted.expected,
        spent_seconds=spent,
        summary=summary,
    )


def open_own_ledger(folder: Path, submitted: SubmittedRun) -> JobLedger:
    """Open the ledger of a submitted run.

    Raises:
        InputError: If it is missing, or belongs to another run or request.
    """
    path = folder / LEDGER
    advice = f"; restore it, or rebuild it with `qmu resume {folder} --rebuild-ledger`"
    if not path.exists() or path.stat().st_size == 0:
        raise InputError(f"{path} is missing or empty{advice}")
    try:
        ledger = JobLedger(path)
    except InputError as error:
        raise InputError(f"{error}{advice}") from error
    try:
        if ledger.run != submitted.run:
            raise InputError(
                f"{path} is the ledger of run {ledger.run}, not of run {submitted.run}{advice}"
            )
        bind_request(ledger, submitted)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _no_run(folder: Path) -> str:
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if (folder / "records.jsonl").exists():
        return (
            f"{folder} belongs to `qmu run`: repeat that command with --out {folder} to resume it"
        )
    return f"{folder} is not the folder of a run of `qmu submit`"


def bind_request(ledger: JobLedger, submitted: SubmittedRun) -> None:
    """Record a run's request in its ledger, once.

    Raises:
        InputError: If it has another one.
    """
    ledger.bind(_REQUEST_NOTE, {**submitted.request.to_dict(), "models": submitted.models})


def file_digests(folder: Path) -> dict[str, str]:
    """Return the checksums of all files in a folder, by relative path.

    Raises:
        InputError: If a file cannot be read.
    """
    return {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_files(folder: Path, digests: Mapping[str, Any], how_to_mend: str) -> None:
    """Raise InputError if files were changed since their checksums were recorded."""
    for name, digest in digests.items():
        if _digest(folder / name) != checked(digest, str, "a checksum"):
            raise InputError(f"{folder / name} was changed since it was written: {how_to_mend}")


def _digest(path: Path) -> str:
    return hashlib.sha256(read_bytes(path, "what was written there")).hexdigest()


def _summary(result: Path) -> dict[str, Any]:
    """Return the summary of a complete result; empty if there is none."""
    path = result / SUMMARY
    if not path.exists():
        return {}
    content = read_sealed_json(path, _ABOUT_SUMMARY)
    with reading(path, _ABOUT_SUMMARY):
        files = entry(content, "files", dict)
    mend = f"restore it, or remove {result} and resume the run, which resends nothing"
    check_files(result, files, mend)
    return content
