"""One process at a time works in a folder."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from secrets import randbits
from types import TracebackType
from typing import final

from qiskit_qmu._check import InputError

LOCK = ".lock"

_SETTINGS = """
PRAGMA page_size = 512;
PRAGMA synchronous = OFF;
PRAGMA journal_mode = MEMORY;
"""
# The signature lies in the header: a file of one page is written at once, or not at all.


@final
class RunLock:
    """Held by the process that works in a folder; a killed process gives it back by itself.

    SQLite locks files alike on all systems, which the operating systems' own locks do not. The lock
    is a transaction that has begun to write, so that others can still read who holds it.

    Args:
        path: The lock's file.

    Raises:
        InputError: If another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._database = _locked(path)
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                number, _ = _signature(path)
                raise InputError(
                    f"another process works on {path.parent}, "
                    f"process {number or 'unknown'}: wait until it ends, or stop it with "
                    f"`kill {number or 'PROCESS'}`"
                ) from error
            raise InputError(f"cannot lock {path}: {error}") from error

    def close(self) -> None:
        """Give the lock back, and leave no file."""
        if os.name != "nt":  # (Windows removes no open file, and a closed one may be another's)
            self._path.unlink(missing_ok=True)
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
    """Return a connection that holds the lock, signed with this process's number."""
    while True:
        database = sqlite3.connect(path, isolation_level=None, timeout=0.2, check_same_thread=False)
        try:
            database.executescript(_SETTINGS)
            database.execute("BEGIN IMMEDIATE")
            signature = os.getpid(), randbits(31)
            if not _signed(database, signature) or _signature(path) == signature:
                return database
        except BaseException:
            database.close()
            raise
        # Its last holder has just removed the file: this locks one that nobody else would find.
        database.close()


def _signed(database: sqlite3.Connection, signature: tuple[int, int]) -> bool:
    """Write down who holds the lock and go on holding it; a full disk leaves it without a name."""
    number, mark = signature
    try:
        database.execute(f"PRAGMA user_version = {number}")
        database.execute(f"PRAGMA application_id = {mark}")
        database.execute("COMMIT")
        written = True
    except sqlite3.OperationalError:
        database.rollback()
        written = False
    database.execute("BEGIN IMMEDIATE")
    return written


def _signature(path: Path) -> tuple[int, int]:
    """Return the process that holds a lock and its random mark; zeros where none can be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            ((number,),) = database.execute("PRAGMA user_version")
            ((mark,),) = database.execute("PRAGMA application_id")
    except (sqlite3.Error, ValueError):
        return 0, 0
    return number, mark
