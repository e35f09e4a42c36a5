"""Commands that are killed, or whose disk is full, at each of their writes: old or new, never less.

Each command runs once over a copy of a folder, which is copied before each call that changes it:
what a process leaves that is killed there. Then it runs once for each of these calls over a disk
that is full from then on. Whatever is left, the command must read it, and do its work without fault
when it runs again.
"""

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from file_faults import NEEDS_ROOM, run_command
from killed_processes import fork_server
from tiny_options import TINY

from qiskit_qmu._files import read_json, read_sealed_json
from qiskit_qmu.deletions import verify
from qiskit_qmu.experiments import RecordFile, run_status
from qiskit_qmu.models import load_model, load_provenance
from qiskit_qmu.runs.run_lock import LOCK

_SHOTS = (*TINY, "--forget-class", "1", "--shots", "16", "--seeds", "1", "--train-size", "20")
_UNLEARN = ("unlearn", "model", "--forget-class", "1", "--set", "ga.max_epochs=1", "--strategy")
_AUDIT = ("audit", "new", "--original", "model", "--out", "audit", "--seed")
_WITHDRAW = ("--indices", "0,1,2", "--strategy", "gd", "--oracles", "0")
_RUN = ("run", *TINY, "--methods", "noop", "--workers", "1", "--out", "run")
_SUBMIT = (
    "submit", "unlearn", "model", "--strategy", "ga", "--forget-class", "1",
    "--set", "ga.max_epochs=1", "--set", "ga.confidence_threshold=0.0",
    "--backend", "fake_manila", "--shots", "16", "--out", "run",
)  # fmt: skip


def _model(folder: Path) -> Any:
    """Return what a saved model is, or None."""
    if not (folder / "model.json").exists():
        return None
    weights = [p.detach().numpy().tobytes() for p in load_model(folder).parameters()]
    provenance = load_provenance(folder)
    # (seconds differ from run to run)
    return weights, provenance["train_indices"], provenance.get("strategy")


def _answered(folder: Path) -> Any:
    """Return a model that a request made, which is all there or not at all; the old is whole."""
    assert verify(folder.parent / "model").ok
    if folder.exists():
        assert verify(folder).ok
    return _model(folder)


def _shown(record: str, *pages: str) -> Callable[[Path], Any]:
    """Return a record and what shows it; pages may be missing, but not be another record's."""

    def read(folder: Path) -> Any:
        if not (folder / record).exists():
            return None
        content = read_json(folder / record, "a record")
        shown = [_text(folder / page) for page in pages]
        return content["rows"], [None if page is None else _TIME.sub("", page) for page in shown]

    return read


_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
"""When a page was written."""


def _text(path: Path) -> Any:
    """Return what a file holds, or None."""
    return path.read_text() if path.exists() else None


def _records(folder: Path) -> Any:
    """Return the rows of a run that is whole, or None; a run that is not whole can be read."""
    if (folder / "records.jsonl").exists():
        content = (folder / "records.jsonl").read_bytes()
        digest = content.split(b'"experiment": "')[-1].split(b'"')[0].decode()
        RecordFile(folder / "records.jsonl", digest)
    if not (folder / "results.json").exists():
        return None
    rows = read_sealed_json(folder / "results.json", "results")["rows"]
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]


def _device_run(folder: Path) -> Any:
    """Return the result of a run on a device, "waiting" before it is there, or None."""
    if not (folder / "run.json").exists():
        return None
    status = run_status(folder)
    return _model(status.result / "model") if status.state == "finished" else "waiting"


@dataclass(frozen=True)
class Case:
    """A command over a folder that others have filled.

    Attributes:
        words: The command.
        out: The folder that it writes.
        read: Returns what that folder holds.
        before: Commands that fill the folder before.
        killed_at: The last of those is killed at its first call whose target holds this text.
        then: Completes the work where the command itself is done, or refuses because it is.
    """

    words: tuple[str, ...]
    out: str
    read: Callable[[Path], Any]
    before: tuple[tuple[str, ...], ...] = ()
    killed_at: str | None = None
    then: tuple[str, ...] = ()


