"""The folder of a run's jobs: ledger, results, transpiled circuits and lock."""

import json
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, NoReturn, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import make_folder
from qiskit_qmu.backends.jobs.results import load_results, save_results
from qiskit_qmu.backends.jobs.service import PubData
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.kept_jobs import CIRCUITS, JOBS, KeptJob, file_of, recover_kept_jobs
from qiskit_qmu.runs.ledger import LEDGER, Ledger
from qiskit_qmu.runs.lock import LOCK, RunLock
from qiskit_qmu.runs.rebuilding import open_ledger

OPTIONS = "options"
"""The note of what decides a run's results."""

_PASSING_NOTES = ("format", "run", "session")


@final
class JobFolder:
    """What one run keeps of its jobs.

    Args:
        path: The folder; it is made where it is missing.

    Attributes:
        path: The folder.
        ledger: Its jobs.
        turn: Lets one thread at a time keep circuits here.

    Raises:
        InputError: If it cannot be written, another process works on it, or its ledger does not
            belong to its results.
    """

    def __init__(self, path: str | Path) -> None:
        self.turn = Lock()
        self.path = Path(path)
        for name in (JOBS, CIRCUITS):
            make_folder(self.path / name)
        with ExitStack() as opened:
            self._lock = opened.enter_context(RunLock(self.path / LOCK))
            recover_kept_jobs(self.path)
            self.ledger = open_ledger(self.path)
            opened.pop_all()  # (both are there, and stay open)

    def __deepcopy__(self, memo: object) -> "JobFolder":
        return self

    def __reduce__(self) -> NoReturn:
        raise InputError(
            "a model whose jobs are recorded cannot be pickled, because they belong to this "
            "process: save it, or its state_dict, and open the backend again"
        )

    @property
    def circuits(self) -> Path:
        """Where transpiled circuits are kept."""
        return self.path / CIRCUITS

    def save(self, job: JobRecord, results: list[PubData], settings: dict[str, Any]) -> None:
        """Keep a job's results, and beside them all that the ledger knows of it.

        Args:
            job: The job, done.
            results: Its results.
            settings: What they were computed with, as JSON values.
        """
        notes = {k: v for k, v in self.ledger.notes().items() if k not in _PASSING_NOTES}
        about = {"settings": settings}
        kept = KeptJob(run=self.ledger.run, job=job, notes=notes, content=about)
        save_results(self.path, kept, results)

    def load(self, job: JobRecord) -> list[PubData]:
        """Return a job's results.

        Raises:
            InputError: If they are missing, damaged, or another job's.
        """
        return load_results(self.path, job)

    def holds(self, job: JobRecord) -> bool:
        """Return whether a job's results are there."""
        return all(file_of(self.path, job.number, suffix).exists() for suffix in (".json", ".npz"))

    def close(self) -> None:
        """Close ledger and lock."""
        self.ledger.close()
        self._lock.close()

    def __enter__(self) -> "JobFolder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def seed_of_run(path: str | Path) -> int | None:
    """Return the seed that the run of a folder began with; None where none has begun."""
    file = Path(path) / LEDGER
    if not file.exists() or file.stat().st_size == 0:
        return None
    try:
        ledger = Ledger(file)
    except InputError:
        return None  # (who opens the folder says what is wrong with it)
    try:
        options = json.loads(ledger.note(OPTIONS) or "{}")
    finally:
        ledger.close()
    seed: int | None = options.get("seed")
    return seed
