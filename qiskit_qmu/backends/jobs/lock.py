"""One process at a time works on a run."""

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import final

from qiskit_qmu._check import InputError


@final
class RunLock:
    """Held by the process that works on a run; a killed process gives it back by itself.

    SQLite locks files alike on all systems, which the operating systems' own locks do not.

    Args:
        path: The lock's file.

    Raises:
        InputError: If another process holds it.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._database = _locked(path)
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise InputError(
                    f"one process at a time must work on a run, got another one in {path.parent}"
                ) from error
            raise InputError(f"{path} must be a run's lock, got {error}") from error

    def close(self) -> None:
        """Give the lock back."""
        self._database.close()

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _locked(path: Path) -> sqlite3.Connection:
    with ExitStack() as opened:
        database = sqlite3.connect(path, isolation_level=None, timeout=0.1, check_same_thread=False)
        opened.callback(database.close)
        database.execute("BEGIN EXCLUSIVE")
        opened.pop_all()  # (it is locked, and stays open)
    return database
