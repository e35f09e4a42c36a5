"""How far a run on a device is, as its folder tells."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, entry, read_bytes, read_sealed_json, reading
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.ledger import LEDGER, Ledger
from qiskit_qmu.runs.rebuilding import REQUEST
from qiskit_qmu.runs.request import DeviceRequest

MODELS = "models"
RESULT = "result"
SUMMARY = "summary.json"

_REQUEST_NOTE = "request"
_ABOUT_REQUEST = "a run that was submitted"
_ABOUT_SUMMARY = "the summary of a run's result"

RunState = Literal["waiting", "finished"]


@final
@dataclass(frozen=True, kw_only=True)
class SubmittedRun:
    """What was written down when a run was submitted.

    Attributes:
        request: What it was asked to do.
        expected: What it was expected to cost, as `CostEstimate.to_dict` has it.
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
            InputError: If it is missing, or is not as it was written.
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
        return self.folder / RESULT

    @property
    def last_attempts(self) -> tuple[JobRecord, ...]:
        """The newest job of each that the run asked for."""
        return tuple({job.position: job for job in self.jobs}.values())


def run_status(folder: str | Path) -> RunStatus:
    """Return how far a run is, from its folder alone.

    Raises:
        InputError: If the folder holds no run, or one whose files do not belong together.
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


def open_own_ledger(folder: Path, submitted: SubmittedRun) -> Ledger:
    """Open the ledger of a run that was submitted.

    Raises:
        InputError: If it is missing, or that of another run or request.
    """
    path = folder / LEDGER
    advice = f"; restore it, or rebuild it with `qmu resume {folder} --rebuild-ledger`"
    if not path.exists() or path.stat().st_size == 0:
        raise InputError(f"{path} is missing or empty{advice}")
    try:
        ledger = Ledger(path)
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
        return f"no folder {folder}"
    if (folder / "records.jsonl").exists():
        return (
            f"{folder} belongs to `qmu run`: repeat that command with --out {folder} to resume it"
        )
    return f"{folder} holds no run that `qmu submit` wrote"


def bind_request(ledger: Ledger, submitted: SubmittedRun) -> None:
    """Write a run's request into its ledger, once.

    Raises:
        InputError: If another one was written there.
    """
    ledger.bind(_REQUEST_NOTE, {**submitted.request.to_dict(), "models": submitted.models})


def file_digests(folder: Path) -> dict[str, str]:
    """Return the checksums of all files in a folder, by path in it.

    Raises:
        InputError: If a file cannot be read.
    """
    return {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_files(folder: Path, digests: Mapping[str, Any], how_to_mend: str) -> None:
    """Raise InputError unless files are as they were when their checksums were written down."""
    for name, digest in digests.items():
        if _digest(folder / name) != checked(digest, str, "a checksum"):
            raise InputError(f"{folder / name} was changed since it was written: {how_to_mend}")


def _digest(path: Path) -> str:
    return hashlib.sha256(read_bytes(path, "what was written there")).hexdigest()


def _summary(result: Path) -> dict[str, Any]:
    """Return the summary of a result whose files are whole; empty where there is none."""
    path = result / SUMMARY
    if not path.exists():
        return {}
    content = read_sealed_json(path, _ABOUT_SUMMARY)
    with reading(path, _ABOUT_SUMMARY):
        files = entry(content, "files", dict)
    mend = f"restore it, or remove {result} and resume the run, which resends nothing"
    check_files(result, files, mend)
    return content