_TRAIN = ("train", *TINY, "--out", "model")
_GA, _ORACLE = ((*_UNLEARN, name, "--out", "new") for name in ("ga", "oracle"))
_RESUME = ("resume", "run")
_HALF_DONE = "00001.npz"  # (a job has its result, another one was sent)
CASES = {
    "train": Case(_TRAIN, "model", _model),
    "train over": Case((*_TRAIN, "--seed", "1", "--force"), "model", _model, (_TRAIN,)),
    "unlearn over": Case((*_ORACLE, "--force"), "new", _model, (_TRAIN, _GA)),
    "audit over": Case(
        (*_AUDIT, "1", "--force"),
        "audit",
        _shown("audit.json", "audit.html"),
        (_TRAIN, _GA, (*_AUDIT, "0")),
    ),
    "request": Case(("request", "model", *_WITHDRAW, "--out", "new"), "new", _answered, (_TRAIN,)),
    "run": Case(_RUN, "run", _records),
    "report": Case(("report", "run"), "run", _records, (_RUN,)),
    "shots": Case(
        ("shots", *_SHOTS, "--method", "noop", "--out", "shots"),
        "shots",
        _shown("shots.json", "shots.svg", "shots.html"),
    ),
    "predict": Case(("predict", "model", "--out", "rows.csv"), "rows.csv", _text, (_TRAIN,)),
    "submit": Case(_SUBMIT, "run", _device_run, (_TRAIN,), then=_RESUME),
    **{  # (`status` writes nothing where jobs run on this machine)
        words[0]: Case(
            words, "run", _device_run, (_TRAIN, _SUBMIT), killed_at=_HALF_DONE, then=_RESUME
        )
        for words in (_RESUME, ("cancel", "run"))
    },
}


class Place:
    """Runs commands as processes over folders."""

    def __init__(self, root: Path) -> None:
        self._processes = fork_server()
        self._log = root / "log"

    def run(
        self,
        words: tuple[str, ...],
        folder: Path,
        *,
        kept: Path | None = None,
        full_at: int | None = None,
    ) -> tuple[int, str, list[list[str]]]:
        """Return exit status, output, and the calls that changed the folder."""
        process = self._processes.Process(
            target=run_command, args=(words, folder, self._log, kept, full_at)
        )
        process.start()
        process.join()
        output, _, calls = self._log.read_text().rstrip("\n").rpartition("\n")
        assert calls.startswith("["), calls
        return process.exitcode, output, json.loads(calls)


def _prepared(case: Case, place: Place, root: Path) -> Path:
    old, kept = root / "old", root / "kept-before"
    old.mkdir()
    for number, words in enumerate(case.before):
        last = number == len(case.before) - 1
        killed = last and case.killed_at is not None
        status, output, calls = place.run(words, old, kept=kept if killed else None)
        assert status == 0, output
        if killed:
            at = next(at for at, (_, target) in enumerate(calls) if case.killed_at in target)
            shutil.rmtree(old)
            shutil.copytree(kept / f"{at:05d}", old)
    return old


def _sweep(case: Case, root: Path, every: int) -> dict[str, int]:
    """Return how many calls, kills and full disks there were, and how many states they left."""
    place = Place(root)
    old, done, kept = _prepared(case, place, root), root / "done", root / "kept"
    shutil.copytree(old, done)
    status, output, calls = place.run(case.words, done, kept=kept)
    assert status == 0, output
    new = root / "new"
    shutil.copytree(done, new)
    _complete(case, place, new)
    checks = _Checks(case, place, root, old, done, new)
    kills = range(0, len(calls), every)
    for at in kills:
        checks.check(kept / f"{at:05d}", f"killed before call {at}, {calls[at]}")
    full = list(_full_disks(calls))[::every]
    for at in full:
        folder = root / "full"
        shutil.copytree(old, folder)
        status, output, _ = place.run(case.words, folder, full_at=at)
        about = f"full from call {at} on, {calls[at]}: {output}"
        assert status in (0, 1, 2), about
        assert "Traceback" not in output, about
        assert status == 0 or re.search("No space left on device|disk is full", output), about
        checks.check(folder, about)
        shutil.rmtree(folder)
    counts = {"calls": len(calls), "kills": len(kills), "full": len(full)}
    return {**counts, "states": len(checks.seen)}


