"""request_deletion: withdraws rows from saved models, audits the results, and keeps the record."""

import hashlib
import json
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import (
    make_folder,
    move_into_place,
    read_bytes,
    write_file,
    write_json,
    writing,
)
from qiskit_qmu.auditing import DEFAULT_ORACLES, AuditReport
from qiskit_qmu.data import ForgetRequest, RowsWarning
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.deletions import (
    LogEntry,
    RequestLog,
    RequestMark,
    Verification,
    new_salt,
    verify,
)
from qiskit_qmu.deletions.model_folder import (
    AUDIT,
    EARLIER,
    MODEL,
    PAGE,
    REPORT,
    WEIGHTS,
    earlier_report,
)
from qiskit_qmu.experiments.deletion_report import (
    AnsweredRequest,
    deletion_report,
    without_values,
)
from qiskit_qmu.experiments.saved import audit_saved, unlearn_saved
from qiskit_qmu.experiments.saved_model import SavedModel
from qiskit_qmu.experiments.saved_shadows import ShadowRequest
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.models import load_provenance
from qiskit_qmu.report import render_deletion
from qiskit_qmu.runs.lock import LOCK, RunLock
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of

_WAYS = ("ids", "indices")
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

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "model": str(self.model),
            "new": self.new,
            "remarks": list(self.remarks),
            "head": self.entry.hash,
            "report": dict(self.report),
        }


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
        NonFiniteError: If the strategy diverges; nothing is written then.

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
    _check.at_least(0, seed=seed, oracles=oracles, shadows=shadows)
    paths = _paths(models)
    request = ids if isinstance(ids, ForgetRequest) else ForgetRequest(ids=tuple(ids))
    _check.one_of(_WAYS, way=request.way)
    if len(paths) > 1 and request.way != "ids":
        raise InputError("positions stand for other rows in each model; name the rows by their ids")
    asked = _Asked(
        request=request,
        strategy=strategy,
        settings=settings or {},
        source=source,
        seed=seed,
        oracles=oracles,
        shadows=None if not shadows else ShadowRequest(count=shadows, workers=workers),
        again=again,
    )
    outs = [Path(out)] if len(paths) == 1 else [Path(out) / path.name for path in paths]
    with ExitStack() as locks:
        for path in paths:
            locks.enter_context(RunLock(path / LOCK))
        jobs = [_planned(asked, *pair) for pair in zip(paths, outs, strict=True)]
        parts = [
            part_of(progress, number / len(jobs), (number + 1) / len(jobs))
            for number in range(len(jobs))
        ]
        return tuple(_answered(asked, job, own) for job, own in zip(jobs, parts, strict=True))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """What was asked of all models."""

    request: ForgetRequest
    strategy: str
    settings: dict[str, Any]
    source: RowSource | None
    seed: int
    oracles: int
    shadows: ShadowRequest | None
    again: bool

    def digest(self, weights: str, rows: Sequence[tuple[int, str]]) -> str:
        """Return a digest that is the same for the same request of the same model."""
        content = {
            "weights": weights,
            "rows": sorted(rows),
            "strategy": self.strategy,
            "settings": self.settings,
            "seed": self.seed,
            "oracles": self.oracles,
            "shadows": 0 if self.shadows is None else self.shadows.count,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Job:
    """A request of one model that can be answered.

    Attributes:
        path: Folder of the model.
        out: Folder of the new one.
        found: The model's own requests.
        log: Its log.
        saved: The model with its rows.
        setup: What to withdraw.
        digest: Digest of the request.
        weights: SHA-256 of the model's weights.
        done: The entry in the log of ``out`` if that holds the answer already.
        remarks: What must be known of earlier requests.
    """

    path: Path
    out: Path
    found: Verification
    log: RequestLog
    saved: SavedModel
    setup: Setup
    digest: str
    weights: str
    done: LogEntry | None
    remarks: tuple[str, ...]


def _paths(models: str | Path | Sequence[str | Path]) -> list[Path]:
    paths = [Path(models)] if isinstance(models, str | Path) else [Path(each) for each in models]
    _check.not_empty(models=paths)
    for path in paths:
        if not (path / MODEL).exists():
            raise InputError(f"{path} holds no saved model")
    names = [path.resolve().name for path in paths]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two models have folders of the same name, {twice}, and so would the new")
    return paths


def _planned(asked: _Asked, path: Path, out: Path) -> _Job:
    """Check everything that can be checked before anything runs."""
    found = verify(path)
    if not found.ok:
        raise InputError(f"{found.problems[0]}; see `qmu verify {path}`")
    if "rows" not in load_provenance(path):
        raise InputError(
            f"{path} does not say which rows it was trained on, so that no request can be checked; "
            "save it with qmu.save_model(model, path, dataset=…), or train it with `qmu train`"
        )
    if found.made_of_it and not (out / MODEL).exists():
        # Before rows are read, since those withdrawn then may be gone by now.
        _earlier_of_it(path, found.made_of_it, again=asked.again)
    saved = SavedModel.read(path, source=asked.source)
    try:
        setup = saved.setup(asked.request, asked.seed, asked.settings)
        setup.strategy(asked.strategy)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    log = RequestLog.read(path)
    weights = _digest(path / WEIGHTS)
    positions = saved.recorded[setup.split.forget.indices].tolist()
    rows = [(position, saved.provenance.rows.train[position]) for position in positions]
    digest = asked.digest(weights, rows)
    done = _done(out, digest)
    remarks: tuple[str, ...] = ()
    if done is None and found.made_of_it:
        remarks = _earlier_of_it(path, found.made_of_it, again=asked.again)
    return _Job(
        path=path,
        out=out,
        found=found,
        log=log,
        saved=saved,
        setup=setup,
        digest=digest,
        weights=weights,
        done=done,
        remarks=remarks,
    )


def _done(out: Path, digest: str) -> LogEntry | None:
    """Return the request that made a model in the output folder if it is this one.

    Raises:
        InputError: If the folder holds something else.
    """
    if (out / MODEL).exists():
        found = verify(out)
        if found.requests and found.requests[-1].request == digest:
            if not found.ok:
                raise InputError(f"{found.problems[0]}; see `qmu verify {out}`")
            return found.requests[-1]
        raise InputError(f"{out} already holds a model; choose another --out")
    with writing(out):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise InputError(f"{out} is not empty; choose another --out")
    return None


def _earlier_of_it(path: Path, entries: Sequence[LogEntry], *, again: bool) -> tuple[str, ...]:
    """Say which requests were made of a model already; refuse another one unless asked for."""
    last = entries[-1]
    said = (
        f"request {last.number} was already made of {path} ({last.rows} rows by {last.strategy}, "
        f"{last.time}) and led to {last.model}"
    )
    if again:
        return (f"{said}; this one starts from {path} again, so its rows are not withdrawn here",)
    raise InputError(
        f"{said}: make the next request of that model, or the rows withdrawn then would be back; "
        f"--again makes one of {path} all the same, such as for another strategy"
    )


def _answered(asked: _Asked, job: _Job, progress: RunProgress) -> DeletionResult:
    if job.done is None:
        return _answer(asked, job, progress)
    # A run that was stopped after the new folder was complete has not told the old one.
    log = RequestLog.read(job.out)
    if job.done.hash not in [own.hash for own in job.log.entries]:
        RequestLog(log.entries[: job.done.number]).write(job.path)
    if _work_folder(job.out).exists():
        with _workplace(job.out) as work:
            shutil.rmtree(work / _TRAINED, ignore_errors=True)
    report = json.loads(read_bytes(job.out / REPORT, "a deletion report"))
    return DeletionResult(model=job.out, entry=job.done, report=report, new=False)


def _answer(asked: _Asked, job: _Job, progress: RunProgress) -> DeletionResult:
    with _workplace(job.out) as work, warnings.catch_warnings():
        warnings.simplefilter("ignore", RowsWarning)  # (they were shown when rows were checked)
        trained = work / _TRAINED
        log, report = _written(asked, job, make_folder(work / _NEW), trained, progress)
        move_into_place(work / _NEW, job.out)
        log.write(job.path)
        # They were trained on the withdrawn rows.
        shutil.rmtree(trained, ignore_errors=True)
    return DeletionResult(model=job.out, entry=log.entries[-1], report=report, remarks=job.remarks)


@contextmanager
def _workplace(out: Path) -> Iterator[Path]:
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


def _work_folder(out: Path) -> Path:
    return out.absolute().parent / f".{out.name}.request"


def _written(
    asked: _Asked, job: _Job, folder: Path, trained: Path, progress: RunProgress
) -> tuple[RequestLog, dict[str, Any]]:
    """Fill the folder of the new model; return its log and its report."""
    number = len(job.log.entries) + 1
    name = job.out.name
    progress(f"{name}: {asked.strategy}", 0.0)
    result = unlearn_saved(
        job.path,
        asked.request,
        asked.strategy,
        folder,
        settings=asked.settings,
        source=asked.source,
        seed=asked.seed,
        mark=RequestMark(number=number, previous=job.log.head),
    )
    progress(f"{name}: audit", 0.2)
    started = time.perf_counter()
    audit = _audit(asked, job, folder, trained, part_of(progress, 0.2, 1.0))
    seconds = time.perf_counter() - started
    audit.save(folder / AUDIT)
    _copy_earlier_reports(job, folder)
    answered = AnsweredRequest(
        number=number,
        time=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        salt=new_salt(),
        strategy=asked.strategy,
        seed=asked.seed,
        oracles=asked.oracles,
        shadows=0 if asked.shadows is None else asked.shadows.count,
        before=job.weights,
        after=_digest(folder / WEIGHTS),
        earlier=[own.files[REPORT] for own in job.found.requests],
    )
    report = deletion_report(answered, job.saved, job.setup, result, audit, seconds)
    write_json(folder / REPORT, report)
    write_file(folder / PAGE, render_deletion(report, audit))
    entry = LogEntry(
        number=number,
        time=answered.time,
        previous=job.log.head,
        parent=job.found.requests[-1].hash if job.found.requests else None,
        request=job.digest,
        rows=len(job.setup.split.forget),
        strategy=asked.strategy,
        verdict=audit.verdict,
        model=name,
        salt=answered.salt,
        before=job.weights,
        files=_digests(folder),
    )
    log = job.log.with_entry(entry)
    log.write(folder)
    return log, report


def _audit(
    asked: _Asked, job: _Job, folder: Path, trained: Path, progress: RunProgress
) -> AuditReport:
    shadows = None if asked.shadows is None else replace(asked.shadows, folder=trained)
    audit = audit_saved(
        folder,
        original=job.path,
        oracles=asked.oracles or None,
        shadows=shadows,
        source=asked.source,
        seed=asked.seed,
        progress=progress,
    )
    return replace(audit, **without_values(audit))


def _copy_earlier_reports(job: _Job, folder: Path) -> None:
    """Copy the reports of the requests that made the model, so that all can be verified."""
    for own in job.found.requests:
        last = own is job.found.requests[-1]
        for name in (REPORT, PAGE):
            place = earlier_report(own.number, name)
            content = read_bytes(job.path / (name if last else place), "a deletion report")
            make_folder((folder / place).parent)
            write_file(folder / place, content)


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the new model's files, its weights first, without earlier reports."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    own = sorted(path.as_posix() for path in paths if path.parts[0] != EARLIER)
    own.sort(key=lambda name: name != WEIGHTS)
    return {name: _digest(folder / name) for name in own}


def _digest(path: Path) -> str:
    return hashlib.sha256(read_bytes(path, "a file of a model")).hexdigest()
