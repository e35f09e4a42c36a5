"""The folder of a run's jobs: ledger, results, transpiled circuits and lock."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, final

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.jobs.ledger import Ledger
from qiskit_qmu.backends.jobs.lock import RunLock
from qiskit_qmu.backends.jobs.results import load_results, save_results
from qiskit_qmu.backends.jobs.service import PubData

LEDGER = "ledger.sqlite"


@final
class JobFolder:
    """What one run keeps of its jobs.

    Args:
        path: The folder; it is made where it is missing.

    Attributes:
        path: The folder.
        ledger: Its jobs.

    Raises:
        InputError: If it cannot be written, or another process works on it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            (self.path / "jobs").mkdir(parents=True, exist_ok=True)
            (self.path / "circuits").mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"the run's folder must be writable, got {error}") from error
        with ExitStack() as opened:
            self._lock = opened.enter_context(RunLock(self.path / "lock.sqlite"))
            self.ledger = Ledger(self.path / LEDGER)
            opened.pop_all()  # (both are there, and stay open)

    @property
    def circuits(self) -> Path:
        """Where transpiled circuits are kept."""
        return self.path / "circuits"

    def save(self, number: int, results: list[PubData], about: dict[str, Any]) -> None:
        """Keep a job's results."""
        save_results(self._results(number), results, about)

    def load(self, number: int) -> list[PubData]:
        """Return a job's results."""
        return load_results(self._results(number))

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

    def _results(self, number: int) -> Path:
        return self.path / "jobs" / f"{number:05d}"
