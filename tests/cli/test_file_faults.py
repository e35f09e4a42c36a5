"""Commands that are killed, or whose disk is full, at each of their writes: old or new, never less.

Each command runs as a process of its own over a copy of a folder, once for each call that changes
the folder, and once more without fault over what that leaves.
"""

import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from file_faults import Fault, run_command
from killed_processes import fork_server
from tiny_options import TINY

from qiskit_qmu._files import read_json, read_sealed_json
from qiskit_qmu.experiments import RecordFile
from qiskit_qmu.models import load_model, load_provenance

_SHOTS = (*TINY, "--forget-class", "1", "--shots", "16", "--seeds", "1", "--train-size", "20")
_UNLEARN = ("unlearn", "model", "--forget-class", "1", "--set", "ga.max_epochs=1", "--strategy")
_AUDIT = ("audit", "new", "--original", "model", "--out", "audit", "--seed")
_RUN = ("run", *TINY, "--methods", "noop", "--workers", "1", "--out", "run")


def _model(folder: Path) -> Any:
    """Return what a saved model is, or None."""
    if not (folder / "model.json").exists():
        return None
    weights = [p.detach().numpy().tobytes() for p in load_model(folder).parameters()]
    provenance = load_provenance(folder)
    # (seconds differ from run to run)
    return weights, provenance["train_indices"], provenance.get("strategy")


def _shown(record: str, *pages: str) -> Callable[[Path], Any]:
    """Return a record and what shows it; pages may be missing, but not be another record's."""

    def read(folder: Path) -> Any:
        if not (folder / record).exists():
            return None
        content = read_json(folder / record, "a record")
        return content["rows"], [
            (folder / page).read_bytes() if (folder / page).exists() else None for page in pages
        ]

    return read


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


@dataclass(frozen=True)
class Case:
    """A command over a folder that others have filled."""

    words: tuple[str, ...]
    out: str
    read: Callable[[Path], Any]
    before: tuple[tuple[str, ...], ...] = field(default=())


_TRAIN = ("train", *TINY, "--out", "model")
_GA, _ORACLE = ((*_UNLEARN, name, "--out", "new") for name in ("ga", "oracle"))
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
    "run": Case(_RUN, "run", _records),
    "report": Case(("report", "run"), "run", _records, (_RUN,)),
    "shots": Case(
        ("shots", *_SHOTS, "--method", "noop", "--out", "shots"),
        "shots",
        _shown("shots.json", "shots.svg", "shots.html"),
    ),
}


class Place:
    """Runs commands as processes over folders."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._processes = fork_server()
        self._log = root / "log"

    def run(
        self, words: tuple[str, ...], folder: Path, fault: Fault = "full", at: int | None = None
    ) -> tuple[int, str]:
        """Return exit status and output."""
        process = self._processes.Process(
            target=run_command, args=(words, folder, self._log, fault, at)
        )
        process.start()
        process.join()
        return process.exitcode, self._log.read_text()


def _points(calls: int, every: int) -> Iterator[tuple[Fault, int]]:
    for fault in ("killed", "full"):
        for at in range(calls):
            if at % every == (every - 1 if fault == "full" else 0):
                yield fault, at


def _sweep(case: Case, root: Path, every: int) -> int:
    place = Place(root)
    old, done = root / "old", root / "done"
    old.mkdir()
    for words in case.before:
        assert place.run(words, old)[0] == 0
    shutil.copytree(old, done)
    status, output = place.run(case.words, done)
    assert status == 0, output
    states = [case.read(old / case.out), case.read(done / case.out)]
    names = {path.relative_to(done) for path in done.rglob("*")}
    tried = 0
    for fault, at in _points(int(output.splitlines()[-1]), every):
        folder = root / "tried"
        shutil.copytree(old, folder)
        status, output = place.run(case.words, folder, fault, at)
        about = f"{fault} at call {at}: {output}"
        if fault == "killed":
            assert status == -signal.SIGKILL, about
        else:
            assert status in (0, 2), about
            assert "Traceback" not in output, about
            assert status == 0 or "No space left on device" in output, about
        _check_state(case.read(folder / case.out), states, about)
        # The next command does the work, and leaves nothing but the work.
        status, output = place.run(case.words, folder)
        if status == 2:  # the killed one was done, and nothing is replaced unasked
            assert "--force" in output, f"{about}, then {output}"
            _check_state(case.read(folder / case.out), states[1:], about)
            status, output = place.run((*case.words, "--force"), folder)
        assert status == 0, f"{about}, then {output}"
        _check_state(case.read(folder / case.out), states[1:], about)
        assert {path.relative_to(folder) for path in folder.rglob("*")} == names, about
        shutil.rmtree(folder)
        tried += 1
    return tried


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
    assert _sweep(CASES[name], tmp_path, every=1) > 10


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("name", ["train over", "audit over"])
def test_some_calls(name, tmp_path):
    assert _sweep(CASES[name], tmp_path, every=9) >= 2
