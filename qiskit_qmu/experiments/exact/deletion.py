"""delete_exactly: answers a deletion request of models that delete rows by themselves."""

import copy
import hashlib
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import make_folder, move_into_place, write_file, write_json
from qiskit_qmu.data import ForgetRequest, RecordedRows
from qiskit_qmu.data.ids import KnownIds, UntrainedId, sort_ids
from qiskit_qmu.data.resolution import check_ids_found
from qiskit_qmu.deletions import LogEntry, RequestLog, RequestMark, Verification, new_salt, verify
from qiskit_qmu.deletions.model_folder import ARRAYS, MODEL, PAGE, REPORT, file_digest
from qiskit_qmu.evaluation import Finding
from qiskit_qmu.experiments.deletion_requests.answer import (
    DeletionResult,
    copy_earlier_reports,
    done_already,
    file_digests,
    now,
    workplace,
)
from qiskit_qmu.experiments.deletion_requests.earlier_requests import check_again, earlier_requests
from qiskit_qmu.experiments.deletion_requests.plan import (
    done_before,
    model_folders,
)
from qiskit_qmu.experiments.deletion_requests.request import WAYS
from qiskit_qmu.experiments.exact.model_folder import ExactFolder, ExactModel
from qiskit_qmu.experiments.exact.report import ExactAnswer, exact_report
from qiskit_qmu.experiments.exact.revealed import never_seen, revealed
from qiskit_qmu.experiments.saved.provenance import Provenance
from qiskit_qmu.kernels import KernelModel, load_kernel_model
from qiskit_qmu.report.exact_deletion_page import render_exact_deletion
from qiskit_qmu.runs.run_lock import LOCK, RunLock

_NEW = "new"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Job:
    """A request of one model that can be answered."""

    path: Path
    out: Path
    own: ExactFolder
    found: Verification
    log: RequestLog
    rows: RecordedRows
    skipped: tuple[UntrainedId, ...]
    weights: str
    digest: str
    done: LogEntry | None
    remarks: tuple[str, ...]


def delete_exactly(
    models: str | Path | Sequence[str | Path],
    ids: Sequence[str] | ForgetRequest,
    *,
    out: str | Path,
    again: bool = False,
) -> tuple[DeletionResult, ...]:
    """Withdraw rows from models that delete them by themselves, and write models and reports.

    What `qiskit_qmu.request_deletion` does for networks, with the same log and the same checks. Of
    a kernel model the new one equals a model that was fitted without the rows, and of a certified
    one the report states the (ε, δ) that was spent; no audit has to show it. What an observer of
    both models learns is tested, where the test rows are still there: deletion needs no data.

    Args:
        models: Folder of a model that `train_exact` wrote, or of several.
        ids: Ids of the rows, or a request by ids or by positions in the model's record.
        out: Folder of the new model; of several, the folder of the new ones.
        again: Allow another request for the same model.

    Returns:
        One result for each model.

    Raises:
        InputError: If a row was not trained on or is withdrawn already, a model does not match its
            log or is another one, or a folder cannot be written.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import ForgetRequest
        >>> from qiskit_qmu.experiments import delete_exactly, train_exact
        >>> kept = train_exact(qmu.Experiment(dataset="iris"), "kernel-ridge", "exact")
        >>> rows = ForgetRequest(indices=kept["train_indices"][:5])  # (iris has no ids)
        >>> done, = delete_exactly("exact", rows, out="without")
        >>> done.verdict, done.report["certificate"]["largest_difference"] < 1e-10
        ('exact', True)
        >>> [finding["key"] for finding in done.report["audit"]["findings"]]
        ['deletion_difference']
        >>> qmu.verify("without").ok
        True
    """
    paths = model_folders(models)
    request = ids if isinstance(ids, ForgetRequest) else ForgetRequest(ids=tuple(ids))
    _check.one_of(WAYS, way=request.way)
    if len(paths) > 1 and request.way != "ids":
        raise InputError("positions stand for other rows in each model; name the rows by their ids")
    outs = [Path(out)] if len(paths) == 1 else [Path(out) / path.name for path in paths]
    with ExitStack() as locks:
        for path in paths:
            locks.enter_context(RunLock(path / LOCK))
        jobs = [
            _planned(request, path, own, again=again) for path, own in zip(paths, outs, strict=True)
        ]
        return tuple(_answered(request, job) for job in jobs)


def _planned(request: ForgetRequest, path: Path, out: Path, *, again: bool) -> _Job:
    found = verify(path)
    if not found.ok:
        raise InputError(f"{found.problems[0]}; see `qmu verify {path}`")
    if not (out / MODEL).exists():
        check_again(path, found.made_of_it, again=again)
    own = ExactFolder.read(path)
    try:
        rows, skipped = _resolved(request, own.provenance)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    remarks: tuple[str, ...] = ()
    if not (out / MODEL).exists():
        remarks = earlier_requests(path, found.made_of_it, rows, out)
    weights = file_digest(path / ARRAYS)
    digest = _digest(weights, rows, own.kind)
    return _Job(
        path=path,
        out=out,
        own=own,
        found=found,
        log=RequestLog.read(path),
        rows=rows,
        skipped=skipped,
        weights=weights,
        digest=digest,
        done=done_before(out, digest),
        remarks=remarks,
    )


