"""The answer to a deletion request: the new model, its audit, its report and its log."""

import json
import math
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

from qiskit_qmu._errors import RunError
from qiskit_qmu._files import (
    make_folder,
    move_into_place,
    read_bytes,
    write_file,
    write_json,
)
from qiskit_qmu.auditing import AuditReport
from qiskit_qmu.deletions import LogEntry, RequestLog, RequestMark, new_salt
from qiskit_qmu.deletions.model_folder import (
    AUDIT,
    EARLIER,
    PAGE,
    REPORT,
    WEIGHTS,
    earlier_report,
    file_digest,
)
from qiskit_qmu.experiments.deletion_requests.plan import PlannedDeletion
from qiskit_qmu.experiments.deletion_requests.report import (
    AnsweredRequest,
    deletion_report,
    without_values,
)
from qiskit_qmu.experiments.deletion_requests.request import DeletionRequest
from qiskit_qmu.experiments.saved.audit import audit_read
from qiskit_qmu.experiments.saved.shadows import ShadowRequest
from qiskit_qmu.experiments.saved.unlearning import unlearn_and_save
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import render_deletion
from qiskit_qmu.runs.progress import RunProgress, part_of
from qiskit_qmu.runs.run_lock import LOCK, RunLock

_NEW, _TRAINED = "new", "shadows"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DeletionResult:
    """What a deletion request of one model led to.

    Attributes:
        model: Folder of the new model.
        entry: The request in the model's log.
        report: The content of deletion_report.json.
        new: False if the folder held the answer to the same request already.
        remarks: What must be known of earlier requests of the same model.
    """

    model: Path
    entry: LogEntry
    report: Mapping[str, Any]
    new: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """The audit's verdict."""
        return self.entry.verdict

    @property
    def numbers(self) -> dict[str, Interval]:
        """The audit's numbers that a `qiskit_qmu.evaluation.Gate` is about."""
        gated = self.report["audit"].get("gated", {})
        return {name: Interval(*map(_number, ends)) for name, ends in gated.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "model": str(self.model),
            "new": self.new,
            "remarks": list(self.remarks),
            "head": self.entry.hash,
            "report": dict(self.report),
        }


def answered(
    asked: DeletionRequest, job: PlannedDeletion, workers: int | None, progress: RunProgress
) -> DeletionResult:
    """Answer a request of one model, or finish what a stopped call left.

    Args:
        asked: The request.
        job: What was checked.
        workers: Processes that train shadow models.
        progress: Called with what is done and the share of the whole.

    Raises:
        InputError: If a folder cannot be written.
        RunError: If the strategy changes nothing or diverges; nothing is written then.
    """
    if job.done is None:
        return _answer(asked, job, workers, progress)
    return done_already(job.path, job.out, job.log, job.done)


def done_already(path: Path, out: Path, known: RequestLog, done: LogEntry) -> DeletionResult:
    """Return an answer that a folder holds, and finish what a stopped call left.

    Args:
        path: Folder of the model.
        out: Folder of the new one.
        known: The model's log.
        done: The request in the new one's.
    """
    # A run that was stopped after the new folder was complete has not told the old one.
    log = RequestLog.read(out)
    if done.hash not in [own.hash for own in known.entries]:
        RequestLog(log.entries[: done.number]).write(path)
    if _work_folder(out).exists():
        with workplace(out) as work:
            shutil.rmtree(work / _TRAINED, ignore_errors=True)
    report = json.loads(read_bytes(out / REPORT, "a deletion report"))
    return DeletionResult(model=out, entry=done, report=report, new=False)


def _answer(
    asked: DeletionRequest, job: PlannedDeletion, workers: int | None, progress: RunProgress
) -> DeletionResult:
    with workplace(job.out) as work:
        trained = work / _TRAINED
        shadows = None
        if asked.shadows:
            shadows = ShadowRequest(count=asked.shadows, folder=trained, workers=workers)
        log, report = _written(asked, job, make_folder(work / _NEW), shadows, progress)
        move_into_place(work / _NEW, job.out)
        log.write(job.path)
        # They were trained on the withdrawn rows.
        shutil.rmtree(trained, ignore_errors=True)
    return DeletionResult(model=job.out, entry=log.entries[-1], report=report, remarks=job.remarks)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """Make a folder beside the new model's, of which a stopped run leaves the shadow models."""
    work = make_folder(_work_folder(out))
    try:
        with RunLock(work / LOCK):
            try:
                shutil.rmtree(work / _NEW, ignore_errors=True)  # (of a run that was killed)
                yield work
            finally:
                shutil.rmtree(work / _NEW, ignore_errors=True)
    finally:
        with suppress(OSError):  # it holds shadow models, or another process works in it
            work.rmdir()


