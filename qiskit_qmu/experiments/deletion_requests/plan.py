"""Checks of a deletion request: everything that can be known before a model is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import writing
from qiskit_qmu.data import RecordedRows
from qiskit_qmu.deletions import LogEntry, RequestLog, Verification, verify
from qiskit_qmu.deletions.model_folder import MODEL, WEIGHTS, file_digest
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.deletion_requests.earlier_requests import check_again, earlier_requests
from qiskit_qmu.experiments.deletion_requests.request import DeletionRequest
from qiskit_qmu.experiments.saved.lineage import check_oracle
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.saved.provenance import Provenance
from qiskit_qmu.models import load_provenance


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedDeletion:
    """A request of one model that can be answered.

    Attributes:
        path: Folder of the model.
        out: Folder of the new one.
        found: The model's own requests.
        log: Its log.
        saved: The model with its rows.
        setup: What to withdraw, with all that unlearning takes.
        rows: The rows to withdraw.
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
    rows: RecordedRows
    digest: str
    weights: str
    done: LogEntry | None
    remarks: tuple[str, ...]


def model_folders(models: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the folders of the models that a request is made of.

    Raises:
        InputError: If one holds no model, or two new models would have the same name.
    """
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


def planned_deletions(
    models: str | Path | Sequence[str | Path], asked: DeletionRequest, out: str | Path
) -> list[PlannedDeletion]:
    """Check a request of all models; the arguments are those of `request_deletion`.

    Raises:
        InputError: If the request cannot be answered.
    """
    paths = model_folders(models)
    if len(paths) > 1 and asked.request.way != "ids":
        raise InputError("positions stand for other rows in each model; name the rows by their ids")
    if len(paths) > 1 and asked.oracle is not None:
        raise InputError("an oracle was retrained without the rows of one model; make one request")
    return [
        _planned_deletion(asked, path, Path(out) if len(paths) == 1 else Path(out) / path.name)
        for path in paths
    ]


def _planned_deletion(asked: DeletionRequest, path: Path, out: Path) -> PlannedDeletion:
    """Check everything that can be checked before anything runs.

    Args:
        asked: The request.
        path: Folder of the model.
        out: Folder of the new one.

    Raises:
        InputError: If the request cannot be answered.
    """
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
        check_again(path, found.made_of_it, again=asked.again)
    saved = SavedModel.to_unlearn(path, asked.strategy, asked.seed, source=asked.source)
    try:
        setup = saved.setup(asked.request, asked.seed, asked.settings)
        setup.strategy(asked.strategy)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    rows = RecordedRows.of(setup.split.forget)
    if asked.oracle is not None:
        before = saved.provenance
        after = Provenance.from_dict(before.after(rows, strategy=asked.strategy, seed=asked.seed))
        check_oracle(after, path, asked.oracle, len(before.deletions))
    log = RequestLog.read(path)
    weights = file_digest(path / WEIGHTS)
    digest = asked.digest(weights, rows)
    done = done_before(out, digest)
    remarks: tuple[str, ...] = ()
    if done is None:
        check_again(path, found.made_of_it, again=asked.again)
        remarks = earlier_requests(path, found.made_of_it, rows, out)
    return PlannedDeletion(
        path=path,
        out=out,
        found=found,
        log=log,
        saved=saved,
        setup=setup,
        rows=rows,
        digest=digest,
        weights=weights,
        done=done,
        remarks=remarks,
    )


def done_before(out: Path, digest: str) -> LogEntry | None:
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