def _resolved(
    request: ForgetRequest, kept: Provenance
) -> tuple[RecordedRows, tuple[UntrainedId, ...]]:
    """Return the rows of the record to withdraw, and ids that are left out."""
    known = kept.rows.of_positions(kept.known)
    skipped: tuple[UntrainedId, ...] = ()
    if request.ids is not None:
        if known.ids is None:
            raise InputError("its rows have no ids; name them by their positions, --indices")
        ids = KnownIds(
            trained=known.ids,
            validation=kept.rows.of_positions(kept.validation).ids or (),
            forgotten=kept.rows.train_ids or (),
            test=kept.rows.test_ids or (),
        )
        found, skipped = sort_ids(request.ids, ids)
        check_ids_found(request, found, skipped)
        rows = known.having_ids(found)
    else:
        assert request.indices is not None
        unknown = sorted(set(request.indices) - set(known.indices.tolist()))
        if unknown:
            raise InputError(
                f"indices must be positions of rows that it is trained on, got {unknown[0]}"
            )
        rows = known.at(request.indices)
    if request.duplicates:
        rows = known.having_digests(rows.digests)
    if len(rows) == len(known):
        raise InputError(f"at least one row must be left, got all {len(rows)} to withdraw")
    return rows, skipped


def _digest(weights: str, rows: RecordedRows, kind: str) -> str:
    content = {"weights": weights, "rows": rows.named, "strategy": kind}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _answered(request: ForgetRequest, job: _Job) -> DeletionResult:
    if job.done is not None:
        return done_already(job.path, job.out, job.log, job.done)
    with workplace(job.out) as work:
        log, report = _written(request, job, make_folder(work / _NEW))
        move_into_place(work / _NEW, job.out)
        log.write(job.path)
    return DeletionResult(model=job.out, entry=log.entries[-1], report=report, remarks=job.remarks)


def _written(request: ForgetRequest, job: _Job, folder: Path) -> tuple[RequestLog, dict[str, Any]]:
    """Fill the folder of the new model; return its log and its report."""
    own, kept, number = job.own, job.own.provenance, len(job.log.entries) + 1
    places, before = _places(own, job.rows), copy.deepcopy(own.model)
    started = time.perf_counter()
    own.model.delete(places)
    seconds = time.perf_counter() - started
    mark = RequestMark(number=number, previous=job.log.head)
    provenance = kept.after(job.rows, strategy=own.kind, request=mark.to_dict())
    ExactFolder.write(folder, own.kind, own.model, provenance)
    copy_earlier_reports(job.path, job.found.requests, folder)
    answer = ExactAnswer(
        number=number,
        time=now(),
        salt=new_salt(),
        asked_by=request.way,
        rows=job.rows,
        skipped=job.skipped,
        before=job.weights,
        after=file_digest(folder / ARRAYS),
        largest_difference=_difference(own.model, folder),
        told=_told(own, before, places),
        seconds=seconds,
        earlier=[each.files[REPORT] for each in job.found.requests],
    )
    report = exact_report(answer, own)
    write_json(folder / REPORT, report)
    told = answer.told if isinstance(answer.told, Finding) else None
    write_file(folder / PAGE, render_exact_deletion(report, told))
    log = job.log.with_entry(
        LogEntry(
            number=number,
            time=answer.time,
            previous=job.log.head,
            parent=job.found.requests[-1].hash if job.found.requests else None,
            request=job.digest,
            rows=len(job.rows),
            strategy=own.kind,
            verdict=report["certificate"]["verdict"],
            model=job.out.name,
            salt=answer.salt,
            before=job.weights,
            files=file_digests(folder),
        )
    )
    log.write(folder)
    return log, report


def _places(own: ExactFolder, withdrawn: RecordedRows) -> NDArray[np.int64]:
    """Return where rows of the record stand as the model counts its rows."""
    # A kernel model counts all rows that it was fitted to, a certified one those that are left.
    kept = own.provenance
    rows = kept.trained if isinstance(own.model, KernelModel) else kept.known
    return np.searchsorted(rows, withdrawn.indices)


def _told(own: ExactFolder, before: ExactModel, places: NDArray[np.int64]) -> Finding | str:
    """Return what both models tell of the withdrawn rows, or why it could not be tested."""
    try:
        return revealed(before, own.model, places, never_seen(own), own.provenance.content["seed"])
    except InputError as error:
        return str(error)


def _difference(model: ExactModel, folder: Path) -> float | None:
    """Return how far a model's solution is from one that is solved anew without the rows."""
    if not isinstance(model, KernelModel):
        return None
    anew = load_kernel_model(folder)
    return float(np.abs(model.dual_coef_ - anew.dual_coef_).max())