def now() -> str:
    """Return the time as a report and the log write it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _work_folder(out: Path) -> Path:
    return out.absolute().parent / f".{out.name}.request"


def _written(
    asked: DeletionRequest,
    job: PlannedDeletion,
    folder: Path,
    shadows: ShadowRequest | None,
    progress: RunProgress,
) -> tuple[RequestLog, dict[str, Any]]:
    """Fill the folder of the new model; return its log and its report."""
    number = len(job.log.entries) + 1
    name = job.out.name
    progress(f"{name}: {asked.strategy}", 0.0)
    mark = RequestMark(number=number, previous=job.log.head)
    result = unlearn_and_save(job.saved, job.setup, asked.strategy, folder, mark)
    if not result.changed:
        raise RunError(
            f"{asked.strategy} had no effect on {job.path}: {result.reason}. Every weight is as "
            "before (verdict: unchanged), so nothing was written, and no request is recorded as "
            "done; choose another --strategy, such as oracle, which retrains"
        )
    progress(f"{name}: audit", 0.2)
    started = time.perf_counter()
    audit = _audit(asked, job, folder, shadows, part_of(progress, 0.2, 1.0))
    seconds = time.perf_counter() - started
    audit.save(folder / AUDIT)
    copy_earlier_reports(job.path, job.found.requests, folder)
    answered = AnsweredRequest(
        number=number,
        time=now(),
        salt=new_salt(),
        strategy=asked.strategy,
        seed=asked.seed,
        oracles=asked.oracles,
        shadows=asked.shadows,
        before=job.weights,
        after=file_digest(folder / WEIGHTS),
        earlier=[own.files[REPORT] for own in job.found.requests],
    )
    report = deletion_report(answered, job, result, audit, seconds)
    write_json(folder / REPORT, report)
    write_file(folder / PAGE, render_deletion(report, audit))
    entry = LogEntry(
        number=number,
        time=answered.time,
        previous=job.log.head,
        parent=job.found.requests[-1].hash if job.found.requests else None,
        request=job.digest,
        rows=len(job.rows),
        strategy=asked.strategy,
        verdict=audit.verdict,
        model=name,
        salt=answered.salt,
        before=job.weights,
        files=file_digests(folder),
    )
    log = job.log.with_entry(entry)
    log.write(folder)
    return log, report


def _audit(
    asked: DeletionRequest,
    job: PlannedDeletion,
    folder: Path,
    shadows: ShadowRequest | None,
    progress: RunProgress,
) -> AuditReport:
    audit = audit_read(
        job.saved.successor(folder, "audit", str(asked.seed)),
        job.out.resolve().name,
        job.setup.split,
        len(job.saved.provenance.deletions),
        original=job.path,
        oracle=asked.oracle,
        oracles=asked.oracles or None,
        shadows=shadows,
        seed=asked.seed,
        progress=progress,
    )
    return replace(audit, **without_values(audit))


def copy_earlier_reports(path: Path, requests: Sequence[LogEntry], folder: Path) -> None:
    """Copy the reports of the requests that made a model, so that all can be verified."""
    for own in requests:
        last = own is requests[-1]
        for name in (REPORT, PAGE):
            place = earlier_report(own.number, name)
            content = read_bytes(path / (name if last else place), "a deletion report")
            make_folder((folder / place).parent)
            write_file(folder / place, content)


def file_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the new model's files, its weights first, without earlier reports."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    own = sorted(path.as_posix() for path in paths if path.parts[0] != EARLIER)
    own.sort(key=lambda name: name != WEIGHTS)
    return {name: file_digest(folder / name) for name in own}