def _full_disks(calls: list[list[str]]) -> Iterator[int]:
    """Return the calls that need room, one for each row of pages that SQLite writes."""
    before = None
    for at, (name, target) in enumerate(calls):
        if name in NEEDS_ROOM and (name, target) != before:
            yield at
        before = ("write", target) if name == "write" and "sqlite" in target else None


def _complete(case: Case, place: Place, folder: Path) -> None:
    if case.then:
        status, output, _ = place.run(case.then, folder)
        assert status == 0 or "--retry-failed" in output, output
        if status:
            status, output, _ = place.run((*case.then, "--retry-failed"), folder)
            assert status == 0, output


class _Checks:
    """Looks at what faults left, and lets the next command do the work."""

    def __init__(
        self, case: Case, place: Place, root: Path, old: Path, done: Path, new: Path
    ) -> None:
        self.seen: set[str] = set()
        self._case, self._place, self._root = case, place, root
        self._new = case.read(new / case.out)
        self._states = [case.read(folder / case.out) for folder in (old, done)] + [self._new]
        if case.then:
            self._states.append("waiting")
        self._names = _names(new)

    def check(self, left: Path, about: str) -> None:
        """Check what a fault left, unless another one left the same."""
        folder, read = self._root / "tried", self._root / "read"
        shutil.copytree(left, read)
        content = _content(read)
        if content in self.seen:
            shutil.rmtree(read)
            return
        self.seen.add(content)
        found = self._case.read(read / self._case.out)
        _check_state(found, self._states, about)
        shutil.rmtree(read)
        shutil.copytree(left, folder)
        self._work_again(folder, about)
        _check_state(self._case.read(folder / self._case.out), [self._new], about)
        assert _names(folder) ^ self._names == set(), about
        shutil.rmtree(folder)

    def _work_again(self, folder: Path, about: str) -> None:
        case, place = self._case, self._place
        status, output, _ = place.run(case.words, folder)
        if status == 0:
            _complete(case, place, folder)
            return
        # The killed one was done, and nothing is replaced unasked.
        about = f"{about}, then {output}"
        if case.then:
            assert "resume it" in output or "--retry-failed" in output, about
            _complete(case, place, folder)
            return
        assert (status, "--force" in output) == (2, True), about
        _check_state(case.read(folder / case.out), [self._new], about)
        status, output, _ = place.run((*case.words, "--force"), folder)
        assert status == 0, f"{about}, then {output}"


def _names(folder: Path) -> set[str]:
    """Return the names of all files; jobs that were lost were sent again under other numbers."""
    # (A lock that nobody holds is taken by whoever works here next, who then removes it.)
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.name != LOCK}
    return {re.sub(r"jobs/\d{5}", "jobs/number", name) for name in names}


def _content(folder: Path) -> str:
    """Return a text that is the same for folders that hold the same, whatever random names."""
    hashed = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.name.endswith("-journal"):
            continue  # (SQLite's, which takes back what is not done)
        name = path.relative_to(folder).as_posix()
        hashed.update(re.sub(r"\.[0-9a-f]{8}\.unfinished$", "", name).encode())
        if path.is_file():
            hashed.update(_rows(path) if path.suffix == ".sqlite" else path.read_bytes())
    return hashed.hexdigest()


def _rows(path: Path) -> bytes:
    """Return what a ledger holds, without the times."""
    with closing(sqlite3.connect(path)) as database:
        rows = "\n".join(database.iterdump())
    return re.sub(r"'\d{4}-\d\d-\d\dT[^']*'", "", rows).encode()


def _check_state(found: Any, allowed: list[Any], about: str) -> None:
    for state in allowed:
        if found == state:
            return
        if isinstance(found, tuple) and isinstance(state, tuple) and isinstance(found[1], list):
            pairs = zip(found[1], state[1], strict=False)
            if found[0] == state[0] and all(own in (None, other) for own, other in pairs):
                return
    pytest.fail(f"neither the old state nor the new one after {about}")


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_call(name, tmp_path):
    counts = _sweep(CASES[name], tmp_path, every=1)
    assert counts["kills"] == counts["calls"] > 0


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize(("name", "every"), [("train over", 9), ("request", 25), ("submit", 90)])
def test_some_calls(name, every, tmp_path):
    assert _sweep(CASES[name], tmp_path, every)["states"] >= 2
