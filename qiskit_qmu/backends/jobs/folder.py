"""The folder of a run's jobs: ledger, results, transpiled circuits and lock."""

import json
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, final

from qiskit_qmu._check import InputError
from qiskit_qmu._closing import Closing
from qiskit_qmu._files import make_folder
from qiskit_qmu.backends.jobs.results import load_results, save_results
from qiskit_qmu.backends.jobs.service import PubData
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.kept_jobs import CIRCUITS, JOBS, KeptJob, file_of, recover_kept_jobs
from qiskit_qmu.runs.ledger import LEDGER, JobLedger
from qiskit_qmu.runs.rebuilding import open_ledger
from qiskit_qmu.runs.run_lock import LOCK, RunLock

OPTIONS = "options"
"""Name of the file that records what determines a run's results."""

_PASSING_NOTES = ("format", "run", "session")


@final
class JobFolder(Closing):
    """The files that a run keeps of its jobs.

    Args:
        path: The folder; created if missing.

    Attributes:
        path: The folder.
        ledger: Its jobs.
        turn: Lock that lets one thread at a time store circuits.

    Raises:
        InputError: If the folder cannot be written, is in use by another process, or its ledger
            does not match its results.
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
            opened.pop_all()  # (both opened, and stay open)

    def __deepcopy__(self, memo: object) -> "JobFolder":
        return self

    def __reduce__(self) -> NoReturn:
        raise InputError(
            "a model with recorded jobs cannot be pickled, as its jobs belong to this process; "
            "save the model or its state_dict, and open the backend again"
        )

    @property
    def circuits(self) -> Path:
        """Folder of the transpiled circuits."""
        return self.path / CIRCUITS

    def save(self, job: JobRecord, results: list[PubData], settings: dict[str, Any]) -> None:
        """Store a job's results with its ledger entry.

        Args:
            job: The finished job.
            results: Its results.
            settings: Settings they were computed with, as JSON values.
        """
        notes = {k: v for k, v in self.ledger.notes().items() if k not in _PASSING_NOTES}
        about = {"settings": settings}
        kept = KeptJob(run=self.ledger.run, job=job, notes=notes, content=about)
        save_results(self.path, kept, results)

    def load(self, job: JobRecord) -> list[PubData]:
        """Return a job's results.

        Raises:
            InputError: If they are missing, damaged, or belong to another job.
        """
        return load_results(self.path, job)

    def holds(self, job: JobRecord) -> bool:
        """Return whether a job's results are stored."""
        return all(file_of(self.path, job.number, suffix).exists() for suffix in (".json", ".npz"))

    def close(self) -> None:
        """Close ledger and lock."""
        self.ledger.close()
        self._lock.close()


def seed_of_run(path: str | Path) -> int | None:
    """Return the seed of the run in a folder; None if there is no run yet."""
    file = Path(path) / LEDGER
    if not file.exists() or file.stat().st_size == 0:
        return None
    try:
        ledger = JobLedger(file)
    except InputError:
        return None  # (opening the folder reports what is wrong with it)
    try:
        options = json.loads(ledger.note(OPTIONS) or "{}")
    finally:
        ledger.close()
    seed: int | None = options.get("seed")
    return seed
